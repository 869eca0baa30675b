"""Writing names letter by letter: the loop that asks a network, draws a letter, and feeds it back."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from model.arrays import Bools, Doubles, Floats, Integers
from model.networks import Network, State

_LONGEST_RUN = 3
"""A letter may stand this often in a row; no name in any language has more."""

_COLDEST = 1e-6
"""Less of temperature leaves nothing but the likeliest letter, and to divide by it is to have no numbers."""

_FEW_ALIKE = 16
"""Rows whose beginnings others have too: for fewer it costs more to find them than to compute them apart."""


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

    def draw(self, log_probs: Floats, uniforms: Doubles) -> Integers:
        """One symbol for each row of log_probs (B, V), by its own uniform number (B,) in [0, 1)."""
        if self.temperature < _COLDEST:
            likeliest: Integers = log_probs.argmax(1)
            return likeliest
        probabilities = torch.from_numpy(log_probs / np.float32(self.temperature)).softmax(1)
        if self.top_k is not None or self.top_p is not None:
            probabilities = self._likeliest(probabilities)
        cumulative = probabilities.cumsum(1, dtype=torch.float64).numpy()
        wanted = uniforms[:, None] * cumulative[:, -1:]  # less than the total, as uniforms are less than 1
        symbols: Integers = (cumulative > wanted).argmax(1)
        return symbols

    def _likeliest(self, probabilities: Tensor) -> Tensor:
        """Set those to 0 that `top_k` and `top_p` leave out."""
        ordered, symbols = probabilities.sort(dim=1, descending=True, stable=True)
        if self.top_k is not None:
            ordered[:, self.top_k :] = 0
        if self.top_p is not None:
            before = ordered.cumsum(1) - ordered
            ordered[before >= self.top_p * ordered.sum(1, keepdim=True)] = 0
        return torch.zeros_like(probabilities).scatter(1, symbols, ordered)


class Stems(NamedTuple):
    """The different beginnings so far, S of them; names that begin alike are computed once."""

    log_probs: Floats
    """(S, V) of what follows."""
    state: State
    """The network's, with K lines for each stem."""


@dataclass(frozen=True)
class Plan:
    """Where the probabilities come from, and what a name may be.

    Shapes: K categories mixed, V symbols.
    """

    network: Network
    start: Stems
    """The one stem without a letter, its log_probs (K, V) not yet mixed."""
    weights: Floats
    """(K,) the categories' shares, positive, summing to 1."""
    kinds: Integers
    """(V,) a number for each symbol, the same for a letter's two cases."""
    boundary: int
    min_length: int
    max_length: int


@dataclass(frozen=True)
class Written:
    """B names that were written. L is one more than the most letters that a name may have."""

    symbols: Integers
    """(B, L): each name's letters, and the boundary in all places after them."""
    log_probs: Floats
    """(B,) in nats; of a name that was cut, without its end."""
    ended: Bools
    """(B,) whether it ended by itself."""


@torch.inference_mode()
def write(plan: Plan, choice: Choice, allowed: Bools, uniforms: Doubles) -> Written:
    """Write a name for each of B rows.

    Args:
        allowed: (P, B, V), which symbols may stand at the first P places of each.
        uniforms: (max_length + 1, B) numbers in [0, 1), one for each draw.
    """
    rows: Integers = np.arange(uniforms.shape[1])  # those still being written
    stem_of = np.zeros_like(rows)
    written = np.full(uniforms.shape, plan.boundary)
    totals = np.zeros(len(rows), np.float32)
    ended = np.ones(len(rows), bool)
    stems = Stems(_mix(plan, plan.start.log_probs), plan.start.state)
    for place, uniform in enumerate(uniforms):
        log_probs = stems.log_probs.take(stem_of, 0)  # (R, V)
        if place < len(allowed):
            possible = np.where(allowed[place].take(rows, 0), log_probs, -np.inf)
        else:
            last = written[max(place - _LONGEST_RUN, 0) : place].take(rows, 1)
            possible = _possible(plan, log_probs, last, place)
        symbols = choice.draw(possible, uniform.take(rows))
        gained = np.take_along_axis(log_probs, symbols[:, None], 1)[:, 0]
        going = symbols != plan.boundary
        if place == plan.max_length:
            gained[going] = 0.0
            ended[rows[going]] = False
        totals[rows] += gained
        if place == plan.max_length or not going.any():
            break
        if not going.all():
            rows, stem_of, symbols = rows[going], stem_of[going], symbols[going]
        written[place, rows] = symbols
        stems, stem_of = _grow(plan, stems, stem_of, symbols)
    return Written(written.T.copy(), totals, ended)


def _grow(plan: Plan, stems: Stems, stem_of: Integers, symbols: Integers) -> tuple[Stems, Integers]:
    """Feed each row's symbol, (R,), to its stem, (R,): the new stems, and which of them each row has."""
    rows, symbols_there_are = len(stem_of), plan.boundary + 1
    if rows - len(stems.log_probs) < _FEW_ALIKE:
        stem, letters, stem_of = stem_of, symbols, np.arange(rows)
    else:
        grown, stem_of = np.unique(stem_of * symbols_there_are + symbols, return_inverse=True)
        stem, letters = np.divmod(grown, symbols_there_are)
    mixed = len(plan.weights)
    lines = stem if mixed == 1 else (stem[:, None] * mixed + np.arange(mixed)).ravel()
    state = tuple(array.take(lines, 0) for array in stems.state)
    log_probs, state = plan.network.step(letters.repeat(mixed), state)
    return Stems(_mix(plan, log_probs), state), stem_of


def _mix(plan: Plan, log_probs: Floats) -> Floats:
    """Mix the probabilities of K categories, (S * K, V) -> (S, V)."""
    if len(plan.weights) == 1:
        return log_probs
    each = log_probs.reshape(-1, len(plan.weights), len(plan.kinds))  # (S, K, V)
    mixed: Floats = np.logaddexp.reduce(each + np.log(plan.weights)[:, None], axis=1)
    return mixed


def _possible(plan: Plan, log_probs: Floats, last: Integers, place: int) -> Floats:
    """log_probs (R, V) after the last few symbols (3, R), with what may not come now made impossible."""
    if place < plan.min_length:
        log_probs = log_probs.copy()
        log_probs[:, plan.boundary] = -np.inf
    if len(last) == _LONGEST_RUN:
        kinds = plan.kinds.take(last)
        run = (kinds == kinds[0]).all(0)
        if run.any():
            log_probs = np.where(run[:, None] & (plan.kinds == kinds[0, :, None]), -np.inf, log_probs)
    return log_probs
