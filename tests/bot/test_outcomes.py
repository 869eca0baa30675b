"""What a training came to, and the buttons that choose between the old model and the new one."""

from collections.abc import Sequence

import discord
import pytest

from bot.localisation import speaking
from bot.sentences import kept
from bot.store import BASE, Model, Run, RunStatus
from bot.training import job
from bot.ui.training import RunCard, UseNew, UseOld
from model.card import CurvePoint
from tests.bot.test_models import forged
from tests.bot.test_training import card, latest, queue_run
from tests.bot.world import World, buttons_of, text_of

pytestmark = pytest.mark.usefixtures("training_in_a_thread")

BETTER, WORSE = 100.0, -100.0
"""Margins by which any new model does well enough, or none does."""


async def trained(world: World, monkeypatch: pytest.MonkeyPatch, margin: float) -> Run:
    monkeypatch.setattr(job, "MARGIN", margin)
    await world.boss.slash(world.channel, "retrain", recipe="quick")
    await world.until(lambda: "Trained" in text_of(card(world)))
    return await latest(world)


async def active(world: World) -> Model:
    model = await world.bot.store.models.active(world.guild.id)
    assert model is not None
    return model


async def test_an_end_that_is_shown_once_more_keeps_its_pictures(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await trained(world, monkeypatch, BETTER)
    await world.until(world.is_idle)
    await world.bot.cards.show(run)
    await world.env.advance_time(10)
    assert [picture.filename for picture in card(world).attachments] == ["loss.png", "categories.png"]


async def test_the_curve_has_points_from_within_epochs_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Sequence[CurvePoint]] = []

    def draw(curve: Sequence[CurvePoint], _title: str) -> bytes:
        drawn.append(curve)
        return b""

    monkeypatch.setattr(job.plots, "loss_curve", draw)
    run = await trained(world, monkeypatch, BETTER)
    measured = [point.step for point in drawn[-1] if point.validation is not None]
    assert measured == [point["step"] for point in run.loss_curve]
    assert len(drawn[-1]) > len(measured)


async def test_one_that_is_not_worse_is_in_use_until_the_old_one_is_chosen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await active(world)
    run = await trained(world, monkeypatch, BETTER)
    assert run.status is RunStatus.SUCCEEDED
    assert (await active(world)).id == run.model_id
    assert "The new one is in use" in text_of(card(world))
    assert buttons_of(card(world)) == {"Keep the old one": True, "Use the new one": False}
    pictures = ["loss.png", "categories.png"]
    assert [picture.filename for picture in card(world).attachments] == pictures

    await world.boss.click(world.channel.last_message, label="Keep the old one")

    assert await active(world) == old
    assert await world.bot.store.models.active_own(world.guild.id) is None, "it goes with the shared one"
    assert "The new one is not in use" in text_of(card(world))
    assert buttons_of(card(world)) == {"Keep the old one": False, "Use the new one": True}
    assert (
        [picture.filename for picture in card(world).attachments]
        == pictures
        == ["loss.png", "categories.png"]
    )

    await world.boss.click(world.channel.last_message, label="Use the new one")

    assert (await active(world)).id == run.model_id


async def test_one_that_is_worse_is_not_in_use_until_it_is_chosen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await active(world)
    run = await trained(world, monkeypatch, WORSE)
    assert run.status is RunStatus.REJECTED
    assert await active(world) == old
    assert "Trained this server's model: it is worse than the old one" in text_of(card(world))
    assert buttons_of(card(world)) == {"Keep the old one": False, "Use the new one": True}

    refused = await world.alice.click(world.channel.last_message, label="Use the new one")
    assert "Manage Server" in text_of(refused.response)
    assert await active(world) == old
    await world.boss.click(world.channel.last_message, label="Use the new one")

    assert (await active(world)).id == run.model_id
    assert "The new one is in use" in text_of(card(world))


async def test_one_that_is_not_kept_any_more_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await trained(world, monkeypatch, WORSE)
    old = await active(world)
    assert run.model_id is not None
    await world.bot.store.models.delete(world.guild.id, run.model_id)

    refused = await world.boss.click(world.channel.last_message, label="Use the new one")

    assert "not kept any more: /models shows those that are" in text_of(refused.response)
    assert await active(world) == old


@pytest.mark.parametrize("button", [UseOld, UseNew])
async def test_what_another_servers_training_came_to_is_out_of_reach(
    world: World, button: type[UseOld | UseNew]
) -> None:
    run = await queue_run(world.bot.store, 1, b"")
    old = await active(world)

    refused = await world.boss.click(await forged(world, button(run.id)))

    assert "not known any more" in text_of(refused.response)
    assert await active(world) == old


@pytest.mark.parametrize("button", [UseOld, UseNew])
async def test_a_training_that_came_to_nothing_has_no_models_to_choose(
    world: World, button: type[UseOld | UseNew]
) -> None:
    run = await queue_run(world.bot.store, world.guild.id, b"")

    refused = await world.boss.click(await forged(world, button(run.id)))

    assert "came to no model" in text_of(refused.response)


async def test_the_shared_model_is_chosen_by_the_bots_owner_alone(world: World) -> None:
    run = await queue_run(world.bot.store, BASE, b"")

    refused = await world.boss.click(await forged(world, UseNew(run.id)))

    assert "owner alone" in text_of(refused.response)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (kept("The bot was stopped meanwhile."), "Der Bot wurde inzwischen angehalten."),
        (kept("Its process went away ({how}).", how="*boom*"), "Sein Prozess ist verschwunden (\\*boom\\*)."),
        (
            kept("It was interrupted {times} times, and is not tried again.", times=3)
            + "\n"
            + kept("The bot was stopped meanwhile."),
            "Es wurde 3-mal unterbrochen und wird nicht noch einmal versucht. "
            "Der Bot wurde inzwischen angehalten.",
        ),
        (
            "What an older version wrote, 100 % of it [sic].",
            "What an older version wrote, 100 % of it [sic].",
        ),
    ],
)
async def test_why_it_ended_so_is_told_in_the_readers_language(world: World, error: str, told: str) -> None:
    run = await queue_run(world.bot.store, world.guild.id, b"")
    await world.bot.store.runs.start(run.id)
    run = await world.bot.store.runs.finish(run.id, RunStatus.FAILED, error=error)

    with speaking("de"):
        texts = [item for item in RunCard(run).walk_children() if isinstance(item, discord.ui.TextDisplay)]
    assert told in [text.content for text in texts]
