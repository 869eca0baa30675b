"""Names, the models that make them, and the training runs that make the models."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the first schema."""
    _create_corpora()
    _create_runs()
    _create_models()
    _create_generations()
    _create_names()


def downgrade() -> None:
    """Leave an empty database."""
    for table in (
        "names",
        "generations",
        "active_models",
        "model_weights",
        "models",
        "runs",
        "corpora",
    ):
        op.drop_table(table)


def _create_corpora() -> None:
    op.create_table(
        "corpora",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("archive", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_corpora"),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("guild_id", _BIG, nullable=False),
        sa.Column("requested_by", _BIG),
        sa.Column("channel_id", _BIG),
        sa.Column("message_id", _BIG),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("seed", _BIG, nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("corpus_sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("progress", sa.JSON()),
        sa.Column("loss_curve", sa.JSON(), nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("error_id", sa.String()),
        sa.Column("requested_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME),
        sa.Column("heartbeat_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.ForeignKeyConstraint(["corpus_sha256"], ["corpora.sha256"], name="fk_runs_corpus_sha256_corpora"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_guild", "runs", ["guild_id", "id"])
    unfinished = sa.text("status IN ('queued', 'running', 'cancelling')")
    op.create_index(
        "uq_runs_unfinished",
        "runs",
        ["guild_id"],
        unique=True,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("guild_id", _BIG, nullable=False),
        sa.Column("run_id", _BIG),
        sa.Column("trained_by", _BIG),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("held_out_loss", sa.Float()),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint("run_id", name="uq_models_run_id"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_models_run_id_runs"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "model_weights",
        sa.Column("model_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", name="pk_model_weights"),
        sa.ForeignKeyConstraint(
            ["model_id"],
            ["models.id"],
            name="fk_model_weights_model_id_models",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "active_models",
        sa.Column("guild_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("model_id", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_active_models"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_active_models_model_id_models"),
    )


def _create_generations() -> None:
    op.create_table(
        "generations",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("guild_id", _BIG),
        sa.Column("channel_id", _BIG),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("letters", sa.String()),
        sa.Column("count", _BIG, nullable=False),
        sa.Column("temperature", sa.Float(), nullable=False),
        sa.Column("seed", _BIG, nullable=False),
        sa.Column("model_id", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_generations"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_generations_model_id_models"),
        sqlite_autoincrement=True,
    )


def _create_names() -> None:
    op.create_table(
        "names",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("generation_id", _BIG, nullable=False),
        sa.Column("guild_id", _BIG),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("log_prob", sa.Float(), nullable=False),
        sa.Column("novel", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_names"),
        sa.ForeignKeyConstraint(
            ["generation_id"],
            ["generations.id"],
            name="fk_names_generation_id_generations",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_names_generation", "names", ["generation_id", "id"])
    in_guild = sa.text("guild_id IS NOT NULL")
    in_direct_messages = sa.text("guild_id IS NULL")
    for name, columns, where in (
        ("ix_names_guild", ["guild_id", "id"], in_guild),
        ("ix_names_guild_language", ["guild_id", "language", "id"], in_guild),
        ("ix_names_guild_user", ["guild_id", "user_id", "id"], in_guild),
        ("ix_names_guild_user_language", ["guild_id", "user_id", "language", "id"], in_guild),
        ("ix_names_direct", ["user_id", "id"], in_direct_messages),
        ("ix_names_direct_language", ["user_id", "language", "id"], in_direct_messages),
    ):
        op.create_index(name, "names", columns, sqlite_where=where, postgresql_where=where)
