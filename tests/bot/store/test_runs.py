"""Runs: one at a time in a guild, through the statuses that are allowed, whoever writes first."""

import asyncio
import hashlib
import sqlite3
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from bot.sentences import english
from bot.store import (
    BASE,
    ENDS,
    TRANSITIONS,
    UNFINISHED,
    IllegalTransition,
    NewModel,
    NewRun,
    Progress,
    QueueFull,
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
    "cancelling": "succeeded rejected cancelled failed",
    "succeeded": "",
    "rejected": "",
    "cancelled": "",
    "failed": "",
    "interrupted": "running cancelled failed",
}


async def reach(store: Store, new_run: NewRun, status: RunStatus) -> Run:
    """Bring a new run to a status by the ways that there are."""
    run = await store.runs.request(new_run)
    if status is not RunStatus.QUEUED:
        await store.runs.start(run.id)
    if status is RunStatus.CANCELLING:
        await store.runs.request_cancel(run.id)
    if status is RunStatus.INTERRUPTED:
        await store.runs.interrupt(run.id, "Its process went away.")
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
        case RunStatus.INTERRUPTED:
            await store.runs.interrupt(run.id, "Its process went away.")
        case _:
            await store.runs.finish(run.id, status)


class TestTransitions:
    def test_the_table_says_what_it_should(self) -> None:
        assert {
            source: {target.value for target in following} for source, following in TRANSITIONS.items()
        } == {source: set(targets.split()) for source, targets in MAY_BECOME.items()}
        assert set(RunStatus) == ENDS | UNFINISHED
        assert {"queued", "running", "cancelling", "interrupted"} == UNFINISHED

    @pytest.mark.parametrize("source", RunStatus)
    async def test_only_what_the_table_allows_can_be_written(
        self, store: Store, new_run: NewRun, source: RunStatus
    ) -> None:
        # To ask an unfinished run to stop is never refused, whatever it does: see TestCancelling.
        # One that is to stop is not interrupted but cancelled: see TestInterrupting.
        never_tried = {RunStatus.CANCELLING} if source in UNFINISHED else set()
        never_tried |= {RunStatus.INTERRUPTED} if source is RunStatus.CANCELLING else set()
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

    async def test_each_change_is_kept_with_its_time(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.CANCELLING)
        over = await store.runs.finish(run.id, RunStatus.CANCELLED)

        changes = await store.runs.changes(run.id)

        assert [change.status.value for change in changes] == ["queued", "running", "cancelling", "cancelled"]
        times = [change.at for change in changes]
        assert times == sorted(times)
        assert over.finished_at is not None
        assert over.started_at is not None
        assert over.requested_at <= over.started_at <= times[-1]

    async def test_a_change_that_was_refused_is_not_kept(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.SUCCEEDED)
        before = await store.runs.changes(run.id)

        with pytest.raises(IllegalTransition):
            await store.runs.finish(run.id, RunStatus.FAILED)

        assert await store.runs.changes(run.id) == before

    @pytest.mark.parametrize("source", RunStatus)
    async def test_the_database_itself_refuses_what_is_not_allowed(
        self, store: Store, path: Path, new_run: NewRun, source: RunStatus
    ) -> None:
        """Whatever a program that has other rules believes."""
        run = await reach(store, new_run, source)

        with sqlite3.connect(path) as database:
            for target in RunStatus:
                if target.value in MAY_BECOME[source].split():
                    continue
                with pytest.raises(sqlite3.IntegrityError, match="can not change so"):
                    database.execute("UPDATE runs SET status = ? WHERE id = ?", (target, run.id))
                with pytest.raises(sqlite3.IntegrityError, match="ck_run_changes_allowed"):
                    database.execute(
                        "INSERT INTO run_changes (run_id, source, target, changed_at) VALUES (?, ?, ?, 0)",
                        (run.id, source, target),
                    )

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
                replace(new_run, network=None)  # type: ignore[arg-type]  # the fault
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
            attempt=0,
            state=None,
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

    @pytest.mark.parametrize("late", ["beat", "save", "draw", "finish"])
    async def test_an_attempt_whose_place_was_taken_is_heard_no_more(
        self, store: Store, new_run: NewRun, new_model: NewModel, progress: Progress, late: str
    ) -> None:
        run = await reach(store, new_run, RunStatus.INTERRUPTED)
        order = await store.runs.start(run.id)
        assert order.attempt == 1
        now = await store.runs.get(run.id)

        match late:
            case "beat":
                assert await store.runs.beat(run.id, progress, attempt=0) is True
            case "save":
                await store.runs.save(run.id, b"of the old one", attempt=0)
            case "draw":
                await store.runs.draw(run.id, {"loss": b"of the old one"}, attempt=0)
            case "finish":
                made = replace(new_model, guild_id=1, run_id=run.id)
                with pytest.raises(IllegalTransition):
                    await store.runs.finish(run.id, RunStatus.SUCCEEDED, attempt=0, model=made)

        assert await store.runs.get(run.id) == now
        assert await store.runs.pictures(run.id) == {}
        await store.runs.interrupt(run.id, "Again.")
        assert (await store.runs.start(run.id)).state is None


