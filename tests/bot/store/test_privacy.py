"""A member's data is told whole and erased whole, a guild's goes when it must, and nothing else does."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column

from bot.store import (
    BASE,
    Filters,
    NewGeneration,
    NewModel,
    NewRun,
    RunStatus,
    Scope,
    Store,
    guild_key,
    member_key,
)
from bot.store.tables import Table

USER = 987_654_321_987_654_321
OTHER = 987_654_321_987_654_322
GUILD = 876_543_210_876_543_210
OTHER_GUILD = 876_543_210_876_543_211

# Whole numbers that are not Discord's. All others must say whose they are.
OUR_OWN = {
    "attempt",
    "retrain_hour",
    "size",
    "seed",
    "count",
    "min_length",
    "max_length",
    "stars",
    "position",
}
KINDS = {"user", "guild", "channel", "message", "key"}


def columns(*kinds: str) -> list[Column[object]]:
    """List all columns that are marked to hold Discord IDs of these kinds."""
    return [
        column
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if column.info.get("discord") in kinds
    ]


def contents(path: Path) -> Iterator[tuple[str, object]]:
    """Go through all that a database holds: each value with where it is."""
    with sqlite3.connect(path) as database:
        database.row_factory = sqlite3.Row
        # Not of the text search, which has no IDs, and whose words its own test looks for.
        for table in Table.metadata.sorted_tables:
            for row in database.execute(f"SELECT * FROM {table.name}"):
                for name, value in dict(row).items():
                    yield f"{table.name}.{name}", value


def mentions(path: Path, discord_id: int) -> set[str]:
    """Tell which columns hold this ID, alone or in a text."""
    return {place for place, value in contents(path) if str(discord_id) in str(value)}


def size(path: Path) -> dict[str, int]:
    """Count the rows of each table."""
    with sqlite3.connect(path) as database:
        return {
            table.name: database.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
            for table in Table.metadata.sorted_tables
        }


async def fill(
    store: Store, user_id: int, guild_id: int, answer: NewGeneration, run: NewRun, model: NewModel
) -> Sequence[int]:
    """Have a member do everything in a guild that leaves a trace, and give the IDs of the names."""
    asked = await store.runs.request(
        replace(run, guild_id=guild_id, requested_by=user_id, archive=f"corpus of {guild_id}".encode())
    )
    await store.runs.follow(asked.id, 1, 2)
    await store.runs.start(asked.id)
    own = replace(model, guild_id=guild_id, run_id=asked.id, trained_by=user_id)
    trained = await store.runs.finish(asked.id, RunStatus.SUCCEEDED, model=own)
    assert trained.model_id is not None
    await store.datasets.put(guild_id, "Elvish", ["Lúthien"], extends=False, by=user_id, most=40)
    await store.datasets.use(guild_id, "cities", by=user_id)
    await store.uses.charge(
        {member_key(user_id): [(60, 9)], guild_key(guild_id): [(60, 9)]}, datetime.now(UTC)
    )
    made = replace(answer, guild_id=guild_id, user_id=user_id, model_id=trained.model_id)
    kept = await store.history.keep(made)
    await store.stars.star(user_id, kept.names[0].id)
    return [name.id for name in kept.names]


class TestSchema:
    def test_each_column_that_may_hold_a_discord_id_is_marked(self) -> None:
        """One that is not marked would be overlooked by all else here."""
        unmarked = [
            str(column)
            for table in Table.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, BigInteger)
            and not column.foreign_keys
            and column.name not in OUR_OWN | {"id"}
            and "discord" not in column.info
        ]
        assert unmarked == []
        assert {column.info["discord"] for column in columns(*KINDS)} == KINDS
        assert len(columns("user")) >= 7

    async def test_each_is_known_to_export_and_to_delete(
        self,
        store: Store,
        path: Path,
        new_generation: NewGeneration,
        new_run: NewRun,
        new_model: NewModel,
    ) -> None:
        await fill(store, USER, GUILD, new_generation, new_run, new_model)
        expected = {str(column) for column in columns("user", "key")}
        assert mentions(path, USER) == expected, "let `fill` write the column that is missing here"

        told = {
            f"{table}.{name}"
            for table, rows in (await store.privacy.export(USER)).items()
            for row in rows
            for name, value in row.items()
            if str(USER) in str(value)
        }
        assert told == expected

        await store.privacy.delete(USER)
        assert mentions(path, USER) == set()

    async def test_each_goes_with_its_guild(
        self,
        store: Store,
        path: Path,
        new_generation: NewGeneration,
        new_run: NewRun,
        new_model: NewModel,
    ) -> None:
        await fill(store, USER, GUILD, new_generation, new_run, new_model)
        await store.privacy.leave(GUILD)
        expected = {str(column) for column in columns("guild", "key")}
        assert mentions(path, GUILD) - {"corpora.archive"} == expected

        await store.privacy.purge_guild(GUILD)

        assert mentions(path, GUILD) == set()


class TestExport:
    async def test_it_is_json_that_keeps_the_ids_whole(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(replace(new_generation, user_id=USER, blend={"Russian": 0.5}))
        await store.stars.star(USER, kept.names[2].id)

        export = json.loads(json.dumps(await store.privacy.export(USER)))

        assert [name["text"] for name in export["names"]] == ["Rovakov", "Uantov", "Šavakov"]
        (answer,) = export["generations"]
        assert answer["user_id"] == str(USER)
        assert answer["guild_id"] == "1"
        assert answer["blend"] == {"Russian": 0.5}
        assert datetime.fromisoformat(answer["created_at"]) == kept.created_at
        (star,) = export["stars"]
        assert (star["name_id"], star["text"], star["language"]) == (kept.names[2].id, "Šavakov", "Russian")

    async def test_a_stranger_is_told_that_there_is_nothing(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)
        await store.stars.star(OTHER, kept.names[0].id)

        export = await store.privacy.export(USER)

        assert {"names", "stars", "models", "uses"} < set(export)
        assert all(rows == [] for rows in export.values())


class TestDelete:
    async def test_it_says_what_was_erased(
        self,
        store: Store,
        path: Path,
        new_generation: NewGeneration,
        new_run: NewRun,
        new_model: NewModel,
    ) -> None:
        await fill(store, USER, GUILD, new_generation, new_run, new_model)
        before = size(path)

        assert await store.privacy.delete(USER) == {
            "stars": 1,
            "names": 3,
            "generations": 1,
            "uses": 1,
            "models": 1,
            "runs": 1,
            "categories": 1,
            "guild_settings": 1,
        }
        gone = {table: before[table] - left for table, left in size(path).items() if left != before[table]}
        assert gone == {"stars": 1, "names": 3, "generations": 1, "uses": 1}
        assert set((await store.privacy.delete(USER)).values()) == {0}

    async def test_what_others_need_stays(
        self,
        store: Store,
        new_generation: NewGeneration,
        new_run: NewRun,
        new_model: NewModel,
    ) -> None:
        await fill(store, USER, GUILD, new_generation, new_run, new_model)
        name_id, *_ = await fill(store, OTHER, OTHER_GUILD, new_generation, new_run, new_model)
        await store.stars.star(USER, name_id)

        await store.privacy.delete(USER)

        model = await store.models.active_own(GUILD)
        assert model is not None
        assert model.trained_by is None
        assert await store.models.weights(model.id) == new_model.weights
        (category,) = await store.datasets.categories(GUILD)
        assert category.created_by is None
        assert await store.datasets.base_collection(GUILD) == "cities"
        entry = await store.history.name(name_id)
        assert entry is not None
        assert entry.stars == 1
        assert len((await store.history.page(Scope.guild(OTHER_GUILD), Filters(starred=True))).entries) == 1
        other = await store.models.active_own(OTHER_GUILD)
        assert other is not None
        assert other.trained_by == OTHER

    async def test_a_training_that_goes_on_does_not_bring_them_back(
        self, store: Store, path: Path, new_run: NewRun, new_model: NewModel
    ) -> None:
        run = await store.runs.request(replace(new_run, requested_by=USER))
        order = await store.runs.start(run.id)

        await store.privacy.delete(USER)

        model = replace(new_model, guild_id=1, run_id=run.id, trained_by=order.requested_by)
        await store.runs.finish(run.id, RunStatus.SUCCEEDED, model=model)
        assert mentions(path, USER) == set()

    async def test_many_answers_go_in_several_transactions(
        self, store: Store, new_generation: NewGeneration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.store.privacy._AT_ONCE", 2)
        for guild_id in (1, 2, None, 1, 2):
            await store.history.keep(replace(new_generation, guild_id=guild_id))
        other = await store.history.keep(replace(new_generation, user_id=OTHER))

        erased = await store.privacy.delete(3)

        assert (erased["generations"], erased["names"]) == (5, 15)
        assert await store.history.generation(other.id) == other


class TestGuilds:
    async def test_one_that_is_purged_is_gone_and_no_other(
        self,
        store: Store,
        path: Path,
        new_generation: NewGeneration,
        new_run: NewRun,
        new_model: NewModel,
    ) -> None:
        base = await store.models.publish(new_model, activate=True)
        await fill(store, USER, OTHER_GUILD, new_generation, new_run, new_model)
        before = size(path)
        await fill(store, USER, GUILD, new_generation, new_run, new_model)

        purged = await store.privacy.purge_guild(GUILD)

        after = size(path)
        assert after == {**before, "uses": before["uses"] + 1}  # the member's own
        assert purged["names"] == 3
        assert purged["corpora"] == 1
        assert await store.models.active(GUILD) == base
        assert await store.privacy.purge_guild(GUILD) == {}

    async def test_a_corpus_that_another_guild_learnt_from_stays(self, store: Store, new_run: NewRun) -> None:
        for guild_id in (1, 2):
            run = await store.runs.request(replace(new_run, guild_id=guild_id))

        assert "corpora" not in await store.privacy.purge_guild(1)

        assert (await store.runs.start(run.id)).archive == new_run.archive

    async def test_the_base_can_not_be_purged(self, store: Store) -> None:
        with pytest.raises(ValueError, match="the base is no guild"):
            await store.privacy.purge_guild(BASE)

    async def test_those_that_something_is_kept_of_are_known(
        self, store: Store, new_generation: NewGeneration, new_model: NewModel
    ) -> None:
        assert await store.privacy.guilds() == frozenset()

        await store.models.publish(new_model, activate=True)
        await store.history.keep(replace(new_generation, guild_id=7))
        await store.history.keep(replace(new_generation, guild_id=None))
        await store.datasets.use(8, "cities", by=3)

        assert await store.privacy.guilds() == {7, 8}

    async def test_those_left_long_ago_are_purged(self, store: Store, new_generation: NewGeneration) -> None:
        for guild_id in (1, 2, 3):
            await store.history.keep(replace(new_generation, guild_id=guild_id))
        await store.privacy.leave(1)
        await store.privacy.leave(2)
        assert await store.privacy.departed() == {1, 2}
        long_after = datetime.now(UTC) + timedelta(days=1)
        assert await store.privacy.purge_left(datetime.now(UTC) - timedelta(days=1)) == ()

        assert await store.privacy.rejoin(2)
        assert not await store.privacy.rejoin(3)
        assert await store.privacy.purge_left(long_after) == (1,)

        assert await store.privacy.guilds() == {2, 3}
        assert await store.privacy.departed() == frozenset()
        assert await store.privacy.purge_left(long_after) == ()

    async def test_the_one_left_longest_ago_goes_first(self, store: Store) -> None:
        for guild_id in (3, 1, 2):
            await store.privacy.leave(guild_id)

        assert await store.privacy.purge_left(datetime.now(UTC) + timedelta(days=1)) == (3, 1, 2)

    async def test_to_leave_again_does_not_give_it_longer(self, store: Store, path: Path) -> None:
        await store.privacy.leave(1)
        with sqlite3.connect(path) as database:
            (left_at,) = database.execute("SELECT left_at FROM departures").fetchone()

        await store.privacy.leave(1)

        with sqlite3.connect(path) as database:
            assert database.execute("SELECT left_at FROM departures").fetchall() == [(left_at,)]


async def test_history_expires_starred_or_not(
    store: Store, path: Path, new_generation: NewGeneration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.privacy._AT_ONCE", 2)
    old = [await store.history.keep(replace(new_generation, guild_id=guild_id)) for guild_id in (1, 2, None)]
    await store.stars.star(3, old[0].names[0].id)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE generations SET created_at = '2026-01-01 00:00:00.000000'")
    new = await store.history.keep(new_generation)

    assert await store.privacy.purge_history(datetime(2026, 1, 1, tzinfo=UTC)) == 0
    assert await store.privacy.purge_history(datetime(2026, 1, 1, 1, tzinfo=UTC)) == 9

    page = await store.history.page(Scope.guild(1))
    assert {entry.generation_id for entry in page.entries} == {new.id}
    assert await store.stars.favourites(3) == ()
