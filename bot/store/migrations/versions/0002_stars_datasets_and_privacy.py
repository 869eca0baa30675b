"""Stars, a guild's own categories, settings to repeat an answer by, limits, and search by text."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_IN_GUILD = "guild_id IS NOT NULL"
_IN_DIRECT_MESSAGES = "guild_id IS NULL"


def upgrade() -> None:
    """Add what members do with names."""
    _extend_runs()
    _extend_generations()
    _extend_names()
    _create_stars()
    _create_categories()
    _create_guild_settings()
    _create_departures()
    _create_uses()
    if _is_sqlite():
        _create_text_search()


def downgrade() -> None:
    """Forget what members did with names."""
    if _is_sqlite():
        op.execute("DROP TRIGGER names_text_delete")
        op.execute("DROP TRIGGER names_text_insert")
        op.execute("DROP TABLE names_text")
    for table in ("uses", "departures", "guild_settings", "category_names", "categories", "stars"):
        op.drop_table(table)
    for name in (
        "top",
        "starred_direct_language",
        "starred_direct",
        "starred_guild_user_language",
        "starred_guild_user",
        "starred_guild_language",
        "starred_guild",
    ):
        op.drop_index(f"ix_names_{name}", "names")
    with _altering("names") as names:
        names.drop_column("stars")
    for name in ("model", "created_at", "user", "guild_language", "guild"):
        op.drop_index(f"ix_generations_{name}", "generations")
    with _altering("generations") as generations:
        for column in ("blend", "novel", "max_length", "min_length", "prefix"):
            generations.drop_column(column)
    op.drop_index("ix_runs_corpus", "runs")


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


def _create_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _extend_runs() -> None:
    op.create_index("ix_runs_corpus", "runs", ["corpus_sha256"])


def _extend_generations() -> None:
    with _altering("generations") as generations:
        generations.add_column(sa.Column("prefix", sa.String()))
        generations.add_column(sa.Column("min_length", _BIG))
        generations.add_column(sa.Column("max_length", _BIG))
        generations.add_column(sa.Column("novel", sa.Boolean(), server_default=sa.true(), nullable=False))
        generations.add_column(sa.Column("blend", sa.JSON()))
    _create_index(
        "ix_generations_guild", "generations", ["guild_id", "created_at", "id", "language"], _IN_GUILD
    )
    _create_index("ix_generations_guild_language", "generations", ["guild_id", "language"], _IN_GUILD)
    op.create_index("ix_generations_user", "generations", ["user_id", "guild_id", "created_at", "id"])
    op.create_index("ix_generations_created_at", "generations", ["created_at"])
    op.create_index("ix_generations_model", "generations", ["model_id"])


def _extend_names() -> None:
    with _altering("names") as names:
        names.add_column(sa.Column("stars", _BIG, server_default=sa.text("0"), nullable=False))
    in_guild = f"{_IN_GUILD} AND stars > 0"
    in_direct_messages = f"{_IN_DIRECT_MESSAGES} AND stars > 0"
    for name, columns, where in (
        ("starred_guild", ["guild_id", "id"], in_guild),
        ("starred_guild_language", ["guild_id", "language", "id"], in_guild),
        ("starred_guild_user", ["guild_id", "user_id", "id"], in_guild),
        ("starred_guild_user_language", ["guild_id", "user_id", "language", "id"], in_guild),
        ("starred_direct", ["user_id", "id"], in_direct_messages),
        ("starred_direct_language", ["user_id", "language", "id"], in_direct_messages),
        ("top", ["guild_id", "stars", "id"], in_guild),
    ):
        _create_index(f"ix_names_{name}", "names", columns, where)


def _create_stars() -> None:
    op.create_table(
        "stars",
        sa.Column("user_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("name_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("guild_id", _BIG),
        sa.Column("starred_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name_id", name="pk_stars"),
        sa.ForeignKeyConstraint(["name_id"], ["names.id"], name="fk_stars_name_id_names", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_stars_name", "stars", ["name_id"])
    _create_index("ix_stars_guild", "stars", ["guild_id", "starred_at", "name_id"], _IN_GUILD)


def _create_categories() -> None:
    op.create_table(
        "categories",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("guild_id", _BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("extends", sa.Boolean(), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("created_by", _BIG),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_categories"),
        sa.UniqueConstraint("guild_id", "folded", name="uq_categories_guild_id_folded"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "category_names",
        sa.Column("category_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("position", _BIG, autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("category_id", "position", name="pk_category_names"),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name="fk_category_names_category_id_categories",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )


def _create_guild_settings() -> None:
    op.create_table(
        "guild_settings",
        sa.Column("guild_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("base_collection", sa.String(), nullable=False),
        sa.Column("updated_by", _BIG),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_guild_settings"),
    )


def _create_departures() -> None:
    op.create_table(
        "departures",
        sa.Column("guild_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("left_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_departures"),
    )
    op.create_index("ix_departures_left_at", "departures", ["left_at"])


def _create_uses() -> None:
    op.create_table(
        "uses",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("used_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uses"),
    )
    op.create_index("ix_uses_key", "uses", ["key", "used_at"])
    op.create_index("ix_uses_expires_at", "uses", ["expires_at"])


def _create_text_search() -> None:
    op.execute("CREATE VIRTUAL TABLE names_text USING fts5(folded, place, content='', tokenize='trigram')")
    op.execute("""
    INSERT INTO names_text (rowid, folded, place)
    SELECT id, folded, printf('%03x', guild_id >> 22 & 4095) FROM names WHERE guild_id IS NOT NULL
    """)
    op.execute("""
    CREATE TRIGGER names_text_insert AFTER INSERT ON names WHEN new.guild_id IS NOT NULL BEGIN
        INSERT INTO names_text (rowid, folded, place)
        VALUES (new.id, new.folded, printf('%03x', new.guild_id >> 22 & 4095));
    END
    """)
    op.execute("""
    CREATE TRIGGER names_text_delete AFTER DELETE ON names WHEN old.guild_id IS NOT NULL BEGIN
        INSERT INTO names_text (names_text, rowid, folded, place)
        VALUES ('delete', old.id, old.folded, printf('%03x', old.guild_id >> 22 & 4095));
    END
    """)
