"""The card of a model: all that one must know to use its weights, kept beside them in the file."""

from pydantic import BaseModel, ConfigDict

from model.networks import AnyConfig
from model.recipes import Recipe
from model.scoring import Evaluation
from model.text import Normalisation

FORMAT_VERSION = 1


class CurvePoint(BaseModel):
    """A point of the loss curve, in nats a letter; validation is None where it wasn't measured."""

    model_config = ConfigDict(frozen=True)

    step: int
    train: float
    validation: float | None = None


class Card(BaseModel):
    """What a model is: sizes, alphabet, the names it learned, and how well it did."""

    model_config = ConfigDict(frozen=True)

    format_version: int = FORMAT_VERSION
    recipe: Recipe
    """How it was taught, and what: the network's sizes."""
    alphabet: str
    names: dict[str, tuple[str, ...]]
    """Category -> its names, in the categories' order: tells new names from known ones."""
    normalisation: Normalisation
    curve: tuple[CurvePoint, ...]
    held_out: Evaluation
    """Measured on names held out of training."""
    seed: int
    seconds: float
    """How long training took."""

    @property
    def network(self) -> AnyConfig:
        """The network's sizes."""
        return self.recipe.network

    @property
    def categories(self) -> list[str]:
        return list(self.names)

    @property
    def counts(self) -> dict[str, int]:
        """Category -> how many names it learned."""
        return {category: len(names) for category, names in self.names.items()}
