"""Logs: a line an event, for a terminal or for a program, and no secret in them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
TOKEN = "MTA.token-of.the-bot"
PASSWORD = "hunter2"

PROVOKE = """
import asyncio, logging, threading, warnings
from bot import logs
from bot.settings import Settings

settings = Settings.read()
logs.set_up(settings)
token = settings.discord_token.get_secret_value()
log = logging.getLogger("provoked")

log.info("a line\\nforged \\x1b[31m %s", token)
try:
    raise ValueError(f"{token}\\nin a traceback")
except ValueError:
    log.exception("error 1a2b3c4d: /name")
warnings.warn(token)
log.info("%s %r %s", settings, settings, settings.database_url)

def fail(): raise OSError(token)
async def fail_later(): raise LookupError(token)
async def forget():
    task = asyncio.create_task(fail_later())
    await asyncio.sleep(0)

thread = threading.Thread(target=fail)
thread.start()
thread.join()
asyncio.run(forget())
raise RuntimeError(token)
"""


def provoke(tmp_path: Path, log_format: str) -> str:
    """What a process says that tries to tell its secrets in every way."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HERE),
        "DISCORD_TOKEN": TOKEN,
        "DATABASE_URL": f"sqlite+aiosqlite://bot:{PASSWORD}@/names.db",
        "LOG_FORMAT": log_format,
    }
    ended = subprocess.run(
        [sys.executable, "-c", PROVOKE],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert not ended.stdout
    return ended.stderr


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> str:
    return provoke(tmp_path_factory.mktemp("text"), "text")


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> str:
    return provoke(tmp_path_factory.mktemp("json"), "json")


def test_an_event_is_a_line_whatever_is_in_it(lines: str) -> None:
    events = [line for line in lines.splitlines() if not line.startswith("    ")]

    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +[\w.]+: ", line) for line in events)
    assert r"a line\nforged \x1b[31m ***" in events[0]
    assert "\x1b" not in lines


def test_a_traceback_follows_its_error_id(lines: str) -> None:
    after = lines.partition("error 1a2b3c4d: /name\n")[2].splitlines()

    assert after[0] == "    Traceback (most recent call last):"
    assert "    ValueError: ***" in after
    assert "    in a traceback" in after


def test_as_json_an_event_is_an_object_with_its_traceback(objects: str) -> None:
    events = [json.loads(line) for line in objects.splitlines()]

    assert {event["level"] for event in events} >= {"INFO", "WARNING", "ERROR", "CRITICAL"}
    assert all(event["time"] and event["logger"] for event in events)
    (of_error,) = [event for event in events if "1a2b3c4d" in event["message"]]
    assert "ValueError: ***\nin a traceback" in of_error["traceback"]


@pytest.mark.parametrize("said", ["lines", "objects"])
def test_no_secret_is_told_by_whatever_fails(said: str, request: pytest.FixtureRequest) -> None:
    text = request.getfixturevalue(said)

    for provoked in ("ValueError", "UserWarning", "OSError", "LookupError", "RuntimeError", "discord_token"):
        assert provoked in text
    assert TOKEN not in text
    assert PASSWORD not in text
