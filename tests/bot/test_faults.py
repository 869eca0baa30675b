"""When Discord fails: each command is answered or told, and none twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from discord import InteractionResponse
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.app import NameBot, build
from bot.settings import Settings
from tests.bot.stand_in import TOKEN, StandIn, failing
from tests.bot.world import World, names_on, text_of


@dataclass
class Connected:
    """The bot, connected to a stand-in for Discord over real sockets."""

    bot: NameBot
    discord: StandIn

    async def expect_an_answer(self, number: str) -> None:
        """There is one, and no second one, even when all that is under way has ended."""
        assert "Russian" in await self.discord.told(number)
        await self.bot.answering.finish(30)
        assert len(self.discord.answers[number]) == 1


@pytest_asyncio.fixture
async def connected(ready: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connected]:
    async with StandIn() as stand_in:
        monkeypatch.setattr(Route, "BASE", f"http://{stand_in.address}/api")
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", URL(f"ws://{stand_in.address}/gateway"))
        async with build(ready) as bot:
            running = asyncio.create_task(bot.start(TOKEN))
            ready = asyncio.create_task(stand_in.identified.wait())
            await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
            assert ready.done(), running.exception()
            await bot.wait_until_ready()
            yield Connected(bot, stand_in)
            await bot.close()
            with suppress(asyncio.CancelledError):
                await running


async def test_discord_is_told_the_commands_and_asked_for_no_more_than_guilds(connected: Connected) -> None:
    slash = {command["name"] for command in connected.discord.commands if command.get("type", 1) == 1}
    assert slash == {
        *("name", "blend", "origin", "history", "favourites", "top", "dataset", "retrain", "autoretrain"),
        *("models", "loss", "help", "privacy", "about"),
    }
    assert connected.discord.identify["intents"] == 1


@pytest.mark.parametrize("statuses", [[500], [429, 429], [429, 502]])
async def test_what_passes_is_waited_for(connected: Connected, statuses: list[int]) -> None:
    connected.discord.faults = [failing(status) for status in statuses]

    number = await connected.discord.command("name", language="russian")

    await connected.expect_an_answer(number)
    assert not connected.discord.faults


@pytest.mark.parametrize("by_request", [False, True])
async def test_a_gateway_that_closes_is_resumed_and_what_was_missed_is_answered(
    connected: Connected, by_request: bool
) -> None:
    first = await connected.discord.command("name", language="russian")
    await connected.discord.told(first)
    await connected.discord.close_gateway(by_request=by_request)
    missed = await connected.discord.command("name", language="russian")

    await connected.discord.told(missed)

    assert connected.discord.resumed == 1
    await connected.expect_an_answer(missed)
    assert len(connected.discord.answers[first]) == 1


async def test_a_gateway_that_demands_a_new_session_gets_one(connected: Connected) -> None:
    connected.discord.forgets = True
    connected.discord.identified.clear()
    await connected.discord.close_gateway()
    await connected.discord.identified.wait()

    number = await connected.discord.command("name", language="russian")

    assert connected.discord.resumed == 0
    await connected.expect_an_answer(number)


async def test_names_that_could_not_be_sent_are_told_of_once(world: World) -> None:
    world.env.inject_error("POST", "/interactions/*/*/callback", status=503)

    reply = await world.alice.slash(world.channel, "name", language="russian")

    assert "went wrong on our side" in text_of(reply.response)
    assert len(world.channel.history(viewer=world.alice)) == 1
    world.expected_errors = 1


async def test_a_discord_that_takes_nothing_at_all_breaks_nothing(world: World) -> None:
    world.env.inject_error("POST", "/interactions/*/*/callback", status=500, times=None)
    await world.alice.slash(world.channel, "name", language="russian")
    world.env.backend.faults.clear()

    reply = await world.alice.slash(world.channel, "name", language="russian")

    assert len(names_on(reply.response)) == 3
    world.expected_errors = 1


@pytest.mark.parametrize("error", [TimeoutError(), aiohttp.ServerDisconnectedError(), ConnectionResetError()])
async def test_a_connection_that_breaks_or_hangs_is_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_args, **_options):
        raise error

    card = (await world.alice.slash(world.channel, "name", language="russian")).response
    with monkeypatch.context() as broken:
        broken.setattr(InteractionResponse, "send_message", fail)
        await world.alice.click(card, label="Again")

    assert "could not tell" in caplog.text
    assert names_on((await world.alice.click(card, label="Again")).response)
