"""Training runs: asked for in one process, done in another, with nothing between them but this."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.sentences import kept
from bot.store.database import Database
from bot.store.errors import IllegalTransition, RunInProgress
from bot.store.models import add_model, forget_old_models, model_row
from bot.store.queue import in_turn, require_room
from bot.store.records import (
    ENDS,
    Change,
    CurvePoint,
    NewModel,
    NewRun,
    Progress,
    Run,
    RunOrder,
    RunStatus,
)
from bot.store.tables import (
    IS_UNFINISHED,
    CorpusRow,
    ModelRow,
    RunChangeRow,
    RunPictureRow,
    RunRow,
    RunStateRow,
    now,
)
from bot.store.transitions import AT_WORK, WAITING, is_at_work, move, moved

MOST_INTERRUPTIONS = 2
"""How often a run goes on by itself after its process went away; then it has failed."""

_RunsAndModels: TypeAlias = Select[tuple[RunRow, int]]

_RUNS: _RunsAndModels = select(RunRow, ModelRow.id).outerjoin(ModelRow, ModelRow.run_id == RunRow.id)
"""Runs, each with the ID of the model it made, or None."""


class Runs:
    """The training runs of all guilds and the base's.

    A status is only ever changed by an UPDATE that also says from which ones it may be reached, and
    each change is kept with its time. Where two processes differ about how a run ends, the first to
    write decides.
    """

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def request(self, run: NewRun, *, most: int | None = None) -> Run:
        """Queue a run, with the archive that it is to learn from.

        Raises `RunInProgress` if the guild has one that is not over, and `QueueFull` if as many as
        `most` of all guilds are not over.
        """
        row = RunRow(
            guild_id=run.guild_id,
            requested_by=run.requested_by,
            channel_id=run.channel_id,
            network=run.network,
            recipe=run.recipe,
            seed=run.seed,
            options=dict(run.options),
            corpus_sha256=hashlib.sha256(run.archive).hexdigest(),
            status=RunStatus.QUEUED,
        )
        try:
            async with self._database.write() as session:
                if most is not None:
                    await require_room(session, run.guild_id, most)
                await _keep_archive(session, row.corpus_sha256, run.archive)
                session.add(row)
                await session.flush()
                session.add(RunChangeRow(run_id=row.id, source=None, target=RunStatus.QUEUED))
                await session.flush()
                return await _find(session, row.id)
        except IntegrityError as error:
            # Not looked up beforehand: only the unique index sees what others do at this moment.
            for other in await self.unfinished(run.guild_id):
                raise RunInProgress(other) from error
            raise

    async def start(self, run_id: int) -> RunOrder:
        """Take on a queued run, or one that was interrupted, as its training job.

        Raises `IllegalTransition` if it is neither.
        """
        whole_order = select(RunRow, CorpusRow.archive).join(CorpusRow).where(RunRow.id == run_id)
        async with self._database.write() as session:
            begun = now()
            await move(session, run_id, RunStatus.RUNNING, started_at=begun, heartbeat_at=begun)
            row, archive = (await session.execute(whole_order)).one()
            state = await session.scalar(select(RunStateRow.state).where(RunStateRow.run_id == run_id))
        return RunOrder(
            run_id=row.id,
            guild_id=row.guild_id,
            requested_by=row.requested_by,
            network=row.network,
            recipe=row.recipe,
            seed=row.seed,
            options=row.options,
            archive=archive,
            attempt=row.attempt,
            state=state,
        )

    async def beat(self, run_id: int, progress: Progress, *, attempt: int = 0) -> bool:
        """Report a job's progress and that it is alive.

        Returns True if the job is to stop: its cancellation was asked for, it was declared over
        without it, or another attempt has taken its place.
        """
        report = asdict(progress)
        curve = report.pop("loss_curve")
        beating = (
            update(RunRow)
            .where(RunRow.id == run_id, RunRow.status.in_(AT_WORK), RunRow.attempt == attempt)
            .values(progress=report, loss_curve=list(curve), heartbeat_at=now())
            .returning(RunRow.status)
        )
        async with self._database.write() as session:
            return await session.scalar(beating) != RunStatus.RUNNING

    async def save(self, run_id: int, state: bytes, *, attempt: int = 0) -> None:
        """Keep what a job needs to go on from where it is, in the place of what it saved before.

        Nothing is kept of a job that is to stop.
        """
        async with self._database.write() as session:
            if await is_at_work(session, run_id, attempt):
                await session.merge(RunStateRow(run_id=run_id, state=state, saved_at=now()))

    async def draw(self, run_id: int, pictures: Mapping[str, bytes], *, attempt: int = 0) -> None:
        """Keep pictures for a run's card, in the place of those of the same kinds."""
        async with self._database.write() as session:
            if await is_at_work(session, run_id, attempt):
                await _draw(session, run_id, pictures)

    async def request_cancel(self, run_id: int, why: str | None = None) -> bool:
        """Cancel a run that waits, or ask the job to stop. False if the run is over already.

        `why` is a sentence, None where the one who asks knows.
        """
        told: dict[str, Any] = {"error": why, "error_id": None}
        async with self._database.write() as session:
            if await moved(
                session, run_id, RunStatus.CANCELLED, WAITING, finished_at=now(), **told
            ) or await moved(session, run_id, RunStatus.CANCELLING, {RunStatus.RUNNING}, **told):
                return True
            asked = select(RunRow.status).where(RunRow.id == run_id)
            return await session.scalar(asked) == RunStatus.CANCELLING

    async def interrupt(
        self, run_id: int, why: str, *, attempt: int | None = None, error_id: str | None = None
    ) -> Run:
        """Note that a run's process went away; `why` is a sentence as `bot.sentences` keeps it.

        It is to go on, unless it was to be cancelled, or has been interrupted so often before that it
        has failed. One that says which `attempt` it is may have gone away before it began. Raises
        `IllegalTransition` if the run is over, or another attempt's turn has come.
        """
        async with self._database.write() as session:
            row = await session.get(RunRow, run_id, with_for_update=True, populate_existing=True)
            if row is None or attempt not in (None, row.attempt):
                raise IllegalTransition(run_id, RunStatus.INTERRUPTED)
            told = {"error": why, "error_id": error_id}
            if row.status is RunStatus.CANCELLING:
                await move(session, run_id, RunStatus.CANCELLED, finished_at=now())
            elif row.status not in ENDS and row.attempt >= MOST_INTERRUPTIONS:
                times = row.attempt + 1
                often = kept("It was interrupted {times} times, and is not tried again.", times=times)
                told["error"] = f"{often}\n{why}"
                await move(session, run_id, RunStatus.FAILED, finished_at=now(), **told)
            elif row.status is RunStatus.INTERRUPTED and attempt is not None:
                again = update(RunRow).where(RunRow.id == run_id).values(attempt=row.attempt + 1, **told)
                await session.execute(again)
            else:
                await move(session, run_id, RunStatus.INTERRUPTED, attempt=row.attempt + 1, **told)
            return await _find(session, run_id)

    async def finish(
        self,
        run_id: int,
        status: RunStatus,
        *,
        attempt: int | None = None,
        error: str | None = None,
        error_id: str | None = None,
        model: NewModel | None = None,
        loss_curve: Iterable[CurvePoint] | None = None,
        pictures: Mapping[str, bytes] | None = None,
        keep: int | None = None,
    ) -> Run:
        """End a run, and keep the model it made, in one transaction.

        The model is put in use if the run has succeeded, and only kept if it was rejected; no other
        end has one. Of the guild's models the newest `keep` are kept, and those in use. A job says
        which `attempt` it is. Raises `IllegalTransition`, and keeps nothing, if `status` is not an end,
        the run is over already, or another attempt is at work.
        """
        if status not in ENDS:
            raise IllegalTransition(run_id, status)
        values: dict[str, Any] = {"finished_at": now()}
        if status is not RunStatus.CANCELLED:  # why it is cancelled was written when that was asked for
            values |= {"error": error, "error_id": error_id}
        if loss_curve is not None:
            values["loss_curve"] = [dict(point) for point in loss_curve]
        made = model_row(model) if model is not None else None
        async with self._database.write() as session:
            if attempt is not None and not await is_at_work(session, run_id, attempt):
                raise IllegalTransition(run_id, status)
            await move(session, run_id, status, **values)
            await _draw(session, run_id, pictures or {})
            run = await _find(session, run_id)
            if model is None or made is None:
                return run
            _require_made_by(run, model)
            if run.requested_by is None:
                # Perhaps not since the job began: they may have asked to be forgotten meanwhile.
                made.trained_by = None
            await add_model(session, made, model.weights, activate=status is RunStatus.SUCCEEDED)
            if keep is not None:
                await forget_old_models(session, model.guild_id, keep)
            return await _find(session, run_id)

    async def told(self, run_id: int) -> None:
        """Note that the end of a run was shown; its pictures are not needed any more."""
        shown = update(RunRow).where(RunRow.id == run_id).values(told_at=now())
        async with self._database.write() as session:
            await session.execute(shown)
            await session.execute(delete(RunPictureRow).where(RunPictureRow.run_id == run_id))

    async def follow(self, run_id: int, channel_id: int, message_id: int) -> None:
        """Note where a run's progress card is."""
        card = update(RunRow).where(RunRow.id == run_id).values(channel_id=channel_id, message_id=message_id)
        async with self._database.write() as session:
            await session.execute(card)

    async def get(self, run_id: int) -> Run | None:
        """Find a run by its ID."""
        return await self._first(_RUNS.where(RunRow.id == run_id))

    async def archive(self, run_id: int) -> bytes | None:
        """The archive that a run is to learn from, or has; None if there is no such run."""
        of_run = select(CorpusRow.archive).join(RunRow).where(RunRow.id == run_id)
        async with self._database.read() as session:
            archive: bytes | None = await session.scalar(of_run)
        return archive

    async def unfinished(self, guild_id: int | None = None) -> tuple[Run, ...]:
        """Find the runs that are not over, in all guilds or in one, oldest first."""
        waiting = _RUNS.where(IS_UNFINISHED)
        if guild_id is not None:
            waiting = waiting.where(RunRow.guild_id == guild_id)
        # Sorted here, since the index of the few that are not over has them by guild.
        return tuple(sorted(await self._all(waiting), key=lambda run: run.id))

    async def counts(self) -> dict[RunStatus, int]:
        """Count the runs of all guilds and the base's, by status; those that no run has are left out."""
        by_status = select(RunRow.status, func.count()).group_by(RunRow.status)
        async with self._database.read() as session:
            return dict((await session.execute(by_status)).tuples().all())

    async def untold(self) -> tuple[Run, ...]:
        """Find the runs that are over and whose end has not been shown, oldest first."""
        over = _RUNS.where(RunRow.status.in_(ENDS), RunRow.told_at.is_(None)).order_by(RunRow.id)
        return tuple(await self._all(over))

    async def waiting(self) -> tuple[Run, ...]:
        """Find the runs that wait to be worked on, in the order of their turns."""
        waiting = _RUNS.where(IS_UNFINISHED, RunRow.status.in_(WAITING))
        async with self._database.read() as session:
            runs = [_run(*found) for found in await session.execute(waiting)]
            return await in_turn(session, runs)

    async def changes(self, run_id: int) -> tuple[Change, ...]:
        """Tell the statuses that a run came to, in order."""
        of_run = select(RunChangeRow).where(RunChangeRow.run_id == run_id).order_by(RunChangeRow.id)
        async with self._database.read() as session:
            return tuple(
                Change(RunStatus(row.target), row.changed_at) for row in await session.scalars(of_run)
            )

    async def pictures(self, run_id: int) -> Mapping[str, bytes]:
        """The pictures for a run's card, by kind."""
        of_run = select(RunPictureRow).where(RunPictureRow.run_id == run_id)
        async with self._database.read() as session:
            return {row.kind: row.picture for row in await session.scalars(of_run)}

    async def completed(self, most: int) -> tuple[Run, ...]:
        """Find the last runs that came to a model at one go, the newest first."""
        complete = _RUNS.where(
            RunRow.status.in_((RunStatus.SUCCEEDED, RunStatus.REJECTED)), RunRow.attempt == 0
        )
        return tuple(await self._all(complete.order_by(RunRow.id.desc()).limit(most)))

    async def latest(self, guild_id: int) -> Run | None:
        """Find the guild's last run, over or not."""
        of_guild = _RUNS.where(RunRow.guild_id == guild_id)
        return await self._first(of_guild.order_by(RunRow.id.desc()).limit(1))

    async def _all(self, wanted: _RunsAndModels) -> list[Run]:
        async with self._database.read() as session:
            return [_run(*found) for found in await session.execute(wanted)]

    async def _first(self, wanted: _RunsAndModels) -> Run | None:
        return next(iter(await self._all(wanted)), None)


