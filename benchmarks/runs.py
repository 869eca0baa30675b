"""Trainings in a process of their own, so that each one's memory is its own."""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from benchmarks import machine
from benchmarks.tables import note
from model import Corpus, Generator, Progress, train
from model.networks import AnyConfig
from model.recipes import Recipe


@dataclass(frozen=True)
class Run:
    """A trained model and what it cost.

    Seconds are the processor's: on one thread the same as the clock's, but that a busy machine doesn't
    lengthen them by waiting. Memory is the peak, without Python's and torch's own.
    """

    content: bytes
    seconds: float
    mebibytes: float
    told: tuple[tuple[float, float], ...]
    """(seconds, nats a letter on held-out names) each time that it was measured."""

    @property
    def generator(self) -> Generator:
        return Generator.from_bytes(self.content)

    def seconds_until(self, nats: float) -> float:
        """When it was first told to be as good as that."""
        return next((seconds for seconds, loss in self.told if loss <= nats), self.seconds)


@dataclass
class Trainings:
    """Trainings on one corpus; no section repeats what another has trained."""

    corpus: Corpus
    _done: dict[tuple[str | AnyConfig | None, str | Recipe, int], Run] = field(default_factory=dict)

    def run(
        self, network: str | AnyConfig | None = None, recipe: str | Recipe = "default", seed: int = 0
    ) -> Run:
        """As `trained`, or what was trained so before."""
        key = network, recipe, seed
        if key not in self._done:
            self._done[key] = trained(self.corpus, network, recipe, seed)
        return self._done[key]


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
        content = start.to_bytes() if start else None
        run = pool.submit(_train, corpus, network, recipe, seed, content).result()
    what = network or recipe
    note(f"{what if isinstance(what, str) else 'a variant'}, seed {seed}: {run.seconds:.0f} s")
    return run


def _train(
    corpus: Corpus, network: str | AnyConfig | None, recipe: str | Recipe, seed: int, start: bytes | None
) -> Run:
    before = machine.peak_memory()
    known = Generator.from_bytes(start) if start else None
    began = time.process_time()
    told: list[tuple[float, float]] = []
    generator = train(corpus, network, recipe, seed=seed, start=known, on_progress=_listener(told, began))
    return Run(
        generator.to_bytes(),
        time.process_time() - began,
        machine.peak_memory() - before,
        tuple(told),
    )


def _listener(told: list[tuple[float, float]], began: float) -> Callable[[Progress], None]:
    def listen(progress: Progress) -> None:
        if progress.validation_loss is not None:
            told.append((time.process_time() - began, progress.validation_loss))

    return listen
