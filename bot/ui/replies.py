"""Answering an interaction in whatever state it is: fresh, already answered, or expired."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import discord
from discord import app_commands

from bot.errors import Refusal, error_id
from bot.localisation import _, speaking
from bot.requests import Asker
from bot.store import StoreError
from bot.text import fitting, plain
from bot.ui.card import Card
from model import ModelError

if TYPE_CHECKING:
    from bot.app import NameBot

log = logging.getLogger(__name__)

_ROOM = 4000  # characters that a card may have

_UNKNOWN_INTERACTION = 10062  # three seconds without a first answer, or the token's 15 minutes over

Interaction: TypeAlias = "discord.Interaction[NameBot]"


def asker(interaction: Interaction) -> Asker:
    """Who asks, and where, without Discord's types."""
    return Asker(interaction.guild_id, interaction.channel_id, interaction.user.id)


def custom_id_of(interaction: Interaction) -> str:
    """Which component was used; empty for a command."""
    data: Mapping[str, Any] = {**interaction.data} if interaction.data else {}
    return str(data.get("custom_id", ""))


async def tell(interaction: Interaction, sentence: str) -> None:
    """Say something to the one who asked, and to nobody else unless "is thinking…" was shown to all."""
    card = Notice(sentence)
    if interaction.response.is_done():
        await interaction.followup.send(view=card, ephemeral=True)
    else:
        await interaction.response.send_message(view=card, ephemeral=True)


async def tell_refusal(interaction: Interaction, refusal: Refusal | ModelError) -> None:
    """Say why not. The model quotes what was typed as it is; our own sentences are fit to be shown."""
    if isinstance(refusal, ModelError):
        quoted = {name: plain(str(value)) for name, value in refusal.values.items()}
        await tell(interaction, _(refusal.sentence, **quoted) if quoted else _(refusal.sentence))
    else:
        await tell(interaction, str(refusal))


@contextmanager
def aloud(interaction: Interaction, *, private: bool = False) -> Iterator[None]:
    """Speak the server's language meanwhile, unless only the one who asks will see what is said."""
    seen_by_one = private or (interaction.message is not None and interaction.message.flags.ephemeral)
    with speaking(interaction.locale if seen_by_one else interaction.guild_locale or interaction.locale):
        yield


async def show(
    interaction: Interaction,
    card: Card,
    files: Sequence[discord.File] = (),
    *,
    private: bool = False,
) -> discord.Message | None:
    """Post a card, at once or in the place of "is thinking…"; it is given back where it can be edited."""
    if interaction.response.is_done():
        return await interaction.followup.send(view=card, files=files, ephemeral=private, wait=True)
    answer = await interaction.response.send_message(view=card, files=files, ephemeral=private)
    return answer.resource if isinstance(answer.resource, discord.Message) else None


async def tell_error(interaction: Interaction, error: BaseException) -> None:
    """Answer for a failure in a command, button, select or modal.

    | what was raised | what the user is told | what is logged |
    | --- | --- | --- |
    | a refusal, of ours or the model's | its own sentence | nothing |
    | a command that Discord shows but that has changed | to reload | nothing |
    | an interaction that has expired | nothing: nobody listens | a line |
    | a database that can't be used | to try again later | a line |
    | anything else | that it is our fault, with an ID | the traceback, with that ID |
    """
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    try:
        await _tell_cause(interaction, cause)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:  # a TimeoutError is an OSError
        log.warning("could not tell %s of %r: %s", interaction.user.id, cause, failure)


async def _tell_cause(interaction: Interaction, cause: BaseException) -> None:
    match cause:
        case Refusal() | ModelError():
            await tell_refusal(interaction, cause)
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            await tell(interaction, _("This command has changed. Reload Discord (Ctrl+R) and try again."))
        case discord.NotFound() if cause.code == _UNKNOWN_INTERACTION:
            log.warning("interaction %s of %s had expired", interaction.id, interaction.user.id)
        case StoreError():
            log.error("%s failed: %s", _what(interaction), cause)
            await tell(interaction, _("The database can't be used at the moment. Try again in a minute."))
        case _:
            number = error_id()
            log.error("error %s: %s", number, _what(interaction), exc_info=cause)
            sorry = _("That went wrong on our side, and it is written down as `{number}`.", number=number)
            await tell(interaction, sorry)


def _what(interaction: Interaction) -> str:
    """Which command or button it was, for the log."""
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    return custom_id_of(interaction) or interaction.type.name


class Notice(Card):
    """A card of one sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.add_item(discord.ui.TextDisplay(fitting(sentence.split(" "), _ROOM, " ")))
