"""A world for the bot: a simulated Discord with a server and its members, and how to read what was told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import discord
import simcord
from simcord.components import walk_components

from bot.app import NameBot, build
from bot.settings import Settings
from bot.store import BASE, NewModel, Run, RunStatus, Store
from model import Generator

_TEXT_DISPLAY = 10
_BUTTON = 2


@dataclass
class World:
    """The bot in a server: alice is a member, boss may manage the server, owner owns the bot."""

    env: simcord.Env
    bot: NameBot
    settings: Settings
    guild: Any
    channel: Any
    alice: Any
    bob: Any
    boss: Any
    owner: Any
    expected_errors: int = 0
    """How many bugs a test has put in; any other one fails it."""

    async def restart(self) -> None:
        """Close the bot and start another one on the same database, in the same Discord."""
        old, self.bot = self.bot, build(self.settings)
        self.bot.owner_id = old.owner_id
        await old.close()
        await self.env.restart_bot(self.bot)

    async def until(self, happened: Callable[[], bool | Awaitable[bool]], seconds: float = 120) -> None:
        """Let the bot's timers and its worker process run until something has happened."""
        end = time.perf_counter() + seconds
        while not (await seen if isawaitable(seen := happened()) else seen):
            assert time.perf_counter() < end, f"did not happen:\n{self.env.transcript()[-3000:]}"
            await asyncio.sleep(0.05)
            await self.env.advance_time(2)

    async def trains(self, run: Run) -> bool:
        """Whether a run is at work."""
        now = await self.bot.store.runs.get(run.id)
        return now is not None and now.status is RunStatus.RUNNING

    async def is_idle(self) -> bool:
        """Whether all runs are over, and the end of each was shown."""
        runs = self.bot.store.runs
        return not await runs.unfinished() and not await runs.untold()


class Waiting(Executor):
    """An executor that begins nothing: what it is given waits until the bot closes."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        return Future()


def text_of(message: Any) -> str:
    """All that a card says."""
    parts = message.components
    raw = [part if isinstance(part, dict) else part.to_dict() for part in parts]
    return "\n".join(part["content"] for part in walk_components(raw) if part["type"] == _TEXT_DISPLAY)


def names_on(message: Any) -> list[str]:
    """The names on a card of /name."""
    return [line.removeprefix("## ") for line in text_of(message).splitlines() if line.startswith("## ")]


def buttons_of(message: Any) -> dict[str, bool]:
    """The labels of a card's buttons, and whether each can be pressed."""
    parts = message.components
    raw = [part if isinstance(part, dict) else part.to_dict() for part in parts]
    return {
        part.get("label") or part["emoji"]["name"]: not part.get("disabled", False)
        for part in walk_components(raw)
        if part["type"] == _BUTTON
    }


def new_model(
    generator: Generator, guild_id: int = BASE, *, run_id: int | None = None, trained_by: int | None = None
) -> NewModel:
    """What a finished training puts into the database."""
    card = generator.card
    return NewModel(
        guild_id=guild_id,
        run_id=run_id,
        trained_by=trained_by,
        network=card.network.network,
        held_out_loss=card.held_out.letters,
        metadata={"names": sum(card.counts.values()), "held_out": card.held_out.categories},
        weights=generator.to_bytes(),
    )


async def publish(
    settings: Settings, generator: Generator, guild_id: int = BASE, trained_by: int | None = None
) -> int:
    """Put a model into the database and in use, as a finished training does; its number."""
    model = new_model(generator, guild_id, trained_by=trained_by)
    async with await Store.open(settings.database_url) as store:
        return (await store.models.publish(model, activate=True)).id


async def open_world(settings: Settings, *, guild_id: int | None = None) -> World:
    bot = build(settings)
    env = simcord.Env(bot, settle_timeout=20)
    guild = env.create_guild("Home", id=guild_id)
    channel = guild.create_text_channel("general")
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    members = {
        name: guild.add_member(env.create_user(name), roles=[managers] if name in ("boss", "owner") else [])
        for name in ("alice", "bob", "boss", "owner")
    }
    bot.owner_id = members["owner"].id
    await env.start()
    return World(env, bot, settings, guild, channel, **members)


async def close_world(world: World) -> None:
    await world.env.shutdown()
    await world.bot.close()
    if len(world.env.errors) != world.expected_errors:
        world.env.raise_errors()
