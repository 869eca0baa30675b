"""The bot as a whole: its commands' manners, its errors, /about."""

import asyncio
import logging
import re
from pathlib import Path

import discord
import pytest
from discord import app_commands

from bot.datasets import Datasets
from bot.generators import Generators
from bot.naming import Naming
from bot.ui.names import Again
from tests.bot.world import World, close_world, open_world, publish, text_of

README = Path("README.md").read_text("utf-8")


class Broken(Exception):
    pass


async def break_down(*_args, **_options):
    raise Broken("its inside must not be shown")


def expect_an_error_id(told: str, log: str) -> None:
    number = re.search(r"`([0-9a-f]{8})`", told)
    assert number, told
    assert number[1] in log
    assert "its inside must not be shown" in log
    assert "its inside" not in told


async def test_a_bug_in_a_command_is_told_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Naming, "make", break_down)

    reply = await world.alice.slash(world.channel, "name", language="russian")

    assert reply.response.ephemeral
    expect_an_error_id(text_of(reply.response), caplog.text)
    world.expected_errors = 1


async def test_a_bug_in_a_button_is_told_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    card = (await world.alice.slash(world.channel, "name", language="russian")).response
    monkeypatch.setattr(Naming, "again", break_down)

    reply = await world.alice.click(card, label="Again")

    assert reply.response.ephemeral
    expect_an_error_id(text_of(reply.response), caplog.text)


async def test_a_bug_in_a_select_is_told_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = await world.alice.slash(world.channel, "name", language="russian")
    monkeypatch.setattr(Naming, "in_mood", break_down)

    reply = await world.alice.select(made.response, ["wild"], custom_id="mood:1")

    assert reply.response.ephemeral
    expect_an_error_id(text_of(reply.response), caplog.text)


async def test_a_bug_in_a_form_is_told_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    form = await world.boss.slash(world.channel, "dataset add", category="Elves")
    monkeypatch.setattr(Datasets, "add", break_down)

    reply = await world.boss.submit_modal(form, {"names": "Aelin"})

    assert reply.response.ephemeral
    expect_an_error_id(text_of(reply.response), caplog.text)


async def test_a_bug_in_a_messages_menu_is_told_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    message = await world.bob.send(world.channel, "Rovakov")
    monkeypatch.setattr(Naming, "origin", break_down)

    reply = await world.alice.context_menu(world.channel, "Where is this name from?", message)

    expect_an_error_id(text_of(reply.response), caplog.text)
    world.expected_errors = 1


async def test_a_bug_in_a_completion_is_offered_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args):
        raise Broken("its inside must not be shown")

    monkeypatch.setattr(Naming, "complete", fail)

    (choice,) = await world.alice.autocomplete(world.channel, "name", "language", "rus")

    expect_an_error_id(f"`{choice['name'].split()[-1].rstrip('.')}`", caplog.text)
    assert choice["value"] == "rus"


async def test_a_form_from_an_older_time_is_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    form = await world.boss.slash(world.channel, "dataset add", category="Elves")
    monkeypatch.setattr("bot.app._FORMS", ())

    reply = await world.boss.submit_modal(form, {"names": "Aelin"})

    assert "older time" in text_of(reply.response)


async def test_a_bug_after_the_deferral_is_told_too(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await world.restart()  # the model must be loaded first, so the command defers
    world.bot.generators._loaded.clear()
    monkeypatch.setattr(Generators, "load", break_down)

    reply = await world.alice.slash(world.channel, "name", language="russian")

    expect_an_error_id(text_of(reply.response), caplog.text)
    world.expected_errors = 1


async def test_a_button_from_an_older_time_is_answered(world: World) -> None:
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(discord.ui.Button(label="Old", custom_id="of-an-older-version")))
    message = await world.bot.get_channel(world.channel.id).send(view=view)
    view.stop()
    await world.restart()

    reply = await world.alice.click(message, label="Old")

    assert reply.response.ephemeral
    assert "older" in text_of(reply.response)


async def test_an_interaction_that_expired_is_logged_and_no_more(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062, message="Unknown")

    with caplog.at_level(logging.WARNING):
        await world.alice.slash(world.channel, "about")

    assert "had expired" in caplog.text
    world.expected_errors = 1


async def test_private_cards_leave_no_timer_behind(world: World) -> None:
    running = len(asyncio.all_tasks())
    for command in ("help", "favourites"):
        assert (await world.alice.slash(world.channel, command)).response.ephemeral

    assert len(asyncio.all_tasks()) == running


async def test_about(world: World) -> None:
    await world.alice.slash(world.channel, "name", language="russian", count=5)

    told = text_of((await world.alice.slash(world.channel, "about")).response)

    assert re.search(r"Namesmith \d+\.\d+", told)
    assert "Names made: 5" in told
    assert re.search(r"shared, gru, \d\.\d{3} nats a letter on held-out names", told)
    assert re.search(r"Up since: <t:\d+:R>", told)


async def test_about_before_there_is_a_model(new_world: World) -> None:
    told = text_of((await new_world.alice.slash(new_world.channel, "about")).response)

    assert "still learning" in told


def commands_of(world: World) -> list[app_commands.Command]:
    return [c for c in world.bot.tree.walk_commands() if isinstance(c, app_commands.Command)]


async def test_commands_and_their_options_are_described(world: World) -> None:
    for command in commands_of(world):
        assert command.description not in ("", "…"), command.name
        for option in command.parameters:
            assert option.description not in ("", "…"), (command.name, option.name)


async def test_every_command_is_in_the_readme(world: World) -> None:
    for command in world.bot.tree.get_commands():
        typed = command.name if isinstance(command, app_commands.ContextMenu) else f"/{command.name}"
        assert f"`{typed}" in README, command.name


async def test_admin_commands_are_guarded_by_discord_too(world: World) -> None:
    retrain = world.bot.tree.get_command("retrain")

    assert isinstance(retrain, app_commands.Command)
    assert retrain.default_permissions == discord.Permissions(manage_guild=True)
    assert retrain.guild_only


async def test_it_asks_for_no_privileged_intent_and_pings_nobody(world: World) -> None:
    assert world.bot.intents == discord.Intents(guilds=True)
    assert world.bot.allowed_mentions is not None
    assert world.bot.allowed_mentions.to_dict() == {"parse": []}


async def test_commands_go_to_the_developers_server_at_once(settings, generator) -> None:
    await publish(settings, generator)
    world = await open_world(settings.model_copy(update={"dev_guild_id": 4242}), guild_id=4242)
    try:
        paths = [entry.path for entry in world.env.http_requests if entry.method == "PUT"]
        assert len(paths) == 1
        assert paths[0].endswith("/guilds/4242/commands")
    finally:
        await close_world(world)


async def test_a_custom_id_that_is_ours_but_senseless_is_answered(world: World) -> None:
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(Again(10**17)))
    message = await world.bot.get_channel(world.channel.id).send(view=view)
    await world.env.settle()

    reply = await world.alice.click(message, label="Again")

    assert "gone from the history" in text_of(reply.response)
