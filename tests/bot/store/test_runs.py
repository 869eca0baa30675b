"""Runs: one at a time in a guild, through the statuses that are allowed, whoever writes first."""

import asyncio
import hashlib
import sqlite3
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot.store import (
    BASE,
    ENDS,
    TRANSITIONS,
    UNFINISHED,
    IllegalTransition,
    NewModel,
    NewRun,
    Progress,
    Run,
    RunInProgress,
    RunOrder,
    RunStatus,
    Store,
)

# Said once more, in other words than the store's, so that neither can change unnoticed.
MAY_BECOME = {
    "queued": "running cancelled failed interrupted",
    "running": "cancelling succeeded rejected cancelled failed interrupted",
    "cancelling": "succeeded rejected cancelled failed interrupted",
    "succeeded": "",
    "rejected": "",
    "cancelled": "",
    "failed": "",
    "interrupted": "",
}


async def reach(store: Store, new_run: NewRun, status: RunStatus) -> Run:
    """Bring a new run to a status by the ways that there are."""
    run = await store.runs.request(new_run)
    if status is not RunStatus.QUEUED:
        await store.runs.start(run.id)
    if status is RunStatus.CANCELLING:
        await store.runs.request_cancel(run.id)
    if status in ENDS:
        await store.runs.finish(run.id, status)
    reached = await store.runs.get(run.id)
    assert reached is not None
    assert reached.status is status
    return reached


async def become(store: Store, run: Run, status: RunStatus) -> None:
    """Try to bring a run to another status."""
    match status:
        case RunStatus.RUNNING:
            await store.runs.start(run.id)
        case RunStatus.CANCELLING:
            if not await store.runs.request_cancel(run.id):
                raise IllegalTransition(run.id, status)
        case _:
            await store.runs.finish(run.id, status)


class TestTransitions:
    def test_the_table_says_what_it_should(self) -> None:
        assert {
            source: {target.value for target in following} for source, following in TRANSITIONS.items()
        } == {source: set(targets.split()) for source, targets in MAY_BECOME.items()}
        assert set(RunStatus) == ENDS | UNFINISHED
        assert {"queued", "running", "cancelling"} == UNFINISHED

    @pytest.mark.parametrize("source", RunStatus)
    async def test_only_what_the_table_allows_can_be_written(
        self, store: Store, new_run: NewRun, source: RunStatus
    ) -> None:
        # To ask an unfinished run to stop is never refused, whatever it does: see TestCancelling.
        never_tried = {RunStatus.CANCELLING} if source in UNFINISHED else set()
        for guild_id, target in enumerate(set(RunStatus) - never_tried, start=1):
            run = await reach(store, replace(new_run, guild_id=guild_id), source)
            allowed = target in MAY_BECOME[source].split()

            if allowed:
                await become(store, run, target)
            else:
                with pytest.raises(IllegalTransition, match=f"{run.id} can't become {target}"):
                    await become(store, run, target)

            after = await store.runs.get(run.id)
            assert after is not None
            assert after.status is (target if allowed else source)
            assert allowed or after == run

    async def test_a_run_that_is_not_there_becomes_nothing(self, store: Store, new_run: NewRun) -> None:
        run = replace(await store.runs.request(new_run), id=999)

        for status in RunStatus:
            with pytest.raises(IllegalTransition):
                await become(store, run, status)

    async def test_of_two_ends_the_first_written_holds(
        self, store: Store, other_store: Store, new_run: NewRun
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)

        outcomes = await asyncio.gather(
            store.runs.finish(run.id, RunStatus.INTERRUPTED),
            other_store.runs.finish(run.id, RunStatus.SUCCEEDED),
            return_exceptions=True,
        )

        (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Run)]
        assert sum(isinstance(outcome, IllegalTransition) for outcome in outcomes) == 1
        assert await store.runs.get(run.id) == winner


