"""A category that comes later: starting from a model against training anew."""

from benchmarks.runs import trained
from benchmarks.tables import show
from model import Corpus, Evaluation

_NAMES = 200


def run(corpus: Corpus) -> None:
    """Leave a middling category out, add 200 of its names to a trained model, and compare."""
    newcomer = min(corpus.names, key=lambda category: abs(len(corpus.names[category]) - _NAMES * 2))
    names = {category: each for category, each in corpus.names.items() if category != newcomer}
    before = Corpus.of(names, corpus.normalisation)
    after = Corpus.of({**names, newcomer: corpus.names[newcomer][:_NAMES]}, corpus.normalisation)
    base = trained(before, None, "default").generator
    anew = trained(after, None, "default")
    went_on = trained(after, None, "default", start=base)
    show(
        f"{_NAMES} names of {newcomer} come later",
        ["", "seconds", f"{newcomer}, letters", "the others, letters"],
        [
            [name, f"{run.seconds:.1f}", *_both(run.generator.card.held_out, newcomer)]
            for name, run in (("trained anew", anew), ("from the model without them", went_on))
        ],
    )


def _both(held_out: Evaluation, newcomer: str) -> list[str]:
    others = [nats for category, nats in held_out.categories.items() if category != newcomer]
    return [f"{held_out.categories[newcomer]:.3f}", f"{sum(others) / len(others):.3f}"]
