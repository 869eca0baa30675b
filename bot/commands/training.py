"""/retrain: teach the generator again while it keeps answering."""

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.contexts import in_its_servers
from bot.ui.replies import Interaction
from bot.ui.training import may_train


class Training(commands.Cog):
    """Admins train."""

    @app_commands.command(name="retrain")
    @app_commands.describe(base="The model that all servers share; for the bot's owner alone")
    @app_commands.default_permissions(manage_guild=True)
    @in_its_servers
    @answered
    async def retrain(self, interaction: Interaction, base: bool = False) -> None:
        """Train this server's own model anew, and watch it learn"""
        await may_train(interaction, base=base)
        await interaction.client.retrain(interaction, base=base)
