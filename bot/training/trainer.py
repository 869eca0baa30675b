"""The trainer: queues training runs, hands them to an executor in turn, and follows them to their end."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from discord.ext import tasks

from bot.datasets import Datasets
from bot.errors import Refusal, error_id
from bot.generators import Generators, Serving
from bot.loops import end
from bot.sentences import english, kept
from bot.store import (
    BASE,
    ENDS,
    IllegalTransition,
    NewRun,
    QueueFull,
    Run,
    RunInProgress,
    RunStatus,
    Store,
    StoreError,
)
from bot.text import plain
from bot.training import job
from bot.training.plan import AS_USUAL, Plan, TrainingLimits, Wish, estimate, seconds_for
from model import Corpus, Generator
from model.recipes import recipe_named
from model.text import fold

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds between looks
_SILENCE = timedelta(seconds=25)  # without a beat for so long, the job is gone
_LONGEST_START = 120.0  # seconds that a process may take to begin
_LAST_WORDS = 2.0  # seconds that bringing the cards up to date may take when the bot closes
_TO_STOP = 1.0  # seconds that a job is given to notice that it is to stop
_LONGEST_QUEUE = 20  # runs of all servers that are not over
_SHOWN = 3  # categories in which names are shown
_PAST = 50  # runs from which times are estimated


@dataclass(frozen=True, slots=True)
class Turn:
    """A waiting run's place in the queue, the next being 1, and in how many seconds it is to start."""

    place: int
    starts_in: float | None


OnChange = Callable[[Run, Turn | None], Awaitable[None]]
"""Told a run that has moved on or ended, with its turn if it waits."""


@dataclass(slots=True)
class _Sent:
    """A run that was handed to the executor, for its next attempt."""

    run_id: int
    attempt: int
    job: Future[None]
    at: float
    ended_at: float | None = None
    """When the run was first seen to be over while its job was not."""


