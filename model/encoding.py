"""Names as numbers: what a network is fed and what it should have said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

IGNORED = -100
"""The target where there is nothing to predict; torch's losses skip it by default."""


class Row(NamedTuple):
    """One name of a category, by numbers."""

    category: int
    letters: tuple[int, ...]


class Batch(NamedTuple):
    """Names side by side: categories (B,), inputs and targets (B, T), padded with IGNORED targets.

    `targets[:, 0]` is the first letter where the network has a start token, the second where not.
    """

    categories: Tensor
    inputs: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Encoding:
    """Which number stands for which category and letter; the number after the letters is the boundary."""

    categories: tuple[str, ...]
    alphabet: str

    @property
    def boundary(self) -> int:
        return len(self.alphabet)

    @property
    def symbols(self) -> int:
        return len(self.alphabet) + 1

    def row(self, category: str, name: str) -> Row:
        """Encode a name whose letters are all in the alphabet."""
        return Row(self.categories.index(category), tuple(map(self.alphabet.index, name)))

    def rows(self, pairs: Iterable[tuple[str, str]]) -> list[Row]:
        """Encode many (category, name) at once."""
        category_of = {category: number for number, category in enumerate(self.categories)}
        letter_of = {letter: number for number, letter in enumerate(self.alphabet)}
        return [
            Row(category_of[category], tuple(map(letter_of.__getitem__, name))) for category, name in pairs
        ]

    def text(self, letters: Iterable[int]) -> str:
        return "".join(self.alphabet[letter] for letter in letters)

    def batch(self, rows: Sequence[Row], *, has_start: bool) -> Batch:
        """Put rows side by side, padded to the longest."""
        width = max(len(row.letters) for row in rows) + has_start
        inputs = torch.full((len(rows), width), self.boundary)
        targets = torch.full((len(rows), width), IGNORED)
        for number, row in enumerate(rows):
            fed = ((self.boundary,) if has_start else ()) + row.letters
            said = (*fed[1:], self.boundary)
            inputs[number, : len(fed)] = torch.tensor(fed)
            targets[number, : len(said)] = torch.tensor(said)
        return Batch(torch.tensor([row.category for row in rows]), inputs, targets)
