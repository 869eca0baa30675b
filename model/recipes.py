"""Recipes: how a network is taught."""

from dataclasses import dataclass

from model.errors import ImpossibleOption
from model.networks import AnyConfig, GruConfig, TutorialConfig


@dataclass(frozen=True)
class Batched:
    """Batches of names of like length, AdamW under a one-cycle schedule, the best epoch kept.

    Source of the optimiser: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019);
    of the schedule: Smith and Topin, "Super-Convergence" (2018).
    """

    epochs: int = 12
    batch: int = 96
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    warm_up: float = 0.2
    """Share of the steps in which the learning rate rises."""
    clip: float = 1.0
    """Longest gradient: longer ones are scaled down to it."""


@dataclass(frozen=True)
class OneByOne:
    """The tutorial's own: a random name of a random category at a time, plain gradient descent.

    The loss is summed over the letters; progress is told every `report` steps, and the mean loss of
    every `average` steps is kept for the curve.
    """

    steps: int = 100_000
    learning_rate: float = 0.0005
    report: int = 5_000
    average: int = 500


Recipe = Batched | OneByOne

RECIPES: dict[str, Recipe] = {"default": Batched(), "tutorial": OneByOne()}
NETWORKS: dict[str, AnyConfig] = {"gru": GruConfig(hidden=256), "tutorial": TutorialConfig()}


def recipe_named(recipe: str) -> Recipe:
    if recipe not in RECIPES:
        raise ImpossibleOption(f"There is no recipe {recipe!r}: choose {' or '.join(RECIPES)}.")
    return RECIPES[recipe]


def network_named(network: str) -> AnyConfig:
    if network not in NETWORKS:
        raise ImpossibleOption(f"There is no network {network!r}: choose {' or '.join(NETWORKS)}.")
    return NETWORKS[network]
