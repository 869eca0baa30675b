"""Drawing names until every place of an answer has a good one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Literal, NamedTuple

import numpy as np

from model.beginnings import Beginning
from model.encoding import Encoding
from model.errors import ImpossibleOption
from model.sampling import Choice, Plan, write

Novel = bool | Literal["prefer"]

_SPARE = (2, 12, 48, 96, 128)
"""How many more names are drawn than are missing, for each 64 of them begun, round after round: sixteen take
half as long again as four, but another round as long as the one before it."""


@dataclass(frozen=True)
class Name:
    """A generated name.

    `log_prob` is the model's own, in nats, whatever the temperature; `novel` says that the corpus
    does not have it, in any category and in either case.
    """

    text: str
    log_prob: float
    novel: bool


class _Merits(NamedTuple):
    """What a name should be, what matters most first."""

    ended: bool
    different: bool
    novel: bool


@dataclass
class _Pool:
    """Places of an answer that begin alike, so that any name drawn for one would do for another."""

    beginning: Beginning
    places: list[int] = field(default_factory=list)
    """Those without a name yet, the last first."""
    second_best: dict[str, tuple[_Merits, Name]] = field(default_factory=dict)

    def draws(self, spare: int) -> int:
        missing = len(self.places)
        return missing + spare * (1 + missing // 64) if missing else 0


def draw_names(
    plan: Plan,
    choice: Choice,
    beginnings: Sequence[Beginning],
    *,
    encoding: Encoding,
    is_known: Callable[[str], bool],
    novel: Novel,
    accept: Callable[[str], bool],
    random: np.random.Generator,
) -> list[Name]:
    """A name for each beginning: one that ended by itself, differs, and is new if it should be.

    Where a bounded number of draws finds too few of those, the next best are taken.

    Raises:
        ImpossibleOption: where none was found that is accepted, or none that is new though it must be.
    """
    pools = _pools(beginnings)
    answer: dict[int, Name] = {}
    taken: set[str] = set()
    for spare in _SPARE if choice.temperature else (0,):
        counts = [pool.draws(spare) for pool in pools]
        if not any(counts):
            break
        allowed = encoding.allowed([pool.beginning for pool in pools])
        allowed = allowed.repeat(counts, 1)
        uniforms = random.random((plan.max_length + 1, sum(counts)))
        written = write(plan, choice, allowed, uniforms)
        texts = encoding.texts(written.symbols)
        drawn = zip(texts, written.log_probs.tolist(), written.ended.tolist(), strict=True)
        for pool, count in zip(pools, counts, strict=True):
            for text, log_prob, ended in islice(drawn, count):
                if not pool.places or text != text.strip() or not accept(text):
                    continue
                name = Name(text, log_prob, not is_known(text))
                merits = _Merits(ended, text not in taken, name.novel or not novel)
                if all(merits):
                    answer[pool.places.pop()] = name
                    taken.add(text)
                else:
                    pool.second_best.setdefault(text, (merits, name))
    for pool in pools:
        answer |= _settled(pool, novel)
    return [answer[place] for place in range(len(beginnings))]


def _pools(beginnings: Sequence[Beginning]) -> list[_Pool]:
    pools = {beginning: _Pool(beginning) for beginning in beginnings}
    for place in reversed(range(len(beginnings))):
        pools[beginnings[place]].places.append(place)
    return list(pools.values())


def _settled(pool: _Pool, novel: Novel) -> dict[int, Name]:
    """The next best names for the places that have none."""
    ordered = sorted(pool.second_best.values(), key=lambda found: found[0], reverse=True)
    names = [name for _, name in ordered if name.novel or novel is not True]
    if pool.places and not names:
        raise ImpossibleOption(
            "No such name was found in many tries: "
            "raise the temperature, ask for fewer, or allow known names."
        )
    return dict(zip(reversed(pool.places), cycle(names), strict=False))
