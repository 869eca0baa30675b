"""The card of /history, a page at a time."""

import re
from dataclasses import dataclass
from typing import Literal, Self

import discord

from bot.errors import Refusal
from bot.store import Cursor, Filters, Page, Scope, Store
from bot.text import plain
from bot.ui.names import ACCENT
from bot.ui.persistent import PersistentButton
from bot.ui.picked import Pick
from bot.ui.replies import Interaction

LONGEST_TEXT = 30
LONGEST_LANGUAGE = 32

Move = Literal["first", "newer", "older", "last"]

_LABELS: dict[Move, tuple[str, str]] = {
    "first": ("⏮️", "First"),
    "newer": ("◀️", "Previous"),
    "older": ("▶️", "Next"),
    "last": ("⏭️", "Last"),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of pages: which way, from which name, under which filters. A custom ID holds it whole."""

    move: Move
    name_id: int
    filters: Filters

    def custom_id(self) -> str:
        """At most 100 characters, as Discord allows, for up to 2**40 names: hence the hexadecimal.

        The language's length stands before it, since language and text may hold any character.
        """
        language, text = self.filters.language or "", self.filters.text or ""
        user, starred = self.filters.user_id or 0, int(self.filters.starred)
        return f"h:{self.move[0]}{starred}:{self.name_id:x}:{user:x}:{len(language)}:{language}{text}"

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        moves: dict[str, Move] = {"f": "first", "n": "newer", "o": "older", "l": "last"}
        size = int(match["size"])
        filters = Filters(
            language=match["rest"][:size] or None,
            user_id=int(match["user"], 16) or None,
            text=match["rest"][size:] or None,
            starred=match["starred"] == "1",
        )
        return cls(moves[match["move"]], int(match["name"], 16), filters)

    @property
    def cursor(self) -> Cursor:
        match self.move:
            case "first":
                return Cursor.first()
            case "last":
                return Cursor.last()
            case "newer":
                return Cursor.newer(self.name_id)
            case "older":
                return Cursor.older(self.name_id)


class TurnButton(
    PersistentButton,
    template=re.compile(
        r"h:(?P<move>[fnol])(?P<starred>[01]):(?P<name>[0-9a-f]{1,15}):(?P<user>[0-9a-f]{1,16}):(?P<size>\d{1,2}):(?P<rest>.*)",
        re.DOTALL,
    ),
):
    """Turns to another page, for the one who opened the history."""

    def __init__(self, turn: Turn, *, disabled: bool = False) -> None:
        emoji, label = _LABELS[turn.move]
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, disabled=disabled, custom_id=turn.custom_id())
        )
        self.turn = turn

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(Turn.parse(match))

    async def press(self, interaction: Interaction) -> None:
        opened_by = interaction.message.interaction_metadata if interaction.message else None
        if opened_by is not None and opened_by.user.id != interaction.user.id:
            raise Refusal("These pages are turned by the one who opened them. Open your own with /history.")
        card = await history_card(interaction.client.store, scope_of(interaction), self.turn)
        await interaction.response.edit_message(view=card)


class HistoryCard(discord.ui.LayoutView):
    """Names, newest first, and the buttons that turn the pages."""

    def __init__(self, page: Page, filters: Filters) -> None:
        super().__init__(timeout=None)
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay(_heading(filters)))
        card.add_item(discord.ui.TextDisplay(_lines(page, filters)))
        if page.entries:
            card.add_item(discord.ui.ActionRow(Pick(page.entries)))
        if page.has_newer or page.has_older:
            card.add_item(discord.ui.ActionRow(*_buttons(page, filters)))
        self.add_item(card)


async def history_card(store: Store, scope: Scope, turn: Turn) -> HistoryCard:
    """The page that a turn leads to; the first one where there is nothing any more."""
    page = await store.history.page(scope, turn.filters, turn.cursor)
    if not page.entries:
        page = await store.history.page(scope, turn.filters, Cursor.first())
    return HistoryCard(page, turn.filters)


def scope_of(interaction: Interaction) -> Scope:
    """A server's names, or in direct messages one's own."""
    if interaction.guild_id is not None:
        return Scope.guild(interaction.guild_id)
    return Scope.direct(interaction.user.id)


def _heading(filters: Filters) -> str:
    told = [f"in {plain(filters.language)}"] if filters.language else []
    told += [f"made by <@{filters.user_id}>"] if filters.user_id else []
    told += [f"with “{plain(filters.text)}”"] if filters.text else []
    told += ["that have a star"] if filters.starred else []
    return "### " + " ".join(["Names", *told])


def _lines(page: Page, filters: Filters) -> str:
    if page.entries:
        return "\n".join(
            f"**{plain(entry.text)}** · {plain(entry.language)} · <@{entry.user_id}> · "
            f"<t:{int(entry.created_at.timestamp())}:R>"
            for entry in page.entries
        )
    if filters == Filters():
        return "No names yet. Make some with /name."
    return "No names like that. Try it with fewer filters."


def _buttons(page: Page, filters: Filters) -> list[TurnButton]:
    newest, oldest = page.entries[0].id, page.entries[-1].id
    return [
        TurnButton(Turn("first", newest, filters), disabled=not page.has_newer),
        TurnButton(Turn("newer", newest, filters), disabled=not page.has_newer),
        TurnButton(Turn("older", oldest, filters), disabled=not page.has_older),
        TurnButton(Turn("last", oldest, filters), disabled=not page.has_older),
    ]
