"""/name: new names, at once."""

from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.completion import language_choices
from bot.naming import MOST_NAMES, Request
from bot.ui.names import NameCard
from bot.ui.replies import Interaction, asker, show


class Names(commands.Cog):
    """Members ask for names."""

    @app_commands.command(name="name")
    @app_commands.describe(
        language="Where the names should sound from, such as Russian",
        letters="First letters, a name for each: rus makes three",
        count="How many names; 3 if you don't say",
        temperature="0 takes the likeliest letters, 0.8 is usual, 1.5 is wild",
    )
    @answered
    async def name(
        self,
        interaction: Interaction,
        language: app_commands.Range[str, 1, 100],
        letters: app_commands.Range[str, 1, 40] | None = None,
        count: app_commands.Range[int, 1, MOST_NAMES] | None = None,
        temperature: app_commands.Range[float, 0, 2] = 0.8,
    ) -> None:
        """Invent new names of a language"""
        naming = interaction.client.naming
        if not await naming.is_quick(interaction.guild_id):
            await interaction.response.defer(thinking=True)
        made = await naming.make(asker(interaction), Request(language, letters, count, temperature))
        await show(interaction, NameCard(made))

    @name.autocomplete("language")
    async def complete_language(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return language_choices(interaction, typed)
