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
    """A trained model and what it cost.

    Seconds are the processor's: on one thread the same as the clock's, but that a busy machine doesn't
    lengthen them. Memory is the peak, without Python's and torch's own.
    """

    content: bytes
    seconds: float
    mebibytes: float

    @property
    def generator(self) -> Generator:
        return Generator.from_bytes(self.content)


def trained(
    corpus: Corpus,
    network: str | AnyConfig | None,
    recipe: str | Recipe,
    seed: int = 0,
    start: Generator | None = None,
) -> Run:
    """Train on one thread in a fresh process."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(
            _train, corpus, network, recipe, seed, start.to_bytes() if start else None
        ).result()


def _train(
    corpus: Corpus, network: str | AnyConfig | None, recipe: str | Recipe, seed: int, start: bytes | None
) -> Run:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    known = Generator.from_bytes(start) if start else None
    generator = train(corpus, network, recipe, seed=seed, start=known)
    return Run(
        generator.to_bytes(),
        time.process_time() - began,
        (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    )
