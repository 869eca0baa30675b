"""A new model beside the one before it: the same held-out names, and names from the same seed."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Self

from pydantic import BaseModel, ConfigDict

from model import Corpus, Generator, ModelError

_NAMES = 5  # of each model in each category that is shown


class Written(BaseModel):
    """A name that a model wrote, and whether it is in no list that the model learned."""

    model_config = ConfigDict(frozen=True)

    text: str
    novel: bool


class Comparison(BaseModel):
    """What a training has changed.

    `before` and `after` are nats a letter on the names held out of the training, by category: of those
    that both models know, names that both can spell. `samples` are what each writes in some categories
    from the same seed: nothing where the model before doesn't know the category.
    """

    model_config = ConfigDict(frozen=True)

    before: Mapping[str, float]
    after: Mapping[str, float]
    samples: Mapping[str, tuple[Sequence[Written], Sequence[Written]]]

    @property
    def means(self) -> tuple[float, float] | None:
        """The loss before and after, as mean over the categories that both know, if there are any."""
        if not self.before:
            return None
        return fmean(self.before.values()), fmean(self.after.values())

    def is_worse_by(self, margin: float) -> bool:
        """Whether the model after does worse by more than this."""
        return self.means is not None and self.means[1] > self.means[0] + margin

    @classmethod
    def of(cls, metadata: Mapping[str, object]) -> Self | None:
        """What a model's metadata say, if they do: models of older versions have none."""
        kept = metadata.get("comparison")
        return cls.model_validate(kept) if kept else None


def compare(
    before: Generator | None, after: Generator, corpus: Corpus, seed: int, shown: Sequence[str]
) -> Comparison:
    """Measure both on what the seed holds out of the corpus, and have each write names."""
    held_out = _of_both(before, after, corpus.split(seed)[1]) if before else None
    return Comparison(
        before=before.evaluate(held_out).categories if before and held_out else {},
        after=after.evaluate(held_out).categories if held_out else {},
        samples={
            category: (_written(before, category, seed) if before else (), _written(after, category, seed))
            for category in shown
            if category in after.categories
        },
    )


def _of_both(before: Generator, after: Generator, held_out: Corpus) -> Corpus | None:
    """The held-out names in categories and letters that both know."""
    letters = set(before.alphabet) & set(after.alphabet)
    names = {
        category: spelled
        for category in after.categories
        if category in before.categories
        and (spelled := tuple(name for name in held_out.names[category] if letters.issuperset(name)))
    }
    return Corpus(names, held_out.normalisation) if names else None


def _written(generator: Generator, category: str, seed: int) -> Sequence[Written]:
    try:
        names = generator.sample(category, count=_NAMES, novel=False, seed=seed)
    except ModelError:
        return ()  # the model before may not know the category
    return [Written(text=name.text, novel=name.novel) for name in names]
