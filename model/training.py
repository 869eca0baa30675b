"""The training loop: a corpus and a recipe make a generator, with progress told to a callback."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from model.card import Card, CurvePoint
from model.corpus import Corpus
from model.encoding import IGNORED, Batch, Encoding, Row
from model.errors import ImpossibleOption
from model.generator import Generator
from model.networks import AnyConfig, Network, build
from model.recipes import Batched, OneByOne, Recipe, network_named, recipe_named
from model.scoring import evaluate, target_log_probs


@dataclass(frozen=True)
class Progress:
    """Where a training is. Losses are nats a letter, the first given, the end counted; times are seconds.

    `validation_loss` is None but at the end of an epoch, `last_losses` holds the newest known of both.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    train_loss: float
    validation_loss: float | None
    elapsed: float
    remaining: float
    curve: tuple[CurvePoint, ...] = field(repr=False)
    """The curve so far, for a plot while it runs."""

    def tutorial_line(self) -> str:
        """As the tutorial prints it: `0m 20s (5000 5%) 2.4604`."""
        minutes, seconds = divmod(int(self.elapsed), 60)
        return f"{minutes}m {seconds}s ({self.step} {100 * self.step // self.steps}%) {self.train_loss:.4f}"


OnProgress = Callable[[Progress], object]
"""Called after every step or few. Return False to stop and keep the best so far; raise to abandon."""


def train(
    corpus: Corpus,
    network: str | AnyConfig | None = None,
    recipe: str | Recipe = "default",
    *,
    seed: int = 0,
    threads: int | None = None,
    device: str = "auto",
    on_progress: OnProgress | None = None,
) -> Generator:
    """Teach a network the corpus's names; a tenth of them is held out to measure it and choose the best.

    Args:
        network: "gru" (if not given) or "tutorial", or a configuration with sizes of your own.
        recipe: "default" or "tutorial" (which takes the tutorial's network where none is given), or
            a `Batched` or `OneByOne` of your own.
        seed: the same seed on the same machine and number of threads gives the same weights.
        threads: processor threads while training; torch's own choice where not given.
        device: "cpu", "cuda", or "auto" for cuda where there is one.

    Raises:
        ImpossibleOption: for a network, recipe or device that there isn't.
    """
    chosen = recipe_named(recipe) if isinstance(recipe, str) else recipe
    if network is None:
        network = "tutorial" if isinstance(chosen, OneByOne) else "gru"
    config = network_named(network) if isinstance(network, str) else network
    with _repeatable(seed, threads):
        return _Training(corpus, config, chosen, seed, _device(device), on_progress).run()


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda") or (name == "cuda" and not torch.cuda.is_available()):
        raise ImpossibleOption(f"There is no device {name!r} here: choose auto or cpu.")
    return torch.device(name)


@contextmanager
def _repeatable(seed: int, threads: int | None) -> Iterator[None]:
    """Seed torch and set its threads, and leave both as they were."""
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        torch.set_num_threads(threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)


class _Stopped(Exception):
    """The callback asked to stop and keep the best so far."""


