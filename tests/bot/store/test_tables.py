"""Times: aware, in UTC, whatever the database makes of them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from bot.store.tables import UtcDateTime

MINUTES_EAST = st.integers(min_value=-23 * 60, max_value=23 * 60)
TIMES = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the zone is drawn apart
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001 - as above
    timezones=MINUTES_EAST.map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(time=TIMES)
def test_any_time_comes_back_as_the_same_moment_in_utc(time: datetime) -> None:
    dialect = sqlite.dialect()
    kind = UtcDateTime()
    stored = kind.bind_processor(dialect)
    loaded = kind.result_processor(dialect, None)
    assert stored is not None
    assert loaded is not None

    back = loaded(stored(time))

    assert back == time
    assert back.tzinfo is UTC


def test_a_database_with_zones_may_answer_in_its_own() -> None:
    east = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    kind = UtcDateTime()

    back = kind.process_result_value(east, sqlite.dialect())

    assert back == east
    assert back is not None
    assert back.tzinfo is UTC


def test_no_time_is_no_time() -> None:
    dialect = sqlite.dialect()
    assert UtcDateTime().process_bind_param(None, dialect) is None
    assert UtcDateTime().process_result_value(None, dialect) is None


def test_a_naive_time_is_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(naive, sqlite.dialect())
