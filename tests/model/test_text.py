import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text import fold, matching, to_ascii, to_nfc


def test_ascii_is_the_tutorials_rule() -> None:
    assert to_ascii("O'Néàl") == "O'Neal"
    assert to_ascii("Ślusàrski") == "Slusarski"
    assert to_ascii("Łoś 7") == "os "  # a letter without a decomposition is dropped, not replaced


@given(st.text())
def test_ascii_gives_the_tutorials_letters_alone_and_changes_them_no_more(text: str) -> None:
    once = to_ascii(text)
    assert set(once) <= set(string.ascii_letters + " .,;'-")
    assert to_ascii(once) == once


@given(st.text())
def test_unicode_composes_and_changes_nothing_more(text: str) -> None:
    once = to_nfc(text)
    assert to_nfc(once) == once
    assert unicodedata.normalize("NFD", once) == unicodedata.normalize("NFD", text)


def test_fold_strips_case_accents_and_script() -> None:
    assert [fold(name) for name in ("Šimek", "Шимек", "MÜLLER")] == ["simek", "shimek", "muller"]


@pytest.mark.parametrize(
    ("typed", "among", "found"),
    [
        ("s", "sSŠt", ["S", "s", "Š"]),  # a plain letter means all that fold to it
        ("Š", "sSŠt", ["Š"]),  # an accent is meant
        ("š", "sSŠt", ["Š"]),  # in either case
        ("š", "Stu", ["S"]),  # unless there is none: then the plain letter
        ("р", "PR", ["R"]),  # Cyrillic er is no P
        ("Ш", "ST", ["S"]),
        ("x", "sSŠt", []),
        ("!", "sSŠt", []),
    ],
)
def test_a_typed_letter_finds_those_it_may_mean(typed: str, among: str, found: list[str]) -> None:
    assert matching(typed, among) == found


@given(st.characters(), st.text(min_size=1))
def test_what_is_found_is_always_there(typed: str, among: str) -> None:
    assert set(matching(typed, among)) <= set(among)
