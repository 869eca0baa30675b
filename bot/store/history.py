"""Every name ever made: keeping it and finding it again."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import selectinload

from bot.store import sqlite
from bot.store.database import Database
from bot.store.paging import Search, find_page
from bot.store.records import (
    Cursor,
    Filters,
    Generation,
    KeptEntry,
    KeptName,
    NewGeneration,
    Page,
    Scope,
)
from bot.store.tables import IS_STARRED, GenerationRow, NameRow, now
from bot.store.text import fold

_TOLD = [field.name for field in fields(NewGeneration) if field.name != "names"]
"""What an answer is kept with, besides its names."""

_EVERYTHING = Filters()
_NEWEST = Cursor.first()


class History:
    """The generations and their names."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def keep(self, generation: NewGeneration) -> Generation:
        """Keep an answer and its names, all or none. Once this returns they survive a power cut.

        Raises `StoreError` if they could not be kept.
        """
        told = {name: getattr(generation, name) for name in _TOLD}
        told["created_at"] = now()
        async with self._database.write() as session:
            # Not by way of a row and its names: that asks for what was just told, and the names' IDs apart.
            kept = insert(GenerationRow).returning(GenerationRow.id)
            generation_id = (await session.scalars(kept, told)).one()
            values = _name_values(generation_id, generation)
            ids = await session.scalars(insert(NameRow).returning(NameRow.id), values)
            names = zip(sorted(ids), generation.names, strict=True)  # given in the order of the values
        return Generation(
            id=generation_id,
            names=tuple(KeptName(name_id, name.text, name.log_prob, name.novel) for name_id, name in names),
            **told,
        )

    async def generation(self, generation_id: int) -> Generation | None:
        """Find an answer by its ID, with its names."""
        with_names = selectinload(GenerationRow.names)
        async with self._database.read() as session:
            row = await session.get(GenerationRow, generation_id, options=[with_names])
        return None if row is None else _generation(row)

    async def page(
        self,
        scope: Scope,
        filters: Filters = _EVERYTHING,
        at: Cursor = _NEWEST,
        size: int = 10,
    ) -> Page:
        """Find up to `size` names of a scope, newest first.

        The page that lies `older` than the last name of another, or `newer` than the first, follows
        it without gap or overlap. The cost doesn't grow with the distance from the newest name.

        A text filter looks at the names between its matches where they are a member's or starred
        ones; in all of a guild it does so only if it is shorter than three letters, or the database
        isn't SQLite, which has an index of the texts.
        """
        search = _search(scope, filters, on_sqlite=self._database.is_sqlite)
        async with self._database.read() as session:
            return await find_page(session, search, at, size)

    async def nth(self, scope: Scope, filters: Filters, index: int) -> Cursor:
        """Tell where the page begins whose first name has so many newer ones before it.

        If there aren't as many, it is the last page. The cost grows with the distance from the newest
        name, within one index.
        """
        search = _search(scope, filters, on_sqlite=self._database.is_sqlite)
        found = (
            select(search.name_id)
            .where(*search.conditions)
            .order_by(search.name_id.desc())
            .offset(index)
            .limit(1)
        )
        async with self._database.read() as session:
            name_id = await session.scalar(found)
        return Cursor.last() if name_id is None else Cursor.older(name_id + 1)

    async def around(self, scope: Scope, moment: datetime) -> Cursor:
        """Tell where the page begins whose first name is the last one made by a moment.

        If all were made later, it is the last page.
        """
        by_then = (
            select(GenerationRow.id)
            .where(GenerationRow.guild_id == scope.guild_id, GenerationRow.created_at <= moment)
            .order_by(GenerationRow.created_at.desc(), GenerationRow.id.desc())
            .limit(1)
        )
        if scope.user_id is not None:
            by_then = by_then.where(GenerationRow.user_id == scope.user_id)
        last = select(func.max(NameRow.id)).where(NameRow.generation_id == by_then.scalar_subquery())
        async with self._database.read() as session:
            name_id = await session.scalar(last)
        return Cursor.last() if name_id is None else Cursor.older(name_id + 1)

    async def name(self, name_id: int) -> KeptEntry | None:
        """Find a name by its ID, with where it was made."""
        with_answer = (
            select(
                NameRow.id,
                NameRow.text,
                NameRow.language,
                NameRow.user_id,
                GenerationRow.created_at,
                NameRow.novel,
                NameRow.generation_id,
                NameRow.stars,
                NameRow.guild_id,
                GenerationRow.channel_id,
                NameRow.log_prob,
            )
            .join(GenerationRow)
            .where(NameRow.id == name_id)
        )
        async with self._database.read() as session:
            row = (await session.execute(with_answer)).one_or_none()
        return None if row is None else KeptEntry(*row)

    async def remove(self, name_id: int) -> bool:
        """Delete a name and all stars on it; an answer goes with its last name. False if it is gone."""
        name = delete(NameRow).where(NameRow.id == name_id).returning(NameRow.generation_id)
        others = select(NameRow.id).where(NameRow.generation_id == GenerationRow.id).exists()
        async with self._database.write() as session:
            generation_id = await session.scalar(name)
            if generation_id is None:
                return False
            await session.execute(delete(GenerationRow).where(GenerationRow.id == generation_id, ~others))
        return True

    async def popular_languages(self, recent: int) -> dict[str, int]:
        """Count the languages of the last `recent` generations, wherever they were made."""
        last = select(GenerationRow.language).order_by(GenerationRow.id.desc()).limit(recent).subquery()
        counted = select(last.c.language, func.count()).group_by(last.c.language)
        async with self._database.read() as session:
            return dict((await session.execute(counted)).tuples().all())

    async def names_made(self) -> int:
        """Count the names ever made, deleted ones included, but for those deleted since the last one.

        It is the highest ID there is: cheap however many there are, and as good as a count, since IDs
        are given one by one. (PostgreSQL leaves out some when an insertion fails.)
        """
        async with self._database.read() as session:
            return await session.scalar(select(func.max(NameRow.id))) or 0


