"""/help: what there is, by example."""

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.ui.help import HelpCard
from bot.ui.replies import Interaction, show

_TO_TRY = 3


class Help(commands.Cog):
    """Members ask what they can do."""

    @app_commands.command(name="help")
    @answered
    async def help(self, interaction: Interaction) -> None:
        """See what I can do, by example"""
        languages = interaction.client.naming.complete(interaction.guild_id, "")
        await show(interaction, HelpCard(languages[:_TO_TRY]), private=True)
