"""Several networks as one: their probabilities mixed, with weights for each category."""

from collections.abc import Sequence
from functools import reduce
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from model.encoding import Batch, Moved
from model.networks.contract import Config, Network, State, move_rows
from model.networks.ngram import NgramConfig
from model.networks.recurrent import GruConfig, LstmConfig, RnnConfig
from model.networks.tutorial import TutorialConfig

MemberConfig = Annotated[
    TutorialConfig | RnnConfig | GruConfig | LstmConfig | NgramConfig, Field(discriminator="network")
]

_ROUNDS = 50
"""Rounds of expectation maximisation: the weights move by less than 0.001 after thirty."""

_LEAST = 1e-6
"""A member's smallest weight, so that one which was of no use on held-out names isn't impossible."""


class EnsembleConfig(Config):
    """The members, one of which at least must choose first letters."""

    network: Literal["ensemble"] = "ensemble"
    members: tuple[MemberConfig, ...] = Field(min_length=1, max_length=16)
    shrinkage: float = Field(100, gt=0)
    """How many letters' worth a category's weights are held to those of all categories together."""

    @model_validator(mode="after")
    def _someone_starts(self) -> Self:
        if all(member.network == "tutorial" for member in self.members):
            raise ValueError("an ensemble needs a member that chooses first letters: not tutorial alone")
        return self


class EnsembleNetwork(Network):
    """Members trained side by side, each to be right by itself, and mixed in probability.

    The weights are those under which held-out names are likeliest: expectation maximisation for the
    shares of a mixture (Jelinek and Mercer, "Interpolated estimation of Markov source parameters from
    sparse data", 1980). M counts members.
    """

    has_start = True
    weights: Tensor
    """(C, M)"""
    starters: list[bool]
    """Which members choose first letters."""

    def __init__(
        self, config: EnsembleConfig, members: Sequence[Network], categories: int, symbols: int
    ) -> None:
        super().__init__()
        self.config, self.symbols = config, symbols
        self.networks = nn.ModuleList(members)
        self.register_buffer("weights", torch.full((categories, len(members)), 1 / len(members)))
        self.starters = [member.has_start for member in members]
        self._tensors = [len(member.start(torch.zeros(1, dtype=torch.long))) for member in members]

    @property
    def members(self) -> list[Network]:
        return [member for member in self.networks if isinstance(member, Network)]

    def count(self, names: Sequence[Batch]) -> None:
        for member in self.members:
            member.count(names)

    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        each = [self._from_the_start(member, categories, letters) for member in self.members]
        return _mix(each, self._shares(self.weights[categories], letters.shape[1])[:, :, None])

    def start(self, categories: Tensor) -> State:
        return categories, *(tensor for member in self.members for tensor in member.start(categories))

    def step(self, letters: Tensor, state: State) -> tuple[Tensor, State]:
        categories, *parts = state
        at_start = not all(self.starters) and bool((letters == self.symbols - 1).all())
        each, after = [], [categories]
        for member, tensors in zip(self.members, self._tensors, strict=True):
            part, parts = tuple(parts[:tensors]), parts[tensors:]
            if at_start and not member.has_start:
                log_probs = self.weights.new_zeros(len(letters), self.symbols)
            else:
                log_probs, part = member.step(letters, part)
            each.append(log_probs)
            after += part
        weights = self.weights[categories]
        return _mix(each, (self._first_shares(weights) if at_start else weights)[:, None]), tuple(after)

    def nats(self, batch: Batch) -> Tensor:
        """Those of each member that learns by gradients, one below the other."""
        return torch.cat([member.nats(batch) for member in self.members if list(member.parameters())])

    def validate(self, names: Sequence[Batch]) -> list[Tensor]:
        """Learn the weights from all names; score each by those learned from the other half.

        The halves are every second name, so that each has its part of every category and length.
        """
        scores = zip(*(member.score(names) for member in self.members), strict=True)
        each = [torch.stack(members, 2) for members in scores]  # for each batch (B, T, M)
        halves = [torch.arange(len(batch)) % 2 for batch in names]
        by_other_half = [self._learned(names, each, [half != side for half in halves]) for side in (0, 1)]
        self.weights.copy_(self._learned(names, each, [half >= 0 for half in halves]))
        return [
            _mix(
                one.unbind(2), self._shares(torch.stack(by_other_half)[half, batch.categories], one.shape[1])
            )
            for batch, one, half in zip(names, each, halves, strict=True)
        ]

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

    def _shares(self, weights: Tensor, places: int) -> Tensor:
        """Weights (B, M) for each place, (B, places, M), the start first."""
        later = weights[:, None].expand(-1, places - 1, -1)
        return torch.cat((self._first_shares(weights)[:, None], later), 1)

    def _first_shares(self, weights: Tensor) -> Tensor:
        """The weights of first letters, (..., M): only members with a start token choose them."""
        starting = weights * torch.tensor(self.starters, device=weights.device)
        return starting / starting.sum(-1, keepdim=True)

    def _learned(self, names: Sequence[Batch], each: Sequence[Tensor], use: Sequence[Tensor]) -> Tensor:
        """Weights (C, M) by what each member gave the letters after the first of the names to use."""
        letters = [one[rows, 1:] for one, rows in zip(each, use, strict=True)]  # (B, T - 1, M)
        categories = [
            batch.categories[rows, None].expand(one.shape[:2]).flatten()
            for batch, one, rows in zip(names, letters, use, strict=True)
        ]
        probabilities = torch.cat([one.flatten(0, 1) for one in letters]).exp()
        return _mixture_weights(
            probabilities, torch.cat(categories), len(self.weights), self.config.shrinkage
        )


def _mix(each: Sequence[Tensor], shares: Tensor) -> Tensor:
    """The logarithm of the members' probabilities, mixed by shares (..., M)."""
    weighted = [log_probs + share.log() for log_probs, share in zip(each, shares.unbind(-1), strict=True)]
    return reduce(torch.logaddexp, weighted)


def _mixture_weights(probabilities: Tensor, categories: Tensor, count: int, shrinkage: float) -> Tensor:
    """Weights (C, M) that make N letters likeliest: probabilities (N, M) by member, categories (N,)."""
    members = probabilities.shape[1]
    common = torch.full((members,), 1 / members)
    for _ in range(_ROUNDS if len(probabilities) else 0):
        common = _responsible(probabilities * common).mean(0)
    weights = common.expand(count, -1)
    for _ in range(_ROUNDS):
        responsible = _responsible(probabilities * weights[categories])
        total = (shrinkage * common).expand(count, -1).index_add(0, categories, responsible)
        weights = total / total.sum(1, keepdim=True)
    weights = weights.clamp(min=_LEAST)
    return weights / weights.sum(1, keepdim=True)


def _responsible(joint: Tensor) -> Tensor:
    """The share (N, M) that each member has in each letter."""
    return joint / joint.sum(1, keepdim=True)
