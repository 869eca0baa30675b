"""Turning pages: names found by any conditions, from one cursor to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.records import Cursor, Entry, Page
from bot.store.tables import GenerationRow, NameRow


@dataclass(frozen=True, slots=True)
class Search:
    """What is true of the names of a page.

    `name_id` is their ID as the table has it through whose index they are found, which has them in
    its order.
    """

    conditions: Sequence[ColumnElement[bool]]
    name_id: ColumnElement[int] = NameRow.id.expression


async def find_page(session: AsyncSession, search: Search, at: Cursor, size: int) -> Page:
    """Find up to `size` names, newest first."""
    # One more than asked for tells whether there are others ahead.
    ahead = await session.execute(_ahead(search, at).limit(size + 1))
    found = tuple(Entry(*row) for row in ahead)
    behind = await session.scalar(_behind(search, at)) is not None
    entries, more = found[:size], len(found) > size
    if at.direction == "older":
        return Page(entries, has_newer=behind, has_older=more)
    return Page(entries[::-1], has_newer=more, has_older=behind)


def _ahead(search: Search, at: Cursor) -> Select[tuple[int, str, str, int, datetime, bool, int, int]]:
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
            NameRow.stars,
        )
        .join(GenerationRow, GenerationRow.id == NameRow.generation_id)
        .where(
            *search.conditions,
            search.name_id < at.name_id if older else search.name_id > at.name_id,
        )
        .order_by(search.name_id.desc() if older else search.name_id.asc())
    )


def _behind(search: Search, at: Cursor) -> Select[tuple[int]]:
    """Select the nearest name on the other side of the cursor, which is mostly the one it names."""
    older = at.direction == "older"
    return (
        select(NameRow.id)
        .where(
            *search.conditions,
            search.name_id >= at.name_id if older else search.name_id <= at.name_id,
        )
        .order_by(search.name_id.asc() if older else search.name_id.desc())
        .limit(1)
    )
