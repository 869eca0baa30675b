"""What names may begin with: letters as they were typed, matched with those that categories have."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.errors import ImpossibleOption, UnusableLetter
from model.text import matching

MOST_NAMES = 10_000
"""Names that one call may ask for."""

Beginning = tuple[tuple[str, ...], ...]
"""For each of a name's first places, the letters that may stand there."""


@dataclass(frozen=True)
class Beginnings:
    """What the names of some categories can begin with."""

    categories: Sequence[str]
    initials: Sequence[str]
    """The letters that their names begin with, sorted."""
    alphabet: str

    def wanted(self, letters: str | None, prefix: str, count: int | None) -> list[Beginning]:
        """One for each name: of the letters in turn, or of the prefix, or of any initial.

        Raises:
            UnusableLetter, ImpossibleOption: with a sentence that says what would do.
        """
        if letters is not None and prefix:
            raise ImpossibleOption("Give first letters or a prefix, not both.")
        typed = "".join((letters or "").split())
        if letters is not None and not typed:
            raise ImpossibleOption("No letters were given: give one or more, or leave them out.")
        names = count if count is not None else len(typed) or 3
        if not 1 <= names <= MOST_NAMES:
            raise ImpossibleOption(
                "{count} names can't be made at once: ask for 1 to {most}.", count=names, most=MOST_NAMES
            )
        each: list[Beginning] = [(self._first(letter),) for letter in typed] or [self._of_prefix(prefix)]
        return [each[number % len(each)] for number in range(names)]

    def _of_prefix(self, prefix: str) -> Beginning:
        """Each letter as typed, if it can be, else what it may mean."""
        if not prefix:
            return (tuple(self.initials),)
        places = [self._first(prefix[0]), *map(self._further, prefix[1:])]
        return tuple((letter,) if letter in may else may for letter, may in zip(prefix, places, strict=True))

    def _first(self, letter: str) -> tuple[str, ...]:
        found = matching(letter, self.initials)
        if not found:
            would_do = "".join(sorted({initial.upper() for initial in self.initials}))
            raise UnusableLetter(
                "No {category} name begins with “{letter}”. These letters would do: {letters}",
                category=" / ".join(self.categories),
                letter=letter,
                letters=would_do,
            )
        return tuple(found)

    def _further(self, letter: str) -> tuple[str, ...]:
        found = matching(letter, self.alphabet)
        if not found:
            raise UnusableLetter(
                "The model can't write “{letter}”; it knows {letters}",
                letter=letter,
                letters=self.alphabet.strip(),
            )
        return tuple(found)
