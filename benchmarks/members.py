"""What members wait for: the history of a busy server, completion, and many commands at once."""

import asyncio
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import simcord
from sqlalchemy import create_engine, insert, text

from benchmarks import machine
from benchmarks.tables import show
from bot.app import build
from bot.decency import Decency
from bot.generators import Generators
from bot.naming import Naming
from bot.settings import Settings
from bot.store import BASE, Cursor, Filters, NewModel, Scope, Store
from bot.store.tables import GenerationRow, NameRow, StarRow
from model import Corpus, train
from model.text import fold

_NAMES = 1_000_000
_EACH = 5  # names of a generation
_GUILD = 4242 << 22
_MEMBERS, _LANGUAGES = 500, 40
_PAGE = 10
_FAR = 10_000  # a page's number
_SERVERS, _OWN_MODELS = 10_000, 200


def run(corpus: Corpus) -> None:
    """Print how long members wait, and what a large bot needs."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_history(Path(folder)))
        asyncio.run(_completion(Path(folder)))
        content = train(corpus, recipe="quick").to_bytes()
        asyncio.run(_commands(Path(folder), content))
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:  # which holds nothing else
            show("Memory, MiB", ["", "resident"], fresh.submit(_memory, Path(folder), content).result())


async def _history(folder: Path) -> None:
    """Pages and tops over a million names of one server."""
    url = f"sqlite+aiosqlite:///{folder}/history.db"
    async with await Store.open(url) as store:
        model_id = (await store.models.publish(_a_model(b""), activate=True)).id
    _fill(folder / "history.db", model_id)
    scope = Scope.guild(_GUILD)
    searches = {
        "no filter": Filters(),
        "language": Filters(language="Language 7"),
        "member": Filters(user_id=107),
        "starred": Filters(starred=True),
        "text": Filters(text="rov"),
        "language and member": Filters(language="Language 7", user_id=107),
    }
    rows = []
    async with await Store.open(url) as store:
        for title, filters in searches.items():
            rows.append([title, *[f"{await _median(way):.1f}" for way in _ways(store, scope, filters)]])
        show(f"/history over {_NAMES:,} names, ms", ["", "first", f"page {_FAR:,} by number", "last"], rows)
        now, stars = datetime.now(UTC), store.stars
        since = {"week": now - timedelta(days=7), "month": now - timedelta(days=30), "ever": None}
        tops = []
        for title, moment in since.items():
            names = await _median(partial(stars.top_names, _GUILD, moment))
            languages = await _median(partial(stars.top_languages, _GUILD, moment))
            tops.append([title, f"{names:.1f}", f"{languages:.1f}"])
        show(f"/top over {_NAMES:,} names, ms", ["", "names", "languages"], tops)


def _ways(store: Store, scope: Scope, filters: Filters) -> list[Callable[[], Awaitable[object]]]:
    """The first page, one far away by its number, and the last."""

    async def far() -> object:
        return await store.history.page(
            scope, filters, await store.history.nth(scope, filters, (_FAR - 1) * _PAGE), _PAGE
        )

    return [
        lambda: store.history.page(scope, filters, Cursor.first(), _PAGE),
        far,
        lambda: store.history.page(scope, filters, Cursor.last(), _PAGE),
    ]


def _fill(file: Path, model_id: int) -> None:
    """A year of a server's names: all members and languages alike often, one name in a hundred starred."""
    draw = random.Random(0)
    syllables = [a + b for a in "bdgklmnprstv" for b in ("a", "e", "i", "o", "u", "ov", "in", "ash")]
    began = datetime.now(UTC) - timedelta(days=365)
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("PRAGMA synchronous = OFF"))
        generations, names, stars = [], [], []
        for number in range(1, _NAMES // _EACH + 1):
            made = began + timedelta(days=365) * (number * _EACH / _NAMES)
            user, language = 100 + draw.randrange(_MEMBERS), f"Language {draw.randrange(_LANGUAGES)}"
            generations.append(
                {
                    "id": number,
                    "created_at": made,
                    "guild_id": _GUILD,
                    "channel_id": 1,
                    "user_id": user,
                    "language": language,
                    "count": _EACH,
                    "temperature": 0.8,
                    "seed": number,
                    "model_id": model_id,
                }
            )
            for place in range(_EACH):
                name = "".join(draw.choices(syllables, k=3)).title()
                name_id = (number - 1) * _EACH + place + 1
                starred = draw.random() < 0.01
                names.append(
                    {
                        "id": name_id,
                        "generation_id": number,
                        "guild_id": _GUILD,
                        "user_id": user,
                        "language": language,
                        "text": name,
                        "folded": fold(name),
                        "log_prob": -9.0,
                        "novel": True,
                        "stars": int(starred),
                    }
                )
                if starred:
                    stars.append({"user_id": 7, "name_id": name_id, "guild_id": _GUILD, "starred_at": made})
        connection.execute(insert(GenerationRow), generations)
        connection.execute(insert(NameRow), names)
        connection.execute(insert(StarRow), stars)
    engine.dispose()


async def _completion(folder: Path) -> None:
    """A category's name among five hundred, as each letter is typed."""
    names = [f"Ab{letter}{other}" for letter in "aeiou" for other in "rst"]
    many = Corpus.of({f"Category {number:03} of a server": names for number in range(500)})
    url = f"sqlite+aiosqlite:///{folder}/completion.db"
    async with await Store.open(url) as store:
        await store.models.publish(_a_model(train(many, "ngram").to_bytes()), activate=True)
        generators = Generators(store)
        naming = Naming(store, generators, Decency())
        await naming.prepare()
        times = []
        for typed in ("", "c", "category 4", "server", "99", "zzz") * 100:
            began = time.perf_counter()
            naming.complete(None, typed)
            times.append((time.perf_counter() - began) * 1e3)
        generators.close()
    cuts = statistics.quantiles(times, n=100)
    rows = [["completion", f"{statistics.median(times):.2f}", f"{cuts[98]:.2f}", f"{max(times):.2f}"]]
    show("Completion of a category among 500, ms", ["", "median", "99th percentile", "worst"], rows)


async def _commands(folder: Path, content: bytes) -> None:
    """Commands a second through the real handlers."""
    async with _world(folder / "commands.db", content) as (env, bot, guild):
        channel, member = guild.create_text_channel("names"), guild.add_member(env.create_user("ada"))
        await env.settle()
        languages = bot.naming.complete(None, "")
        rows = []

        async def name(number: int) -> None:
            await member.slash(channel, "name", language=languages[number % len(languages)])

        async def mixed(number: int) -> None:
            match number % 5:
                case 0:
                    await member.slash(channel, "history")
                case 1:
                    await member.slash(channel, "favourites")
                case 2:
                    await member.autocomplete(channel, "name", "language", "r")
                case _:
                    await name(number)

        for title, command in (("/name", name), ("mixed: /name, /history, /favourites, completion", mixed)):
            rows.append([title, f"{await _rate(command):,.0f}"])
        show("Interactions a second, simcord's own work included", ["", "a second"], rows)


def _memory(folder: Path, content: bytes) -> list[list[str]]:
    """What a process holds with many servers, of which many have a model of their own."""
    return asyncio.run(_held(folder, content))


async def _held(folder: Path, content: bytes) -> list[list[str]]:
    async with _world(folder / "memory.db", content) as (env, bot, _):
        rows = [["one server, one model", f"{_resident():,.0f}"]]
        guilds = [env.create_guild(f"Server {number}") for number in range(_SERVERS)]
        await env.settle()
        rows.append([f"{_SERVERS:,} servers, in the bot and in simcord", f"{_resident():,.0f}"])
        for guild in guilds[:_OWN_MODELS]:
            model = await bot.store.models.publish(_a_model(content, guild.id), activate=True)
            serving = await bot.generators.load(model.id)
            await bot.generators.run(partial(serving.generator.sample, bot.naming.complete(None, "")[0]))
        rows.append([f"and {_OWN_MODELS} models, each used once", f"{_resident():,.0f}"])
    rows.append(["most at any time", f"{machine.peak_memory():,.0f}"])
    return rows


@asynccontextmanager
async def _world(file: Path, content: bytes) -> Any:
    """The bot with that model as its base, in a simulated Discord."""
    settings = Settings(database_url=f"sqlite+aiosqlite:///{file}", member_limits=(), server_limits=())
    async with await Store.open(settings.database_url) as store:
        await store.models.publish(_a_model(content), activate=True)
    bot = build(settings)
    env = simcord.Env(bot, settle_timeout=60)
    guild = env.create_guild("Bench", id=_GUILD)
    await env.start()
    try:
        yield env, bot, guild
    finally:
        await env.shutdown()
        await bot.close()


async def _rate(command: Callable[[int], Awaitable[None]], count: int = 400) -> float:
    await command(0)
    began = time.perf_counter()
    for number in range(count):
        await command(number)
    return count / (time.perf_counter() - began)


async def _median(call: Callable[[], Awaitable[object]], repeats: int = 15) -> float:
    """Milliseconds, the first call left out."""
    await call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        await call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


def _resident() -> float:
    """MiB of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _a_model(content: bytes, guild_id: int = BASE) -> NewModel:
    return NewModel(
        guild_id=guild_id,
        run_id=None,
        trained_by=None,
        network="gru",
        held_out_loss=1.0,
        metadata={},
        weights=content,
    )
