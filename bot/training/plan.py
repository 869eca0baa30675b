"""What a training is asked to do, and what it may take."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self, cast

from pydantic import BaseModel, ConfigDict

from bot.store import Run
from model.recipes import Batched, NetworkName, RecipeName, recipe_named

ITS_OWN = "default"
"""Stands for the recipe's own network."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one may choose about a training.

    Without a network it keeps the current model's, or, where it is fresh, takes the recipe's own. A
    network of one's choice always begins fresh. Without categories it learns all of them.
    """

    network: NetworkName | None = None
    recipe: RecipeName = "default"
    fresh: bool = False
    categories: tuple[str, ...] = ()


AS_USUAL = Wish()
"""From the current model, by the default recipe, all categories."""


class TrainingLimits(BaseModel):
    """What the host lets a training take, and how many models of a server are kept."""

    model_config = ConfigDict(frozen=True)

    memory_mib: int = 2048
    """Resident memory of the process that trains."""
    minutes: int = 60
    models: int = 5
    """A server's newest, and beside them the one in use."""
    save_every: float = 30.0
    """Seconds between two states saved to go on from; the next end of an epoch saves one.

    By the recipe best a state has 60 MB, and others who write wait while it goes to the disk: 0.3 s were
    seen, and 1.3 s on a busy machine.
    """


class Plan(BaseModel):
    """How a run is to be done: what its `options` hold, beside network, recipe and seed."""

    model_config = ConfigDict(frozen=True)

    start_from: int | None = None
    """The model that it starts from; None for a fresh training."""
    names: int = 0
    categories: int = 0
    chosen: tuple[str, ...] = ()
    """The categories that were chosen; nothing means all."""
    shown: tuple[str, ...] = ()
    """The categories in which names are shown while it learns."""
    limits: TrainingLimits = TrainingLimits()

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls.model_validate(run.options)

    def wish(self, run: Run) -> Wish:
        """What would have to be wished for to do the same again."""
        fresh = self.start_from is None
        network = run.network if fresh and run.network != ITS_OWN else None
        return Wish(cast("NetworkName | None", network), cast("RecipeName", run.recipe), fresh, self.chosen)


def seconds_for(run: Run, past: Iterable[Run]) -> float | None:
    """How long a run will take, by the past ones of its kind; None where there is none."""
    return estimate(run.network, run.recipe, Plan.of(run), past)


def estimate(network: str, recipe: str, plan: Plan, past: Iterable[Run]) -> float | None:
    """As `seconds_for`, of a run that there isn't yet."""
    paces = [
        (run.finished_at - run.started_at).total_seconds() / _work(recipe, known)
        for run in past
        if run.started_at
        and run.finished_at
        and (run.network, run.recipe) == (network, recipe)
        and ((known := Plan.of(run)).start_from is None) == (plan.start_from is None)
    ]
    return median(paces) * _work(recipe, plan) if paces else None


def _work(recipe: str, plan: Plan) -> int:
    """How many names are shown to the network in all."""
    how = recipe_named(recipe)
    if not isinstance(how, Batched):
        return how.steps
    if plan.start_from is not None:
        how = how.further()
    return how.epochs_for(plan.names) * max(plan.names, 1)
