"""Copies of an SQLite database, made while others use it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from bot.store import sqlite
from bot.store.errors import StoreError


def back_up(url: URL, copy: Path) -> None:
    """Copy a database to a file, as it is at one moment; others may use it meanwhile.

    What was in the file before is there until the copy is whole. Raises `StoreError` if there can be no
    copy: with what to do instead for another database than SQLite.
    """
    database = sqlite.file_of(url)
    if database is None:
        raise StoreError(
            f"Only an SQLite file is copied, not {url.render_as_string()}: use what comes with the "
            "database, as pg_dump does for PostgreSQL."
        )
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    try:
        if copy.exists() and copy.samefile(database):
            raise StoreError(f"{copy} is the database itself: give the copy another name.")
        _copy(database, unfinished)
        unfinished.replace(copy)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{database} can't be copied to {copy}: {error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(database: Path, copy: Path) -> None:
    """By SQLite's online backup: https://sqlite.org/backup.html."""
    copy.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)  # all pages in one step: one moment, and nobody who writes waits for it
        target.execute("PRAGMA journal_mode = DELETE")  # one file, which a read-only place may hold
        if (verdict := target.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(f"it is damaged, {verdict}")
    with copy.open("rb") as file:
        os.fsync(file.fileno())
