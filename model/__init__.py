"""The generator: learns names by category and invents new ones, letter by letter."""

from model.corpus import Corpus
from model.drawing import Name
from model.errors import (
    CheckpointError,
    CorpusError,
    ImpossibleOption,
    ModelError,
    UnknownCategory,
    UnusableLetter,
)
from model.generator import Generator, Near
from model.scoring import Evaluation
from model.training import Progress, train

__all__ = [
    "CheckpointError",
    "Corpus",
    "CorpusError",
    "Evaluation",
    "Generator",
    "ImpossibleOption",
    "ModelError",
    "Name",
    "Near",
    "Progress",
    "UnknownCategory",
    "UnusableLetter",
    "train",
]
