"""Writing names letter by letter: the loop that asks a network, draws a letter, and feeds it back."""

from dataclasses import dataclass

import torch
from torch import Tensor

from model.networks import Network, State

_LONGEST_RUN = 3
"""A letter may stand this often in a row; no name in any language has more."""


@dataclass(frozen=True)
class Choice:
    """How the next letter is drawn from its probabilities.

    `temperature` divides the log-probabilities (0 takes the likeliest); then only the `top_k`
    likeliest letters count, and of those the fewest that hold `top_p` of the probability (Holtzman
    et al., "The Curious Case of Neural Text Degeneration", 2020).
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None

    def draw(self, log_probs: Tensor, uniforms: Tensor) -> Tensor:
        """One symbol for each row of log_probs (B, V), by its own uniform number (B,) in [0, 1)."""
        if self.temperature == 0:
            return log_probs.argmax(1)
        ordered, symbols = (log_probs / self.temperature).sort(dim=1, descending=True, stable=True)
        probabilities = ordered.softmax(1).double()
        if self.top_k is not None:
            probabilities[:, self.top_k :] = 0
        if self.top_p is not None:
            before = probabilities.cumsum(1) - probabilities
            probabilities[before >= self.top_p * probabilities.sum(1, keepdim=True)] = 0
        cumulative = probabilities.cumsum(1)
        place = (cumulative <= uniforms[:, None] * cumulative[:, -1:]).sum(1)
        possible = (probabilities > 0).sum(1)
        return symbols.gather(1, place.minimum(possible - 1)[:, None])[:, 0]


@dataclass(frozen=True)
class Plan:
    """Where the probabilities come from, and what a name may be.

    Shapes: K categories mixed, V symbols.
    """

    network: Network
    categories: Tensor
    """(K,) their numbers."""
    weights: Tensor
    """(K,) their shares, positive, summing to 1."""
    first: Tensor
    """(K, V) log-probabilities of first letters, for a network without a start token."""
    kinds: Tensor
    """(V,) a number for each symbol, the same for a letter's two cases."""
    min_length: int
    max_length: int

    @property
    def boundary(self) -> int:
        return len(self.kinds) - 1


@dataclass(frozen=True)
class Drawn:
    """A name's letters by number, its log-probability in nats, and whether it ended by itself."""

    letters: tuple[int, ...]
    log_prob: float
    ended: bool


@torch.inference_mode()
def write(plan: Plan, choice: Choice, allowed: Tensor, uniforms: Tensor) -> list[Drawn]:
    """Write a name for each of B rows.

    Args:
        allowed: (B, P, V), which symbols may stand at the first P places of each.
        uniforms: (B, max_length + 1) numbers in [0, 1), one for each draw.
    """
    rows = torch.arange(len(allowed))  # those still being written
    written = torch.full(uniforms.shape, plan.boundary)
    totals = torch.zeros(len(allowed))
    log_probs, state = _begin(plan, len(rows))
    for place in range(plan.max_length + 1):
        possible = _possible(plan, log_probs, allowed[rows], written[rows], place)
        symbols = choice.draw(possible, uniforms[rows, place])
        going = symbols != plan.boundary
        counted = log_probs.gather(1, symbols[:, None])[:, 0]
        totals[rows] += counted if place < plan.max_length else counted.where(~going, 0.0)
        written[rows, place] = symbols
        rows = rows[going]
        if place == plan.max_length or not len(rows):
            break
        log_probs, state = _next(plan, symbols[going], _select(state, going, len(plan.categories)))
    cut = set(rows.tolist())
    return [
        Drawn(
            tuple(line[: line.index(plan.boundary)] if row not in cut else line[:-1]), total, row not in cut
        )
        for row, (line, total) in enumerate(zip(written.tolist(), totals.tolist(), strict=True))
    ]


def _begin(plan: Plan, rows: int) -> tuple[Tensor, State]:
    """Log-probabilities (B, V) of the first letter, and the state before it."""
    state = plan.network.start(plan.categories.repeat(rows))
    if plan.network.has_start:
        return _next(plan, torch.full((rows,), plan.boundary), state)
    return _mix(plan, plan.first.repeat(rows, 1)), state


def _next(plan: Plan, letters: Tensor, state: State) -> tuple[Tensor, State]:
    """Feed a letter to each row, (B,): log-probabilities (B, V) of what follows."""
    log_probs, state = plan.network.step(letters.repeat_interleave(len(plan.categories)), state)
    return _mix(plan, log_probs), state


def _mix(plan: Plan, log_probs: Tensor) -> Tensor:
    """Mix the probabilities of K categories, (B * K, V) -> (B, V)."""
    if len(plan.weights) == 1:
        return log_probs
    each = log_probs.unflatten(0, (-1, len(plan.weights)))  # (B, K, V)
    return (each + plan.weights.log()[:, None]).logsumexp(1)


def _select(state: State, rows: Tensor, mixed: int) -> State:
    """Keep the state of some rows, each of which holds `mixed` lines of it."""
    if rows.all():
        return state
    lines = rows.repeat_interleave(mixed)
    return tuple(tensor[lines] for tensor in state)


def _possible(plan: Plan, log_probs: Tensor, allowed: Tensor, written: Tensor, place: int) -> Tensor:
    """log_probs (B, V) with what may not come at this place made impossible."""
    if place < allowed.shape[1]:
        return log_probs.masked_fill(~allowed[:, place], -torch.inf)
    if place < plan.min_length:
        log_probs = log_probs.index_fill(1, torch.tensor(plan.boundary), -torch.inf)
    if place >= _LONGEST_RUN:
        last = plan.kinds[written[:, place - _LONGEST_RUN : place]]  # (B, 3)
        run = (last == last[:, :1]).all(1, keepdim=True)
        log_probs = log_probs.masked_fill(run & (plan.kinds == last[:, :1]), -torch.inf)
    return log_probs
