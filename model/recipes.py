"""Recipes: which network is taught where none is asked for, and how."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

from pydantic import Field

from model.errors import ImpossibleOption
from model.networks import (
    AnyConfig,
    EnsembleConfig,
    GruConfig,
    LstmConfig,
    NgramConfig,
    RnnConfig,
    TutorialConfig,
)

# Beside a network, counts do best that hold to what they saw; alone, they must expect more that is new.
_SURE_COUNTS = NgramConfig(order=5, discount=0.5, strength=0.2)
_WARY_COUNTS = NgramConfig(order=6, discount=0.75, strength=1.0)

NetworkName = Literal["ensemble", "gru", "lstm", "rnn", "ngram", "tutorial"]
RecipeName = Literal["quick", "default", "best", "tutorial"]

NETWORKS: dict[NetworkName, AnyConfig] = {
    "ensemble": EnsembleConfig(members=(GruConfig(dropout=0.4), _SURE_COUNTS)),
    "gru": GruConfig(),
    "lstm": LstmConfig(),
    "rnn": RnnConfig(),
    "ngram": NgramConfig(),
    "tutorial": TutorialConfig(),
}


@dataclass(frozen=True)
class Batched:
    """Batches of names of one length, AdamW under a one-cycle schedule, the best epoch kept.

    Source of the optimiser: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019);
    of the schedule: Smith and Topin, "Super-Convergence" (2018).
    """

    network: AnyConfig = NETWORKS["ensemble"]
    epochs: int | None = None
    """How often every name is shown; where not given, as often as `names` has room for, 2 to 40 times."""
    names: int = 240_000
    """How many names are shown in all: a large corpus takes no longer than this."""
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    warm_up: float = 0.2
    """Share of the training in which the learning rate rises."""
    clip: float = 1.0
    """Longest gradient: longer ones are scaled down to it."""
    exponent: float = 1.0
    """A category of n names is shown as often as one has n ** exponent: below 1 favours small ones."""

    rehearsal: float = 1.0
    """The share of its showings that is left to a name which the model to start from knows."""

    method: Literal["batched"] = "batched"

    def showings_for(self, names: int) -> int:
        """How often each of so many names is shown, if nothing is known of it."""
        return self.epochs or min(max(self.names // names, 2), 40)

    def epochs_for(self, names: int) -> int:
        """How many epochs there are: in one, a name that is known is shown about once."""
        return max(1, round(self.showings_for(names) * self.rehearsal))

    def further(self) -> Self:
        """For a network that knows some of the names: those that are new are shown as often as ever.

        An eighth of the showings of those that it knows keeps it from forgetting them. Source: Robins,
        "Catastrophic Forgetting, Rehearsal and Pseudorehearsal" (1995).
        At half the learning rate less is forgotten, and as much learned: quick came 0.01 nats further on
        what it knew and 0.02 on 209 new names, default 0.004 further and 0.005 less far.
        """
        return replace(self, rehearsal=1 / 8, learning_rate=self.learning_rate / 2)


@dataclass(frozen=True)
class OneByOne:
    """The tutorial's own: a random name of a random category at a time, plain gradient descent.

    The loss is summed over the letters; progress is told every `report` steps, and the mean loss of
    every `average` steps is kept for the curve.
    """

    network: AnyConfig = NETWORKS["tutorial"]
    steps: int = 100_000
    learning_rate: float = 0.0005
    report: int = 5_000
    average: int = 500
    method: Literal["one by one"] = "one by one"


Recipe = Annotated[Batched | OneByOne, Field(discriminator="method")]

RECIPES: dict[RecipeName, Recipe] = {
    "quick": Batched(
        EnsembleConfig(members=(GruConfig(hidden=128), _SURE_COUNTS)),
        names=80_000,
        batch=64,
        learning_rate=8e-3,
    ),
    "default": Batched(),
    "best": Batched(
        EnsembleConfig(
            members=(
                GruConfig(hidden=512, dropout=0.5),
                GruConfig(hidden=384, dropout=0.45),
                LstmConfig(hidden=512, dropout=0.55),
                LstmConfig(hidden=320, dropout=0.45),
                LstmConfig(hidden=256, dropout=0.4),
                _SURE_COUNTS,
                _WARY_COUNTS,
            )
        )
    ),
    "tutorial": OneByOne(),
}


def recipe_named(name: str) -> Recipe:
    """The recipe of that name; ImpossibleOption names those that there are."""
    for known, recipe in RECIPES.items():
        if known == name:
            return recipe
    raise ImpossibleOption(
        "There is no recipe {name}: choose {known}.", name=repr(name), known=" or ".join(RECIPES)
    )


def network_named(name: str) -> AnyConfig:
    """The usual configuration of that network; ImpossibleOption names those that there are."""
    for known, config in NETWORKS.items():
        if known == name:
            return config
    raise ImpossibleOption(
        "There is no network {name}: choose {known}.", name=repr(name), known=" or ".join(NETWORKS)
    )
