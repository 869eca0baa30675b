"""How SQLite is used: the place with SQL that other databases would not understand.

SQLAlchemy's guide to this: https://docs.sqlalchemy.org/en/20/dialects/sqlite.html
"""

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    String,
    UnaryExpression,
    column,
    event,
    table,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.util import await_only

from bot.store.errors import StoreError

_T = TypeVar("_T")

OLDEST_VERSION = (3, 35)
"""The first SQLite that has RETURNING, by which new rows tell their IDs. Of March 2021."""

_PRAGMAS = (
    # Milliseconds to wait for another process's lock; a write says how long anew. First, so that it
    # covers what follows.
    "busy_timeout = 5000",
    # Readers go on while another process writes.
    "journal_mode = WAL",
    # Every commit is flushed to the disk. NORMAL, which is often recommended with WAL, flushes only
    # at checkpoints: a power cut then undoes the last commits, names that were already shown.
    "synchronous = FULL",
    # The same on macOS, whose plain fsync leaves the data in the drive's cache. A no-op elsewhere.
    "fullfsync = ON",
)

_SHORTEST_SEARCH = 3  # letters, as many as the index goes by

TEXT_SEARCH = (
    "CREATE VIRTUAL TABLE names_text USING fts5(folded, place, content='', tokenize='trigram')",
    """
    CREATE TRIGGER names_text_insert AFTER INSERT ON names WHEN new.guild_id IS NOT NULL BEGIN
        INSERT INTO names_text (rowid, folded, place)
        VALUES (new.id, new.folded, printf('%03x', new.guild_id >> 22 & 4095));
    END
    """,
    """
    CREATE TRIGGER names_text_delete AFTER DELETE ON names WHEN old.guild_id IS NOT NULL BEGIN
        INSERT INTO names_text (names_text, rowid, folded, place)
        VALUES ('delete', old.id, old.folded, printf('%03x', old.guild_id >> 22 & 4095));
    END
    """,
)
"""An index of the guilds' names by any three letters in a row, kept in step by triggers.

So that a small guild's search need not look at every other guild's names, each name is also indexed
by a `place`: twelve bits of its guild's ID, from the part of that which is a time in milliseconds.
https://sqlite.org/fts5.html#the_trigram_tokenizer
"""


def status_guard(allowed: str) -> str:
    """The trigger that refuses a run's change of status unless it is in a list of 'source>target'."""
    return f"""
    CREATE TRIGGER runs_status BEFORE UPDATE OF status ON runs
    WHEN old.status || '>' || new.status NOT IN ({allowed}) BEGIN
        SELECT RAISE(ABORT, 'a run can not change so');
    END
    """


_NAMES_TEXT = table("names_text", column("rowid", Integer), column("names_text", String))

FOUND_ID: ColumnElement[int] = _NAMES_TEXT.c.rowid
"""The ID of a name that the text search has found. It finds them in this order, either way."""


def is_searchable(folded: str) -> bool:
    """Whether the text search can find this part of a folded name."""
    return len(folded) >= _SHORTEST_SEARCH


def is_found(folded: str, guild_id: int) -> ColumnElement[bool]:
    """Say that the text search finds this part of a name, in a guild.

    It may find names of other guilds too, so the name must be compared with the guild besides.
    """
    phrase = folded.replace('"', '""')
    place = f"{guild_id >> 22 & 4095:03x}"
    return _NAMES_TEXT.c.names_text.op("MATCH", is_comparison=True)(
        f'folded : "{phrase}" AND place : "{place}"'
    )


def unindexed(compared: InstrumentedAttribute[_T]) -> ColumnElement[_T]:
    """Have a column compared, but not looked up in an index.

    SQLite can't know how few names a text is in, and would rather look for the guild's. See
    https://sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    """
    return UnaryExpression(compared.expression, operator=custom_op("+"), type_=compared.expression.type)


def is_sqlite(url: URL) -> bool:
    """Whether the URL is of an SQLite database."""
    return url.get_backend_name() == "sqlite"


def is_in_memory(url: URL) -> bool:
    """Whether the URL is of an SQLite database that ends with the process."""
    return is_sqlite(url) and (
        not url.database or ":memory:" in url.database or url.query.get("mode") == "memory"
    )


def require_file(url: URL, *, make: bool) -> None:
    """Raise `OSError` if the database's file can't be opened; with `make`, make it and its folder.

    Connecting would find it out too, but a connection of aiosqlite that fails leaves behind a thread
    which may print a traceback of its own. A file that is there is not opened: to close it would give
    up the locks of all connections that this process has, and another process could then delete the
    write-ahead log under them. See https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    file = file_of(url)
    if file is None:
        return
    if not file.exists() and make:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for cause, is_so in (
        (errno.ENOENT, not file.exists()),
        (errno.EISDIR, file.is_dir()),
        (errno.EACCES, not os.access(file, os.R_OK | os.W_OK if make else os.R_OK)),
    ):
        if is_so:
            raise OSError(cause, os.strerror(cause), str(file))


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for any other, and for one that is given as a URI."""
    if not is_sqlite(url) or not url.database or url.database.startswith("file:"):
        return None
    return Path(url.database)


def configure(engine: Engine, *, enforce_foreign_keys: bool = True) -> None:
    """Set up each new connection of an engine, and let SQLAlchemy alone begin its transactions.

    A connection with the execution option `writes=True` takes the write lock as it begins. One that
    reads first and asks for the lock later is refused at once, whatever the busy timeout, if
    another has written in between: its snapshot is stale. It waits for the lock for the option
    `patience`, in seconds.
    """
    foreign_keys = f"foreign_keys = {'ON' if enforce_foreign_keys else 'OFF'}"

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # The driver's own habit is to begin before some statements and not before others.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            for pragma in (*_PRAGMAS, foreign_keys):
                cursor.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()  # the pool hasn't taken charge of it yet
            raise
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        script = "BEGIN IMMEDIATE" if options.get("writes") else "BEGIN"
        if "patience" in options:
            script = f"PRAGMA busy_timeout = {options['patience'] * 1000:.0f}; {script}"
        # At one go: every statement by itself takes three or four trips to the driver's thread.
        driver: Any = connection.connection.driver_connection  # of aiosqlite
        try:
            await_only(driver.executescript(script))
        except sqlite3.Error as error:
            raise OperationalError(script, None, error) from error


def require_version() -> None:
    """Raise `StoreError` if Python was built with an SQLite that is too old."""
    if sqlite3.sqlite_version_info < OLDEST_VERSION:
        needed = ".".join(map(str, OLDEST_VERSION))
        raise StoreError(
            f"Python uses SQLite {sqlite3.sqlite_version} here, but {needed} or newer is needed: "
            f"install a newer Python, or give a PostgreSQL database instead."
        )


def check_foreign_keys(connection: Connection) -> None:
    """Raise `StoreError` if a row refers to one that isn't there, where nothing prevented it."""
    if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise StoreError(
            f"The database has {len(orphans)} rows that refer to missing ones, "
            f"the first in the table {orphans[0].table}: restore a backup."
        )


def check_integrity(connection: Connection) -> None:
    """Raise `StoreError` if the file is damaged. Reads all of it."""
    if (verdict := connection.exec_driver_sql("PRAGMA integrity_check").scalars().first()) != "ok":
        raise StoreError(f"The database is damaged, {verdict}: restore a backup.")
