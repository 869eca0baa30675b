"""The tables, as the newest migration leaves them.

A change here needs a migration beside it: a test compares the two.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, TypeAlias

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    TextClause,
    TypeDecorator,
    UniqueConstraint,
    event,
    literal_column,
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from bot.store import sqlite
from bot.store.records import TRANSITIONS, UNFINISHED, RunStatus

UserId: TypeAlias = Annotated[int, mapped_column(info={"discord": "user"})]
"""A column that tells a member. What privacy takes for a member's is found by this mark: a row in which
it may not be NULL is the member's own, and one in which it may only mentions them."""

GuildId: TypeAlias = Annotated[int, mapped_column(info={"discord": "guild"})]
"""A column that tells a guild. Rows with this mark go when the guild's data does."""

ChannelId: TypeAlias = Annotated[int, mapped_column(info={"discord": "channel"})]
MessageId: TypeAlias = Annotated[int, mapped_column(info={"discord": "message"})]

IS_UNFINISHED = text(
    f"status IN ({', '.join(repr(str(status)) for status in RunStatus if status in UNFINISHED)})"
)
"""True of a run that is not over. In plain text, for the planner to see that an index is of it."""

_ALLOWED_CHANGES = ", ".join(
    f"'{source}>{target}'"
    for source, following in [("", [RunStatus.QUEUED]), *((old, TRANSITIONS[old]) for old in RunStatus)]
    for target in RunStatus
    if target in following
)
"""The transitions of a run as SQL writes them, the first being its beginning."""

IS_STARRED: ColumnElement[bool] = literal_column("stars > 0")
"""True of a name that someone keeps. In plain text for the same reason."""


def now() -> datetime:
    """Read the clock, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, also from a database that forgets the zone, as SQLite does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Convert to UTC. A naive time is a bug: nobody knows which zone was meant."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a naive time can't be stored: {value!r}")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give back the zone, or convert from the one the database session is in."""
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value and value.astimezone(UTC)


class Table(DeclarativeBase):
    """Base of all tables."""

    # Constraints that have names can be dropped or altered by a later migration.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {
        # Discord's IDs have 63 bits. SQLite's INTEGER has as many, and gives IDs only to that type.
        int: BigInteger().with_variant(Integer(), "sqlite"),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


# Keeps SQLite from giving the ID of a deleted last row to the next one. IDs stand in buttons on old
# messages and order the history, so each must mean one thing for ever.
_IDS_ARE_NEVER_REUSED = {"sqlite_autoincrement": True}

# On SQLite the rows of such a table lie in the order of its primary key, with no index beside them.
_CLUSTERED = {"sqlite_with_rowid": False}

_ZERO = text("0")
_IN_GUILD = text("guild_id IS NOT NULL")
_IN_DIRECT_MESSAGES = text("guild_id IS NULL")
_STARRED_IN_GUILD = text(f"{_IN_GUILD} AND {IS_STARRED}")
_STARRED_IN_DIRECT_MESSAGES = text(f"{_IN_DIRECT_MESSAGES} AND {IS_STARRED}")


