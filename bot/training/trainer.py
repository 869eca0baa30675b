"""The trainer: queues training runs, hands them to an executor, and follows them to their end."""

import asyncio
import logging
import multiprocessing
import secrets
from collections.abc import Awaitable, Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from discord.ext import tasks

from bot.datasets import Datasets
from bot.generators import Generators
from bot.store import BASE, ENDS, IllegalTransition, NewRun, Run, RunInProgress, RunStatus, Store
from bot.training import job

log = logging.getLogger(__name__)

_EVERY = 2.0  # seconds between looks: as often as a card may be edited
_SILENCE = timedelta(seconds=30)  # without a beat for so long, the job is gone
_LAST_WORDS = 2.0  # seconds that bringing the cards up to date may take when the bot closes
_PATIENCE = 5.0  # seconds that a job is given to notice that the bot is closing

OnChange = Callable[[Run], Awaitable[None]]
"""Told a run that has moved on, or ended."""


class Trainer:
    """Sends runs to an executor and watches them in the database.

    The default executor is one spawned process, so that the bot's own is never busy with training.
    """

    def __init__(self, database_url: str, datasets: Datasets, store: Store, generators: Generators) -> None:
        self._database_url = database_url
        self._datasets = datasets
        self._store = store
        self._generators = generators
        self._executor: Executor | None = None
        self._workers: set[multiprocessing.process.BaseProcess] = set()
        self._jobs: dict[int, Future[None]] = {}
        self._seen: dict[int, Run | None] = {}
        """The runs that are followed, each as it was last told of."""
        self._on_change: OnChange | None = None
        self._watch = tasks.loop(seconds=_EVERY)(self._look)

    async def start(self, on_change: OnChange) -> None:
        """Take up what an earlier process left, and see to it that there is a base model."""
        self._on_change = on_change
        for run in await self._store.runs.unfinished():
            if run.status is RunStatus.QUEUED:
                self._submit(run)
            self._follow(run)
        if await self._store.models.active(BASE) is None:
            with suppress(RunInProgress):
                await self.request(BASE, requested_by=None, channel_id=None)

    async def request(self, guild_id: int, *, requested_by: int | None, channel_id: int | None) -> Run:
        """Queue a training of a guild's own model, or of the base's.

        Raises:
            RunInProgress: where the guild has one already.
            CorpusError: where there are no names to learn.
        """
        corpus = await self._datasets.corpus(guild_id)
        archive = await asyncio.to_thread(corpus.to_zip)
        is_first = guild_id == BASE and await self._store.models.active(BASE) is None
        run = await self._store.runs.request(
            NewRun(
                guild_id=guild_id,
                requested_by=requested_by,
                channel_id=channel_id,
                network=job.ITS_OWN,
                recipe="default",
                seed=0 if is_first else secrets.randbits(31),  # the first one is the same everywhere
                options={},
                archive=archive,
            )
        )
        self._submit(run)
        self._follow(run)
        return run

    @property
    def is_busy(self) -> bool:
        """Whether a run is being followed."""
        return bool(self._seen)

    def started(self, run_id: int) -> bool:
        """Whether a followed run was seen at work."""
        run = self._seen.get(run_id)
        return run is not None and run.status is RunStatus.RUNNING

    async def cancel(self, run_id: int) -> bool:
        """Ask a run to stop; False if it is over already."""
        return await self._store.runs.request_cancel(run_id)

    async def close(self) -> None:
        """Declare our own runs interrupted, and end the processes that do them."""
        self._watch.cancel()
        for run_id in list(self._jobs):
            await self._interrupt(run_id, "The bot was stopped meanwhile.")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._look(), _LAST_WORDS)
        if self._executor is not None:
            # Each job sees within a second that its run is over, and ends by itself.
            closing = asyncio.to_thread(self._executor.shutdown, wait=True, cancel_futures=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(closing)), _PATIENCE)
            for worker in self._workers:
                worker.terminate()
                await asyncio.to_thread(worker.join, _LAST_WORDS)

    def _submit(self, run: Run) -> None:
        before = set(multiprocessing.active_children())
        try:
            self._jobs[run.id] = self._pool().submit(job.run, self._database_url, run.id)
        except BrokenExecutor:  # its worker was killed since; a broken pool takes no more work
            self._executor = None
            self._jobs[run.id] = self._pool().submit(job.run, self._database_url, run.id)
        self._workers |= set(multiprocessing.active_children()) - before

    def _pool(self) -> Executor:
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(1, context, initializer=job.settle_in)
        return self._executor

    def _follow(self, run: Run) -> None:
        self._seen[run.id] = None
        if not self._watch.is_running():
            self._watch.start()

    async def _look(self) -> None:
        """Look at every followed run once; stop looking when there is none."""
        for run_id in list(self._seen):
            try:
                await self._look_at(run_id)
            except Exception:
                log.exception("run %s could not be looked at; the next look is soon", run_id)
        if not self._seen:
            self._watch.stop()

    async def _look_at(self, run_id: int) -> None:
        await self._notice_end_of_job(run_id)
        run = await self._store.runs.get(run_id)
        if run is None:
            del self._seen[run_id]
            return
        if run == self._seen[run_id]:
            return
        if run.status in ENDS:
            del self._seen[run_id]
            self._jobs.pop(run_id, None)
            await self._generators.of_guild(run.guild_id or None)  # have the new model at hand
        else:
            self._seen[run_id] = run
        if self._on_change is not None:
            await self._on_change(run)

    async def _notice_end_of_job(self, run_id: int) -> None:
        """End a run whose job is gone without a word: its process was killed, or is another's and silent."""
        ended = self._jobs.get(run_id)
        if ended is None:
            run = await self._store.runs.get(run_id)
            heard = run and run.heartbeat_at
            if heard and datetime.now(UTC) - heard > _SILENCE:
                await self._interrupt(run_id, "Its process went away.")
        elif ended.done():
            failure = None if ended.cancelled() else ended.exception()
            if failure is not None:
                log.error("the job of run %s ended badly", run_id, exc_info=failure)
            await self._interrupt(run_id, "Its process went away.")

    async def _interrupt(self, run_id: int, why: str) -> None:
        with suppress(IllegalTransition):  # it has an end of its own
            await self._store.runs.finish(run_id, RunStatus.INTERRUPTED, error=why)
