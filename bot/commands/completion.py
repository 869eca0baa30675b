"""What Discord offers while a member types."""

from discord import app_commands

from bot.ui.replies import Interaction

_CHOICES = 25  # as many as Discord lists
_LONGEST = 100  # as long as Discord lets one be


def language_choices(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The languages that one may mean, answered from memory."""
    found = interaction.client.naming.complete(interaction.guild_id, typed)
    return [app_commands.Choice(name=name[:_LONGEST], value=name[:_LONGEST]) for name in found[:_CHOICES]]
