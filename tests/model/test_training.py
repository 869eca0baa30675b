import math
import re
from collections import Counter
from collections.abc import Callable

import pytest
import torch

from model import Corpus, CorpusError, Generator, ImpossibleOption, Progress, train
from model.networks import EnsembleConfig, GruConfig, NgramConfig, TutorialConfig
from model.recipes import NETWORKS, RECIPES, Batched, OneByOne
from model.training import _one_cycle, _Training

TINY = GruConfig(hidden=16)
QUICK = Batched(epochs=3, batch=32)


def _weights(generator: Generator) -> bytes:
    """The checkpoint without what differs between two runs of the same training: the time it took."""
    generator.card = generator.card.model_copy(update={"seconds": 0.0})
    return generator.to_bytes()


@pytest.fixture(scope="module")
def told(corpus: Corpus) -> tuple[Generator, list[Progress]]:
    told: list[Progress] = []
    return train(corpus, TINY, QUICK, on_progress=told.append), told


def test_it_learns(corpus: Corpus, gru_generator: Generator) -> None:
    untrained = math.log(len(corpus.alphabet) + 1)
    assert gru_generator.card.held_out.letters < untrained - 1
    assert gru_generator.evaluate(corpus).letters < untrained - 1


def test_the_tutorials_recipe_learns(corpus: Corpus, tutorial_generator: Generator) -> None:
    assert tutorial_generator.card.held_out.letters < math.log(len(corpus.alphabet) + 1) - 0.5


def _stopping_after(epoch: int) -> Callable[[Progress], bool]:
    return lambda progress: progress.epoch <= epoch


@pytest.mark.parametrize(
    "network", [TINY, EnsembleConfig(members=(TINY, NgramConfig()))], ids=["gru", "ensemble"]
)
def test_a_training_that_was_stopped_resumes_to_the_same_weights(corpus: Corpus, network: GruConfig) -> None:
    whole = train(corpus, network, QUICK, seed=3)
    stopped = train(corpus, network, QUICK, seed=3, on_progress=_stopping_after(1))
    stopped = Generator.from_bytes(stopped.to_bytes())
    told: list[Progress] = []
    resumed = train(corpus, resume=stopped, on_progress=told.append)
    assert _weights(resumed) == _weights(whole)
    assert resumed.unfinished is None
    assert told[0].epoch == 2
    assert told[0].step > stopped.card.curve[-1].step
    assert all(progress.remaining >= 0 for progress in told)


def test_what_is_complete_or_of_other_names_is_not_resumed(corpus: Corpus) -> None:
    with pytest.raises(ImpossibleOption, match="nothing left to go on with"):
        train(corpus, resume=train(corpus, TINY, Batched(epochs=1)))
    stopped = train(corpus, TINY, QUICK, on_progress=_stopping_after(1))
    fewer = Corpus.of({"Elvish": corpus.names["Elvish"]})
    with pytest.raises(ImpossibleOption, match="goes on with the names it began with"):
        train(fewer, resume=stopped)


def _with_goblins(corpus: Corpus) -> Corpus:
    goblins = [
        f"{first}{middle}gz" for first in ("Zu", "Xa", "Gri") for middle in ("bb", "k", "zz", "rb", "xx")
    ]
    return Corpus.of({**corpus.names, "Aaa goblins": goblins})


@pytest.mark.parametrize("kind", ["gru", "ensemble"])
def test_a_start_from_a_model_keeps_what_it_knew_and_learns_what_is_new(
    corpus: Corpus, kind: str, request: pytest.FixtureRequest
) -> None:
    known: Generator = request.getfixturevalue(f"{kind}_generator")
    more = _with_goblins(corpus)
    went_on = train(more, recipe=Batched(epochs=32, batch=32), start=known, seed=known.card.seed)
    assert went_on.card.network == known.card.network
    held_out = corpus.split(known.card.seed)[1]
    assert went_on.evaluate(held_out).letters < known.evaluate(held_out).letters + 0.1
    assert went_on.card.held_out.categories["Aaa goblins"] < math.log(len(more.alphabet) + 1) - 0.5
    with pytest.raises(ImpossibleOption, match="keeps its network"):
        train(more, "gru", start=known)


def test_a_start_from_a_model_shows_known_names_an_eighth_as_often(
    corpus: Corpus, gru_generator: Generator
) -> None:
    added = [f"{name}o" for name in corpus.names["Elvish"]]
    more = Corpus.of({**_with_goblins(corpus).names, "Elvish": [*corpus.names["Elvish"], *added]})
    recipe = Batched(gru_generator.card.network, epochs=32).further()
    training = _Training(more, recipe, 0, torch.device("cpu"), None)
    training.start_from(gru_generator)
    counts = Counter(
        (training.encoding.categories[category], text)
        for _ in range(recipe.epochs_for(len(more)))
        for batch in training._batches(recipe)
        for category, text in zip(
            batch.categories.tolist(), training.encoding.texts(batch.symbols[:, 1:]), strict=True
        )
    )
    known = set(corpus.pairs())
    shown = set(more.split(0)[0].pairs())
    assert {counts[name] for name in shown & known} == {4}
    assert {counts[name] for name in shown - known} == {32}


