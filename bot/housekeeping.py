"""What expires: what there is of servers that the bot has left, and history older than the host keeps."""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from discord.ext import commands, tasks

from bot.loops import end
from bot.sentences import kept
from bot.store import Store, StoreError
from bot.training.trainer import Trainer

log = logging.getLogger(__name__)

_DAYS_AFTER_LEAVING = 30
_EVERY = 30.0  # seconds between looks whether something could not be noted
_PATIENCE = 2.0  # seconds


class Housekeeping(commands.Cog):
    """Notes which servers were left and which came back, and looks once a day for what has expired."""

    def __init__(self, bot: commands.Bot, store: Store, trainer: Trainer, history_days: int) -> None:
        self._bot = bot
        self._store = store
        self._trainer = trainer
        self._history_days = history_days
        self._is_behind = False
        """Whether something that came about could not be noted."""
        self._noting: asyncio.Task[Any] | None = None

    async def cog_unload(self) -> None:
        """Be done with the database before it closes: who waits for a closed one waits for good."""
        await end(self._daily)
        await end(self._catching_up)
        if self._noting is not None:
            await asyncio.wait({self._noting}, timeout=_PATIENCE)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Note what servers were left, or came back, unnoticed, and begin to look from time to time."""
        self._noting = asyncio.current_task()
        await self._note(self._compare())
        for loop in (self._daily, self._catching_up):
            if not loop.is_running():
                loop.start()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Stop a server's training, and begin to count the days after which its data goes."""
        await self._note(self._leave(guild.id))

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Keep the data of a server that comes back."""
        await self._note(self._store.privacy.rejoin(guild.id))

    async def _note(self, writing: Awaitable[object]) -> None:
        """Write down what came about; if the database can't be used, that is caught up with later."""
        try:
            await writing
        except StoreError as error:
            log.warning("servers that were left or came back could not be noted yet: %s", error)
            self._is_behind = True

    async def _leave(self, guild_id: int) -> None:
        await self._store.privacy.leave(guild_id)
        await self._trainer.cancel_guild(guild_id, kept("The bot is not in this server any more."))

    async def _compare(self) -> None:
        """Note all differences between the servers that the bot is in and those that are known."""
        here = {guild.id for guild in self._bot.guilds}
        for guild_id in await self._store.privacy.guilds() - here:
            await self._leave(guild_id)
        for guild_id in await self._store.privacy.departed() & here:
            await self._store.privacy.rejoin(guild_id)

    @tasks.loop(seconds=_EVERY)
    async def _catching_up(self) -> None:
        if self._is_behind:
            self._is_behind = False
            await self._note(self._compare())

    @tasks.loop(hours=24)
    async def _daily(self) -> None:
        try:
            await self.purge(datetime.now(UTC))
        except StoreError as error:  # the loop would end for good; tomorrow is another day
            log.error("what has expired could not be deleted: %s", error)

    async def purge(self, now: datetime) -> None:
        """Delete what has expired by then."""
        left = await self._store.privacy.purge_left(now - timedelta(days=_DAYS_AFTER_LEAVING))
        if left:
            log.info("deleted the data of %d servers that were left", len(left))
        if self._history_days:
            old = await self._store.privacy.purge_history(now - timedelta(days=self._history_days))
            log.info("deleted %d names older than %d days", old, self._history_days)
        await self._store.uses.forget(discord.utils.utcnow())  # the clock that charges them
