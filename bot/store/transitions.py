"""How runs change their statuses: as `TRANSITIONS` allows, and never without a trace."""

from collections.abc import Collection

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.errors import IllegalTransition
from bot.store.records import ENDS, TRANSITIONS, RunStatus
from bot.store.tables import RunChangeRow, RunRow, RunStateRow

WAITING = frozenset({RunStatus.QUEUED, RunStatus.INTERRUPTED})
AT_WORK = frozenset({RunStatus.RUNNING, RunStatus.CANCELLING})


async def is_at_work(session: AsyncSession, run_id: int, attempt: int) -> bool:
    """Whether this attempt of a run is the one at work. The run can't change until the session ends."""
    row = await session.get(RunRow, run_id, with_for_update=True, populate_existing=True)
    return row is not None and row.attempt == attempt and row.status in AT_WORK


async def moved(
    session: AsyncSession,
    run_id: int,
    target: RunStatus,
    sources: Collection[RunStatus],
    **values: object,
) -> bool:
    """Change a run's status, and other columns with it, if it is one of `sources`; keep the change."""
    found = select(RunRow.status).where(RunRow.id == run_id, RunRow.status.in_(sources)).with_for_update()
    source = await session.scalar(found)
    if source is None:
        return False
    await session.execute(
        update(RunRow)
        .where(RunRow.id == run_id)
        .values(status=target, **values)
        .execution_options(synchronize_session="fetch")
    )
    session.add(RunChangeRow(run_id=run_id, source=source, target=target))
    if target in ENDS:
        await session.execute(delete(RunStateRow).where(RunStateRow.run_id == run_id))
    await session.flush()
    return True


async def move(session: AsyncSession, run_id: int, target: RunStatus, **values: object) -> None:
    """Change a run's status, and other columns with it, or raise `IllegalTransition`."""
    sources = [source for source, following in TRANSITIONS.items() if target in following]
    if not await moved(session, run_id, target, sources, **values):
        raise IllegalTransition(run_id, target)
