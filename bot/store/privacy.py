"""What is kept of whom: telling it, erasing it, and letting it expire.

Nothing here lists columns. Those that hold a Discord ID are marked in `bot.store.tables`, and what is
done with a row follows from the mark: a column that may not be NULL says whose the row is, and the
row goes with them; one that may be NULL only mentions them, and loses the ID.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CursorResult,
    Executable,
    Select,
    delete,
    or_,
    select,
    union,
    update,
)
from sqlalchemy import Table as AnyTable
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.records import BASE
from bot.store.tables import (
    CorpusRow,
    DepartureRow,
    GenerationRow,
    NameRow,
    RunRow,
    StarRow,
    Table,
    now,
)
from bot.store.uses import guild_key, member_key

_AT_ONCE = 100
"""Answers that are deleted in one transaction: few, so that others who write wait for a moment only."""


class Privacy:
    """The data of a member or a guild, in all tables."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def export(self, user_id: int) -> Mapping[str, list[dict[str, Any]]]:
        """Tell everything that is kept of a member, or mentions them: for each table its rows.

        They are JSON objects, with Discord's IDs as strings, as Discord itself writes them, and times
        in ISO 8601.
        """
        async with self._database.read() as session:
            return {
                table.name: [
                    {
                        column.name: _plain(column, value)
                        for column, value in zip(wanted.selected_columns, row, strict=True)
                    }
                    for row in await session.execute(wanted)
                ]
                for table, wanted in _rows_of_user(user_id)
            }

    async def delete(self, user_id: int) -> Mapping[str, int]:
        """Erase a member: their rows, and their ID in rows that others need.

        Returns for each table how many rows were deleted or lost the ID. It is done in several
        transactions, the last of which leaves nothing; if it is cut short it can be done again.
        """
        async with self._database.write() as session:
            erased = Counter({StarRow.__tablename__: await _take_back_stars(session, user_id)})
        erased += await self._erase_answers(GenerationRow.user_id == user_id)
        async with self._database.write() as session:
            erased[StarRow.__tablename__] += await _take_back_stars(session, user_id)
            for table in reversed(Table.metadata.sorted_tables):
                for column in _marked(table, "user"):
                    erased[table.name] += await _changed(session, _forget(column, user_id))
                for column in _marked(table, "key"):
                    of_user = delete(table).where(column == member_key(user_id))
                    erased[table.name] += await _changed(session, of_user)
        return {table.name: erased[table.name] for table, _ in _rows_of_user(user_id)}

    async def purge_guild(self, guild_id: int) -> Mapping[str, int]:
        """Delete everything of a guild. Returns how many rows, for each table that had some."""
        if guild_id == BASE:
            raise ValueError("the base is no guild, and others need it")
        erased = await self._erase_answers(GenerationRow.guild_id == guild_id)
        learnt_from = select(RunRow.corpus_sha256).where(RunRow.guild_id == guild_id).distinct()
        in_use = select(RunRow.id).where(RunRow.corpus_sha256 == CorpusRow.sha256).exists()
        async with self._database.write() as session:
            corpora = list(await session.scalars(learnt_from))
            for table in reversed(Table.metadata.sorted_tables):
                for column in _marked(table, "guild"):
                    of_guild = delete(table).where(column == guild_id)
                    erased[table.name] += await _changed(session, of_guild)
                for column in _marked(table, "key"):
                    of_guild = delete(table).where(column == guild_key(guild_id))
                    erased[table.name] += await _changed(session, of_guild)
            unused = delete(CorpusRow).where(CorpusRow.sha256.in_(corpora), ~in_use)
            erased[CorpusRow.__tablename__] += await _changed(session, unused)
        return dict(+erased)

    async def guilds(self) -> frozenset[int]:
        """Find the guilds that anything is kept of, to see which of them the bot has left unnoticed."""
        # A name or a star of a guild is never without an answer there.
        told = [
            select(column)
            for table in Table.metadata.sorted_tables
            if table.name not in (NameRow.__tablename__, StarRow.__tablename__)
            for column in _marked(table, "guild")
        ]
        async with self._database.read() as session:
            return frozenset(await session.scalars(union(*told))) - {None, BASE}

    async def leave(self, guild_id: int) -> None:
        """Note that the bot is no longer in a guild, unless that is known already."""
        async with self._database.write() as session:
            if await session.get(DepartureRow, guild_id) is None:
                session.add(DepartureRow(guild_id=guild_id, left_at=now()))

    async def rejoin(self, guild_id: int) -> bool:
        """Note that the bot is in a guild again, whose data is to stay. False if it never left."""
        async with self._database.write() as session:
            departure = delete(DepartureRow).where(DepartureRow.guild_id == guild_id)
            return await _changed(session, departure) > 0

    async def departed(self) -> frozenset[int]:
        """Find the guilds whose data is to go, to see which of them took the bot back unnoticed."""
        async with self._database.read() as session:
            return frozenset(await session.scalars(select(DepartureRow.guild_id)))

    async def purge_left(self, before: datetime) -> tuple[int, ...]:
        """Delete everything of the guilds that the bot left before a time, and tell which they were."""
        longest_ago = (
            select(DepartureRow.guild_id)
            .where(DepartureRow.left_at < before)
            .order_by(DepartureRow.left_at)
            .limit(1)
        )
        purged: list[int] = []
        while True:
            # Looked up one by one, since each takes its time, in which another may take the bot back.
            async with self._database.read() as session:
                guild_id = await session.scalar(longest_ago)
            if guild_id is None:
                return tuple(purged)
            await self.purge_guild(guild_id)
            purged.append(guild_id)

    async def purge_history(self, before: datetime) -> int:
        """Delete all names made before a time, starred or not. Returns how many they were."""
        erased = await self._erase_answers(GenerationRow.created_at < before)
        return erased[NameRow.__tablename__]

    async def _erase_answers(self, condition: ColumnElement[bool]) -> Counter[str]:
        """Delete the answers of which something is true, some at a time, with their names."""
        erased: Counter[str] = Counter()
        some = select(GenerationRow.id).where(condition).limit(_AT_ONCE)
        while True:
            async with self._database.write() as session:
                ids = list(await session.scalars(some))
                if not ids:
                    return erased
                names = delete(NameRow).where(NameRow.generation_id.in_(ids))
                erased[NameRow.__tablename__] += await _changed(session, names)
                answers = delete(GenerationRow).where(GenerationRow.id.in_(ids))
                erased[GenerationRow.__tablename__] += await _changed(session, answers)