async def _keep_archive(session: AsyncSession, sha256: str, archive: bytes) -> None:
    known = select(CorpusRow.sha256).where(CorpusRow.sha256 == sha256)
    if await session.scalar(known) is None:
        session.add(CorpusRow(sha256=sha256, archive=archive))


async def _draw(session: AsyncSession, run_id: int, pictures: Mapping[str, bytes]) -> None:
    for kind, picture in pictures.items():
        await session.merge(RunPictureRow(run_id=run_id, kind=kind, picture=picture))


def _require_made_by(run: Run, model: NewModel) -> None:
    """Raise `ValueError` for a model that is not this run's to publish."""
    if run.status not in (RunStatus.SUCCEEDED, RunStatus.REJECTED):
        raise ValueError(f"a run that is {run.status} has no model")
    if (model.run_id, model.guild_id) != (run.id, run.guild_id):
        raise ValueError(
            f"the model of run {model.run_id} in guild {model.guild_id} "
            f"can't be that of run {run.id} in guild {run.guild_id}"
        )


async def _find(session: AsyncSession, run_id: int) -> Run:
    return _run(*(await session.execute(_RUNS.where(RunRow.id == run_id))).one())


def _run(row: RunRow, model_id: int | None) -> Run:
    curve = tuple(row.loss_curve)
    return Run(
        id=row.id,
        guild_id=row.guild_id,
        requested_by=row.requested_by,
        channel_id=row.channel_id,
        message_id=row.message_id,
        network=row.network,
        recipe=row.recipe,
        seed=row.seed,
        options=row.options,
        corpus_sha256=row.corpus_sha256,
        status=row.status,
        progress=Progress(**row.progress, loss_curve=curve) if row.progress else None,
        loss_curve=curve,
        error=row.error,
        error_id=row.error_id,
        model_id=model_id,
        requested_at=row.requested_at,
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        finished_at=row.finished_at,
        attempt=row.attempt,
        told_at=row.told_at,
    )
