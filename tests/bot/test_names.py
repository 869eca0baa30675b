"""/name: what members type, and what they are told."""

import logging

import discord
import pytest

from bot.settings import Settings
from bot.store import History, Scope, StoreError
from bot.ui.names import Again
from model import Corpus, Generator, train
from model.networks import GruConfig
from model.recipes import Batched
from tests.bot.world import World, buttons_of, names_on, publish, text_of
from tests.conftest import NAMES


async def ask(world: World, who=None, **options):
    return (await (who or world.alice).slash(world.channel, "name", **options)).response


async def test_a_name_for_each_letter(world: World) -> None:
    card = await ask(world, language="russian", letters="rus")

    assert [name[0] for name in names_on(card)] == ["R", "U", "S"]
    assert "Russian" in text_of(card)
    assert f"<@{world.alice.id}>" in text_of(card)
    assert buttons_of(card) == {"⭐": True, "Again": True, "More like this": True, "Write it for me": True}
    assert not card.ephemeral


async def test_three_names_if_nothing_else_is_said(world: World) -> None:
    assert len(names_on(await ask(world, language="Japanese"))) == 3


async def test_as_many_names_as_asked(world: World) -> None:
    names = names_on(await ask(world, language="japanese", count=10))

    assert len(set(names)) == 10


async def test_names_are_new(world: World) -> None:
    known = {name for names in NAMES.values() for name in names.split()}

    assert not known & set(names_on(await ask(world, language="czech", count=10, temperature=1.0)))


async def test_says_so_where_no_new_name_is_found(world: World, settings: Settings) -> None:
    lone_letters = Corpus.of({"Echo": list("ABCDEFGHIJ")})
    parrot = train(lone_letters, GruConfig(hidden=32), Batched(epochs=60), threads=1)
    await publish(settings, parrot, world.guild.id)

    card = await ask(world, language="echo", letters="abc", temperature=0.0)

    assert names_on(card) == ["A", "B", "C"]
    assert "A, B, C are real names: many tries found no new one." in text_of(card)


async def test_cyrillic_letters_are_transliterated(world: World) -> None:
    card = await ask(world, language="russian", letters="рус")

    assert [name[0] for name in names_on(card)] == ["R", "U", "S"]


async def test_accents_and_case_of_the_language_do_not_matter(world: World) -> None:
    assert len(names_on(await ask(world, language="  RÜSSIAN "))) == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"language": "russain"}, "did you mean Russian"),
        ({"language": "russian", "letters": "rq"}, "No Russian name begins with “q”"),
        ({"language": "russian", "letters": "abcdefghijk"}, "up to 10"),
        ({"language": "russian", "letters": "   "}, "no letters"),
    ],
)
async def test_what_cannot_be_is_told_to_the_asker_alone(world: World, options, told: str) -> None:
    card = await ask(world, **options)

    assert told in text_of(card)
    assert card.ephemeral
    page = await world.bot.store.history.page(Scope.guild(world.guild.id))
    assert not page.entries


async def test_letters_that_would_do_are_named(world: World) -> None:
    assert "EFIMNPRSUV" in text_of(await ask(world, language="russian", letters="q"))


async def test_markdown_in_what_was_typed_has_no_effect(world: World) -> None:
    card = await ask(world, language="**@everyone** <@1> `x`")

    assert "**@everyone**" not in text_of(card)


async def test_nothing_pings(world: World) -> None:
    await ask(world, language="russian")

    sent = [entry.json for entry in world.env.http_requests if "/callback" in entry.path][-1]
    assert sent["data"]["allowed_mentions"]["parse"] == []


async def test_again_makes_new_names_of_the_same_kind(world: World) -> None:
    card = await ask(world, language="russian", letters="rus")

    again = (await world.bob.click(card, label="Again")).response

    assert [name[0] for name in names_on(again)] == ["R", "U", "S"]
    assert names_on(again) != names_on(card)
    assert f"<@{world.bob.id}>" in text_of(again)
    page = await world.bot.store.history.page(Scope.guild(world.guild.id))
    assert {entry.text for entry in page.entries} == {*names_on(card), *names_on(again)}


async def test_again_works_after_a_restart(world: World) -> None:
    card = await ask(world, language="japanese", count=4)

    await world.restart()

    again = (await world.alice.click(card, label="Again")).response
    assert len(names_on(again)) == 4


async def test_again_of_another_server_is_refused(world: World) -> None:
    elsewhere = world.env.create_guild("Elsewhere")
    channel = elsewhere.create_text_channel("general")
    await world.env.settle()
    stranger = elsewhere.add_member(world.env.create_user("stranger"))
    theirs = (await stranger.slash(channel, "name", language="russian")).response
    generation = (await world.bot.store.history.page(Scope.guild(elsewhere.id))).entries[0].generation_id
    message = await world.bot.get_channel(world.channel.id).send(view=_again_view(generation))
    await world.env.settle()

    refused = (await world.alice.click(message, label="Again")).followups[0]

    assert names_on(theirs)
    assert refused.ephemeral
    assert "gone from the history" in text_of(refused)


def _again_view(generation: int):
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(Again(generation)))
    return view


async def test_a_server_with_its_own_model_is_served_by_it(
    world: World, generator: Generator, settings
) -> None:
    number = await publish(settings, generator, world.guild.id)

    await ask(world, language="russian")

    entry = (await world.bot.store.history.page(Scope.guild(world.guild.id))).entries[0]
    generation = await world.bot.store.history.generation(entry.generation_id)
    assert generation is not None
    assert generation.model_id == number


async def test_names_that_cannot_be_kept_are_shown_as_such(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_args):
        raise StoreError("database or disk is full")

    monkeypatch.setattr(History, "keep", full)

    with caplog.at_level(logging.ERROR):
        card = await ask(world, language="russian")

    assert len(names_on(card)) == 3
    assert "could not be kept" in text_of(card)
    assert buttons_of(card) == {}
    assert "disk is full" in caplog.text


async def test_the_language_completes_while_one_types(world: World) -> None:
    async def offered(typed: str) -> list[str]:
        choices = await world.alice.autocomplete(world.channel, "name", "language", typed)
        return [choice["value"] for choice in choices]

    assert await offered("RÚ") == ["Russian"]
    assert await offered("an") == ["Russian", "Japanese"]  # more names first
    assert await offered("klingon") == []


async def test_popular_languages_complete_first(world: World) -> None:
    for _ in range(2):
        await ask(world, language="japanese")
    await ask(world, language="czech")
    await world.restart()  # it is learned from the history again

    choices = await world.alice.autocomplete(world.channel, "name", "language", "")

    assert [choice["value"] for choice in choices] == ["Japanese", "Czech", "Russian"]


async def test_works_in_direct_messages(world: World) -> None:
    card = (await world.alice.user.slash("name", language="russian", letters="r")).response

    again = (await world.alice.user.click(card, label="Again")).response

    assert names_on(card)[0][0] == names_on(again)[0][0] == "R"
    assert len((await world.bot.store.history.page(Scope.direct(world.alice.id))).entries) == 2
