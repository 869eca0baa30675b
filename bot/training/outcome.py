"""What a finished run has changed: figures, names from before and after, and the loss as a picture."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bot.generators import Generators, Serving
from bot.store import Model, Run, Store
from model import ModelError, plots

_LANGUAGES = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """A name in one language by the model before and the one after, with the same seed."""

    language: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run that came to a model has changed. Losses are nats a letter on held-out names."""

    before: float | None
    after: float
    samples: Sequence[Sample]
    picture: bytes


async def outcome_of(run: Run, store: Store, generators: Generators) -> Outcome | None:
    """The outcome of a run that came to a model, None for any other."""
    model = await store.models.get(run.model_id) if run.model_id is not None else None
    if model is None or model.held_out_loss is None:
        return None
    replaced = await _replaced(model, store)
    after = await generators.load(model.id)
    before = await generators.load(replaced.id) if replaced else None
    samples = await generators.run(lambda: _samples(before, after, run.seed))
    curve = after.generator.card.curve
    picture = await generators.run(lambda: plots.loss_curve(curve, "Loss while training"))
    return Outcome(replaced.held_out_loss if replaced else None, model.held_out_loss, samples, picture)


async def _replaced(model: Model, store: Store) -> Model | None:
    replaced = model.metadata.get("replaces")
    return await store.models.get(replaced) if isinstance(replaced, int) else None


def _samples(before: Serving | None, after: Serving, seed: int) -> list[Sample]:
    """A name in a few languages by each, with the same seed."""
    categories = after.generator.categories
    chosen = random.Random(seed).sample(categories, min(_LANGUAGES, len(categories)))
    return [
        Sample(
            category, _name(before, category, seed) if before else None, _name(after, category, seed) or ""
        )
        for category in sorted(chosen)
    ]


def _name(serving: Serving, category: str, seed: int) -> str | None:
    try:
        return serving.generator.sample(category, count=1, novel="prefer", seed=seed)[0].text
    except ModelError:
        return None  # the model before may not know the category
