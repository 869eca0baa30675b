"""What every network is to the rest of the program.

Told a category and the letters so far, a network says how likely each next symbol is. Symbols are
numbers: letter i of the alphabet is i, and `len(alphabet)` is the boundary, which ends a name and,
for a network with a start token, begins it. Shapes in this package: B names, T letters, V symbols
(letters and the boundary), C categories, H hidden units.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from model.arrays import Floats, Integers
from model.encoding import Batch, Moved

State = tuple[NDArray[Any], ...]
"""What a network remembers of the names it is writing: arrays with one row (B first) for each."""

_ROWS = 512  # names scored at once: enough to keep the processor busy, little memory


class Config(BaseModel):
    """Sizes of a network; checked when made, kept in the checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(nn.Module, ABC):
    """The contract that training, sampling and scoring are written against."""

    has_start: ClassVar[bool]
    """Whether it chooses a name's first letter itself, being fed the boundary before it."""

    @abstractmethod
    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        """Log-probabilities (B, T, V) of the symbol after each letter; categories (B,), letters (B, T)."""

    @abstractmethod
    def start(self, categories: Integers) -> State:
        """The state before any letter, for categories (B,); the network must be frozen."""

    @abstractmethod
    def step(self, letters: Integers, state: State) -> tuple[Floats, State]:
        """Feed one letter a name, (B,): log-probabilities (B, V) of the next symbol, and the new state."""

    @abstractmethod
    def adopt(self, donor: Self, moved: Moved) -> None:
        """Take over what a network of the same sizes learned of the categories and symbols they share."""

    def count(self, names: Sequence[Batch]) -> None:
        """Learn what is learned by counting the training names, once, before any gradient."""

    def log_probs(self, batch: Batch) -> Tensor:
        """Of each name's letters and its end, (B, letters + 1).

        The first letter's is 0 for a network without a start token: it was given.
        """
        if self.has_start:
            return self._said(batch.categories, batch.symbols)
        log_probs = self._said(batch.categories, batch.symbols[:, 1:])
        return nn.functional.pad(log_probs, (1, 0))

    def _said(self, categories: Tensor, symbols: Tensor) -> Tensor:
        """Of each symbol after the first, given those before it: (B, T) -> (B, T - 1)."""
        log_probs: Tensor = self(categories, symbols[:, :-1])
        return log_probs.gather(2, symbols[:, 1:, None])[..., 0]

    def nats(self, batch: Batch) -> Tensor:
        """What each symbol costs, (B, letters + 1): what gradient descent makes small."""
        return -self.log_probs(batch)

    @torch.no_grad()
    def score(self, names: Sequence[Batch]) -> list[Tensor]:
        """`log_probs` of each batch, in evaluation mode, on the processor."""
        device = next(iter(self.state_dict().values())).device
        was_training = self.training
        self.eval()
        scores = [
            torch.cat([
                self.log_probs(batch.take(slice(start, start + _ROWS)).to(device)).cpu()
                for start in range(0, len(batch), _ROWS)
            ])
            for batch in names
        ]  # fmt: skip
        self.train(was_training)
        return scores

    def validate(self, names: Sequence[Batch]) -> list[Tensor]:
        """`score` for names held out of training.

        A network that learns from held-out names, as an ensemble does its weights, does so here, and
        scores each name as learned from others alone.
        """
        return self.score(names)

    def freeze(self) -> None:
        """Stop learning, and compute once what every step needs."""
        self.zero_grad()
        self.eval().requires_grad_(requires_grad=False)


def move_rows(old: Tensor, new: Tensor, numbers: Mapping[int, int]) -> None:
    """Copy rows of a parameter to where they are now; those that the old one lacked start at its mean."""
    new.data[:] = old.data.mean(0, keepdim=True)
    new.data[list(numbers.values())] = old.data[list(numbers)]
