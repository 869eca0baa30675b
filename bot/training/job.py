"""The training job: what an executor runs, in a process or on a machine of its own.

It is given a database and a run's number, and nothing else; all it learns and tells goes through
that database, so any `concurrent.futures.Executor` that can import this package will do.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import fmean

from bot.errors import error_id
from bot.store import IllegalTransition, Model, NewModel, Progress, RunOrder, RunStatus, Store
from model import Corpus, Generator, ModelError, train
from model import Progress as TrainingProgress

log = logging.getLogger(__name__)

MARGIN = 0.03
"""Nats a letter by which a new model may be worse than the one in use: less is noise."""

ITS_OWN = "default"
"""Stands for the recipe's own network."""

_BEAT = 0.5  # seconds between reports
_NICENESS = 10


def settle_in() -> None:
    """Prepare a process of the bot's own: its Ctrl-C is the bot's to handle, and the bot goes first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    logging.basicConfig(level=logging.WARNING)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the bot's process does, even if it was killed: nobody else would ever end this one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run(database_url: str, run_id: int) -> None:
    """Do a queued run to its end, whatever that is; the database says which."""
    asyncio.run(_run(database_url, run_id))


class _Abandoned(Exception):
    """The run was cancelled or is over; nobody waits for its result."""


@dataclass
class _Shared:
    """What the training thread and the reporting task tell each other."""

    progress: TrainingProgress | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def on_progress(self, progress: TrainingProgress) -> None:
        self.progress = progress
        if self.stop.is_set():
            raise _Abandoned


async def _run(database_url: str, run_id: int) -> None:
    async with await Store.open(database_url, migrate=False) as store:
        try:
            order = await store.runs.start(run_id)
        except IllegalTransition:
            return  # cancelled while it waited, or another worker has it
        with suppress(IllegalTransition):  # it was declared over meanwhile: what came of it is not wanted
            await _finish(store, order)


async def _finish(store: Store, order: RunOrder) -> None:
    try:
        await _train_and_publish(store, order)
    except _Abandoned:
        await store.runs.finish(order.run_id, RunStatus.CANCELLED)
    except ModelError as refusal:
        await store.runs.finish(order.run_id, RunStatus.FAILED, error=str(refusal))
    except Exception:
        number = error_id()
        log.exception("error %s: run %s failed", number, order.run_id)
        sentence = f"Something went wrong while training; it is written down as {number}."
        await store.runs.finish(order.run_id, RunStatus.FAILED, error=sentence, error_id=number)


async def _train_and_publish(store: Store, order: RunOrder) -> None:
    shared = _Shared()
    training = asyncio.create_task(asyncio.to_thread(_train, order, shared))
    try:
        while not (await asyncio.wait({training}, timeout=_BEAT))[0]:
            if await _report(store, order.run_id, shared):
                shared.stop.set()
        generator, content = await training
    finally:
        shared.stop.set()
    await _report(store, order.run_id, shared)
    await _publish(store, order, generator, content)


def _train(order: RunOrder, shared: _Shared) -> tuple[Generator, bytes]:
    corpus = Corpus.read(order.archive)
    generator = train(
        corpus,
        None if order.network == ITS_OWN else order.network,
        order.recipe,
        seed=order.seed,
        threads=max(1, (os.cpu_count() or 1) - 1),  # one core is the bot's
        on_progress=shared.on_progress,
    )
    return generator, generator.to_bytes()


async def _report(store: Store, run_id: int, shared: _Shared) -> bool:
    """Write down how far it is and that it lives; whether it should stop."""
    told = shared.progress
    if told is None:
        progress = Progress(0, 0, 0, 0, None, None, 0.0, None)
    else:
        measured = [point.validation for point in told.curve if point.validation is not None]
        progress = Progress(
            told.epoch,
            told.epochs,
            told.step,
            told.steps,
            told.train_loss,
            measured[-1] if measured else None,
            told.elapsed,
            told.remaining,
            tuple(point.model_dump() for point in told.curve),
        )
    return await store.runs.beat(run_id, progress)


async def _publish(store: Store, order: RunOrder, generator: Generator, content: bytes) -> None:
    """Keep the model, and put it in use unless it is worse than the one before."""
    before = await store.models.active(order.guild_id)
    held_out = generator.card.held_out
    model = NewModel(
        guild_id=order.guild_id,
        run_id=order.run_id,
        trained_by=order.requested_by,
        network=generator.card.network.network,
        held_out_loss=held_out.letters,
        metadata={
            "categories": len(generator.categories),
            "names": sum(generator.card.counts.values()),
            "held_out": held_out.categories,
            "seconds": generator.card.seconds,
            "replaces": before.id if before else None,
        },
        weights=content,
    )
    status = RunStatus.REJECTED if _is_worse(held_out.categories, before) else RunStatus.SUCCEEDED
    curve = [point.model_dump() for point in generator.card.curve]
    await store.runs.finish(order.run_id, status, model=model, loss_curve=curve)


def _is_worse(loss: Mapping[str, float], before: Model | None) -> bool:
    """Whether it does worse in the categories that both know, each on the names held out of its training."""
    loss_before: Mapping[str, float] = before.metadata.get("held_out", {}) if before else {}
    both = loss.keys() & loss_before.keys()
    if not both:
        return False
    return fmean(loss[name] for name in both) > fmean(loss_before[name] for name in both) + MARGIN
