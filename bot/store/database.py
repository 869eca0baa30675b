"""The connection to the database: opening it, and the two kinds of transaction."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from typing import Self

from alembic.util import CommandError
from sqlalchemy import URL, NullPool, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.store import backup, postgresql, schema, sqlite
from bot.store.errors import StoreError

log = logging.getLogger(__name__)


class Database:
    """An open database. `read` and `write` are the only ways to it."""

    def __init__(self, engine: AsyncEngine, patience: float) -> None:
        """Take over an engine; `open` is the usual way to make one of these."""
        self._engine = engine
        self._patience = patience
        self._last_write_failed = False
        # SQLite has one writer at a time, and those who wait for it poll, with growing pauses. In
        # this process they queue instead: each is served in its turn, as soon as it can be.
        self._turn: AbstractAsyncContextManager[object] = asyncio.Lock() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is an SQLite database, whose text search there is then to use."""
        return sqlite.is_sqlite(self._engine.url)

    @classmethod
    async def open(cls, address: str, *, migrate: bool, patience: float) -> Self:
        """Connect to the database at an SQLAlchemy URL, and see that its schema is this version's.

        With `migrate`, make an SQLite file's folder and bring the schema up to date. A write waits for
        other processes' for `patience` seconds, on SQLite. Raises `StoreError`, with a sentence for the
        host, if the database can't be used.
        """
        url = _parse(address)
        try:
            if sqlite.is_sqlite(url):
                sqlite.require_version()
                sqlite.require_file(url, make=migrate)
            await (_migrate(url) if migrate else _require_current_schema(url))
        except (SQLAlchemyError, CommandError, OSError) as error:
            raise StoreError(
                f"The database {url.render_as_string()} can't be opened: {_reason(error)}."
            ) from error
        return cls(_engine(url), patience)

    async def check(self) -> None:
        """Read an SQLite file whole, and of another database whether it answers.

        Raises `StoreError` if something is wrong with it.
        """
        with _translating_errors("read"):
            async with self._engine.connect() as connection:
                if self.is_sqlite:
                    await connection.run_sync(sqlite.check_integrity)
                    await connection.run_sync(sqlite.check_foreign_keys)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Begin a transaction that only reads: it sees one state of the database throughout.

        Raises `StoreError` if the database fails.
        """
        with _translating_errors("read"):
            async with AsyncSession(self._engine) as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Begin a transaction that may write. When the block is left, it is on the disk.

        If an exception leaves the block, nothing has changed. Raises `StoreError` if the database
        fails; an `IntegrityError` is let through, for the caller knows what it means.
        """
        asked_at = time.monotonic()
        async with self._turn:
            engine = self._engine.execution_options(writes=True, patience=self._patience_since(asked_at))
            try:
                with _translating_errors("written"):
                    async with (
                        AsyncSession(engine, expire_on_commit=False) as session,
                        session.begin(),
                    ):
                        yield session
            except StoreError:
                self._last_write_failed = True
                raise
            self._last_write_failed = False

    def _patience_since(self, asked_at: float) -> float:
        """How many seconds a write that was asked for then may wait for other processes.

        While another process keeps the lock, those that queued here have waited for it already: if
        each began to wait when its turn came, the last would wait for the sum.
        """
        if not self._last_write_failed:
            return self._patience
        return max(0.0, self._patience - (time.monotonic() - asked_at))


async def take_turns(session: AsyncSession, *keys: str) -> None:
    """Keep other transactions that take one of these turns waiting until this one ends.

    For what no constraint can watch over, such as how many rows there are. SQLite lets only one
    transaction write anyway.
    """
    if postgresql.is_postgresql(session.get_bind().engine.url):
        for key in sorted(keys):  # in one order, so that no two wait for each other
            await session.execute(postgresql.turn(key))


def _parse(address: str) -> URL:
    try:
        url = make_url(address)
    except (SQLAlchemyError, ValueError) as error:
        # The address is not repeated: there may be a password in it.
        raise StoreError(
            "The database URL can't be understood: give one such as sqlite+aiosqlite:///var/namesmith.db."
        ) from error
    if sqlite.is_in_memory(url):
        raise StoreError(
            "A database in memory can't be shared with the training process: "
            "give a file, such as sqlite+aiosqlite:///var/namesmith.db."
        )
    return url


def _engine(url: URL, *, migrating: bool = False) -> AsyncEngine:
    try:
        # A connection for migrating is used once; NullPool closes it at the end of its transaction.
        engine = create_async_engine(url, poolclass=NullPool if migrating else None)
    except (SQLAlchemyError, ImportError) as error:
        raise StoreError(
            f"There is no asynchronous driver for {url.drivername}: use sqlite+aiosqlite, or "
            f"postgresql+asyncpg with asyncpg installed. ({error})"
        ) from error
    if sqlite.is_sqlite(url):
        sqlite.configure(engine.sync_engine, enforce_foreign_keys=not migrating)
    return engine


async def _migrate(url: URL) -> None:
    """Migrate in one transaction, over a connection of its own, after a backup of what is there.

    On SQLite that one doesn't enforce foreign keys until the end: to alter a table there is to copy
    it and drop it, and dropping it would delete all rows that refer to it.
    """
    async with _engine(url, migrating=True).execution_options(writes=True).begin() as connection:
        older = await connection.run_sync(schema.older)
        if older is not None and (file := sqlite.file_of(url)) is not None:
            # In the transaction, so that nobody writes between the copy and the migration.
            copy = file.with_name(f"{file.name}.{older}.backup")
            await asyncio.to_thread(backup.back_up, url, copy)
            log.info("%s is as it was before the migration from schema %s", copy, older)
        await connection.run_sync(schema.migrate)
        if sqlite.is_sqlite(url):
            await connection.run_sync(sqlite.check_foreign_keys)


async def _require_current_schema(url: URL) -> None:
    async with _engine(url, migrating=True).connect() as connection:
        await connection.run_sync(schema.require_current)


@contextmanager
def _translating_errors(done: str) -> Iterator[None]:
    """Turn a failure of the database into a `StoreError`."""
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeoutError) as error:
        raise StoreError(f"The database can't be {done}: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """Say what the driver said, without the statement's parameters, which are members' data."""
    return str(error.orig if isinstance(error, DBAPIError) else error).rstrip(".")
