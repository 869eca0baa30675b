"""A server's own categories, and what its model learns: these and the collection of its choice."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.errors import Refusal
from bot.store import DEFAULT_COLLECTION, Category, Store, TooManyCategories
from bot.text import fitting, plain
from bot.uploads import Bounds, Taken
from model import Corpus
from model.text import fold

NOTHING = "none"
"""The choice of no collection: only the server's own categories."""

_BESIDE = ("cities", "words", "characters")
"""Bundled collections, in folders beside that of the names."""

_LONGEST_LIST = 1500  # characters in a sentence

_FEWEST = 10  # names that a category needs to be learned


class Datasets:
    """What a server's admins teach their model."""

    def __init__(self, store: Store, data_dir: Path, bounds: Bounds) -> None:
        self._store = store
        self.bounds = bounds
        beside = {name: data_dir.parent / name for name in _BESIDE}
        there = {name: folder for name, folder in beside.items() if folder.is_dir()}
        self._folders = {DEFAULT_COLLECTION: data_dir, **there}

    @property
    def collections(self) -> list[str]:
        """What a server may build on."""
        return [*self._folders, NOTHING]

    async def add(
        self, guild_id: int, user_id: int, taken: Sequence[Taken], *, extends: bool = False
    ) -> None:
        """Keep categories; one that the server has already gets the new names instead of its own.

        Raises:
            Refusal: where one has a bundled category's name, a category would have too few names to
                be learned, or there would be too many categories.
        """
        bundled = {fold(name): name for name in await self.base(guild_id)}
        for part in taken:
            self._check(part, bundled.get(fold(part.category)), extends=extends)
        try:
            for part in taken:
                await self._store.datasets.put(
                    guild_id,
                    part.category,
                    part.names,
                    extends=extends,
                    by=user_id,
                    most=self.bounds.categories,
                )
        except TooManyCategories as error:
            raise Refusal(
                "A server may have {most} categories: remove one first.", most=error.most
            ) from error

    def _check(self, part: Taken, bundled: str | None, *, extends: bool) -> None:
        if not 0 < len(part.category) <= self.bounds.letters:
            raise Refusal("A category's name has 1 to {most} letters.", most=self.bounds.letters)
        if bundled is not None and not extends:
            raise Refusal(
                "{category} is a bundled category: choose another name, or say with `extends` that these "
                "names are added to it.",
                category=plain(bundled),
            )
        if bundled is None and len(part.names) < _FEWEST:
            raise Refusal(
                "{category} has too few names, {count}: {fewest} are the fewest to learn from.",
                category=plain(part.category),
                count=len(part.names),
                fewest=_FEWEST,
            )

    async def find(self, guild_id: int, name: str) -> Category:
        """A server's category by its name.

        Raises:
            Refusal: where it has none of that name.
        """
        category = await self._store.datasets.find(guild_id, name.strip())
        if category is None:
            there = await self._store.datasets.categories(guild_id)
            own = fitting((plain(category.name) for category in there), _LONGEST_LIST)
            if not own:
                raise Refusal("This server has no category of its own: add one with /dataset add.")
            raise Refusal("This server has no category of that name: there are {own}.", own=own)
        return category

    async def use(self, guild_id: int, user_id: int, collection: str) -> None:
        """Choose the collection that a server builds on.

        Raises:
            Refusal: where there is none of that name.
        """
        if collection not in self.collections:
            raise Refusal("There is no such collection: choose {known}.", known=", ".join(self.collections))
        await self._store.datasets.use(guild_id, collection, user_id)

    async def base(self, guild_id: int) -> Mapping[str, tuple[str, ...]]:
        """The bundled categories that a server builds on, with their names."""
        chosen = await self._store.datasets.base_collection(guild_id)
        if chosen == NOTHING:
            return {}
        folder = self._folders.get(chosen, self._folders[DEFAULT_COLLECTION])
        return (await asyncio.to_thread(Corpus.read, folder)).names

    async def corpus(self, guild_id: int) -> Corpus:
        """All that a server's model learns; for the base, the base corpus.

        Raises:
            CorpusError: where there is nothing to learn.
        """
        lines = {name: list(names) for name, names in (await self.base(guild_id)).items()}
        bundled = {fold(name): name for name in lines}
        for category, names in (await self._store.datasets.everything(guild_id)).items():
            lines.setdefault(bundled.get(fold(category.name), category.name), []).extend(names)
        return await asyncio.to_thread(Corpus.of, lines)
