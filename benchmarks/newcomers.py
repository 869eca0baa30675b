"""A category that comes later: starting from a model against training anew."""

from benchmarks.runs import Trainings, trained
from benchmarks.tables import show
from model import Corpus

_DATA = "data/names"
_NAMES = 200


def run(_: Trainings) -> None:
    """Leave a middling category of the bundled names out, add 200 of its names to a model, and compare.

    The newcomer is measured on its other names, which no training sees, the others on their held-out ones.
    """
    corpus = Corpus.read(_DATA)
    newcomer = min(corpus.names, key=lambda category: abs(len(corpus.names[category]) - _NAMES * 2))
    others = {category: each for category, each in corpus.names.items() if category != newcomer}
    before = Corpus.of(others, corpus.normalisation)
    after = Corpus.of({**others, newcomer: corpus.names[newcomer][:_NAMES]}, corpus.normalisation)
    unseen = Corpus.of({newcomer: corpus.names[newcomer][_NAMES:]}, corpus.normalisation)
    base = trained(before, None, "default").generator
    anew = trained(after, None, "default")
    further = trained(after, None, "default", start=base)
    measured = [unseen, before.split(base.card.seed)[1]]
    nats = [[run.generator.evaluate(names).letters for names in measured] for run in (anew, further)]
    rows = [
        ["trained anew", f"{anew.seconds:.1f}", *(f"{one:.3f}" for one in nats[0])],
        ["from the model without them", f"{further.seconds:.1f}", *(f"{one:.3f}" for one in nats[1])],
        [
            "share of the time; nats more",
            f"{further.seconds / anew.seconds:.1%}",
            *(f"{mine - full:+.3f}" for full, mine in zip(*nats, strict=True)),
        ],
    ]
    show(f"{_DATA}: {_NAMES} names of {newcomer} come later", ["", "seconds", newcomer, "the others"], rows)
