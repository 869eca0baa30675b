"""/dataset: a server teaches its model names of its own, and nobody else sees them."""

import io
import zipfile

import pytest

from bot.datasets import Datasets
from tests.bot.test_app import break_down, expect_an_error_id
from tests.bot.world import World, buttons_of, names_on, text_of

ELVES = [
    first + last for first in ("Ae", "Bae", "Cae", "Dae") for last in ("lin", "lor", "lith", "lan", "rin")
]


async def dataset(world: World, command: str, who=None, **options):
    return (await (who or world.boss).slash(world.channel, f"dataset {command}", **options)).response


async def add(world: World, filename: str, content: bytes, **options):
    return await dataset(world, "add", file=(filename, content), **options)


async def languages(world: World, who, channel) -> list[str]:
    return [c["value"] for c in await who.autocomplete(channel, "name", "language", "")]


@pytest.mark.usefixtures("training_in_a_thread")
async def test_a_category_is_added_trained_and_completes_for_its_server_alone(world: World) -> None:
    elsewhere = world.env.create_guild("Elsewhere")
    their_channel = elsewhere.create_text_channel("general")
    await world.env.settle()
    stranger = elsewhere.add_member(world.env.create_user("stranger"))
    card = await add(world, "Elves.txt", "\n".join([*ELVES, "", "Aelin", "x" * 60]).encode())

    assert "20 names taken\nDropped: blank (1), repeated (1), too long (1)" in text_of(card)
    assert "Aelin, Aelor" in text_of(card)
    assert card.ephemeral
    reply = await world.boss.click(card, label="Retrain now")
    assert "Waiting to train" in text_of(reply.response)
    trained = reply.response.id
    await world.until(lambda: "Trained" in text_of(world.channel.history(viewer=world.boss)[-1]))
    (message,) = [one for one in world.channel.history(viewer=world.boss) if one.id == trained]
    if buttons_of(message)["Use the new one"]:  # of so few names luck decides which is better
        await world.boss.click(message, label="Use the new one")

    assert "Elves" in await languages(world, world.alice, world.channel)
    assert len(names_on((await world.alice.slash(world.channel, "name", language="elves")).response)) == 3
    assert "Elves" not in await languages(world, stranger, their_channel)
    told = text_of((await stranger.slash(their_channel, "name", language="elves")).response)
    assert "no category" in told


async def test_names_are_typed_into_a_form(world: World) -> None:
    shown = await world.boss.slash(world.channel, "dataset add", category="Elves")

    card = (await world.boss.submit_modal(shown, {"names": "\n".join(ELVES)})).response

    assert "20 names taken" in text_of(card)
    assert "**Elves** · 20 names" in text_of(await dataset(world, "list"))


async def test_names_are_mended_in_a_form(world: World) -> None:
    await add(world, "Elves.txt", "\n".join(ELVES).encode())

    shown = await world.boss.slash(world.channel, "dataset edit", category="elves")
    await world.boss.submit_modal(shown, {"names": "\n".join(ELVES[:12])})

    assert "12 names" in text_of(await dataset(world, "show", category="Elves"))


async def test_export_gives_back_what_was_put_in(world: World) -> None:
    await add(world, "Elves.txt", "\n".join(ELVES).encode())
    await add(world, "Czech.txt", b"Nov\nStar\n", extends=True)

    card = await dataset(world, "export")

    with zipfile.ZipFile(io.BytesIO(await card.attachments[0].read())) as archive:
        files = {name: archive.read(name).decode().splitlines() for name in archive.namelist()}
    assert files == {"Elves.txt": ELVES, "Czech.txt": ["Nov", "Star"]}


async def test_what_extends_a_bundled_category_is_learned_with_it(world: World) -> None:
    await add(world, "czech.txt", b"Nov\nStar\n", extends=True)
    await add(world, "Elves.txt", "\n".join(ELVES).encode())

    corpus = await world.bot.datasets.corpus(world.guild.id)

    assert corpus.categories == ["Czech", "Elves", "Japanese", "Russian"]
    assert corpus.names["Czech"][-2:] == ("Nov", "Star")


async def test_a_server_may_learn_its_own_categories_only(world: World) -> None:
    await add(world, "Elves.txt", "\n".join(ELVES).encode())

    told = await dataset(world, "use", collection="none")

    assert "none" in text_of(told)
    assert (await world.bot.datasets.corpus(world.guild.id)).categories == ["Elves"]
    assert "**none**" in text_of(await dataset(world, "list"))


async def test_a_category_is_removed(world: World) -> None:
    await add(world, "Elves.txt", "\n".join(ELVES).encode())

    await dataset(world, "remove", category="ELVES")

    assert "None yet" in text_of(await dataset(world, "list"))


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("add", {}, "Give a category's name, or a file"),
        ("show", {"category": "Orcs"}, "no category of its own"),
        ("edit", {"category": "Orcs"}, "no category of its own"),
        ("remove", {"category": "Orcs"}, "no category of its own"),
        ("export", {}, "nothing in yet"),
        ("use", {"collection": "spaceships"}, "There is no such collection"),
    ],
)
async def test_what_cannot_be_done_is_told(world: World, command: str, options, told: str) -> None:
    card = await dataset(world, command, **options)

    assert told in text_of(card)
    assert card.ephemeral


@pytest.mark.parametrize(
    ("filename", "content", "told"),
    [
        ("Czech.txt", "\n".join(ELVES).encode(), "Czech is a bundled category"),
        ("Elves.txt", b"Aelin\nBaelor", "10 are the fewest"),
        ("Elves.pdf", b"x", "neither .txt"),
        ("Elves.txt", b"x" * (2 * 2**20 + 1), "larger than"),
    ],
)
async def test_uploads_that_are_refused_change_nothing(
    world: World, filename: str, content: bytes, told: str
) -> None:
    card = await add(world, filename, content)

    assert told in text_of(card)
    assert not await world.bot.store.datasets.categories(world.guild.id)


async def test_no_more_categories_than_allowed(world: World) -> None:
    names = "\n".join(ELVES)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(41):
            archive.writestr(f"Tribe {number}.txt", names)

    card = await add(world, "tribes.zip", buffer.getvalue())

    assert "may have 40 categories" in text_of(card)


async def test_a_form_too_small_for_the_names_says_what_would_do(world: World) -> None:
    await add(world, "Elves.txt", "\n".join(f"Name{number}" for number in range(1000)).encode())

    assert "export it" in text_of(await dataset(world, "edit", category="Elves"))


async def test_members_are_refused_even_if_discord_lets_them(world: World) -> None:
    command = next(c for c in await world.bot.tree.fetch_commands() if c.name == "dataset")
    world.guild.set_command_permissions(command, {world.alice: True})

    for name, options in (("list", {}), ("add", {"category": "Elves"}), ("export", {})):
        refused = await dataset(world, name, world.alice, **options)
        assert "Manage Server" in text_of(refused)


async def test_the_model_in_use_serves_on_while_categories_change(world: World) -> None:
    await add(world, "Elves.txt", "\n".join(ELVES).encode())

    card = (await world.alice.slash(world.channel, "name", language="russian")).response

    assert len(names_on(card)) == 3
    assert "⭐" in buttons_of(card)


async def test_a_bug_behind_a_form_is_told_by_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown = await world.boss.slash(world.channel, "dataset add", category="Elves")
    monkeypatch.setattr(Datasets, "add", break_down)

    reply = await world.boss.submit_modal(shown, {"names": "\n".join(ELVES)})

    expect_an_error_id(text_of(reply.response), caplog.text)
    world.expected_errors = 1
