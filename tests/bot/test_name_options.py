"""/name with all its options, what its card offers, /blend and /origin."""

import pytest

from bot.requests import Length
from bot.settings import Settings
from bot.store import Scope
from model import Corpus, train
from model.networks import GruConfig
from model.recipes import Batched
from tests.bot.world import World, buttons_of, names_on, publish, text_of
from tests.conftest import NAMES


async def ask(world: World, command: str = "name", who=None, **options):
    return (await (who or world.alice).slash(world.channel, command, **options)).response


async def generation(world: World):
    page = await world.bot.store.history.page(Scope.guild(world.guild.id))
    return await world.bot.store.history.generation(page.entries[0].generation_id)


async def test_a_prefix(world: World) -> None:
    card = await ask(world, language="russian", prefix="Mor", count=4)

    assert all(name.startswith("Mor") for name in names_on(card))
    assert len(names_on(card)) == 4


async def test_a_seed_makes_the_same_names_again(world: World) -> None:
    first = await ask(world, language="russian", letters="rus", mood="wild")
    seed = int(text_of(first).rsplit("seed ", 1)[1].split()[0])

    second = await ask(world, language="russian", letters="rus", mood="wild", seed=seed, who=world.bob)
    other = await ask(world, language="russian", letters="rus", mood="wild", seed=seed + 1)

    assert names_on(second) == names_on(first)
    assert names_on(other) != names_on(first)


@pytest.mark.parametrize(("mood", "temperature"), [("safe", 0.5), ("balanced", 0.8), ("wild", 1.2)])
async def test_a_mood_is_a_temperature(world: World, mood: str, temperature: float) -> None:
    await ask(world, language="russian", mood=mood)

    assert (await generation(world)).temperature == temperature


async def test_a_temperature_goes_before_the_mood(world: World) -> None:
    await ask(world, language="russian", mood="safe", temperature=0.7)

    assert (await generation(world)).temperature == 0.7


