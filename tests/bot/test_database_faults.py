"""When the database is locked, read-only or full: each command is answered, and works again afterwards."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from bot.naming import Naming
from bot.store import NewRun, Run, RunStatus, Scope, Uses
from bot.training import job
from bot.training.plan import Plan, TrainingLimits, Wish
from bot.training.trainer import Trainer
from model import Corpus, Generator
from tests.bot import straits
from tests.bot.test_app import break_down
from tests.bot.test_datasets import ELVES, add
from tests.bot.test_training import latest
from tests.bot.world import Waiting, World, buttons_of, names_on, text_of

TOLD = "The database can't be used at the moment. Try again in a minute."
MANY = "\n".join("El" + "".join(end) for end in product("abcdefghijklm", repeat=3)).encode()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for what these tests keep from them."""
    monkeypatch.setattr("bot.app._PATIENCE_TO_WRITE", 0.02)
    monkeypatch.setattr(job, "_PATIENCE_TO_WRITE", 0.02)
    monkeypatch.setattr(job, "_PAUSE", 0.02)
    monkeypatch.setattr(job, "_BEAT", 0.02)


class Faults:
    """What may be the matter with a database, each for as long as one is within it."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._pragmas: dict[str, str] = {}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process has the lock, and does not give it back."""
        with straits.locked(self._database):
            yield

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """SQLite refuses to write. The file's mode would not hinder root, who may run the tests."""
        self._pragmas["query_only"] = "ON"
        yield
        self._pragmas["query_only"] = "OFF"

    @contextmanager
    def full(self) -> Iterator[None]:
        """The file can't grow: SQLite takes one page for as many as it has."""
        self._pragmas["max_page_count"] = "1"
        yield
        self._pragmas["max_page_count"] = "1000000"

    def begin(self, connection: Connection) -> None:
        """Bring a connection of the program's into the state that there is now."""
        for pragma, value in self._pragmas.items():
            connection.exec_driver_sql(f"PRAGMA {pragma} = {value}")


@pytest.fixture
def faults(tmp_path: Path) -> Iterator[Faults]:
    faults = Faults(tmp_path / "names.db")
    event.listen(Engine, "begin", faults.begin)
    yield faults
    event.remove(Engine, "begin", faults.begin)


WRITES_REFUSED = pytest.mark.parametrize("fault", [Faults.locked, Faults.read_only])


async def ask(world: World) -> Any:
    return (await world.alice.slash(world.channel, "name", language="russian", count=10)).response


@WRITES_REFUSED
async def test_names_are_made_all_the_same_and_not_kept(world: World, faults: Faults, fault: Any) -> None:
    with fault(faults):
        unkept = await ask(world)
    kept = await ask(world)

    assert len(names_on(unkept)) == len(names_on(kept)) == 10
    assert "could not be kept" in text_of(unkept)
    assert "could not be kept" not in text_of(kept)
    assert "Again" in buttons_of(kept)
    assert await world.bot.store.history.names_made() == 10


async def test_a_name_waits_for_the_lock_twice_and_no_longer_than_the_bot_does(
    world: World, traced: list[str]
) -> None:
    await ask(world)

    waits = [statement for statement in traced if "busy_timeout" in statement]
    assert waits == ["PRAGMA busy_timeout = 20;"] * 2


async def test_a_full_database_keeps_what_it_has_room_for(world: World, faults: Faults) -> None:
    with faults.full():
        cards = [await ask(world)]
        while "could not be kept" not in text_of(cards[-1]):
            assert len(cards) < 50, "it is not full"
            cards.append(await ask(world))
        refused = await add(world, "Elves.txt", MANY)
        shown = (await world.bob.slash(world.channel, "history")).response

    assert text_of(refused) == TOLD
    assert "Russian" in text_of(shown)
    assert all(len(names_on(card)) == 10 for card in cards)
    assert await world.bot.store.history.names_made() == 10 * (len(cards) - 1)
    assert "could not be kept" not in text_of(await ask(world))
    assert "2,197 names taken" in text_of(await add(world, "Elves.txt", MANY))


def told(reply: Any) -> str:
    """The last that a member was told in answer to one thing."""
    return text_of(reply.followups[-1] if reply.followups else reply.response)


