"""Cooldowns: who asks too often is told when to go on."""

import asyncio
import re

import pytest

from bot.errors import Refusal
from bot.naming import Naming
from bot.requests import Asker
from bot.settings import Settings
from tests.bot.test_app import break_down
from tests.bot.world import World, names_on, text_of


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"member_limits": ((3600, 2),), "server_limits": ((3600, 3),)})


async def ask(world: World, who):
    return (await who.slash(world.channel, "name", language="russian")).response


async def test_too_many_are_refused_in_private_with_the_time(world: World) -> None:
    first = await ask(world, world.alice)
    await world.alice.click(first, label="More like this")

    refused = (await world.alice.click(first, label="Again")).response

    assert refused.ephemeral
    when = re.search(r"<t:(\d+):R>", text_of(refused))
    assert when
    assert 3590 < int(when[1]) - refused.message.created_at.timestamp() < 3602
    await world.env.advance_time(3602)
    assert len(names_on((await world.alice.click(first, label="Again")).response)) == 3


async def test_the_limit_holds_over_a_restart_and_is_each_members_own(world: World) -> None:
    await ask(world, world.alice)
    await ask(world, world.alice)
    await world.restart()

    assert "You can go on" in text_of(await ask(world, world.alice))
    assert len(names_on(await ask(world, world.bob))) == 3


async def test_a_servers_members_share_a_limit(world: World) -> None:
    await ask(world, world.alice)
    await ask(world, world.bob)
    await ask(world, world.boss)

    assert "You can go on" in text_of(await ask(world, world.owner))


async def test_what_fails_on_our_side_is_not_charged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Naming, "make", break_down)
        for _ in range(3):
            assert "wrong on our side" in text_of(await ask(world, world.alice))
    world.expected_errors = 3

    assert len(names_on(await ask(world, world.alice))) == 3


async def test_many_at_once_get_no_more_than_the_limit(world: World) -> None:
    let_pass = await asyncio.gather(*(charge(world) for _ in range(5)))

    assert sum(let_pass) == 2


async def charge(world: World) -> bool:
    """Whether a use of alice's, at once with others, is let pass."""
    asker = Asker(world.guild.id, world.channel.id, world.alice.id)
    try:
        async with world.bot.limits.charged(asker):
            return True
    except Refusal:
        return False
