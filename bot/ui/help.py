"""The card of /help: what the bot can do, by example."""

from typing import Self

import discord

from bot.localisation import N_, _
from bot.ui.card import Card
from bot.ui.names import ACCENT
from bot.ui.origin import LikeThis

_EXAMPLES = N_("""\
### Names
`/name language:Russian letters:rus` — three new names, for R, U and S
`/name language:Irish prefix:O' mood:wild` — daring ones that begin with O'
`/blend first:Italian second:Japanese` — names between two languages
`/origin name:Rovakov` — which languages a name sounds like
### Keeping
Press ⭐ beside a name, and find it again in `/favourites`.
`/history` — all names made here; `/top` — the most starred ones
### For those who manage the server
`/dataset add` — names of your own: elves, taverns, star ships
`/retrain` — teach the network, and watch it learn""")


class HelpCard(Card):
    """What to type, and a few languages to try with one press."""

    def __init__(self, languages: list[str]) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay(_(_EXAMPLES)))
        if languages:
            row: discord.ui.ActionRow[Self] = discord.ui.ActionRow()
            for language in languages:
                row.add_item(LikeThis(language, label=_("Try {language}", language=language)))
            card.add_item(row)
        card.add_item(
            discord.ui.TextDisplay(_("-# `/privacy` tells what is stored, `/about` what is running."))
        )
        self.add_item(card)
