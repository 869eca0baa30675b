import math
from itertools import groupby

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model import Generator, ImpossibleOption, UnknownCategory, UnusableLetter
from model.arrays import Floats, Integers
from model.encoding import Moved
from model.networks import Network, State
from model.sampling import Choice


def _texts(generator: Generator, category: str = "Elvish", **arguments: object) -> list[str]:
    return [name.text for name in generator.sample(category, **arguments)]  # type: ignore[arg-type]


def test_one_name_for_each_letter_in_their_order(generator: Generator) -> None:
    assert [text[0] for text in _texts(generator, "elvish", letters="tga", seed=1)] == ["T", "G", "A"]
    assert [text[0] for text in _texts(generator, letters=" e  a ", seed=1)] == ["E", "A"]


def test_letters_are_taken_in_turn_for_a_larger_count(generator: Generator) -> None:
    assert "".join(text[0] for text in _texts(generator, letters="ga", count=5, seed=1)) == "GAGAG"


def test_three_names_where_nothing_is_said(generator: Generator) -> None:
    assert len(_texts(generator)) == 3


def test_a_plain_letter_may_begin_with_an_accent_and_an_accent_is_meant(generator: Generator) -> None:
    assert {text[0] for text in _texts(generator, letters="s", count=5, seed=1)} == {"Š"}
    assert _texts(generator, "Dwarvish", letters="o", seed=1)[0][0] == "Ó"
    assert _texts(generator, "Dwarvish", letters="ó", seed=1)[0][0] == "Ó"


def test_a_cyrillic_letter_asks_for_its_transliteration(generator: Generator) -> None:
    assert [text[0] for text in _texts(generator, letters="Аэ", seed=1)] == ["A", "E"]


def test_a_letter_that_begins_no_name_is_refused_with_those_that_would_do(generator: Generator) -> None:
    with pytest.raises(
        UnusableLetter, match=r"No Elvish name begins with “z”\. These letters would do: AEGTŠ"
    ):
        generator.sample("elvish", letters="azg")


def test_a_prefix_is_honoured_to_the_letter(generator: Generator) -> None:
    assert all(text.startswith("Gala") for text in _texts(generator, prefix="Gala", count=5, seed=2))


def test_a_prefix_may_be_typed_plain(generator: Generator) -> None:
    assert all(text.startswith("Šil") for text in _texts(generator, prefix="sil", count=3, seed=2))


def test_a_prefix_that_can_begin_no_name_is_refused(generator: Generator) -> None:
    with pytest.raises(UnusableLetter, match="begins with “z”"):
        generator.sample("Elvish", prefix="zal")
    with pytest.raises(UnusableLetter, match="can't write “!”"):
        generator.sample("Elvish", prefix="Ga!")


def test_temperature_zero_takes_the_likeliest_letter_each_time(generator: Generator) -> None:
    (name,) = generator.sample("Elvish", prefix="Gal", count=1, temperature=0)
    (batch,) = generator.encoding.batches([("Elvish", name.text)])
    fed = batch.symbols[:, 0 if generator.network.has_start else 1 : -1]
    likeliest = generator.network(batch.categories, fed)[0].argmax(1)
    chosen = len(name.text) - 2  # the letters after the prefix, and the end
    assert likeliest[-chosen:].tolist() == batch.symbols[0, -chosen:].tolist()


@pytest.mark.parametrize("temperature", [5e-324, 1e-40, 1e-6])
def test_a_temperature_of_almost_zero_is_as_cold(generator: Generator, temperature: float) -> None:
    greedy = _texts(generator, letters="gea", temperature=0)
    assert _texts(generator, letters="gea", temperature=temperature, seed=3) == greedy


def test_top_k_of_one_is_greedy_at_any_temperature(generator: Generator) -> None:
    greedy = _texts(generator, letters="gea", temperature=0)
    assert _texts(generator, letters="gea", temperature=2.0, top_k=1, seed=3) == greedy
    assert _texts(generator, letters="gea", temperature=2.0, top_p=1e-9, seed=3) == greedy


def test_large_limits_are_no_limits(generator: Generator) -> None:
    free = _texts(generator, count=5, seed=3)
    assert _texts(generator, count=5, seed=3, top_k=10_000, top_p=7.0) == free


