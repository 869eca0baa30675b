"""/autoretrain, and the trainings that come of it, which are queued here and never begin."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.store import BASE, AutoRetrain, Run, RunStatus, StoreError
from bot.training.plan import Plan
from bot.training.schedule import Schedule
from model import Corpus, Generator
from tests.bot.test_datasets import ELVES
from tests.bot.test_training import queue_run
from tests.bot.world import Waiting, World, new_model, text_of
from tests.conftest import NAMES

NOW = datetime.now(UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest_asyncio.fixture
async def idle(world: World, generator: Generator, data_dir: Path) -> World:
    """A world in which no training begins, with a model that has learned all that there is."""
    world.bot.trainer._executor = Waiting()
    learned = await queue_run(world.bot.store, BASE, Corpus.read(data_dir).to_zip())
    await come_to_a_model(world, learned, generator, RunStatus.SUCCEEDED)
    return world


async def come_to_a_model(world: World, run: Run, generator: Generator, status: RunStatus) -> None:
    await world.bot.store.runs.start(run.id)
    model = new_model(generator, run.guild_id, run_id=run.id)
    await world.bot.store.runs.finish(run.id, status, model=model)


def schedule(world: World) -> Schedule:
    """One like the bot's own, that looks when a test has it look."""
    bot = world.bot
    return Schedule(bot.store, bot.datasets, bot._retrain_by_itself)


async def autoretrain(world: World, **options: int) -> Any:
    return (await world.boss.slash(world.channel, "autoretrain", **options)).response


async def teach(world: World, names: list[str], category: str = "Elves") -> None:
    store = world.bot.store.datasets
    await store.put(world.guild.id, category, names, extends=False, by=world.boss.id, most=9)


async def requested(world: World, guild_id: int | None = None) -> tuple[Run, ...]:
    return await world.bot.store.runs.unfinished(guild_id or world.guild.id)


async def end(world: World, status: RunStatus = RunStatus.CANCELLED) -> None:
    """Have the server's training be over."""
    (run,) = await requested(world)
    await world.bot.store.runs.finish(run.id, status)


async def test_it_is_off_by_default(idle: World) -> None:
    await teach(idle, ELVES)

    for hour in range(24):
        await schedule(idle).look(NOW.replace(hour=hour) + 8 * DAY)

    assert not await requested(idle)


async def test_it_is_chosen_and_told(idle: World) -> None:
    told = await autoretrain(idle, share=30, hour=4)

    assert "when 30 % of this server's own names have changed" in text_of(told)
    assert "once a week at 4:00 UTC" in text_of(told)
    assert "shown in this channel" in text_of(told)
    assert told.ephemeral
    chosen = AutoRetrain(idle.guild.id, idle.channel.id, 0.3, 4)
    assert await idle.bot.store.datasets.auto_retrain() == (chosen,)


async def test_midnight_is_an_hour_like_any_other(idle: World) -> None:
    assert "once a week at 0:00 UTC" in text_of(await autoretrain(idle, hour=0))

    await schedule(idle).look(NOW.replace(hour=0))

    assert len(await requested(idle)) == 1


async def test_it_is_switched_off(idle: World) -> None:
    await teach(idle, ELVES)
    await autoretrain(idle, share=1, hour=NOW.hour)

    told = await autoretrain(idle)
    await schedule(idle).look(NOW)

    assert "not by itself" in text_of(told)
    assert not await requested(idle)


async def test_a_member_may_not_choose(idle: World) -> None:
    command = next(c for c in await idle.bot.tree.fetch_commands() if c.name == "autoretrain")
    idle.guild.set_command_permissions(command, {idle.alice: True})

    refused = (await idle.alice.slash(idle.channel, "autoretrain", hour=4)).response

    assert "Manage Server" in text_of(refused)
    assert await idle.bot.store.datasets.auto_retrain() == ()


@pytest.mark.parametrize(("new", "is_due"), [(4, False), (5, True)])
async def test_it_is_trained_when_so_much_has_changed(idle: World, new: int, is_due: bool) -> None:
    await autoretrain(idle, share=50)
    await teach(idle, ELVES[:new] + NAMES["Czech"].split()[: 10 - new], "Czech")

    await schedule(idle).look(NOW)

    assert len(await requested(idle)) == is_due


