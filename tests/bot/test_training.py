"""/retrain and the first training.

What is about processes has a real one; the others train in a thread, which begins sooner.
"""

import asyncio
import multiprocessing
import re
from concurrent.futures import Executor, Future
from datetime import timedelta
from pathlib import Path

import discord
import pytest
import simcord

from bot.settings import Settings
from bot.store import BASE, NewRun, Progress, Run, RunStatus, Store
from bot.training import trainer
from bot.training.workers import WorkerEnded
from bot.ui.training import StartAgain
from model import Corpus
from tests.bot.world import World, buttons_of, close_world, names_on, open_world, text_of


def card(world: World):
    """The newest message of the channel."""
    return world.channel.history(viewer=world.boss)[-1]


async def latest(world: World, guild_id: int | None = None) -> Run:
    run = await world.bot.store.runs.latest(world.guild.id if guild_id is None else guild_id)
    assert run is not None
    return run


async def queue_run(store: Store, guild_id: int, archive: bytes) -> Run:
    """A run that nobody has taken on."""
    return await store.runs.request(NewRun(guild_id, None, None, "default", "quick", 0, {}, archive))


@pytest.mark.usefixtures("training_in_a_thread")
async def test_the_first_start_trains_and_says_how_far_it_is(new_world: World) -> None:
    world = new_world
    reply = await world.alice.slash(world.channel, "name", language="russian")
    assert reply.response.ephemeral
    assert "learn" in text_of(reply.response)
    assert "first names" in text_of(reply.response)

    await world.until(lambda: bool(world.bot.naming.complete(None, "")))

    reply = await world.alice.slash(world.channel, "name", language="russian", letters="rus")
    assert [name[0] for name in names_on(reply.response)] == ["R", "U", "S"]
    assert (await latest(world, BASE)).status is RunStatus.SUCCEEDED


@pytest.mark.usefixtures("no_training_begins")
async def test_how_far_the_first_training_is(new_world: World) -> None:
    run = (await new_world.bot.store.runs.unfinished(BASE))[0]
    await new_world.bot.store.runs.start(run.id)
    await new_world.bot.store.runs.beat(run.id, Progress(1, 4, 30, 120, 2.0, None, 5.0, 15.0))

    reply = await new_world.alice.slash(new_world.channel, "name", language="russian")

    assert "25% done" in text_of(reply.response)


async def test_retrain_shows_progress_and_ends_with_what_changed(world: World) -> None:
    reply = await world.boss.slash(world.channel, "retrain", recipe="quick", fresh=True)
    assert "Waiting to train this server's model" in text_of(reply.response)
    assert buttons_of(reply.response) == {"Cancel": True}

    await world.until(lambda: "Trained this server's model" in text_of(card(world)))

    shown = text_of(card(world))
    assert "Loss on held-out names" in shown
    assert all(f"**{language}**" in shown for language in ("Czech", "Japanese", "Russian"))
    assert shown.count("\nbefore: ") == shown.count("\nnow: ") == 3
    for picture in card(world).attachments:
        assert (await picture.read()).startswith(b"\x89PNG")
    assert [picture.filename for picture in card(world).attachments] == ["loss.png", "categories.png"]
    assert set(buttons_of(card(world))) == {"Keep the old one", "Use the new one"}
    edits = [str(entry.json) for entry in world.env.http_requests if entry.method == "PATCH"]
    assert any(re.search(r"epoch [1-9]\d* of", edit) for edit in edits), "it showed no progress"
    await expect_it_serves_its_server_alone(world, await latest(world))


async def expect_it_serves_its_server_alone(world: World, run: Run) -> None:
    own = await world.bot.store.models.active_own(world.guild.id)
    base = await world.bot.store.models.active(BASE)
    assert run.status in (RunStatus.SUCCEEDED, RunStatus.REJECTED)
    assert (own.id if own else None) == (run.model_id if run.status is RunStatus.SUCCEEDED else None)
    assert base is not None
    assert base.id != run.model_id


