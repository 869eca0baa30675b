"""A model in the database that is damaged, foreign or newer is refused, and the one before it is used."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import save

from bot.settings import Settings
from bot.store import BASE
from model import Generator
from tests.bot.world import World, close_world, names_on, open_world, publish, text_of

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "foreign": lambda _: save({}, {"format": "another program's"}),
    "tampered": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "newer": lambda content: content.replace(b'\\"format_version\\":1', b'\\"format_version\\":9'),
    "empty": lambda _: b"",
}


def damage(settings: Settings, model_id: int, how: str) -> None:
    """Change a model's weights behind the bot's back."""
    with sqlite3.connect(Path(settings.database_url.partition("///")[2])) as database:
        content = database.execute(
            "SELECT weights FROM model_weights WHERE model_id = ?", [model_id]
        ).fetchone()[0]
        damaged = DAMAGES[how](content)
        assert damaged != content
        database.execute("UPDATE model_weights SET weights = ? WHERE model_id = ?", [damaged, model_id])
    database.close()


@pytest.mark.parametrize("how", DAMAGES)
async def test_the_one_before_is_used(
    settings: Settings, generator: Generator, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = await publish(settings, generator)
    damage(settings, await publish(settings, generator), how)
    world = await open_world(settings)
    try:
        reply = await world.alice.slash(world.channel, "name", language="russian")

        assert len(names_on(reply.response)) == 3
        active = await world.bot.store.models.active(BASE)
        assert active is not None
        assert active.id == before
        assert "can't be used" in caplog.text
    finally:
        await close_world(world)


async def test_where_there_is_none_before_it_is_told(settings: Settings, generator: Generator) -> None:
    damage(settings, await publish(settings, generator), "truncated")
    world = await open_world(settings)
    try:
        reply = await world.alice.slash(world.channel, "name", language="russian")

        assert "damaged" in text_of(reply.response)
        assert "/retrain" in text_of(reply.response)
    finally:
        await close_world(world)


async def test_a_server_falls_back_to_the_shared_one(world: World, generator: Generator) -> None:
    own = await publish(world.settings, generator, guild_id=world.guild.id)
    damage(world.settings, own, "tampered")

    reply = await world.alice.slash(world.channel, "name", language="russian")

    assert len(names_on(reply.response)) == 3
    base = await world.bot.store.models.active(BASE)
    assert base is not None
    assert await world.bot.store.models.active(world.guild.id) == base
