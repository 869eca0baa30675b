"""/help: what there is, by example."""

from contextlib import suppress
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.answered import answered
from bot.localisation import speaking
from bot.ui.help import HelpCard
from bot.ui.replies import Interaction, show

if TYPE_CHECKING:
    from bot.app import NameBot

_TO_TRY = 3


class Help(commands.Cog):
    """Members ask what they can do; who invites the bot is told at once."""

    def __init__(self, bot: "NameBot") -> None:
        self._bot = bot

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say what there is, where the server wants such news and the bot may speak; else nowhere."""
        for channel in (guild.public_updates_channel, guild.system_channel):
            if channel is not None and channel.permissions_for(guild.me).send_messages:
                with suppress(discord.HTTPException), speaking(guild.preferred_locale):
                    await channel.send(view=HelpCard(self._bot.naming.complete(guild.id, "")[:_TO_TRY]))
                return

    @app_commands.command(name="help")
    @answered
    async def help(self, interaction: Interaction) -> None:
        """See what I can do, by example"""
        languages = interaction.client.naming.complete(interaction.guild_id, "")
        await show(interaction, HelpCard(languages[:_TO_TRY]), private=True)
