"""Cooldowns: how often members, and all members of a server together, may have the generator work."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import discord

from bot.errors import Refusal
from bot.requests import Asker
from bot.store import Store, StoreError
from bot.store.uses import Windows, guild_key, member_key
from model import ModelError

log = logging.getLogger(__name__)


class Limits:
    """Counts uses in the store, so that the cooldowns hold over a restart and for all processes."""

    def __init__(self, store: Store, member: Windows, server: Windows) -> None:
        self._uses = store.uses
        self._member, self._server = member, server

    @asynccontextmanager
    async def charged(self, asker: Asker) -> AsyncIterator[None]:
        """Count what is done meanwhile as a use; what fails on our side costs nothing.

        Raises:
            Refusal: says from when on there may be another.
        """
        at = discord.utils.utcnow()
        limits = {member_key(asker.user_id): self._member} if self._member else {}
        if asker.guild_id is not None and self._server:
            limits[guild_key(asker.guild_id)] = self._server
        try:
            free_again = await self._uses.charge(limits, at) if limits else None
        except StoreError as error:  # a database that can't be written to must not keep names from anyone
            log.error("a use could not be counted: %s", error)
            limits, free_again = {}, None
        if free_again is not None:
            when = f"<t:{int(free_again.timestamp()) + 1}:R>"  # whole seconds, and not one too soon
            raise Refusal("That was a lot at once. You can go on {when}.", when=when)
        try:
            yield
        except (Refusal, ModelError):
            raise
        except Exception:
            with suppress(StoreError):
                for key in limits:
                    await self._uses.refund(key, at)
            raise
