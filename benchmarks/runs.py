"""Trainings in a process of their own, so that each one's memory is its own."""

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from model import Corpus, Generator, train
from model.networks import AnyConfig
from model.recipes import Recipe


@dataclass(frozen=True)
class Run:
    """A trained model and what it cost; memory is the peak without Python's and torch's own."""

    content: bytes
    seconds: float
    mebibytes: float

    @property
    def generator(self) -> Generator:
        return Generator.from_bytes(self.content)


def trained(corpus: Corpus, network: str | AnyConfig | None, recipe: str | Recipe, seed: int = 0) -> Run:
    """Train on one thread in a fresh process."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_train, corpus, network, recipe, seed).result()


def _train(corpus: Corpus, network: str | AnyConfig | None, recipe: str | Recipe, seed: int) -> Run:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    generator = train(corpus, network, recipe, seed=seed)
    return Run(
        generator.to_bytes(),
        time.perf_counter() - began,
        (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    )
