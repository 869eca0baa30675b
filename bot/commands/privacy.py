"""/privacy: what is stored of whom, and how to have it or be rid of it."""

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.ui.privacy import PrivacyCard
from bot.ui.replies import Interaction, show


class Privacy(commands.Cog):
    """Members ask what is kept of them."""

    @app_commands.command(name="privacy")
    @answered
    async def privacy(self, interaction: Interaction) -> None:
        """See what is stored about you, export it, or erase it"""
        await show(interaction, PrivacyCard(interaction.client.settings.history_days), private=True)
