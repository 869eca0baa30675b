"""What members feel of a training: the event loop's lag and /name's latency beside one."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.runs import Trainings
from benchmarks.tables import show
from bot.decency import Decency
from bot.generators import Generators
from bot.naming import Naming
from bot.requests import Asker, Request
from bot.store import BASE, NewModel, NewRun, Store
from bot.training import job
from bot.training.plan import Plan
from bot.training.workers import Workers
from bot.ui.names import NameCard
from model import Corpus, train

_SECONDS = 30.0  # of each measurement
_BETWEEN = 0.1  # seconds between two askings
_TICK = 0.005  # seconds that the loop is asked to sleep, to see by how much it oversleeps
_WARM_UP = 5.0  # seconds until a training is at work


def run(trainings: Trainings) -> None:
    """Print latencies without a training, beside one in a process, and beside one in a thread."""
    content = trainings.run().content
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder), content, trainings.corpus))


async def _measure(folder: Path, content: bytes, corpus: Corpus) -> None:
    url = f"sqlite+aiosqlite:///{folder}/serving.db"
    async with await Store.open(url) as store:
        await store.models.publish(NewModel(BASE, None, None, "ensemble", None, {}, content), activate=True)
        generators = Generators(store)
        naming = Naming(store, generators, Decency())
        await naming.prepare()
        rows = [_row("no training", *await _serve(naming))]
        async with _in_a_process(store, url, corpus) as worker:
            rows.append(_row("beside a training in its process", *await _serve(naming)))
            memory = [["the bot's process", _resident(psutil.Process())], ["the worker's", _resident(worker)]]
        async with _in_a_thread(corpus):
            rows.append(_row("beside the same in a thread", *await _serve(naming)))
        generators.close()
    figures = ["median", "99th", "worst"]
    head = ["", *(f"lag, {figure}" for figure in figures), *(f"/name, {figure}" for figure in figures)]
    show("Event-loop lag and /name from asking to card, ms", head, rows)
    show("Memory while it trains, MiB", ["", "resident"], memory)
    show("Cold start", ["", "seconds"], [["until /name can be answered", f"{_cold_start(url):.1f}"]])


async def _serve(naming: Naming) -> tuple[list[float], list[float]]:
    """The loop's lags and the latencies of /name, in ms, while one asks steadily."""
    lags: list[float] = []
    watching = asyncio.create_task(_watch(lags))
    languages = naming.complete(None, "")
    asker = Asker(1, 1, 1)
    latencies: list[float] = []
    end = time.perf_counter() + _SECONDS
    while (began := time.perf_counter()) < end:
        language = languages[len(latencies) % len(languages)]
        NameCard(await naming.make(asker, Request({language: 1.0})))
        latencies.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(_BETWEEN)
    watching.cancel()
    return lags, latencies


async def _watch(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_TICK)
        lags.append((time.perf_counter() - began - _TICK) * 1e3)


@asynccontextmanager
async def _in_a_process(store: Store, url: str, corpus: Corpus) -> AsyncIterator[psutil.Process]:
    """A real job, in the worker that the bot gives it."""
    options = Plan(shown=tuple(corpus.categories[:3])).model_dump(mode="json")
    run = await store.runs.request(NewRun(1, None, None, "default", "best", 0, options, corpus.to_zip()))
    workers = Workers()
    before = set(psutil.Process().children())
    training = workers.submit(job.run, url, run.id)
    await asyncio.sleep(_WARM_UP)
    worker = max(set(psutil.Process().children()) - before, key=lambda child: child.memory_info().rss)
    try:
        yield worker
    finally:
        training.cancel()
        workers.shutdown()


@asynccontextmanager
async def _in_a_thread(corpus: Corpus) -> AsyncIterator[None]:
    """The same training, in a thread of this process."""
    stop = threading.Event()
    training = asyncio.create_task(
        asyncio.to_thread(train, corpus, None, "best", on_progress=lambda _: not stop.is_set())
    )
    await asyncio.sleep(_WARM_UP)
    try:
        yield
    finally:
        stop.set()
        with suppress(Exception):
            await training


_START = """
import asyncio, sys
from bot.app import build
from bot.settings import Settings
from bot.store import Store
from bot.decency import Decency
from bot.generators import Generators
from bot.naming import Naming
async def start():
    build(Settings())
    async with await Store.open(sys.argv[1]) as store:
        await Naming(store, Generators(store), Decency()).prepare()
asyncio.run(start())
"""
"""What a start does before it connects."""


def _cold_start(url: str) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _START, url], check=True)  # noqa: S603 - the program is ours
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _row(title: str, lags: list[float], latencies: list[float]) -> list[str]:
    return [title, *map("{:.1f}".format, (*_figures(lags), *_figures(latencies)))]


def _figures(times: list[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and worst."""
    return statistics.median(times), statistics.quantiles(times, n=100)[98], max(times)


def _resident(process: psutil.Process) -> str:
    return f"{process.memory_info().rss / 2**20:,.0f}"
