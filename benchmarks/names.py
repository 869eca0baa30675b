"""What the names are like: new, different, ended by themselves; and whether their origin is told."""

from itertools import groupby

import numpy as np
import torch

from benchmarks.runs import trained
from benchmarks.tables import show
from model import Corpus, Generator
from model.sampling import Choice, Written, write

_COUNT = 1000


def run(corpus: Corpus) -> None:
    """Print the shares for the default model, and how often it tells the category of held-out names."""
    generator = trained(corpus, None, "default").generator
    rows = [_row(generator, category) for category in corpus.categories if len(corpus.names[category]) >= 300]
    show(
        f"Of {_COUNT} names drawn at temperature 1, none drawn again (default model)",
        ["", "new", "different", "end by 20 letters", "a letter 4 times"],
        rows,
    )
    _show_origins(generator, corpus.split(generator.card.seed)[1])


def _row(generator: Generator, category: str) -> list[str]:
    written = _written(generator, category)
    texts = generator.encoding.texts(written.symbols)
    return [
        category,
        _share(sum(not generator.is_known(text) for text in texts)),
        _share(len(set(texts))),
        _share(int(written.ended.sum())),
        _share(sum(_longest_run(text) > 3 for text in texts)),
    ]


def _written(generator: Generator, category: str) -> Written:
    """What `sample` draws before it sorts out repeats."""
    weights = generator._weights(category)
    plan = generator._plan(weights, None, 20)
    allowed = generator.encoding.allowed(generator._beginnings(weights, None, "", 1, 20))
    uniforms = torch.from_numpy(np.random.default_rng(0).random((21, _COUNT)))
    return write(plan, Choice(temperature=1.0), allowed.expand(-1, _COUNT, -1), uniforms)


def _share(count: int) -> str:
    return f"{count / _COUNT:.1%}"


def _longest_run(text: str) -> int:
    return max(len(list(run)) for _, run in groupby(text.casefold()))


def _show_origins(generator: Generator, held_out: Corpus) -> None:
    rows = []
    for prior in ("flat", "corpus"):
        right = {
            category: [_likeliest(generator, name, prior) == category for name in names]
            for category, names in held_out.names.items()
        }
        every = [one for each in right.values() for one in each]
        means = [sum(each) / len(each) for each in right.values()]
        rows.append([prior, f"{sum(every) / len(every):.1%}", f"{sum(means) / len(means):.1%}"])
    show("Origins of held-out names told rightly", ["prior", "of all names", "mean over categories"], rows)


def _likeliest(generator: Generator, name: str, prior: str) -> str:
    probabilities = generator.classify(name, prior="flat" if prior == "flat" else "corpus")
    return max(probabilities, key=probabilities.__getitem__)