@WRITES_REFUSED
async def test_what_can_not_be_done_is_told_and_works_again(
    world: World, faults: Faults, fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    names = await ask(world)
    name = (await world.bot.store.history.page(Scope.guild(world.guild.id))).entries[0]
    question = (await world.bob.slash(world.channel, "privacy")).response
    question = (await world.bob.click(question, label="Delete…")).response

    async def everything() -> list[Any]:
        form = await world.boss.slash(world.channel, "dataset add", category="Elves")
        return [
            await world.bob.click(names, custom_id=f"star:{name.id}"),
            await world.bob.click(question, label="Yes, erase all of it"),
            await world.boss.submit_modal(form, {"names": "\n".join(ELVES)}),
            await world.boss.slash(world.channel, "dataset add", file=("Dwarves.txt", MANY)),
            await world.boss.slash(world.channel, "dataset use", collection="names"),
            await world.boss.slash(world.channel, "retrain", recipe="quick"),
        ]

    with fault(faults):
        refused = await everything()
        assert "Russian" in text_of((await world.bob.slash(world.channel, "history")).response)
    assert [told(reply) for reply in refused] == [TOLD] * len(refused)
    assert caplog.text.count(" failed: The database can't be written: ") == len(refused)
    assert "Traceback" not in caplog.text

    answers = [told(reply) for reply in await everything()]

    assert not [answer for answer in answers if TOLD in answer]
    run = await world.bot.store.runs.latest(world.guild.id)
    assert run is not None
    assert run.requested_by == world.boss.id


async def test_a_failure_is_not_refunded_where_nothing_could_be_charged(
    world: World, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refund would wait for the lock again, and Discord does not wait so long."""
    monkeypatch.setattr(Naming, "make", break_down)
    refunded: list[str] = []

    async def refund(_uses: Uses, key: str, _at: object) -> bool:
        refunded.append(key)
        return True

    monkeypatch.setattr(Uses, "refund", refund)
    with faults.locked():
        card = await ask(world)

    assert "went wrong on our side" in text_of(card)
    assert refunded == []
    world.expected_errors = 1


class Idle(Executor):
    """One that takes on jobs and never begins them."""

    is_shut_down = False

    def submit(self, *_args: Any, **_options: Any) -> Future[Any]:
        return Future()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        assert wait
        assert cancel_futures
        self.is_shut_down = True


async def test_the_worker_is_ended_with_the_bot_though_that_can_not_be_noted(
    world: World, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    bot, executor = world.bot, Idle()
    trainer = Trainer(
        world.settings.database_url,
        bot.datasets,
        bot.store,
        bot.generators,
        limits=TrainingLimits(),
        executor=executor,
    )
    run = await trainer.request(world.guild.id, Wish(), requested_by=None, channel_id=None)
    await world.until(lambda: trainer._is_sent(run.id))

    with faults.locked():
        await trainer.close()

    assert executor.is_shut_down
    assert "could not be interrupted: The database can't be written" in caplog.text


async def test_that_a_server_was_left_is_noted_when_it_can_be(
    world: World, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    world.bot.trainer._executor = Waiting()
    await world.boss.slash(world.channel, "retrain")

    with faults.locked():
        await world.bot.get_guild(world.guild.id).leave()
        await world.env.settle()
    assert caplog.text.count("could not be noted yet: The database can't be written") == 1
    assert "Traceback" not in caplog.text
    await world.env.advance_time(30)
    await world.until(world.is_idle)

    run = await latest(world)
    assert run.status is RunStatus.CANCELLED
    assert run.error == "The bot is not in this server any more."
    assert await world.bot.store.privacy.departed() == {world.guild.id}


class Training:
    """A run that its job does here; what the network would do meanwhile is the test's to say."""

    def __init__(self, world: World, archive: bytes, caplog: pytest.LogCaptureFixture) -> None:
        self._world, self._archive, self._caplog = world, archive, caplog

    async def queue(self) -> Run:
        plan = Plan(limits=TrainingLimits(memory_mib=10**6)).model_dump(mode="json")
        new = NewRun(self._world.guild.id, None, None, "gru", "quick", 0, plan, self._archive)
        return await self._world.bot.store.runs.request(new)

    async def run(self, run: Run) -> Run:
        """Do it, and tell how it ended."""
        await job._run(self._world.settings.database_url, run.id)
        ended = await self._world.bot.store.runs.get(run.id)
        assert ended is not None
        return ended

    def wait_for(self, line: str) -> None:
        """Wait, in a thread, until the log says so."""
        end = time.monotonic() + 30
        while line not in self._caplog.text:
            assert time.monotonic() < end, f"not said: {line}"
            time.sleep(0.005)


@pytest.fixture
def training(world: World, data_dir: Path, caplog: pytest.LogCaptureFixture) -> Training:
    return Training(world, Corpus.read(data_dir).to_zip(), caplog)


async def test_a_training_outlasts_a_locked_database(
    training: Training, faults: Faults, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = ExitStack()

    def train(*_args: object, **_options: object) -> Generator:
        with faults.locked():
            training.wait_for("could not report")
        locks.enter_context(faults.locked())  # for the end of the run
        return generator

    def hold() -> None:
        with faults.locked():
            held.set()
            training.wait_for("can't begin yet")
        training.wait_for("can't be ended as")
        locks.close()

    queued, held = await training.queue(), threading.Event()
    monkeypatch.setattr(job, "train", train)
    holding = asyncio.create_task(asyncio.to_thread(hold))
    await asyncio.to_thread(held.wait)

    ended = await training.run(queued)
    await holding

    assert ended.status is RunStatus.SUCCEEDED
    assert ended.attempt == 0
    assert ended.model_id is not None


async def test_a_training_that_finds_the_database_full_fails_with_a_sentence(
    world: World,
    training: Training,
    faults: Faults,
    generator: Generator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = await world.bot.store.models.active(world.guild.id)
    filled = ExitStack()

    def train(*_args: object, **_options: object) -> Generator:
        filled.enter_context(faults.full())
        return generator

    monkeypatch.setattr(job, "train", train)
    monkeypatch.setattr(job, "_PATIENCE", 0.0)

    with filled:
        ended = await training.run(await training.queue())
        names = await ask(world)

    assert ended.status is RunStatus.FAILED
    assert ended.error == "The database could not be used: the host's log says why."
    assert f"error {ended.error_id}: run {ended.id} failed" in caplog.text
    assert "database or disk is full" in caplog.text
    assert len(names_on(names)) == 10
    assert await world.bot.store.models.active(world.guild.id) == before
    monkeypatch.setattr(job, "train", lambda *_args, **_options: generator)
    assert (await training.run(await training.queue())).status is RunStatus.SUCCEEDED