@given(seed=st.integers(0, 2**32 - 1), temperature=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
@settings(max_examples=10, deadline=None)
def test_a_seed_replays(gru_generator: Generator, seed: int, temperature: float) -> None:
    arguments = {"count": 4, "temperature": temperature, "seed": seed}
    assert gru_generator.sample("Elvish", **arguments) == gru_generator.sample("Elvish", **arguments)  # type: ignore[arg-type]


def test_a_seed_replays_on_any_number_of_threads(gru_generator: Generator) -> None:
    before = torch.get_num_threads()
    names = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        names.append(_texts(gru_generator, count=50, seed=9))
    torch.set_num_threads(before)
    assert names[0] == names[1]


def test_without_a_seed_names_differ_from_call_to_call(generator: Generator) -> None:
    assert _texts(generator, count=20) != _texts(generator, count=20)


def test_no_name_comes_twice_in_an_answer(generator: Generator) -> None:
    texts = _texts(generator, count=60, seed=5)
    assert len(set(texts)) == 60


def test_names_repeat_only_where_there_are_no_others(generator: Generator) -> None:
    assert len(_texts(generator, letters="ggg", temperature=0)) == 3


def test_novel_names_are_not_in_the_corpus(generator: Generator) -> None:
    known = {name.casefold() for names in generator.card.names.values() for name in names}
    names = generator.sample("Elvish", count=20, novel=True, seed=6)
    assert all(name.novel and name.text.casefold() not in known for name in names)


def test_known_names_are_called_known(gru_generator: Generator) -> None:
    corpus_names = {name for names in gru_generator.card.names.values() for name in names}
    names = gru_generator.sample("Dwarvish", count=40, temperature=0.3, seed=6)
    assert [name.novel for name in names] == [name.text not in corpus_names for name in names]
    assert 0 < sum(name.novel for name in names) < 40


def test_where_only_a_known_name_can_come_novel_refuses_and_prefer_gives_it(gru_generator: Generator) -> None:
    prefix = next(
        name[:-1] for name in gru_generator.card.names["Dwarvish"]
        if gru_generator.sample("Dwarvish", prefix=name[:-1], count=1, temperature=0)[0].text == name
    )  # fmt: skip
    with pytest.raises(ImpossibleOption, match="No such name was found in many tries"):
        gru_generator.sample("Dwarvish", prefix=prefix, count=1, temperature=0, novel=True)
    (name,) = gru_generator.sample("Dwarvish", prefix=prefix, count=1, temperature=0, novel="prefer")
    assert not name.novel


def test_prefer_gives_new_names_where_there_are_some(gru_generator: Generator) -> None:
    names = gru_generator.sample("Elvish", count=10, novel="prefer", seed=8)
    assert all(name.novel for name in names)


@pytest.mark.parametrize("longest", [4, 7])
def test_max_length_is_kept(generator: Generator, longest: int) -> None:
    assert all(
        len(text) <= longest
        for text in _texts(generator, count=20, max_length=longest, temperature=1.0, seed=1)
    )


def test_min_length_is_kept(generator: Generator) -> None:
    assert all(len(text) >= 9 for text in _texts(generator, count=20, min_length=9, seed=1))


def test_a_name_is_no_shorter_than_the_shortest_known_and_begins_as_one(generator: Generator) -> None:
    for category, known in generator.card.names.items():
        texts = _texts(generator, category, count=60, temperature=3.0, seed=1)
        assert min(map(len, texts)) >= min(map(len, known))
        assert {text[0] for text in texts} <= {name[0] for name in known}
    assert all(len(text) == 3 for text in _texts(generator, max_length=3, count=5, seed=1))


def test_names_end_by_themselves_and_are_not_cut(gru_generator: Generator) -> None:
    """The end must be likely where each name stops: about one name in a hundred may be a surprise."""
    names = gru_generator.sample("Elvish", count=100, max_length=12, seed=1)
    ends = [gru_generator.log_probs("Elvish", name.text)[-1] for name in names]
    assert sum(end > math.log(0.01) for end in ends) >= 98


class _Stutterer(Network):
    """Says one letter for ever, and now and then another."""

    has_start = True

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.log_probs = torch.full((symbols,), 1e-4)
        self.log_probs[-2] = 1
        self.log_probs = (self.log_probs / self.log_probs.sum()).log()

    def forward(self, categories: torch.Tensor, letters: torch.Tensor) -> torch.Tensor:
        return self.log_probs.expand(*letters.shape, -1)

    def start(self, categories: Integers) -> State:
        return (categories,)

    def step(self, letters: Integers, state: State) -> tuple[Floats, State]:
        return self.log_probs.expand(len(letters), -1).numpy(), state

    def adopt(self, donor: Network, moved: Moved) -> None:
        raise NotImplementedError


def test_no_letter_comes_four_times_in_a_row(gru_generator: Generator) -> None:
    stutterer = Generator(_Stutterer(len(gru_generator.alphabet) + 1), gru_generator.card)
    texts = _texts(stutterer, "Tavern", count=50, seed=1)
    runs = [len(list(run)) for text in texts for _, run in groupby(text.casefold())]
    assert max(runs) == 3


def test_each_name_carries_its_own_log_probability(generator: Generator) -> None:
    for name in generator.sample("Elvish", count=5, temperature=0.5, top_k=5, seed=1):
        assert name.log_prob == pytest.approx(sum(generator.log_probs("Elvish", name.text)), abs=1e-3)


def test_at_temperature_one_a_letter_is_drawn_as_often_as_it_is_likely() -> None:
    row = torch.tensor([0.5, 0.1, 0.0, 0.25, 0.15]).log()
    uniforms = (np.arange(10_000) + 0.5) / 10_000
    symbols = Choice(temperature=1.0).draw(row.repeat(10_000, 1).numpy(), uniforms)
    shares = np.bincount(symbols, minlength=len(row)) / 10_000
    assert np.allclose(shares, row.exp(), atol=1e-3)


def test_top_p_keeps_the_fewest_that_hold_it() -> None:
    row = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    uniforms = np.linspace(0, 0.999, 500)
    for top_p, kept in ((0.4, 1), (0.6, 2), (0.81, 3), (1.0, 4)):
        drawn = Choice(temperature=1.0, top_p=top_p).draw(row.repeat(500, 1).numpy(), uniforms)
        assert sorted(set(drawn.tolist())) == list(range(kept))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"temperature": -1}, "temperature is -1: choose 0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0: choose 1 or more"),
        ({"top_p": 0.0}, "top_p is 0.0: choose more than 0"),
        ({"count": 0}, "0 names can't be made"),
        ({"count": 10_001}, "10001 names can't be made"),
        ({"letters": " "}, "No letters were given"),
        ({"letters": "g", "prefix": "Ga"}, "first letters or a prefix, not both"),
        ({"max_length": 0}, "Lengths from 0 to 0"),
        ({"min_length": 0}, "Lengths from 0 to 20"),
        ({"min_length": 9, "max_length": 8}, "Lengths from 9 to 8"),
        ({"max_length": 101}, "choose 1 to 100"),
        ({"prefix": "Galadriel", "max_length": 5}, "prefix has 9 letters, a name at most 5"),
    ],
)
def test_impossible_options_are_refused_with_a_sentence(
    gru_generator: Generator, arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ImpossibleOption, match=sentence):
        gru_generator.sample("Elvish", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", ["ELVISH", "elvish", " Elvísh "])
def test_categories_are_found_without_regard_to_case_and_accents(
    gru_generator: Generator, typed: str
) -> None:
    assert gru_generator.find_category(typed) == "Elvish"


def test_an_unknown_category_is_answered_with_the_nearest(gru_generator: Generator) -> None:
    with pytest.raises(UnknownCategory, match="no category “elfish”: did you mean Elvish") as caught:
        gru_generator.sample("elfish")
    assert caught.value.nearest[0] == "Elvish"
    with pytest.raises(UnknownCategory, match="there are Dwarvish, Elvish or Tavern"):
        gru_generator.sample("qq")


def test_initials(gru_generator: Generator) -> None:
    assert gru_generator.initials("elvish") == ["A", "E", "G", "T", "Š"]


def test_a_blend_of_one_is_that_one(generator: Generator) -> None:
    blended = _texts(generator, {"Elvish": 1.0, "Dwarvish": 0.0}, count=5, seed=4)  # type: ignore[arg-type]
    assert blended == _texts(generator, "Elvish", count=5, seed=4)


def test_a_blend_has_something_of_both(gru_generator: Generator) -> None:
    texts = _texts(gru_generator, {"Elvish": 0.5, "Dwarvish": 0.5}, count=60, seed=4)  # type: ignore[arg-type]
    assert {text[0] for text in texts} & set("GETŠ")
    assert {text[0] for text in texts} & set("BDÓ")


@pytest.mark.parametrize("weights", [{"Elvish": -1.0}, {"Elvish": 0.0}, {"Elvish": float("inf")}, {}])
def test_impossible_blends_are_refused(gru_generator: Generator, weights: dict[str, float]) -> None:
    with pytest.raises(ImpossibleOption):
        gru_generator.sample(weights)
