"""python -m tests.stress: kill the worker and the bot at many random moments, which takes some minutes."""

import asyncio
import random
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings
from model import Corpus, Generator, train
from tests.bot.killing import PHASES, Siege, kill_worker
from tests.bot.stand_in import StandIn
from tests.bot.world import publish
from tests.conftest import NAMES

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Times = Annotated[int, typer.Option(help="How often it is killed.")]
Seed = Annotated[int, typer.Option(help="The same seed draws the same moments.")]


@app.command()
def worker(times: Times = 10, seed: Seed = 0) -> None:
    """Kill the worker while it starts, trains, saves and publishes; each run goes on to its end."""
    asyncio.run(_worker(times, random.Random(seed)))


@app.command()
def bot(times: Times = 20, seed: Seed = 0) -> None:
    """Kill the bot under load: names, stars, uploads and a running job."""
    asyncio.run(_bot(times, random.Random(seed)))


async def _worker(times: int, draw: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "names.db"
        await publish(Settings(database_url=f"sqlite+aiosqlite:///{database}"), _generator())
        for phase in islice(cycle(PHASES), times):
            kill = await kill_worker(database, _corpus().to_zip(), phase, draw)
            typer.echo(f"killed while {phase} {kill.cut}: {' > '.join(kill.statuses)}")


async def _bot(times: int, draw: random.Random) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data_dir = folder / "data"
        data_dir.mkdir()
        for category, names in NAMES.items():
            (data_dir / f"{category}.txt").write_text("\n".join(names.split()), "utf-8")
        await publish(Settings(database_url=f"sqlite+aiosqlite:///{folder}/names.db"), _generator())
        siege = Siege(folder, data_dir, draw)
        async with StandIn() as stand_in:
            for number in range(times):
                seconds = draw.uniform(0.2, 8)
                await siege.kill(stand_in, seconds)
                typer.echo(
                    f"{number + 1}: killed after {seconds:.1f} s; "
                    f"{len(siege.shown)} names and {len(siege.starred)} stars kept"
                )
            began = time.monotonic()
            await siege.come_to_rest(stand_in)
            typer.echo(f"at rest after {time.monotonic() - began:.0f} s, no run stuck: {siege.changes()}")


def _corpus() -> Corpus:
    return Corpus.of({category: names.split() for category, names in NAMES.items()})


def _generator() -> Generator:
    return train(_corpus(), "ngram")


if __name__ == "__main__":
    app()
