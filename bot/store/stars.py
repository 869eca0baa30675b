"""The names that members keep, and what a guild likes best."""

from datetime import datetime

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.errors import UnknownName
from bot.store.records import Favourite, TopLanguage, TopName
from bot.store.tables import IS_STARRED, GenerationRow, NameRow, StarRow


class Stars:
    """The stars of all members, and the tops of all guilds."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def star(self, user_id: int, name_id: int) -> bool:
        """Keep a name. False if the member keeps it already.

        Raises `UnknownName` if there is none such, or not any more.
        """
        # Locked, where rows can be: two clicks at once would both find no star and both set one.
        name = select(NameRow.guild_id).where(NameRow.id == name_id).with_for_update()
        async with self._database.write() as session:
            found = (await session.execute(name)).one_or_none()
            if found is None:
                raise UnknownName(name_id)
            if await session.get(StarRow, (user_id, name_id)) is not None:
                return False
            session.add(StarRow(user_id=user_id, name_id=name_id, guild_id=found.guild_id))
            await _count(session, name_id, 1)
        return True

    async def unstar(self, user_id: int, name_id: int) -> bool:
        """Keep a name no longer. False if the member doesn't keep it."""
        star = (
            delete(StarRow)
            .where(StarRow.user_id == user_id, StarRow.name_id == name_id)
            .returning(StarRow.name_id)
        )
        async with self._database.write() as session:
            if await session.scalar(star) is None:
                return False
            await _count(session, name_id, -1)
        return True

    async def favourites(self, user_id: int) -> tuple[Favourite, ...]:
        """Find all names that a member keeps, by language and then in the order of their letters."""
        kept = (
            select(
                NameRow.id,
                NameRow.text,
                NameRow.language,
                NameRow.guild_id,
                NameRow.user_id,
                GenerationRow.created_at,
                StarRow.starred_at,
            )
            .select_from(StarRow)
            .join(NameRow, NameRow.id == StarRow.name_id)
            .join(GenerationRow, GenerationRow.id == NameRow.generation_id)
            .where(StarRow.user_id == user_id)
        )
        async with self._database.read() as session:
            found = [Favourite(*row) for row in await session.execute(kept)]
        # Sorted here: databases differ in how they sort text.
        return tuple(
            sorted(found, key=lambda name: (name.language.casefold(), name.text.casefold(), name.id))
        )

    async def top_names(
        self, guild_id: int, since: datetime | None = None, limit: int = 10
    ) -> tuple[TopName, ...]:
        """Find a guild's names with the most stars, of all or of those given since; newer ones first.

        The cost since a time grows with the stars since then; that of all doesn't grow.
        """
        top = _most_starred(guild_id) if since is None else _most_starred_since(guild_id, since)
        async with self._database.read() as session:
            return tuple(TopName(*row) for row in await session.execute(top.limit(limit)))

    async def top_languages(
        self, guild_id: int, since: datetime | None = None, limit: int = 10
    ) -> tuple[TopLanguage, ...]:
        """Find the languages that a guild asked for most often, with how often.

        It counts, within one index: a million names are a fraction of a second.
        """
        times = func.count()
        asked = (
            select(GenerationRow.language, times)
            .where(GenerationRow.guild_id == guild_id)
            .group_by(GenerationRow.language)
            .order_by(times.desc(), GenerationRow.language)
            .limit(limit)
        )
        if since is not None:
            asked = asked.where(GenerationRow.created_at >= since)
        async with self._database.read() as session:
            return tuple(TopLanguage(*row) for row in await session.execute(asked))


def _most_starred(guild_id: int) -> Select[tuple[int, str, str, int]]:
    return (
        select(NameRow.id, NameRow.text, NameRow.language, NameRow.stars)
        .where(NameRow.guild_id == guild_id, IS_STARRED)
        .order_by(NameRow.stars.desc(), NameRow.id.desc())
    )


def _most_starred_since(guild_id: int, since: datetime) -> Select[tuple[int, str, str, int]]:
    stars = func.count().label("stars")
    counted = (
        select(StarRow.name_id, stars)
        .where(StarRow.guild_id == guild_id, StarRow.starred_at >= since)
        .group_by(StarRow.name_id)
        .subquery()
    )
    return (
        select(NameRow.id, NameRow.text, NameRow.language, counted.c.stars)
        .join(counted, counted.c.name_id == NameRow.id)
        .order_by(counted.c.stars.desc(), NameRow.id.desc())
    )


async def _count(session: AsyncSession, name_id: int, change: int) -> None:
    """Keep a name's number of stars in step."""
    counting = update(NameRow).where(NameRow.id == name_id).values(stars=NameRow.stars + change)
    await session.execute(counting, execution_options={"synchronize_session": False})