class TestRequesting:
    async def test_it_comes_back_as_it_was_asked_for(self, store: Store, new_run: NewRun) -> None:
        run = await store.runs.request(new_run)

        given = asdict(new_run)
        archive = given.pop("archive")
        assert given.items() <= asdict(run).items()
        assert run.corpus_sha256 == hashlib.sha256(archive).hexdigest()
        assert run.status is RunStatus.QUEUED
        assert timedelta(0) <= datetime.now(UTC) - run.requested_at < timedelta(minutes=1)
        assert (run.started_at, run.heartbeat_at, run.finished_at) == (None, None, None)
        assert (run.progress, run.loss_curve, run.model_id) == (None, (), None)
        assert await store.runs.get(run.id) == run

    async def test_the_same_corpus_is_kept_once(self, store: Store, path: Path, new_run: NewRun) -> None:
        for guild_id, archive in ((1, b"one"), (2, b"one"), (3, b"other")):
            await store.runs.request(replace(new_run, guild_id=guild_id, archive=archive))

        with sqlite3.connect(path) as database:
            kept = database.execute("SELECT archive FROM corpora").fetchall()
        assert sorted(kept) == [(b"one",), (b"other",)]

    @pytest.mark.parametrize("status", sorted(UNFINISHED))
    async def test_a_second_one_has_to_wait(self, store: Store, new_run: NewRun, status: RunStatus) -> None:
        run = await reach(store, new_run, status)

        with pytest.raises(RunInProgress, match=f"run {run.id} of guild 1") as refusal:
            await store.runs.request(new_run)

        assert refusal.value.run == run
        assert await store.runs.unfinished() == (run,)

    @pytest.mark.parametrize("status", sorted(ENDS))
    async def test_a_second_one_may_follow_when_the_first_is_over(
        self, store: Store, new_run: NewRun, status: RunStatus
    ) -> None:
        await reach(store, new_run, status)

        assert (await store.runs.request(new_run)).status is RunStatus.QUEUED

    async def test_guilds_do_not_wait_for_each_other(self, store: Store, new_run: NewRun) -> None:
        for guild_id in (BASE, 1, 2):
            await store.runs.request(replace(new_run, guild_id=guild_id))

        assert [run.guild_id for run in await store.runs.unfinished()] == [BASE, 1, 2]

    async def test_of_many_at_the_same_moment_one_is_taken(
        self, store: Store, other_store: Store, new_run: NewRun
    ) -> None:
        outcomes = await asyncio.gather(
            *(either.runs.request(new_run) for either in [store, other_store] * 5),
            return_exceptions=True,
        )

        (taken,) = [outcome for outcome in outcomes if isinstance(outcome, Run)]
        refusals = [outcome for outcome in outcomes if isinstance(outcome, RunInProgress)]
        assert len(refusals) == 9
        assert all(refusal.run == taken for refusal in refusals)

    async def test_the_database_itself_refuses_a_second_one(
        self, store: Store, path: Path, new_run: NewRun
    ) -> None:
        """Whatever a program with a stale view of the table believes."""
        await store.runs.request(new_run)

        with sqlite3.connect(path) as database:
            columns = ", ".join(
                name
                for _, name, *_ in database.execute("PRAGMA table_info(runs)")
                if name not in ("id", "status")
            )
            copy = f"INSERT INTO runs ({columns}, status) SELECT {columns}, ? FROM runs"
            for status in sorted(UNFINISHED):
                with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE.*runs\.guild_id"):
                    database.execute(copy, [status])
            database.execute(copy, ["failed"])

    async def test_another_fault_is_not_taken_for_a_run_in_progress(
        self, store: Store, new_run: NewRun
    ) -> None:
        with pytest.raises(IntegrityError, match=r"runs\.network"):
            await store.runs.request(
                replace(new_run, network=None)  # type: ignore[arg-type]
            )


