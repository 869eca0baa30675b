"""/retrain and the first training, with a real worker process."""

import discord

from bot.store import BASE, RunStatus
from tests.bot.world import World, buttons_of, names_on, text_of


async def run_of(world: World, guild_id: int):
    return await world.bot.store.runs.latest(guild_id)


async def test_first_start_trains_the_base_model_and_says_how_far_it_is(new_world: World) -> None:
    world = new_world
    reply = await world.alice.slash(world.channel, "name", language="russian")
    assert reply.response.ephemeral
    assert "first names" in text_of(reply.response)

    await world.until(lambda: bool(world.bot.naming.complete(None, "")))

    reply = await world.alice.slash(world.channel, "name", language="russian", letters="rus")
    assert [name[0] for name in names_on(reply.response)] == ["R", "U", "S"]
    assert (await run_of(world, BASE)).status is RunStatus.SUCCEEDED


async def test_retrain_shows_progress_and_ends_with_what_changed(world: World) -> None:
    reply = await world.boss.slash(world.channel, "retrain")
    assert "Waiting to train this server's model" in text_of(reply.response)
    assert buttons_of(reply.response) == {"Cancel": True}

    def card():
        return world.channel.history(viewer=world.boss)[-1]

    await world.until(lambda: "Trained" in text_of(card()))
    print(text_of(card()), card().attachments)
    assert [e.json for e in world.env.http_requests if e.method == "PATCH"]
