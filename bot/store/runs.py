"""Training runs: asked for in one process, done in another, with nothing between them but this."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import asdict, replace
from typing import Any, TypeAlias

from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.errors import IllegalTransition, RunInProgress
from bot.store.models import add_model
from bot.store.records import (
    ENDS,
    TRANSITIONS,
    CurvePoint,
    NewModel,
    NewRun,
    Progress,
    Run,
    RunOrder,
    RunStatus,
)
from bot.store.tables import IS_UNFINISHED, CorpusRow, ModelRow, RunRow, now

_RunsAndModels: TypeAlias = Select[tuple[RunRow, int]]

_RUNS: _RunsAndModels = select(RunRow, ModelRow.id).outerjoin(ModelRow, ModelRow.run_id == RunRow.id)
"""Runs, each with the ID of the model it made, or None."""


class Runs:
    """The training runs of all guilds and the base's.

    A status is only ever changed by an UPDATE that also says from which ones it may be reached.
    Where two processes differ about how a run ends, the first to write decides.
    """

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def request(self, run: NewRun) -> Run:
        """Queue a run, with the archive that it is to learn from.

        Raises `RunInProgress` if the guild has one that is not over.
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
                await _keep_archive(session, row.corpus_sha256, run.archive)
                session.add(row)
                await session.flush()
                return await _find(session, row.id)
        except IntegrityError as error:
            # Not looked up beforehand: only the unique index sees what others do at this moment.
            for other in await self.unfinished(run.guild_id):
                raise RunInProgress(other) from error
            raise

    async def start(self, run_id: int) -> RunOrder:
        """Take on a queued run, as its training job.

        Raises `IllegalTransition` if it isn't queued.
        """
        whole_order = select(RunRow, CorpusRow.archive).join(CorpusRow).where(RunRow.id == run_id)
        async with self._database.write() as session:
            begun = now()
            await _move(session, run_id, RunStatus.RUNNING, started_at=begun, heartbeat_at=begun)
            row, archive = (await session.execute(whole_order)).one()
        return RunOrder(
            run_id=row.id,
            guild_id=row.guild_id,
            requested_by=row.requested_by,
            network=row.network,
            recipe=row.recipe,
            seed=row.seed,
            options=row.options,
            archive=archive,
        )

    async def beat(self, run_id: int, progress: Progress) -> bool:
        """Report a job's progress and that it is alive.

        Returns True if the job is to stop: its cancellation was asked for, or it was declared over
        without it.
        """
        report = asdict(progress)
        curve = report.pop("loss_curve")
        beating = (
            update(RunRow)
            .where(
                RunRow.id == run_id,
                RunRow.status.in_((RunStatus.RUNNING, RunStatus.CANCELLING)),
            )
            .values(progress=report, loss_curve=list(curve), heartbeat_at=now())
            .returning(RunRow.status)
        )
        async with self._database.write() as session:
            return await session.scalar(beating) != RunStatus.RUNNING

    async def request_cancel(self, run_id: int) -> bool:
        """Cancel a run that is queued, or ask the job to stop. False if the run is over already."""
        async with self._database.write() as session:
            return await _moved(
                session, run_id, RunStatus.CANCELLED, {RunStatus.QUEUED}, finished_at=now()
            ) or await _moved(
                # One that is asked to stop already may be asked again.
                session,
                run_id,
                RunStatus.CANCELLING,
                {RunStatus.RUNNING, RunStatus.CANCELLING},
            )

    async def finish(
        self,
        run_id: int,
        status: RunStatus,
        *,
        error: str | None = None,
        error_id: str | None = None,
        model: NewModel | None = None,
        loss_curve: Iterable[CurvePoint] | None = None,
    ) -> Run:
        """End a run, and keep the model it made, in one transaction.

        The model is put in use if the run has succeeded, and only kept if it was rejected; no other
        end has one. Raises `IllegalTransition`, and keeps nothing, if `status` is not an end or the
        run is over already.
        """
        if status not in ENDS:
            raise IllegalTransition(run_id, status)
        values: dict[str, Any] = {"error": error, "error_id": error_id, "finished_at": now()}
        if loss_curve is not None:
            values["loss_curve"] = [dict(point) for point in loss_curve]
        async with self._database.write() as session:
            await _move(session, run_id, status, **values)
            run = await _find(session, run_id)
            if model is None:
                return run
            _require_made_by(run, model)
            if run.requested_by is None:
                # Perhaps not since the job began: they may have asked to be forgotten meanwhile.
                model = replace(model, trained_by=None)
            await add_model(session, model, activate=status is RunStatus.SUCCEEDED)
            return await _find(session, run_id)

    async def follow(self, run_id: int, channel_id: int, message_id: int) -> None:
        """Note where a run's progress card is."""
        card = update(RunRow).where(RunRow.id == run_id).values(channel_id=channel_id, message_id=message_id)
        async with self._database.write() as session:
            await session.execute(card)

    async def get(self, run_id: int) -> Run | None:
        """Find a run by its ID."""
        return await self._first(_RUNS.where(RunRow.id == run_id))

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


async def _moved(
    session: AsyncSession,
    run_id: int,
    target: RunStatus,
    sources: Collection[RunStatus],
    **values: object,
) -> bool:
    """Change a run's status, and other columns with it, if it is one of `sources`."""
    moving = (
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.status.in_(sources))
        .values(status=target, **values)
        .returning(RunRow.id)
    )
    return await session.scalar(moving) is not None


async def _move(session: AsyncSession, run_id: int, target: RunStatus, **values: object) -> None:
    """Change a run's status, and other columns with it, or raise `IllegalTransition`."""
    sources = [source for source, following in TRANSITIONS.items() if target in following]
    if not await _moved(session, run_id, target, sources, **values):
        raise IllegalTransition(run_id, target)


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
    )