class TestWorking:
    async def test_the_job_gets_all_it_needs_by_number(
        self, store: Store, other_store: Store, new_run: NewRun
    ) -> None:
        run = await store.runs.request(new_run)

        order = await other_store.runs.start(run.id)

        assert order == RunOrder(
            run_id=run.id,
            guild_id=1,
            requested_by=3,
            network="gru",
            recipe="default",
            seed=0,
            options={"epochs": 3, "categories": ["Elvish"]},
            archive=b"PK a corpus",
        )
        started = await store.runs.get(run.id)
        assert started is not None
        assert started.status is RunStatus.RUNNING
        assert started.started_at is not None
        assert started.heartbeat_at == started.started_at >= run.requested_at

    async def test_a_beat_tells_how_far_it_is(
        self, store: Store, other_store: Store, new_run: NewRun, progress: Progress
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)

        assert await other_store.runs.beat(run.id, progress) is False

        after = await store.runs.get(run.id)
        assert after is not None
        assert after.progress == progress
        assert after.loss_curve == progress.loss_curve
        assert after.heartbeat_at is not None
        assert run.heartbeat_at is not None
        assert after.heartbeat_at > run.heartbeat_at

    async def test_a_beat_tells_the_job_of_a_cancellation(
        self, store: Store, other_store: Store, new_run: NewRun, progress: Progress
    ) -> None:
        run = await reach(store, new_run, RunStatus.CANCELLING)

        assert await other_store.runs.beat(run.id, progress) is True

        after = await store.runs.get(run.id)
        assert after is not None
        assert after.progress == progress

    @pytest.mark.parametrize("status", [RunStatus.QUEUED, *sorted(ENDS)])
    async def test_a_job_whose_run_is_not_at_work_is_to_stop(
        self, store: Store, new_run: NewRun, progress: Progress, status: RunStatus
    ) -> None:
        run = await reach(store, new_run, status)

        assert await store.runs.beat(run.id, progress) is True

        assert await store.runs.get(run.id) == run


class TestCancelling:
    async def test_a_queued_run_is_over_at_once(self, store: Store, new_run: NewRun) -> None:
        run = await store.runs.request(new_run)

        assert await store.runs.request_cancel(run.id) is True

        after = await store.runs.get(run.id)
        assert after is not None
        assert after.status is RunStatus.CANCELLED
        assert after.finished_at is not None
        with pytest.raises(IllegalTransition):
            await store.runs.start(run.id)

    async def test_a_running_one_is_asked_to_stop(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)

        assert await store.runs.request_cancel(run.id) is True

        after = await store.runs.get(run.id)
        assert after == replace(run, status=RunStatus.CANCELLING)

    async def test_it_may_be_asked_again(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.CANCELLING)

        assert await store.runs.request_cancel(run.id) is True

        assert await store.runs.get(run.id) == run

    @pytest.mark.parametrize("status", sorted(ENDS))
    async def test_one_that_is_over_can_not_be_cancelled(
        self, store: Store, new_run: NewRun, status: RunStatus
    ) -> None:
        run = await reach(store, new_run, status)

        assert await store.runs.request_cancel(run.id) is False

        assert await store.runs.get(run.id) == run


