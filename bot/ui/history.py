"""The card of /history, a page at a time, with its filter panel."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, Self

import discord

from bot.errors import Refusal
from bot.localisation import _, read_date
from bot.store import Cursor, Filters, Page, Scope
from bot.text import plain
from bot.ui.card import Card
from bot.ui.forms import PersistentForm, Typed
from bot.ui.names import ACCENT
from bot.ui.persistent import PersistentButton, PersistentItem
from bot.ui.picked import Pick
from bot.ui.replies import Interaction, aloud
from bot.ui.turn import LONGEST_LANGUAGE, LONGEST_TEXT, Turn, template

A_PAGE = 10  # names
_OPTIONS = 25  # as many as a select holds
_ALL = "*"
_FARTHEST = 1_000_000  # pages


class TurnButton(PersistentButton, template=template("fnol")):
    """Turns to another page."""

    def __init__(self, turn: Turn, what: str = "f", *, disabled: bool = False) -> None:
        emoji, label = {
            "f": ("⏮️", _("First")),
            "n": ("◀️", _("Previous")),
            "o": ("▶️", _("Next")),
            "l": ("⏭️", _("Last")),
        }[what]
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, disabled=disabled, custom_id=turn.custom_id(what))
        )
        self.turn = turn

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(Turn.parse(match), match["what"])

    async def press(self, interaction: Interaction) -> None:
        await _turn_to(interaction, self.turn)


class PanelButton(PersistentButton, template=template("psctj")):
    """Opens the filter panel, or does what a button in it says."""

    def __init__(self, turn: Turn, what: str = "p") -> None:
        filters = turn.filters
        emoji, label, is_set = {
            "p": ("🔍", _("Filter"), turn.panel),
            "s": ("⭐", _("Starred only"), filters.starred),
            "t": ("🔤", _("Letters…"), filters.text is not None),
            "j": ("📅", _("Go to…"), False),
            "c": ("✖️", _("No filter"), False),
        }[what]
        style = discord.ButtonStyle.primary if is_set else discord.ButtonStyle.secondary
        idle = what == "c" and filters == Filters()
        super().__init__(
            discord.ui.Button(
                label=label, emoji=emoji, style=style, disabled=idle, custom_id=turn.custom_id(what)
            )
        )
        self.turn, self.what = turn, what

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(Turn.parse(match), match["what"])

    async def press(self, interaction: Interaction) -> None:
        turn, filters = self.turn, self.turn.filters
        match self.what:
            case "p":
                await _turn_to(interaction, replace(turn, panel=not turn.panel))
            case "s":
                await _turn_to(interaction, turn.with_filters(replace(filters, starred=not filters.starred)))
            case "c":
                await _turn_to(interaction, turn.with_filters(Filters()))
            case "t":
                _check_opener(interaction)
                await LettersForm(turn).open(interaction)
            case "j":
                _check_opener(interaction)
                await GoToForm(turn).open(interaction)


class LanguageSelect(PersistentItem[discord.ui.Select[Any]], template=template("g")):
    """Leaves the names of one language."""

    def __init__(self, turn: Turn, languages: list[str] | None = None) -> None:
        chosen = turn.filters.language
        known = [*([chosen] if chosen else []), *(name for name in languages or [] if name != chosen)]
        fitting = [name for name in known if len(name) <= LONGEST_LANGUAGE][: _OPTIONS - 1]
        options = [
            discord.SelectOption(label=_("All languages"), value=_ALL, default=chosen is None),
            *(discord.SelectOption(label=name, value=name, default=name == chosen) for name in fitting),
        ]
        super().__init__(discord.ui.Select(custom_id=turn.custom_id("g"), options=options))
        self.turn = turn

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(Turn.parse(match))

    async def press(self, interaction: Interaction) -> None:
        value = self.item.values[0]
        language = None if value == _ALL else value[:LONGEST_LANGUAGE]
        await _turn_to(interaction, self.turn.with_filters(replace(self.turn.filters, language=language)))


class MemberSelect(PersistentItem[discord.ui.UserSelect[Any]], template=template("m")):
    """Leaves the names that one member asked for."""

    def __init__(self, turn: Turn) -> None:
        chosen = turn.filters.user_id
        default = [discord.SelectDefaultValue.from_user(discord.Object(chosen))] if chosen else []
        super().__init__(
            discord.ui.UserSelect(
                placeholder=_("All members"),
                custom_id=turn.custom_id("m"),
                min_values=0,
                default_values=default,
            )
        )
        self.turn = turn

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(Turn.parse(match))

    async def press(self, interaction: Interaction) -> None:
        user_id = self.item.values[0].id if self.item.values else None
        await _turn_to(interaction, self.turn.with_filters(replace(self.turn.filters, user_id=user_id)))


class LettersForm(PersistentForm):
    """Asks for letters that the names must have."""

    template = template("T")

    def __init__(self, turn: Turn) -> None:
        super().__init__(title=_("Names with these letters"), custom_id=turn.custom_id("T"))
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            custom_id="letters", default=turn.filters.text, max_length=LONGEST_TEXT, required=False
        )
        told = _("Anywhere in the name; accents don't matter")
        self.add_item(discord.ui.Label(text=_("Letters"), description=told, component=field))

    @classmethod
    async def submitted(cls, interaction: Interaction, match: re.Match[str], typed: Typed) -> None:
        turn, text = Turn.parse(match), typed.get("letters", "").strip()[:LONGEST_TEXT]
        await _turn_to(interaction, turn.with_filters(replace(turn.filters, text=text or None)))


class GoToForm(PersistentForm):
    """Asks for a page's number or a date."""

    template = template("J")

    def __init__(self, turn: Turn) -> None:
        super().__init__(title=_("Go to a page or a date"), custom_id=turn.custom_id("J"))
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            custom_id="where", placeholder=f"12, {date(2026, 3, 31).isoformat()}", max_length=20
        )
        self.add_item(discord.ui.Label(text=_("Page or date"), component=field))

    @classmethod
    async def submitted(cls, interaction: Interaction, match: re.Match[str], typed: Typed) -> None:
        turn, where = Turn.parse(match), typed.get("where", "").strip()
        history, scope = interaction.client.store.history, scope_of(interaction)
        if where.isdecimal():
            page = min(max(int(where), 1), _FARTHEST)
            at = await history.nth(scope, turn.filters, (page - 1) * A_PAGE)
        else:
            at = await history.around(scope, _end_of(_date(where)))
        await _turn_to(interaction, replace(turn, at=at))


