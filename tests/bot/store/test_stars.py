"""Stars: one a member and name, counted beside the name, listed for the member and for the guild."""

import shutil
import sqlite3
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import (
    Favourite,
    Filters,
    Generation,
    NewGeneration,
    NewModel,
    NewName,
    Scope,
    Store,
    TopLanguage,
    TopName,
    UnknownName,
)


def date(path: Path, table: str, column: str, moments: dict[int, datetime]) -> None:
    """Set back the clock for rows: each moment is for the row of this ID, or the star of this name."""
    key = "name_id" if table == "stars" else "id"
    with sqlite3.connect(path) as database:
        for row_id, moment in moments.items():
            database.execute(
                f"UPDATE {table} SET {column} = ? WHERE {key} = ?",
                (moment.strftime("%Y-%m-%d %H:%M:%S.%f"), row_id),
            )


@pytest.fixture
async def kept(store: Store, new_generation: NewGeneration) -> Generation:
    """Three names to star."""
    return await store.history.keep(new_generation)


class TestStarring:
    async def test_it_is_set_once_a_member(self, store: Store, kept: Generation) -> None:
        name_id = kept.names[0].id

        assert await store.stars.star(3, name_id)
        assert not await store.stars.star(3, name_id)
        assert await store.stars.star(4, name_id)

        entry = await store.history.name(name_id)
        assert entry is not None
        assert entry.stars == 2
        answer = await store.history.generation(kept.id)
        assert answer is not None
        assert [name.stars for name in answer.names] == [2, 0, 0]

    async def test_it_is_taken_back_once(self, store: Store, kept: Generation) -> None:
        name_id = kept.names[0].id
        await store.stars.star(3, name_id)

        assert not await store.stars.unstar(4, name_id)
        assert await store.stars.unstar(3, name_id)
        assert not await store.stars.unstar(3, name_id)

        entry = await store.history.name(name_id)
        assert entry is not None
        assert entry.stars == 0

    async def test_a_name_that_is_not_there_can_not_be_starred(self, store: Store) -> None:
        with pytest.raises(UnknownName, match="no name 999"):
            await store.stars.star(3, 999)

        assert not await store.stars.unstar(3, 999)

    async def test_two_processes_set_one(self, store: Store, other_store: Store, kept: Generation) -> None:
        name_id = kept.names[0].id

        assert await store.stars.star(3, name_id)
        assert not await other_store.stars.star(3, name_id)

    async def test_they_go_with_their_name(self, store: Store, kept: Generation) -> None:
        name_id = kept.names[0].id
        await store.stars.star(3, name_id)
        await store.stars.star(4, name_id)

        await store.history.remove(name_id)

        assert await store.stars.favourites(3) == await store.stars.favourites(4) == ()


