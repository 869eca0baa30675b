"""The worlds that the bot's tests run in, and a model that learned for them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import AdaptedConnection, Engine, event

from bot import app
from bot.decency import Decency
from bot.settings import Settings
from bot.training import trainer
from bot.training.plan import Wish
from model import Corpus, Generator, train
from model.networks import GruConfig
from model.recipes import RECIPES, Batched
from tests.bot.world import Waiting, World, close_world, open_world, publish


@pytest.fixture(scope="session", autouse=True)
def _lists_of_words_are_read_once() -> Iterator[None]:
    """They take as long as all else that a bot does when it starts, and are the same for each."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(app, "Decency", cache(Decency))
        yield


@pytest.fixture(scope="session")
def generator(data_dir: Path) -> Generator:
    """A generator that has learned the three languages well enough to spell like them."""
    return train(Corpus.read(data_dir), GruConfig(hidden=48), Batched(epochs=40), threads=1)


@pytest.fixture
def settings(tmp_path: Path, data_dir: Path) -> Settings:
    return Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/names.db", data_dir=data_dir)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, generator: Generator) -> Path:
    """A database with a base model, to copy: that is quicker than to migrate another."""
    file = tmp_path_factory.mktemp("published") / "names.db"
    asyncio.run(publish(Settings(database_url=f"sqlite+aiosqlite:///{file}"), generator))
    return file


@pytest.fixture
def ready(settings: Settings, tmp_path: Path, published: Path) -> Settings:
    """The settings of a bot whose database has a base model."""
    shutil.copy(published, tmp_path / "names.db")
    return settings


@pytest_asyncio.fixture
async def world(ready: Settings) -> AsyncIterator[World]:
    """The bot with a base model, ready to answer."""
    opened = await open_world(ready)
    yield opened
    await close_world(opened)


@pytest_asyncio.fixture
async def new_world(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The bot at its very first start: there is no model yet, and a rough one is on its way."""
    monkeypatch.setattr(trainer, "AS_USUAL", Wish(recipe="quick"))
    opened = await open_world(settings)
    yield opened
    await close_world(opened)


@pytest.fixture
def training_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the bots that are opened train in a thread, which begins sooner than a process, and roughly.

    For tests of what does not need a process of its own, nor a good model: its end, say.
    """
    monkeypatch.setattr(app, "Workers", lambda _: ThreadPoolExecutor(1))
    monkeypatch.setitem(RECIPES, "quick", replace(RECIPES["quick"], epochs=4))


@pytest.fixture
def no_training_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have trainings wait in the bots that are opened."""
    monkeypatch.setattr(app, "Workers", lambda _: Waiting())


@pytest.fixture
def traced() -> Iterator[list[str]]:
    """What SQLite is made to run meanwhile, whichever connection it is sent over."""
    statements: list[str] = []

    def trace(connection: AdaptedConnection, *_: object) -> None:
        connection.run_async(lambda driver: driver.set_trace_callback(statements.append))

    event.listen(Engine, "checkout", trace)
    yield statements
    event.remove(Engine, "checkout", trace)