def _marked(table: AnyTable, kind: str) -> list[Column[Any]]:
    """List the columns of a table that hold this kind of Discord's IDs."""
    return [column for column in table.columns if column.info.get("discord") == kind]


def _rows_of_user(user_id: int) -> Iterator[tuple[AnyTable, Select[Any]]]:
    """Go through the tables that may tell of a member, each with how to select what it tells."""
    for table in Table.metadata.sorted_tables:
        conditions = [_is_of_user(column, user_id) for column in _marked(table, "user")]
        conditions += [column == member_key(user_id) for column in _marked(table, "key")]
        if conditions:
            wanted = select(*table.columns).where(or_(*conditions))
            if table.name == StarRow.__tablename__:  # which would tell its member nothing by itself
                wanted = wanted.add_columns(NameRow.text, NameRow.language).join(NameRow)
            yield table, wanted


def _is_of_user(column: Column[Any], user_id: int) -> ColumnElement[bool]:
    if column.table.name == NameRow.__tablename__:
        # By their answers, since no index has the names of a member from all guilds.
        answers = select(GenerationRow.id).where(GenerationRow.user_id == user_id)
        return NameRow.generation_id.in_(answers)
    return column == user_id


def _plain(column: ColumnElement[Any], value: object) -> object:
    """Write a value as JSON can hold it. Beyond 53 bits, many readers of JSON round an ID."""
    if isinstance(value, datetime):
        return value.isoformat()
    is_discords = isinstance(column, Column) and "discord" in column.info
    return str(value) if is_discords and value is not None else value


def _forget(column: Column[Any], user_id: int) -> Executable:
    """Delete the rows that are this member's, or take the ID out of those that mention them."""
    of_user = _is_of_user(column, user_id)
    if column.nullable:
        return update(column.table).where(of_user).values({column: None})
    return delete(column.table).where(of_user)


async def _take_back_stars(session: AsyncSession, user_id: int) -> int:
    """Delete a member's stars, and count them no longer. Returns how many there were."""
    starred = select(StarRow.name_id).where(StarRow.user_id == user_id)
    await _changed(session, update(NameRow).where(NameRow.id.in_(starred)).values(stars=NameRow.stars - 1))
    return await _changed(session, delete(StarRow).where(StarRow.user_id == user_id))


async def _changed(session: AsyncSession, change: Executable) -> int:
    """Make a change, and tell how many rows it was made to."""
    result = await session.execute(change, execution_options={"synchronize_session": False})
    return result.rowcount if isinstance(result, CursorResult) else 0