class HistoryCard(Card):
    """Names, newest first, the buttons that turn the pages, and, when it is open, the filter panel."""

    def __init__(self, page: Page, turn: Turn, languages: list[str], *, of_server: bool) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay(_heading(turn.filters)))
        card.add_item(discord.ui.TextDisplay(_lines(page, turn.filters)))
        if page.entries:
            card.add_item(discord.ui.ActionRow(Pick(page.entries)))
        here = replace(turn, at=Cursor.older(page.entries[0].id + 1)) if page.entries else turn
        panel_button = PanelButton(here)
        if page.has_newer or page.has_older:
            card.add_item(discord.ui.ActionRow(*_buttons(page, turn), panel_button))
        else:
            card.add_item(discord.ui.ActionRow(panel_button))
        if turn.panel:
            card.add_item(discord.ui.ActionRow(LanguageSelect(turn, languages)))
            if of_server:
                card.add_item(discord.ui.ActionRow(MemberSelect(turn)))
            card.add_item(discord.ui.ActionRow(*(PanelButton(here, what) for what in "stjc")))
        self.add_item(card)


async def history_card(interaction: Interaction, turn: Turn) -> HistoryCard:
    """The page that a turn leads to; the first one where there is nothing any more."""
    history, scope = interaction.client.store.history, scope_of(interaction)
    page = await history.page(scope, turn.filters, turn.at, A_PAGE)
    if not page.entries:
        page = await history.page(scope, turn.filters, Cursor.first(), A_PAGE)
    languages = interaction.client.naming.complete(interaction.guild_id, "") if turn.panel else []
    with aloud(interaction):
        return HistoryCard(page, turn, languages, of_server=scope.guild_id is not None)


def scope_of(interaction: Interaction) -> Scope:
    """A server's names, or in direct messages one's own."""
    if interaction.guild_id is not None:
        return Scope.guild(interaction.guild_id)
    return Scope.direct(interaction.user.id)


async def _turn_to(interaction: Interaction, turn: Turn) -> None:
    """Show another page in the message, to the one who opened it."""
    _check_opener(interaction)
    await interaction.response.edit_message(view=await history_card(interaction, turn))


def _check_opener(interaction: Interaction) -> None:
    opened_by = interaction.message.interaction_metadata if interaction.message else None
    if opened_by is not None and opened_by.user.id != interaction.user.id:
        raise Refusal("These pages are turned by the one who opened them. Open your own with /history.")


def _heading(filters: Filters) -> str:
    told = [plain(filters.language)] if filters.language else []
    told += [f"<@{filters.user_id}>"] if filters.user_id else []
    told += [f"“{plain(filters.text)}”"] if filters.text else []
    told += ["⭐"] if filters.starred else []
    return "### " + " · ".join([_("Names"), *told])


def _lines(page: Page, filters: Filters) -> str:
    if page.entries:
        return "\n".join(
            f"**{plain(entry.text)}** · {plain(entry.language)} · <@{entry.user_id}> · "
            f"<t:{int(entry.created_at.timestamp())}:R>" + (f" · ⭐ {entry.stars}" if entry.stars else "")
            for entry in page.entries
        )
    if filters == Filters():
        return _("No names yet. Make some with /name.")
    return _("No names like that. Try it with fewer filters.")


def _buttons(page: Page, turn: Turn) -> list[TurnButton]:
    newest, oldest = page.entries[0].id, page.entries[-1].id
    return [
        TurnButton(replace(turn, at=Cursor.first()), "f", disabled=not page.has_newer),
        TurnButton(replace(turn, at=Cursor.newer(newest)), "n", disabled=not page.has_newer),
        TurnButton(replace(turn, at=Cursor.older(oldest)), "o", disabled=not page.has_older),
        TurnButton(replace(turn, at=Cursor.last()), "l", disabled=not page.has_older),
    ]


def _date(typed: str) -> date:
    found = read_date(typed)
    if found is None:
        raise Refusal("That is neither a page nor a date: give a number such as 12, or a date as 2026-03-31.")
    return found


def _end_of(day: date) -> datetime:
    """The last moment of a day."""
    return datetime.combine(day, time.max, UTC)
