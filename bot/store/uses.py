"""How often something was used lately: limits that hold over a restart and for all processes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.tables import UseRow

Windows: TypeAlias = Sequence[tuple[int, int]]
"""Limits as (seconds, uses): in any stretch of so many seconds, at most so many uses."""

_PRUNED_AT_ONCE = 100


def member_key(user_id: int) -> str:
    """Stand for a member's uses, wherever they are."""
    return f"member:{user_id}"


def guild_key(guild_id: int) -> str:
    """Stand for the uses of all members of a guild."""
    return f"guild:{guild_id}"


class Uses:
    """The uses that still count. Keys are what `member_key` and `guild_key` make."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def charge(self, key: str, windows: Windows, at: datetime) -> datetime | None:
        """Count a use, if it is within the limits; else tell from when on one would be."""
        return await self.charge_all({key: windows}, at)

    async def charge_all(self, limits: Mapping[str, Windows], at: datetime) -> datetime | None:
        """Count a use for each of the keys, if it is within the limits of all.

        Else count it for none, and tell from when on one would be within all.
        """
        async with self._database.write() as session:
            await _prune(session, at)
            free = [
                moment
                for key, windows in limits.items()
                for window in windows
                if (moment := await _free_again(session, key, window, at)) is not None
            ]
            if free:
                return max(free)
            session.add_all(
                UseRow(key=key, used_at=at, expires_at=at + _longest(windows))
                for key, windows in limits.items()
                if windows
            )
        return None

    async def refund(self, key: str, at: datetime) -> bool:
        """Take back one use that was charged at that time. False if there is none."""
        charged = select(UseRow.id).where(UseRow.key == key, UseRow.used_at == at).limit(1)
        taken_back = delete(UseRow).where(UseRow.id == charged.scalar_subquery()).returning(UseRow.id)
        async with self._database.write() as session:
            return await session.scalar(taken_back) is not None


def _longest(windows: Windows) -> timedelta:
    return timedelta(seconds=max(seconds for seconds, _ in windows))


async def _prune(session: AsyncSession, at: datetime) -> None:
    """Delete some uses that no window reaches back to, whosever they are: more than come in."""
    expired = select(UseRow.id).where(UseRow.expires_at <= at).limit(_PRUNED_AT_ONCE)
    await session.execute(
        delete(UseRow).where(UseRow.id.in_(expired)), execution_options={"synchronize_session": False}
    )


async def _free_again(
    session: AsyncSession, key: str, window: tuple[int, int], at: datetime
) -> datetime | None:
    """Tell when a window has room again, None if it has some now.

    That is when the use leaves it that would be the last one too many: the fifth last, of five.
    """
    seconds, limit = window
    length = timedelta(seconds=seconds)
    if limit < 1:
        return at + length
    within = (
        select(UseRow.used_at)
        .where(UseRow.key == key, UseRow.used_at > at - length)
        .order_by(UseRow.used_at.desc())
        .offset(limit - 1)
        .limit(1)
    )
    used_at = await session.scalar(within)
    return None if used_at is None else used_at + length
