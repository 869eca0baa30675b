"""What Discord offers while a member types."""

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeAlias, TypeVar

from discord import app_commands

from bot.errors import Refusal, error_id
from bot.localisation import _
from bot.ui.replies import Interaction

log = logging.getLogger(__name__)

_CHOICES = 25  # as many as Discord lists
_LONGEST = 100  # as long as Discord lets one be

Cog = TypeVar("Cog")
Choices: TypeAlias = list[app_commands.Choice[str]]
Completion: TypeAlias = Callable[[Cog, Interaction, str], Coroutine[Any, Any, Choices]]


def offered(complete: Completion[Cog]) -> Completion[Cog]:
    """Offer something even if completing fails: discord.py would only log that, and Discord would wait."""

    @wraps(complete)
    async def completing(cog: Cog, interaction: Interaction, typed: str) -> Choices:
        try:
            return await complete(cog, interaction, typed)
        except Refusal:
            return []  # sending the command off tells why
        except Exception:
            number = error_id()
            log.exception("error %s: completion", number)
            sorry = _("That went wrong on our side, and it is written down as {number}.", number=number)
            return choices([sorry], [typed or number])

    return completing


def choices(names: list[str], values: list[str] | None = None) -> Choices:
    """As many as Discord lists, each as long as it lets one be."""
    pairs = list(zip(names, values or names, strict=True))[:_CHOICES]
    return [app_commands.Choice(name=name[:_LONGEST], value=value[:_LONGEST]) for name, value in pairs]


def languages(interaction: Interaction, typed: str) -> Choices:
    """The languages that one may mean, answered from memory."""
    return choices(interaction.client.naming.complete(interaction.guild_id, typed))


def lists_of_languages(interaction: Interaction, typed: str) -> Choices:
    """Several languages with commas between them: what the last one may be."""
    *before, last = typed.split(",")
    begun = "".join(f"{part.strip()}, " for part in before)
    found = interaction.client.naming.complete(interaction.guild_id, last)
    return choices([text for name in found if len(text := f"{begun}{name}") <= _LONGEST])