class TestInterrupting:
    async def test_it_goes_on_with_what_was_saved_last(
        self, store: Store, other_store: Store, new_run: NewRun
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        await store.runs.save(run.id, b"epoch 1")
        await store.runs.save(run.id, b"epoch 2")
        await store.runs.interrupt(run.id, "Its process went away.", error_id="a1b2")

        interrupted = await store.runs.get(run.id)
        order = await other_store.runs.start(run.id)

        assert interrupted is not None
        assert (interrupted.error, interrupted.error_id) == ("Its process went away.", "a1b2")
        assert (order.attempt, order.state) == (1, b"epoch 2")

    async def test_after_the_third_time_it_has_failed(self, store: Store, new_run: NewRun) -> None:
        run = await store.runs.request(new_run)
        for attempt in range(3):
            assert (await store.runs.start(run.id)).attempt == attempt
            await store.runs.save(run.id, b"state", attempt=attempt)
            run = await store.runs.interrupt(run.id, "Its process went away.")

        assert run.status is RunStatus.FAILED
        told = "It was interrupted 3 times, and is not tried again. Its process went away."
        assert english(run.error or "") == told
        assert run.finished_at is not None

    async def test_one_that_never_began_counts_too(self, store: Store, new_run: NewRun) -> None:
        run = await store.runs.request(new_run)

        run = await store.runs.interrupt(run.id, "Its process did not start.")

        assert (run.status, run.attempt) == (RunStatus.INTERRUPTED, 1)

    async def test_so_does_one_that_did_not_begin_again(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.INTERRUPTED)

        run = await store.runs.interrupt(run.id, "Its process did not start.", attempt=1)
        assert (run.status, run.attempt) == (RunStatus.INTERRUPTED, 2)
        with pytest.raises(IllegalTransition):
            await store.runs.interrupt(run.id, "An attempt of before.", attempt=1)
        run = await store.runs.interrupt(run.id, "Its process did not start.", attempt=2)

        assert run.status is RunStatus.FAILED

    async def test_one_that_is_to_stop_is_cancelled(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.CANCELLING)

        assert (await store.runs.interrupt(run.id, "It went away.")).status is RunStatus.CANCELLED

    @pytest.mark.parametrize("end", sorted(ENDS))
    async def test_what_it_saved_goes_with_its_end(
        self, store: Store, path: Path, new_run: NewRun, end: RunStatus
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        await store.runs.save(run.id, b"state")

        await store.runs.finish(run.id, end)

        with sqlite3.connect(path) as database:
            assert database.execute("SELECT count(*) FROM run_states").fetchone() == (0,)


class TestWaiting:
    async def test_a_guild_that_asks_seldom_goes_before_one_that_asks_often(
        self, store: Store, new_run: NewRun
    ) -> None:
        often, seldom = replace(new_run, guild_id=1), replace(new_run, guild_id=2)
        for _ in range(2):
            await reach(store, often, RunStatus.SUCCEEDED)
        first = await store.runs.request(often)
        second = await store.runs.request(seldom)

        assert [run.id for run in await store.runs.waiting()] == [second.id, first.id]

    async def test_of_equals_the_first_goes_first(self, store: Store, new_run: NewRun) -> None:
        runs = [await store.runs.request(replace(new_run, guild_id=guild_id)) for guild_id in (3, 1, 2)]

        assert await store.runs.waiting() == tuple(runs)

    async def test_one_that_was_interrupted_goes_on_before_others(
        self, store: Store, new_run: NewRun
    ) -> None:
        await store.runs.request(replace(new_run, guild_id=2))
        interrupted = await reach(store, new_run, RunStatus.INTERRUPTED)
        await reach(store, replace(new_run, guild_id=3), RunStatus.RUNNING)

        assert [run.guild_id for run in await store.runs.waiting()] == [interrupted.guild_id, 2]

    async def test_the_queue_is_bounded(self, store: Store, other_store: Store, new_run: NewRun) -> None:
        outcomes = await asyncio.gather(
            *(
                either.runs.request(replace(new_run, guild_id=guild_id), most=3)
                for guild_id, either in enumerate([store, other_store] * 4, start=1)
            ),
            return_exceptions=True,
        )

        assert len(await store.runs.unfinished()) == 3
        assert sum(isinstance(outcome, QueueFull) for outcome in outcomes) == 5


class TestTelling:
    async def test_an_end_is_told_once(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        assert await store.runs.untold() == ()
        await store.runs.finish(run.id, RunStatus.FAILED)

        assert [told.id for told in await store.runs.untold()] == [run.id]
        await store.runs.told(run.id)

        assert await store.runs.untold() == ()

    async def test_pictures_are_kept_until_the_end_was_told(
        self, store: Store, other_store: Store, new_run: NewRun
    ) -> None:
        run = await reach(store, new_run, RunStatus.RUNNING)
        await other_store.runs.draw(run.id, {"loss": b"first"})
        await other_store.runs.draw(run.id, {"loss": b"second"})
        await other_store.runs.finish(run.id, RunStatus.FAILED, pictures={"categories": b"chart"})

        assert await store.runs.pictures(run.id) == {"loss": b"second", "categories": b"chart"}
        await store.runs.told(run.id)

        assert await store.runs.pictures(run.id) == {}

    async def test_the_last_that_came_to_a_model_at_one_go(self, store: Store, new_run: NewRun) -> None:
        runs = [await reach(store, new_run, RunStatus.SUCCEEDED) for _ in range(3)]
        await reach(store, new_run, RunStatus.FAILED)
        interrupted = await reach(store, new_run, RunStatus.INTERRUPTED)
        await store.runs.start(interrupted.id)
        await store.runs.finish(interrupted.id, RunStatus.SUCCEEDED)

        assert [run.id for run in await store.runs.completed(2)] == [runs[2].id, runs[1].id]


class TestCancelling:
    async def test_one_that_was_interrupted_is_over_at_once(self, store: Store, new_run: NewRun) -> None:
        run = await reach(store, new_run, RunStatus.INTERRUPTED)

        assert await store.runs.request_cancel(run.id) is True

        after = await store.runs.get(run.id)
        assert after is not None
        assert after.status is RunStatus.CANCELLED

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
        run = await reach(store, new_run, RunStatus.FAILED)

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
                model=replace(right, **wrong),  # type: ignore[arg-type]  # of two fields
            )

        assert await store.runs.get(run.id) == run
        for guild_id in (1, 2, BASE):
            assert await store.models.active(guild_id) is None

    async def test_the_newest_models_are_kept_and_those_in_use(
        self, store: Store, new_run: NewRun, new_model: NewModel
    ) -> None:
        first = await store.models.publish(replace(new_model, guild_id=1), activate=True)
        others = [await store.models.publish(replace(new_model, guild_id=1), activate=False) for _ in "abc"]
        foreign = await store.models.publish(replace(new_model, guild_id=2), activate=False)
        run = await reach(store, new_run, RunStatus.RUNNING)

        made = replace(new_model, guild_id=1, run_id=run.id)
        over = await store.runs.finish(run.id, RunStatus.REJECTED, model=made, keep=2)

        kept = [model.id for model in await store.models.available(1)]
        assert kept == [over.model_id, others[-1].id, first.id]
        assert await store.models.available(2) == (foreign,)

    async def test_a_model_that_was_deleted_is_none_of_the_newest(
        self, store: Store, new_run: NewRun, new_model: NewModel
    ) -> None:
        older, deleted = [
            await store.models.publish(replace(new_model, guild_id=1), activate=False) for _ in "ab"
        ]
        await store.models.delete(1, deleted.id)
        run = await reach(store, new_run, RunStatus.RUNNING)

        made = replace(new_model, guild_id=1, run_id=run.id)
        over = await store.runs.finish(run.id, RunStatus.SUCCEEDED, model=made, keep=2)

        assert [model.id for model in await store.models.available(1)] == [over.model_id, older.id]


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
