"""Models: kept whole, put in use by one pointer, never in another guild."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from bot.store import BASE, ModelInUse, NewModel, Store, UnknownModel

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class TestPublishing:
    async def test_it_comes_back_with_its_weights(self, store: Store, new_model: NewModel) -> None:
        model = await store.models.publish(new_model, activate=False)

        given = asdict(new_model)
        weights = given.pop("weights")
        assert given.items() <= asdict(model).items()
        assert model.size == len(weights)
        assert await store.models.get(model.id) == model
        assert await store.models.weights(model.id) == weights

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(metadata=st.dictionaries(st.text(), JSON, max_size=4), weights=st.binary())
    async def test_any_metadata_and_weights_do(
        self, store: Store, new_model: NewModel, metadata: dict[str, object], weights: bytes
    ) -> None:
        model = await store.models.publish(
            replace(new_model, metadata=metadata, weights=weights), activate=False
        )

        found = await store.models.get(model.id)
        assert found is not None
        assert found.metadata == metadata
        assert await store.models.weights(model.id) == weights

    async def test_with_activate_it_is_in_use(self, store: Store, new_model: NewModel) -> None:
        model = await store.models.publish(replace(new_model, guild_id=1), activate=True)

        assert await store.models.active(1) == model

    async def test_without_activate_it_is_only_kept(self, store: Store, new_model: NewModel) -> None:
        await store.models.publish(replace(new_model, guild_id=1), activate=False)

        assert await store.models.active(1) is None

    async def test_if_it_fails_the_one_in_use_stays(
        self, store: Store, path: Path, new_model: NewModel
    ) -> None:
        old = await store.models.publish(new_model, activate=True)

        with pytest.raises(IntegrityError):
            await store.models.publish(replace(new_model, run_id=999), activate=True)

        assert await store.models.active(BASE) == old
        with sqlite3.connect(path) as database:
            assert database.execute("SELECT count(*) FROM models").fetchone() == (1,)
            assert database.execute("SELECT count(*) FROM model_weights").fetchone() == (1,)


class TestActive:
    async def test_there_is_none_at_first(self, store: Store) -> None:
        assert await store.models.active(1) is None
        assert await store.models.active(BASE) is None

    async def test_a_guild_without_its_own_has_the_base(self, store: Store, new_model: NewModel) -> None:
        base = await store.models.publish(new_model, activate=True)

        assert await store.models.active(1) == base
        assert await store.models.active(BASE) == base
        assert await store.models.active_own(1) is None

    async def test_a_guild_with_its_own_has_that_alone(self, store: Store, new_model: NewModel) -> None:
        base = await store.models.publish(new_model, activate=True)
        own = await store.models.publish(replace(new_model, guild_id=1), activate=True)

        assert await store.models.active(1) == own
        assert await store.models.active_own(1) == own
        assert await store.models.active(2) == base
        assert await store.models.active(BASE) == base

    async def test_a_new_base_is_used_at_once_by_those_who_go_with_it(
        self, store: Store, other_store: Store, new_model: NewModel
    ) -> None:
        await store.models.publish(new_model, activate=True)

        newer = await other_store.models.publish(new_model, activate=True)

        assert await store.models.active(1) == newer

    async def test_the_old_one_can_be_made_active_again(self, store: Store, new_model: NewModel) -> None:
        old = await store.models.publish(replace(new_model, guild_id=1), activate=True)
        new = await store.models.publish(replace(new_model, guild_id=1), activate=True)
        assert await store.models.active(1) == new

        await store.models.activate(1, old.id)

        assert await store.models.active(1) == old

    async def test_a_guild_may_choose_one_of_the_base(self, store: Store, new_model: NewModel) -> None:
        base = await store.models.publish(new_model, activate=False)

        await store.models.activate(1, base.id)

        assert await store.models.active_own(1) == base
        assert await store.models.active(BASE) is None

    async def test_no_one_may_choose_that_of_another_guild(self, store: Store, new_model: NewModel) -> None:
        foreign = await store.models.publish(replace(new_model, guild_id=2), activate=True)

        for guild_id in (1, BASE):
            with pytest.raises(UnknownModel, match=str(foreign.id)):
                await store.models.activate(guild_id, foreign.id)
            assert await store.models.active(guild_id) is None

    async def test_one_that_is_not_there_can_not_be_chosen(self, store: Store) -> None:
        with pytest.raises(UnknownModel):
            await store.models.activate(1, 999)

    async def test_a_guild_may_go_with_the_base_again(self, store: Store, new_model: NewModel) -> None:
        base = await store.models.publish(new_model, activate=True)
        await store.models.publish(replace(new_model, guild_id=1), activate=True)

        await store.models.follow_base(1)

        assert await store.models.active(1) == base
        assert await store.models.active_own(1) is None


class TestDeleting:
    async def test_its_weights_go_and_its_row_stays(self, store: Store, new_model: NewModel) -> None:
        model = await store.models.publish(replace(new_model, guild_id=1), activate=False)

        await store.models.delete(1, model.id)

        assert await store.models.available(1) == ()
        assert await store.models.get(model.id) == model
        with pytest.raises(UnknownModel):
            await store.models.weights(model.id)
        with pytest.raises(UnknownModel):
            await store.models.delete(1, model.id)

    @pytest.mark.parametrize("user", [1, 2])
    async def test_one_in_use_anywhere_is_not_deleted(
        self, store: Store, new_model: NewModel, user: int
    ) -> None:
        model = await store.models.publish(new_model, activate=False)
        await store.models.activate(user, model.id)

        with pytest.raises(ModelInUse):
            await store.models.delete(BASE, model.id)

        assert await store.models.weights(model.id)

    async def test_that_of_another_guild_is_not_there(self, store: Store, new_model: NewModel) -> None:
        model = await store.models.publish(replace(new_model, guild_id=2), activate=False)

        with pytest.raises(UnknownModel):
            await store.models.delete(1, model.id)


class TestReading:
    async def test_a_model_that_is_not_there_is_none(self, store: Store) -> None:
        assert await store.models.get(999) is None

    async def test_weights_that_are_not_there_are_an_error(self, store: Store) -> None:
        with pytest.raises(UnknownModel):
            await store.models.weights(999)

    async def test_only_weights_reads_weights(
        self, store: Store, new_model: NewModel, sent: list[tuple[str, Sequence[object]]]
    ) -> None:
        model = await store.models.publish(new_model, activate=True)

        sent.clear()
        await store.models.active(1)
        await store.models.active_own(BASE)
        await store.models.get(model.id)
        await store.models.activate(1, model.id)
        assert not any("model_weights" in statement for statement, _ in sent)

        sent.clear()
        await store.models.weights(model.id)
        assert any("model_weights" in statement for statement, _ in sent)
