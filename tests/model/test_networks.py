import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from model.networks import AnyConfig, GruConfig, Network, TutorialConfig, build

CATEGORIES, SYMBOLS = 3, 7
CONFIGS: list[AnyConfig] = [
    TutorialConfig(hidden=8),
    GruConfig(hidden=8, letter_width=5, category_width=4),
    GruConfig(hidden=8, layers=2),
]


@pytest.fixture(params=CONFIGS, ids=lambda config: f"{config.network}-{getattr(config, 'layers', 1)}")
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(0)
    return build(request.param, CATEGORIES, SYMBOLS).eval()


def _names() -> tuple[Tensor, Tensor]:
    return torch.tensor([0, 2, 1, 2]), torch.randint(
        SYMBOLS, (4, 6), generator=torch.Generator().manual_seed(0)
    )


def test_forward_gives_probabilities_of_every_next_symbol(network: Network) -> None:
    categories, letters = _names()
    log_probs = network(categories, letters)
    assert log_probs.shape == (4, 6, SYMBOLS)
    assert torch.allclose(log_probs.exp().sum(2), torch.ones(4, 6), atol=1e-5)


@torch.inference_mode()
def test_step_by_step_is_forward(network: Network) -> None:
    categories, letters = _names()
    state = network.start(categories)
    for place, letter in enumerate(letters.unbind(1)):
        log_probs, state = network.step(letter, state)
        assert torch.allclose(log_probs, network(categories, letters)[:, place], atol=1e-5)


@torch.inference_mode()
def test_freezing_changes_no_probability(network: Network) -> None:
    categories, letters = _names()
    before = network(categories, letters)
    network.freeze()
    assert torch.allclose(network(categories, letters), before, atol=1e-5)
    assert not any(parameter.requires_grad for parameter in network.parameters())


@torch.inference_mode()
def test_rows_of_the_state_are_names_and_may_be_dropped(network: Network) -> None:
    categories, letters = _names()
    keep = torch.tensor([True, False, False, True])
    _, state = network.step(letters[:, 0], network.start(categories))
    whole, _ = network.step(letters[:, 1], state)
    part, _ = network.step(letters[keep, 1], tuple(tensor[keep] for tensor in state))
    assert torch.allclose(part, whole[keep], atol=1e-5)


def test_category_and_letters_so_far_all_matter(network: Network) -> None:
    categories, letters = _names()
    last = network(categories, letters)[:, -1]
    assert not torch.allclose(
        network(categories + 1 - 3 * (categories == 2), letters)[:, -1], last, atol=1e-3
    )
    changed = letters.clone()
    changed[:, 0] = (changed[:, 0] + 1) % SYMBOLS
    assert not torch.allclose(network(categories, changed)[:, -1], last, atol=1e-5)


def test_the_tutorial_network_is_the_tutorials_computation() -> None:
    """Built here by hand, as the tutorial's text has it, from the same weights."""
    torch.manual_seed(3)
    network = build(TutorialConfig(), CATEGORIES, SYMBOLS).eval()
    weights = network.state_dict()
    assert weights["i2h.weight"].shape == (128, CATEGORIES + SYMBOLS + 128)
    category, line = 1, [4, 0, 5, 2]

    hidden = torch.zeros(128)
    expected = []
    for letter in line:
        combined = torch.cat((torch.eye(CATEGORIES)[category], torch.eye(SYMBOLS)[letter], hidden))
        hidden = weights["i2h.weight"] @ combined + weights["i2h.bias"]
        output = weights["i2o.weight"] @ combined + weights["i2o.bias"]
        output = weights["o2o.weight"] @ torch.cat((hidden, output)) + weights["o2o.bias"]
        expected.append(output - output.exp().sum().log())

    log_probs = network(torch.tensor([category]), torch.tensor([line]))[0]
    assert torch.allclose(log_probs, torch.stack(expected), atol=1e-5)


def test_the_tutorial_network_drops_a_tenth_of_its_output_while_training() -> None:
    torch.manual_seed(0)
    network = build(TutorialConfig(), CATEGORIES, 1000)
    log_probs = network(torch.tensor([0]), torch.tensor([[0]]))[0, 0]
    dropped = (log_probs == log_probs.mode().values).float().mean()  # each dropped output is a logit of 0
    assert 0.06 < dropped < 0.14


@pytest.mark.parametrize(
    "wrong", [{"hidden": 0}, {"dropout": 1.0}, {"layers": 9}, {"hiden": 3}, {"letter_width": -1}]
)
def test_sizes_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        GruConfig.model_validate(wrong)
