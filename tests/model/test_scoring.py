import math

import pytest
import torch

from model import Corpus, Generator, ImpossibleOption, Near, UnknownCategory, UnusableLetter, train
from model.networks import GruConfig
from model.recipes import Batched


def test_log_probs_are_one_for_each_letter_and_one_for_the_end(generator: Generator) -> None:
    log_probs = generator.log_probs("elvish", "Galador")
    assert len(log_probs) == len("Galador") + 1
    assert all(log_prob < 0 for log_prob in log_probs)


def test_log_probs_of_every_next_symbol_sum_to_one(generator: Generator) -> None:
    end = math.exp(generator.log_probs("Elvish", "Gal")[-1])
    letters = sum(
        math.exp(generator.log_probs("Elvish", f"Gal{letter}a")[3]) for letter in generator.alphabet
    )
    assert end + letters == pytest.approx(1, abs=1e-4)


def test_first_letters_sum_to_one(generator: Generator) -> None:
    letters = generator.alphabet.strip()  # a name can't begin with the blank, nor end before it began
    assert sum(math.exp(generator.log_probs("Elvish", letter)[0]) for letter in letters) == pytest.approx(
        1, abs=0.02
    )


def test_all_short_names_of_a_tiny_alphabet_sum_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.training.FEWEST_NAMES", 1)
    corpus = Corpus.of({"A": ["a", "b", "ab", "ba", "aa", "bb"]})
    generator = train(corpus, GruConfig(hidden=8), Batched(epochs=40))
    names, total = [""], 0.0
    for _ in range(5):
        names = [name + letter for name in names for letter in "ab"]
        total += sum(math.exp(sum(generator.log_probs("A", name))) for name in names)
    empty = 1 - sum(math.exp(generator.log_probs("A", letter)[0]) for letter in "ab")
    rest = sum(math.exp(sum(generator.log_probs("A", name)[:-1])) for name in names)
    going_on = rest - sum(math.exp(sum(generator.log_probs("A", name))) for name in names)
    assert total + empty + going_on == pytest.approx(1, abs=1e-3)


def test_a_name_of_the_category_is_likelier_there_than_elsewhere(generator: Generator) -> None:
    assert sum(generator.log_probs("Elvish", "Thranndil")) > sum(generator.log_probs("Dwarvish", "Thranndil"))


@pytest.mark.parametrize("name", ["Gal!", "", "Гал"])
def test_names_that_cant_be_written_are_refused(generator: Generator, name: str) -> None:
    with pytest.raises(UnusableLetter, match=r"doesn't know|empty name"):
        generator.log_probs("Elvish", name)


@pytest.mark.parametrize("prior", ["flat", "corpus"])
def test_classify_sums_to_one_and_finds_the_category(generator: Generator, prior: str) -> None:
    for category, name in (("Elvish", "Galadriel"), ("Dwarvish", "Thorgin"), ("Tavern", "The Red Ox")):
        probabilities = generator.classify(name, prior=prior)  # type: ignore[arg-type]
        assert sum(probabilities.values()) == pytest.approx(1)
        assert list(probabilities) == generator.categories
        assert max(probabilities, key=probabilities.__getitem__) == category


def test_the_corpus_prior_weighs_by_the_counts(generator: Generator) -> None:
    flat, corpus = generator.classify("Galek"), generator.classify("Galek", prior="corpus")
    counts = generator.card.counts
    odds = (corpus["Elvish"] / corpus["Tavern"]) / (flat["Elvish"] / flat["Tavern"])
    assert odds == pytest.approx(counts["Elvish"] / counts["Tavern"])


def test_an_unknown_prior_is_refused(generator: Generator) -> None:
    with pytest.raises(ImpossibleOption, match="no prior 'none': choose flat or corpus"):
        generator.classify("Galek", prior="none")  # type: ignore[arg-type]


def test_evaluate_is_the_mean_of_log_probs_without_the_first_letter(generator: Generator) -> None:
    corpus = Corpus.of({"Elvish": ["Galador", "Eliel"], "Dwarvish": ["Balek"]})
    evaluation = generator.evaluate(corpus)
    nats = {
        category: [-log_prob for name in names for log_prob in generator.log_probs(category, name)[1:]]
        for category, names in corpus.names.items()
    }
    every = [nats_ for each in nats.values() for nats_ in each]
    assert evaluation.names == 3
    assert evaluation.letters == pytest.approx(sum(every) / len(every), abs=1e-5)
    means = {category: sum(each) / len(each) for category, each in nats.items()}
    assert evaluation.categories == pytest.approx(means, abs=1e-5)
    assert evaluation.languages == pytest.approx(sum(means.values()) / 2, abs=1e-5)


def test_evaluate_leaves_out_names_with_letters_that_the_model_does_not_know(generator: Generator) -> None:
    known = Corpus.of({"elvish": ["Galador"]})
    more = Corpus.of({"elvish": ["Galador", "Ωmega"]})
    assert generator.evaluate(more) == generator.evaluate(known)


def test_evaluate_refuses_what_it_can_measure_nothing_on(generator: Generator) -> None:
    with pytest.raises(UnknownCategory, match="no category “Unheard”"):
        generator.evaluate(Corpus.of({"Unheard": ["Galador"]}))
    with pytest.raises(UnusableLetter):
        generator.evaluate(Corpus.of({"Elvish": ["Ωmega"]}))


def test_scoring_is_the_same_whatever_stands_beside(generator: Generator) -> None:
    """Padding changes nothing."""
    together = generator.evaluate(Corpus.of({"Elvish": ["Ar", "Thranadriendil"]}))
    nats = [
        -log_prob for name in ("Ar", "Thranadriendil") for log_prob in generator.log_probs("Elvish", name)[1:]
    ]
    assert together.letters == pytest.approx(sum(nats) / len(nats), abs=1e-5)
    assert torch.tensor(nats).isfinite().all()


def test_next_letters_are_the_probabilities_at_each_step(generator: Generator) -> None:
    steps = generator.next_letters("elvish", "Gal")
    assert len(steps) == 4
    assert all(sum(step.values()) == pytest.approx(1, abs=1e-4) for step in steps)
    written = [math.log(step[letter]) for step, letter in zip(steps, ["G", "a", "l", ""], strict=True)]
    assert written == pytest.approx(generator.log_probs("elvish", "Gal"), abs=1e-4)


def test_the_nearest_name_has_the_fewest_edits(generator: Generator) -> None:
    known = generator.card.names["Elvish"][0]
    assert generator.nearest(known) == Near(known, "Elvish", 0)
    assert generator.nearest(f"{known}x") == Near(known, "Elvish", 1)
    assert generator.nearest(f"{known}x", "dwarvish").category == "Dwarvish"
