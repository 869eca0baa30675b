"""python -m bot, as a host runs it: its exit codes and signals, against a stand-in for Discord."""

import asyncio
import re
import signal
import time
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path

import aiosqlite
import pytest
from typer.testing import CliRunner

from bot.__main__ import cli
from bot.store import BASE, RunStatus, Store
from tests.bot.host import addresses, start
from tests.bot.stand_in import TOKEN, StandIn, failing


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
def test_unusable_settings_end_the_start_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no .env

    ended = CliRunner().invoke(cli, env=environment)

    assert ended.exit_code == 78
    assert ended.stderr.startswith(told)
    assert ended.output.count("\n") == 1


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


def processes(of: Process) -> list[Path]:
    """The process and those that it has begun, as the system lists them."""
    found = {of.pid: Path(f"/proc/{of.pid}")}
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        with suppress(OSError):  # it may have ended meanwhile
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in found:
                found[int(process.name)] = process
    return [*found.values()]


@pytest.mark.skipif(not Path("/proc").exists(), reason="the system lists its processes otherwise")
async def test_the_token_is_in_no_log_reply_or_list_of_processes(tmp_path: Path, data_dir: Path) -> None:
    async with StandIn() as discord:
        process = await start(tmp_path, **addresses(discord, data_dir))
        await asyncio.wait_for(discord.identified.wait(), 30)
        discord.faults = [failing(400, f"wrong: {TOKEN}")]

        told = await discord.told(await discord.command("about"))
        bot, *workers = processes(process)
        assert workers
        assert all(TOKEN not in (one / "cmdline").read_text() for one in (bot, *workers))
        assert all(TOKEN not in (one / "environ").read_text() for one in workers)
        process.send_signal(signal.SIGINT)
        code, said = await ended(process, tmp_path)

    assert code == 0, said
    number = re.search("`([0-9a-f]{8})`", told)
    assert number, told
    _, _, after = said.partition(f"error {number[1]}: /about\n")
    assert after.startswith("    Traceback (most recent call last):\n")
    assert "wrong: ***" in after
    assert TOKEN not in told + said


async def test_sigterm_lets_answers_be_finished_and_ends_it_in_ten_seconds_while_it_trains(
    tmp_path: Path, data_dir: Path
) -> None:
    async with StandIn() as discord:
        process = await start(tmp_path, **addresses(discord, data_dir))
        await asyncio.wait_for(discord.identified.wait(), 30)
        discord.faults = [failing(502)]  # discord.py tries again after a second
        running = await discord.command("about")
        await discord.failed()

        begun = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        while "restarted" not in await discord.told(await discord.command("about")):
            pass  # the signal is on its way
        code, said = await ended(process, tmp_path)

    assert code == 0, said
    assert time.perf_counter() - begun < 10
    assert "Namesmith" in discord.answers[running][0]
    assert "Traceback" not in said
    async with await Store.open(f"sqlite+aiosqlite:///{tmp_path}/names.db") as store:
        run = await store.runs.latest(BASE)
    assert run is not None
    assert run.status in (RunStatus.QUEUED, RunStatus.INTERRUPTED, RunStatus.SUCCEEDED)
