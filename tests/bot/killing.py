"""Killing the bot and its worker with SIGKILL, at moments that nobody chose, and looking at what is left."""

import asyncio
import random
import re
import sqlite3
import time
from concurrent.futures import wait
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bot.store import ENDS, IllegalTransition, NewRun, Run, RunStatus, Store
from bot.training import job
from bot.training.plan import Plan, TrainingLimits
from bot.training.workers import Workers
from model import Generator
from tests.bot.host import addresses, start
from tests.bot.stand_in import StandIn

GUILD = 400

PHASES = ("starting", "training", "saving", "publishing")

_SMALL = 200_000
"""Bytes: a state and a model are more, and what else a worker writes at one stroke is less."""
_LARGE = {"saving": 4_000_000, "publishing": 1_000_000}
"""Bytes of a state and a model of a GRU by the recipe quick, or somewhat less."""


@dataclass(frozen=True)
class Kill:
    """What became of a run whose worker was killed."""

    cut: str
    """What it was writing at that moment, and whether that was kept."""
    statuses: list[str]


async def kill_worker(database: Path, archive: bytes, phase: str, draw: random.Random) -> Kill:
    """Kill a worker in a phase of its run, have the run go on to its end, and tell how that went.

    Raises `AssertionError` where something is not as it must be.
    """
    url = f"sqlite+aiosqlite:///{database}"
    async with await Store.open(url) as store:
        # Where a model is to be caught, there are no states that could be taken for one.
        limits = TrainingLimits(save_every=3600.0 if phase == "publishing" else 0.0)
        plan = Plan(shown=("Czech",), limits=limits)
        new = NewRun(GUILD, None, None, "gru", "quick", 0, plan.model_dump(mode="json"), archive)
        run = await store.runs.request(new)
        before = await store.models.active(GUILD)
        workers = Workers()
        worker = workers.submit(job.run, url, run.id)
        process = psutil.Process(worker._process.pid)
        writing = await asyncio.to_thread(_await_moment, database, phase, process, draw)
        worker.cancel()
        await asyncio.to_thread(wait, [worker])
        with suppress(IllegalTransition):  # it was over already
            await store.runs.interrupt(run.id, "Its process was killed.")
        now = await _get(store, run)
        if now.status not in ENDS:
            assert now.status is RunStatus.INTERRUPTED
            assert await store.models.active(GUILD) == before
        await expect_whole(store, database)
        cut = _cut(writing, database) if writing else ""
        if now.status not in ENDS:
            worker = workers.submit(job.run, url, run.id)
            await asyncio.to_thread(wait, [worker])
            assert worker.exception() is None
        assert (await _get(store, run)).status in (RunStatus.SUCCEEDED, RunStatus.REJECTED)
        await expect_whole(store, database)
        expect_nothing_left(database)
        statuses = [change.status.value for change in await store.runs.changes(run.id)]
        return Kill(cut, statuses)


@dataclass(frozen=True)
class _Writing:
    """A large write that is under way."""

    written: int
    """Bytes so far."""
    kept_before: Any
    """What there was to go on from, and how many models, before it began."""


def _await_moment(database: Path, phase: str, worker: psutil.Process, draw: random.Random) -> _Writing | None:
    """Wait for a moment in a phase; where that is one large write, tell how far it is."""
    if phase in _LARGE:
        return _await_write(database, worker, draw.uniform(0, _LARGE[phase]))
    if phase == "training":
        _await_first_step(database)
    time.sleep(draw.uniform(0, 1) ** 2)
    return None


def _await_first_step(database: Path) -> None:
    begun = "SELECT json_extract(progress, '$.step') > 0 FROM runs ORDER BY id DESC LIMIT 1"
    end = time.monotonic() + 120
    with closing(sqlite3.connect(database)) as connection:
        while not connection.execute(begun).fetchone()[0]:
            assert time.monotonic() < end, "the worker did not begin"
            time.sleep(0.005)


def _await_write(database: Path, worker: psutil.Process, enough: float) -> _Writing:
    """Wait until the worker has written so much, and more than is small, while it keeps the lock.

    Nothing else writes to the database, so that it is the worker who keeps us from it.
    """
    end = time.monotonic() + 300
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        while time.monotonic() < end:
            kept = _kept(connection)
            begun = worker.io_counters().write_chars
            written = 0
            while _is_locked(connection) and written < max(_SMALL, enough):
                written = worker.io_counters().write_chars - begun
            if written > _SMALL:
                return _Writing(written, kept)
            time.sleep(0.0005)
    raise AssertionError("the worker wrote nothing large")


