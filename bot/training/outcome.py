"""What a finished run has changed."""

from dataclasses import dataclass

from bot.store import Model, Run, Store
from bot.training.comparison import Comparison


@dataclass(frozen=True, slots=True)
class Outcome:
    """The model that a run came to, the one before it, and whether the new one is in use by now.

    `comparison` is None for a model of an older version.
    """

    model: Model
    replaces: int | None
    in_use: bool
    comparison: Comparison | None


async def outcome_of(run: Run, store: Store) -> Outcome | None:
    """The outcome of a run that came to a model, None for any other."""
    model = await store.models.get(run.model_id) if run.model_id is not None else None
    if model is None:
        return None
    active = await store.models.active(run.guild_id)
    replaces = model.metadata.get("replaces")
    return Outcome(
        model=model,
        replaces=replaces if isinstance(replaces, int) else None,
        in_use=active is not None and active.id == model.id,
        comparison=Comparison.of(model.metadata),
    )
