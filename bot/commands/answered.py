"""A refusal is an answer like any other, and no error of the command's."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from bot.errors import USERS_BUSINESS
from bot.ui.replies import Interaction, tell

Cog = TypeVar("Cog")
Options = ParamSpec("Options")
Callback = Callable[Concatenate[Cog, Interaction, Options], Awaitable[None]]


def answered(callback: Callback[Cog, Options]) -> Callback[Cog, Options]:
    """Tell what a command's callback refuses to the one who asked; bugs go on to the tree's handler."""

    @wraps(callback)
    async def answering(cog: Cog, interaction: Interaction, *args: Options.args, **options: Options.kwargs) -> None:
        try:
            await callback(cog, interaction, *args, **options)
        except USERS_BUSINESS as refusal:
            await tell(interaction, str(refusal))

    return answering
