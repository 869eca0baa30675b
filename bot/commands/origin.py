"""/origin: which languages a name sounds like."""

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.ui.origin import OriginCard
from bot.ui.pictures import attached
from bot.ui.replies import Interaction, aloud, asker, show

_LONGEST = 50  # letters, as a name of the corpus may have


class Origins(commands.Cog):
    """Members wonder about a name."""

    @app_commands.command(name="origin")
    @app_commands.describe(name="Any name, such as Rovakov")
    @answered
    async def origin(self, interaction: Interaction, name: app_commands.Range[str, 1, _LONGEST]) -> None:
        """Tell which languages a name sounds like"""
        await interaction.response.defer(thinking=True)  # the picture takes a while
        origin = await interaction.client.naming.origin(asker(interaction), name)
        with aloud(interaction):
            card = OriginCard(origin)
        await show(interaction, card, attached(origin.picture))
