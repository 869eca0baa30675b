"""What goes into the store and what comes out: plain immutable values, tied to no session.

Times are aware and in UTC. IDs of guilds, channels, members and messages are Discord's; all others
are the store's own, given in ascending order and never given twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self, TypeAlias

BASE = 0
"""Stands for the shared base model where a guild ID is asked for. No guild has this ID."""


# --- History --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewName:
    """A name to keep. `log_prob` is in nats, of the whole name; `novel` if the corpus lacks it."""

    text: str
    log_prob: float
    novel: bool


@dataclass(frozen=True, slots=True)
class KeptName:
    """A name that is kept, under the `id` by which it can be found again; `stars` says by how many."""

    id: int
    text: str
    log_prob: float
    novel: bool
    stars: int = 0


@dataclass(frozen=True, slots=True)
class NewGeneration:
    """One answer to one request for names, with all that it takes to ask for the same again.

    `guild_id` is None in direct messages; `letters` is None if the model chose them. There is one
    name at least. Each name begins with `prefix` and has from `min_length` to `max_length` letters,
    where those are given; with `novel`, names that the corpus has were avoided. `blend` has the
    languages of a mixture with their weights; `language` is then what the mixture is called.
    """

    guild_id: int | None
    channel_id: int | None
    user_id: int
    language: str
    letters: str | None
    count: int
    temperature: float
    seed: int
    model_id: int
    names: tuple[NewName, ...]
    prefix: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    novel: bool = True
    blend: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """A `NewGeneration` as it was kept, its names in the order in which they came."""

    id: int
    created_at: datetime
    guild_id: int | None
    channel_id: int | None
    user_id: int
    language: str
    letters: str | None
    count: int
    temperature: float
    seed: int
    model_id: int
    names: tuple[KeptName, ...]
    prefix: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    novel: bool = True
    blend: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose history: a guild's, or a user's own in direct messages. Made by `guild` or `direct`."""

    guild_id: int | None
    user_id: int | None

    @classmethod
    def guild(cls, guild_id: int) -> Self:
        """Mean all names made in a guild, by anyone."""
        return cls(guild_id=guild_id, user_id=None)

    @classmethod
    def direct(cls, user_id: int) -> Self:
        """Mean the names that a user made in direct messages."""
        return cls(guild_id=None, user_id=user_id)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which names of a scope. None leaves them all; what is given must all be true of a name.

    `language` matches exactly. `text` is found anywhere in a name, without regard to case, accents
    or script, and has no wildcards; one that has no letter to go by (a lone zero-width mark) is as
    good as none. `starred` leaves the names that have a star, whoever gave it.
    """

    language: str | None = None
    user_id: int | None = None
    text: str | None = None
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page lies, told by a neighbouring name and not by a number.

    New names don't shift such a page, and a far one costs no more than the first.
    Made by `first`, `last`, `older` or `newer`.
    """

    direction: Literal["older", "newer"]
    name_id: int

    @classmethod
    def first(cls) -> Self:
        """Ask for the newest names: those older than any ID that there can be."""
        return cls.older(2**63 - 1)

    @classmethod
    def last(cls) -> Self:
        """Ask for the oldest names: those newer than none."""
        return cls.newer(0)

    @classmethod
    def older(cls, name_id: int) -> Self:
        """Ask for the names just older than this one, which may be gone by now."""
        return cls(direction="older", name_id=name_id)

    @classmethod
    def newer(cls, name_id: int) -> Self:
        """Ask for the names just newer than this one, which may be gone by now."""
        return cls(direction="newer", name_id=name_id)