def _name_values(generation_id: int, generation: NewGeneration) -> list[dict[str, Any]]:
    return [
        {
            "generation_id": generation_id,
            "guild_id": generation.guild_id,
            "user_id": generation.user_id,
            "language": generation.language,
            "text": name.text,
            "folded": fold(name.text),
            "log_prob": name.log_prob,
            "novel": name.novel,
        }
        for name in generation.names
    ]


def _search(scope: Scope, filters: Filters, *, on_sqlite: bool) -> Search:
    """Say what is true of the names of a scope that pass the filters, and what finds them."""
    folded = None if filters.text is None else fold(filters.text)
    if folded is None:
        return Search(_conditions(scope, filters))
    if (
        on_sqlite
        and scope.guild_id is not None
        # A member's names and the starred ones are few enough to look through, and have an index.
        and filters.user_id is None
        and not filters.starred
        and sqlite.is_searchable(folded)
    ):
        found = [NameRow.id == sqlite.FOUND_ID, sqlite.is_found(folded, scope.guild_id)]
        of_guild = sqlite.unindexed(NameRow.guild_id) == scope.guild_id
        return Search([*found, of_guild, *_passing(filters)], sqlite.FOUND_ID)
    contained = NameRow.folded.contains(folded, autoescape=True)
    return Search([*_conditions(scope, filters), contained])


def _conditions(scope: Scope, filters: Filters) -> list[ColumnElement[bool]]:
    """Say what is true of the names of a scope that pass the filters, but for the text."""
    conditions = [NameRow.guild_id == scope.guild_id]  # IS NULL, if that is None
    if scope.user_id is not None:
        conditions.append(NameRow.user_id == scope.user_id)
    return [*conditions, *_passing(filters)]


def _passing(filters: Filters) -> list[ColumnElement[bool]]:
    """Say what is true of the names that pass the filters, but for the text."""
    conditions: list[ColumnElement[bool]] = []
    if filters.user_id is not None:
        conditions.append(NameRow.user_id == filters.user_id)
    if filters.language is not None:
        conditions.append(NameRow.language == filters.language)
    if filters.starred:
        conditions.append(IS_STARRED)
    return conditions


def _generation(row: GenerationRow) -> Generation:
    return Generation(
        id=row.id,
        created_at=row.created_at,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        user_id=row.user_id,
        language=row.language,
        letters=row.letters,
        count=row.count,
        temperature=row.temperature,
        seed=row.seed,
        model_id=row.model_id,
        prefix=row.prefix,
        min_length=row.min_length,
        max_length=row.max_length,
        novel=row.novel,
        blend=row.blend,
        names=tuple(
            KeptName(id=name.id, text=name.text, log_prob=name.log_prob, novel=name.novel, stars=name.stars)
            for name in row.names
        ),
    )
