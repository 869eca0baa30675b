"""Every query of the bot is answered by an index, in the index's order."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
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
from bot.store.tables import Table

NOW = datetime.now(UTC)
Sent = list[tuple[str, Sequence[object]]]


def plan(path: Path, sent: Sent) -> list[str]:
    """Tell how SQLite goes about what was sent: a line for each table it looks into, and each sort."""
    with sqlite3.connect(path) as database:
        return [
            step
            for statement, parameters in sent
            if statement.startswith(("SELECT", "UPDATE", "DELETE"))
            for *_, step in database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


PAGES = pytest.mark.parametrize(
    ("scope", "language", "user_id", "index"),
    [
        (Scope.guild(1), None, None, "guild"),
        (Scope.guild(1), "Russian", None, "guild_language"),
        (Scope.guild(1), None, 3, "guild_user"),
        (Scope.guild(1), "Russian", 3, "guild_user_language"),
        (Scope.direct(3), None, None, "direct"),
        (Scope.direct(3), None, 3, "direct"),
        (Scope.direct(3), "Russian", None, "direct_language"),
        (Scope.direct(3), "Russian", 3, "direct_language"),
    ],
)
CURSORS = (Cursor.first(), Cursor.last(), Cursor.older(2), Cursor.newer(2))
THEIR_GENERATIONS = "SEARCH generations USING INTEGER PRIMARY KEY (rowid=?)"


@PAGES
@pytest.mark.parametrize("starred", [False, True])
async def test_a_page_is_read_from_the_index_made_for_it(
    *,
    store: Store,
    path: Path,
    sent: Sent,
    scope: Scope,
    language: str | None,
    user_id: int | None,
    starred: bool,
    index: str,
) -> None:
    index = f"ix_names_starred_{index}" if starred else f"ix_names_{index}"
    for at in CURSORS:
        few = starred or user_id is not None or scope.guild_id is None
        for text in (None, "ro", "rov") if few else (None, "ro"):
            sent.clear()
            await store.history.page(scope, Filters(language, user_id, text, starred), at)

            ahead, generations, behind = plan(path, sent)
            for names in (ahead, behind):
                assert names.startswith("SEARCH names USING")
                assert f"INDEX {index} (" in names
                assert names.endswith(("AND id<?)", "AND id>?)"))
            assert generations == THEIR_GENERATIONS


@pytest.mark.parametrize("language", [None, "Russian"])
async def test_a_page_of_a_guilds_names_with_a_text_is_read_from_the_index_of_texts(
    store: Store, path: Path, sent: Sent, language: str | None
) -> None:
    for at in CURSORS:
        sent.clear()
        await store.history.page(Scope.guild(1), Filters(language, text="rov"), at)

        ahead, names, generations, behind, again = plan(path, sent)
        for found in (ahead, behind):
            # By the text (M) and from the cursor on (< or >), in the order of the IDs: no sorting.
            assert re.fullmatch(r"SCAN names_text VIRTUAL TABLE INDEX \d+:M\d[<>]", found)
        assert names == again == "SEARCH names USING INTEGER PRIMARY KEY (rowid=?)"
        assert generations == THEIR_GENERATIONS


async def test_the_top_of_all_time_is_read_from_an_index_and_later_ones_are_counted_in_one(
    store: Store, path: Path, sent: Sent
) -> None:
    sent.clear()
    await store.stars.top_names(1)
    assert plan(path, sent) == ["SEARCH names USING INDEX ix_names_top (guild_id=? AND stars>?)"]

    sent.clear()
    await store.stars.top_names(1, NOW)
    assert "SEARCH stars USING COVERING INDEX ix_stars_guild (guild_id=? AND starred_at>?)" in plan(
        path, sent
    )

    for since, index in (
        (None, "ix_generations_guild_language (guild_id=?)"),
        (NOW, "ix_generations_guild (guild_id=? AND created_at>?)"),
    ):
        sent.clear()
        await store.stars.top_languages(1, since)
        first, *_ = plan(path, sent)
        assert first == f"SEARCH generations USING COVERING INDEX {index}"


@pytest.mark.parametrize(
    ("scope", "index"),
    [
        (Scope.guild(1), "ix_generations_guild (guild_id=? AND created_at<?)"),
        (Scope.direct(3), "ix_generations_user (user_id=? AND guild_id=? AND created_at<?)"),
    ],
)
async def test_a_date_is_found_in_the_index_of_the_scope(
    store: Store, path: Path, sent: Sent, scope: Scope, index: str
) -> None:
    sent.clear()
    await store.history.around(scope, NOW)

    names, _, generations = plan(path, sent)
    assert names == "SEARCH names USING COVERING INDEX ix_names_generation (generation_id=?)"
    assert generations == f"SEARCH generations USING COVERING INDEX {index}"


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
    (name_id, *_) = [name.id for name in kept.names]
    await store.stars.star(3, name_id)
    await store.stars.favourites(3)
    await store.stars.unstar(3, name_id)
    await store.history.name(name_id)
    await store.history.remove(name_id)
    model = await store.models.publish(new_model, activate=True)
    await store.models.activate(1, model.id)
    await store.models.active(1)
    await store.models.active_own(1)
    await store.models.get(model.id)
    await store.models.weights(model.id)
    category = await store.datasets.put(1, "Elvish", ["Lúthien"], extends=False, by=3, most=1)
    await store.datasets.put(1, "elvish", ["Idril"], extends=False, by=3, most=1)
    await store.datasets.find(1, "Elvish")
    await store.datasets.categories(1)
    await store.datasets.names(category.id)
    await store.datasets.everything(1)
    await store.datasets.remove(category.id)
    await store.datasets.use(1, "cities", by=3)
    await store.datasets.base_collection(1)
    await store.uses.charge({"member:3": [(10, 1), (60, 5)]}, NOW)
    await store.uses.refund("member:3", NOW)
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
    # Beside the searches there are only headings of others within, and the one row of several answers.
    looked_up = ("SEARCH", "SCALAR", "CORRELATED", "LIST", "SCAN CONSTANT ROW")
    assert [step for step in steps if not step.startswith(looked_up)] == []


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


async def test_privacy_reads_whole_tables_only_of_what_admins_did(
    store: Store, path: Path, sent: Sent, new_generation: NewGeneration
) -> None:
    """There is a row for each training or setting. Of names and answers there may be millions."""
    await store.history.keep(new_generation)
    sent.clear()
    await store.privacy.export(3)
    await store.privacy.delete(3)
    await store.history.keep(new_generation)
    await store.privacy.leave(1)
    await store.privacy.purge_left(NOW)
    await store.privacy.purge_guild(1)
    await store.privacy.rejoin(1)
    await store.privacy.purge_history(NOW)

    steps = plan(path, sent)
    assert len(steps) > 30
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN")}
    assert scanned & set(Table.metadata.tables) == {"models", "runs", "categories", "guild_settings"}