class _Training:
    """One run: what it has seen so far, and the best weights."""

    def __init__(
        self,
        corpus: Corpus,
        config: AnyConfig,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        on_progress: OnProgress | None,
    ) -> None:
        self.corpus, self.config, self.recipe, self.seed = corpus, config, recipe, seed
        self.encoding = Encoding(tuple(corpus.categories), corpus.alphabet)
        training, held_out = corpus.split(seed)
        self.rows = self.encoding.rows(training.pairs())
        self.held_out = self.encoding.rows(held_out.pairs())
        self.device = device
        self.network = build(config, len(corpus.categories), self.encoding.symbols).to(device)
        self.random = random.Random(seed)
        self.on_progress = on_progress
        self.curve: list[CurvePoint] = []
        self.best: dict[str, Tensor] = {}
        self.best_loss = float("inf")
        self.started = time.monotonic()

    def run(self) -> Generator:
        try:
            match self.recipe:
                case Batched():
                    self._learn_batched(self.recipe)
                case OneByOne():
                    self._learn_one_by_one(self.recipe)
        except _Stopped:
            self._validate()
        self.network.load_state_dict(self.best)
        self.network.cpu()
        card = Card.of(
            self.corpus,
            self.config,
            curve=tuple(self.curve),
            held_out=evaluate(self.network, self.encoding, self.held_out),
            seed=self.seed,
            seconds=time.monotonic() - self.started,
        )
        return Generator(self.network, card)

    def _learn_batched(self, recipe: Batched) -> None:
        epochs = recipe.epochs
        size = min(recipe.batch, max(1, len(self.rows) // 8))  # a small corpus still takes many steps
        per_epoch = -(-len(self.rows) // size)
        optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            recipe.learning_rate,
            total_steps=epochs * per_epoch + 1,
            pct_start=recipe.warm_up,
            cycle_momentum=False,
        )
        step = 0
        for epoch in range(1, epochs + 1):
            total = 0.0
            for number, batch in enumerate(self._batches(size), 1):
                nats = self._nats(batch)
                optimiser.zero_grad()
                (nats.sum() / (batch.targets != IGNORED).sum()).backward()
                nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
                optimiser.step()
                schedule.step()
                total += self._mean(nats, batch.targets)
                step += 1
                validation = None
                if number == per_epoch:
                    validation = self._validate()
                    self.curve.append(CurvePoint(step=step, train=total / number, validation=validation))
                self._tell(epoch, epochs, step, epochs * per_epoch, total / number, validation)

    def _batches(self, size: int) -> Iterator[Batch]:
        """Every name once, in random batches whose names are of like length, so that little is padding."""
        rows = self.rows.copy()
        self.random.shuffle(rows)
        pool = 16 * size
        parts: list[Sequence[Row]] = []
        for start in range(0, len(rows), pool):
            like = sorted(rows[start : start + pool], key=lambda row: len(row.letters))
            parts += [like[first : first + size] for first in range(0, len(like), size)]
        self.random.shuffle(parts)
        return (self.encoding.batch(part, has_start=self.network.has_start) for part in parts)

    def _nats(self, batch: Batch) -> Tensor:
        """What each letter and end of the batch costs, (B, T), 0 where there is none."""
        categories, inputs, targets = (tensor.to(self.device) for tensor in batch)
        return -target_log_probs(self.network(categories, inputs), targets)

    def _mean(self, nats: Tensor, targets: Tensor) -> float:
        """The mean to show: first letters don't count."""
        first = int(self.network.has_start)
        return float(nats.detach()[:, first:].sum()) / int((targets[:, first:] != IGNORED).sum())

    def _learn_one_by_one(self, recipe: OneByOne) -> None:
        optimiser = torch.optim.SGD(self.network.parameters(), recipe.learning_rate)
        by_category = [
            [row for row in self.rows if row.category == number]
            for number in range(len(self.encoding.categories))
        ]
        recent: list[float] = []
        for step in range(1, recipe.steps + 1):
            row = self.random.choice(self.random.choice(by_category))
            batch = self.encoding.batch([row], has_start=self.network.has_start)
            nats = self._nats(batch)
            optimiser.zero_grad()
            nats.sum().backward()
            optimiser.step()
            loss = self._mean(nats, batch.targets)
            recent.append(loss)
            if step % recipe.average == 0:
                self.curve.append(CurvePoint(step=step, train=sum(recent) / len(recent), validation=None))
                recent.clear()
            if step % recipe.report == 0 or step == recipe.steps:
                validation = self._validate() if step == recipe.steps else None
                self._tell(1, 1, step, recipe.steps, loss, validation)

    def _validate(self) -> float:
        """Measure on the held-out names, and keep these weights if they are the best yet."""
        loss = evaluate(self.network, self.encoding, self.held_out).letters
        if loss < self.best_loss or not self.best:
            self.best_loss = loss
            self.best = deepcopy(self.network.state_dict())
        return loss

    def _tell(
        self, epoch: int, epochs: int, step: int, steps: int, train: float, validation: float | None
    ) -> None:
        if self.on_progress is None:
            return
        elapsed = time.monotonic() - self.started
        remaining = elapsed / step * (steps - step)
        progress = Progress(
            epoch, epochs, step, steps, train, validation, elapsed, remaining, tuple(self.curve)
        )
        if self.on_progress(progress) is False:
            raise _Stopped
