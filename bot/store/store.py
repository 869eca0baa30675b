"""The store as the rest of the program sees it."""

from types import TracebackType
from typing import Self

from bot.store.database import Database
from bot.store.datasets import Datasets
from bot.store.history import History
from bot.store.models import Models
from bot.store.privacy import Privacy
from bot.store.runs import Runs
from bot.store.stars import Stars
from bot.store.uses import Uses


class Store:
    """All that is remembered, in one database. An async context manager that closes it.

    Safe to use from any number of tasks at once, and from any number of processes, each with a
    store of its own.
    """

    history: History
    models: Models
    runs: Runs
    stars: Stars
    datasets: Datasets
    uses: Uses
    privacy: Privacy

    def __init__(self, database: Database) -> None:
        """Compose the parts over one database; `open` is the usual way to make a store."""
        self._database = database
        self.history = History(database)
        self.models = Models(database)
        self.runs = Runs(database)
        self.stars = Stars(database)
        self.datasets = Datasets(database)
        self.uses = Uses(database)
        self.privacy = Privacy(database)

    @classmethod
    async def open(cls, url: str, *, migrate: bool = True, patience: float = 5.0) -> Self:
        """Open the database at an SQLAlchemy URL with an asynchronous driver.

        With `migrate`, an SQLite file and its folder are made if need be and the schema is brought
        up to date. Without, as in a training process, the schema must be up to date already. What
        writes waits for other processes that do for `patience` seconds, on SQLite.

        Raises `SchemaTooNew` if a newer version wrote the database, and `StoreError` if it can't be
        used for any other reason, each with a sentence for the host.
        """
        return cls(await Database.open(url, migrate=migrate, patience=patience))

    async def check(self) -> None:
        """See whether the database is whole, which may take a while. Raises `StoreError` if not."""
        await self._database.check()

    async def close(self) -> None:
        """Close all connections. The store can't be used any more."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        """Give the store itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        await self.close()
