"""Where a command may be used."""

from typing import TypeVar

from discord import app_commands

CommandT = TypeVar("CommandT")


def in_servers(command: CommandT) -> CommandT:
    """Offer a command in servers alone.

    `guild_only` by itself leaves the other contexts to the tree's default, which has them all.
    """
    elsewhere = app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    return app_commands.guild_only(elsewhere(command))


def in_its_servers(command: CommandT) -> CommandT:
    """Offer a command only where the bot itself is, not where a user has brought it."""
    return in_servers(app_commands.allowed_installs(guilds=True, users=False)(command))
