"""The card of /top."""

from collections.abc import Mapping, Sequence
from typing import Self

import discord

from bot.localisation import _, number
from bot.store import TopLanguage, TopName
from bot.text import fitting, plain
from bot.ui.card import Card
from bot.ui.names import ACCENT
from bot.ui.pictures import gallery
from model import plots

_ROOM = 900  # characters of the 4000 that a card may have, for each of its four parts


class TopCard(Card):
    """The most starred names of some times, the shortest first, the languages asked for most, and a chart."""

    def __init__(self, periods: Mapping[str, Sequence[TopName]], languages: Sequence[TopLanguage]) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        shown: Sequence[TopName] | None = None
        for title, names in periods.items():
            if names != shown:  # a month that has no more to tell than its last week
                card.add_item(discord.ui.TextDisplay(f"### {_(title)}\n{_names(names)}"))
            shown = names
        if languages:
            told = fitting((f"{plain(top.language)} ({number(top.generations)})" for top in languages), _ROOM)
            card.add_item(discord.ui.TextDisplay("### " + _("Most asked for this month") + "\n" + told))
            card.add_item(gallery(_("The same as bars")))
        self.add_item(card)


def chart(names: Sequence[TopName], languages: Sequence[TopLanguage]) -> bytes:
    """The same as a picture: bars for the stars of the names, or for the languages while there are none."""
    if names:
        return plots.bars({f"{top.text} ({top.language})": top.stars for top in names}, "")
    return plots.bars({top.language: top.generations for top in languages}, "")


def _names(names: Sequence[TopName]) -> str:
    if not names:
        return _("No stars yet. Press the star beside a name that you like.")
    lines = (f"⭐ {top.stars} · **{plain(top.text)}** · {plain(top.language)}" for top in names)
    return fitting(lines, _ROOM, "\n")
