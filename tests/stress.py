"""python -m tests.stress: kill worker and bot, lock the database and fill its disk: minutes of each."""

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, closing
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings
from bot.store import Store
from model import Corpus, Generator, train
from tests.bot.host import addresses, start
from tests.bot.killing import PHASES, Siege, expect_whole, kill_worker
from tests.bot.stand_in import StandIn
from tests.bot.straits import REFUSED, UNKEPT, Member, SmallDisk, locked
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


@app.command()
def lock(seconds: Annotated[float, typer.Option(help="How long.")] = 10.0) -> None:
    """Have another process keep the database's lock, while members ask and a training goes on."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "names.db"
        asyncio.run(_use(Path(folder), database, locked(database), seconds))


@app.command()
def full(mib: Annotated[int, typer.Option(help="How much the disk holds.")] = 4) -> None:
    """Fill the disk of the database by asking for names, and make room again; takes root to mount it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as mounted,
        SmallDisk(Path(mounted), mib) as disk,
    ):
        asyncio.run(_fill(Path(folder), disk))


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
        await publish(Settings(database_url=f"sqlite+aiosqlite:///{folder}/names.db"), _generator())
        siege = Siege(folder, _data_dir(folder), draw)
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


@asynccontextmanager
async def _running(folder: Path, database: Path) -> AsyncIterator[Member]:
    """A bot with a base model, and a member who uses it; it ends as it is told to."""
    await publish(Settings(database_url=f"sqlite+aiosqlite:///{database}"), _generator())
    async with StandIn() as stand_in:
        environment = addresses(stand_in, _data_dir(folder))
        environment["DATABASE_URL"] = f"sqlite+aiosqlite:///{database}"
        bot = await start(folder, **environment, MEMBER_LIMITS="none", SERVER_LIMITS="none")
        await asyncio.wait_for(stand_in.identified.wait(), 60)
        yield Member(stand_in)
        bot.terminate()
        assert await asyncio.wait_for(bot.wait(), 30) == 0


async def _use(folder: Path, database: Path, locked: AbstractContextManager[None], seconds: float) -> None:
    async with _running(folder, database) as member:
        assert UNKEPT not in await member.ask()
        await member.train()
        await _until(database, "SELECT count(*) FROM runs WHERE status = 'running'")
        asked = 0
        with locked:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                assert UNKEPT in await member.ask()
                assert REFUSED in await member.teach(asked)
                asked += 2
        typer.echo(f"locked for {seconds:.0f} s: {asked} answers, the slowest after {member.longest:.1f} s")
        await _expect_all_works(database, member)


async def _fill(folder: Path, disk: SmallDisk) -> None:
    database = disk.folder / "names.db"
    async with _running(folder, database) as member:
        kept = 0
        while UNKEPT not in await member.ask():
            kept += 1
        refused = [await member.train(), await member.teach(0)]
        assert all(REFUSED in told for told in refused), refused
        typer.echo(f"full after {kept} answers that were kept; the slowest came after {member.longest:.1f} s")
        disk.grow(200)
        await member.train()
        await _expect_all_works(database, member)


async def _expect_all_works(database: Path, member: Member) -> None:
    assert UNKEPT not in await member.ask()
    assert REFUSED not in await member.teach(1)
    await _until(database, "SELECT count(*) FROM runs WHERE status IN ('succeeded', 'rejected')")
    async with await Store.open(f"sqlite+aiosqlite:///{database}") as store:
        await expect_whole(store, database)
    typer.echo("afterwards names are kept, and a training comes to its end")


async def _until(database: Path, query: str, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    with closing(sqlite3.connect(database)) as connection:
        while not connection.execute(query).fetchone()[0]:
            assert time.monotonic() < end, query
            await asyncio.sleep(0.05)


def _data_dir(folder: Path) -> Path:
    data_dir = folder / "data"
    data_dir.mkdir()
    for category, names in NAMES.items():
        (data_dir / f"{category}.txt").write_text("\n".join(names.split()), "utf-8")
    return data_dir


def _corpus() -> Corpus:
    return Corpus.of({category: names.split() for category, names in NAMES.items()})


def _generator() -> Generator:
    return train(_corpus(), "ngram")


if __name__ == "__main__":
    app()