class Trainer:
    """Sends runs to an executor, one at a time, and watches them in the database.

    Any executor will do that can import this package; `Workers` spawns a process for each run, so that
    the bot's own is never busy with training. If it can't stop a job that runs when its future is
    cancelled, the job stops by itself when it next looks into the database.
    """

    def __init__(
        self,
        database_url: str,
        datasets: Datasets,
        store: Store,
        generators: Generators,
        *,
        limits: TrainingLimits,
        executor: Executor,
    ) -> None:
        self._database_url = database_url
        self._datasets = datasets
        self._store = store
        self._generators = generators
        self._limits = limits
        self._executor = executor
        self._sent: _Sent | None = None
        self._seen: dict[int, tuple[Run, Turn | None] | None] = {}
        """The runs that are followed, each as it was last told of."""
        self._on_change: OnChange | None = None
        self._watch = tasks.loop(seconds=_EVERY)(self._look)

    async def start(self, on_change: OnChange) -> None:
        """Take up what an earlier process left, and see to it that there is a base model."""
        self._on_change = on_change
        for run in await self._store.runs.untold():
            await on_change(run, None)
        for run in await self._store.runs.unfinished():
            self._follow(run.id)
        if await self._store.models.active(BASE) is None:
            with suppress(RunInProgress):
                await self.request(BASE, AS_USUAL, requested_by=None, channel_id=None)

    async def request(
        self, guild_id: int, wish: Wish, *, requested_by: int | None, channel_id: int | None
    ) -> Run:
        """Queue a training of a guild's own model, or of the base's.

        Raises:
            RunInProgress: where the guild has one already.
            Refusal: where too many wait, or a category is not there.
            CorpusError: where there are no names to learn.
        """
        corpus = only(await self._datasets.corpus(guild_id), wish.categories)
        archive = await asyncio.to_thread(corpus.to_zip)
        serving = await self._current(guild_id)
        known = serving.generator if serving else None
        start_from = None if serving is None or wish.fresh or wish.network else serving.model_id
        plan = Plan(
            start_from=start_from,
            names=len(corpus),
            categories=len(corpus.categories),
            chosen=wish.categories,
            shown=await self._shown(guild_id, corpus),
            limits=self._limits,
        )
        new = NewRun(
            guild_id=guild_id,
            requested_by=requested_by,
            channel_id=channel_id,
            network=_network(wish, known if start_from else None),
            recipe=wish.recipe,
            seed=known.card.seed if known else 0,  # the same names are held out, or they can't be compared
            options=plan.model_dump(mode="json"),
            archive=archive,
        )
        try:
            run = await self._store.runs.request(new, most=_LONGEST_QUEUE)
        except QueueFull as full:
            raise Refusal(
                "There are {most} trainings waiting here already: try again in a while.", most=full.most
            ) from full
        self._follow(run.id)
        return run

    async def _current(self, guild_id: int) -> Serving | None:
        """What serves a guild; a training is the way out where that is damaged."""
        try:
            return await self._generators.of_guild(guild_id)
        except Refusal:
            return None

    async def _shown(self, guild_id: int, corpus: Corpus) -> tuple[str, ...]:
        """A few categories, the guild's own first."""
        own = {fold(category.name) for category in await self._store.datasets.categories(guild_id)}
        mixed = random.Random(guild_id).sample(corpus.categories, len(corpus.categories))
        return tuple(sorted(mixed, key=lambda category: fold(category) not in own)[:_SHOWN])

    async def turn(self, run: Run) -> Turn | None:
        """A run's place among those that wait, None if it doesn't."""
        waiting = [one for one in await self._store.runs.waiting() if not self._is_sent(one.id)]
        place = next((place for place, one in enumerate(waiting, 1) if one.id == run.id), None)
        if place is None:
            return None
        past = await self._store.runs.completed(_PAST)
        before = [await self._left(past), *(seconds_for(one, past) for one in waiting[: place - 1])]
        known = [seconds for seconds in before if seconds is not None]
        return Turn(place, sum(known) if len(known) == len(before) else None)

    async def expected(self, guild_id: int | None, wish: Wish) -> float | None:
        """How many seconds such a training would take, by the past ones here; None where there is none."""
        serving = self._generators.remembered(guild_id)
        if serving is None:
            return None
        known, is_fresh = serving.generator, wish.fresh or wish.network is not None
        plan = Plan(start_from=None if is_fresh else serving.model_id, names=sum(known.card.counts.values()))
        past = await self._store.runs.completed(_PAST)
        return estimate(_network(wish, None if is_fresh else known), wish.recipe, plan, past)

    async def _left(self, past: Sequence[Run]) -> float | None:
        """Seconds until the run at work is over."""
        run = await self._store.runs.get(self._sent.run_id) if self._sent else None
        if run is None:
            return 0.0
        if run.progress is not None and run.progress.remaining is not None:
            return run.progress.remaining
        return seconds_for(run, past)

    async def cancel(self, run_id: int, why: str | None = None) -> bool:
        """Stop a run, within two seconds and whatever it does; False if it is over already."""
        if not await self._store.runs.request_cancel(run_id, why):
            return False
        sent = self._sent
        if sent is not None and sent.run_id == run_id:
            run = await self._store.runs.get(run_id)
            if run is not None and run.status is RunStatus.CANCELLING:
                await asyncio.wait({asyncio.wrap_future(sent.job)}, timeout=_TO_STOP)
            sent.job.cancel()
        with suppress(IllegalTransition):  # it has noticed
            await self._store.runs.finish(run_id, RunStatus.CANCELLED)
        return True

    async def cancel_guild(self, guild_id: int, why: str) -> None:
        """Stop what a guild has asked for; `why` is a sentence as `bot.sentences` keeps it."""
        for run in await self._store.runs.unfinished(guild_id):
            log.warning("run %s of guild %s is cancelled: %s", run.id, guild_id, english(why))
            await self.cancel(run.id, why)

    async def close(self) -> None:
        """Interrupt our own run, which is to go on after the next start, and end the process that does it."""
        await end(self._watch)
        sent = self._sent
        if sent is not None:
            try:
                await self._interrupt(sent.run_id, kept("The bot was stopped meanwhile."))
            except StoreError as error:  # the next start finds that nothing is heard of it
                log.warning("run %s could not be interrupted: %s", sent.run_id, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_at_all(), _LAST_WORDS)
        await asyncio.to_thread(self._executor.shutdown, wait=True, cancel_futures=True)

    def _is_sent(self, run_id: int) -> bool:
        return self._sent is not None and self._sent.run_id == run_id

    def _follow(self, run_id: int) -> None:
        self._seen.setdefault(run_id, None)
        if not self._watch.is_running():
            self._watch.start()

    async def _look(self) -> None:
        """Look at everything once; stop looking when there is nothing to be followed."""
        try:
            await self._see_to_job()
            await self._send_next()
        except StoreError as error:
            log.warning("the queue could not be looked at; the next look is soon: %s", error)
        except Exception:
            log.exception("the queue could not be looked at; the next look is soon")
        await self._look_at_all()
        if not self._seen and self._sent is None:  # a job may outlive its run
            self._watch.stop()

    async def _send_next(self) -> None:
        """Hand the run whose turn it is to the executor, unless it is busy."""
        if self._sent is not None:
            return
        for run in (await self._store.runs.waiting())[:1]:
            sending = asyncio.to_thread(self._executor.submit, job.run, self._database_url, run.id)
            self._sent = _Sent(run.id, run.attempt, await sending, time.perf_counter())
            self._follow(run.id)

    async def _see_to_job(self) -> None:
        """Notice that a job ended without a word, does not begin, or does not end."""
        sent = self._sent
        if sent is None:
            return
        run = await self._store.runs.get(sent.run_id)
        if sent.job.done():
            # One that returns has ended the run, or has found that it was another's to do.
            if sent.job.cancelled() or (failure := sent.job.exception()) is not None:
                how = "cancelled" if sent.job.cancelled() else failure
                why = kept("Its process went away ({how}).", how=how)
                await self._interrupt(sent.run_id, why, sent.attempt)
            self._sent = None
            return
        now = time.perf_counter()
        if run is None or run.status in ENDS or run.attempt != sent.attempt:
            sent.ended_at = sent.ended_at or now
            if now - sent.ended_at > _TO_STOP:
                sent.job.cancel()
        elif run.status in (RunStatus.QUEUED, RunStatus.INTERRUPTED) and now - sent.at > _LONGEST_START:
            why = kept("Its process did not begin within two minutes.")
            await self._interrupt(sent.run_id, why, sent.attempt)

    async def _look_at_all(self) -> None:
        for run_id in list(self._seen):
            try:
                await self._look_at(run_id)
            except StoreError as error:
                log.warning("run %s could not be looked at; the next look is soon: %s", run_id, error)
            except Exception:
                log.exception("run %s could not be looked at; the next look is soon", run_id)

    async def _look_at(self, run_id: int) -> None:
        run = await self._store.runs.get(run_id)
        if run is None:
            del self._seen[run_id]
            return
        if _is_silent(run):
            await self._interrupt(run_id, kept("Nothing was heard of its process for half a minute."))
            run = await self._store.runs.get(run_id) or run
        turn = await self.turn(run) if run.status not in ENDS else None
        if self._is_known(run, turn):
            return
        if run.status in ENDS:
            del self._seen[run_id]
            await self._current(run.guild_id)  # have the new model at hand
        else:
            self._seen[run_id] = run, turn
        if self._on_change is not None:
            await self._on_change(run, turn)

    def _is_known(self, run: Run, turn: Turn | None) -> bool:
        """Whether it was told as it is; an estimate that moves is no news."""
        seen = self._seen[run.id]
        if seen is None or seen[0] != run:
            return False
        return (seen[1] and seen[1].place) == (turn and turn.place)

    async def _interrupt(self, run_id: int, why: str, attempt: int | None = None) -> None:
        number = error_id()
        with suppress(IllegalTransition):  # it has an end of its own
            run = await self._store.runs.interrupt(run_id, why, attempt=attempt, error_id=number)
            log.error("error %s: run %s is %s: %s", number, run_id, run.status, english(why))


def only(corpus: Corpus, categories: Sequence[str]) -> Corpus:
    """The corpus's part of these categories, or all of it where there are none.

    Raises:
        Refusal: where one is not there.
    """
    if not categories:
        return corpus
    known = {fold(category): category for category in corpus.categories}
    names: dict[str, tuple[str, ...]] = {}
    for typed in categories:
        category = known.get(fold(typed.strip()))
        if category is None:
            raise Refusal(
                "There is no category {typed} to learn: name some of this server's, with commas between "
                "them, or leave the option out for all.",
                typed=plain(typed.strip()[:50]),
            )
        names[category] = corpus.names[category]
    return Corpus(dict(sorted(names.items())), corpus.normalisation)


def _network(wish: Wish, known: Generator | None) -> str:
    """What the network is called that is to be trained."""
    if known is not None:
        return known.card.network.network
    return wish.network or recipe_named(wish.recipe).network.network


def _is_silent(run: Run) -> bool:
    """Whether the job has not been heard of for so long that it is gone."""
    at_work = run.status in (RunStatus.RUNNING, RunStatus.CANCELLING)
    return at_work and run.heartbeat_at is not None and datetime.now(UTC) - run.heartbeat_at > _SILENCE
