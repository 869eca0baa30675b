"""/history: the names that were made, newest first."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.commands.completion import Choices, languages, offered
from bot.store import Cursor, Filters
from bot.ui.history import history_card
from bot.ui.replies import Interaction, show
from bot.ui.turn import LONGEST_LANGUAGE, LONGEST_TEXT, Turn


class History(commands.Cog):
    """Members look for names that were made."""

    @app_commands.command(name="history")
    @app_commands.describe(
        language="Only names of this language",
        member="Only names that this member asked for",
        text="Only names with these letters in them; accents don't matter",
        starred="Only names that somebody keeps",
    )
    @answered
    async def history(
        self,
        interaction: Interaction,
        language: app_commands.Range[str, 1, LONGEST_LANGUAGE] | None = None,
        member: discord.User | None = None,
        text: app_commands.Range[str, 1, LONGEST_TEXT] | None = None,
        starred: bool = False,
    ) -> None:
        """Browse the names made in this server, or in direct messages your own"""
        filters = Filters(
            language=interaction.client.naming.known_language(interaction.guild_id, language)
            if language
            else None,
            user_id=member.id if member else None,
            text=text.strip() or None if text else None,
            starred=starred,
        )
        await show(interaction, await history_card(interaction, Turn(Cursor.first(), filters)))

    @history.autocomplete("language")
    @offered
    async def complete_language(self, interaction: Interaction, typed: str) -> Choices:
        return languages(interaction, typed)
