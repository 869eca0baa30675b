"""How well a network expects names: negative log-likelihood, in nats a letter.

The measure is that of the whole project: a name's first letter is given, its end counts as a letter.
"""

from collections.abc import Sequence

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from model.encoding import Batch, Encoding


class Evaluation(BaseModel):
    """Nats a letter: for each category, the mean over all letters, and the mean over categories."""

    model_config = ConfigDict(frozen=True)

    categories: dict[str, float]
    letters: float
    languages: float
    names: int


def summary(encoding: Encoding, names: Sequence[Batch], scores: Sequence[Tensor]) -> Evaluation:
    """What scored names, (B, letters + 1) for each batch, come to."""
    nats = torch.zeros(len(encoding.categories), dtype=torch.float64)
    letters = torch.zeros_like(nats)
    for batch, log_probs in zip(names, scores, strict=True):
        given_first = -log_probs[:, 1:].double()
        nats.index_add_(0, batch.categories, given_first.sum(1))
        letters.index_add_(0, batch.categories, torch.full_like(given_first, 1).sum(1))
    measured = letters > 0
    means = (nats / letters)[measured].tolist()
    categories = [
        category for category, has in zip(encoding.categories, measured.tolist(), strict=True) if has
    ]
    return Evaluation(
        categories=dict(zip(categories, means, strict=True)),
        letters=float(nats.sum() / letters.sum()),
        languages=sum(means) / len(means),
        names=sum(map(len, names)),
    )
