"""Copies of a database in use."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.store import NewGeneration, Store, StoreError, back_up


def beside(copy: Path) -> list[Path]:
    """What goes with a copy."""
    return [*copy.parent.glob(f"{copy.name}?*")]


async def test_a_copy_is_of_one_moment_while_others_write(
    store: Store, url: str, tmp_path: Path, new_generation: NewGeneration
) -> None:
    kept = await store.history.keep(new_generation)
    copy = tmp_path / "copy.db"

    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM names")
        back_up(make_url(url), copy)
        writer.execute("COMMIT")

    assert not beside(copy), "one file"
    async with await Store.open(f"sqlite+aiosqlite:///{copy}") as copied:
        assert await copied.history.generation(kept.id) == kept


async def test_the_last_copy_stays_until_the_new_one_is_whole(store: Store, url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    back_up(make_url(url), copy)
    before = copy.read_bytes()
    (tmp_path / "damaged.db").write_bytes(before[:5000] + bytes(5000) + before[10000:])

    with pytest.raises(StoreError, match=r"damaged\.db can't be copied to .*copy\.db"):
        back_up(make_url(f"sqlite+aiosqlite:///{tmp_path}/damaged.db"), copy)

    assert copy.read_bytes() == before
    assert not beside(copy)


@pytest.mark.parametrize(
    ("database", "copy", "told"),
    [
        ("sqlite+aiosqlite:///{}/nowhere.db", "copy.db", "can't be copied"),
        ("sqlite+aiosqlite:///{}/namesmith.db", "no/such/folder.db", "can't be copied"),
        ("sqlite+aiosqlite:///{}/namesmith.db", "namesmith.db", "is the database itself"),
        ("postgresql+asyncpg://bot:hunter2@db/names", "copy.db", r"bot:\*\*\*@db.* pg_dump"),
    ],
)
async def test_what_cannot_be_copied_is_told(
    store: Store, tmp_path: Path, database: str, copy: str, told: str
) -> None:
    with pytest.raises(StoreError, match=told):
        back_up(make_url(database.format(tmp_path)), tmp_path / copy)

    assert not (tmp_path / "nowhere.db").exists()
