"""Writing names letter by letter: the loop that asks a network, draws a letter, and feeds it back."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from model.networks import Network, State

_LONGEST_RUN = 3
"""A letter may stand this often in a row; no name in any language has more."""

_FEW_ALIKE = 0.7
"""Stems to a row from which on it costs more to find rows that are alike than to compute them apart."""


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
        probabilities = (log_probs / self.temperature).softmax(1).double()
        if self.top_k is not None or self.top_p is not None:
            probabilities = self._likeliest(probabilities)
        cumulative = probabilities.cumsum(1)
        total = cumulative[:, -1:]
        wanted = (uniforms[:, None] * total).minimum(total.nextafter(torch.zeros(()).double()))
        return torch.searchsorted(cumulative, wanted, right=True)[:, 0]

    def _likeliest(self, probabilities: Tensor) -> Tensor:
        """Set those to 0 that `top_k` and `top_p` leave out."""
        ordered, symbols = probabilities.sort(dim=1, descending=True, stable=True)
        if self.top_k is not None:
            ordered[:, self.top_k :] = 0
        if self.top_p is not None:
            before = ordered.cumsum(1) - ordered
            ordered[before >= self.top_p * ordered.sum(1, keepdim=True)] = 0
        return torch.zeros_like(probabilities).scatter(1, symbols, ordered)


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


class _Stems(NamedTuple):
    """The different beginnings so far, S of them; names that begin alike are computed once."""

    log_probs: Tensor
    """(S, V) of what follows."""
    state: State
    """The network's, with K lines for each stem."""


@torch.inference_mode()
def write(plan: Plan, choice: Choice, allowed: Tensor, uniforms: Tensor) -> list[Drawn]:
    """Write a name for each of B rows.

    Args:
        allowed: (B, P, V), which symbols may stand at the first P places of each.
        uniforms: (B, max_length + 1) numbers in [0, 1), one for each draw.
    """
    rows = torch.arange(len(allowed))  # those still being written
    stem_of = torch.zeros_like(rows)
    written = torch.full(uniforms.shape, plan.boundary)
    totals = torch.zeros(len(allowed))
    stems = _begin(plan)
    for place in range(plan.max_length + 1):
        log_probs = stems.log_probs.index_select(0, stem_of)  # (R, V)
        symbols = choice.draw(
            _possible(plan, log_probs, allowed[rows], written[rows], place), uniforms[rows, place]
        )
        going = symbols != plan.boundary
        gained = log_probs.gather(1, symbols[:, None])[:, 0]
        totals[rows] += gained if place < plan.max_length else gained.where(~going, 0.0)
        written[rows, place] = symbols
        rows, stem_of = rows[going], stem_of[going]
        if place == plan.max_length or not len(rows):
            break
        stems, stem_of = _grow(plan, stems, stem_of, symbols[going])
    cut, boundary = set(rows.tolist()), plan.boundary
    return [
        Drawn(tuple(line[:-1] if row in cut else line[: line.index(boundary)]), total, row not in cut)
        for row, (line, total) in enumerate(zip(written.tolist(), totals.tolist(), strict=True))
    ]


def _begin(plan: Plan) -> _Stems:
    """The one stem that has no letter yet."""
    state = plan.network.start(plan.categories)
    if plan.network.has_start:
        return _next(plan, torch.tensor([plan.boundary]), state)
    return _Stems(_mix(plan, plan.first), state)


def _grow(plan: Plan, stems: _Stems, stem_of: Tensor, symbols: Tensor) -> tuple[_Stems, Tensor]:
    """Feed each row's symbol, (R,), to its stem, (R,): the new stems, and which of them each row has."""
    if len(stems.log_probs) > _FEW_ALIKE * len(stem_of):
        stem, letters, stem_of = stem_of, symbols, torch.arange(len(stem_of))
    else:
        grown, stem_of = torch.unique(stem_of * len(plan.kinds) + symbols, return_inverse=True)
        stem, letters = grown // len(plan.kinds), grown % len(plan.kinds)
    mixed = len(plan.categories)
    lines = (stem[:, None] * mixed + torch.arange(mixed)).flatten()
    return _next(plan, letters, tuple(tensor.index_select(0, lines) for tensor in stems.state)), stem_of


def _next(plan: Plan, letters: Tensor, state: State) -> _Stems:
    """Feed a letter to each stem, (S,)."""
    log_probs, state = plan.network.step(letters.repeat_interleave(len(plan.categories)), state)
    return _Stems(_mix(plan, log_probs), state)


def _mix(plan: Plan, log_probs: Tensor) -> Tensor:
    """Mix the probabilities of K categories, (S * K, V) -> (S, V)."""
    if len(plan.weights) == 1:
        return log_probs
    each = log_probs.view(-1, *plan.first.shape)  # (S, K, V)
    return (each + plan.weights.log()[:, None]).logsumexp(1)


def _possible(plan: Plan, log_probs: Tensor, allowed: Tensor, written: Tensor, place: int) -> Tensor:
    """log_probs (R, V) with what may not come at this place made impossible."""
    if place < allowed.shape[1]:
        return log_probs.masked_fill(~allowed[:, place], -torch.inf)
    if place < plan.min_length:
        log_probs = log_probs.index_fill(1, torch.tensor(plan.boundary), -torch.inf)
    if place >= _LONGEST_RUN:
        last = plan.kinds[written[:, place - _LONGEST_RUN : place]]  # (R, 3)
        run = (last == last[:, :1]).all(1)
        if run.any():
            log_probs = log_probs.masked_fill(run[:, None] & (plan.kinds == last[:, :1]), -torch.inf)
    return log_probs
