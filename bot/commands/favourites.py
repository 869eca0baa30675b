"""/favourites and /top: names that members keep."""

from datetime import timedelta

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.contexts import in_servers
from bot.localisation import N_
from bot.ui.favourites import favourites_card
from bot.ui.pictures import attached
from bot.ui.replies import Interaction, aloud, show
from bot.ui.top import TopCard, chart


class Favourites(commands.Cog):
    """Members look at what they, and others, keep."""

    @app_commands.command(name="favourites")
    @answered
    async def favourites(self, interaction: Interaction) -> None:
        """See the names that you keep, from all servers"""
        await show(interaction, await favourites_card(interaction, 0), private=True)

    @app_commands.command(name="top")
    @in_servers
    @answered
    async def top(self, interaction: Interaction) -> None:
        """See this server's most starred names and most asked-for languages"""
        guild_id = interaction.guild_id or 0
        stars, now = interaction.client.store.stars, discord.utils.utcnow()
        month = now - timedelta(days=30)
        periods = {
            N_("This week"): await stars.top_names(guild_id, now - timedelta(days=7), limit=5),
            N_("This month"): await stars.top_names(guild_id, month, limit=5),
            N_("Ever"): await stars.top_names(guild_id, limit=10),
        }
        languages = await stars.top_languages(guild_id, month, limit=10)
        picture = None
        if languages:
            await interaction.response.defer(thinking=True)  # the picture takes a while
            picture = await interaction.client.generators.run(lambda: chart(periods["Ever"], languages))
        with aloud(interaction):
            card = TopCard(periods, languages)
        await show(interaction, card, attached(picture) if picture else ())
