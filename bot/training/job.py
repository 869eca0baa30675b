"""The training job: what an executor runs, in a process or on a machine of its own.

It is given a database and a run's number, and nothing else; all it learns and tells goes through
that database, so any `concurrent.futures.Executor` that can import this package will do.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import psutil

from bot.errors import error_id
from bot.sentences import english, kept
from bot.store import (
    IllegalTransition,
    NewModel,
    Progress,
    RunOrder,
    RunStatus,
    Store,
    StoreError,
    UnknownModel,
)
from bot.training.comparison import Comparison, compare
from bot.training.plan import ITS_OWN, Plan
from model import CheckpointError, Corpus, Generator, ImpossibleOption, ModelError, plots, train
from model import Progress as TrainingProgress
from model.card import CurvePoint

log = logging.getLogger(__name__)

MARGIN = 0.03
"""Nats a letter by which a new model may be worse than the one in use: less is noise."""

_BEAT = 0.5  # seconds between reports
_DRAWING = 2.0  # seconds between pictures, and between names for the card, as often as it may be edited
_POINTS = 20  # of the loss curve within epochs: a short training has one or two of those
_NAMES = 2  # names in each category that is shown
_DEAF = 5.0  # seconds after which a training that does not stop is left to itself
_PATIENCE_TO_WRITE = 5.0  # seconds that a write waits for another process's
_PATIENCE = 60.0  # seconds that the begin and the end of a run may wait for the database
_PAUSE = 1.0  # seconds between two tries to write them

T = TypeVar("T")


def run(database_url: str, run_id: int) -> None:
    """Do a run that waits to its end, whatever that is; the database says which."""
    asyncio.run(_run(database_url, run_id))


async def _run(database_url: str, run_id: int) -> None:
    async with await Store.open(database_url, migrate=False, patience=_PATIENCE_TO_WRITE) as store:
        try:
            order = await _insist(lambda: store.runs.start(run_id), f"run {run_id} can't begin yet")
        except IllegalTransition:
            return  # cancelled while it waited, or another worker has it
        with suppress(IllegalTransition):  # it was declared over meanwhile: what came of it is not wanted
            await _Job(store, order).run()


class _Abandoned(Exception):
    """The run was cancelled or is over; nobody waits for its result."""


class _Failure(Exception):
    """Why the run fails, in a sentence for the admin, as it is kept."""


class _Job:
    """One attempt at a run: the training in a thread, and the reports beside it."""

    def __init__(self, store: Store, order: RunOrder) -> None:
        self._store, self._order = store, order
        self._plan = Plan.model_validate(order.options)
        self._training = _Training(order, self._plan)
        self._started = time.monotonic()
        self._process = psutil.Process()
        self._drawn: tuple[float, int] = (0.0, 0)  # when, and of how many points

    async def run(self) -> None:
        try:
            await self._train_and_publish()
        except _Abandoned:
            await self._finish(RunStatus.CANCELLED)
        except _Failure as failure:
            await self._fail(str(failure))
        except ModelError as failure:
            await self._fail(kept(failure.sentence, **failure.values))
        except StoreError as error:
            # If that can't be written either, the trainer finds the run without a process.
            await self._fail(kept("The database could not be used: the host's log says why."), error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not leave the run without an end
            await self._fail(_told(error), error)

    async def _train_and_publish(self) -> None:
        before = await self._load_before()
        start = await self._load(self._plan.start_from)
        training = asyncio.create_task(
            asyncio.to_thread(self._training.run, start, before[1] if before else None)
        )
        stopping: float | None = None
        try:
            while not (await asyncio.wait({training}, timeout=_BEAT))[0]:
                self._training.stop = self._training.stop or self._over_limit()
                await self._report()
                if self._training.stop is not None:
                    stopping = stopping or time.monotonic()
                    if time.monotonic() - stopping > _DEAF:
                        raise self._training.stop
            generator, comparison = await training
        finally:
            self._training.stop = self._training.stop or _Abandoned()
        await self._publish(generator, comparison, before[0] if before else None)

    def _over_limit(self) -> Exception | None:
        """The failure of a run that takes more than the host lets it."""
        limits = self._plan.limits
        if self._process.memory_info().rss > limits.memory_mib * 2**20:
            sentence = kept(
                "It took more than the {most} MiB of memory that the host allows: choose a smaller network "
                "or fewer categories.",
                most=limits.memory_mib,
            )
            return _Failure(sentence)
        if time.monotonic() - self._started > limits.minutes * 60:
            sentence = kept(
                "It took longer than the {most} minutes that the host allows: choose the recipe quick, or "
                "fewer categories.",
                most=limits.minutes,
            )
            return _Failure(sentence)
        return None

    async def _report(self) -> None:
        """Write down how far it is and that it lives, and learn whether it should stop.

        What can't be written now may be at the next beat; if none can, the run is found silent.
        """
        order, training = self._order, self._training
        try:
            if await self._store.runs.beat(order.run_id, training.progress(), attempt=order.attempt):
                training.stop = training.stop or _Abandoned()
            if (state := training.state) is not None:
                training.state = None
                await self._store.runs.save(order.run_id, state, attempt=order.attempt)
            if picture := self._picture():
                await self._store.runs.draw(order.run_id, {"loss": picture}, attempt=order.attempt)
        except StoreError as error:
            log.warning("run %s could not report: %s", order.run_id, error)

    def _picture(self) -> bytes | None:
        """The loss curve, when it is time and there is more of it."""
        curve, (drawn_at, points) = self._training.curve, self._drawn
        if len(curve) < 2 or len(curve) == points or time.monotonic() - drawn_at < _DRAWING:
            return None
        self._drawn = time.monotonic(), len(curve)
        return plots.loss_curve(curve, "Loss while training")

    async def _load_before(self) -> tuple[int, Generator] | None:
        """The model in use, to compare with; None where there is none that can be used."""
        active = await self._store.models.active(self._order.guild_id)
        loaded = await self._load(active.id) if active else None
        return (active.id, loaded) if active and loaded else None

    async def _load(self, model_id: int | None) -> Generator | None:
        if model_id is None:
            return None
        try:
            return Generator.from_bytes(await self._store.models.weights(model_id))
        except (UnknownModel, CheckpointError) as error:
            log.warning("run %s goes on without model %s: %s", self._order.run_id, model_id, error)
            return None

    async def _publish(self, generator: Generator, comparison: Comparison, replaces: int | None) -> None:
        """Keep the model, and put it in use unless it is worse than the one before."""
        order, card = self._order, generator.card
        model = NewModel(
            guild_id=order.guild_id,
            run_id=order.run_id,
            trained_by=order.requested_by,
            network=card.network.network,
            held_out_loss=card.held_out.letters,
            metadata={
                "categories": len(generator.categories),
                "names": sum(card.counts.values()),
                "held_out": card.held_out.categories,
                "seconds": card.seconds,
                "replaces": replaces,
                "comparison": comparison.model_dump(),
            },
            weights=generator.to_bytes(),
        )
        worse = comparison.is_worse_by(MARGIN)
        pictures = {"loss": plots.loss_curve(self._training.curve, "Loss while training")}
        if comparison.before:
            pictures["categories"] = plots.losses(comparison.before, comparison.after)
        await self._finish(
            RunStatus.REJECTED if worse else RunStatus.SUCCEEDED,
            model=model,
            loss_curve=[point.model_dump() for point in card.curve],
            pictures=pictures,
        )

    async def _fail(self, sentence: str, error: Exception | None = None) -> None:
        number, run_id = error_id(), self._order.run_id
        log.error("error %s: run %s failed: %s", number, run_id, english(sentence), exc_info=error)
        await self._finish(RunStatus.FAILED, error=sentence, error_id=number)

    async def _finish(
        self,
        status: RunStatus,
        *,
        error: str | None = None,
        error_id: str | None = None,
        model: NewModel | None = None,
        loss_curve: Sequence[Mapping[str, object]] | None = None,
        pictures: Mapping[str, bytes] | None = None,
    ) -> None:
        """End the run, as soon as the database takes it."""
        order = self._order
        await _insist(
            lambda: self._store.runs.finish(
                order.run_id,
                status,
                attempt=order.attempt,
                error=error,
                error_id=error_id,
                model=model,
                loss_curve=loss_curve,
                pictures=pictures,
                keep=self._plan.limits.models,
            ),
            f"run {order.run_id} can't be ended as {status} yet",
        )


async def _insist(write: Callable[[], Awaitable[T]], not_yet: str) -> T:
    """Write as soon as the database takes it. Raises `StoreError` if it doesn't for a minute."""
    given_up = time.monotonic() + _PATIENCE
    while True:
        try:
            return await write()
        except StoreError as failure:
            log.warning("%s: %s", not_yet, failure)
            if time.monotonic() > given_up:
                raise
            await asyncio.sleep(_PAUSE)