def test_the_model_it_starts_from_is_not_the_result(corpus: Corpus, gru_generator: Generator) -> None:
    """It may be better by the mean over letters, knowing nothing of what is new."""
    spoilt = Batched(epochs=8, learning_rate=1.0)
    went_on = train(_with_goblins(corpus), recipe=spoilt, start=gru_generator)
    assert went_on.card.held_out.letters == went_on.card.curve[-1].validation
    assert went_on.card.held_out.letters > gru_generator.card.held_out.letters


def test_a_stopped_start_from_a_model_resumes_to_the_same_weights(
    corpus: Corpus, gru_generator: Generator
) -> None:
    more, recipe = _with_goblins(corpus), Batched(epochs=24, batch=32)
    whole = train(more, recipe=recipe, start=gru_generator)
    stopped = train(more, recipe=recipe, start=gru_generator, on_progress=_stopping_after(1))
    resumed = train(more, resume=Generator.from_bytes(stopped.to_bytes()))
    assert len(whole.card.curve) == 3
    assert _weights(resumed) == _weights(whole)


def test_counting_is_told_and_measured_as_any_training(corpus: Corpus) -> None:
    told: list[Progress] = []
    generator = train(corpus, "ngram", on_progress=told.append)
    (progress,) = told
    assert (progress.step, progress.steps, progress.epoch, progress.epochs) == (1, 1, 1, 1)
    assert progress.validation_loss == generator.card.held_out.letters > progress.train_loss
    assert progress.curve == generator.card.curve


def test_an_ensemble_is_no_worse_than_its_best_member(corpus: Corpus, ensemble_generator: Generator) -> None:
    held_out = corpus.split(ensemble_generator.card.seed)[1]
    together = ensemble_generator.evaluate(held_out).letters
    for number, config in enumerate(ensemble_generator.card.network.members):  # type: ignore[union-attr]
        member = ensemble_generator.network.members[number]  # type: ignore[union-attr, index]
        recipe = Batched(network=config)
        alone = Generator(member, ensemble_generator.card.model_copy(update={"recipe": recipe}))
        assert together < alone.evaluate(held_out).letters + 1e-4


def test_a_category_of_ten_names_is_learned_and_one_of_nine_refused(corpus: Corpus) -> None:
    ten = Corpus.of({**corpus.names, "Tavern": corpus.names["Tavern"][:10]})
    assert train(ten, TINY, Batched(epochs=1)).sample("tavern", seed=0)
    nine = Corpus.of({**corpus.names, "Tavern": corpus.names["Tavern"][:9]})
    with pytest.raises(CorpusError, match="Tavern has too few names, 9: a category needs at least 10"):
        train(nine, TINY, QUICK)


def test_a_corpus_of_ten_names_trains_by_the_default_recipe() -> None:
    corpus = Corpus.of({"Elf": ["Arwen", "Elrond", "Legolas", "Galadriel", "Celeborn", "Luthien", "Feanor",
                                "Fingolfin", "Maglor", "Turgon"]})  # fmt: skip
    generator = train(corpus)
    names = generator.sample("elf", count=5, seed=1)
    assert all(2 <= len(name.text) <= 20 for name in names)
    assert generator.card.held_out.letters < math.log(len(corpus.alphabet) + 1)


@pytest.mark.parametrize(("names", "epochs"), [(30, 40), (16_000, 12), (35_000, 5), (1_000_000, 2)])
def test_epochs_adapt_so_that_a_large_corpus_takes_no_longer(names: int, epochs: int) -> None:
    assert Batched(names=200_000).epochs_for(names) == epochs
    assert Batched(epochs=3).epochs_for(names) == 3


@pytest.mark.parametrize(("showings", "epochs"), [(40, 5), (12, 2), (5, 1), (2, 1)])
def test_epochs_of_a_start_from_a_model_show_known_names_about_once(showings: int, epochs: int) -> None:
    recipe = Batched(epochs=showings).further()
    assert recipe.showings_for(100) == showings
    assert recipe.epochs_for(100) == epochs


