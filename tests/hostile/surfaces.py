"""The parts of the bot that strangers' texts and files reach first, each with its own judge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from bot.errors import Refusal
from bot.requests import Request
from bot.store import Cursor, Filters
from bot.text import plain
from bot.ui.turn import LONGEST_LANGUAGE, LONGEST_TEXT, Turn, template
from bot.uploads import Bounds, Taken, read_lines, read_upload
from model import Corpus, Generator, ModelError, train
from model.networks import GruConfig
from model.recipes import Batched
from tests.conftest import NAMES
from tests.hostile import texts
from tests.hostile.oracle import effects

BOUNDS = Bounds()
SMALL = replace(BOUNDS, size=2**16)


@dataclass(frozen=True)
class Surface:
    """Something that takes hostile inputs; `check` raises where it does what it must not."""

    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    share: float
    """Of all inputs."""


def shown(text: str) -> None:
    """A text that is shown has no effect, alone, at a line's start, or between others."""
    escaped = plain(text)
    for context in ("{}", "{}, {}", "a\n{}", "\u200b{}"):
        found = effects(context.format(escaped, escaped))
        assert not found, (context, escaped, found)
    assert len(escaped) <= 2 * len(text) + 40, "it must not grow out of proportion"


def uploaded(upload: tuple[str, bytes]) -> None:
    """A file is refused with a sentence, or its names are taken as the bounds say."""
    try:
        taken = read_upload(*upload, None, SMALL)
    except Refusal as refusal:
        expect_a_sentence(str(refusal))
        return
    expect_within_bounds(taken)


def expect_a_sentence(told: str) -> None:
    assert 0 < len(told) < 2000
    assert not effects(told), told


def expect_within_bounds(taken: list[Taken]) -> None:
    assert sum(len(part.names) for part in taken) <= SMALL.names
    for part in taken:
        assert all(0 < len(name) <= SMALL.letters for name in part.names)
        for text in (part.category, *part.names):
            assert text == text.strip()
            assert any(character.isalnum() for character in text), text
            assert not set(text) & set("\0\n\r\x1b\u2028\x85\u202e\u2067"), text
        assert len({*part.names}) == len(part.names)


def typed(lines: tuple[str, str]) -> None:
    """So is what is typed into the form."""
    try:
        expect_within_bounds([read_lines(*lines, SMALL)])
    except Refusal as refusal:
        expect_a_sentence(str(refusal))


def turned(turn: Turn) -> None:
    """A place in the history comes back from its custom ID."""
    custom_id = turn.custom_id("f")
    assert len(custom_id) <= 100, custom_id
    match = template("f").fullmatch(custom_id)
    assert match is not None
    assert Turn.parse(match) == turn


def requested(letters: str) -> None:
    """Letters are put together, or refused."""
    try:
        Request({"x": 1.0}, letters).checked()
    except Refusal as refusal:
        expect_a_sentence(str(refusal))


@cache
def generator() -> Generator:
    """One that has hardly learned anything: what it makes of hostile wishes is the question."""
    corpus = Corpus.of({category: listed.split() for category, listed in NAMES.items()})
    return train(corpus, GruConfig(hidden=8), Batched(epochs=1), threads=1)


def generated(wish: tuple[str, str, str]) -> None:
    """Names are made, or refused with a sentence."""
    language, letters, prefix = wish
    try:
        generator().sample(language, letters=letters or None, prefix=prefix, seed=0)
        generator().classify(prefix)
    except ModelError as refusal:
        expect_a_sentence(plain(str(refusal)))


_turns = st.builds(
    Turn,
    st.one_of(
        st.sampled_from([Cursor.first(), Cursor.last()]),
        st.builds(Cursor.newer, st.integers(1, 2**40 - 1)),
        st.builds(Cursor.older, st.integers(1, 2**40 - 1)),
    ),
    st.builds(
        Filters,
        language=st.none() | texts.typed(LONGEST_LANGUAGE),
        user_id=st.none() | st.integers(1, 2**63 - 1),
        text=st.none() | texts.typed(LONGEST_TEXT),
        starred=st.booleans(),
    ),
    st.booleans(),
)

SURFACES: Mapping[str, Surface] = {
    "text that is shown": Surface(texts.texts, shown, 0.60),
    "files": Surface(texts.uploads, uploaded, 0.03),
    "archives of much": Surface(texts.bombs, uploaded, 0.0002),
    "forms": Surface(st.tuples(texts.typed(90), st.lists(texts.texts).map("\n".join)), typed, 0.05),
    "places in the history": Surface(_turns, turned, 0.12),
    "letters": Surface(texts.typed(40), requested, 0.1348),
    "wishes": Surface(
        st.tuples(st.sampled_from([*NAMES]) | texts.typed(100), texts.typed(40, 0), texts.typed(15, 0)),
        generated,
        0.05,
    ),
}
