"""Keeping names: /favourites, /top, and what the history offers for each name."""

import csv
import io
import json

import pytest

from bot.store import Scope
from tests.bot.test_history import keep, listed, look
from tests.bot.world import World, buttons_of, text_of


async def name_id(world: World, text: str) -> int:
    page = await world.bot.store.history.page(Scope.guild(world.guild.id), size=50)
    return next(entry.id for entry in page.entries if entry.text == text)


async def star(world: World, who, *texts: str) -> None:
    for text in texts:
        await world.bot.store.stars.star(who.id, await name_id(world, text))


async def favourites(world: World, who=None):
    return (await (who or world.alice).slash(world.channel, "favourites")).response


async def test_favourites_are_listed_by_language_for_their_keeper_alone(world: World) -> None:
    await keep(world, "Rovakov", "Ivin", "Popin")
    await keep(world, "Takesho", language="Japanese")
    await star(world, world.alice, "Rovakov", "Ivin", "Takesho")
    await star(world, world.bob, "Popin")

    card = await favourites(world)

    assert card.ephemeral
    assert "**Japanese**: Takesho\n**Russian**: Ivin, Rovakov" in text_of(card)
    assert "Popin" not in text_of(card)


async def test_no_favourites_yet(world: World) -> None:
    assert "Press the star" in text_of(await favourites(world))


async def test_favourites_turn_pages_and_let_go(world: World) -> None:
    names = [f"Name{number:02}" for number in range(25)]
    await keep(world, *names)
    await star(world, world.alice, *names)

    card = await favourites(world)
    assert "Name00" in text_of(card)
    assert "Name24" not in text_of(card)
    card = (await world.alice.click(card, label="Next")).response
    assert "Name24" in text_of(card)

    gone = str(await name_id(world, "Name24"))
    card = (await world.alice.select(card, [gone], custom_id="forget:1")).response

    assert "Name24" not in text_of(card)
    assert len(await world.bot.store.stars.favourites(world.alice.id)) == 24


@pytest.mark.parametrize("kind", ["TXT", "CSV", "JSON"])
async def test_favourites_as_a_file(world: World, kind: str) -> None:
    names = ["Ivin", 'O\'Bri, the "Old"']
    await keep(world, *names)
    await star(world, world.alice, *names)
    card = await favourites(world)

    content = await (await world.alice.click(card, label=kind)).response.attachments[0].read()

    text = content.decode("utf-8-sig")
    found = {
        "TXT": lambda: text.splitlines()[2:],
        "CSV": lambda: [row["name"] for row in csv.DictReader(io.StringIO(text))],
        "JSON": lambda: [entry["name"] for entry in json.loads(text)],
    }[kind]()
    assert found == names


async def test_top(world: World) -> None:
    await keep(world, "Liked", "Loved", "Plain")
    await star(world, world.alice, "Liked", "Loved")
    await star(world, world.bob, "Loved")

    card = (await world.alice.slash(world.channel, "top")).response
    told = text_of(card)

    assert card.attachments[0].filename == "picture.png"
    assert told.index("⭐ 2 · **Loved**") < told.index("⭐ 1 · **Liked**")
    assert "Plain" not in told
    assert "Russian (1)" in told


async def test_the_history_of_starred_names(world: World) -> None:
    await keep(world, *(f"Name{number:02}" for number in range(15)))
    await star(world, world.bob, "Name07", "Name09")

    card = await look(world, starred=True)

    assert listed(card) == ["Name09", "Name07"]
    assert "⭐ 1" in text_of(card)


async def pick(world: World, who, text: str):
    card = await look(world, who)
    return (await who.select(card, [str(await name_id(world, text))], custom_id="pick")).response


async def test_a_name_of_the_history_is_kept(world: World) -> None:
    await keep(world, "Rovakov")

    picked = await pick(world, world.bob, "Rovakov")

    assert picked.ephemeral
    assert buttons_of(picked) == {"Keep": True}, "it is not bob's to remove"
    await world.bob.click(picked, label="Keep")
    assert "Rovakov" in text_of(await favourites(world, world.bob))


async def test_a_name_is_removed_by_its_maker_from_everywhere(world: World) -> None:
    await keep(world, "Rovakov", "Ivin")
    await star(world, world.bob, "Rovakov")

    picked = await pick(world, world.alice, "Rovakov")
    done = (await world.alice.click(picked, label="Remove")).response

    assert "gone from everywhere" in text_of(done)
    assert listed(await look(world)) == ["Ivin"]
    assert "Rovakov" not in text_of(await favourites(world, world.bob))


async def test_what_is_gone_meanwhile_is_told(world: World) -> None:
    await keep(world, "Rovakov", "Ivin")
    picked = await pick(world, world.alice, "Rovakov")
    await world.bot.store.history.remove(await name_id(world, "Rovakov"))

    told = (await world.alice.click(picked, label="Keep")).followups[0]

    assert "gone from the history" in text_of(told)
