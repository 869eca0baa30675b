"""Small corpora and tiny networks, trained once, that the tests of model/ share."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from model import Corpus, Generator, train
from model.networks import EnsembleConfig, GruConfig, LstmConfig, NgramConfig, TutorialConfig
from model.recipes import Batched, OneByOne


def _invented(firsts: Sequence[str], middles: Sequence[str], lasts: Sequence[str], count: int) -> list[str]:
    draw = random.Random(0)
    possible = [first + middle + last for first in firsts for middle in middles for last in lasts]
    return draw.sample(possible, count)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Several threads only get into each other's way with networks this small."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """Three categories of names that follow plain rules, one with accents, one small."""
    return Corpus.of(
        {
            "Elvish": _invented(
                ("Gal", "El", "Thran", "Šil", "Ar"), ("a", "e", "i", "adri", "eni"),
                ("riel", "ndil", "dor", "nor", "mir", "ras"), 90,
            ),
            "Dwarvish": _invented(
                ("Bal", "Tho", "Du", "Gim", "Órn"), ("r", "l", "rg", "m", "ld"),
                ("in", "ur", "ek", "im", "ok"), 80,
            ),
            "Tavern": _invented(("The ",), ("Old ", "Red ", "Lame "), ("Dog", "Cat", "Ox", "Owl"), 12),
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def gru_generator(corpus: Corpus) -> Generator:
    return train(corpus, GruConfig(hidden=48), Batched(epochs=25, batch=32), seed=1)


@pytest.fixture(scope="session")
def tutorial_generator(corpus: Corpus) -> Generator:
    return train(
        corpus, TutorialConfig(hidden=32), OneByOne(steps=800, learning_rate=0.01, report=500, average=100)
    )


@pytest.fixture(scope="session")
def ensemble_generator(corpus: Corpus) -> Generator:
    config = EnsembleConfig(members=(GruConfig(hidden=24), LstmConfig(hidden=24), NgramConfig()))
    return train(corpus, config, Batched(epochs=10, batch=32), seed=2)


@pytest.fixture(params=["gru", "tutorial", "ensemble"])
def generator(request: pytest.FixtureRequest) -> Generator:
    """Each kind of network: with a start token, without, and of several members."""
    return request.getfixturevalue(f"{request.param}_generator")


@pytest.fixture(scope="session")
def checkpoint_file(gru_generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "names.safetensors"
    gru_generator.save(path)
    return path


@pytest.fixture(scope="session")
def corpus_folder(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for category, names in corpus.names.items():
        (folder / f"{category}.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return folder