async def test_what_is_to_be_forgotten_has_changed_too(idle: World) -> None:
    await autoretrain(idle, share=100)
    await teach(idle, NAMES["Czech"].split(), "Czech")
    await idle.bot.store.datasets.use(idle.guild.id, "none", idle.boss.id)

    await schedule(idle).look(NOW)

    assert len(await requested(idle)) == 1


async def test_it_is_trained_as_usual_and_shown_in_the_channel(idle: World) -> None:
    await autoretrain(idle, share=50)
    await teach(idle, ELVES)

    await idle.env.advance_time(600)  # the bot's own schedule looks

    (run,) = await requested(idle)
    plan = Plan.of(run)
    assert (run.requested_by, run.recipe, run.network) == (None, "default", "gru")
    assert (plan.start_from is not None, plan.chosen, plan.categories) == (True, (), 4)
    card = idle.channel.last_message
    assert "Waiting to train this server's model" in text_of(card)
    assert (run.channel_id, run.message_id) == (idle.channel.id, card.id)


async def test_it_is_trained_weekly_at_the_hour(idle: World) -> None:
    await autoretrain(idle, hour=NOW.hour)
    looks = schedule(idle)

    await looks.look(NOW + HOUR)
    assert not await requested(idle), "at another hour"
    await looks.look(NOW)
    assert len(await requested(idle)) == 1
    await end(idle)
    for days in range(7):
        await looks.look(NOW + days * DAY)
    assert not await requested(idle), "within the week"
    await looks.look(NOW + 7 * DAY)
    assert len(await requested(idle)) == 1


async def test_it_rests_for_a_day_after_a_training(idle: World) -> None:
    await autoretrain(idle, share=50)
    await teach(idle, ELVES)
    await schedule(idle).look(NOW)
    await end(idle)

    await schedule(idle).look(NOW + DAY - HOUR)
    assert not await requested(idle)
    await schedule(idle).look(NOW + DAY + HOUR)
    assert len(await requested(idle)) == 1


async def test_what_a_training_has_learned_in_vain_is_not_learned_daily(
    idle: World, generator: Generator
) -> None:
    """The model in use may not be the newest: that was worse, or an admin went back."""
    await autoretrain(idle, share=50)
    await teach(idle, ELVES, "Czech")
    await schedule(idle).look(NOW)
    (run,) = await requested(idle)
    await come_to_a_model(idle, run, generator, RunStatus.REJECTED)

    await schedule(idle).look(NOW + 2 * DAY)

    assert not await requested(idle)


async def test_a_server_that_the_bot_has_left_is_not_trained(idle: World) -> None:
    await autoretrain(idle, hour=NOW.hour)
    await idle.bot.get_guild(idle.guild.id).leave()
    await idle.env.settle()

    await schedule(idle).look(NOW)

    assert not await requested(idle)


async def test_a_channel_that_is_gone_holds_up_no_training(
    idle: World, caplog: pytest.LogCaptureFixture
) -> None:
    await autoretrain(idle, hour=NOW.hour)
    await idle.bot.get_channel(idle.channel.id).delete()
    await idle.env.settle()

    await schedule(idle).look(NOW)

    (run,) = await requested(idle)
    assert run.message_id is None
    assert f"run {run.id} is not shown in its channel" in caplog.text


async def test_a_server_without_names_holds_up_no_other(
    idle: World, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = idle.env.create_guild("Elsewhere")
    channel = elsewhere.create_text_channel("general")
    await idle.env.settle()
    await autoretrain(idle, hour=NOW.hour)
    await idle.bot.store.datasets.use(idle.guild.id, "none", idle.boss.id)
    theirs = AutoRetrain(elsewhere.id, channel.id, None, NOW.hour)
    await idle.bot.store.datasets.retrain_when(elsewhere.id, theirs, idle.boss.id)

    await schedule(idle).look(NOW)

    assert f"guild {idle.guild.id} could not be retrained" in caplog.text
    assert not await requested(idle)
    assert len(await requested(idle, elsewhere.id)) == 1


async def test_it_goes_on_looking_when_the_database_could_not_be_read(
    idle: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_datasets: object) -> None:
        raise StoreError

    await autoretrain(idle, share=50)
    await teach(idle, ELVES)
    with monkeypatch.context() as patched:
        patched.setattr(type(idle.bot.store.datasets), "auto_retrain", fail)
        await idle.env.advance_time(600)
    assert "could not be seen which trainings are due" in caplog.text
    assert not await requested(idle)

    await idle.env.advance_time(600)

    assert len(await requested(idle)) == 1