def test_an_exponent_below_one_shows_small_categories_more_often(corpus: Corpus) -> None:
    training = _Training(corpus, Batched(TINY, exponent=0.5), 0, torch.device("cpu"), None)
    shown = torch.zeros(3)
    for _ in range(20):
        for batch in training._batches(Batched(exponent=0.5)):
            shown += batch.categories.bincount(minlength=3)
    counts = torch.tensor([len(names) for names in corpus.split(0)[0].names.values()])
    rates = (shown / counts / 20).tolist()
    assert rates[2] / rates[1] == pytest.approx((90 / 12) ** 0.5, rel=0.15)
    assert float(shown.sum()) / 20 == pytest.approx(int(counts.sum()), rel=0.05)


def test_an_epoch_shows_every_name_once(corpus: Corpus) -> None:
    training = _Training(corpus, QUICK, 0, torch.device("cpu"), None)
    batches = training._batches(QUICK)
    shown = sorted(tuple(line) for batch in batches for line in batch.symbols.tolist())
    assert shown == sorted(tuple(line) for batch in training.names for line in batch.symbols.tolist())
    assert max(map(len, batches)) <= 1.5 * QUICK.batch


def test_the_learning_rate_rises_and_falls() -> None:
    recipe = Batched(learning_rate=1.0, warm_up=0.25)
    rates = [_one_cycle(step / 100, recipe) for step in range(101)]
    assert max(rates) == rates[25] == 1
    assert rates[:26] == sorted(rates[:26])
    assert rates[25:] == sorted(rates[25:], reverse=True)
    assert rates[0] == pytest.approx(0.04)
    assert rates[100] == pytest.approx(0)


@pytest.mark.parametrize(
    ("network", "recipe"),
    [(TINY, QUICK), (TutorialConfig(hidden=16), OneByOne(steps=30))],
    ids=["gru", "tutorial"],
)
def test_same_seed_same_weights(corpus: Corpus, network: GruConfig, recipe: Batched) -> None:
    first, again, other = (train(corpus, network, recipe, seed=seed) for seed in (4, 4, 5))
    assert _weights(first) == _weights(again)
    assert _weights(first) != _weights(other)


def test_a_trained_network_keeps_no_gradients(gru_generator: Generator) -> None:
    assert all(parameter.grad is None for parameter in gru_generator.network.parameters())


def test_training_leaves_torchs_random_state_and_threads_alone(corpus: Corpus) -> None:
    torch.manual_seed(7)
    expected, threads = torch.rand(1), torch.get_num_threads()
    torch.manual_seed(7)
    train(corpus, TINY, Batched(epochs=1), threads=1)
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads


def test_progress_counts_up_to_the_end(told: tuple[Generator, list[Progress]]) -> None:
    generator, progress = told
    assert [p.step for p in progress] == sorted({p.step for p in progress})
    assert progress[-1].step == progress[-1].steps
    assert progress[-1].epoch == progress[-1].epochs == 3
    assert progress[-1].remaining == 0
    trained = [(p.train_loss, p.remaining, p.elapsed) for p in progress[1:]]
    assert all(loss > 0 and remaining >= 0 and elapsed > 0 for loss, remaining, elapsed in trained)
    assert trained[-1][0] < trained[0][0]
    assert progress[-1].curve == generator.card.curve


def test_validation_is_told_at_first_and_once_an_epoch_and_the_best_is_kept(
    told: tuple[Generator, list[Progress]],
) -> None:
    generator, progress = told
    validations = [p.validation_loss for p in progress if p.validation_loss is not None]
    assert len(validations) == 4
    assert [point.validation for point in generator.card.curve] == validations[1:]
    assert generator.card.held_out.letters == pytest.approx(min(validations), abs=1e-6)


def test_counts_are_measured_before_the_first_step(corpus: Corpus) -> None:
    progress: list[Progress] = []
    counts = train(corpus, "ngram").card.held_out.letters
    config = EnsembleConfig(members=(GruConfig(hidden=8), NgramConfig()))
    generator = train(corpus, config, Batched(epochs=1), on_progress=progress.append)
    first, *later = progress
    assert (first.step, first.epoch, first.train_loss, first.remaining) == (0, 0, None, None)
    assert first.validation_loss == pytest.approx(counts, abs=0.05)
    assert first.steps == later[-1].step
    assert [point.step for point in generator.card.curve] == [first.steps]


def test_the_held_out_figure_is_of_names_that_training_did_not_see(
    corpus: Corpus, told: tuple[Generator, list[Progress]]
) -> None:
    generator, _ = told
    _, held_out = corpus.split(generator.card.seed)
    assert generator.evaluate(held_out).letters == pytest.approx(generator.card.held_out.letters, abs=1e-5)
    assert generator.card.held_out.names == len(held_out)


