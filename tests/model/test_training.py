import math
import re
from collections.abc import Callable

import pytest
import torch

from model import Corpus, Generator, ImpossibleOption, Progress, train
from model.networks import GruConfig, TutorialConfig
from model.recipes import NETWORKS, RECIPES, Batched, OneByOne

TINY = GruConfig(hidden=16)
QUICK = Batched(epochs=3, batch=16)


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
    assert all(p.elapsed >= 0 and p.remaining >= 0 for p in progress)
    assert progress[-1].train_loss < progress[0].train_loss
    assert progress[-1].curve == generator.card.curve


def test_validation_is_told_once_an_epoch_and_the_best_is_kept(
    told: tuple[Generator, list[Progress]],
) -> None:
    generator, progress = told
    validations = [p.validation_loss for p in progress if p.validation_loss is not None]
    assert len(validations) == 3
    assert [point.validation for point in generator.card.curve] == validations
    assert generator.card.held_out.letters == pytest.approx(min(validations), abs=1e-6)


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


def test_the_tutorials_line() -> None:
    progress = Progress(1, 1, 5000, 100_000, 2.46041, None, 80.4, 0.0, ())
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
        ({"recipe": "slow"}, "no recipe 'slow': choose default or"),
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
