"""python -m bot check: each thing that may be out of order is told, and nothing is changed."""

import sqlite3
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.check import Finding, examine
from bot.settings import Settings
from bot.store import Store
from model import Generator
from tests.bot.world import publish
from tests.conftest import NAMES


@pytest.fixture
def complete(settings: Settings) -> Settings:
    return settings.model_copy(update={"discord_token": SecretStr("x")})


async def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.subject: finding async for finding in examine(settings)}


async def wrong(settings: Settings) -> dict[str, str]:
    return {subject: found.told for subject, found in (await findings(settings)).items() if not found.is_fine}


async def test_all_is_in_order(complete: Settings, generator: Generator) -> None:
    await publish(complete, generator)

    found = await findings(complete)

    assert [*found] == ["settings", "database", "models", "data"]
    assert all(finding.is_fine for finding in found.values())
    names = sum(len(listed.split()) for listed in NAMES.values())
    assert f"{names} names in 3 categories" in found["data"].told
    assert "All 1 can be used" in found["models"].told


async def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(
    complete: Settings, tmp_path: Path
) -> None:
    found = await findings(complete)

    assert "the first start makes it" in found["database"].told
    assert not await wrong(complete)
    assert not (tmp_path / "names.db").exists()


async def test_before_the_first_training(complete: Settings) -> None:
    async with await Store.open(complete.database_url):
        pass

    assert "the first start trains one" in (await findings(complete))["models"].told


async def test_what_is_wrong_is_told(complete: Settings, generator: Generator, tmp_path: Path) -> None:
    await publish(complete, generator)
    with sqlite3.connect(tmp_path / "names.db") as database:
        database.execute("UPDATE model_weights SET weights = substr(weights, 1, 1000)")
    settings = complete.model_copy(update={"discord_token": None, "data_dir": tmp_path / "nowhere"})

    told = await wrong(settings)

    assert [*told] == ["settings", "models", "data"]
    assert "DISCORD_TOKEN is missing" in told["settings"]
    assert "Model 1 can't be used" in told["models"]
    assert "nowhere can't be used" in told["data"]


async def test_a_damaged_database_is_told(complete: Settings, generator: Generator, tmp_path: Path) -> None:
    await publish(complete, generator)
    file = tmp_path / "names.db"
    with sqlite3.connect(file) as database:
        page = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_names_guild'"
        (number,) = database.execute(page).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    content = bytearray(file.read_bytes())
    content[(number - 1) * size : number * size] = bytes(size)
    file.write_bytes(content)

    assert "malformed" in (await wrong(complete))["database"]
