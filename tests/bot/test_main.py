"""python -m bot, as a host runs it: its exit codes and signals, against a stand-in for Discord."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from pathlib import Path

import aiosqlite
import pytest

from bot.store import BASE, RunStatus, Store
from tests.bot.stand_in import TOKEN, StandIn

HERE = Path(__file__).parents[2]


async def start(folder: Path, **environment: str) -> Process:
    """The bot in a process, with these settings and no others; what it says goes to a file there."""
    with (folder / "said.txt").open("wb") as said:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE), **environment},
            stdout=said,
            stderr=said,
        )


async def ended(process: Process, folder: Path) -> tuple[int, str]:
    """The exit code and all that it said."""
    code = await asyncio.wait_for(process.wait(), 30)
    return code, (folder / "said.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "DISCORD_TOKEN is missing: "),
        ({"DISCORD_TOKEN": "x", "DEV_GUILD_ID": "home"}, "DEV_GUILD_ID=home can't be used: "),
        ({"DISCORD_TOKEN": "x", "DATA_DIR": "nowhere"}, "DATA_DIR=nowhere can't be used: "),
    ],
)
async def test_unusable_settings_end_the_start_with_one_line(tmp_path: Path, environment, told: str) -> None:
    code, said = await ended(await start(tmp_path, **environment), tmp_path)

    assert code == 78
    assert said.startswith(told)
    assert said.count("\n") == 1


async def test_a_refused_token_is_told_without_showing_it(tmp_path: Path, data_dir: Path) -> None:
    async with StandIn() as discord:
        environment = addresses(discord, data_dir, token="wrong.token")
        code, said = await ended(await start(tmp_path, **environment), tmp_path)

    assert code == 77
    assert "Discord refused the token" in said
    assert "wrong.token" not in said
    assert "Traceback" not in said


async def test_a_newer_schema_is_refused(tmp_path: Path, data_dir: Path) -> None:
    async with await Store.open(f"sqlite+aiosqlite:///{tmp_path}/names.db"):
        pass
    async with aiosqlite.connect(tmp_path / "names.db") as database:
        await database.execute("UPDATE namesmith_schema SET version_num = '9999'")
        await database.commit()
    async with StandIn() as discord:
        environment = addresses(discord, data_dir)
        code, said = await ended(await start(tmp_path, **environment), tmp_path)

    assert code == 74
    assert "newer" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly_within_ten_seconds_while_it_trains(
    tmp_path: Path, data_dir: Path, number: signal.Signals
) -> None:
    async with StandIn() as discord:
        process = await start(tmp_path, **addresses(discord, data_dir))
        await asyncio.wait_for(discord.identified.wait(), 30)

        begun = time.perf_counter()
        process.send_signal(number)
        code, said = await ended(process, tmp_path)

    assert code == 0, said
    assert time.perf_counter() - begun < 10
    assert TOKEN not in said
    assert "Traceback" not in said
    async with await Store.open(f"sqlite+aiosqlite:///{tmp_path}/names.db") as store:
        run = await store.runs.latest(BASE)
    assert run is not None
    assert run.status in (RunStatus.INTERRUPTED, RunStatus.SUCCEEDED)
    assert {command["name"] for command in discord.commands} == {
        *(
            "name",
            "blend",
            "origin",
            "history",
            "favourites",
            "top",
            "dataset",
            "retrain",
            "help",
            "privacy",
            "about",
        )
    }
    assert discord.identify["intents"] == 1, "no more than guilds"


def addresses(discord: StandIn, data_dir: Path, token: str = TOKEN) -> dict[str, str]:
    """Settings that lead to the stand-in."""
    return {
        "DISCORD_TOKEN": token,
        "DISCORD_API_URL": f"http://{discord.address}/api/",
        "DISCORD_GATEWAY_URL": f"ws://{discord.address}/gateway",
        "DATABASE_URL": "sqlite+aiosqlite:///names.db",
        "DATA_DIR": str(data_dir),
        "LOG_LEVEL": "debug",
    }
