"""A small share of `python -m tests.stress`: SIGKILL for the worker and the bot at random moments."""

import random
from pathlib import Path

import pytest

from bot.settings import Settings
from model import Corpus, Generator
from tests.bot.killing import Siege, kill_worker
from tests.bot.stand_in import StandIn
from tests.bot.world import publish
from tests.conftest import NAMES


@pytest.mark.parametrize("phase", ["saving", "publishing"])
async def test_a_run_whose_worker_is_killed_goes_on_to_its_end(
    settings: Settings, generator: Generator, tmp_path: Path, phase: str
) -> None:
    await publish(settings, generator)
    few = Corpus.of({category: names.split()[:12] for category, names in NAMES.items()})

    kill = await kill_worker(tmp_path / "names.db", few.to_zip(), phase, random.Random())

    assert kill.statuses[-1] in ("succeeded", "rejected")


async def test_a_bot_that_is_killed_under_load_loses_nothing_that_was_shown(
    settings: Settings, generator: Generator, data_dir: Path, tmp_path: Path
) -> None:
    await publish(settings, generator)
    siege = Siege(tmp_path, data_dir, random.Random())
    async with StandIn() as stand_in:
        while not siege.starred:
            await siege.kill(stand_in, seconds=random.uniform(2, 4))

    assert siege.shown
