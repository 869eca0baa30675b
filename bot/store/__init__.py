"""The database layer: everything that Namesmith remembers, and the only place that knows SQL.

A `Store` is opened once a process and handed to whoever needs it. What goes in and comes out are
the frozen records of `bot.store.records`; sessions, tables and statements stay inside. This package
knows nothing of Discord beyond its numeric IDs, and nothing of networks beyond their bytes.
"""

from bot.store.backup import back_up
from bot.store.datasets import Datasets
from bot.store.errors import (
    DamagedModel,
    IllegalTransition,
    ModelInUse,
    QueueFull,
    RunInProgress,
    SchemaTooNew,
    StoreError,
    TooManyCategories,
    UnknownModel,
    UnknownName,
)
from bot.store.history import History
from bot.store.models import Models
from bot.store.privacy import Privacy
from bot.store.records import (
    BASE,
    DEFAULT_COLLECTION,
    ENDS,
    TRANSITIONS,
    UNFINISHED,
    AutoRetrain,
    Category,
    Change,
    Cursor,
    CurvePoint,
    Entry,
    Favourite,
    Filters,
    Generation,
    KeptEntry,
    KeptName,
    Model,
    NewGeneration,
    NewModel,
    NewName,
    NewRun,
    Page,
    Progress,
    Run,
    RunOrder,
    RunStatus,
    Scope,
    TopLanguage,
    TopName,
)
from bot.store.runs import MOST_INTERRUPTIONS, Runs
from bot.store.stars import Stars
from bot.store.store import Store
from bot.store.uses import Uses, Windows, guild_key, member_key

__all__ = [
    "BASE",
    "DEFAULT_COLLECTION",
    "ENDS",
    "MOST_INTERRUPTIONS",
    "TRANSITIONS",
    "UNFINISHED",
    "AutoRetrain",
    "Category",
    "Change",
    "Cursor",
    "CurvePoint",
    "DamagedModel",
    "Datasets",
    "Entry",
    "Favourite",
    "Filters",
    "Generation",
    "History",
    "IllegalTransition",
    "KeptEntry",
    "KeptName",
    "Model",
    "ModelInUse",
    "Models",
    "NewGeneration",
    "NewModel",
    "NewName",
    "NewRun",
    "Page",
    "Privacy",
    "Progress",
    "QueueFull",
    "Run",
    "RunInProgress",
    "RunOrder",
    "RunStatus",
    "Runs",
    "SchemaTooNew",
    "Scope",
    "Stars",
    "Store",
    "StoreError",
    "TooManyCategories",
    "TopLanguage",
    "TopName",
    "UnknownModel",
    "UnknownName",
    "Uses",
    "Windows",
    "back_up",
    "guild_key",
    "member_key",
]
