"""What the names are like: new, different, ended by themselves; and whether their origin is told."""

from itertools import groupby

import numpy as np

from benchmarks.runs import Trainings
from benchmarks.tables import show
from model import Corpus, Generator
from model.sampling import Choice, Written, write

_COUNT = 1000


def run(trainings: Trainings) -> None:
    """Print the shares for the default model, and how often it tells the category of held-out names."""
    generator = trainings.run().generator
    rows = [[category, *_shares(generator, category)] for category in generator.categories]
    means = [sum(column) / len(rows) for column in list(zip(*rows, strict=True))[1:]]
    show(
        f"Shares of {_COUNT} names of each category at temperature 1, by the default model",
        ["", "drawn: new", "different", "end by 20 letters", "a letter 4 times", "sample: new", "different"],
        [[name, *(f"{share:.1%}" for share in shares)] for name, *shares in (*rows, ["mean", *means])],
    )
    _show_origins(generator, trainings.corpus.split(generator.card.seed)[1])


def _shares(generator: Generator, category: str) -> list[float]:
    """Of names as they are drawn, and as `sample` gives them, which draws again what came before."""
    written = _written(generator, category)
    texts = generator.encoding.texts(written.symbols)
    given = generator.sample(category, count=_COUNT, temperature=1.0, seed=0)
    counts = [
        sum(not generator.is_known(text) for text in texts),
        len(set(texts)),
        int(written.ended.sum()),
        sum(_longest_run(text) > 3 for text in texts),
        sum(name.novel for name in given),
        len({name.text for name in given}),
    ]
    return [count / _COUNT for count in counts]


def _written(generator: Generator, category: str) -> Written:
    """What `sample` draws before it sorts out repeats."""
    weights = generator._weights(category)
    plan = generator._plan(weights, None, 20)
    allowed = generator.encoding.allowed(generator._beginnings(weights, None, "", 1, 20))
    uniforms = np.random.default_rng(0).random((21, _COUNT))
    return write(plan, Choice(temperature=1.0), allowed.repeat(_COUNT, 1), uniforms)


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
