"""What a trained network can do: sample, score, classify, blend."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import numpy as np
import torch
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from torch import Tensor

from model import checkpoint
from model.arrays import Integers
from model.beginnings import Beginning, Beginnings
from model.card import Card
from model.corpus import Corpus
from model.drawing import Name, Novel, draw_names
from model.encoding import Batch, Encoding
from model.errors import ImpossibleOption, UnknownCategory, UnusableLetter
from model.networks import Network
from model.sampling import Choice, Plan, Stems
from model.scoring import Evaluation, summary
from model.text import NORMALISERS, fold

Prior = Literal["flat", "corpus"]


@dataclass(frozen=True)
class Near:
    """A name of the corpus, and how many letters must be changed, added or left out to come to it."""

    text: str
    category: str
    distance: int


class Generator:
    """A trained network with all that is known of it; it only reads, so threads may share one."""

    def __init__(self, network: Network, card: Card, unfinished: Mapping[str, Tensor] | None = None) -> None:
        self.card = card
        self.network = network
        self.network.freeze()
        self.encoding = Encoding(tuple(card.categories), card.alphabet)
        self.unfinished = unfinished
        """What a training that was stopped needs to go on."""

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a checkpoint.

        Raises:
            CheckpointError: with a sentence, for a file that isn't ours, is damaged, or is newer.
            OSError: where the file can't be read.
        """
        return cls.from_bytes(Path(path).read_bytes())

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """As `load`, from a checkpoint's bytes."""
        return cls(*checkpoint.from_bytes(content))

    def save(self, path: str | Path) -> None:
        """Write a checkpoint; the file that was there stays whole until the new one is complete."""
        checkpoint.write(Path(path), self.to_bytes())

    def to_bytes(self) -> bytes:
        """The checkpoint that `save` writes."""
        return checkpoint.to_bytes(self.network, self.card, self.unfinished)

    @property
    def categories(self) -> list[str]:
        return self.card.categories

    @property
    def alphabet(self) -> str:
        """The letters it can write."""
        return self.card.alphabet

    def sample(
        self,
        category: str | Mapping[str, float],
        *,
        letters: str | None = None,
        prefix: str = "",
        count: int | None = None,
        temperature: float = 0.8,
        top_k: int | None = None,
        top_p: float | None = None,
        min_length: int | None = None,
        max_length: int = 20,
        novel: Novel = False,
        accept: Callable[[str], bool] = bool,
        seed: int | None = None,
    ) -> list[Name]:
        """Write names, different ones wherever the model can.

        Args:
            category: one, or several with weights to blend, letter by letter.
            letters: first letters, one name each in their order; a plain letter finds those that
                fold to it (s: Šimek), one of another script its transliteration (р: R).
            prefix: what every name begins with.
            count: how many names; with letters, which then are taken in turn. One for each letter,
                or 3, where not given.
            temperature: 0 always takes the likeliest letter, 1 the model's own probabilities.
            top_k, top_p: draw only from the likeliest letters; larger than there are means all.
            min_length, max_length: in letters; no shorter than the category's shortest name where not
                given. No name is cut unless none ends in time.
            novel: True for only names that the corpus lacks; "prefer" for those unless a bounded
                number of draws finds none.
            accept: a name for which this is false is drawn again, and never given.
            seed: the same seed and arguments give the same names.

        Raises:
            UnknownCategory, UnusableLetter, ImpossibleOption: with a sentence that says what would do.
        """
        weights = self._weights(category)
        choice = _choice(temperature, top_k, top_p)
        plan = self._plan(weights, min_length, max_length)
        beginnings = self._beginnings(weights, letters, prefix, count, max_length)
        random = np.random.default_rng(secrets.randbits(32) if seed is None else seed)
        return draw_names(
            plan,
            choice,
            beginnings,
            encoding=self.encoding,
            is_known=self.is_known,
            novel=novel,
            accept=accept,
            random=random,
        )

    def log_probs(self, category: str, name: str) -> list[float]:
        """How likely each letter of the name is, in order, and then its end: nats, len(name) + 1 of them.

        A network without a start token takes the first letter's from the category's own counts.

        Raises:
            UnknownCategory, UnusableLetter: with a sentence that says what would do.
        """
        return self._log_probs([self._number(category)], self._letters(name))[0]

    def next_letters(self, category: str, name: str) -> list[dict[str, float]]:
        """While the name is written, how likely each letter is to come next, and the end, "": at each step.

        Raises:
            UnknownCategory, UnusableLetter: with a sentence that says what would do.
        """
        number, letters = self._number(category), self._letters(name)
        begun = [self.encoding.boundary] if self.network.has_start else []
        with torch.inference_mode():
            (log_probs,) = self.network(torch.tensor([number]), torch.tensor([[*begun, *letters]]))
        if not self.network.has_start:
            log_probs = torch.cat((self._first[number, None], log_probs))
        return [dict(zip([*self.alphabet, ""], line, strict=True)) for line in log_probs.exp().tolist()]

    def classify(self, name: str, *, prior: Prior = "flat") -> dict[str, float]:
        """How probable each category is, given the name, by Bayes' rule; they sum to 1.

        Args:
            prior: "flat" holds all categories equally likely before the name is seen, "corpus" as
                likely as their share of the corpus.

        Raises:
            UnusableLetter: where the name has a letter that the model doesn't know.
        """
        if prior not in ("flat", "corpus"):
            raise ImpossibleOption("There is no prior {name}: choose flat or corpus.", name=repr(prior))
        everyone = range(len(self.categories))
        joint = torch.tensor([sum(line) for line in self._log_probs(everyone, self._letters(name))]).double()
        if prior == "corpus":
            joint += torch.tensor([float(count) for count in self.card.counts.values()]).log()
        return dict(zip(self.categories, joint.softmax(0).tolist(), strict=True))

    def evaluate(self, corpus: Corpus) -> Evaluation:
        """Measure on the corpus's names; those with a letter unknown to the model are left out.

        Raises:
            UnknownCategory: where the corpus has a category that the model lacks.
            UnusableLetter: where no name is left.
        """
        known = set(self.alphabet)
        pairs = []
        for category, names in corpus.names.items():
            found = self.find_category(category)
            pairs += [(found, name) for name in names if known.issuperset(name)]
        if not pairs:
            raise UnusableLetter("None of these names is written in letters that the model knows.")
        batches = self.encoding.batches(pairs)
        return summary(self.encoding, batches, self.network.score(batches))

    def nearest(self, text: str, category: str | None = None) -> Near:
        """The corpus's name with the fewest edits between, of one category or of all.

        Raises:
            UnknownCategory: with the nearest ones.
        """
        among = [self.find_category(category)] if category else self.categories
        found: list[Near] = []
        for one in among:
            name, distance, _ = process.extractOne(text, self.card.names[one], scorer=Levenshtein.distance)
            found.append(Near(name, one, int(distance)))
        return min(found, key=lambda near: near.distance)

    def initials(self, category: str) -> list[str]:
        """The letters that the category's names begin with, sorted."""
        return sorted(self._initials[self._number(category)])

    def is_known(self, text: str) -> bool:
        """Whether the corpus has this name, in any category and in either case."""
        return text.casefold() in self._known

    def find_category(self, typed: str) -> str:
        """The category of that name, without regard to case and accents.

        Raises:
            UnknownCategory: with the nearest ones.
        """
        wanted = fold(typed.strip())
        for category in self.categories:
            if category.casefold() == typed.strip().casefold() or fold(category) == wanted:
                return category
        nearest = tuple(
            match
            for match, _, _ in process.extract(
                wanted, self.categories, processor=fold, limit=3, score_cutoff=50
            )
        )
        shown = typed.strip()[:50]
        if nearest:
            raise UnknownCategory(
                "I know no category “{name}”: did you mean {nearest_ones}?",
                nearest,
                name=shown,
                nearest_ones=_listed(nearest),
            )
        raise UnknownCategory(
            "I know no category “{name}”: there are {known}.", name=shown, known=_listed(self.categories)
        )

    # What follows turns what was asked into numbers, and numbers into names.

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(name.casefold() for names in self.card.names.values() for name in names)

    @cached_property
    def _shortest(self) -> list[int]:
        return [min(map(len, names)) for names in self.card.names.values()]

    @cached_property
    def _initials(self) -> list[Counter[str]]:
        return [Counter(name[0] for name in names) for names in self.card.names.values()]

    @cached_property
    def _first(self) -> Tensor:
        """(C, V) log-probabilities of first letters by the categories' own counts.

        A tenth of a name is added to every letter, so that none is impossible (additive smoothing).
        """
        counts = torch.full((len(self.categories), self.encoding.symbols), 0.1)
        counts[:, self.encoding.boundary] = 0
        for number, initials in enumerate(self._initials):
            for letter, count in initials.items():
                counts[number, self.alphabet.index(letter)] += count
        return (counts / counts.sum(1, keepdim=True)).log()

    @cached_property
    @torch.inference_mode()
    def _starts(self) -> Stems:
        """Each category before its first letter."""
        categories = np.arange(len(self.categories))
        state = self.network.start(categories)
        if not self.network.has_start:
            return Stems(self._first.numpy(), state)
        return Stems(*self.network.step(np.full_like(categories, self.encoding.boundary), state))

    @cached_property
    def _kinds(self) -> Integers:
        """(V,) the same number for a letter's two cases."""
        lower = [letter.casefold() for letter in self.alphabet]
        return np.array([*map(lower.index, lower), len(lower)])

    def _number(self, category: str) -> int:
        return self.categories.index(self.find_category(category))

    def _letters(self, name: str) -> tuple[int, ...]:
        text = NORMALISERS[self.card.normalisation](name.strip())
        unknown = sorted(set(text) - set(self.alphabet))
        if unknown or not text:
            if not unknown:
                raise UnusableLetter("That is an empty name: give one with letters.")
            raise UnusableLetter(
                "The model doesn't know the letter {unknown}; it knows {letters}",
                unknown=_listed(unknown),
                letters=self.alphabet.strip(),
            )
        return tuple(map(self.alphabet.index, text))

    def _log_probs(self, categories: Sequence[int], letters: Sequence[int]) -> list[list[float]]:
        """As `log_probs`, for one name in several categories."""
        name = [self.encoding.boundary, *letters, self.encoding.boundary]
        batch = Batch(torch.tensor(categories), torch.tensor(name).expand(len(categories), -1))
        (log_probs,) = self.network.score([batch])
        if not self.network.has_start:
            log_probs[:, 0] = self._first[batch.categories, letters[0]]
        lines: list[list[float]] = log_probs.tolist()
        return lines

    def _weights(self, category: str | Mapping[str, float]) -> dict[int, float]:
        """Category numbers with their shares; a share of nothing is left out."""
        asked = {category: 1.0} if isinstance(category, str) else category
        weights: defaultdict[int, float] = defaultdict(float)
        for name, weight in asked.items():
            if not 0 <= weight < float("inf"):
                raise ImpossibleOption(
                    "The weight of {name} is {weight}: give 0 or more.", name=name, weight=weight
                )
            weights[self._number(name)] += weight
        total = sum(weights.values())
        if not total > 0:
            raise ImpossibleOption("A blend needs at least one category with a weight above 0.")
        return {number: weight / total for number, weight in sorted(weights.items()) if weight > 0}

    def _plan(self, weights: Mapping[int, float], min_length: int | None, max_length: int) -> Plan:
        if min_length is None:
            shortest = min(self._shortest[number] for number in weights)
            min_length = min(shortest, max_length)
        if not 1 <= min_length <= max_length <= 100:
            raise ImpossibleOption(
                "Lengths from {least} to {most} letters: choose 1 to 100, the least not above the most.",
                least=min_length,
                most=max_length,
            )
        numbers = list(weights)
        log_probs, state = self._starts
        return Plan(
            self.network,
            Stems(log_probs[numbers], tuple(array[numbers] for array in state)),
            np.array(list(weights.values()), np.float32),
            self._kinds,
            self.encoding.boundary,
            min_length,
            max_length,
        )

    def _beginnings(
        self,
        weights: Mapping[int, float],
        letters: str | None,
        prefix: str,
        count: int | None,
        max_length: int,
    ) -> list[Beginning]:
        prefix = NORMALISERS[self.card.normalisation](prefix.strip())
        if len(prefix) > max_length:
            raise ImpossibleOption(
                "The prefix has {count} letters, a name at most {most}.", count=len(prefix), most=max_length
            )
        initials = sorted({initial for number in weights for initial in self._initials[number]})
        categories = [self.categories[number] for number in weights]
        return Beginnings(categories, initials, self.alphabet).wanted(letters, prefix, count)


def _choice(temperature: float, top_k: int | None, top_p: float | None) -> Choice:
    if not 0 <= temperature <= 10:
        raise ImpossibleOption(f"The temperature is {temperature}: choose 0 (always the likeliest) to 10.")
    if top_k is not None and top_k < 1:
        raise ImpossibleOption(f"top_k is {top_k}: choose 1 or more.")
    if top_p is not None and not top_p > 0:
        raise ImpossibleOption(f"top_p is {top_p}: choose more than 0; 1 or more means all letters.")
    return Choice(temperature, top_k, top_p)


def _listed(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