class TestFavourites:
    async def test_they_come_from_everywhere_and_are_ones_own(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        for guild_id in (1, 2, None):
            name = NewName(f"in {guild_id}", -1.0, novel=True)
            made = await store.history.keep(replace(new_generation, guild_id=guild_id, names=(name,)))
            await store.stars.star(5, made.names[0].id)
        await store.stars.star(6, 1)

        assert [name.text for name in await store.stars.favourites(5)] == ["in 1", "in 2", "in None"]
        assert [name.text for name in await store.stars.favourites(6)] == ["in 1"]
        assert await store.stars.favourites(7) == ()

    async def test_all_are_sorted_by_language_and_letters(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        for language, text in (("Russian", "b"), ("arabic", "C"), ("Czech", "z"), ("Russian", "A")):
            name = NewName(text, -1.0, novel=True)
            made = await store.history.keep(replace(new_generation, language=language, names=(name,)))
            await store.stars.star(5, made.names[0].id)

        favourites = await store.stars.favourites(5)

        assert [(name.language, name.text) for name in favourites] == [
            ("arabic", "C"),
            ("Czech", "z"),
            ("Russian", "A"),
            ("Russian", "b"),
        ]

    async def test_one_tells_where_it_is_from(self, store: Store, kept: Generation) -> None:
        await store.stars.star(5, kept.names[2].id)

        (favourite,) = await store.stars.favourites(5)

        assert timedelta(0) <= datetime.now(UTC) - favourite.starred_at < timedelta(minutes=1)
        assert favourite == Favourite(
            id=kept.names[2].id,
            text="Šavakov",
            language="Russian",
            guild_id=1,
            user_id=3,
            created_at=kept.created_at,
            starred_at=favourite.starred_at,
        )


class TestTops:
    async def test_the_most_starred_names_come_first_then_the_newer(
        self, store: Store, kept: Generation
    ) -> None:
        first, second, third = kept.names
        for user_id, name in ((3, first), (3, second), (4, second), (3, third)):
            await store.stars.star(user_id, name.id)

        for since in (None, datetime.now(UTC) - timedelta(hours=1)):
            assert await store.stars.top_names(1, since) == (
                TopName(second.id, "Uantov", "Russian", 2),
                TopName(third.id, "Šavakov", "Russian", 1),
                TopName(first.id, "Rovakov", "Russian", 1),
            )
            assert len(await store.stars.top_names(1, since, limit=2)) == 2

    async def test_only_later_stars_count_since_a_time(
        self, store: Store, path: Path, kept: Generation
    ) -> None:
        first, second, _ = kept.names
        for user_id, name in ((3, first), (4, first), (3, second)):
            await store.stars.star(user_id, name.id)
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        date(path, "stars", "starred_at", {first.id: moment, second.id: moment + timedelta(seconds=1)})

        later = await store.stars.top_names(1, moment + timedelta(seconds=1))

        assert later == (TopName(second.id, "Uantov", "Russian", 1),)

    async def test_a_guild_sees_its_own(self, store: Store, new_generation: NewGeneration) -> None:
        for guild_id in (2, None):
            made = await store.history.keep(replace(new_generation, guild_id=guild_id))
            await store.stars.star(3, made.names[0].id)

        for since in (None, datetime.now(UTC) - timedelta(hours=1)):
            assert await store.stars.top_names(1, since) == ()
            assert await store.stars.top_languages(1, since) == ()
            assert len(await store.stars.top_names(2, since)) == 1
            assert len(await store.stars.top_languages(2, since)) == 1

    async def test_languages_are_counted_by_answers(
        self, store: Store, path: Path, new_generation: NewGeneration
    ) -> None:
        made = [
            await store.history.keep(replace(new_generation, language=language))
            for language in ("Greek", "Czech", "Czech", "Arabic")
        ]
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        dates = {answer.id: moment + timedelta(days=day) for day, answer in enumerate(made)}
        date(path, "generations", "created_at", dates)

        assert await store.stars.top_languages(1) == (
            TopLanguage("Czech", 2),
            TopLanguage("Arabic", 1),
            TopLanguage("Greek", 1),
        )
        assert await store.stars.top_languages(1, moment + timedelta(days=2)) == (
            TopLanguage("Arabic", 1),
            TopLanguage("Czech", 1),
        )
        assert await store.stars.top_languages(1, limit=1) == (TopLanguage("Czech", 2),)


CLICKS = st.tuples(st.sampled_from([3, 4, 5]), st.integers(0, 5), st.booleans())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clicks=st.lists(CLICKS, max_size=20))
async def test_whatever_is_clicked_lists_and_counts_agree(
    template: Path,
    new_model: NewModel,
    clicks: list[tuple[int, int, bool]],
) -> None:
    stars: set[tuple[int, int]] = set()
    with tempfile.TemporaryDirectory() as folder:
        file = shutil.copy(template, folder)
        async with await Store.open(f"sqlite+aiosqlite:///{file}") as store:
            model = await store.models.publish(new_model, activate=True)
            names = tuple(NewName(str(number), -1.0, novel=True) for number in range(6))
            answer = NewGeneration(1, 2, 3, "Any", None, 6, 1.0, 0, model.id, names)
            ids = [name.id for name in (await store.history.keep(answer)).names]
            for user_id, index, keeps in clicks:
                click = (user_id, ids[index])
                if keeps:
                    assert await store.stars.star(*click) == (click not in stars)
                    stars.add(click)
                else:
                    assert await store.stars.unstar(*click) == (click in stars)
                    stars.discard(click)

            counts = Counter(name_id for _, name_id in stars)
            starred = await store.history.page(Scope.guild(1), Filters(starred=True))
            tops = [
                await store.stars.top_names(1, since) for since in (None, datetime.min.replace(tzinfo=UTC))
            ]
            for user_id in (3, 4, 5):
                kept = {name.id for name in await store.stars.favourites(user_id)}
                assert kept == {name_id for user, name_id in stars if user == user_id}

    assert {entry.id: entry.stars for entry in starred.entries} == counts
    expected = sorted(counts.items(), key=lambda item: (-item[1], -item[0]))
    for top in tops:
        assert [(name.id, name.stars) for name in top] == expected
