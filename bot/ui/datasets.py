"""The cards and the form of /dataset."""

import re
from collections.abc import Sequence
from typing import Self

import discord

from bot.localisation import N_, _, ngettext, number
from bot.store import Category
from bot.text import fitting, plain
from bot.ui.card import Card
from bot.ui.forms import PersistentForm, Typed
from bot.ui.names import ACCENT
from bot.ui.persistent import PlainButton
from bot.ui.replies import Interaction, show
from bot.ui.training import managed_guild
from bot.uploads import Taken, read_lines

_ROOM = 3500  # characters of the 4000 that a card may have
_LONGEST_LINES = 200  # characters about a category, beside its names
_SHOWN = 10  # names of a category
_LONGEST_TEXT = 4000  # characters that a form's field holds


class RetrainNow(
    PlainButton, custom_id="retrain-now", label=N_("Retrain now"), style=discord.ButtonStyle.primary
):
    """Teaches the server's model what it has now."""

    async def press(self, interaction: Interaction) -> None:
        managed_guild(interaction)
        await interaction.client.retrain(interaction, base=False)


class TakenCard(Card):
    """What was taken of an upload, what was dropped and why, and some of the names."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        for part in taken[:_SHOWN]:
            card.add_item(discord.ui.TextDisplay(f"### {plain(part.category)}\n{_told(part)}"))
        if len(taken) > _SHOWN:
            more = len(taken) - _SHOWN
            told = ngettext("… and {count} more category.", "… and {count} more categories.", more)
            card.add_item(discord.ui.TextDisplay(told))
        card.add_item(discord.ui.TextDisplay(_("-# The model knows them after the next training.")))
        card.add_item(discord.ui.ActionRow(RetrainNow()))
        self.add_item(card)


class CategoriesCard(Card):
    """A server's own categories, and what it builds on."""

    def __init__(self, categories: Sequence[Category], collection: str) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        heading = _("This server's own categories")
        own = fitting(map(_line, categories), _ROOM, "\n") or _("None yet.")
        card.add_item(discord.ui.TextDisplay(f"### {heading}\n{own}"))
        beside = _("Beside them it learns the collection **{collection}**.", collection=plain(collection))
        card.add_item(discord.ui.TextDisplay(beside))
        card.add_item(discord.ui.ActionRow(RetrainNow()))
        self.add_item(card)


class CategoryCard(Card):
    """Some names of one category."""

    def __init__(self, category: Category, names: Sequence[str]) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        shown = fitting(map(plain, names[: _SHOWN * 3]), _ROOM)
        if len(names) > _SHOWN * 3:
            shown = _("{names} … and {count} more", names=shown, count=len(names) - _SHOWN * 3)
        card.add_item(discord.ui.TextDisplay(f"### {_line(category)}\n{shown}"))
        self.add_item(card)


class NamesForm(PersistentForm):
    """Names typed or mended by hand, one a line."""

    template = re.compile(r"names:(?P<extends>[01]):(?P<category>.{1,90})", re.DOTALL)

    def __init__(self, category: str, names: str = "", *, extends: bool = False) -> None:
        super().__init__(title=category[:45], custom_id=f"names:{extends:d}:{category}")
        field: discord.ui.TextInput[Self] = discord.ui.TextInput(
            custom_id="names",
            style=discord.TextStyle.paragraph,
            default=names or None,
            max_length=_LONGEST_TEXT,
        )
        self.add_item(discord.ui.Label(text=_("Names, one a line"), component=field))

    @staticmethod
    def holds(names: Sequence[str]) -> bool:
        """Whether the form is large enough for them."""
        return len("\n".join(names)) <= _LONGEST_TEXT

    @classmethod
    async def submitted(cls, interaction: Interaction, match: re.Match[str], typed: Typed) -> None:
        guild_id = managed_guild(interaction)  # it may be long since the form was opened
        datasets = interaction.client.datasets
        taken = [read_lines(match["category"], typed.get("names", ""), datasets.bounds)]
        await datasets.add(guild_id, interaction.user.id, taken, extends=match["extends"] == "1")
        await show(interaction, TakenCard(taken), private=True)


def _told(part: Taken) -> str:
    reasons = {
        _("blank"): part.blank,
        _("repeated"): part.duplicate,
        _("too long"): part.too_long,
        _("not text"): part.not_text,
    }
    lines = [ngettext("{count} name taken", "{count} names taken", len(part.names))]
    dropped = ", ".join(f"{reason} ({number(count)})" for reason, count in reasons.items() if count)
    if dropped:
        lines.append(_("Dropped: {reasons}", reasons=dropped))
    shown = fitting(map(plain, part.names[:_SHOWN]), _ROOM // _SHOWN - _LONGEST_LINES)
    lines.append(f"{shown}, …" if len(part.names) > _SHOWN else shown)
    return "\n".join(lines)


def _line(category: Category) -> str:
    told = [f"**{plain(category.name)}**", ngettext("{count} name", "{count} names", category.size)]
    if category.extends:
        told.append(_("added to the bundled one"))
    return " · ".join(told)
