"""Migrations: up, down, never from or to something that isn't ours, all or nothing."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from bot.store import NewGeneration, SchemaTooNew, Store, StoreError
from bot.store.schema import VERSION_TABLE, configuration
from bot.store.tables import Table


def definitions(path: Path) -> set[str]:
    """What the database at a path consists of, as it says itself, less Alembic's table.

    Without its quotation marks: SQLite sets some around the name of a table that was renamed.
    """
    with sqlite3.connect(path) as database:
        return {
            " ".join(sql.replace('"', "").split())
            for (sql,) in database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            if VERSION_TABLE not in sql
        }


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """Whether SQLAlchemy has words for it: not for the text search, which is compared to the letter."""
    return kind != "table" or not str(name).startswith("names_text")


def revisions() -> list[str]:
    """The schema versions, oldest first."""
    with create_engine("sqlite://").connect() as connection:
        scripts = ScriptDirectory.from_config(configuration(connection))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def move(path: Path, revision: str) -> None:
    """Bring a database up or down to a schema version, as Alembic does it."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        (command.downgrade if revision == "-1" else command.upgrade)(configuration(connection), revision)
    engine.dispose()


SPECIMENS = {
    "BIGINT": 1,
    "INTEGER": 1,
    "BOOLEAN": 1,
    "FLOAT": 0.5,
    "BLOB": b"x",
    "JSON": "{}",
    "DATETIME": "2026-01-01 00:00:00.000000",
    "VARCHAR": "x",
}


STATUSES = {"status": "queued", "source": "queued", "target": "running"}


def fill(path: Path) -> None:
    """Put a row into every table, each of which refers to the others' rows."""
    with sqlite3.connect(path) as database:
        for table, columns in tables(database).items():
            row = {
                name: STATUSES.get(name) or SPECIMENS[kind.partition("(")[0]]
                for name, kind in columns.items()
            }
            database.execute(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                [*row.values()],
            )
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()


def tables(database: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """The tables with data, and their columns with their types."""
    names = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name NOT LIKE 'names_text%' AND name != ?",
        [VERSION_TABLE],
    ).fetchall()
    return {
        table: {row[1]: row[2] for row in database.execute(f"PRAGMA table_info({table})")}
        for (table,) in names
    }


def rows(path: Path) -> dict[str, dict[str, object]]:
    """The one row of each table that has any, by its columns."""
    with sqlite3.connect(path) as database:
        found = {
            table: dict(zip(columns, row, strict=True))
            for table, columns in tables(database).items()
            for row in database.execute(f"SELECT * FROM {table}")
        }
    database.close()
    return found


def expect_all_that_both_have(
    before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]
) -> None:
    for table in before.keys() & after.keys():
        both = before[table].keys() & after[table].keys()
        assert {name: before[table][name] for name in both} == {name: after[table][name] for name in both}


@pytest.fixture
def empty_file(path: Path) -> Path:
    """A database that has no table yet."""
    path.touch()
    return path