def _partial_index(name: str, *columns: str, where: TextClause, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class ModelRow(Table):
    """A trained model. Its row stays as long as a name that it made, which may be for ever."""

    __tablename__ = "models"
    __table_args__ = _IDS_ARE_NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    guild_id: Mapped[GuildId]
    # Unique: a run makes one model. The run's own row has no column that could disagree.
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"), unique=True)
    trained_by: Mapped[UserId | None]
    network: Mapped[str]
    held_out_loss: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column("metadata")  # SQLAlchemy's own attribute
    size: Mapped[int]
    sha256: Mapped[str | None]


class WeightsRow(Table):
    """The weights of a model.

    In a table of their own, because SQLite stores a row in one piece: megabytes between the columns
    of one model and the next would have to be stepped over, page by page, to list the models. Also,
    an old model can give up its weights and still be named in the history.
    """

    __tablename__ = "model_weights"

    model_id: Mapped[int] = mapped_column(
        ForeignKey("models.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    weights: Mapped[bytes]


class ActiveModelRow(Table):
    """The model in use in a guild: the pointer that publishing moves."""

    __tablename__ = "active_models"

    guild_id: Mapped[GuildId] = mapped_column(primary_key=True, autoincrement=False)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))


class CorpusRow(Table):
    """A corpus that runs learn from. The same archive is kept once, under its own hash."""

    __tablename__ = "corpora"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    archive: Mapped[bytes]


class RunRow(Table):
    """A training run."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_guild", "guild_id", "id"),
        # Two processes can't queue a run for the same guild at the same moment.
        _partial_index("uq_runs_unfinished", "guild_id", where=IS_UNFINISHED, unique=True),
        Index("ix_runs_corpus", "corpus_sha256"),
        _IDS_ARE_NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[GuildId]
    requested_by: Mapped[UserId | None]
    channel_id: Mapped[ChannelId | None]
    message_id: Mapped[MessageId | None]
    network: Mapped[str]
    recipe: Mapped[str]
    seed: Mapped[int]
    options: Mapped[dict[str, Any]]
    corpus_sha256: Mapped[str] = mapped_column(ForeignKey("corpora.sha256"))
    status: Mapped[RunStatus] = mapped_column(
        # Plain text: a status more in a later version needs no migration.
        Enum(RunStatus, native_enum=False, length=16, values_callable=list)
    )
    progress: Mapped[dict[str, Any] | None]
    loss_curve: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    error: Mapped[str | None]
    error_id: Mapped[str | None]
    requested_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(server_default=_ZERO)
    told_at: Mapped[datetime | None]


@event.listens_for(RunRow.__table__, "after_create")
def _guard_status(_: object, connection: Connection, **_options: object) -> None:
    """Have SQLite itself refuse a transition that is not allowed, where the migrations don't."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(sqlite.status_guard(_ALLOWED_CHANGES))


class RunChangeRow(Table):
    """A status that a run came to, from which, and when. Written with the run's own row, or neither is."""

    __tablename__ = "run_changes"
    __table_args__ = (
        CheckConstraint(f"coalesce(source, '') || '>' || target IN ({_ALLOWED_CHANGES})", name="allowed"),
        Index("ix_run_changes_run", "run_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    source: Mapped[str | None]
    target: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=now)


class RunStateRow(Table):
    """What a run at work has saved of its training, to go on from when it is interrupted."""

    __tablename__ = "run_states"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    saved_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    state: Mapped[bytes]


class RunPictureRow(Table):
    """A picture for a run's card, until its end was told."""

    __tablename__ = "run_pictures"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    picture: Mapped[bytes]


class GenerationRow(Table):
    """An answer to a request for names."""

    __tablename__ = "generations"
    __table_args__ = (
        # To jump to a date, and to count what was asked for since one, or ever: the counts read no more
        # than their index.
        _partial_index("ix_generations_guild", "guild_id", "created_at", "id", "language", where=_IN_GUILD),
        _partial_index("ix_generations_guild_language", "guild_id", "language", where=_IN_GUILD),
        Index("ix_generations_user", "user_id", "guild_id", "created_at", "id"),
        Index("ix_generations_created_at", "created_at"),
        # For the database itself, which looks for the names of a model before it lets one go.
        Index("ix_generations_model", "model_id"),
        _IDS_ARE_NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    guild_id: Mapped[GuildId | None]
    channel_id: Mapped[ChannelId | None]
    user_id: Mapped[UserId]
    language: Mapped[str]
    letters: Mapped[str | None]
    count: Mapped[int]
    temperature: Mapped[float]
    seed: Mapped[int]
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    prefix: Mapped[str | None]
    min_length: Mapped[int | None]
    max_length: Mapped[int | None]
    novel: Mapped[bool] = mapped_column(server_default=true())
    blend: Mapped[dict[str, float] | None] = mapped_column(JSON(none_as_null=True))

    names: Mapped[list["NameRow"]] = relationship(order_by="NameRow.id", passive_deletes=True)


class NameRow(Table):
    """A name of an answer, with copies of the answer's columns that the history is searched by.

    They are copied so that one index both finds the names of a search and gives them in order. Each
    name is in the indexes of its own scope alone: its guild's, or its maker's direct messages. So is
    the number of its stars copied, so that the few names that have any are in indexes of their own.
    """

    __tablename__ = "names"
    __table_args__ = (
        Index("ix_names_generation", "generation_id", "id"),
        _partial_index("ix_names_guild", "guild_id", "id", where=_IN_GUILD),
        _partial_index("ix_names_guild_language", "guild_id", "language", "id", where=_IN_GUILD),
        _partial_index("ix_names_guild_user", "guild_id", "user_id", "id", where=_IN_GUILD),
        _partial_index(
            "ix_names_guild_user_language", "guild_id", "user_id", "language", "id", where=_IN_GUILD
        ),
        _partial_index("ix_names_direct", "user_id", "id", where=_IN_DIRECT_MESSAGES),
        _partial_index("ix_names_direct_language", "user_id", "language", "id", where=_IN_DIRECT_MESSAGES),
        _partial_index("ix_names_starred_guild", "guild_id", "id", where=_STARRED_IN_GUILD),
        _partial_index(
            "ix_names_starred_guild_language", "guild_id", "language", "id", where=_STARRED_IN_GUILD
        ),
        _partial_index("ix_names_starred_guild_user", "guild_id", "user_id", "id", where=_STARRED_IN_GUILD),
        _partial_index(
            "ix_names_starred_guild_user_language",
            "guild_id",
            "user_id",
            "language",
            "id",
            where=_STARRED_IN_GUILD,
        ),
        _partial_index("ix_names_starred_direct", "user_id", "id", where=_STARRED_IN_DIRECT_MESSAGES),
        _partial_index(
            "ix_names_starred_direct_language",
            "user_id",
            "language",
            "id",
            where=_STARRED_IN_DIRECT_MESSAGES,
        ),
        _partial_index("ix_names_top", "guild_id", "stars", "id", where=_STARRED_IN_GUILD),
        _IDS_ARE_NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    generation_id: Mapped[int] = mapped_column(ForeignKey("generations.id", ondelete="CASCADE"))
    guild_id: Mapped[GuildId | None]
    user_id: Mapped[UserId]
    language: Mapped[str]
    text: Mapped[str]
    folded: Mapped[str]
    log_prob: Mapped[float]
    novel: Mapped[bool]
    stars: Mapped[int] = mapped_column(server_default=_ZERO)


@event.listens_for(NameRow.__table__, "after_create")
def _create_text_search(_: object, connection: Connection, **_options: object) -> None:
    """Make SQLite's search index along with the names, where the migrations don't."""
    if connection.dialect.name == "sqlite":
        for statement in sqlite.TEXT_SEARCH:
            connection.exec_driver_sql(statement)


class StarRow(Table):
    """A name that a member keeps. `guild_id` is copied from the name, to count a guild's by date."""

    __tablename__ = "stars"
    __table_args__ = (
        Index("ix_stars_name", "name_id"),
        _partial_index("ix_stars_guild", "guild_id", "starred_at", "name_id", where=_IN_GUILD),
        _CLUSTERED,
    )

    user_id: Mapped[UserId] = mapped_column(primary_key=True, autoincrement=False)
    name_id: Mapped[int] = mapped_column(
        ForeignKey("names.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    guild_id: Mapped[GuildId | None]
    starred_at: Mapped[datetime] = mapped_column(default=now)


class CategoryRow(Table):
    """A category of a guild's own."""

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("guild_id", "folded"), _IDS_ARE_NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[GuildId]
    name: Mapped[str]
    # As the generator tells categories apart, so that no two of a guild are one to it.
    folded: Mapped[str]
    extends: Mapped[bool]
    size: Mapped[int]
    created_by: Mapped[UserId | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class CategoryNameRow(Table):
    """A name of a category, in the order in which they were given."""

    __tablename__ = "category_names"
    __table_args__ = _CLUSTERED

    category_id: Mapped[int] = mapped_column(
        ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str]


class GuildSettingsRow(Table):
    """What a guild has chosen for itself."""

    __tablename__ = "guild_settings"

    guild_id: Mapped[GuildId] = mapped_column(primary_key=True, autoincrement=False)
    base_collection: Mapped[str]
    updated_by: Mapped[UserId | None]
    updated_at: Mapped[datetime] = mapped_column(default=now)
    # When its model is trained without being asked, and where that is shown: see `AutoRetrain`.
    retrain_channel_id: Mapped[ChannelId | None]
    retrain_share: Mapped[float | None]
    retrain_hour: Mapped[int | None]


class DepartureRow(Table):
    """A guild that the bot is no longer in, whose data is to go."""

    __tablename__ = "departures"
    __table_args__ = (Index("ix_departures_left_at", "left_at"),)

    guild_id: Mapped[GuildId] = mapped_column(primary_key=True, autoincrement=False)
    left_at: Mapped[datetime]


class UseRow(Table):
    """A use that counts against a limit, as long as one of the limit's windows reaches back to it."""

    __tablename__ = "uses"
    __table_args__ = (Index("ix_uses_key", "key", "used_at"), Index("ix_uses_expires_at", "expires_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    # Whose use it is, as `member_key` and `guild_key` write it.
    key: Mapped[str] = mapped_column(info={"discord": "key"})
    used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
