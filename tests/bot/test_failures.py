"""However a training ends, the admin is told why, the bot goes on with its model, and the next job runs."""

import asyncio
import io
import threading
import zipfile
from pathlib import Path

import pytest

from bot import app
from bot.store import Run, RunStatus
from bot.training import job, trainer
from bot.training.plan import TrainingLimits, Wish
from model import Corpus, Generator
from tests.bot.test_datasets import ELVES
from tests.bot.test_training import card, latest, queue_run, statuses
from tests.bot.world import Waiting, World, buttons_of, names_on, text_of

pytestmark = pytest.mark.usefixtures("training_in_a_thread")


async def at_work(world: World) -> Run:
    """Ask for a training that takes long, and wait until its card says that it has begun."""
    await world.boss.slash(world.channel, "retrain", recipe="best", fresh=True)
    await world.until(lambda: "Training this server's model" in text_of(card(world)))
    return await latest(world)


async def expect_all_goes_on(world: World) -> None:
    """The model in use serves on, and the next training comes to its end."""
    base = await world.bot.store.models.active(world.guild.id)
    reply = await world.alice.slash(world.channel, "name", language="russian")
    assert len(names_on(reply.response)) == 3
    assert base is not None
    assert not base.guild_id, "a model came of it"
    await world.boss.slash(world.channel, "retrain", recipe="quick")
    await world.until(lambda: "Trained" in text_of(card(world)))


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (
            TrainingLimits(memory_mib=1),
            "more than the 1 MiB of memory that the host allows: choose a smaller",
        ),
        (
            TrainingLimits(minutes=0),
            "longer than the 0 minutes that the host allows: choose the recipe quick",
        ),
    ],
)
async def test_a_training_that_takes_too_much_is_stopped(
    world: World, limits: TrainingLimits, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    usual, world.bot.trainer._limits = world.bot.trainer._limits, limits
    await world.boss.slash(world.channel, "retrain", fresh=True)

    await world.until(lambda: "failed" in text_of(card(world)))

    run = await latest(world)
    assert run.status is RunStatus.FAILED
    assert told in text_of(card(world))
    assert run.error_id
    assert f"In the log it is `{run.error_id}`" in text_of(card(world))
    assert f"error {run.error_id}: run {run.id} failed" in caplog.text
    assert buttons_of(card(world)) == {"Start again": True}
    world.bot.trainer._limits = usual
    await expect_all_goes_on(world)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ZeroDivisionError("a bug"), "Something went wrong on our side while it was training"),
        (MemoryError(), "not enough memory for it: choose a smaller network or fewer categories"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not enough memory for it"),
    ],
)
async def test_an_exception_in_the_training_is_told_with_its_id(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    told: str,
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(job, "train", fail)
        await world.boss.slash(world.channel, "retrain")
        await world.until(lambda: "failed" in text_of(card(world)))

    run = await latest(world)
    assert run.status is RunStatus.FAILED
    assert told in text_of(card(world))
    assert str(error) not in text_of(card(world)) or not str(error)
    assert run.error_id
    assert run.error_id in text_of(card(world))
    assert type(error).__name__ in caplog.text, "the traceback is not in the log"


async def test_a_corpus_that_is_emptied_meanwhile_is_learned_as_it_was_asked_for(world: World) -> None:
    store = world.bot.store.datasets
    elves = await store.put(world.guild.id, "Elves", ELVES, extends=False, by=world.boss.id, most=9)
    workers, world.bot.trainer._executor = world.bot.trainer._executor, Waiting()
    await world.boss.slash(world.channel, "retrain", recipe="quick", fresh=True, categories="Elves")
    world.bot.trainer._sent = None
    world.bot.trainer._executor = workers

    await store.remove(elves.id)
    await store.use(world.guild.id, "none", world.boss.id)
    await world.until(lambda: "Trained" in text_of(card(world)))

    run = await latest(world)
    assert run.model_id is not None
    assert (await world.bot.generators.load(run.model_id)).generator.categories == ["Elves"]
    assert "names" in text_of((await world.boss.slash(world.channel, "retrain")).response)


async def test_an_empty_archive_fails_with_a_sentence(world: World) -> None:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    run = await queue_run(world.bot.store, world.guild.id, empty.getvalue())
    world.bot.trainer._follow(run.id)

    await world.until(world.is_idle)

    ended = await latest(world)
    assert ended.status is RunStatus.FAILED
    assert ended.error
    assert "name" in ended.error


async def test_a_server_that_the_bot_leaves_meanwhile_is_not_trained_on(world: World) -> None:
    run = await at_work(world)
    elsewhere = world.env.create_guild("Elsewhere")

    await world.bot.get_guild(world.guild.id).leave()
    await world.until(world.is_idle)

    assert await statuses(world, run) == ["queued", "running", "cancelling", "cancelled"]
    assert (await latest(world)).error == "The bot is not in this server any more."
    wish = Wish(recipe="quick")
    await world.bot.trainer.request(elsewhere.id, wish, requested_by=None, channel_id=None)
    await world.until(world.is_idle)
    assert (await latest(world, elsewhere.id)).model_id is not None


async def test_what_waits_for_a_server_that_the_bot_leaves_is_not_trained(world: World) -> None:
    world.bot.trainer._executor = Waiting()
    await world.boss.slash(world.channel, "retrain")

    await world.bot.get_guild(world.guild.id).leave()
    await world.until(world.is_idle)

    run = await latest(world)
    assert await statuses(world, run) == ["queued", "cancelled"]
    assert run.error == "The bot is not in this server any more."


async def test_what_waits_for_a_server_that_was_left_unnoticed_is_not_trained(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await queue_run(world.bot.store, 4711, b"")

    monkeypatch.setattr(app, "Workers", lambda _: Waiting())
    await world.restart()
    await world.until(world.is_idle)

    assert await statuses(world, run) == ["queued", "cancelled"]


async def test_a_training_at_work_is_cancelled(world: World) -> None:
    run = await at_work(world)
    assert "Training this server's model" in text_of(card(world))

    await world.boss.click(world.channel.last_message, label="Cancel")
    await world.until(lambda: "Cancelled" in text_of(card(world)))

    assert await statuses(world, run) == ["queued", "running", "cancelling", "cancelled"]
    assert "The model in use stays as it was" in text_of(card(world))
    await expect_all_goes_on(world)


async def test_a_job_that_does_not_hear_of_its_cancellation_is_ended(world: World) -> None:
    world.bot.trainer._executor = Waiting()
    await world.boss.slash(world.channel, "retrain")
    run = await latest(world)
    await world.bot.store.runs.start(run.id)  # by a job that then looks at nothing
    sent = world.bot.trainer._sent
    assert sent is not None

    assert await asyncio.wait_for(world.bot.trainer.cancel(run.id), 10)

    assert sent.job.cancelled()
    assert await statuses(world, run) == ["queued", "running", "cancelling", "cancelled"]


async def test_one_that_takes_too_much_and_does_not_stop_has_failed_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(job, "train", lambda *_args, **_options: goes_on.wait(60))
    monkeypatch.setattr(job, "_DEAF", 0.0)
    world.bot.trainer._limits = TrainingLimits(memory_mib=1)
    await world.boss.slash(world.channel, "retrain")

    await world.until(lambda: "more than the 1 MiB of memory" in text_of(card(world)))

    assert not goes_on.is_set()
    assert (await latest(world)).status is RunStatus.FAILED
    goes_on.set()


async def test_a_process_that_outlives_its_run_is_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "_TO_STOP", 0.0)
    world.bot.trainer._executor = Waiting()
    await world.boss.slash(world.channel, "retrain")
    run, sent = await latest(world), world.bot.trainer._sent
    assert sent is not None

    await world.bot.store.runs.finish(run.id, RunStatus.FAILED, error="It took too much.")

    await world.until(sent.job.cancelled)


async def test_a_process_that_does_not_begin_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers, world.bot.trainer._executor = world.bot.trainer._executor, Waiting()
    await world.boss.slash(world.channel, "retrain", recipe="quick")
    run, sent = await latest(world), world.bot.trainer._sent
    assert sent is not None
    world.bot.trainer._executor = workers

    with monkeypatch.context() as patched:
        patched.setattr(trainer, "_LONGEST_START", 0.0)
        patched.setattr(trainer, "_TO_STOP", 0.0)
        await world.until(sent.job.cancelled)
    await world.until(lambda: "Trained" in text_of(card(world)))

    changes = await statuses(world, run)
    assert changes[:3] == ["queued", "interrupted", "running"]


async def test_a_run_that_was_interrupted_goes_on_from_what_it_saved(
    world: World, data_dir: Path, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = world.bot.store.runs
    run = await queue_run(world.bot.store, world.guild.id, Corpus.read(data_dir).to_zip())
    await runs.start(run.id)
    await runs.save(run.id, generator.to_bytes())
    await runs.interrupt(run.id, "Its process was killed.")
    gone_on_from: list[Generator | None] = []

    def train(*_args: object, resume: Generator | None = None, **_options: object) -> Generator:
        gone_on_from.append(resume)
        return generator

    monkeypatch.setattr(job, "train", train)
    await job._run(world.settings.database_url, run.id)

    assert [saved and saved.card for saved in gone_on_from] == [generator.card]
    assert (await latest(world)).status in (RunStatus.SUCCEEDED, RunStatus.REJECTED)
