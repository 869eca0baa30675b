"""The card of /top."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import discord

from bot.localisation import _
from bot.store import TopLanguage, TopName
from bot.text import plain
from bot.ui.names import ACCENT


@dataclass(frozen=True, slots=True)
class Period:
    """The most starred names of a time."""

    title: str
    names: Sequence[TopName]


class TopCard(discord.ui.LayoutView):
    """The most starred names, and the languages that are asked for most."""

    def __init__(self, periods: Sequence[Period], languages: Sequence[TopLanguage]) -> None:
        super().__init__(timeout=None)
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        for period in periods:
            card.add_item(discord.ui.TextDisplay(f"### {period.title}\n{_names(period.names)}"))
        if languages:
            told = ", ".join(f"{plain(top.language)} ({top.generations})" for top in languages)
            card.add_item(discord.ui.TextDisplay(f"### {_('Most asked for')}\n{told}"))
        self.add_item(card)


def _names(names: Sequence[TopName]) -> str:
    if not names:
        return _("No stars yet. Press the star beside a name that you like.")
    return "\n".join(f"⭐ {top.stars} · **{plain(top.text)}** · {plain(top.language)}" for top in names)
