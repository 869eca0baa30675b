"""Trained models, and which of them is in use where."""

import hashlib

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.errors import DamagedModel, ModelInUse, UnknownModel
from bot.store.records import BASE, Model, NewModel
from bot.store.tables import ActiveModelRow, ModelRow, WeightsRow

_chosen = select(ModelRow).join(ActiveModelRow, ActiveModelRow.model_id == ModelRow.id)


class Models:
    """The models of all guilds and the base's. Only `weights` reads weights."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database

    async def publish(self, model: NewModel, *, activate: bool) -> Model:
        """Keep a model and, with `activate`, put it in use in its guild, at one stroke.

        A training run gives its model to `Runs.finish` instead, so that a run that was declared
        over meanwhile can't publish.
        """
        row = model_row(model)
        async with self._database.write() as session:
            return await add_model(session, row, model.weights, activate=activate)

    async def activate(self, guild_id: int, model_id: int) -> None:
        """Put a model in use in a guild: one of its own, or one of the base's.

        Raises `UnknownModel` if there is none such, or it is another guild's.
        """
        available = select(ModelRow.id).where(
            ModelRow.id == model_id, ModelRow.guild_id.in_((guild_id, BASE))
        )
        async with self._database.write() as session:
            if await session.scalar(available) is None:
                raise UnknownModel(model_id)
            await _point(session, guild_id, model_id)

    async def follow_base(self, guild_id: int) -> None:
        """Have a guild go with the base's model, whichever that is, instead of one of its choice."""
        if guild_id == BASE:
            raise ValueError("the base can't go with itself")
        async with self._database.write() as session:
            await session.execute(delete(ActiveModelRow).where(ActiveModelRow.guild_id == guild_id))

    async def delete(self, guild_id: int, model_id: int) -> None:
        """Delete the weights of a guild's own model; its row stays while names that it made do.

        Raises `UnknownModel` if there is none such, or it is another guild's, and `ModelInUse`.
        """
        async with self._database.write() as session:
            row = await session.get(ModelRow, model_id)
            if row is None or row.guild_id != guild_id or await session.get(WeightsRow, model_id) is None:
                raise UnknownModel(model_id)
            if await session.scalar(_in_use.where(ActiveModelRow.model_id == model_id)) is not None:
                raise ModelInUse(model_id)
            await session.execute(delete(WeightsRow).where(WeightsRow.model_id == model_id))

    async def available(self, guild_id: int) -> tuple[Model, ...]:
        """Find a guild's own models that still have their weights, the newest first."""
        own = (
            select(ModelRow)
            .join(WeightsRow, WeightsRow.model_id == ModelRow.id)
            .where(ModelRow.guild_id == guild_id)
            .order_by(ModelRow.id.desc())
        )
        async with self._database.read() as session:
            return tuple(_model(row) for row in await session.scalars(own))

    async def active(self, guild_id: int) -> Model | None:
        """Find the model in use in a guild: that chosen there, else the base's, else None."""
        chosen = (
            _chosen.where(ActiveModelRow.guild_id.in_((guild_id, BASE)))
            .order_by(ActiveModelRow.guild_id.desc())  # BASE is the least
            .limit(1)
        )
        async with self._database.read() as session:
            row = await session.scalar(chosen)
        return None if row is None else _model(row)

    async def active_own(self, guild_id: int) -> Model | None:
        """Find the model that was chosen in this guild, None if it goes with the base."""
        async with self._database.read() as session:
            row = await session.scalar(_chosen.where(ActiveModelRow.guild_id == guild_id))
        return None if row is None else _model(row)

    async def get(self, model_id: int) -> Model | None:
        """Find a model by its ID."""
        async with self._database.read() as session:
            row = await session.get(ModelRow, model_id)
        return None if row is None else _model(row)

    async def ids(self) -> tuple[int, ...]:
        """Find the IDs of all guilds' models that still have their weights, oldest first."""
        async with self._database.read() as session:
            return tuple(await session.scalars(select(WeightsRow.model_id).order_by(WeightsRow.model_id)))

    async def weights(self, model_id: int) -> bytes:
        """Read the weights of a model.

        Raises `UnknownModel` if there are none, `DamagedModel` if they are not those that were kept.
        """
        kept = (
            select(WeightsRow.weights, ModelRow.sha256)
            .join(ModelRow, ModelRow.id == WeightsRow.model_id)
            .where(WeightsRow.model_id == model_id)
        )
        async with self._database.read() as session:
            found = (await session.execute(kept)).one_or_none()
        if found is None:
            raise UnknownModel(model_id)
        weights: bytes = found.weights
        if found.sha256 is not None and hashlib.sha256(weights).hexdigest() != found.sha256:
            raise DamagedModel(model_id)
        return weights


_in_use = select(ActiveModelRow.model_id)


async def forget_old_models(session: AsyncSession, guild_id: int, keep: int) -> None:
    """Delete the weights of a guild's models but for the newest `keep` and those in use somewhere.

    Models whose weights were deleted before don't count among the newest.
    """
    kept = select(WeightsRow.model_id).join(ModelRow).where(ModelRow.guild_id == guild_id)
    older = list(await session.scalars(kept.order_by(ModelRow.id.desc()).offset(keep)))
    await session.execute(
        delete(WeightsRow).where(WeightsRow.model_id.in_(older), WeightsRow.model_id.not_in(_in_use))
    )


def model_row(model: NewModel) -> ModelRow:
    """A model's row. It takes a while to make, in which no transaction should keep others waiting."""
    return ModelRow(
        guild_id=model.guild_id,
        run_id=model.run_id,
        trained_by=model.trained_by,
        network=model.network,
        held_out_loss=model.held_out_loss,
        details=dict(model.metadata),
        size=len(model.weights),
        sha256=hashlib.sha256(model.weights).hexdigest(),
    )


async def add_model(session: AsyncSession, row: ModelRow, weights: bytes, *, activate: bool) -> Model:
    """Keep a model as part of a larger transaction."""
    session.add(row)
    await session.flush()
    session.add(WeightsRow(model_id=row.id, weights=weights))
    if activate:
        await _point(session, row.guild_id, row.id)
    return _model(row)


async def _point(session: AsyncSession, guild_id: int, model_id: int) -> None:
    await session.merge(ActiveModelRow(guild_id=guild_id, model_id=model_id))


def _model(row: ModelRow) -> Model:
    return Model(
        id=row.id,
        created_at=row.created_at,
        guild_id=row.guild_id,
        run_id=row.run_id,
        trained_by=row.trained_by,
        network=row.network,
        held_out_loss=row.held_out_loss,
        metadata=row.details,
        size=row.size,
    )
