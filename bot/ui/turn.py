"""Where one is in the history: the page and its filters, and how a custom ID holds them."""

import re
from dataclasses import dataclass, replace
from typing import Self

from bot.store import Cursor, Filters

LONGEST_TEXT = 30
LONGEST_LANGUAGE = 32

_STARRED, _PANEL = 1, 2


@dataclass(frozen=True, slots=True)
class Turn:
    """A page, told by the cursor that leads to it, its filters, and whether the filter panel is open."""

    at: Cursor
    filters: Filters
    panel: bool = False

    def custom_id(self, what: str) -> str:
        """The ID of a component that does something with it, `what` being one letter.

        At most 100 characters, as Discord allows, for up to 2**40 names: hence the hexadecimal. The
        language's length stands before it, since language and text may hold any character.
        """
        filters = self.filters
        language, text = filters.language or "", filters.text or ""
        flags = _STARRED * filters.starred + _PANEL * self.panel
        way = "-" if self.at.direction == "older" else "+"
        where = "" if self.at in (Cursor.first(), Cursor.last()) else f"{self.at.name_id:x}"
        return f"h:{what}{flags}{way}{where}:{filters.user_id or 0:x}:{len(language)}:{language}{text}"

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        size, flags = int(match["size"]), int(match["flags"])
        filters = Filters(
            language=match["rest"][:size] or None,
            user_id=int(match["user"], 16) or None,
            text=match["rest"][size:] or None,
            starred=bool(flags & _STARRED),
        )
        return cls(_cursor(match["way"], match["name"]), filters, panel=bool(flags & _PANEL))

    def with_filters(self, filters: Filters) -> Self:
        """The first page under other filters."""
        return replace(self, at=Cursor.first(), filters=filters)


def template(letters: str) -> re.Pattern[str]:
    """What the custom IDs look like of the components that do one of these things."""
    return re.compile(
        rf"h:(?P<what>[{letters}])(?P<flags>[0-3])(?P<way>[-+])(?P<name>[0-9a-f]{{0,15}}):"
        r"(?P<user>[0-7]?[0-9a-f]{1,15}):(?P<size>[0-9]{1,2}):(?P<rest>.*)",
        re.DOTALL,
    )


def _cursor(way: str, name: str) -> Cursor:
    if way == "-":
        return Cursor.older(int(name, 16)) if name else Cursor.first()
    return Cursor.newer(int(name, 16)) if name else Cursor.last()
