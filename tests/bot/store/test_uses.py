"""Limits: in every window at once, told until when, the same after a restart."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import Store, guild_key, member_key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = member_key(3)
TWICE_IN_TEN_SECONDS = (10, 2)


def after(seconds: float) -> datetime:
    """Tell the time so long after noon."""
    return NOON + timedelta(seconds=seconds)


def rows(path: Path) -> int:
    """Count the uses that are kept."""
    with sqlite3.connect(path) as database:
        (found,) = database.execute("SELECT count(*) FROM uses").fetchone()
    return int(found)


class TestCharging:
    async def test_one_too_many_is_told_when_it_may_be(self, store: Store) -> None:
        for seconds, free_again in ((0, None), (4, None), (5, 10), (9.999, 10), (10, None), (11, 14)):
            answer = await store.uses.charge({KEY: [TWICE_IN_TEN_SECONDS]}, after(seconds))
            assert answer == (None if free_again is None else after(free_again))

    async def test_all_windows_must_have_room(self, store: Store) -> None:
        windows = [(10, 1), (100, 2)]

        assert await store.uses.charge({KEY: windows}, after(0)) is None
        assert await store.uses.charge({KEY: windows}, after(5)) == after(10)
        assert await store.uses.charge({KEY: windows}, after(20)) is None
        assert await store.uses.charge({KEY: windows}, after(25)) == after(100)

    async def test_what_is_refused_does_not_count(self, store: Store, path: Path) -> None:
        for seconds in (0, 1, 2, 3):
            await store.uses.charge({KEY: [(10, 1)]}, after(seconds))

        assert rows(path) == 1
        assert await store.uses.charge({KEY: [(10, 1)]}, after(10)) is None

    async def test_each_key_counts_for_itself(self, store: Store) -> None:
        for key in (member_key(3), member_key(4), guild_key(3)):
            assert await store.uses.charge({key: [(10, 1)]}, NOON) is None

    async def test_without_windows_all_is_allowed(self, store: Store, path: Path) -> None:
        for _ in range(3):
            assert await store.uses.charge({KEY: []}, NOON) is None

        assert rows(path) == 0

    async def test_it_holds_in_other_processes_and_after_a_restart(
        self, store: Store, other_store: Store, url: str
    ) -> None:
        answers = await asyncio.gather(
            *(either.uses.charge({KEY: [TWICE_IN_TEN_SECONDS]}, NOON) for either in [store, other_store] * 5)
        )
        assert answers.count(None) == 2
        await store.close()

        async with await Store.open(url) as restarted:
            assert await restarted.uses.charge({KEY: [TWICE_IN_TEN_SECONDS]}, after(1)) == after(10)


class TestChargingSeveral:
    async def test_all_are_charged_or_none(self, store: Store) -> None:
        member, guild = member_key(3), guild_key(1)
        await store.uses.charge({guild: [(20, 1)]}, NOON)

        assert await store.uses.charge({member: [(10, 1)], guild: [(20, 1)]}, after(1)) == after(20)

        assert await store.uses.charge({member: [(10, 1)]}, after(2)) is None

    async def test_the_latest_says_when(self, store: Store) -> None:
        limits = {member_key(3): [(10, 1), (60, 1)], guild_key(1): [(20, 1)]}
        await store.uses.charge(limits, NOON)

        assert await store.uses.charge(limits, after(1)) == after(60)


class TestRefunding:
    async def test_a_use_is_taken_back(self, store: Store) -> None:
        await store.uses.charge({KEY: [(10, 1)]}, NOON)

        assert await store.uses.refund(KEY, NOON)
        assert not await store.uses.refund(KEY, NOON)

        assert await store.uses.charge({KEY: [(10, 1)]}, after(1)) is None

    async def test_of_two_at_one_moment_one_is(self, store: Store) -> None:
        for _ in range(2):
            await store.uses.charge({KEY: [TWICE_IN_TEN_SECONDS]}, NOON)

        await store.uses.refund(KEY, NOON)

        assert await store.uses.charge({KEY: [TWICE_IN_TEN_SECONDS]}, after(1)) is None
        assert await store.uses.charge({KEY: [TWICE_IN_TEN_SECONDS]}, after(2)) is not None

    async def test_another_key_or_time_is_not(self, store: Store) -> None:
        await store.uses.charge({KEY: [(10, 1)]}, NOON)

        assert not await store.uses.refund(member_key(4), NOON)
        assert not await store.uses.refund(KEY, after(1))


async def test_what_no_longer_counts_is_deleted(store: Store, path: Path) -> None:
    for user_id in range(5):
        await store.uses.charge({member_key(user_id): [(10, 1), (60, 5)]}, after(user_id))
    assert rows(path) == 5

    await store.uses.forget(after(62))

    assert rows(path) == 2  # those of 3 and 4 seconds after noon


OTHERS = count(start=4)  # a member of its own for each example
WINDOWS = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 3)), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(windows=WINDOWS, pauses=st.lists(st.integers(0, 8), min_size=1, max_size=15))
async def test_no_window_ever_has_more_and_none_is_refused_in_vain(
    store: Store, windows: list[tuple[int, int]], pauses: list[int]
) -> None:
    key = member_key(next(OTHERS))
    charged: list[int] = []
    second = 0

    def is_free(at: float) -> bool:
        return all(sum(use > at - length for use in charged) < limit for length, limit in windows)

    for pause in pauses:
        second += pause
        free_again = await store.uses.charge({key: windows}, after(second))
        assert (free_again is None) == is_free(second)
        if free_again is None:
            charged.append(second)
        else:
            at = (free_again - NOON).total_seconds()
            assert is_free(at)
            assert not is_free(at - 0.5)
