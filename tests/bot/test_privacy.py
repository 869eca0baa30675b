"""/privacy, what expires, and /help."""

import json
from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.housekeeping import Housekeeping
from bot.store import Scope
from tests.bot.test_favourites import star
from tests.bot.test_history import keep
from tests.bot.world import World, buttons_of, names_on, text_of


async def privacy(world: World, who=None):
    return (await (who or world.alice).slash(world.channel, "privacy")).response


async def names_of(world: World) -> list[str]:
    page = await world.bot.store.history.page(Scope.guild(world.guild.id))
    return [entry.text for entry in page.entries]


async def test_everything_about_the_asker_is_given(world: World) -> None:
    await keep(world, "Mine")
    await keep(world, "Theirs", user=world.bob)
    await star(world, world.alice, "Theirs")
    card = await privacy(world)
    assert card.ephemeral

    given = (await world.alice.click(card, label="Export")).response

    everything = json.loads(await given.attachments[0].read())
    assert [row["text"] for row in everything["names"]] == ["Mine"]
    assert len(everything["stars"]) == 1
    assert given.ephemeral


async def test_everything_about_the_asker_is_erased_after_a_question(world: World) -> None:
    await keep(world, "Mine")
    await keep(world, "Theirs", user=world.bob)
    await star(world, world.alice, "Theirs")
    card = await privacy(world)

    question = (await world.alice.click(card, label="Delete…")).response
    assert await names_of(world) == ["Theirs", "Mine"], "it is only a question"
    done = (await world.alice.click(question, label="Yes, erase all of it")).response

    assert "names (1)" in text_of(done)
    assert await names_of(world) == ["Theirs"]
    assert await world.bot.store.stars.favourites(world.alice.id) == ()


async def happens(world: World, event: str) -> None:
    """Let all who listen hear of an event of the server, and be done with it."""
    for listener in world.bot.extra_events[event]:
        await listener(world.bot.get_guild(world.guild.id))


def housekeeping(world: World) -> Housekeeping:
    cog = world.bot.get_cog("Housekeeping")
    assert isinstance(cog, Housekeeping)
    return cog


async def test_a_server_that_was_left_is_erased_after_thirty_days(world: World) -> None:
    await keep(world, "Mine")
    await happens(world, "on_guild_remove")

    await housekeeping(world).purge(datetime.now(UTC) + timedelta(days=29))
    assert await names_of(world) == ["Mine"]
    await housekeeping(world).purge(datetime.now(UTC) + timedelta(days=31))
    assert await names_of(world) == []


async def test_a_server_that_comes_back_keeps_its_names(world: World) -> None:
    await keep(world, "Mine")
    await happens(world, "on_guild_remove")
    await happens(world, "on_guild_join")

    await housekeeping(world).purge(datetime.now(UTC) + timedelta(days=31))

    assert await names_of(world) == ["Mine"]


async def test_a_server_that_was_left_unnoticed_is_found_at_the_start(world: World) -> None:
    await keep(world, "Lost", guild_id=4711)
    await world.restart()

    await housekeeping(world).purge(datetime.now(UTC) + timedelta(days=31))

    assert not (await world.bot.store.history.page(Scope.guild(4711))).entries


async def test_a_server_that_came_back_unnoticed_keeps_its_names(world: World) -> None:
    await keep(world, "Mine")
    await world.bot.store.privacy.leave(world.guild.id)
    await world.restart()

    await housekeeping(world).purge(datetime.now(UTC) + timedelta(days=31))

    assert await names_of(world) == ["Mine"]


async def test_old_names_go_if_the_host_says_so(world: World) -> None:
    await keep(world, "Old")
    later = datetime.now(UTC) + timedelta(days=8)

    await housekeeping(world).purge(later)
    assert await names_of(world) == ["Old"], "0 keeps all"
    await Housekeeping(world.bot, world.bot.store, world.bot.trainer, history_days=7).purge(later)
    assert await names_of(world) == []


async def test_help_has_something_to_try_at_once(world: World) -> None:
    card = (await world.alice.slash(world.channel, "help")).response

    assert card.ephemeral
    assert "/name language:Russian letters:rus" in text_of(card)
    label = next(label for label in buttons_of(card) if label.startswith("Try"))
    tried = (await world.alice.click(card, label=label)).response
    assert len(names_on(tried)) == 3


async def test_a_server_that_invites_it_is_told_what_there_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = world.bot.get_channel(world.channel.id)
    monkeypatch.setattr(discord.Guild, "system_channel", channel)

    await happens(world, "on_guild_join")

    assert "/name language:Russian letters:rus" in text_of(world.channel.history(viewer=world.alice)[-1])


async def test_it_says_nothing_where_it_may_not_speak(world: World) -> None:
    before = len(world.channel.history(viewer=world.alice))

    await happens(world, "on_guild_join")

    assert len(world.channel.history(viewer=world.alice)) == before


async def test_it_may_be_installed_to_servers_and_users_and_used_anywhere(world: World) -> None:
    published = next(entry.json for entry in world.env.http_requests if entry.method == "PUT")
    commands = {command["name"]: command for command in published}

    assert commands["name"]["integration_types"] == [0, 1]
    assert commands["name"]["contexts"] == [0, 1, 2]
    for name in ("retrain", "dataset"):
        assert commands[name]["integration_types"] == [0], "servers alone"
        assert commands[name]["contexts"] == [0]
