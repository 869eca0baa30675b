"""What expires: the data of servers that the bot has left, and history older than the host keeps."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from discord.ext import commands, tasks

from bot.loops import end
from bot.store import Store, StoreError

log = logging.getLogger(__name__)

_DAYS_AFTER_LEAVING = 30
_PATIENCE = 2.0  # seconds


class Housekeeping(commands.Cog):
    """Looks once a day for what has expired."""

    def __init__(self, bot: commands.Bot, store: Store, history_days: int) -> None:
        self._bot = bot
        self._store = store
        self._history_days = history_days
        self._noting: asyncio.Task[Any] | None = None

    async def cog_unload(self) -> None:
        """Be done with the database before it closes: who waits for a closed one waits for good."""
        await end(self._daily)
        if self._noting is not None:
            await asyncio.wait({self._noting}, timeout=_PATIENCE)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Note what servers were left, or came back, unnoticed, and begin to look once a day."""
        self._noting = asyncio.current_task()
        here = {guild.id for guild in self._bot.guilds}
        for guild_id in await self._store.privacy.guilds() - here:
            await self._store.privacy.leave(guild_id)
        for guild_id in await self._store.privacy.departed() & here:
            await self._store.privacy.rejoin(guild_id)
        if not self._daily.is_running():
            self._daily.start()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Begin to count the days after which a server's data goes."""
        await self._store.privacy.leave(guild.id)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Keep the data of a server that comes back."""
        await self._store.privacy.rejoin(guild.id)

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
