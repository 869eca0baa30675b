"""Several networks as one: a product of their probabilities, each to a power of its own.

Measured against the sum (weights by expectation maximisation): 0.007 nats a letter better, and 0.011 as
mean over categories. A member that is too sure of itself, as counts are of what they saw once, is
tempered by its power; in a sum it can only be given less weight.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, autograd, nn

from model.arrays import Floats, Integers, log_softmax
from model.encoding import Batch, Moved
from model.networks.contract import Config, Network, State, move_rows
from model.networks.ngram import NgramConfig
from model.networks.recurrent import GruConfig, LstmConfig, RnnConfig
from model.networks.tutorial import TutorialConfig

MemberConfig = Annotated[
    TutorialConfig | RnnConfig | GruConfig | LstmConfig | NgramConfig, Field(discriminator="network")
]

_ROUNDS = 12
"""Steps of L-BFGS after each epoch, from the weights of the epoch before."""


class EnsembleConfig(Config):
    """The members, one of which at least must choose first letters."""

    network: Literal["ensemble"] = "ensemble"
    members: tuple[MemberConfig, ...] = Field(min_length=1, max_length=16)
    shrinkage: float = Field(30, ge=0)
    """How much a category's weights are held to those that all categories share."""

    @model_validator(mode="after")
    def _someone_starts(self) -> Self:
        if all(member.network == "tutorial" for member in self.members):
            raise ValueError("an ensemble needs a member that chooses first letters: not tutorial alone")
        return self