async def test_short_and_long_names(world: World) -> None:
    lengths = sorted(map(len, NAMES["Russian"].split()))

    short = names_on(await ask(world, language="russian", length="short", count=10))
    long = names_on(await ask(world, language="russian", length="long", count=10))

    assert max(map(len, short)) <= lengths[len(lengths) // 3]
    assert min(map(len, long)) >= lengths[-1 - len(lengths) // 3]


@pytest.mark.parametrize("known", [["Ab"], ["Ab", "Abc"], ["A" * 40, "B" * 45, "C" * 50]])
def test_bounds_can_be_kept_by_some_name(known: list[str]) -> None:
    for length in Length:
        fewest, most = length.bounds(known)
        assert 1 <= fewest <= most
        assert fewest >= min(20, *map(len, known))
        assert length is Length.usual or any(fewest <= len(name) <= most for name in known)


async def test_real_names_may_come_if_asked(world: World, settings: Settings) -> None:
    lone_letters = Corpus.of({"Echo": list("ABCDEFGHIJ")})
    await publish(settings, train(lone_letters, GruConfig(hidden=32), Batched(epochs=60)), world.guild.id)

    card = await ask(world, language="echo", letters="abc", new_only=False, temperature=0.0)
    refused = await ask(world, language="echo", letters="abc", new_only=True, temperature=0.0)

    assert names_on(card) == ["A", "B", "C"]
    assert "real name" not in text_of(card), "they were not unwanted"
    assert "No such name was found" in text_of(refused)


async def test_private_names_are_seen_by_the_asker_alone(world: World) -> None:
    card = await ask(world, language="russian", private=True)

    assert card.ephemeral
    assert len(names_on(card)) == 3


async def test_more_like_this_keeps_all_settings(world: World) -> None:
    card = await ask(world, language="russian", prefix="Mo", length="short", mood="wild")
    before = await generation(world)

    more = (await world.bob.click(card, label="More like this")).response

    after = await generation(world)
    assert len(names_on(more)) == 10
    assert all(name.startswith("Mo") for name in names_on(more))
    assert (after.max_length, after.temperature) == (before.max_length, before.temperature)


async def test_the_same_in_another_mood(world: World) -> None:
    card = await ask(world, language="russian", letters="rus")
    number = (await generation(world)).id

    wild = (await world.alice.select(card, ["wild"], custom_id=f"mood:{number}")).response

    assert [name[0] for name in names_on(wild)] == ["R", "U", "S"]
    assert (await generation(world)).temperature == 1.2


async def test_write_it_shows_a_picture(world: World) -> None:
    card = await ask(world, language="russian", letters="r")

    picture = (await world.alice.click(card, label="Write it for me")).response

    assert (await picture.attachments[0].read()).startswith(b"\x89PNG")


async def test_the_cards_items_work_after_a_restart(world: World) -> None:
    card = await ask(world, language="russian", letters="r")
    number = (await generation(world)).id

    await world.restart()

    assert names_on((await world.alice.click(card, label="More like this")).response)
    assert names_on((await world.alice.select(card, ["safe"], custom_id=f"mood:{number}")).response)


async def test_a_blend_of_two_languages(world: World) -> None:
    card = await ask(world, "blend", first="russian", second="JAPANESE", share=40, letters="ty")

    assert [name[0] for name in names_on(card)] == ["T", "Y"]
    assert "Russian × Japanese" in text_of(card)
    assert (await generation(world)).blend == {"Russian": 0.6, "Japanese": 0.4}
    again = (await world.alice.click(card, label="Again")).response
    assert "Russian × Japanese" in text_of(again)


async def test_a_blend_without_a_share_of_one_is_the_other(world: World) -> None:
    card = await ask(world, "blend", first="russian", second="japanese", share=100)

    assert "×" not in text_of(card)
    assert "Japanese" in text_of(card)


async def test_origin(world: World) -> None:
    card = await ask(world, "origin", name="Novikov")

    assert "**Novikov** sounds **Russian**" in text_of(card)
    assert (await card.attachments[0].read()).startswith(b"\x89PNG")
    assert buttons_of(card) == {"Names like this": True}
    more = (await world.alice.click(card, label="Names like this")).response
    assert "Russian" in text_of(more)
    assert len(names_on(more)) == 3


async def test_the_origin_of_what_cannot_be_spelled(world: World) -> None:
    card = await ask(world, "origin", name="山田")

    assert "doesn’t know" in text_of(card) or "doesn't know" in text_of(card)


async def test_a_star_keeps_a_name_and_takes_it_back(world: World) -> None:
    card = await ask(world, language="russian", letters="ru")
    first = (await generation(world)).names[0]

    await world.bob.click(card, custom_id=f"star:{first.id}")
    await world.alice.click(card, custom_id=f"star:{first.id}")
    starred = world.channel.history(viewer=world.alice)
    assert "is among your /favourites" in text_of(starred[-1])
    assert buttons_of(starred[0])["2"], "the card shows how many keep it"

    await world.alice.click(card, custom_id=f"star:{first.id}")
    assert [name.text for name in await world.bot.store.stars.favourites(world.bob.id)] == [first.text]
    assert await world.bot.store.stars.favourites(world.alice.id) == ()


async def test_a_star_of_a_name_that_is_gone(world: World) -> None:
    card = await ask(world, language="russian", letters="ru")
    first = (await generation(world)).names[0]
    await world.bot.store.history.remove(first.id)

    reply = await world.bob.click(card, custom_id=f"star:{first.id}")

    assert reply.followups[0].ephemeral
    assert "gone from the history" in text_of(reply.followups[0])
    assert first.text not in names_on(reply.response)
    assert len(names_on(reply.response)) == 1


async def test_a_card_whose_names_are_all_gone(world: World) -> None:
    card = await ask(world, language="russian", letters="r")
    await world.bot.store.history.remove((await generation(world)).names[0].id)

    reply = await world.bob.click(card, label="Write it for me")

    assert reply.followups[0].ephemeral
    assert "gone from the history" in text_of(world.channel.last_message)
    assert buttons_of(world.channel.last_message) == {}