class TestFinishing:
    async def test_why_it_ended_is_kept(self, store: Store, new_run: NewRun, progress: Progress) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        await store.runs.beat(run.id, progress)

        over = await store.runs.finish(run.id, RunStatus.FAILED, error="The disk is full.", error_id="a1b2")

        assert (over.error, over.error_id) == ("The disk is full.", "a1b2")
        assert over.progress == progress
        assert over.loss_curve == progress.loss_curve
        assert over.finished_at is not None
        assert over.started_at is not None
        assert over.finished_at >= over.started_at
        assert await store.runs.get(run.id) == over

    async def test_a_loss_curve_replaces_the_one_reported(
        self, store: Store, new_run: NewRun, progress: Progress
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        await store.runs.beat(run.id, progress)

        over = await store.runs.finish(run.id, RunStatus.SUCCEEDED, loss_curve=[{"step": 30}])

        assert over.loss_curve == ({"step": 30},)

    async def test_a_model_that_succeeded_is_in_use(
        self, store: Store, new_run: NewRun, new_model: NewModel
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        made = replace(new_model, guild_id=1, run_id=run.id)

        over = await store.runs.finish(run.id, RunStatus.SUCCEEDED, model=made)

        active = await store.models.active_own(1)
        assert active is not None
        assert over.model_id == active.id
        assert active.run_id == run.id
        assert await store.models.weights(active.id) == new_model.weights

    async def test_a_model_that_was_rejected_is_kept_beside_the_one_in_use(
        self, store: Store, new_run: NewRun, new_model: NewModel
    ) -> None:
        old = await store.models.publish(replace(new_model, guild_id=1), activate=True)
        run = await reach(store, new_run, RunStatus.CANCELLING)
        made = replace(new_model, guild_id=1, run_id=run.id)

        over = await store.runs.finish(run.id, RunStatus.REJECTED, model=made)

        assert await store.models.active(1) == old
        assert over.model_id is not None
        await store.models.activate(1, over.model_id)

    async def test_a_run_declared_over_can_not_publish(
        self, store: Store, path: Path, new_run: NewRun, new_model: NewModel
    ) -> None:
        run = await reach(store, new_run, RunStatus.INTERRUPTED)

        with pytest.raises(IllegalTransition):
            await store.runs.finish(
                run.id,
                RunStatus.SUCCEEDED,
                model=replace(new_model, guild_id=1, run_id=run.id),
            )

        assert await store.models.active(1) is None
        with sqlite3.connect(path) as database:
            assert database.execute("SELECT count(*) FROM model_weights").fetchone() == (0,)

    @pytest.mark.parametrize("status", sorted(ENDS - {RunStatus.SUCCEEDED, RunStatus.REJECTED}))
    async def test_no_other_end_has_a_model(
        self, store: Store, new_run: NewRun, new_model: NewModel, status: RunStatus
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        made = replace(new_model, guild_id=1, run_id=run.id)

        with pytest.raises(ValueError, match=f"a run that is {status} has no model"):
            await store.runs.finish(run.id, status, model=made)

        assert await store.runs.get(run.id) == run

    @pytest.mark.parametrize("wrong", [{"guild_id": 2}, {"guild_id": BASE}, {"run_id": None}])
    async def test_a_run_can_not_publish_in_another_name(
        self,
        store: Store,
        new_run: NewRun,
        new_model: NewModel,
        wrong: dict[str, int | None],
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        right = replace(new_model, guild_id=1, run_id=run.id)

        with pytest.raises(ValueError, match=f"can't be that of run {run.id} in guild 1"):
            await store.runs.finish(
                run.id,
                RunStatus.SUCCEEDED,
                model=replace(right, **wrong),  # type: ignore[arg-type]
            )

        assert await store.runs.get(run.id) == run
        for guild_id in (1, 2, BASE):
            assert await store.models.active(guild_id) is None


class TestFinding:
    async def test_a_run_that_is_not_there_is_none(self, store: Store) -> None:
        assert await store.runs.get(999) is None
        assert await store.runs.latest(1) is None
        assert await store.runs.unfinished() == ()

    async def test_the_progress_card_can_be_found_again(self, store: Store, new_run: NewRun) -> None:
        run = await store.runs.request(new_run)

        await store.runs.follow(run.id, channel_id=70, message_id=71)

        assert await store.runs.get(run.id) == replace(run, channel_id=70, message_id=71)

    async def test_unfinished_ones_are_listed_oldest_first(self, store: Store, new_run: NewRun) -> None:
        for guild_id, status in (
            (9, RunStatus.CANCELLING),
            (5, RunStatus.SUCCEEDED),
            (5, RunStatus.RUNNING),
            (1, RunStatus.QUEUED),
        ):
            await reach(store, replace(new_run, guild_id=guild_id), status)

        assert [run.guild_id for run in await store.runs.unfinished()] == [9, 5, 1]
        assert [run.status for run in await store.runs.unfinished(5)] == [RunStatus.RUNNING]
        assert await store.runs.unfinished(BASE) == ()

    async def test_the_latest_is_the_last_one_asked_for(self, store: Store, new_run: NewRun) -> None:
        await reach(store, new_run, RunStatus.SUCCEEDED)
        last = await reach(store, new_run, RunStatus.FAILED)
        await store.runs.request(replace(new_run, guild_id=2))

        assert await store.runs.latest(1) == last
