import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from model.encoding import Batch, Moved
from model.networks import (
    AnyConfig,
    EnsembleConfig,
    GruConfig,
    LstmConfig,
    Network,
    NgramConfig,
    RnnConfig,
    TutorialConfig,
    build,
)
from model.networks.cells import Cell, Gru, Lstm, Rnn
from model.networks.ensemble import _fitted

CATEGORIES, SYMBOLS = 3, 7
CONFIGS: dict[str, AnyConfig] = {
    "tutorial": TutorialConfig(hidden=8),
    "rnn": RnnConfig(hidden=8),
    "gru": GruConfig(hidden=8, letter_width=5, category_width=4),
    "lstm": LstmConfig(hidden=8),
    "gru of two layers": GruConfig(hidden=8, layers=2),
    "lstm of two layers": LstmConfig(hidden=8, layers=2),
    "ngram": NgramConfig(order=3),
    "ensemble": EnsembleConfig(members=(GruConfig(hidden=8), NgramConfig(), LstmConfig(hidden=4))),
    "ensemble with the tutorial's": EnsembleConfig(members=(TutorialConfig(hidden=8), NgramConfig())),
}


def _names(seed: int = 0, length: int = 5) -> Batch:
    letters = torch.randint(SYMBOLS - 1, (30, length), generator=torch.Generator().manual_seed(seed))
    boundary = torch.full((30, 1), SYMBOLS - 1)
    return Batch(torch.arange(30) % CATEGORIES, torch.cat((boundary, letters, boundary), 1))


