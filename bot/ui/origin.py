"""The card of /origin, and the picture of a name being written."""

import re
from typing import Self

import discord

from bot.localisation import _, listed, percent
from bot.naming import Origin
from bot.requests import Request
from bot.text import plain
from bot.ui.card import Card
from bot.ui.names import ACCENT, answer
from bot.ui.persistent import PersistentButton
from bot.ui.pictures import attached, gallery
from bot.ui.replies import Interaction, aloud, asker, show

_WORTH_TELLING = 0.05  # a share of probability
_LONGEST_LANGUAGE = 90  # letters that a custom ID has room for


class LikeThis(PersistentButton, template=re.compile(r"like:(?P<language>.{1,90})", re.DOTALL)):
    """Makes names of the likeliest language."""

    def __init__(self, language: str, label: str | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                label=(label or _("Names like this"))[:80],
                style=discord.ButtonStyle.primary,
                custom_id=f"like:{language}",
            )
        )
        self.language = language

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(match["language"])

    async def press(self, interaction: Interaction) -> None:
        request = Request({self.language: 1.0})
        await answer(interaction, lambda: interaction.client.naming.make(asker(interaction), request))


class OriginCard(Card):
    """Which languages a name sounds like: one sentence, and bars."""

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay(_sentence(origin)))
        card.add_item(gallery(_("How likely each language finds the name")))
        likeliest = next(iter(origin.probabilities))
        if len(likeliest) <= _LONGEST_LANGUAGE:
            card.add_item(discord.ui.ActionRow(LikeThis(likeliest)))
        self.add_item(card)


async def tell_origin(interaction: Interaction, name: str) -> None:
    """Answer with the card of a name."""
    async with interaction.client.limits.charged(asker(interaction)):
        await interaction.response.defer(thinking=True)  # the picture takes a while
        origin = await interaction.client.naming.origin(asker(interaction), name)
    with aloud(interaction):
        card = OriginCard(origin)
    await show(interaction, card, attached(origin.picture))


def _sentence(origin: Origin) -> str:
    (first, share), *others = origin.probabilities.items()
    told = [f"**{plain(first)}** ({percent(share)})"]
    told += [f"{plain(name)} ({percent(share)})" for name, share in others[:2] if share >= _WORTH_TELLING]
    return _("**{name}** sounds {languages}.", name=plain(origin.name), languages=listed(told, "or"))
