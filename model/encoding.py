"""Names as numbers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from model.arrays import Bools, Integers


class Batch(NamedTuple):
    """Names of one length side by side, so that nothing is padding.

    `symbols` has each name's letters between two boundaries: all but the last are what a network is
    fed, all but the first what it should say. One without a start token is fed from the first letter on.
    """

    categories: Tensor
    """(B,)"""
    symbols: Tensor
    """(B, letters + 2)"""

    def take(self, rows: Tensor | slice) -> Self:
        return type(self)(self.categories[rows], self.symbols[rows])

    def to(self, device: torch.device) -> Self:
        return type(self)(self.categories.to(device), self.symbols.to(device))

    def __len__(self) -> int:
        """How many names, not how many fields."""
        return len(self.categories)


class Moved(NamedTuple):
    """Where the categories and symbols that two encodings share have their numbers: old -> new."""

    categories: Mapping[int, int]
    symbols: Mapping[int, int]


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

    def batches(self, pairs: Iterable[tuple[str, str]]) -> list[Batch]:
        """Encode (category, name) pairs whose letters are all in the alphabet: a batch for each length."""
        category_of = {category: number for number, category in enumerate(self.categories)}
        letter_of = {letter: number for number, letter in enumerate(self.alphabet)}
        categories: dict[int, list[int]] = defaultdict(list)
        symbols: dict[int, list[list[int]]] = defaultdict(list)
        for category, name in pairs:
            categories[len(name)].append(category_of[category])
            symbols[len(name)].append([self.boundary, *map(letter_of.__getitem__, name), self.boundary])
        return [
            Batch(torch.tensor(categories[length]), torch.tensor(symbols[length]))
            for length in sorted(symbols)
        ]

    def moved_to(self, other: Self) -> Moved:
        """Where the categories and symbols that both have are in the other."""
        categories = {name: number for number, name in enumerate(other.categories)}
        letters = {letter: number for number, letter in enumerate(other.alphabet)}
        return Moved(
            {old: categories[name] for old, name in enumerate(self.categories) if name in categories},
            {old: letters[letter] for old, letter in enumerate(self.alphabet) if letter in letters}
            | {self.boundary: other.boundary},
        )

    def texts(self, symbols: Integers) -> list[str]:
        """The names (B, L) as text; all after their ends is the boundary."""
        letters = np.array([*self.alphabet, ""])[symbols]  # (B, L), each a text of one letter
        names: list[str] = letters.view(f"U{symbols.shape[1]}")[:, 0].tolist()
        return names

    def allowed(self, beginnings: Sequence[Sequence[Iterable[str]]]) -> Bools:
        """(P, B, V) which letters may stand at the first P places of B names that all tell as many."""
        allowed = np.zeros((len(beginnings[0]), len(beginnings), self.symbols), bool)
        for row, beginning in enumerate(beginnings):
            for place, letters in enumerate(beginning):
                allowed[place, row, [self.alphabet.index(letter) for letter in letters]] = True
        return allowed
