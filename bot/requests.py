"""What a member asks for, free of Discord's types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from bot.errors import Refusal
from bot.store import Generation

MOST_LETTERS = 10
MOST_NAMES = 10

_USUAL = (1, 20)  # letters, as the generator's own limits
_LONGEST = 30  # letters of a name that may be long


class Mood(StrEnum):
    """How daring the names are. Discord shows these very words as choices, hence their case."""

    safe = "safe"
    balanced = "balanced"
    wild = "wild"

    @property
    def temperature(self) -> float:
        """What the generator is told."""
        return {Mood.safe: 0.5, Mood.balanced: 0.8, Mood.wild: 1.2}[self]


class Length(StrEnum):
    """How long the names are, beside those of their language. Shown as they stand here, too."""

    short = "short"
    usual = "usual"
    long = "long"

    def bounds(self, known: Sequence[str]) -> tuple[int, int]:
        """The fewest and the most letters: of the shortest or the longest third of the known names.

        None is shorter than the shortest of them: a network may take its first letter for all.
        """
        if self is Length.usual:
            return min(*map(len, known), _USUAL[1]), _USUAL[1]
        lengths = sorted(map(len, known))
        third = len(lengths) // 3
        if self is Length.short:
            return lengths[0], lengths[third]
        return lengths[-1 - third], max(_LONGEST, lengths[-1])


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where; without a guild it is in direct messages."""

    guild_id: int | None
    channel_id: int | None
    user_id: int

    def reaches(self, guild_id: int | None, channel_id: int | None) -> bool:
        """Whether what was made there is theirs to see: in that server, or that direct chat."""
        if guild_id is None and self.guild_id is None:
            return channel_id == self.channel_id
        return guild_id == self.guild_id


@dataclass(frozen=True, slots=True)
class Request:
    """What names are asked for.

    `languages` are one, or several with their shares. Without a count there is one name for each
    letter, or three. `length` may be given in letters, as (fewest, most). `new_only` None lets names
    that really exist come where no other is found, True never, False as they come.
    """

    languages: Mapping[str, float]
    letters: str | None = None
    count: int | None = None
    temperature: float = Mood.balanced.temperature
    prefix: str | None = None
    length: Length | tuple[int, int] = Length.usual
    new_only: bool | None = None
    seed: int | None = None

    @classmethod
    def like(cls, earlier: Generation) -> Self:
        """Ask for more of the kind of an earlier generation."""
        return cls(
            languages=earlier.blend or {earlier.language: 1.0},
            letters=earlier.letters,
            count=earlier.count,
            temperature=earlier.temperature,
            prefix=earlier.prefix,
            length=(earlier.min_length or _USUAL[0], earlier.max_length or _USUAL[1]),
            new_only=None if earlier.novel else False,
        )

    def checked(self) -> Self:
        """The same with its letters put together.

        Raises:
            Refusal: where there are none, or too many.
        """
        if self.letters is None:
            return self
        letters = "".join(self.letters.split())
        if not letters:
            raise Refusal("There are no letters in that: give first letters, such as rus, or leave them out.")
        if len(letters) > MOST_LETTERS:
            raise Refusal(
                "Those are {count} letters: give up to {most}, one for each name.",
                count=len(letters),
                most=MOST_LETTERS,
            )
        return replace(self, letters=letters)
