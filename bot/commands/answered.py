"""A refusal is an answer like any other, and so is a database out of order: no errors of the command's."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.errors import Refusal
from bot.store import StoreError
from bot.ui.replies import Interaction, tell_error, tell_refusal
from model import ModelError

Cog = TypeVar("Cog")
Options = ParamSpec("Options")
Callback = Callable[Concatenate[Cog, Interaction, Options], Coroutine[Any, Any, None]]


def answered(callback: Callback[Cog, Options]) -> Callback[Cog, Options]:
    """Tell what a command's callback refuses to the one who asked; bugs go on to the tree's handler."""

    @wraps(callback)
    async def answering(
        cog: Cog, interaction: Interaction, /, *args: Options.args, **options: Options.kwargs
    ) -> None:
        try:
            with interaction.client.answering.follow(_what(interaction)):
                await callback(cog, interaction, *args, **options)
        except (Refusal, ModelError) as refusal:
            await tell_refusal(interaction, refusal)
        except StoreError as error:
            await tell_error(interaction, error)

    return answering


def _what(interaction: Interaction) -> str:
    command = interaction.command
    return f"/{command.qualified_name}" if command else "command"
