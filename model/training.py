"""The training loop: a corpus and a recipe make a generator, with progress told to a callback."""

import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, autograd, nn

from model.card import Card, CurvePoint
from model.corpus import Corpus
from model.encoding import Batch, Encoding
from model.errors import CorpusError, ImpossibleOption
from model.generator import Generator
from model.memory import keep_freed
from model.networks import AnyConfig, Network, build
from model.recipes import Batched, OneByOne, Recipe, network_named, recipe_named
from model.scoring import Evaluation, summary

FEWEST_NAMES = 10
"""Names that a category needs: with fewer, holding one out leaves too little to learn from."""


@dataclass(frozen=True)
class Progress:
    """Where a training is. Losses are nats a letter, the first given, the end counted; times are seconds.

    `validation_loss` is None but at the end of an epoch, and before the first step, when counts, or a model
    to start from, say much already. There is no loss on training names yet then, and no knowing how long
    it will take.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    train_loss: float | None
    validation_loss: float | None
    elapsed: float
    remaining: float | None
    curve: tuple[CurvePoint, ...] = field(repr=False)
    """The curve so far, for a plot while it runs."""
    current: Callable[[], Generator] = field(repr=False, compare=False)
    """A copy of the network as it is at this moment, to write names with. To be called in the callback."""
    so_far: Callable[[], Generator] = field(repr=False, compare=False)
    """What a stop at this moment would give, and `resume` goes on with. To be called in the callback."""

    def tutorial_line(self) -> str:
        """As the tutorial prints it: `0m 20s (5000 5%) 2.4604`."""
        minutes, seconds = divmod(int(self.elapsed), 60)
        return f"{minutes}m {seconds}s ({self.step} {100 * self.step // self.steps}%) {self.train_loss:.4f}"


Weights = dict[str, Tensor]

OnProgress = Callable[[Progress], object]
"""Called after every step or few. Return False to stop and keep the best so far; raise to abandon."""


def train(
    corpus: Corpus,
    network: str | AnyConfig | None = None,
    recipe: str | Recipe = "default",
    *,
    seed: int = 0,
    threads: int = 1,
    device: str = "auto",
    on_progress: OnProgress | None = None,
    start: Generator | None = None,
    resume: Generator | None = None,
) -> Generator:
    """Teach a network the corpus's names; a tenth of them is held out to measure it and choose the best.

    Args:
        network: "gru", "ngram" and so on, or a configuration with sizes of your own; the recipe's own
            where not given.
        recipe: "default", "best" or "tutorial", or a `Batched` or `OneByOne` of your own.
        seed: the same seed on the same machine gives the same weights; it also chooses the names that
            are held out.
        threads: processor threads while training. Two gain a tenth on a quiet machine and lose much on a
            busy one, so one is the default.
        device: "cpu", "cuda", or "auto" for cuda where there is one.
        start: a generator to start from, of another corpus: what it learned of the letters and
            categories that both have is kept, and names that it knows are shown an eighth as often as
            the others. With its seed, names that were held out of its training are held out again.
        resume: a generator whose training was stopped, to go on to its end by its own recipe and seed:
            with the same corpus it comes to the weights that it would have come to at once.

    Raises:
        CorpusError: where a category has fewer than 10 names.
        ImpossibleOption: for a network, recipe or device that there isn't, a network together with
            `start`, or a corpus that isn't what `resume` learned.
    """
    _refuse_small_categories(corpus)
    keep_freed()
    if resume:
        seed, chosen = resume.card.seed, resume.card.recipe
    else:
        chosen = _chosen(network, recipe, start)
    with _repeatable(seed, threads):
        training = _Training(corpus, chosen, seed, _device(device), on_progress)
        if start:
            training.start_from(start)
        if resume:
            training.resume(resume)
        return training.run()


def _chosen(network: str | AnyConfig | None, recipe: str | Recipe, start: Generator | None) -> Recipe:
    """The recipe, teaching the network that was asked for."""
    chosen = recipe_named(recipe) if isinstance(recipe, str) else recipe
    if start is None:
        config = network_named(network) if isinstance(network, str) else network
        return replace(chosen, network=config or chosen.network)
    if network is not None:
        raise ImpossibleOption("A training that starts from a model keeps its network: leave it out.")
    return replace(chosen.further() if isinstance(chosen, Batched) else chosen, network=start.card.network)


def _refuse_small_categories(corpus: Corpus) -> None:
    for category, names in corpus.names.items():
        if len(names) < FEWEST_NAMES:
            raise CorpusError(
                "{category} has too few names, {count}: a category needs at least {fewest} to be learned.",
                category=category,
                count=len(names),
                fewest=FEWEST_NAMES,
            )


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda") or (name == "cuda" and not torch.cuda.is_available()):
        raise ImpossibleOption("There is no device {name} here: choose auto or cpu.", name=repr(name))
    return torch.device(name)


@contextmanager
def _repeatable(seed: int, threads: int) -> Iterator[None]:
    """Seed torch and set its threads, and leave both as they were."""
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
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
        recipe: Recipe,
        seed: int,
        device: torch.device,
        on_progress: OnProgress | None,
    ) -> None:
        self.corpus, self.recipe, self.seed = corpus, recipe, seed
        self.encoding = Encoding(tuple(corpus.categories), corpus.alphabet)
        training, held_out = corpus.split(seed)
        self.names = [batch.to(device) for batch in self.encoding.batches(training.pairs())]
        self.new = [torch.ones(len(batch), dtype=torch.bool) for batch in self.names]
        self.held_out = self.encoding.batches(held_out.pairs())
        self.network = build(recipe.network, len(corpus.categories), self.encoding.symbols).to(device)
        self.on_progress = on_progress
        self.curve: list[CurvePoint] = []
        self.best: tuple[Evaluation, Weights] | None = None
        self.unfinished: Mapping[str, Tensor] | None = None
        self.step = self.first_step = 0
        self.started = time.monotonic()

    def start_from(self, known: Generator) -> None:
        """Take over what a generator knows of this corpus's letters, categories and names."""
        self.network.adopt(known.network, known.encoding.moved_to(self.encoding))
        names = {category: frozenset(each) for category, each in known.card.names.items()}
        self.new = [self._not_among(names, batch) for batch in self.names]

    def _not_among(self, known: Mapping[str, frozenset[str]], batch: Batch) -> Tensor:
        """(B,) which of the names of a batch are not among those."""
        categories = [self.encoding.categories[number] for number in batch.categories.tolist()]
        texts = self.encoding.texts(batch.symbols[:, 1:].cpu().numpy())
        pairs = zip(categories, texts, strict=True)
        return torch.tensor([text not in known.get(category, ()) for category, text in pairs])

    def resume(self, stopped: Generator) -> None:
        """Go on where a generator's training was stopped."""
        if stopped.unfinished is None:
            raise ImpossibleOption(
                "This model has nothing left to go on with: start from it to teach it more."
            )
        if stopped.card.names != self.corpus.names:
            raise ImpossibleOption(
                "A training goes on with the names it began with: start from it for others."
            )
        self.unfinished = stopped.unfinished
        self.new = list(stopped.unfinished["new"].split_with_sizes([*map(len, self.names)]))
        self.curve = list(stopped.card.curve)
        self.best = stopped.card.held_out, deepcopy(stopped.network.state_dict())
        self.step = self.first_step = self.curve[-1].step

    def run(self) -> Generator:
        self.network.count(self.names)
        with suppress(_Stopped):
            self._learn()
            self.unfinished = None
        return self._so_far()

    def _so_far(self) -> Generator:
        """The best weights yet, with what is needed to go on."""
        evaluation, weights = self.best or self._validate()
        network = deepcopy(self.network)
        network.load_state_dict(weights)
        return self._generator(network, evaluation, self.unfinished)

    def _current(self) -> Generator:
        """The weights of this moment; before the first measurement, its loss is infinite."""
        unmeasured = Evaluation(categories={}, letters=math.inf, languages=math.inf, names=0)
        return self._generator(deepcopy(self.network), self.best[0] if self.best else unmeasured, None)

    def _generator(
        self, network: Network, evaluation: Evaluation, unfinished: Mapping[str, Tensor] | None
    ) -> Generator:
        card = Card(
            recipe=self.recipe,
            alphabet=self.corpus.alphabet,
            names=dict(self.corpus.names),
            normalisation=self.corpus.normalisation,
            curve=tuple(self.curve),
            held_out=evaluation,
            seed=self.seed,
            seconds=time.monotonic() - self.started,
        )
        return Generator(network.cpu(), card, unfinished)

    def _learn(self) -> None:
        if not list(self.network.parameters()):
            self._learn_by_counting()
        elif isinstance(self.recipe, Batched):
            self._learn_batched(self.recipe)
        else:
            self._learn_one_by_one(self.recipe)

    def _learn_by_counting(self) -> None:
        """All is counted by now: one step, to be measured and told as any other."""
        training = summary(self.encoding, self.names, self.network.score(self.names)).letters
        self.step = 1
        self._tell(1, 1, 1, training, self._end_epoch(training))

    def _learn_batched(self, recipe: Batched) -> None:
        epochs = recipe.epochs_for(sum(map(len, self.names)))
        if not self.step:
            steps = epochs * len(self._batches(recipe))
            self._tell(0, epochs, steps, None, self._validate()[0].letters)
        optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
        )
        for epoch in range(self._restore(optimiser) + 1, epochs + 1):
            torch.manual_seed(self.seed + 1_000_003 * epoch)  # so that a resumed training draws the same
            batches = self._batches(recipe)
            nats = letters = 0.0
            for number, batch in enumerate(batches, 1):
                rate = _one_cycle((epoch - 1 + (number - 1) / len(batches)) / epochs, recipe)
                costs = self._descend(optimiser, batch, rate, recipe.clip)
                nats, letters = nats + float(costs.sum()), letters + costs.numel()
                self.step += 1
                validation = None
                if number == len(batches):
                    validation = self._end_epoch(nats / letters)
                    self.unfinished = self._state(optimiser, epoch)
                left = (epochs - epoch + 1) * len(batches) - number
                self._tell(epoch, epochs, self.step + left, nats / letters, validation)

    def _descend(self, optimiser: torch.optim.Optimizer, batch: Batch, rate: float, clip: float) -> Tensor:
        """One step downhill; what each letter after the first cost before it, (B, letters)."""
        for group in optimiser.param_groups:
            group["lr"] = rate
        costs = self.network.nats(batch)
        optimiser.zero_grad()
        autograd.backward(costs.mean())
        nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        optimiser.step()
        return costs.detach()[:, 1:]

    def _batches(self, recipe: Batched) -> list[Batch]:
        """The names of an epoch in random batches of one length each, in random order."""
        count = sum(map(len, self.names))
        size = min(recipe.batch, max(8, count // 8))  # a small corpus still takes many steps
        parts: list[Batch] = []
        for names, times in zip(self.names, self._showings(recipe), strict=True):
            copies = (times + torch.rand(len(names))).long()
            rows = torch.arange(len(names)).repeat_interleave(copies)
            rows = rows[torch.randperm(len(rows))]
            pieces = max(1, round(len(rows) / size))
            parts += [names.take(piece) for piece in rows.tensor_split(pieces) if len(piece)]
        return [parts[number] for number in torch.randperm(len(parts)).tolist()]

    def _showings(self, recipe: Batched) -> list[Tensor]:
        """How often an epoch shows each name, (B,) for each batch of names: once, where all are new."""
        count = sum(map(len, self.names))
        of_category = self._frequency(recipe) * recipe.showings_for(count) / recipe.epochs_for(count)
        return [
            of_category[names.categories.cpu()] * torch.where(new, 1.0, recipe.rehearsal)
            for names, new in zip(self.names, self.new, strict=True)
        ]

    def _frequency(self, recipe: Batched) -> Tensor:
        """How often an epoch shows a name of each category, (C,): once, where the exponent is 1."""
        counts = torch.tensor([len(names) for names in self.corpus.names.values()]).double()
        weights = counts ** (recipe.exponent - 1)
        return weights * counts.sum() / (weights * counts).sum()

    def _learn_one_by_one(self, recipe: OneByOne) -> None:
        optimiser = torch.optim.SGD(self.network.parameters(), recipe.learning_rate)
        by_category = self._by_category()
        draw = random.Random(self.seed)
        recent: list[float] = []
        for self.step in range(1, recipe.steps + 1):
            costs = self.network.nats(draw.choice(draw.choice(by_category)))
            optimiser.zero_grad()
            autograd.backward(costs.sum())
            optimiser.step()
            recent.append(float(costs.detach()[:, 1:].mean()))
            loss = recent[-1]
            if self.step % recipe.average == 0:
                self.curve.append(CurvePoint(step=self.step, train=sum(recent) / len(recent)))
                recent.clear()
            if self.step == recipe.steps:
                self._tell(1, 1, recipe.steps, loss, self._validate()[0].letters)
            elif self.step % recipe.report == 0:
                self._tell(1, 1, recipe.steps, loss, None)

    def _by_category(self) -> list[list[Batch]]:
        """Each category's names, each a batch of one."""
        names: list[list[Batch]] = [[] for _ in self.encoding.categories]
        for batch in self.names:
            for row, category in enumerate(batch.categories.tolist()):
                names[category].append(batch.take(slice(row, row + 1)))
        return names

    def _end_epoch(self, training_loss: float) -> float:
        if not self.curve:
            self.best = None  # what it started from is no result: it may know all but the new categories
        validation = self._validate()[0].letters
        self.curve.append(CurvePoint(step=self.step, train=training_loss, validation=validation))
        return validation

    def _validate(self) -> tuple[Evaluation, Weights]:
        """Measure on the held-out names, and keep these weights if they are the best yet."""
        evaluation = summary(self.encoding, self.held_out, self.network.validate(self.held_out))
        if self.best is None or evaluation.letters < self.best[0].letters:
            self.best = evaluation, deepcopy(self.network.state_dict())
        return evaluation, self.best[1]

    def _state(self, optimiser: torch.optim.Optimizer, epoch: int) -> Weights:
        """What a training needs to go on after this epoch."""
        state = {"epoch": torch.tensor(epoch), "new": torch.cat(self.new)}
        state |= {
            f"weights.{name}": weight.cpu().clone() for name, weight in self.network.state_dict().items()
        }
        for number, moments in optimiser.state_dict()["state"].items():
            state |= {f"optimiser.{number}.{name}": moment.cpu().clone() for name, moment in moments.items()}
        return state

    def _restore(self, optimiser: torch.optim.Optimizer) -> int:
        """Put back what `_state` kept, if anything, and say after which epoch it was."""
        if self.unfinished is None:
            return 0
        self.network.load_state_dict(
            {
                name.removeprefix("weights."): tensor
                for name, tensor in self.unfinished.items()
                if name.startswith("weights.")
            }
        )
        moments: dict[int, Weights] = defaultdict(dict)
        for key, tensor in self.unfinished.items():
            part, number, name = (*key.split(".", 2), "", "")[:3]
            if part == "optimiser":
                moments[int(number)][name] = tensor.clone()
        optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
        return int(self.unfinished["epoch"])

    def _tell(
        self, epoch: int, epochs: int, steps: int, train: float | None, validation: float | None
    ) -> None:
        if self.on_progress is None:
            return
        elapsed = time.monotonic() - self.started
        taken = self.step - self.first_step
        progress = Progress(
            epoch=epoch,
            epochs=epochs,
            step=self.step,
            steps=steps,
            train_loss=train,
            validation_loss=validation,
            elapsed=elapsed,
            remaining=elapsed / taken * (steps - self.step) if taken else None,
            curve=tuple(self.curve),
            current=self._current,
            so_far=self._so_far,
        )
        if self.on_progress(progress) is False:
            raise _Stopped


def _one_cycle(done: float, recipe: Batched) -> float:
    """The learning rate when a share of the training is done: a cosine up from a 25th, and one down to 0."""
    if done < recipe.warm_up:
        low, height = 0.04, done / recipe.warm_up
    else:
        low, height = 0.0, (1 - done) / (1 - recipe.warm_up)
    return recipe.learning_rate * (low + (1 - low) * (1 - math.cos(math.pi * height)) / 2)
