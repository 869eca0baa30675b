"""What a guild teaches its generator: categories of its own, and the collection they stand beside."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database, take_turns
from bot.store.errors import TooManyCategories
from bot.store.records import DEFAULT_COLLECTION, AutoRetrain, Category
from bot.store.tables import CategoryNameRow, CategoryRow, GuildSettingsRow, now
from bot.store.text import fold


class Datasets:
    """The categories of all guilds. Two names of a guild's that differ in case or accents are one."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def categories(self, guild_id: int) -> tuple[Category, ...]:
        """Find a guild's categories, in the order of their names."""
        of_guild = select(CategoryRow).where(CategoryRow.guild_id == guild_id).order_by(CategoryRow.folded)
        async with self._database.read() as session:
            return tuple(_category(row) for row in await session.scalars(of_guild))

    async def find(self, guild_id: int, name: str) -> Category | None:
        """Find a guild's category by its name."""
        async with self._database.read() as session:
            row = await session.scalar(select(CategoryRow).where(*_named(guild_id, name)))
        return None if row is None else _category(row)

    async def names(self, category_id: int) -> tuple[str, ...]:
        """Read the names of a category, in the order in which they were given."""
        async with self._database.read() as session:
            return await _names(session, category_id)

    async def put(
        self,
        guild_id: int,
        name: str,
        names: Iterable[str],
        *,
        extends: bool,
        by: int,
        most: int,
    ) -> Category:
        """Add a category, or replace the one of this name, at one stroke.

        With `extends` it adds to the bundled category of that name. Raises `TooManyCategories` if it
        would be one more than `most`; to replace one is always allowed.
        """
        texts = tuple(names)
        async with self._database.write() as session:
            await take_turns(session, f"categories:{guild_id}")
            row = await session.scalar(select(CategoryRow).where(*_named(guild_id, name)))
            if row is None:
                await _require_room(session, guild_id, most)
                row = CategoryRow(guild_id=guild_id, created_by=by)
                session.add(row)
            row.name, row.folded = name, _folded(name)
            row.extends, row.size, row.updated_at = extends, len(texts), now()
            await session.flush()
            await _replace_names(session, row.id, texts)
            return _category(row)

    async def remove(self, category_id: int) -> bool:
        """Delete a category with its names. False if it is gone already."""
        category = delete(CategoryRow).where(CategoryRow.id == category_id).returning(CategoryRow.id)
        async with self._database.write() as session:
            return await session.scalar(category) is not None

    async def everything(self, guild_id: int) -> dict[Category, tuple[str, ...]]:
        """Read all that a guild has put in, as it is at one moment, in the order of the categories."""
        of_guild = select(CategoryRow).where(CategoryRow.guild_id == guild_id).order_by(CategoryRow.folded)
        async with self._database.read() as session:
            categories = [_category(row) for row in await session.scalars(of_guild)]
            return {category: await _names(session, category.id) for category in categories}

    async def base_collection(self, guild_id: int) -> str:
        """Tell which bundled collection a guild's generator learns from."""
        async with self._database.read() as session:
            row = await session.get(GuildSettingsRow, guild_id)
        return DEFAULT_COLLECTION if row is None else row.base_collection

    async def use(self, guild_id: int, collection: str, by: int) -> None:
        """Choose the bundled collection that a guild's generator is to learn from next."""
        chosen = GuildSettingsRow(
            guild_id=guild_id, base_collection=collection, updated_by=by, updated_at=now()
        )
        async with self._database.write() as session:
            await session.merge(chosen)

    async def auto_retrain(self) -> tuple[AutoRetrain, ...]:
        """Tell when models are trained without being asked, for the guilds that have chosen it."""
        chosen = select(GuildSettingsRow).where(GuildSettingsRow.retrain_channel_id.is_not(None))
        async with self._database.read() as session:
            return tuple(filter(None, map(_auto_retrain, await session.scalars(chosen))))

    async def retrain_when(self, guild_id: int, when: AutoRetrain | None, by: int) -> None:
        """Choose when a guild's model is trained without being asked."""
        async with self._database.write() as session:
            row = await session.get(GuildSettingsRow, guild_id)
            if row is None:
                row = GuildSettingsRow(guild_id=guild_id, base_collection=DEFAULT_COLLECTION)
                session.add(row)
            row.retrain_channel_id = when.channel_id if when else None
            row.retrain_share = when.share if when else None
            row.retrain_hour = when.hour if when else None
            row.updated_by, row.updated_at = by, now()


def _named(guild_id: int, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return CategoryRow.guild_id == guild_id, CategoryRow.folded == _folded(name)


def _folded(name: str) -> str:
    """Write a category's name as the generator compares it; one of marks alone stays itself."""
    return fold(name) or name


async def _require_room(session: AsyncSession, guild_id: int, most: int) -> None:
    """Raise `TooManyCategories` if a guild has as many as it may."""
    of_guild = select(func.count(CategoryRow.id)).where(CategoryRow.guild_id == guild_id)
    if (await session.scalar(of_guild) or 0) >= most:
        raise TooManyCategories(most)


async def _names(session: AsyncSession, category_id: int) -> tuple[str, ...]:
    of_category = (
        select(CategoryNameRow.text)
        .where(CategoryNameRow.category_id == category_id)
        .order_by(CategoryNameRow.position)
    )
    return tuple(await session.scalars(of_category))


async def _replace_names(session: AsyncSession, category_id: int, texts: Sequence[str]) -> None:
    await session.execute(delete(CategoryNameRow).where(CategoryNameRow.category_id == category_id))
    values = [
        {"category_id": category_id, "position": position, "text": text}
        for position, text in enumerate(texts)
    ]
    if values:
        await session.execute(insert(CategoryNameRow), values)


def _auto_retrain(row: GuildSettingsRow) -> AutoRetrain | None:
    if row.retrain_channel_id is None:
        return None
    return AutoRetrain(row.guild_id, row.retrain_channel_id, row.retrain_share, row.retrain_hour)


def _category(row: CategoryRow) -> Category:
    return Category(
        id=row.id,
        guild_id=row.guild_id,
        name=row.name,
        extends=row.extends,
        size=row.size,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
