"""/origin: which languages a name sounds like."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.errors import Refusal
from bot.ui.origin import tell_origin
from bot.ui.replies import Interaction

if TYPE_CHECKING:
    from bot.app import NameBot

_LONGEST = 50  # letters, as a name of the corpus may have


class Origins(commands.Cog):
    """Members wonder about a name."""

    def __init__(self, bot: "NameBot") -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        menu = app_commands.ContextMenu(name="Where is this name from?", callback=self.origin_of_message)
        self._bot.tree.add_command(menu)

    @app_commands.command(name="origin")
    @app_commands.describe(name="Any name, such as Rovakov")
    @answered
    async def origin(self, interaction: Interaction, name: app_commands.Range[str, 1, _LONGEST]) -> None:
        """Tell which languages a name sounds like"""
        await tell_origin(interaction, name)

    @answered
    async def origin_of_message(self, interaction: Interaction, message: discord.Message) -> None:
        """The same for a name that somebody wrote, from the message's menu."""
        name = message.content.strip()
        if not 0 < len(name) <= _LONGEST:
            raise Refusal(
                "That works with a message that is just a name, of up to {most} letters.", most=_LONGEST
            )
        await tell_origin(interaction, name)
