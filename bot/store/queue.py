"""The queue of training runs: whether there is room in it, and whose turn it is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import take_turns
from bot.store.errors import QueueFull
from bot.store.records import Run, RunStatus
from bot.store.tables import IS_UNFINISHED, RunRow, now

_RECENT = timedelta(days=7)
"""How far back a guild's runs count when it is asked whose turn it is."""


async def require_room(session: AsyncSession, guild_id: int, most: int) -> None:
    """Raise `QueueFull` if as many runs as there may be are not over, the guild's own not counted."""
    await take_turns(session, "runs")
    others = select(func.count()).select_from(RunRow).where(IS_UNFINISHED, RunRow.guild_id != guild_id)
    if (await session.scalar(others) or 0) >= most:
        raise QueueFull(most)


async def in_turn(session: AsyncSession, waiting: Sequence[Run]) -> tuple[Run, ...]:
    """Put runs that wait into the order of their turns.

    Those that were interrupted go on first. Of the others, those of a guild that has asked seldom of
    late go before those of one that has asked often.
    """
    asked = await _asked_of_late(session, {run.guild_id for run in waiting})
    return tuple(
        sorted(
            waiting,
            key=lambda run: (run.status is not RunStatus.INTERRUPTED, asked.get(run.guild_id, 0), run.id),
        )
    )


async def _asked_of_late(session: AsyncSession, guild_ids: Collection[int]) -> Mapping[int, int]:
    """How many runs guilds have asked for of late."""
    counts = (
        select(RunRow.guild_id, func.count())
        .where(RunRow.guild_id.in_(guild_ids), RunRow.requested_at > now() - _RECENT)
        .group_by(RunRow.guild_id)
    )
    return dict((await session.execute(counts)).tuples().all())
