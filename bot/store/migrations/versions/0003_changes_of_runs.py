"""What runs came to and saved, by what weights are known, and training without being asked."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_ALLOWED = (
    "'>queued', "
    "'queued>running', 'queued>cancelled', 'queued>failed', 'queued>interrupted', "
    "'running>cancelling', 'running>succeeded', 'running>rejected', 'running>cancelled', "
    "'running>failed', 'running>interrupted', "
    "'cancelling>succeeded', 'cancelling>rejected', 'cancelling>cancelled', 'cancelling>failed', "
    "'interrupted>running', 'interrupted>cancelled', 'interrupted>failed'"
)
_UNFINISHED_BEFORE = "status IN ('queued', 'running', 'cancelling')"
_UNFINISHED = "status IN ('queued', 'running', 'cancelling', 'interrupted')"


def upgrade() -> None:
    """Let an interrupted run go on. One of before is over: nothing is kept to go on from."""
    op.drop_index("uq_runs_unfinished", "runs")
    op.execute("UPDATE runs SET status = 'failed' WHERE status = 'interrupted'")
    with _altering("runs") as runs:
        runs.add_column(sa.Column("attempt", _BIG, server_default=sa.text("0"), nullable=False))
        runs.add_column(sa.Column("told_at", _TIME))
    with _altering("models") as models:
        models.add_column(sa.Column("sha256", sa.String()))
    op.execute("UPDATE runs SET told_at = finished_at")
    _create_unfinished(_UNFINISHED)
    _create_changes()
    _tell_changes()
    _create_states()
    _create_pictures()
    with op.batch_alter_table("guild_settings") as settings:
        settings.add_column(sa.Column("retrain_channel_id", _BIG))
        settings.add_column(sa.Column("retrain_share", sa.Float()))
        settings.add_column(sa.Column("retrain_hour", _BIG))
    if _is_sqlite():
        op.execute(f"""
    CREATE TRIGGER runs_status BEFORE UPDATE OF status ON runs
    WHEN old.status || '>' || new.status NOT IN ({_ALLOWED}) BEGIN
        SELECT RAISE(ABORT, 'a run can not change so');
    END
    """)


def downgrade() -> None:
    """End what was to go on, and forget how runs came to where they are."""
    if _is_sqlite():
        op.execute("DROP TRIGGER runs_status")
    with op.batch_alter_table("guild_settings") as settings:
        for column in ("retrain_hour", "retrain_share", "retrain_channel_id"):
            settings.drop_column(column)
    for table in ("run_pictures", "run_states", "run_changes"):
        op.drop_table(table)
    with _altering("models") as models:
        models.drop_column("sha256")
    op.drop_index("uq_runs_unfinished", "runs")
    with _altering("runs") as runs:
        runs.drop_column("told_at")
        runs.drop_column("attempt")
    _create_unfinished(_UNFINISHED_BEFORE)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


@contextmanager
def _altering(table: str) -> Iterator[BatchOperations]:
    """Alter a table. On SQLite that copies it, and the copy goes on from the last ID ever given.

    Left to itself it would go on from the highest that is there, and give those of deleted rows again.
    """
    last_id = None
    if _is_sqlite():
        numbered = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        last_id = op.get_bind().scalar(numbered, {"table": table})
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as altered:
        yield altered
    if last_id is not None:
        op.execute(sa.delete(_SEQUENCES).where(_SEQUENCES.c.name == table))
        op.execute(sa.insert(_SEQUENCES).values(name=table, seq=last_id))


_SEQUENCES = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


def _create_unfinished(where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        "uq_runs_unfinished",
        "runs",
        ["guild_id"],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _create_changes() -> None:
    op.create_table(
        "run_changes",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("run_id", _BIG, nullable=False),
        sa.Column("source", sa.String()),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.CheckConstraint(
            f"coalesce(source, '') || '>' || target IN ({_ALLOWED})", name="ck_run_changes_allowed"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run_changes"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_run_changes_run_id_runs", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_run_changes_run", "run_changes", ["run_id", "id"])


def _create_states() -> None:
    op.create_table(
        "run_states",
        sa.Column("run_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("saved_at", _TIME, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_states"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_run_states_run_id_runs", ondelete="CASCADE"
        ),
    )


def _create_pictures() -> None:
    op.create_table(
        "run_pictures",
        sa.Column("run_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "kind", name="pk_run_pictures"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name="fk_run_pictures_run_id_runs", ondelete="CASCADE"
        ),
    )


def _tell_changes() -> None:
    """Tell of the runs of before what their own rows say: when they were queued, begun and over."""
    for source, target, changed_at, which in (
        ("NULL", "'queued'", "requested_at", "1 = 1"),
        ("'queued'", "'running'", "started_at", "1 = 1"),
        ("'queued'", "status", "finished_at", "status IN ('cancelled', 'failed') AND started_at IS NULL"),
        (
            "'running'",
            "status",
            "finished_at",
            "status IN ('succeeded', 'rejected', 'cancelled', 'failed') AND started_at IS NOT NULL",
        ),
    ):
        op.execute(
            "INSERT INTO run_changes (run_id, source, target, changed_at) "  # noqa: S608 - all written here
            f"SELECT id, {source}, {target}, {changed_at} FROM runs "
            f"WHERE {changed_at} IS NOT NULL AND {which} ORDER BY id"
        )