async def test_a_member_cannot_retrain(world: World) -> None:
    with pytest.raises(simcord.SetupError):  # Discord does not offer it
        await world.alice.slash(world.channel, "retrain")


async def test_a_member_whom_discord_lets_through_is_refused(world: World) -> None:
    command = next(c for c in await world.bot.tree.fetch_commands() if c.name == "retrain")
    world.guild.set_command_permissions(command, {world.alice: True})

    reply = await world.alice.slash(world.channel, "retrain")

    assert reply.response.ephemeral
    assert "Manage Server" in text_of(reply.response)
    assert await world.bot.store.runs.latest(world.guild.id) is None


@pytest.mark.usefixtures("no_training_begins")
async def test_the_base_is_retrained_by_the_bots_owner_alone(world: World) -> None:
    refused = await world.boss.slash(world.channel, "retrain", base=True)
    assert "owner alone" in text_of(refused.response)

    reply = await world.owner.slash(world.channel, "retrain", base=True)

    assert "shared model" in text_of(reply.response)
    assert (await latest(world, BASE)).requested_by == world.owner.id


@pytest.mark.usefixtures("no_training_begins")
async def test_a_second_run_is_answered_with_the_first(world: World) -> None:
    first = await world.boss.slash(world.channel, "retrain")

    second = await world.boss.slash(world.channel, "retrain")

    assert second.response.ephemeral
    assert "under way already" in text_of(second.response)
    assert str(first.response.id) in text_of(second.response)


async def test_cancel_stops_it(world: World) -> None:
    reply = await world.boss.slash(world.channel, "retrain")

    await world.boss.click(reply.response, label="Cancel")
    await world.until(lambda: "Cancelled" in text_of(card(world)))

    assert (await latest(world)).status is RunStatus.CANCELLED
    assert await world.bot.store.models.active_own(world.guild.id) is None
    assert buttons_of(card(world)) == {"Start again": True}


@pytest.mark.usefixtures("no_training_begins")
async def test_cancel_needs_manage_server(world: World) -> None:
    reply = await world.boss.slash(world.channel, "retrain")

    refused = await world.alice.click(reply.response, label="Cancel")

    assert "Manage Server" in text_of(refused.response)
    assert (await latest(world)).status is not RunStatus.CANCELLED


async def test_names_are_made_while_it_trains(world: World) -> None:
    await world.boss.slash(world.channel, "retrain")

    reply = await world.alice.slash(world.channel, "name", language="russian")

    assert len(names_on(reply.response)) == 3


@pytest.mark.usefixtures("training_in_a_thread")
async def test_a_deleted_card_does_not_stop_it(world: World) -> None:
    await world.boss.slash(world.channel, "retrain")
    run = await latest(world)
    await world.bot.get_partial_messageable(run.channel_id).get_partial_message(run.message_id).delete()
    await world.env.settle()

    await world.until(world.is_idle)

    assert (await latest(world)).status in (RunStatus.SUCCEEDED, RunStatus.REJECTED)


async def statuses(world: World, run: Run) -> list[str]:
    return [change.status.value for change in await world.bot.store.runs.changes(run.id)]


def kill_workers() -> None:
    for worker in multiprocessing.active_children():
        worker.kill()


async def test_a_killed_worker_is_noticed_and_the_run_goes_on(world: World) -> None:
    await world.boss.slash(world.channel, "retrain")
    run = await latest(world)
    await world.until(lambda: world.trains(run))

    kill_workers()
    await world.until(lambda: "goes on by itself" in text_of(card(world)))
    assert "killed by signal 9" in text_of(card(world))
    await world.until(lambda: "Trained" in text_of(card(world)))

    changes = await statuses(world, run)
    assert changes[:4] == ["queued", "running", "interrupted", "running"]
    assert changes[-1] in ("succeeded", "rejected")