class TestMigrations:
    def test_they_are_numbered_one_by_one(self) -> None:
        assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]

    @pytest.mark.parametrize("revision", revisions())
    async def test_every_version_with_data_comes_up_to_the_newest_and_a_step_back(
        self, url: str, path: Path, revision: str
    ) -> None:
        move(path, revision)
        fill(path)
        before = rows(path)

        async with await Store.open(url):
            pass
        newest = rows(path)
        expect_all_that_both_have(before, newest)
        assert before.keys() <= newest.keys()

        move(path, "-1")
        expect_all_that_both_have(newest, rows(path))

    async def test_before_one_a_backup_is_written_beside(self, url: str, path: Path) -> None:
        oldest, *_, newest = revisions()
        move(path, oldest)
        fill(path)
        before = rows(path)

        async with await Store.open(url):
            pass
        async with await Store.open(url):
            pass

        copy = path.with_name(f"{path.name}.{oldest}.backup")
        assert rows(copy) == before
        assert not path.with_name(f"{path.name}.{newest}.backup").exists()

    async def test_without_a_backup_there_is_none(self, url: str, path: Path) -> None:
        oldest = revisions()[0]
        move(path, oldest)
        whole = definitions(path)
        path.with_name(f"{path.name}.{oldest}.backup").mkdir()

        with pytest.raises(StoreError, match="can't be copied"):
            await Store.open(url)

        assert definitions(path) == whole

    async def test_they_lead_to_the_tables(self, store: Store, path: Path, tmp_path: Path) -> None:
        """As Alembic compares them, and to the letter: it overlooks conditions and AUTOINCREMENT."""
        assert store
        with create_engine(f"sqlite:///{path}").connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "version_table": VERSION_TABLE,
                    "compare_type": True,
                    "include_name": is_described,
                },
            )
            assert compare_metadata(context, Table.metadata) == []

        direct = tmp_path / "direct.db"
        Table.metadata.create_all(create_engine(f"sqlite:///{direct}"))
        assert definitions(path) == definitions(direct)

    async def test_down_and_up_again(self, store: Store, path: Path) -> None:
        assert store
        whole = definitions(path)
        assert whole

        with create_engine(f"sqlite:///{path}").begin() as connection:
            command.downgrade(configuration(connection), "base")
        assert {sql for sql in definitions(path) if "sqlite_sequence" not in sql} == set()

        with create_engine(f"sqlite:///{path}").begin() as connection:
            command.upgrade(configuration(connection), "head")
        assert definitions(path) == whole

    async def test_an_older_database_keeps_its_rows_and_what_ids_it_has_given(
        self, store: Store, url: str, path: Path, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)
        gone = await store.history.keep(new_generation)
        await store.close()
        with create_engine(f"sqlite:///{path}").begin() as connection:
            command.downgrade(configuration(connection), "0001")
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("DELETE FROM generations WHERE id = ?", (gone.id,))

        async with await Store.open(url) as upgraded:
            assert await upgraded.history.generation(kept.id) == kept
            newer = await upgraded.history.keep(new_generation)

        assert newer.id > gone.id
        assert newer.names[0].id > gone.names[-1].id

    async def test_opening_again_changes_nothing(
        self, store: Store, url: str, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)

        async with await Store.open(url) as again:
            assert await again.history.generation(kept.id) == kept

    async def test_one_that_fails_leaves_nothing_behind(
        self, url: str, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: Connection) -> None:
            raise StoreError("at the last moment")

        monkeypatch.setattr("bot.store.sqlite.check_foreign_keys", fail)
        with pytest.raises(StoreError, match="at the last moment"):
            await Store.open(url)

        with sqlite3.connect(path) as database:
            assert database.execute("SELECT * FROM sqlite_master").fetchall() == []

    async def test_altering_a_table_keeps_the_rows_that_refer_to_it(
        self,
        store: Store,
        url: str,
        new_generation: NewGeneration,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        kept = await store.history.keep(new_generation)

        def alter(connection: Connection) -> None:
            operations = Operations(MigrationContext.configure(connection))
            with operations.batch_alter_table("generations", recreate="always") as table:
                table.alter_column("letters", comment="first letters")

        monkeypatch.setattr("bot.store.schema.migrate", alter)
        async with await Store.open(url) as altered:
            assert await altered.history.generation(kept.id) == kept

    async def test_rows_that_refer_to_nothing_are_found(
        self, store: Store, url: str, path: Path, new_generation: NewGeneration
    ) -> None:
        await store.history.keep(new_generation)
        with sqlite3.connect(path) as database:
            database.execute("DELETE FROM generations")

        with pytest.raises(StoreError, match=r"3 rows that refer to missing ones, .* names"):
            await Store.open(url)


class TestRefusing:
    @pytest.mark.parametrize("migrate", [True, False])
    async def test_a_newer_schema(self, store: Store, url: str, path: Path, *, migrate: bool) -> None:
        assert store
        with sqlite3.connect(path) as database:
            database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        whole = definitions(path)

        with pytest.raises(SchemaTooNew, match=r"schema is 9999, and .* knows \d{4} at most"):
            await Store.open(url, migrate=migrate)

        assert definitions(path) == whole

    async def test_a_worker_does_not_migrate(self, url: str, empty_file: Path) -> None:
        with pytest.raises(StoreError, match=r"missing and this version needs .* start the bot"):
            await Store.open(url, migrate=False)

        assert definitions(empty_file) == set()

    async def test_a_worker_takes_what_the_bot_has_migrated(
        self, store: Store, url: str, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)

        async with await Store.open(url, migrate=False) as worker:
            assert await worker.history.generation(kept.id) == kept

    @pytest.mark.parametrize("table", ["moz_bookmarks", "alembic_version", "names"])
    async def test_the_database_of_another_program(self, url: str, path: Path, table: str) -> None:
        with sqlite3.connect(path) as database:
            database.execute(f"CREATE TABLE {table} (version_num TEXT)")
        whole = definitions(path)

        with pytest.raises(StoreError, match=f"another program's, with tables such as {table}"):
            await Store.open(url)

        assert definitions(path) == whole
