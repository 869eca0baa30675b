"""Categories: put whole, one of a name, never more than may be, never in another guild."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import AutoRetrain, Category, Store, TooManyCategories

ELVES = ("Lúthien", "Idril", "Эарендил", "Idril")


async def put(store: Store, guild_id: int, name: str, *names: str, most: int = 40) -> Category:
    """Add a category of which only this matters."""
    return await store.datasets.put(guild_id, name, names, extends=False, by=3, most=most)


class TestPutting:
    async def test_it_comes_back_as_it_was_given(self, store: Store) -> None:
        category = await store.datasets.put(1, "Elvish", iter(ELVES), extends=True, by=3, most=40)

        assert category == Category(
            id=category.id,
            guild_id=1,
            name="Elvish",
            extends=True,
            size=4,
            created_by=3,
            created_at=category.created_at,
            updated_at=category.updated_at,
        )
        assert timedelta(0) <= datetime.now(UTC) - category.created_at < timedelta(minutes=1)
        assert await store.datasets.categories(1) == (category,)
        assert await store.datasets.names(category.id) == ELVES

    @pytest.mark.parametrize("name", ["Elvish", "elvish", "ÉLVISH"])
    async def test_another_of_its_name_replaces_it(self, store: Store, name: str) -> None:
        old = await put(store, 1, "Elvish", *ELVES)

        new = await store.datasets.put(1, name, ["Arwen"], extends=True, by=4, most=0)

        assert (new.id, new.name, new.size, new.extends) == (old.id, name, 1, True)
        assert (new.created_by, new.created_at) == (3, old.created_at)
        assert new.updated_at > old.updated_at
        assert await store.datasets.categories(1) == (new,)
        assert await store.datasets.names(old.id) == ("Arwen",)

    async def test_none_is_one_too_many(self, store: Store) -> None:
        await put(store, 1, "Elvish", most=1)

        with pytest.raises(TooManyCategories, match="there are 1") as refusal:
            await put(store, 1, "Dwarvish", most=1)

        assert refusal.value.most == 1
        assert [category.name for category in await store.datasets.categories(1)] == ["Elvish"]
        await put(store, 2, "Dwarvish", most=1)

    async def test_not_even_from_two_processes_at_once(self, store: Store, other_store: Store) -> None:
        outcomes = await asyncio.gather(
            *(
                put(either, 1, f"Tribe {number}", most=3)
                for number, either in enumerate([store, other_store] * 4)
            ),
            return_exceptions=True,
        )

        assert sum(isinstance(outcome, TooManyCategories) for outcome in outcomes) == 5
        assert len(await store.datasets.categories(1)) == 3

    async def test_if_it_fails_the_old_one_stays(self, store: Store) -> None:
        old = await put(store, 1, "Elvish", *ELVES)

        with pytest.raises(UnicodeEncodeError):
            await put(store, 1, "Elvish", "Arwen", "half a letter: \ud83d")

        assert await store.datasets.everything(1) == {old: ELVES}

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(name=st.text(min_size=1), names=st.lists(st.text(), max_size=30))
    async def test_any_names_in_any_script_do(self, store: Store, name: str, names: list[str]) -> None:
        category = await put(store, 1, name, *names, most=10_000)

        assert category.name == name
        assert await store.datasets.find(1, name) == category
        assert await store.datasets.names(category.id) == tuple(names)


class TestReading:
    async def test_a_guild_without_any_has_none(self, store: Store) -> None:
        assert await store.datasets.categories(1) == ()
        assert await store.datasets.everything(1) == {}
        assert await store.datasets.names(1) == ()
        assert await store.datasets.find(1, "Elvish") is None

    async def test_each_guild_sees_its_own(self, store: Store) -> None:
        own = await put(store, 1, "Elvish", *ELVES)
        other = await put(store, 2, "Elvish", "Arwen")

        assert own.id != other.id
        assert await store.datasets.find(1, "elvish") == own
        assert await store.datasets.find(2, "elvish") == other
        assert await store.datasets.everything(1) == {own: ELVES}
        assert await store.datasets.everything(2) == {other: ("Arwen",)}

    async def test_everything_is_in_order_with_the_empty_ones(self, store: Store) -> None:
        ships = await put(store, 1, "ships", "Rocinante", "Argo")
        empty = await put(store, 1, "Empty")
        elves = await put(store, 1, "Élvish", *ELVES)

        assert list((await store.datasets.everything(1)).items()) == [
            (elves, ELVES),
            (empty, ()),
            (ships, ("Rocinante", "Argo")),
        ]
        assert await store.datasets.categories(1) == (elves, empty, ships)


class TestRemoving:
    async def test_its_names_go_with_it(self, store: Store) -> None:
        category = await put(store, 1, "Elvish", *ELVES)

        assert await store.datasets.remove(category.id)
        assert not await store.datasets.remove(category.id)

        assert await store.datasets.categories(1) == ()
        assert await store.datasets.names(category.id) == ()

    async def test_its_id_is_not_given_again(self, store: Store) -> None:
        """A button on an old message must not come to mean another category."""
        category = await put(store, 1, "Elvish")
        await store.datasets.remove(category.id)

        assert (await put(store, 1, "Dwarvish")).id > category.id


class TestCollection:
    async def test_it_is_the_names_until_another_is_chosen(self, store: Store) -> None:
        assert await store.datasets.base_collection(1) == "names"

        await store.datasets.use(1, "cities", by=3)
        await store.datasets.use(2, "none", by=3)
        await store.datasets.use(1, "words", by=4)

        assert await store.datasets.base_collection(1) == "words"
        assert await store.datasets.base_collection(2) == "none"
        assert await store.datasets.base_collection(3) == "names"


class TestAutoRetrain:
    async def test_it_is_off_until_chosen_and_can_be_put_off(self, store: Store) -> None:
        assert await store.datasets.auto_retrain() == ()
        when = AutoRetrain(guild_id=1, channel_id=5, share=0.2, hour=None)

        await store.datasets.retrain_when(1, when, by=3)
        assert await store.datasets.auto_retrain() == (when,)

        await store.datasets.retrain_when(1, None, by=3)
        assert await store.datasets.auto_retrain() == ()

    async def test_it_and_the_collection_leave_each_other_alone(self, store: Store) -> None:
        when = AutoRetrain(guild_id=1, channel_id=5, share=None, hour=4)
        await store.datasets.use(1, "cities", by=3)
        await store.datasets.retrain_when(1, when, by=3)
        assert await store.datasets.base_collection(1) == "cities"

        await store.datasets.use(1, "words", by=3)

        assert await store.datasets.auto_retrain() == (when,)
