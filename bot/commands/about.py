"""/about: what is running here."""

import math
from importlib.metadata import version

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.store import BASE
from bot.ui.about import AboutCard, Facts
from bot.ui.replies import Interaction, aloud, show


class About(commands.Cog):
    """Anyone asks what this is."""

    @app_commands.command(name="about")
    @answered
    async def about(self, interaction: Interaction) -> None:
        """Version, uptime, the model in use, and how many names were made"""
        bot = interaction.client
        facts = Facts(
            version=version("namesmith"),
            started_at=bot.started_at,
            model=await bot.store.models.active(interaction.guild_id or BASE),
            names_made=await bot.store.history.names_made(),
            latency=bot.latency if math.isfinite(bot.latency) else None,
        )
        with aloud(interaction):
            card = AboutCard(facts)
        await show(interaction, card)
