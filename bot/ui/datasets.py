"""The cards and the form of /dataset."""

from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.store import Category
from bot.text import plain
from bot.ui.names import ACCENT
from bot.ui.persistent import PersistentButton
from bot.ui.replies import Interaction, show, tell_error
from bot.ui.training import managed_guild
from bot.uploads import Taken, read_lines

_SHOWN = 10  # names of a category
_LONGEST_TEXT = 4000  # characters that a form's field holds


class RetrainNow(PersistentButton, template=r"retrain-now"):
    """Teaches the server's model what it has now."""

    def __init__(self) -> None:
        super().__init__(
            discord.ui.Button(label="Retrain now", style=discord.ButtonStyle.primary, custom_id="retrain-now")
        )

    @classmethod
    def parse(cls, _match: Any) -> Self:
        return cls()

    async def press(self, interaction: Interaction) -> None:
        managed_guild(interaction)
        await interaction.client.retrain(interaction, base=False)


class TakenCard(discord.ui.LayoutView):
    """What was taken of an upload, what was dropped and why, and some of the names."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        super().__init__(timeout=None)
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        for part in taken[:_SHOWN]:
            card.add_item(discord.ui.TextDisplay(f"### {plain(part.category)}\n{_told(part)}"))
        if len(taken) > _SHOWN:
            card.add_item(discord.ui.TextDisplay(f"… and {len(taken) - _SHOWN} more categories."))
        card.add_item(discord.ui.TextDisplay("-# The model knows them after the next training."))
        card.add_item(discord.ui.ActionRow(RetrainNow()))
        self.add_item(card)


class CategoriesCard(discord.ui.LayoutView):
    """A server's own categories, and what it builds on."""

    def __init__(self, categories: Sequence[Category], collection: str) -> None:
        super().__init__(timeout=None)
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        own = "\n".join(_line(category) for category in categories)
        card.add_item(discord.ui.TextDisplay(f"### This server's own categories\n{own or 'None yet.'}"))
        beside = f"Beside them it learns the collection **{plain(collection)}**."
        card.add_item(discord.ui.TextDisplay(beside))
        card.add_item(discord.ui.ActionRow(RetrainNow()))
        self.add_item(card)


class CategoryCard(discord.ui.LayoutView):
    """Some names of one category."""

    def __init__(self, category: Category, names: Sequence[str]) -> None:
        super().__init__(timeout=None)
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        more = f" … and {len(names) - _SHOWN * 3} more" if len(names) > _SHOWN * 3 else ""
        shown = ", ".join(plain(name) for name in names[: _SHOWN * 3])
        card.add_item(discord.ui.TextDisplay(f"### {_line(category)}\n{shown}{more}"))
        self.add_item(card)


class NamesForm(discord.ui.Modal):
    """Names typed or mended by hand, one a line."""

    def __init__(self, category: str, names: str = "", *, extends: bool = False) -> None:
        super().__init__(title=category[:45])
        self._category, self._extends = category, extends
        self.names: discord.ui.TextInput[Self] = discord.ui.TextInput(
            label="Names, one a line",
            custom_id="names",
            style=discord.TextStyle.paragraph,
            default=names or None,
            max_length=_LONGEST_TEXT,
        )
        self.add_item(self.names)

    @staticmethod
    def holds(names: Sequence[str]) -> bool:
        """Whether the form is large enough for them."""
        return len("\n".join(names)) <= _LONGEST_TEXT

    async def on_submit(self, interaction: Interaction, /) -> None:  # type: ignore[override]
        guild_id = managed_guild(interaction)  # it may be long since the form was opened
        datasets = interaction.client.datasets
        taken = [read_lines(self._category, self.names.value, datasets.bounds)]
        await datasets.add(guild_id, interaction.user.id, taken, extends=self._extends)
        await show(interaction, TakenCard(taken), private=True)

    async def on_error(self, interaction: Interaction, error: Exception, /) -> None:  # type: ignore[override]
        await tell_error(interaction, error)


def _told(part: Taken) -> str:
    reasons = {
        "blank": part.blank,
        "repeated": part.duplicate,
        "too long": part.too_long,
        "not text": part.not_text,
    }
    dropped = ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)
    shown = ", ".join(plain(name) for name in part.names[:_SHOWN])
    more = ", …" if len(part.names) > _SHOWN else ""
    without = f"; dropped: {dropped}" if dropped else ""
    return f"{len(part.names)} names taken{without}\n{shown}{more}"


def _line(category: Category) -> str:
    extends = ", added to the bundled one" if category.extends else ""
    return f"**{plain(category.name)}** · {category.size} names{extends}"