@dataclass(frozen=True, slots=True)
class Entry:
    """A name as the history shows it; `generation_id` leads to all the rest.

    `user_id` is its maker, `stars` how many members keep it.
    """

    id: int
    text: str
    language: str
    user_id: int
    created_at: datetime
    novel: bool
    generation_id: int
    stars: int = 0


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An `Entry` with where it was made, to tell who may see it and who may remove it."""

    id: int
    text: str
    language: str
    user_id: int
    created_at: datetime
    novel: bool
    generation_id: int
    stars: int
    guild_id: int | None
    channel_id: int | None
    log_prob: float


@dataclass(frozen=True, slots=True)
class Page:
    """Some names of a history, newest first, and whether there are others on either side."""

    entries: tuple[Entry, ...]
    has_newer: bool
    has_older: bool


# --- Stars ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Favourite:
    """A name that a member keeps: made by `user_id` in `guild_id` or in direct messages."""

    id: int
    text: str
    language: str
    guild_id: int | None
    user_id: int
    created_at: datetime
    starred_at: datetime


@dataclass(frozen=True, slots=True)
class TopName:
    """A name that is liked, with how many stars it got."""

    id: int
    text: str
    language: str
    stars: int


@dataclass(frozen=True, slots=True)
class TopLanguage:
    """A language with how many answers were in it."""

    language: str
    generations: int


# --- Datasets -------------------------------------------------------------------------------------

DEFAULT_COLLECTION = "names"
"""The bundled collection of a guild that has not chosen one."""


@dataclass(frozen=True, slots=True)
class Category:
    """A category of a guild's own, of `size` names; with `extends` they add to a bundled one's.

    `created_by` is None if that member wished to be forgotten.
    """

    id: int
    guild_id: int
    name: str
    extends: bool
    size: int
    created_by: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AutoRetrain:
    """When a guild's model is trained without being asked, and where its card goes.

    With `share`, when so much of the guild's own names has changed; with `hour`, once a week at that
    hour of the day in UTC.
    """

    guild_id: int
    channel_id: int
    share: float | None
    hour: int | None


# --- Models ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewModel:
    """A trained model to keep.

    `guild_id` is its owner, `BASE` for the base model. `run_id` is the run that made it, and
    `trained_by` the member who asked for it. `held_out_loss` is in nats a letter. `metadata` is any
    JSON object.
    """

    guild_id: int
    run_id: int | None
    trained_by: int | None
    network: str
    held_out_loss: float | None
    metadata: Mapping[str, Any]
    weights: bytes


@dataclass(frozen=True, slots=True)
class Model:
    """A `NewModel` as it was kept. `size` is that of its weights, in bytes; they are read by ID."""

    id: int
    created_at: datetime
    guild_id: int
    run_id: int | None
    trained_by: int | None
    network: str
    held_out_loss: float | None
    metadata: Mapping[str, Any]
    size: int


# --- Runs -----------------------------------------------------------------------------------------


class RunStatus(StrEnum):
    """Where a training run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    """Cancellation is asked for; the job has yet to notice."""
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    """Trained to the end, but the model is worse than the one in use."""
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Its process went away, with the bot's or without; it is to go on."""


_ENDS_OF_A_JOB = frozenset({RunStatus.SUCCEEDED, RunStatus.REJECTED, RunStatus.CANCELLED, RunStatus.FAILED})

TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset(
        {RunStatus.RUNNING, RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.INTERRUPTED}
    ),
    RunStatus.RUNNING: _ENDS_OF_A_JOB | {RunStatus.CANCELLING, RunStatus.INTERRUPTED},
    # A job may be past the point where it looks for a cancellation, and still succeed.
    RunStatus.CANCELLING: _ENDS_OF_A_JOB,
    RunStatus.INTERRUPTED: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED, RunStatus.FAILED}),
    **dict.fromkeys(_ENDS_OF_A_JOB, frozenset()),
}
"""Each status with those that may follow it."""

ENDS = frozenset(status for status, following in TRANSITIONS.items() if not following)
"""The statuses of a run that is over."""

UNFINISHED = frozenset(RunStatus) - ENDS
"""The statuses of a run that is waiting or at work."""

CurvePoint: TypeAlias = Mapping[str, Any]
"""A point of a loss curve, as a JSON object. What it holds is between the trainer and the plot."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. Losses are in nats a letter, times in seconds; None is not known yet."""

    epoch: int
    epochs: int
    step: int
    steps: int
    train_loss: float | None
    validation_loss: float | None
    elapsed: float
    remaining: float | None
    loss_curve: tuple[CurvePoint, ...] = ()
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names that the network writes at this moment, by category."""


@dataclass(frozen=True, slots=True)
class Change:
    """A status that a run came to, and when."""

    status: RunStatus
    at: datetime


@dataclass(frozen=True, slots=True)
class NewRun:
    """A training to be done. `options` is any JSON object; `archive` is the corpus, as a file."""

    guild_id: int
    requested_by: int | None
    channel_id: int | None
    network: str
    recipe: str
    seed: int
    options: Mapping[str, Any]
    archive: bytes


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What the training job needs to know to begin.

    `attempt` says how often the run was interrupted before, and `state` is what the last attempt saved
    of its training, if it came so far.
    """

    run_id: int
    guild_id: int
    requested_by: int | None
    network: str
    recipe: str
    seed: int
    options: Mapping[str, Any]
    archive: bytes
    attempt: int
    state: bytes | None


@dataclass(frozen=True, slots=True)
class Run:
    """A training run as it stands.

    `channel_id` and `message_id` tell where its progress card is. `corpus_sha256` names the archive
    it learns from. `error` is a sentence, `error_id` finds its line in the log. `model_id` is the model
    it made. `loss_curve` is the last one reported. `attempt` says how often it was interrupted,
    `told_at` when its end was shown to who asked.
    """

    id: int
    guild_id: int
    requested_by: int | None
    channel_id: int | None
    message_id: int | None
    network: str
    recipe: str
    seed: int
    options: Mapping[str, Any]
    corpus_sha256: str
    status: RunStatus
    progress: Progress | None
    loss_curve: tuple[CurvePoint, ...]
    error: str | None
    error_id: str | None
    model_id: int | None
    requested_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    attempt: int
    told_at: datetime | None
