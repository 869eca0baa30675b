"""A store on a real file, and one specimen of each thing to put in; tests vary it by `replace`."""

import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from bot.store import BASE, NewGeneration, NewModel, NewName, NewRun, Progress, Store, schema


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "namesmith.db"


@pytest.fixture
def url(path: Path) -> str:
    """The address of that database."""
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy, which takes a fraction of the time of migrating another."""
    file = tmp_path_factory.mktemp("template") / "template.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        schema.migrate(connection)
    engine.dispose()
    return file


@pytest.fixture
async def store(template: Path, path: Path, url: str) -> AsyncIterator[Store]:
    """An empty store."""
    shutil.copy(template, path)
    async with await Store.open(url) as store:
        yield store


@pytest.fixture
async def other_store(store: Store, url: str) -> AsyncIterator[Store]:
    """A second store on the same file, as another process would have it."""
    assert store
    async with await Store.open(url) as other:
        yield other


@pytest.fixture
def sent() -> Iterator[list[tuple[str, Sequence[object]]]]:
    """What has been sent to any database, with its parameters."""
    statements: list[tuple[str, Sequence[object]]] = []

    def listen(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: Sequence[object],
        *_rest: object,
    ) -> None:
        statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", listen)
    yield statements
    event.remove(Engine, "before_cursor_execute", listen)


@pytest.fixture
def new_model() -> NewModel:
    """A base model."""
    return NewModel(
        guild_id=BASE,
        run_id=None,
        trained_by=None,
        network="gru",
        held_out_loss=1.7,
        metadata={"alphabet": "abcš", "sizes": [1, 2]},
        weights=bytes(range(256)),
    )


@pytest.fixture
async def new_generation(store: Store, new_model: NewModel) -> NewGeneration:
    """An answer to keep, of a model that is there."""
    model = await store.models.publish(new_model, activate=True)
    return NewGeneration(
        guild_id=1,
        channel_id=2,
        user_id=3,
        language="Russian",
        letters="rus",
        count=3,
        temperature=0.8,
        seed=42,
        model_id=model.id,
        names=(
            NewName(text="Rovakov", log_prob=-15.2, novel=True),
            NewName(text="Uantov", log_prob=-14.0, novel=True),
            NewName(text="Šavakov", log_prob=-13.5, novel=False),
        ),
    )


@pytest.fixture
def new_run() -> NewRun:
    """A run to ask for."""
    return NewRun(
        guild_id=1,
        requested_by=3,
        channel_id=2,
        network="gru",
        recipe="default",
        seed=0,
        options={"epochs": 3, "categories": ["Elvish"]},
        archive=b"PK a corpus",
    )


@pytest.fixture
def progress() -> Progress:
    """How far a job may be."""
    return Progress(
        epoch=1,
        epochs=3,
        step=10,
        steps=30,
        train_loss=2.5,
        validation_loss=None,
        elapsed=1.5,
        remaining=3.0,
        loss_curve=({"step": 5, "train": 3.0}, {"step": 10, "train": 2.5}),
    )
