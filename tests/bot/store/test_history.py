"""What is kept comes back, whole, in order, and to those alone whose it is."""

import math
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from bot.store import (
    Cursor,
    Entry,
    Filters,
    Generation,
    KeptEntry,
    NewGeneration,
    NewModel,
    NewName,
    Page,
    Scope,
    Store,
)

ONE_STORE_FOR_ALL_EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SNOWFLAKES = st.integers(min_value=1, max_value=2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NEW_NAMES = st.builds(NewName, text=st.text(), log_prob=FLOATS, novel=st.booleans())
NEW_GENERATIONS = st.builds(
    NewGeneration,
    guild_id=st.none() | SNOWFLAKES,
    channel_id=st.none() | SNOWFLAKES,
    user_id=SNOWFLAKES,
    language=st.text(),
    letters=st.none() | st.text(),
    count=st.integers(min_value=1, max_value=10),
    temperature=FLOATS,
    seed=st.integers(min_value=-(2**63), max_value=2**63 - 1),
    model_id=st.just(1),
    names=st.lists(NEW_NAMES, min_size=1, max_size=12).map(tuple),
    prefix=st.none() | st.text(),
    min_length=st.none() | st.integers(min_value=1, max_value=50),
    max_length=st.none() | st.integers(min_value=1, max_value=50),
    novel=st.booleans(),
    blend=st.none() | st.dictionaries(st.text(), FLOATS, max_size=3),
)
AWKWARD = "\N{GRINNING FACE} \N{RIGHT-TO-LEFT OVERRIDE} rtl \N{RIGHT-TO-LEFT MARK}עברית 100% _ /\\ '\" \0 ﷽"


def simple_generation(
    guild_id: int | None, user_id: int, language: str, names: Iterable[str]
) -> NewGeneration:
    """Make an answer of the first model, of which only this matters."""
    kept = tuple(NewName(text, log_prob=-1.0, novel=True) for text in names)
    return NewGeneration(
        guild_id=guild_id,
        channel_id=None,
        user_id=user_id,
        language=language,
        letters=None,
        count=len(kept),
        temperature=1.0,
        seed=0,
        model_id=1,
        names=kept,
    )


async def keep_names(store: Store, template: NewGeneration, *texts: str) -> None:
    """Keep each text as a name, in answers of one name each."""
    for text in texts:
        await store.history.keep(replace(template, names=(NewName(text, -1.0, novel=True),)))


async def texts(store: Store, scope: Scope, filters: Filters) -> list[str]:
    """List the names of a page that is large enough for all."""
    page = await store.history.page(scope, filters, size=1000)
    return [entry.text for entry in page.entries]


async def walk(store: Store, scope: Scope, filters: Filters, at: Cursor, size: int) -> list[Page]:
    """Turn the pages from a cursor on, as long as one says that there are others."""
    pages = [await store.history.page(scope, filters, at, size)]
    older = at.direction == "older"
    while pages[-1].has_older if older else pages[-1].has_newer:
        edge = pages[-1].entries[-1 if older else 0].id
        then = Cursor.older(edge) if older else Cursor.newer(edge)
        pages.append(await store.history.page(scope, filters, then, size))
    return pages


class TestKeeping:
    async def test_what_is_kept_is_what_was_given(self, store: Store, new_generation: NewGeneration) -> None:
        kept = await store.history.keep(new_generation)

        given = asdict(new_generation)
        given.pop("names")
        assert given.items() <= asdict(kept).items()
        assert [(n.text, n.log_prob, n.novel) for n in kept.names] == [
            (n.text, n.log_prob, n.novel) for n in new_generation.names
        ]
        assert await store.history.generation(kept.id) == kept

    @ONE_STORE_FOR_ALL_EXAMPLES
    @given(generation=NEW_GENERATIONS)
    @example(
        generation=NewGeneration(
            guild_id=None,
            channel_id=None,
            user_id=2**63 - 1,
            language=AWKWARD,
            letters=AWKWARD,
            count=1,
            temperature=0.0,
            seed=-(2**63),
            model_id=1,
            names=(NewName(AWKWARD, -0.0, novel=True), NewName("", -1e308, novel=False)),
        )
    )
    async def test_anything_comes_back_unchanged(
        self, store: Store, new_model: NewModel, generation: NewGeneration
    ) -> None:
        if await store.models.get(generation.model_id) is None:
            await store.models.publish(new_model, activate=False)

        kept = await store.history.keep(generation)

        found = await store.history.generation(kept.id)
        assert found == kept
        assert replace(generation, names=()) == NewGeneration(
            **{field: getattr(kept, field) for field in asdict(generation) if field != "names"},
            names=(),
        )
        assert generation.names == tuple(NewName(name.text, name.log_prob, name.novel) for name in kept.names)

    async def test_it_is_dated_now_in_utc(self, store: Store, new_generation: NewGeneration) -> None:
        kept = await store.history.keep(new_generation)

        found = await store.history.generation(kept.id)
        assert found is not None
        assert found.created_at.tzinfo is UTC
        assert timedelta(0) <= datetime.now(UTC) - found.created_at < timedelta(minutes=1)

    async def test_an_unknown_generation_is_none(self, store: Store) -> None:
        assert await store.history.generation(1) is None

    async def test_it_is_on_the_disk_when_keep_returns(
        self, store: Store, path: Path, tmp_path: Path, new_generation: NewGeneration
    ) -> None:
        """As a killed process would leave it: nothing is closed or written back before the copy."""
        kept = await store.history.keep(new_generation)

        for suffix in ("", "-wal"):
            copy = tmp_path / f"copy{suffix}"
            copy.write_bytes(path.with_name(path.name + suffix).read_bytes())
        async with await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'copy'}") as left:
            assert await left.history.generation(kept.id) == kept

    async def test_it_is_kept_whole_or_not_at_all(
        self, store: Store, path: Path, new_generation: NewGeneration
    ) -> None:
        half_a_letter = NewName(text="\ud83d", log_prob=-1.0, novel=True)

        with pytest.raises(UnicodeEncodeError):
            await store.history.keep(replace(new_generation, names=(*new_generation.names, half_a_letter)))

        with sqlite3.connect(path) as database:
            assert database.execute("SELECT count(*) FROM generations").fetchone() == (0,)
            assert database.execute("SELECT count(*) FROM names").fetchone() == (0,)

    async def test_a_model_that_is_not_there_is_refused(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        with pytest.raises(IntegrityError):
            await store.history.keep(replace(new_generation, model_id=999))

        assert await store.history.names_made() == 0

    async def test_an_id_is_never_given_twice(
        self, store: Store, path: Path, new_generation: NewGeneration
    ) -> None:
        """A button on an old message must not come to mean another member's names."""
        first = await store.history.keep(new_generation)
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("DELETE FROM generations")
            assert database.execute("SELECT count(*) FROM names").fetchone() == (0,)

        second = await store.history.keep(new_generation)

        assert second.id > first.id
        assert second.names[0].id > first.names[-1].id


class TestNamesMade:
    async def test_there_are_none_at_first(self, store: Store) -> None:
        assert await store.history.names_made() == 0

    async def test_all_are_counted(self, store: Store, new_generation: NewGeneration) -> None:
        await store.history.keep(new_generation)
        await store.history.keep(replace(new_generation, guild_id=None))

        assert await store.history.names_made() == 6


class TestPopularLanguages:
    async def test_there_are_none_at_first(self, store: Store) -> None:
        assert await store.history.popular_languages(recent=10) == {}

    async def test_only_the_last_generations_count(self, store: Store, new_generation: NewGeneration) -> None:
        for language in ("Greek", "Czech", "Czech", "Russian"):
            await store.history.keep(replace(new_generation, language=language))

        assert await store.history.popular_languages(recent=3) == {"Czech": 2, "Russian": 1}


class TestPage:
    async def test_an_empty_history_has_an_empty_page(self, store: Store) -> None:
        for at in (Cursor.first(), Cursor.last(), Cursor.older(5), Cursor.newer(5)):
            page = await store.history.page(Scope.guild(1), at=at)
            assert page == Page(entries=(), has_newer=False, has_older=False)

    async def test_an_entry_tells_what_there_is_to_show(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)

        page = await store.history.page(Scope.guild(1), size=1)

        assert page.entries == (
            Entry(
                id=kept.names[-1].id,
                text="Šavakov",
                language="Russian",
                user_id=3,
                created_at=kept.created_at,
                novel=False,
                generation_id=kept.id,
            ),
        )

    async def test_ten_newest_come_first_unless_told_otherwise(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        await keep_names(store, new_generation, *"abcdefghijkl")

        page = await store.history.page(Scope.guild(1))

        assert "".join(entry.text for entry in page.entries) == "lkjihgfedc"
        assert (page.has_newer, page.has_older) == (False, True)

    async def test_the_last_page_has_the_oldest_newest_first(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        await keep_names(store, new_generation, *"abcde")

        page = await store.history.page(Scope.guild(1), at=Cursor.last(), size=2)

        assert "".join(entry.text for entry in page.entries) == "ba"
        assert (page.has_newer, page.has_older) == (True, False)

    async def test_names_made_meanwhile_do_not_shift_a_page(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        await keep_names(store, new_generation, *"abcd")
        first = await store.history.page(Scope.guild(1), size=2)
        await keep_names(store, new_generation, *"ef")

        second = await store.history.page(Scope.guild(1), at=Cursor.older(first.entries[-1].id), size=2)

        assert "".join(entry.text for entry in second.entries) == "ba"
        assert second.has_newer

    async def test_a_cursor_at_a_name_that_is_gone_still_holds(
        self, store: Store, path: Path, new_generation: NewGeneration
    ) -> None:
        await keep_names(store, new_generation, *"abcde")
        with sqlite3.connect(path) as database:
            (gone,) = database.execute("SELECT id FROM names WHERE text = 'c'").fetchone()
            database.execute("DELETE FROM names WHERE text = 'c'")

        older = await store.history.page(Scope.guild(1), at=Cursor.older(gone))
        newer = await store.history.page(Scope.guild(1), at=Cursor.newer(gone))

        assert "".join(entry.text for entry in older.entries) == "ba"
        assert "".join(entry.text for entry in newer.entries) == "ed"
        assert older.has_newer
        assert newer.has_older


class TestName:
    async def test_it_tells_where_it_was_made(self, store: Store, new_generation: NewGeneration) -> None:
        kept = await store.history.keep(new_generation)

        assert await store.history.name(kept.names[2].id) == KeptEntry(
            id=kept.names[2].id,
            text="Šavakov",
            language="Russian",
            user_id=3,
            created_at=kept.created_at,
            novel=False,
            generation_id=kept.id,
            stars=0,
            guild_id=1,
            channel_id=2,
            log_prob=-13.5,
        )

    async def test_one_that_is_not_there_is_none(self, store: Store) -> None:
        assert await store.history.name(1) is None


class TestRemoving:
    async def test_it_is_gone_from_everywhere(self, store: Store, new_generation: NewGeneration) -> None:
        kept = await store.history.keep(new_generation)
        name_id = kept.names[0].id
        await store.stars.star(3, name_id)

        assert await store.history.remove(name_id)

        assert await store.history.name(name_id) is None
        assert await store.history.generation(kept.id) == replace(kept, names=kept.names[1:])
        for filters in (Filters(), Filters(starred=True), Filters(text="rov"), Filters(text="ro")):
            assert "Rovakov" not in await texts(store, Scope.guild(1), filters)
        assert await store.stars.favourites(3) == ()
        assert await store.stars.top_names(1) == ()

    async def test_an_answer_goes_with_its_last_name(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        other = await store.history.keep(new_generation)
        kept = await store.history.keep(new_generation)

        for name in kept.names:
            assert await store.history.generation(kept.id) is not None
            await store.history.remove(name.id)

        assert await store.history.generation(kept.id) is None
        assert await store.history.generation(other.id) == other

    async def test_one_that_is_gone_can_not_be_removed(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)

        assert await store.history.remove(kept.names[0].id)
        assert not await store.history.remove(kept.names[0].id)

    async def test_the_text_search_forgets_it_too(
        self, store: Store, path: Path, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)
        found = "SELECT rowid FROM names_text WHERE names_text MATCH '\"kov\"' ORDER BY rowid"

        await store.history.remove(kept.names[0].id)

        with sqlite3.connect(path) as database:
            assert database.execute(found).fetchall() == [(kept.names[2].id,)]
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("DELETE FROM generations")
            assert database.execute(found).fetchall() == []


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOURS = st.integers(min_value=-5, max_value=5).map(lambda hours: timedelta(hours=hours))


class TestAround:
    async def test_a_history_without_names_that_old_begins_with_its_last_page(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        assert await store.history.around(Scope.guild(1), NOON) == Cursor.last()

        await store.history.keep(new_generation)

        assert await store.history.around(Scope.guild(1), NOON) == Cursor.last()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        answers=st.lists(
            st.tuples(st.sampled_from([None, 1, 2]), st.sampled_from([3, 4]), HOURS), max_size=9
        ),
        scope=st.sampled_from([Scope.guild(1), Scope.guild(2), Scope.direct(3), Scope.direct(4)]),
        since=HOURS,
    )
    async def test_the_page_begins_with_the_last_name_made_by_then(
        self,
        template: Path,
        new_model: NewModel,
        answers: list[tuple[int | None, int, timedelta]],
        scope: Scope,
        since: timedelta,
    ) -> None:
        by_then, later = [], []
        with tempfile.TemporaryDirectory() as folder:
            file = shutil.copy(template, folder)
            async with await Store.open(f"sqlite+aiosqlite:///{file}") as store:
                await store.models.publish(new_model, activate=True)
                for guild_id, user_id, after in sorted(answers, key=lambda answer: answer[2]):
                    answer = simple_generation(guild_id, user_id, "Any", ["one", "two"])
                    kept = await store.history.keep(answer)
                    with sqlite3.connect(file) as database:
                        moment = (NOON + after).strftime("%Y-%m-%d %H:%M:%S.%f")
                        database.execute(
                            "UPDATE generations SET created_at = ? WHERE id = ?", (moment, kept.id)
                        )
                    if guild_id == scope.guild_id and scope.user_id in (None, user_id):
                        (by_then if after <= since else later).extend(name.id for name in kept.names)

                page = await store.history.page(scope, at=await store.history.around(scope, NOON + since))

        expected = by_then[-10:] or later[:10]
        assert [entry.id for entry in page.entries] == expected[::-1]
        assert page.has_newer == (bool(later) if by_then else len(later) > 10)


class TestScope:
    async def test_each_sees_its_own(self, store: Store, new_generation: NewGeneration) -> None:
        for guild_id, user_id in ((1, 3), (2, 3), (None, 3), (None, 4)):
            await keep_names(
                store,
                replace(new_generation, guild_id=guild_id, user_id=user_id),
                f"{guild_id} {user_id}",
            )

        assert await texts(store, Scope.guild(1), Filters()) == ["1 3"]
        assert await texts(store, Scope.guild(2), Filters()) == ["2 3"]
        assert await texts(store, Scope.direct(3), Filters()) == ["None 3"]
        assert await texts(store, Scope.direct(4), Filters()) == ["None 4"]

    async def test_a_filter_does_not_widen_direct_messages(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        await keep_names(store, replace(new_generation, guild_id=None, user_id=4), "private")

        assert await texts(store, Scope.direct(3), Filters(user_id=4)) == []


class TestFilters:
    async def test_all_given_must_be_true(self, store: Store, new_generation: NewGeneration) -> None:
        for language in ("Russian", "Greek"):
            for user_id in (3, 4):
                await keep_names(
                    store,
                    replace(new_generation, language=language, user_id=user_id),
                    f"{language} {user_id}",
                )

        guild = Scope.guild(1)
        assert await texts(store, guild, Filters(language="Greek")) == ["Greek 4", "Greek 3"]
        assert await texts(store, guild, Filters(user_id=3)) == ["Greek 3", "Russian 3"]
        assert await texts(store, guild, Filters(language="Greek", user_id=3)) == ["Greek 3"]
        assert await texts(store, guild, Filters("Greek", 3, "russ")) == []

    async def test_the_language_is_matched_exactly(self, store: Store, new_generation: NewGeneration) -> None:
        await keep_names(store, new_generation, "Rovakov")

        for other in ("russian", "Russia", "Russian ", "R%", ""):
            assert await texts(store, Scope.guild(1), Filters(language=other)) == []

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("Šimek", "sim"),
            ("Šimek", "ŠIMEK"),
            ("Simek", "š"),
            ("Łukasz", "lukasz"),
            ("Straße", "STRASSE"),
            ("Шимек", "shim"),
            ("Shimek", "Шим"),
            ("Rovakov", "vak"),
            ("O'Néàl", "o'neal"),
            ("100%", "0%"),
            ("a_b", "a_"),
            ("a/b\\c", "/b\\"),
            ("any", "\N{RIGHT-TO-LEFT MARK}"),
            ('Jim "Bo" Ray', '"bo" r'),
            ("AND OR NOT", "and or not"),
            ("folded : x*", "folded : x*"),
        ],
    )
    async def test_text_is_found_without_regard_to_case_accents_and_script(
        self, store: Store, new_generation: NewGeneration, name: str, typed: str
    ) -> None:
        await keep_names(store, new_generation, name)

        assert await texts(store, Scope.guild(1), Filters(text=typed)) == [name]

    @pytest.mark.parametrize("typed", ["ro", "rov"])
    async def test_text_is_found_in_one_scope_alone(
        self, store: Store, new_generation: NewGeneration, typed: str
    ) -> None:
        """Also where their IDs fall in the same place of the text search, as small ones do."""
        for guild_id, user_id in ((1, 3), (2, 3), (None, 3), (None, 4), (2**63 - 1, 3), (None, 2**62)):
            place = replace(new_generation, guild_id=guild_id, user_id=user_id)
            await keep_names(store, place, f"Rov {guild_id} {user_id}")

        for scope, found in (
            (Scope.guild(1), "Rov 1 3"),
            (Scope.guild(2**63 - 1), f"Rov {2**63 - 1} 3"),
            (Scope.direct(3), "Rov None 3"),
            (Scope.direct(2**62), f"Rov None {2**62}"),
        ):
            assert await texts(store, scope, Filters(text=typed)) == [found]

    async def test_starred_leaves_what_anyone_has_starred(
        self, store: Store, new_generation: NewGeneration
    ) -> None:
        kept = await store.history.keep(new_generation)
        first, second, _ = kept.names
        await store.stars.star(8, first.id)
        await store.stars.star(9, first.id)
        await store.stars.star(9, second.id)
        await store.stars.unstar(9, second.id)

        assert await texts(store, Scope.guild(1), Filters(starred=True)) == ["Rovakov"]
        assert await texts(store, Scope.guild(1), Filters("Russian", 3, "rov", starred=True)) == ["Rovakov"]
        assert await texts(store, Scope.guild(1), Filters("Greek", starred=True)) == []
        assert await texts(store, Scope.direct(8), Filters(starred=True)) == []

    async def test_text_is_kept_for_searching_in_lower_case(
        self, store: Store, path: Path, new_generation: NewGeneration
    ) -> None:
        """For the databases whose LIKE tells case; SQLite's doesn't."""
        await keep_names(store, new_generation, "O'Néàl")

        with sqlite3.connect(path) as database:
            assert database.execute("SELECT folded FROM names").fetchall() == [("o'neal",)]

    @pytest.mark.parametrize(
        "typed", ["%", "_", "R%v", "R_vakov", "/", "\\", "x\0", "rovakovx", "rov*", '"rov', "rov OR x"]
    )
    async def test_text_has_no_wildcards(
        self, store: Store, new_generation: NewGeneration, typed: str
    ) -> None:
        await keep_names(store, new_generation, "Rovakov")

        assert await texts(store, Scope.guild(1), Filters(text=typed)) == []

    @ONE_STORE_FOR_ALL_EXAMPLES
    @given(before=st.text(max_size=5), part=st.text(max_size=5), after=st.text(max_size=5))
    @example(before="a\0", part="%_/\\", after="\0b")
    async def test_any_part_of_any_name_finds_it(
        self,
        store: Store,
        new_model: NewModel,
        before: str,
        part: str,
        after: str,
    ) -> None:
        await store.models.publish(new_model, activate=False)
        text = before + part + after
        kept = await store.history.keep(simple_generation(1, 3, "Any", [text]))

        page = await store.history.page(Scope.guild(1), Filters(text=part), size=1)

        assert [entry.id for entry in page.entries] == [kept.names[0].id]


TEXTS = ("Šimek", "Simeon", "Rovakov", "100%")
FOUND_BY = {None: TEXTS, "sim": ("Šimek", "Simeon"), "0%": ("100%",), "%": ("100%",), "_": ()}
USERS = st.sampled_from([3, 4])
LANGUAGES = st.sampled_from(["Russian", "Greek"])
ANSWERS = st.tuples(
    st.sampled_from([None, 1, 2]),
    USERS,
    LANGUAGES,
    st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4),
)
SCOPES = st.builds(Scope.guild, st.sampled_from([1, 2])) | st.builds(Scope.direct, USERS)
FILTERS = st.builds(
    Filters,
    language=st.none() | LANGUAGES,
    user_id=st.none() | USERS,
    text=st.sampled_from(list(FOUND_BY)),
    starred=st.booleans(),
)


def belongs(generation: Generation, text: str, scope: Scope, filters: Filters) -> bool:
    """Whether a name is in a scope and passes the filters: what the indexes must agree with."""
    return (
        generation.guild_id == scope.guild_id
        and scope.user_id in (None, generation.user_id)
        and filters.user_id in (None, generation.user_id)
        and filters.language in (None, generation.language)
        and text in FOUND_BY[filters.text]
    )


class TestPaging:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        answers=st.lists(ANSWERS, max_size=12),
        scope=SCOPES,
        filters=FILTERS,
        size=st.integers(min_value=1, max_value=4),
    )
    async def test_either_way_visits_each_name_once_in_order(
        self,
        *,
        template: Path,
        new_model: NewModel,
        answers: list[tuple[int | None, int, str, list[str]]],
        scope: Scope,
        filters: Filters,
        size: int,
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = shutil.copy(template, folder)
            async with await Store.open(f"sqlite+aiosqlite:///{file}") as store:
                await store.models.publish(new_model, activate=True)
                kept = [await store.history.keep(simple_generation(*answer)) for answer in answers]
                starred = {name.id for generation in kept for name in generation.names[::2]}
                for name_id in starred:
                    await store.stars.star(3, name_id)
                down = await walk(store, scope, filters, Cursor.first(), size)
                up = await walk(store, scope, filters, Cursor.last(), size)

        newest_first = [
            name.id
            for generation in kept
            for name in generation.names
            if belongs(generation, name.text, scope, filters) and (name.id in starred or not filters.starred)
        ][::-1]
        assert [entry.id for page in down for entry in page.entries] == newest_first
        assert [entry.id for page in reversed(up) for entry in page.entries] == newest_first
        assert len(down) == len(up) == max(1, math.ceil(len(newest_first) / size))
        assert [page.has_newer for page in down] == [False] + [True] * (len(down) - 1)
        assert [page.has_older for page in up] == [False] + [True] * (len(up) - 1)
