"""Letters: how names are normalised when read, and how a typed letter finds the ones it may mean."""

import string
import unicodedata
from collections.abc import Callable, Collection
from typing import Literal

from anyascii import anyascii

Normalisation = Literal["unicode", "ascii"]

_TUTORIAL_LETTERS = frozenset(string.ascii_letters + " .,;'-")


def to_nfc(text: str) -> str:
    """The same text with each accented letter as one character (Unicode NFC)."""
    return unicodedata.normalize("NFC", text)


def to_ascii(text: str) -> str:
    """Strip accents and drop what is then not a tutorial letter: O'Néàl becomes O'Neal.

    The rule of the PyTorch tutorial "Generating Names with a Character-Level RNN", so that its data
    gives its alphabet: a letter without a canonical decomposition, as ł, is dropped, not replaced.
    """
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in decomposed if letter in _TUTORIAL_LETTERS)


NORMALISERS: dict[Normalisation, Callable[[str], str]] = {"unicode": to_nfc, "ascii": to_ascii}


def fold(text: str) -> str:
    """The text as one would type it on a plain keyboard, in lower case: Šimek, Шимек -> simek, shimek."""
    return anyascii(text).casefold()


def matching(letter: str, among: Collection[str]) -> list[str]:
    """The letters `among` which a typed `letter` may mean, sorted.

    The letter itself in either case comes first and alone if it carries an accent of its own; a
    plain letter also means those that fold to it (`s` means S and Š). A letter of another script
    means the first letter of its transliteration (р means R).
    """
    same = {other for other in among if other.casefold() == letter.casefold()}
    folded = fold(letter)[:1]
    if same and folded != letter.casefold():
        return sorted(same)
    return sorted(same | {other for other in among if folded and fold(other)[:1] == folded})