def test_a_callback_that_returns_false_stops_and_the_best_so_far_is_kept(corpus: Corpus) -> None:
    told: list[Progress] = []

    def stop_soon(progress: Progress) -> bool:
        told.append(progress)
        return len(told) < 3

    generator = train(corpus, TINY, Batched(epochs=50), on_progress=stop_soon)
    assert len(told) == 3
    assert generator.sample("Elvish", seed=0)
    assert generator.card.held_out.names > 0


def test_a_training_at_work_gives_its_network_and_what_a_stop_would_give(corpus: Corpus) -> None:
    current: list[Generator] = []
    so_far: list[Generator] = []

    def look(progress: Progress) -> None:
        current.append(progress.current())
        if progress.validation_loss is not None and progress.epoch == 3:
            so_far.append(progress.so_far())

    whole = train(corpus, TINY, Batched(epochs=6), seed=3, on_progress=look)

    assert whole.to_bytes() != so_far[0].to_bytes()
    assert current[0].sample("Elvish", seed=0) != current[-1].sample("Elvish", seed=0)
    untouched = train(corpus, TINY, Batched(epochs=6), seed=3)
    assert weights_of(whole) == weights_of(untouched), "to look changed the training"
    resumed = train(corpus, resume=Generator.from_bytes(so_far[0].to_bytes()))
    assert weights_of(resumed) == weights_of(whole)


def weights_of(generator: Generator) -> dict[str, list[float]]:
    return {name: tensor.flatten().tolist() for name, tensor in generator.network.state_dict().items()}


def test_a_callback_that_raises_abandons(corpus: Corpus) -> None:
    def abandon(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(corpus, TINY, QUICK, on_progress=abandon)


def test_the_tutorials_recipe_is_the_tutorials() -> None:
    recipe = RECIPES["tutorial"]
    assert recipe == OneByOne(steps=100_000, learning_rate=0.0005, report=5_000, average=500)
    assert NETWORKS["tutorial"] == TutorialConfig(hidden=128, dropout=0.1)


def test_the_tutorials_recipe_reports_and_averages_at_its_cadence(corpus: Corpus) -> None:
    told: list[Progress] = []
    recipe = OneByOne(steps=60, report=20, average=15)
    generator = train(corpus, TutorialConfig(hidden=8), recipe, on_progress=told.append)
    assert [p.step for p in told] == [20, 40, 60]
    assert [point.step for point in generator.card.curve] == [15, 30, 45, 60]
    assert all(re.fullmatch(r"0m \ds \(\d+ \d+%\) \d\.\d{4}", p.tutorial_line()) for p in told)


def never() -> Generator:
    raise AssertionError


def test_the_tutorials_line() -> None:
    progress = Progress(1, 1, 5000, 100_000, 2.46041, None, 80.4, 0.0, (), never, never)
    assert progress.tutorial_line() == "1m 20s (5000 5%) 2.4604"


def test_the_tutorials_recipe_takes_the_tutorials_network(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "tutorial", OneByOne(steps=5))
    assert train(corpus, recipe="tutorial").card.network == TutorialConfig()


def test_one_tutorial_step_is_plain_gradient_descent_on_the_summed_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model.training.FEWEST_NAMES", 1)
    corpus = Corpus.of({"A": ["Ab", "Ab "]})  # one name, so that the choice can't matter
    network = TutorialConfig(hidden=4, dropout=0.0)
    before = train(corpus, network, OneByOne(steps=1, learning_rate=0.0))
    after = train(corpus, network, OneByOne(steps=1, learning_rate=0.1))
    expected = _descend(before, learning_rate=0.1)
    for name, weight in expected.items():
        assert torch.allclose(after.network.state_dict()[name], weight, atol=1e-6), name


def _descend(generator: Generator, learning_rate: float) -> dict[str, torch.Tensor]:
    network = generator.network
    network.requires_grad_(True)
    log_probs = network(torch.tensor([0]), torch.tensor([[0, 1]]))[0]  # fed A, b
    (-log_probs[0, 1] - log_probs[1, 2]).backward()  # should say b, the end
    return {
        name: parameter.detach() - learning_rate * parameter.grad
        for name, parameter in network.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"network": "transformer"}, "no network 'transformer': choose ensemble or gru or"),
        ({"recipe": "slow"}, "no recipe 'slow': choose quick or"),
        ({"device": "tpu"}, "no device 'tpu'"),
    ],
)
def test_what_there_is_not_is_refused_by_name(
    corpus: Corpus, arguments: dict[str, str], sentence: str
) -> None:
    call: Callable[..., Generator] = train
    with pytest.raises(ImpossibleOption, match=sentence):
        call(corpus, **arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_refused_where_there_is_none(corpus: Corpus) -> None:
    with pytest.raises(ImpossibleOption, match="no device 'cuda' here"):
        train(corpus, TINY, QUICK, device="cuda")
