"""The card of /name."""

import re
from typing import Self

import discord

from bot.naming import Made
from bot.ui.buttons import PersistentButton
from bot.ui.replies import Interaction, asker, show
from bot.ui.text import plain

ACCENT = discord.Colour(0x2F6FB3)


class Again(PersistentButton, template=r"again:(?P<generation>\d{1,18})"):
    """Makes new names of the same kind, in a card of their own: the old ones may be liked."""

    def __init__(self, generation_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Again",
                emoji="🎲",
                style=discord.ButtonStyle.primary,
                custom_id=f"again:{generation_id}",
            )
        )
        self.generation_id = generation_id

    @classmethod
    def parse(cls, match: re.Match[str]) -> Self:
        return cls(int(match["generation"]))

    async def press(self, interaction: Interaction) -> None:
        naming = interaction.client.naming
        if not await naming.is_quick(interaction.guild_id):
            await interaction.response.defer(thinking=True)
        await show(interaction, NameCard(await naming.again(asker(interaction), self.generation_id)))


class NameCard(discord.ui.LayoutView):
    """The names, large, and under them whence they came and a button for more."""

    def __init__(self, made: Made) -> None:
        super().__init__(timeout=None)
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay("\n".join(f"## {plain(name.text)}" for name in made.names)))
        card.add_item(discord.ui.TextDisplay("\n".join(_small_print(made))))
        if made.generation_id is not None:
            card.add_item(discord.ui.ActionRow(Again(made.generation_id)))
        self.add_item(card)


def _small_print(made: Made) -> list[str]:
    lines = []
    if made.generation_id is None:
        lines.append("⚠️ These names could not be kept: they are not in the history.")
    known = [plain(name.text) for name in made.names if not name.novel]
    if known:
        are = "is a real name" if len(known) == 1 else "are real names"
        lines.append(f"-# {', '.join(known)} {are}: many tries found no new one.")
    lines.append(f"-# {plain(made.language)} · for <@{made.user_id}> · seed {made.seed}")
    return lines
