"""/models and /loss: a server sees, uses, compares and deletes its own models, and no other's."""

from typing import Any

import discord
import pytest
import pytest_asyncio
import simcord

from bot.localisation import decimals
from bot.store import BASE
from bot.ui.models import DeleteModel, ModelLoss, ModelSelect, UseModel, UseShared
from model import Generator
from tests.bot.world import World, buttons_of, publish, text_of

PNG = b"\x89PNG"


@pytest_asyncio.fixture
async def own(world: World, generator: Generator) -> tuple[int, int]:
    """Two models of the server's own; the newer one is in use."""
    older = await publish(world.settings, generator, world.guild.id)
    return older, await publish(world.settings, generator, world.guild.id, trained_by=world.boss.id)


@pytest_asyncio.fixture
async def foreign(world: World, generator: Generator) -> int:
    """A model of another server."""
    return await publish(world.settings, generator, world.env.create_guild("Elsewhere").id)


async def listed(world: World) -> Any:
    return (await world.boss.slash(world.channel, "models")).response


async def opened(world: World, *numbers: int) -> Any:
    """What choosing among the models leads to."""
    values = [str(number) for number in numbers]
    return (await world.boss.select(await listed(world), values, custom_id="models")).response


async def forged(world: World, item: discord.ui.Item[Any]) -> discord.Message:
    """A message of the bot's with a button or select that it would not have put there."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(item))
    message = await world.bot.get_channel(world.channel.id).send(view=view)
    await world.env.settle()
    return message


async def in_use(world: World) -> int:
    model = await world.bot.store.models.active(world.guild.id)
    assert model is not None
    return model.id


async def kept(world: World, guild_id: int) -> list[int]:
    return [model.id for model in await world.bot.store.models.available(guild_id)]


async def test_the_servers_own_models_are_listed(
    world: World, generator: Generator, own: tuple[int, int], foreign: int
) -> None:
    card = await listed(world)

    heading, newer, older = text_of(card).splitlines()
    loss, names = decimals(generator.card.held_out.letters), sum(generator.card.counts.values())
    assert heading == "### This server's models"
    assert newer.startswith(f"**{own[1]}** · <t:")
    assert newer.endswith(f":f> · gru · loss {loss} · {names} names · <@{world.boss.id}> · **in use**")
    assert older.startswith(f"**{own[0]}** · <t:")
    assert older.endswith(f"{names} names · trained by itself")
    assert card.ephemeral


async def test_where_there_are_none_it_says_what_would_do(world: World, foreign: int) -> None:
    assert "None yet: the shared model serves here. Train one with /retrain" in text_of(await listed(world))


async def test_a_server_that_goes_with_the_shared_one_is_told_so(world: World, own: tuple[int, int]) -> None:
    await world.bot.store.models.follow_base(world.guild.id)

    card = await listed(world)

    assert "In use is the shared model" in text_of(card)
    assert "**in use**" not in text_of(card)
    assert not buttons_of(card)


async def test_a_server_goes_back_to_the_shared_model(world: World, own: tuple[int, int]) -> None:
    card = await listed(world)
    assert buttons_of(card) == {"Use the shared model": True}

    answer = (await world.boss.click(card, label="Use the shared model")).response

    assert await world.bot.store.models.active_own(world.guild.id) is None
    assert "In use is the shared model" in text_of(answer)
    assert not buttons_of(answer)


async def test_a_server_with_an_older_shared_model_is_told_so(world: World, generator: Generator) -> None:
    await world.bot.store.models.activate(world.guild.id, await in_use(world))
    newer = await publish(world.settings, generator)

    card = await listed(world)
    assert "In use is an older shared model" in text_of(card)
    await world.boss.click(card, label="Use the shared model")

    assert await in_use(world) == newer


async def test_another_one_is_put_in_use(world: World, own: tuple[int, int]) -> None:
    card = await opened(world, own[0])
    assert buttons_of(card) == {"Use it": True, "Loss": True, "Delete": True}

    answer = (await world.boss.click(card, label="Use it")).response

    assert await in_use(world) == own[0]
    newer, older = text_of(answer).splitlines()[1:]
    assert "in use" not in newer
    assert older.endswith("**in use**")


async def test_two_are_compared_the_older_one_first(world: World, own: tuple[int, int]) -> None:
    card = await opened(world, own[1], own[0])

    assert f"Model {own[0]} before, model {own[1]} after" in text_of(card)
    (picture,) = card.attachments
    assert (await picture.read()).startswith(PNG)
    assert card.ephemeral


async def test_one_that_is_not_in_use_is_deleted(world: World, own: tuple[int, int]) -> None:
    answer = (await world.boss.click(await opened(world, own[0]), label="Delete")).response

    assert await kept(world, world.guild.id) == [own[1]]
    assert f"**{own[0]}**" not in text_of(answer)


async def test_the_one_in_use_is_not_deleted(world: World, own: tuple[int, int]) -> None:
    refused = (await world.boss.click(await opened(world, own[1]), label="Delete")).response

    assert "is in use: use another one first" in text_of(refused)
    assert await kept(world, world.guild.id) == [own[1], own[0]]


async def test_one_that_was_deleted_meanwhile_is_not_used(world: World, own: tuple[int, int]) -> None:
    cards = [await opened(world, own[0]) for _ in range(3)]
    await world.bot.store.models.delete(world.guild.id, own[0])

    for card, label in zip(cards, ("Use it", "Loss", "Delete"), strict=True):
        assert "not kept any more" in text_of((await world.boss.click(card, label=label)).response)
    assert await in_use(world) == own[1]


@pytest.mark.parametrize("button", [UseModel, ModelLoss, DeleteModel])
async def test_another_servers_model_is_out_of_reach_of_a_forged_button(
    world: World, foreign: int, button: type[UseModel | ModelLoss | DeleteModel]
) -> None:
    theirs = await world.bot.store.models.get(foreign)
    assert theirs is not None
    before, loads = await in_use(world), world.bot.generators.misses

    refused = (await world.boss.click(await forged(world, button(foreign)))).response

    assert "not kept any more" in text_of(refused)
    assert refused.ephemeral
    assert await in_use(world) == before
    assert await kept(world, theirs.guild_id) == [foreign]
    assert world.bot.generators.misses == loads, "it was loaded"


async def test_another_servers_model_is_out_of_reach_of_a_forged_choice(
    world: World, own: tuple[int, int], foreign: int
) -> None:
    theirs = await world.bot.store.models.get(foreign)
    assert theirs is not None
    message = await forged(world, ModelSelect([theirs]))

    refused = (await world.boss.select(message, [str(foreign)], custom_id="models")).response

    assert "not kept any more" in text_of(refused)


@pytest.mark.parametrize("item", [UseModel(1), UseShared(), ModelLoss(1), DeleteModel(1), ModelSelect()])
async def test_a_member_may_not_press_what_they_see(world: World, item: discord.ui.Item[Any]) -> None:
    message = await forged(world, item)

    if isinstance(item, ModelSelect):
        refused = await world.alice.select(message, ["-"], custom_id="models")
    else:
        refused = await world.alice.click(message)

    assert "Manage Server" in text_of(refused.response)
    assert await kept(world, BASE)


async def test_a_member_cannot_see_the_models(world: World) -> None:
    with pytest.raises(simcord.SetupError):  # Discord does not offer it
        await world.alice.slash(world.channel, "models")
    command = next(c for c in await world.bot.tree.fetch_commands() if c.name == "models")
    world.guild.set_command_permissions(command, {world.alice: True})

    refused = (await world.alice.slash(world.channel, "models")).response

    assert "Manage Server" in text_of(refused)


async def test_loss_shows_the_curve_of_the_one_in_use(world: World, own: tuple[int, int]) -> None:
    card = (await world.alice.slash(world.channel, "loss")).response

    assert f"Loss of model {own[1]} (gru)" in text_of(card)
    (picture,) = card.attachments
    assert (await picture.read()).startswith(PNG)
    assert not card.ephemeral


async def test_loss_shows_the_curve_of_the_shared_one_where_there_is_no_other(world: World) -> None:
    card = (await world.alice.slash(world.channel, "loss")).response

    assert f"Loss of model {await in_use(world)} (gru)" in text_of(card)


async def test_loss_shows_the_curve_of_one_that_is_chosen(world: World, own: tuple[int, int]) -> None:
    offered = await world.alice.autocomplete(world.channel, "loss", "model", f"{own[0]} · 20")
    assert [choice["value"] for choice in offered] == [str(own[0])]

    card = (await world.alice.slash(world.channel, "loss", model=offered[0]["value"])).response
    button = (await world.boss.click(await opened(world, own[0]), label="Loss")).response

    for shown in (card, button):
        assert f"Loss of model {own[0]} (gru)" in text_of(shown)
        assert len(shown.attachments) == 1


@pytest.mark.parametrize("model", ["0", "99", "Elves", "②"])
async def test_loss_of_an_unknown_one_is_refused(world: World, model: str) -> None:
    refused = (await world.alice.slash(world.channel, "loss", model=model)).response

    assert "no such model: /models shows those that are kept" in text_of(refused)
    assert refused.ephemeral


async def test_loss_of_another_servers_model_is_refused(world: World, foreign: int) -> None:
    refused = (await world.alice.slash(world.channel, "loss", model=str(foreign))).response

    assert "no such model" in text_of(refused)
    assert not await world.alice.autocomplete(world.channel, "loss", "model", "")


async def test_loss_says_so_where_nothing_is_trained_yet(new_world: World) -> None:
    refused = (await new_world.alice.slash(new_world.channel, "loss")).response

    assert "no such model" in text_of(refused)