class Killed(Executor):
    """One whose processes are killed as they start."""

    def submit(self, call, /, *args, **options) -> Future:
        future: Future = Future()
        future.set_exception(WorkerEnded(-9))
        return future


@pytest.mark.usefixtures("training_in_a_thread")
async def test_a_run_that_is_killed_three_times_fails_with_a_sentence_and_the_next_works(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    workers, world.bot.trainer._executor = world.bot.trainer._executor, Killed()
    reply = await world.boss.slash(world.channel, "retrain", recipe="quick")
    run = await latest(world)

    await world.until(lambda: "failed" in text_of(card(world)))
    world.bot.trainer._executor = workers
    assert await statuses(world, run) == ["queued", "interrupted", "failed"]
    assert "interrupted 3 times, and is not tried again" in text_of(card(world))
    error_id = (await latest(world)).error_id
    assert error_id
    assert f"error {error_id}: run {run.id} is failed" in caplog.text
    assert error_id in text_of(card(world))
    again = await world.boss.click(world.channel.last_message, label="Start again")
    assert again.response.id != reply.response.id
    await world.until(lambda: "Trained" in text_of(card(world)))


async def test_a_run_goes_on_after_the_bot_was_closed(ready: Settings) -> None:
    world = await open_world(ready)
    try:
        await world.boss.slash(world.channel, "retrain")
        run = await latest(world)
        await world.until(lambda: world.trains(run))

        await asyncio.wait_for(world.bot.close(), 10)

        async with await Store.open(ready.database_url) as store:
            assert [r.status for r in await store.runs.unfinished()] == [RunStatus.INTERRUPTED]
        assert not multiprocessing.active_children()
        assert "goes on by itself" in text_of(card(world))
        assert buttons_of(card(world)) == {"Cancel": True}
        await world.restart()
        await world.until(lambda: "Trained" in text_of(card(world)))
    finally:
        await close_world(world)


@pytest.mark.usefixtures("training_in_a_thread")
async def test_a_run_of_a_process_that_vanished_is_found_and_goes_on(
    world: World, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await queue_run(world.bot.store, world.guild.id, Corpus.read(data_dir).to_zip())
    await world.bot.store.runs.start(run.id)  # by a process that then falls silent
    await world.restart()
    assert (await latest(world)).status is RunStatus.RUNNING

    with monkeypatch.context() as patched:
        patched.setattr(trainer, "_SILENCE", timedelta(0))
        await world.env.advance_time(2)
    assert (await statuses(world, run))[:3] == ["queued", "running", "interrupted"]

    await world.until(world.is_idle)
    assert (await latest(world)).status in (RunStatus.SUCCEEDED, RunStatus.REJECTED)


@pytest.mark.usefixtures("training_in_a_thread")
async def test_a_queued_run_is_taken_up_after_a_restart(world: World, data_dir: Path) -> None:
    await queue_run(world.bot.store, world.guild.id, Corpus.read(data_dir).to_zip())

    await world.restart()
    await world.until(world.is_idle)

    assert (await latest(world)).status in (RunStatus.SUCCEEDED, RunStatus.REJECTED)


@pytest.mark.usefixtures("training_in_a_thread")
async def test_a_corpus_that_cannot_be_learned_fails_with_a_sentence(world: World) -> None:
    await queue_run(world.bot.store, world.guild.id, b"no zip")

    await world.restart()
    await world.until(world.is_idle)

    run = await latest(world)
    assert run.status is RunStatus.FAILED
    assert run.error
    assert "zip" in run.error


async def test_start_again_of_another_server_is_refused(world: World) -> None:
    run = await queue_run(world.bot.store, 1, b"")
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(StartAgain(run.id)))
    message = await world.bot.get_channel(world.channel.id).send(view=view)
    await world.env.settle()

    reply = await world.boss.click(message, label="Start again")

    assert "not known any more" in text_of(reply.response)