def _is_locked(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    connection.execute("ROLLBACK")
    return False


def _kept(connection: sqlite3.Connection) -> Any:
    return connection.execute(
        "SELECT (SELECT max(saved_at) FROM run_states), count(*) FROM models"
    ).fetchone()


def _cut(writing: _Writing, database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        is_undone = _kept(connection) == writing.kept_before
    return f"after {writing.written / 1024:.0f} KiB, which are {'undone' if is_undone else 'kept'}"


async def expect_whole(store: Store, database: Path) -> None:
    """The database is whole, and the model in use can be loaded."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    active = await store.models.active(GUILD)
    assert active is not None
    assert Generator.from_bytes(await store.models.weights(active.id)).sample("Czech", seed=0)


def expect_nothing_left(database: Path) -> None:
    """No state of a run that is over, and no file but the database's own."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM run_states").fetchone() == (0,)
        published = connection.execute("SELECT count(*) FROM models WHERE run_id IS NOT NULL").fetchone()
        ended = connection.execute("SELECT count(*) FROM runs WHERE status IN ('succeeded', 'rejected')")
        assert published == ended.fetchone()
    beside = {file.name.removeprefix(database.name) for file in database.parent.glob(f"{database.name}*")}
    assert beside <= {"", "-wal", "-shm"}


async def _get(store: Store, run: Run) -> Run:
    found = await store.runs.get(run.id)
    assert found is not None
    return found


class Siege:
    """A bot under load that is killed and started again, on one database."""

    def __init__(self, folder: Path, data_dir: Path, draw: random.Random) -> None:
        self._folder, self._data_dir, self._draw = folder, data_dir, draw
        self.database = folder / "names.db"
        self.shown: dict[int, str] = {}
        """Names that a member saw, by their IDs."""
        self.starred: set[int] = set()
        """Names that a member was told they keep."""
        self._pressed: set[int] = set()

    async def kill(self, stand_in: StandIn, seconds: float) -> None:
        """Start the bot, use it for some time, kill it, and look at what is left."""
        process = await self._start(stand_in)
        load = [asyncio.create_task(task(stand_in)) for task in (self._ask, self._star, self._teach)]
        await asyncio.sleep(seconds)
        process.kill()
        await process.wait()
        for task in load:
            task.cancel()
        await asyncio.gather(*load, return_exceptions=True)
        self.expect_all_kept()

    async def come_to_rest(self, stand_in: StandIn, seconds: float = 300) -> None:
        """Start the bot once more: each run comes to an end, and then the bot ends when it is told to."""
        process = await self._start(stand_in)
        end = time.monotonic() + seconds
        unfinished = "SELECT count(*) FROM runs WHERE finished_at IS NULL"
        while self._one(unfinished) != (0,):
            assert time.monotonic() < end, "a run is stuck"
            await asyncio.sleep(0.5)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
        self.expect_all_kept()
        expect_nothing_left(self.database)

    def changes(self) -> dict[str, int]:
        """How often runs have come to each status."""
        with closing(sqlite3.connect(self.database)) as connection:
            return dict(connection.execute("SELECT target, count(*) FROM run_changes GROUP BY target"))

    async def _start(self, stand_in: StandIn) -> asyncio.subprocess.Process:
        stand_in.identified.clear()
        environment = addresses(stand_in, self._data_dir)
        process = await start(self._folder, **environment, MEMBER_LIMITS="none", SERVER_LIMITS="none")
        await asyncio.wait_for(stand_in.identified.wait(), 60)
        return process

    async def _ask(self, stand_in: StandIn) -> None:
        while True:
            told = await stand_in.told(await stand_in.command("name", language="russian", count=5))
            names = re.findall(r"## (\w+)", told.encode().decode("unicode_escape"))
            for number, name in zip(re.findall(r"star:(\d+)", told), names, strict=True):
                self.shown[int(number)] = name

    async def _star(self, stand_in: StandIn) -> None:
        while True:
            await asyncio.sleep(0.02)
            fresh = sorted(self.shown.keys() - self._pressed)
            if not fresh:
                continue
            number = self._draw.choice(fresh)
            self._pressed.add(number)
            if '"type": 7' in await stand_in.told(await stand_in.press(f"star:{number}")):
                self.starred.add(number)

    async def _teach(self, stand_in: StandIn) -> None:
        await stand_in.command("retrain", in_server=True, recipe="quick")
        for number in range(100):
            names = "\n".join(f"Elf{chr(97 + number % 26)}{chr(97 + letter)}" for letter in range(20))
            await stand_in.told(await stand_in.submit(f"names:0:Elves {number % 7}", names=names))
            await asyncio.sleep(0.1)

    def expect_all_kept(self) -> None:
        """The database is whole; what a member was shown is in it, once."""
        with closing(sqlite3.connect(self.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            kept = dict(connection.execute("SELECT id, text FROM names"))
            stars = [number for (number,) in connection.execute("SELECT name_id FROM stars")]
            counted = dict(connection.execute("SELECT id, stars FROM names WHERE stars > 0"))
            cut = (
                "SELECT count(*) FROM categories WHERE size != "
                "(SELECT count(*) FROM category_names WHERE category_id = id)"
            )
            assert connection.execute(cut).fetchone() == (0,)
        assert self.shown.items() <= kept.items(), "a name that was shown is not in the history"
        assert self.starred <= set(stars) <= self._pressed, "a star is lost"
        assert counted == dict.fromkeys(stars, 1), "a star is counted twice, or not"

    def _one(self, query: str) -> Any:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchone()