def _built(config: AnyConfig, categories: int = CATEGORIES, symbols: int = SYMBOLS, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    network = build(config, categories, symbols)
    network.count([_names(length=length) for length in (1, 3, 5)])
    return network.eval()


@pytest.fixture(params=CONFIGS)
def network(request: pytest.FixtureRequest) -> Network:
    return _built(CONFIGS[request.param])


def _fed(network: Network) -> tuple[Tensor, Tensor]:
    names = _names(seed=1).take(slice(4))
    return names.categories, names.symbols[:, 0 if network.has_start else 1 : -1]


def test_forward_gives_probabilities_of_every_next_symbol(network: Network) -> None:
    categories, letters = _fed(network)
    log_probs = network(categories, letters)
    assert log_probs.shape == (*letters.shape, SYMBOLS)
    assert torch.allclose(log_probs.exp().sum(2), torch.ones(letters.shape), atol=1e-5)


@torch.inference_mode()
def test_step_by_step_is_forward(network: Network) -> None:
    categories, letters = _fed(network)
    together = network(categories, letters).numpy()
    network.freeze()
    state = network.start(categories.numpy())
    for place, letter in enumerate(letters.t().numpy()):
        log_probs, state = network.step(letter, state)
        assert np.allclose(log_probs, together[:, place], atol=1e-5)


@torch.inference_mode()
def test_freezing_changes_no_probability(network: Network) -> None:
    categories, letters = _fed(network)
    before = network(categories, letters)
    network.freeze()
    assert torch.allclose(network(categories, letters), before, atol=1e-5)
    assert not any(parameter.requires_grad for parameter in network.parameters())


@torch.inference_mode()
def test_rows_of_the_state_are_names_and_may_be_dropped(network: Network) -> None:
    network.freeze()
    categories, letters = (tensor.numpy() for tensor in _fed(network))
    keep = np.array([True, False, False, True])
    _, state = network.step(letters[:, 0], network.start(categories))
    whole, _ = network.step(letters[:, 1], state)
    part, _ = network.step(letters[keep, 1], tuple(array[keep] for array in state))
    assert np.allclose(part, whole[keep], atol=1e-5)


def test_category_and_letters_so_far_all_matter(network: Network) -> None:
    categories, letters = _fed(network)
    last = network(categories, letters)[:, -1]
    assert not torch.allclose(network((categories + 1) % CATEGORIES, letters)[:, -1], last, atol=1e-4)
    changed = letters.clone()
    changed[:, -2] = (changed[:, -2] + 1) % (SYMBOLS - 1)
    assert not torch.allclose(network(categories, changed)[:, -1], last, atol=1e-5)


def test_log_probs_are_of_what_was_said(network: Network) -> None:
    names = _names(seed=1)
    log_probs = network.log_probs(names)
    assert log_probs.shape == (30, 6)
    every = network(names.categories, names.symbols[:, 0 if network.has_start else 1 : -1])
    assert log_probs[2, -1] == every[2, -1, SYMBOLS - 1]
    assert log_probs[2, 3] == every[2, 3 if network.has_start else 2, names.symbols[2, 4]]
    assert network.has_start or not log_probs[:, 0].any()


def test_it_is_known_again_by_its_weights(network: Network) -> None:
    other = build(network.config, CATEGORIES, SYMBOLS).eval()  # type: ignore[arg-type]
    other.load_state_dict(network.state_dict())
    categories, letters = _fed(network)
    assert torch.equal(other(categories, letters), network(categories, letters))


@pytest.mark.parametrize("name", CONFIGS)
def test_a_network_with_more_letters_and_categories_adopts_what_is_known(name: str) -> None:
    """The old categories and letters come in another order among new ones, and mean what they meant."""
    old, new = _built(CONFIGS[name]), _built(CONFIGS[name], CATEGORIES + 2, SYMBOLS + 3, seed=1)
    categories = {0: 4, 1: 0, 2: 2}
    symbols = {0: 5, 1: 0, 2: 1, 3: 7, 4: 3, 5: 8, 6: 9}  # 6 and 9 are the boundaries
    new.adopt(old, Moved(categories, symbols))
    names = _names()
    moved = Batch(
        torch.tensor([categories[number] for number in names.categories.tolist()]),
        torch.tensor([[symbols[number] for number in line] for line in names.symbols.tolist()]),
    )
    new.count([moved])
    old.count([names])
    before, after = (network.log_probs(batch)[:, 1:] for network, batch in ((old, names), (new, moved)))
    correlation = torch.corrcoef(torch.stack((before.flatten(), after.flatten())))[0, 1]
    assert correlation > 0.95  # not equal: new letters take a little probability from all


def test_the_tutorial_network_is_the_tutorials_computation() -> None:
    """Built here by hand, as the tutorial's text has it, from the same weights."""
    network = _built(TutorialConfig())
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
    network = build(TutorialConfig(), CATEGORIES, 1000)
    log_probs = network(torch.tensor([0]), torch.tensor([[0]]))[0, 0]
    dropped = (log_probs == log_probs.mode().values).float().mean()  # each dropped output is a logit of 0
    assert 0.06 < dropped < 0.14


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(share: float) -> None:
    network = build(GruConfig(hidden=64, dropout=share), CATEGORIES, SYMBOLS)
    dropped = network._drop(torch.ones(20, 50, 64))  # type: ignore[operator]
    assert (dropped == 0).float().mean() == pytest.approx(share, abs=0.02)
    assert dropped.mean() == pytest.approx(1, abs=0.03)
    assert torch.equal(network.eval()._drop(torch.ones(2, 3)), torch.ones(2, 3))  # type: ignore[operator]


@pytest.mark.parametrize("cell", [Rnn, Gru, Lstm])
def test_the_gradients_written_by_hand_are_the_right_ones(cell: type[Cell]) -> None:
    torch.manual_seed(0)
    inputs = torch.randn(4, 3, cell.gates * 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, cell.gates * 5, dtype=torch.float64, requires_grad=True)

    def run(inputs: Tensor, weight: Tensor) -> Tensor:
        return cell.run(inputs, weight, torch.float64)

    assert torch.autograd.gradcheck(run, (inputs, weight))


@pytest.mark.parametrize(
    ("cell", "theirs"), [(Rnn, torch.nn.RNN), (Lstm, torch.nn.LSTM), (Gru, torch.nn.GRU)]
)
def test_the_cells_are_torchs(cell: type[Cell], theirs: type[torch.nn.RNNBase]) -> None:
    torch.manual_seed(0)
    inputs, weight = torch.randn(6, 3, cell.gates * 4), torch.randn(4, cell.gates * 4)
    reference = theirs(cell.gates * 4, 4, bias=False)
    order = torch.arange(cell.gates * 4)
    if cell is Lstm:  # torch has the candidate third, we have it last
        order = order.view(4, 4)[[0, 1, 3, 2]].flatten()
    with torch.no_grad():
        reference.weight_ih_l0.copy_(torch.eye(cell.gates * 4)[order])
        reference.weight_hh_l0.copy_(weight.t()[order])
    assert torch.allclose(cell.run(inputs, weight, torch.float32), reference(inputs)[0], atol=1e-5)


def test_products_in_bfloat16_come_near_those_in_float32() -> None:
    torch.manual_seed(0)
    inputs, weight = torch.randn(6, 3, 12), torch.randn(4, 12)
    exact, rough = (Gru.run(inputs, weight, precision) for precision in (torch.float32, torch.bfloat16))
    assert torch.allclose(exact, rough, atol=0.05)
    assert not torch.equal(exact, rough)


def test_counts_are_interpolated_as_the_formula_says() -> None:
    """By hand: category 0 has the name 0 0, category 1 the name 0; discount 1/2, strength 1, order 1."""
    network = build(NgramConfig(order=1, discount=0.5, strength=1.0), 2, 2)
    network.count(
        [
            Batch(torch.tensor([0]), torch.tensor([[1, 0, 0, 1]])),
            Batch(torch.tensor([1]), torch.tensor([[1, 0, 1]])),
        ]
    )

    def mixed(counts: tuple[int, int], shorter: float) -> float:
        """Of symbol 0, where it and the boundary were counted so often."""
        types, tokens = sum(count > 0 for count in counts), sum(counts)
        return (max(counts[0] - 0.5, 0) + (0.5 * types + 1) * shorter) / (tokens + 1)

    everywhere = mixed((3, 2), 0.5)
    after_zero = mixed((1, 2), everywhere)  # 0 0 and twice 0 end, in all categories
    expected = mixed((1, 1), mixed((2, 1), after_zero))  # then category 0's: empty context, after 0
    log_probs = network(torch.tensor([0]), torch.tensor([[1, 0]]))
    assert log_probs[0, 1, 0].exp() == pytest.approx(expected, abs=1e-6)


def test_the_weights_learned_are_those_that_the_letters_were_drawn_with() -> None:
    torch.manual_seed(0)
    truth = torch.tensor([[0.9, 0.2], [0.3, 0.8]])
    members = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]).log()  # two members, three symbols
    categories = torch.arange(20_000) % 2
    drawn_from = (truth[categories] @ members).softmax(1)
    symbols = torch.multinomial(drawn_from, 1)[:, 0]
    each = members[:, None].expand(2, 20_000, 3)
    weights = _fitted(each, symbols, categories, torch.full((3, 2), 0.5), shrinkage=0.1)
    assert torch.allclose(weights[:2], truth, atol=0.05)
    assert torch.allclose(weights[2], weights[:2].mean(0), atol=0.05)  # a category without letters
    held = _fitted(each, symbols, categories, torch.full((3, 2), 0.5), shrinkage=1e6)
    assert torch.allclose(held, held[:1], atol=0.01)


def test_an_ensemble_scores_held_out_names_by_weights_learned_on_others() -> None:
    network = _built(CONFIGS["ensemble"])
    names = [_names(seed=5)]
    (validated,) = network.validate(names)
    (scored,) = network.score(names)
    assert validated.shape == scored.shape
    assert not torch.equal(validated, scored)  # the weights it keeps are learned on all of them
    assert validated[:, 1:].sum() < scored[:, 1:].sum()


@pytest.mark.parametrize(
    "wrong",
    [
        {"network": "gru", "hidden": 0},
        {"network": "lstm", "dropout": 1.0},
        {"network": "rnn", "layers": 9},
        {"network": "gru", "hiden": 3},
        {"network": "gru", "letter_width": -1},
        {"network": "ngram", "order": 0},
        {"network": "ngram", "discount": 1.0},
        {"network": "ensemble", "members": []},
        {"network": "ensemble", "members": [{"network": "tutorial"}]},
        {"network": "ensemble", "members": [{"network": "ensemble", "members": [{"network": "gru"}]}]},
        {"network": "oracle"},
    ],
)
def test_configurations_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[AnyConfig](AnyConfig).validate_python(wrong)
