"""How well a network expects names: negative log-likelihood, in nats a letter.

The measure is that of the whole project: a name's first letter is given, its end counts as a letter.
"""

from collections.abc import Iterator, Sequence

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from model.encoding import IGNORED, Encoding, Row
from model.networks import Network

_ROWS = 512  # names scored at once: enough to keep the processor busy, little memory


class Evaluation(BaseModel):
    """Nats a letter: for each category, the mean over all letters, and the mean over categories."""

    model_config = ConfigDict(frozen=True)

    categories: dict[str, float]
    letters: float
    languages: float
    names: int


def target_log_probs(log_probs: Tensor, targets: Tensor) -> Tensor:
    """Of log_probs (B, T, V), those of the targets (B, T); 0 where there is none."""
    chosen = log_probs.gather(2, targets.clamp(min=0)[..., None])[..., 0]  # (B, T)
    return chosen.where(targets != IGNORED, 0.0)


def score(network: Network, encoding: Encoding, rows: Sequence[Row]) -> Iterator[tuple[Row, Tensor]]:
    """Each row with the log-probabilities of its letters and end, in nats.

    The first letter's is there only where the network has a start token. Rows come sorted by length.
    """
    ordered = sorted(rows, key=lambda row: len(row.letters))
    device = next(network.parameters()).device
    for start in range(0, len(ordered), _ROWS):
        part = ordered[start : start + _ROWS]
        categories, inputs, targets = encoding.batch(part, has_start=network.has_start)
        with torch.inference_mode():
            log_probs = network(categories.to(device), inputs.to(device)).cpu()
        chosen = target_log_probs(log_probs, targets)
        for row, line in zip(part, chosen, strict=True):
            yield row, line[: len(row.letters) + network.has_start]


def evaluate(network: Network, encoding: Encoding, rows: Sequence[Row]) -> Evaluation:
    """Measure the network on names; it is put into evaluation mode and back."""
    was_training = network.training
    network.eval()
    nats: dict[int, float] = {}
    letters: dict[int, int] = {}
    for row, log_probs in score(network, encoding, rows):
        given_first = log_probs[1:] if network.has_start else log_probs
        nats[row.category] = nats.get(row.category, 0.0) - float(given_first.sum())
        letters[row.category] = letters.get(row.category, 0) + len(given_first)
    network.train(was_training)
    means = {encoding.categories[number]: nats[number] / letters[number] for number in sorted(nats)}
    return Evaluation(
        categories=means,
        letters=sum(nats.values()) / sum(letters.values()),
        languages=sum(means.values()) / len(means),
        names=len(rows),
    )
