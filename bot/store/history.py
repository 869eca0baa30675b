"""Every name ever made: keeping it and finding it again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from anyascii import anyascii
from sqlalchemy import ColumnElement, Select, func, insert, select
from sqlalchemy.orm import selectinload

from bot.store.database import Database
from bot.store.records import (
    Cursor,
    Entry,
    Filters,
    Generation,
    KeptName,
    NewGeneration,
    NewName,
    Page,
    Scope,
)
from bot.store.tables import GenerationRow, NameRow

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
        row = GenerationRow(
            guild_id=generation.guild_id,
            channel_id=generation.channel_id,
            user_id=generation.user_id,
            language=generation.language,
            letters=generation.letters,
            count=generation.count,
            temperature=generation.temperature,
            seed=generation.seed,
            model_id=generation.model_id,
        )
        async with self._database.write() as session:
            session.add(row)
            await session.flush()
            # Not by way of `row.names`: that sends SQLite an INSERT for each, to learn its ID.
            await session.execute(insert(NameRow), _name_values(row, generation.names))
            await session.refresh(row, ["names"])
        return _generation(row)

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
        it without gap or overlap. The cost doesn't grow with the distance from the newest name;
        only a text filter has to look at the names between its matches.
        """
        conditions = _conditions(scope, filters)
        async with self._database.read() as session:
            # One more than asked for tells whether there are others ahead.
            ahead = await session.execute(_ahead(conditions, at).limit(size + 1))
            found = tuple(Entry(*row) for row in ahead)
            behind = await session.scalar(_behind(conditions, at)) is not None
        entries, more = found[:size], len(found) > size
        if at.direction == "older":
            return Page(entries, has_newer=behind, has_older=more)
        return Page(entries[::-1], has_newer=more, has_older=behind)

    async def popular_languages(self, recent: int) -> dict[str, int]:
        """Count the languages of the last `recent` generations, wherever they were made."""
        last = select(GenerationRow.language).order_by(GenerationRow.id.desc()).limit(recent).subquery()
        counted = select(last.c.language, func.count()).group_by(last.c.language)
        async with self._database.read() as session:
            return dict((await session.execute(counted)).tuples().all())

    async def names_made(self) -> int:
        """Count the names ever made, deleted ones included.

        It is the highest ID given: cheap however many there are, and as good as a count, since IDs
        are given one by one. (PostgreSQL leaves out some when an insertion fails.)
        """
        async with self._database.read() as session:
            return await session.scalar(select(func.max(NameRow.id))) or 0


def _name_values(row: GenerationRow, names: Iterable[NewName]) -> list[dict[str, Any]]:
    return [
        {
            "generation_id": row.id,
            "guild_id": row.guild_id,
            "user_id": row.user_id,
            "language": row.language,
            "text": name.text,
            "folded": _fold(name.text),
            "log_prob": name.log_prob,
            "novel": name.novel,
        }
        for name in names
    ]


def _conditions(scope: Scope, filters: Filters) -> list[ColumnElement[bool]]:
    """Say what is true of the names of a scope that pass the filters."""
    conditions = [NameRow.guild_id == scope.guild_id]  # IS NULL, if that is None
    conditions += [
        NameRow.user_id == user_id for user_id in (scope.user_id, filters.user_id) if user_id is not None
    ]
    if filters.language is not None:
        conditions.append(NameRow.language == filters.language)
    if filters.text is not None:
        conditions.append(NameRow.folded.contains(_fold(filters.text), autoescape=True))
    return conditions


def _ahead(
    conditions: Sequence[ColumnElement[bool]], at: Cursor
) -> Select[tuple[int, str, str, int, datetime, bool, int]]:
    """Select the entries from the cursor on, nearest first."""
    older = at.direction == "older"
    return (
        select(
            NameRow.id,
            NameRow.text,
            NameRow.language,
            NameRow.user_id,
            GenerationRow.created_at,
            NameRow.novel,
            NameRow.generation_id,
        )
        .join(GenerationRow)
        .where(*conditions, NameRow.id < at.name_id if older else NameRow.id > at.name_id)
        .order_by(NameRow.id.desc() if older else NameRow.id.asc())
    )


def _behind(conditions: Sequence[ColumnElement[bool]], at: Cursor) -> Select[tuple[int]]:
    """Select the nearest name on the other side of the cursor, which is mostly the one it names."""
    older = at.direction == "older"
    return (
        select(NameRow.id)
        .where(*conditions, NameRow.id >= at.name_id if older else NameRow.id <= at.name_id)
        .order_by(NameRow.id.asc() if older else NameRow.id.desc())
        .limit(1)
    )


def _fold(text: str) -> str:
    """Write the text as one would type it on a plain keyboard, in lower case, for searching.

    Without NUL, which PostgreSQL refuses and at which SQLite's LIKE stops reading.
    """
    return anyascii(text).casefold().replace("\0", "")


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
        names=tuple(
            KeptName(id=name.id, text=name.text, log_prob=name.log_prob, novel=name.novel)
            for name in row.names
        ),
    )
