"""Opening a database, its two kinds of transaction, and what happens when it fails."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import ClauseElement, make_url, text
from sqlalchemy.dialects import postgresql

from bot.store import NewGeneration, NewModel, NewName, Scope, Store, StoreError
from bot.store.database import Database, take_turns


def files(folder: Path) -> set[str]:
    """List what a folder holds."""
    return {file.name for file in folder.iterdir()}


@pytest.fixture
def letter(path: Path) -> Path:
    """A file of another kind, where the database is to be."""
    path.write_text("A letter to the king, and not a database at all. " * 100)
    return path


class TestOpening:
    async def test_the_folder_is_made(self, tmp_path: Path) -> None:
        file = tmp_path / "var" / "lib" / "namesmith.db"

        async with await Store.open(f"sqlite+aiosqlite:///{file}"):
            assert file.is_file()

    async def test_a_file_may_be_given_as_a_uri(self, tmp_path: Path) -> None:
        file = tmp_path / "namesmith.db"

        async with await Store.open(f"sqlite+aiosqlite:///file:{file}?uri=true"):
            assert file.is_file()

        assert files(tmp_path) == {"namesmith.db"}

    async def test_closing_leaves_one_file(self, url: str, tmp_path: Path) -> None:
        async with await Store.open(url) as store:
            await store.history.names_made()

        assert files(tmp_path) == {"namesmith.db"}

    async def test_opening_another_does_not_give_up_the_locks_of_one_that_is_open(
        self, store: Store, url: str, path: Path, new_model: NewModel
    ) -> None:
        await store.models.publish(new_model, activate=True)
        async with await Store.open(url):
            pass
        # Another process that takes itself for the last one deletes the write-ahead log as it closes.
        look = f"import sqlite3; sqlite3.connect({str(path)!r}).execute('SELECT 1 FROM models').fetchall()"

        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", look], check=True)

        assert path.with_name(f"{path.name}-wal").exists()

    @pytest.mark.parametrize(
        ("address", "sentence"),
        [
            ("var/namesmith.db", "can't be understood: give one such as sqlite"),
            ("", "can't be understood"),
            ("postgresql+asyncpg://bot:hunter2@host:port/names", "can't be understood"),
            ("sqlite+aiosqlite://", "in memory can't be shared"),
            ("sqlite+aiosqlite:///:memory:", "in memory can't be shared"),
            ("sqlite+aiosqlite:///file:names?mode=memory&uri=true", "in memory can't be shared"),
            ("sqlite:///namesmith.db", "no asynchronous driver for sqlite:"),
            ("oracle9+nosuch://bot:hunter2@host/names", r"no asynchronous driver for oracle9\+nos"),
            (
                "mysql+asyncmy://bot:hunter2@host/names",
                r"no asynchronous driver for mysql\+asyncmy",
            ),
        ],
    )
    async def test_an_address_that_will_not_do(self, address: str, sentence: str) -> None:
        with pytest.raises(StoreError, match=sentence) as refusal:
            await Store.open(address)

        assert "hunter2" not in str(refusal.value)

    @pytest.mark.parametrize("migrate", [True, False])
    async def test_a_file_that_is_no_database(self, letter: Path, url: str, migrate: bool) -> None:
        with pytest.raises(StoreError, match=r"namesmith\.db can't be opened: .*not a database\.$"):
            await Store.open(url, migrate=migrate)

    async def test_a_file_where_a_folder_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "var").touch()

        with pytest.raises(StoreError, match=r"can't be opened: .* exists"):
            await Store.open(f"sqlite+aiosqlite:///{tmp_path}/var/namesmith.db")

    async def test_a_folder_where_a_file_should_be(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"can't be opened: .* Is a directory"):
            await Store.open(f"sqlite+aiosqlite:///{tmp_path}")

    async def test_a_worker_makes_no_file(self, url: str, path: Path) -> None:
        with pytest.raises(StoreError, match=r"can't be opened: .* No such file"):
            await Store.open(url, migrate=False)

        assert files(path.parent) == set()

    async def test_an_sqlite_that_is_too_old(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))

        with pytest.raises(StoreError, match=r"3\.35 or newer is needed"):
            await Store.open(url)


@pytest.fixture
async def database(store: Store, url: str) -> AsyncIterator[Database]:
    """The same database, from beneath."""
    assert store
    database = await Database.open(url, migrate=False, patience=5.0)
    yield database
    await database.close()


class TestTransactions:
    async def test_each_connection_is_set_up(self, database: Database) -> None:
        expected = {
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "fullfsync": 1,
            "foreign_keys": 1,
            "busy_timeout": 5000,
        }
        async with database.read() as one, database.read() as other, database.write() as third:
            for session in (one, other, third):
                found = {pragma: await session.scalar(text(f"PRAGMA {pragma}")) for pragma in expected}
                assert found == expected

    async def test_a_read_sees_one_state_throughout(
        self, store: Store, database: Database, new_generation: NewGeneration
    ) -> None:
        count = text("SELECT count(*) FROM names")
        async with database.read() as session:
            assert await session.scalar(count) == 0
            await store.history.keep(new_generation)
            assert await session.scalar(count) == 0
        async with database.read() as session:
            assert await session.scalar(count) == 3

    async def test_a_write_has_the_lock_from_its_first_statement(
        self, database: Database, path: Path
    ) -> None:
        """Even if that only reads: what it then writes can't have been overtaken."""
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        async with database.write() as session:
            await session.scalar(text("SELECT count(*) FROM names"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.close()

    async def test_a_read_does_not_hinder_a_write(self, database: Database, path: Path) -> None:
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        async with database.read() as session:
            await session.scalar(text("SELECT count(*) FROM names"))
            other.execute("BEGIN IMMEDIATE")
        other.close()

    async def test_what_is_written_before_an_exception_is_undone(
        self, store: Store, database: Database, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)

        async def fail_in_the_middle() -> None:
            async with database.write() as session:
                await session.execute(text("DELETE FROM names"))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail_in_the_middle()

        assert await store.history.generation(kept.id) == kept

    async def test_two_processes_may_write_at_once(
        self, store: Store, other_store: Store, new_generation: NewGeneration
    ) -> None:
        kept = await asyncio.gather(
            *(either.history.keep(new_generation) for either in [store, other_store] * 20)
        )

        page = await store.history.page(Scope.guild(1), size=1000)
        assert {entry.id for entry in page.entries} == {
            name.id for generation in kept for name in generation.names
        }
        assert len(page.entries) == 40 * 3


class Listener:
    """Stands for a session of PostgreSQL, and hears what is executed."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def get_bind(self) -> SimpleNamespace:
        return SimpleNamespace(engine=SimpleNamespace(url=make_url("postgresql+asyncpg://host/names")))

    async def execute(self, statement: ClauseElement) -> None:
        literally = {"literal_binds": True}
        self.heard.append(str(statement.compile(dialect=postgresql.dialect(), compile_kwargs=literally)))


class TestTurns:
    async def test_where_transactions_write_side_by_side_they_are_taken_in_one_order(self) -> None:
        session = Listener()

        await take_turns(session, "member:3", "guild:1")  # type: ignore[arg-type]  # it only listens

        assert session.heard == [
            f"SELECT pg_advisory_xact_lock(hashtextextended('{key}', 0)) AS pg_advisory_xact_lock_1"
            for key in ("guild:1", "member:3")
        ]

    async def test_sqlite_needs_none(
        self, database: Database, sent: list[tuple[str, Sequence[object]]]
    ) -> None:
        async with database.write() as session:
            await take_turns(session, "member:3")

        assert sent == []


class TestFailing:
    async def test_a_locked_database_is_said_to_be_and_works_again_later(
        self,
        path: Path,
        url: str,
        store: Store,
        new_generation: NewGeneration,
    ) -> None:
        assert store
        locker = sqlite3.connect(path, isolation_level=None)
        async with await Store.open(url, patience=0.02) as impatient:
            locker.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"can't be written: database is locked\.$"):
                await impatient.history.keep(new_generation)
            locker.execute("ROLLBACK")

            kept = await impatient.history.keep(new_generation)
            assert await impatient.history.generation(kept.id) == kept
        locker.close()

    async def test_those_who_queued_while_it_was_locked_do_not_begin_to_wait_then(
        self,
        path: Path,
        url: str,
        store: Store,
        new_generation: NewGeneration,
        traced: list[str],
    ) -> None:
        assert store
        locker = sqlite3.connect(path, isolation_level=None)
        async with await Store.open(url, patience=0.05) as impatient:
            locker.execute("BEGIN IMMEDIATE")
            failures = await asyncio.gather(
                *(impatient.history.keep(new_generation) for _ in range(3)), return_exceptions=True
            )
            locker.execute("ROLLBACK")
        locker.close()

        assert [type(failure) for failure in failures] == [StoreError] * 3
        waits = [statement for statement in traced if "busy_timeout" in statement]
        assert waits[-3:] == [f"PRAGMA busy_timeout = {milliseconds};" for milliseconds in (50, 0, 0)]

    async def test_a_full_disk_is_said_to_be_and_nothing_is_half_kept(
        self,
        store: Store,
        url: str,
        new_generation: NewGeneration,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # SQLite takes this for the size that the file has.
        monkeypatch.setattr("bot.store.sqlite._PRAGMAS", ("max_page_count = 1",))
        endless = NewName("Rovakov" * 10_000, -1.0, novel=True)
        too_much = replace(new_generation, names=(*new_generation.names, endless))
        async with await Store.open(url) as full:
            with pytest.raises(StoreError, match="disk is full") as failure:
                await full.history.keep(too_much)

        assert "Rovakov" not in str(failure.value)
        assert await store.history.names_made() == 0

    async def test_a_damaged_database_can_not_be_read(self, store: Store, path: Path) -> None:
        with sqlite3.connect(path) as database:
            database.execute("DROP TABLE active_models")

        with pytest.raises(StoreError, match="can't be read: no such table: active_models"):
            await store.models.active(1)
