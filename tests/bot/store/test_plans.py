"""Every query of the bot is answered by an index, in the index's order."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.store import (
    Cursor,
    Filters,
    NewGeneration,
    NewModel,
    NewRun,
    Progress,
    RunStatus,
    Scope,
    Store,
)

Sent = list[tuple[str, Sequence[object]]]


def plan(path: Path, sent: Sent) -> list[str]:
    """Tell how SQLite goes about what was sent: a line for each table it looks into, and each sort."""
    with sqlite3.connect(path) as database:
        return [
            step
            for statement, parameters in sent
            if statement.startswith(("SELECT", "UPDATE"))
            for *_, step in database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


@pytest.mark.parametrize(
    ("scope", "language", "user_id", "index"),
    [
        (Scope.guild(1), None, None, "ix_names_guild"),
        (Scope.guild(1), "Russian", None, "ix_names_guild_language"),
        (Scope.guild(1), None, 3, "ix_names_guild_user"),
        (Scope.guild(1), "Russian", 3, "ix_names_guild_user_language"),
        (Scope.direct(3), None, None, "ix_names_direct"),
        (Scope.direct(3), None, 3, "ix_names_direct"),
        (Scope.direct(3), "Russian", None, "ix_names_direct_language"),
        (Scope.direct(3), "Russian", 3, "ix_names_direct_language"),
    ],
)
async def test_a_page_is_read_from_the_index_made_for_it(
    *,
    store: Store,
    path: Path,
    sent: Sent,
    scope: Scope,
    language: str | None,
    user_id: int | None,
    index: str,
) -> None:
    for at in (Cursor.first(), Cursor.last(), Cursor.older(2), Cursor.newer(2)):
        for text in (None, "rov"):
            sent.clear()
            await store.history.page(scope, Filters(language, user_id, text), at)

            ahead, generations, behind = plan(path, sent)
            for names in (ahead, behind):
                assert names.startswith("SEARCH names USING")
                assert f"INDEX {index} (" in names
                assert names.endswith(("AND id<?)", "AND id>?)"))
            assert generations == "SEARCH generations USING INTEGER PRIMARY KEY (rowid=?)"


async def test_no_other_query_reads_a_whole_table_or_sorts(
    *,
    store: Store,
    path: Path,
    sent: Sent,
    new_generation: NewGeneration,
    new_model: NewModel,
    new_run: NewRun,
    progress: Progress,
) -> None:
    sent.clear()
    kept = await store.history.keep(new_generation)
    await store.history.generation(kept.id)
    await store.history.names_made()
    model = await store.models.publish(new_model, activate=True)
    await store.models.activate(1, model.id)
    await store.models.active(1)
    await store.models.active_own(1)
    await store.models.get(model.id)
    await store.models.weights(model.id)
    run = await store.runs.request(new_run)
    await store.runs.follow(run.id, 1, 2)
    await store.runs.start(run.id)
    await store.runs.beat(run.id, progress)
    await store.runs.request_cancel(run.id)
    await store.runs.unfinished(1)
    made = replace(new_model, guild_id=1, run_id=run.id)
    await store.runs.finish(run.id, RunStatus.SUCCEEDED, model=made)
    await store.runs.get(run.id)
    await store.runs.latest(1)

    steps = plan(path, sent)
    assert len(steps) > 20
    assert [step for step in steps if not step.startswith("SEARCH")] == []


async def test_popular_languages_look_at_the_last_generations_alone(
    store: Store, path: Path, sent: Sent
) -> None:
    sent.clear()
    await store.history.popular_languages(recent=10)

    ((statement, parameters),) = [each for each in sent if each[0].startswith("SELECT")]
    assert "LIMIT" in statement
    steps = plan(path, [(statement, parameters)])
    # In the order of the IDs, that is, from the end; only the few that were found are sorted.
    assert "SCAN generations" in steps
    assert steps.count("USE TEMP B-TREE FOR GROUP BY") == 1
    assert not any("ORDER BY" in step for step in steps)


async def test_all_unfinished_runs_are_read_from_the_index_of_those_alone(
    store: Store, path: Path, sent: Sent
) -> None:
    sent.clear()
    await store.runs.unfinished()

    runs, models = plan(path, sent)
    assert runs == "SCAN runs USING INDEX uq_runs_unfinished"
    assert models.startswith("SEARCH models")