class EnsembleNetwork(Network):
    """Members trained side by side, each to be right by itself.

    Log-probabilities are added up by weights for each category and normalised: a product of experts
    (Hinton, "Products of Experts", 1999). The weights are those under which held-out names are likeliest.
    M counts members.
    """

    has_start = True
    weights: Tensor
    """(C, M)"""

    def __init__(
        self, config: EnsembleConfig, members: Sequence[Network], categories: int, symbols: int
    ) -> None:
        super().__init__()
        self.config, self.symbols = config, symbols
        self.networks = nn.ModuleList(members)
        self.register_buffer("weights", torch.full((categories, len(members)), 1 / len(members)))
        self._parts = [len(member.start(np.zeros(1, int))) for member in members]

    @property
    def members(self) -> list[Network]:
        return [member for member in self.networks if isinstance(member, Network)]

    def count(self, names: Sequence[Batch]) -> None:
        for member in self.members:
            member.count(names)

    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        each = [self._from_the_start(member, categories, letters) for member in self.members]
        return _mix(each, self.weights[categories][:, None])

    def start(self, categories: Integers) -> State:
        return categories, *(array for member in self.members for array in member.start(categories))

    def step(self, letters: Integers, state: State) -> tuple[Floats, State]:
        categories, *parts = state
        weights = self.weights.numpy().take(categories, 0)  # (B, M)
        total = np.zeros((len(letters), self.symbols), np.float32)
        after = [categories]
        for number, (member, arrays) in enumerate(zip(self.members, self._parts, strict=True)):
            part, parts = tuple(parts[:arrays]), parts[arrays:]
            # One without a start token says nothing of first letters.
            if member.has_start or not (letters == self.symbols - 1).all():
                log_probs, part = member.step(letters, part)
                total += log_probs * weights[:, number, None]
            after += part
        return log_softmax(total), tuple(after)

    def nats(self, batch: Batch) -> Tensor:
        """Those of each member that learns by gradients, one below the other."""
        return torch.cat([member.nats(batch) for member in self.members if list(member.parameters())])

    def validate(self, names: Sequence[Batch]) -> list[Tensor]:
        """Learn weights on each half of the names, score the other half by them, and keep their mean.

        The halves are every second name, so that each has its part of every category and length.
        """
        each = self._said_by_each(names)
        halves = [torch.arange(len(batch)) % 2 for batch in names]
        learned = torch.stack([
            self._learned(names, each, [half != side for half in halves]) for side in (0, 1)
        ])  # (2, C, M): by the names that are not in that half  # fmt: skip
        self.weights.copy_(learned.mean(0))
        scores = []
        for batch, one, half in zip(names, each, halves, strict=True):
            log_probs = _mix(one.unbind(), learned[half, batch.categories][:, None])  # (B, T, V)
            scores.append(log_probs.gather(2, batch.symbols[:, 1:, None])[..., 0])
        return scores

    def freeze(self) -> None:
        super().freeze()
        for member in self.members:
            member.freeze()

    def adopt(self, donor: Self, moved: Moved) -> None:
        move_rows(donor.weights, self.weights, moved.categories)
        for mine, theirs in zip(self.members, donor.members, strict=True):
            mine.adopt(theirs, moved)

    def _from_the_start(self, member: Network, categories: Tensor, letters: Tensor) -> Tensor:
        """The member's log-probabilities (B, T, V); 0 for first letters, if it says nothing of them."""
        if member.has_start:
            log_probs: Tensor = member(categories, letters)
            return log_probs
        silent = self.weights.new_zeros(len(letters), 1, self.symbols)
        after = [member(categories, letters[:, 1:])] if letters.shape[1] > 1 else []
        return torch.cat((silent, *after), 1)

    @torch.no_grad()
    def _said_by_each(self, names: Sequence[Batch]) -> list[Tensor]:
        """For each batch what each member gives each symbol, (M, B, T, V)."""
        was_training = self.training
        self.eval()
        device = self.weights.device
        each = []
        for batch in names:
            categories, letters = batch.categories.to(device), batch.symbols[:, :-1].to(device)
            members = [self._from_the_start(member, categories, letters) for member in self.members]
            each.append(torch.stack(members).cpu())
        self.train(was_training)
        return each

    def _learned(self, names: Sequence[Batch], each: Sequence[Tensor], use: Sequence[Tensor]) -> Tensor:
        """Weights (C, M) by the letters after the first, and the ends, of the names to use."""
        letters, said, categories = [], [], []
        for batch, one, rows in zip(names, each, use, strict=True):
            letters.append(one[:, rows, 1:].flatten(1, 2))  # (M, N, V)
            said.append(batch.symbols[rows, 2:].flatten())
            categories.append(batch.categories[rows].repeat_interleave(batch.symbols.shape[1] - 2))
        given, symbols, of = torch.cat(letters, 1), torch.cat(said), torch.cat(categories)
        return _fitted(given, symbols, of, self.weights.cpu(), self.config.shrinkage)


def _mix(each: Sequence[Tensor], weights: Tensor) -> Tensor:
    """Log-probabilities, (..., V) of M members, times weights (..., M), added up and normalised: (..., V)."""
    first, *others = each
    total = first * weights[..., :1]
    for number, log_probs in enumerate(others, 1):
        total.addcmul_(log_probs, weights[..., number, None])
    return total.log_softmax(-1)


def _fitted(each: Tensor, symbols: Tensor, categories: Tensor, weights: Tensor, shrinkage: float) -> Tensor:
    """Weights (C, M) under which N symbols, given each (N, V, M) and categories (N,), are likeliest.

    They are the sum of what all categories share and of what is a category's own, which costs
    `shrinkage` times its square. The search begins at the weights given.
    """
    shared = weights.mean(0).requires_grad_()
    own = (weights - weights.mean(0)).requires_grad_()
    search = torch.optim.LBFGS([shared, own], max_iter=_ROUNDS, line_search_fn="strong_wolfe")

    def cost() -> Tensor:
        search.zero_grad()
        log_probs = _mix(each.unbind(), shared + own[categories])
        nats = nn.functional.nll_loss(log_probs, symbols, reduction="sum")
        mean = (nats + shrinkage * own.square().sum()) / max(len(symbols), 1)
        autograd.backward(mean)
        return mean

    search.step(cost)  # type: ignore[no-untyped-call]  # torch has no types for it
    return (shared + own).detach()
