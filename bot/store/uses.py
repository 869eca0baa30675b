"""How often something was used lately: limits that hold over a restart and for all processes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import ScalarSelect, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database, take_turns
from bot.store.tables import UseRow

Windows: TypeAlias = Sequence[tuple[int, int]]
"""Limits as (seconds, uses): in any stretch of so many seconds, at most so many uses, at least one."""


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

    async def charge(self, limits: Mapping[str, Windows], at: datetime) -> datetime | None:
        """Count a use for each of the keys, if it is within the limits of all.

        Else count it for none, and tell from when on one would be within all.
        """
        async with self._database.write() as session:
            await take_turns(session, *limits)
            free_again = await _free_again(session, limits, at)
            if free_again is not None:
                return free_again
            uses = [
                {"key": key, "used_at": at, "expires_at": at + _longest(windows)}
                for key, windows in limits.items()
                if windows
            ]
            if uses:
                # Not by way of UseRow: that asks for each one's ID.
                await session.execute(insert(UseRow), uses)
        return None

    async def refund(self, key: str, at: datetime) -> bool:
        """Take back one use that was charged at that time. False if there is none."""
        charged = select(UseRow.id).where(UseRow.key == key, UseRow.used_at == at).limit(1)
        taken_back = delete(UseRow).where(UseRow.id == charged.scalar_subquery()).returning(UseRow.id)
        async with self._database.write() as session:
            return await session.scalar(taken_back) is not None

    async def forget(self, at: datetime) -> None:
        """Delete the uses that no window reaches back to by then."""
        expired = delete(UseRow).where(UseRow.expires_at <= at)
        async with self._database.write() as session:
            await session.execute(expired, execution_options={"synchronize_session": False})


def _longest(windows: Windows) -> timedelta:
    return timedelta(seconds=max(seconds for seconds, _ in windows))


async def _free_again(session: AsyncSession, limits: Mapping[str, Windows], at: datetime) -> datetime | None:
    """Tell when all windows have room again, None if they have some now."""
    windows = [(key, seconds, uses) for key, windows in limits.items() for seconds, uses in windows]
    if not windows:
        return None
    in_the_way = select(*(_one_too_many(key, seconds, uses, at) for key, seconds, uses in windows))
    moments = [
        used_at + timedelta(seconds=seconds)
        for used_at, (_, seconds, _) in zip((await session.execute(in_the_way)).one(), windows, strict=True)
        if used_at is not None
    ]
    return max(moments, default=None)


def _one_too_many(key: str, seconds: int, uses: int, at: datetime) -> ScalarSelect[datetime]:
    """Select the use that must leave a window before it has room: the fifth last, of five."""
    return (
        select(UseRow.used_at)
        .where(UseRow.key == key, UseRow.used_at > at - timedelta(seconds=seconds))
        .order_by(UseRow.used_at.desc())
        .offset(uses - 1)
        .limit(1)
        .scalar_subquery()
    )