class _Training:
    """The training itself, in a thread of its own; its attributes are what it and the reports share."""

    def __init__(self, order: RunOrder, plan: Plan) -> None:
        self._order, self._plan = order, plan
        self._began = time.monotonic()
        self._saved_at = self._sampled_at = self._began
        self._told: TrainingProgress | None = None
        self._passed: list[CurvePoint] = []
        self._samples: Mapping[str, Sequence[str]] = {}
        self.stop: Exception | None = None
        """What the training raises at its next step."""
        self.state: bytes | None = None
        """What there is to be saved, to go on from."""

    def run(self, start: Generator | None, before: Generator | None) -> tuple[Generator, Comparison]:
        """Train, and compare with the model before."""
        order = self._order
        corpus = Corpus.read(order.archive)
        threads = max(1, (os.cpu_count() or 1) - 1)  # one core is the bot's
        saved = self._saved()
        if saved is not None:
            generator = train(corpus, resume=saved, threads=threads, on_progress=self._on_progress)
        else:
            network = None if start or order.network == ITS_OWN else order.network
            generator = train(
                corpus,
                network,
                order.recipe,
                seed=order.seed,
                threads=threads,
                on_progress=self._on_progress,
                start=start,
            )
        if self.stop is not None:
            raise self.stop
        return generator, compare(before, generator, corpus, order.seed, self._plan.shown)

    def progress(self) -> Progress:
        """How far it is by now."""
        told = self._told
        if told is None:
            return Progress(0, 0, 0, 0, None, None, 0.0, None)
        measured = [point.validation for point in told.curve if point.validation is not None]
        return Progress(
            epoch=told.epoch,
            epochs=told.epochs,
            step=told.step,
            steps=told.steps,
            train_loss=told.train_loss,
            validation_loss=measured[-1] if measured else None,
            elapsed=told.elapsed,
            remaining=told.remaining,
            loss_curve=tuple(point.model_dump() for point in self.curve),
            samples=self._samples,
        )

    @property
    def curve(self) -> Sequence[CurvePoint]:
        """The loss so far, also within an epoch."""
        measured = self._told.curve if self._told else ()
        return sorted([*measured, *self._passed], key=lambda point: point.step)

    def _saved(self) -> Generator | None:
        """What an earlier attempt saved; None where that can't be gone on with, by a newer version say."""
        if self._order.state is None:
            return None
        try:
            return Generator.from_bytes(self._order.state)
        except (CheckpointError, ImpossibleOption) as error:
            log.warning("run %s begins anew: %s", self._order.run_id, error)
            return None

    def _on_progress(self, progress: TrainingProgress) -> None:
        if self.stop is not None:
            raise self.stop
        now = time.monotonic()
        if progress.validation_loss is not None and now - self._saved_at >= self._plan.limits.save_every:
            so_far = progress.so_far()
            if so_far.unfinished is not None:  # there is something to go on from
                self._saved_at = now
                self.state = so_far.to_bytes()
        if self._told is None or now - self._sampled_at >= _DRAWING:
            self._sampled_at = now
            self._samples = self._written(progress.current())
        within = progress.validation_loss is None
        if within and progress.step * _POINTS > progress.steps * len(self._passed):
            self._passed.append(CurvePoint(step=progress.step, train=progress.train_loss))
        self._told = progress

    def _written(self, generator: Generator) -> Mapping[str, Sequence[str]]:
        """Names as the network writes them at this moment, always from the same seed."""
        return {
            category: [name.text for name in generator.sample(category, count=_NAMES, seed=self._order.seed)]
            for category in self._plan.shown
            if category in generator.categories
        }


def _told(error: Exception) -> str:
    """The sentence for a failure that is no refusal."""
    # What torch raises when there is no memory is a plain RuntimeError.
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return kept("There was not enough memory for it: choose a smaller network or fewer categories.")
    return kept("Something went wrong on our side while it was training.")
