"""How quickly names are written: in bulk, and three for a reply."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from benchmarks.runs import Trainings
from benchmarks.tables import show
from model import Generator

_LONGEST = 20


def run(trainings: Trainings) -> None:
    """Print names a second and the time of a reply, on one thread."""
    torch.set_num_threads(1)
    corpus = trainings.corpus
    category = max(corpus.names, key=lambda name: len(corpus.names[name]))
    tutorial = trainings.run(recipe="tutorial").generator
    letters = [initial for initial in tutorial.initials(category) if len(initial.encode()) == 1]
    one_by_one = len(letters) / _best(partial(_as_the_tutorial, tutorial, category, letters))
    rows = [["the tutorial's program: one at a time, greedy", f"{one_by_one:,.0f}", "1 ×", ""]]
    for recipe in ("quick", "default", "best"):
        sample = partial(trainings.run(recipe=recipe).generator.sample, category)
        thousand = 1000 / _best(partial(sample, count=1000, temperature=1.0, seed=0))
        reply = statistics.median(_times(partial(sample, letters=letters[0] * 3, novel="prefer"), 60))
        ratio = f"{thousand / one_by_one:.1f} ×"
        rows.append([f"{recipe}: a thousand at a time", f"{thousand:,.0f}", ratio, f"{reply * 1e3:.1f}"])
    show(f"Names of {category} a second, one core", ["", "names/s", "ratio", "three names, ms"], rows)


def _as_the_tutorial(generator: Generator, category: str, letters: Sequence[str]) -> None:
    """A name for each letter."""
    for letter in letters:
        _greedy(generator, category, letter)


def _greedy(generator: Generator, category: str, letter: str) -> str:
    """Its `sample`: from a given first letter always the likeliest, up to 20 letters."""
    network, encoding = generator.network, generator.encoding
    text = letter
    with torch.no_grad():
        state = network.start(np.array([encoding.categories.index(category)]))
        while len(text) < _LONGEST:
            log_probs, state = network.step(np.array([encoding.alphabet.index(text[-1])]), state)
            symbol = int(log_probs.argmax())
            if symbol == encoding.boundary:
                break
            text += encoding.alphabet[symbol]
    return text


def _best(call: Callable[[], object]) -> float:
    return min(_times(call, 12))


def _times(call: Callable[[], object], repeats: int) -> list[float]:
    call()
    times = []
    for _ in range(repeats):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return times
