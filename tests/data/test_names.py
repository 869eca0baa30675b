"""The committed lists of surnames keep the promises of data/README.md."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from anyascii import anyascii

from tests.data.conftest import Rebuilt

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
FILES = sorted((DATA / "names").glob("*.txt"))

# The least number of names for the languages that the bot promises; some have
# few surnames in all.
REQUIRED = dict.fromkeys(
    [
        "Arabic",
        "Czech",
        "Dutch",
        "English",
        "French",
        "German",
        "Greek",
        "Irish",
        "Italian",
        "Japanese",
        "Polish",
        "Russian",
        "Spanish",
    ],
    300,
) | {"Chinese": 90, "Korean": 90, "Portuguese": 90, "Scottish": 90, "Vietnamese": 60}
LEAST_OF_ANY_LANGUAGE = 150
LEAST_LANGUAGES = 32
LEAST_NAMES = 12_000
MOST_LETTERS = 50
MOST_CHARACTERS = 220

PLACEHOLDERS = {"doe", "dummy", "example", "mustermann", "name", "placeholder", "surname", "test"}
TITLES = {"dr", "ing", "jr", "miss", "mr", "mrs", "ms", "prof", "sir", "sr"}
# Lower-case words with which surnames of some language start.
PARTICLES = {
    "'s", "'t", "ab", "af", "ap", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos",
    "du", "het", "in", "la", "las", "le", "los", "op", "te", "ten", "ter", "van", "vom", "von", "zu",
    "zum", "zur",
}  # fmt: skip


def read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def every_name() -> list[str]:
    return [name for path in FILES for name in read(path)]


each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@pytest.mark.parametrize(("language", "least"), REQUIRED.items())
def test_required_language_has_enough_names(language: str, least: int) -> None:
    assert len(read(DATA / "names" / f"{language}.txt")) >= least


def test_there_are_enough_languages_and_names() -> None:
    assert len(FILES) >= LEAST_LANGUAGES
    assert len(set(every_name())) >= LEAST_NAMES


def test_alphabet_stays_small() -> None:
    assert len(set("".join(every_name()))) <= MOST_CHARACTERS


@each_file
def test_language_has_enough_names(path: Path) -> None:
    assert len(read(path)) >= LEAST_OF_ANY_LANGUAGE


@each_file
def test_file_is_plain_text_with_one_name_a_line(path: Path) -> None:
    raw = path.read_bytes()
    assert raw.endswith(b"\n")
    assert not raw.endswith(b"\n\n")
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")


@each_file
def test_names_are_composed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)


@each_file
def test_no_name_is_there_twice(path: Path) -> None:
    keys = [unicodedata.normalize("NFKC", name).casefold() for name in read(path)]
    assert sorted(keys) == sorted(set(keys))


@each_file
def test_names_are_sorted(path: Path) -> None:
    names = read(path)
    assert names == sorted(names, key=lambda name: (anyascii(name).casefold(), name))


@each_file
def test_only_latin_letters_and_sparse_punctuation(path: Path) -> None:
    odd = {
        sign
        for sign in "".join(read(path))
        if sign not in "' -" and not (sign.isalpha() and "LATIN" in unicodedata.name(sign))
    }
    assert odd == set()


@each_file
def test_no_name_is_untidy(path: Path) -> None:
    # Doubled or outer spaces and hyphens, and an apostrophe at the end.
    assert [name for name in read(path) if re.search(r"^[ -]|[ '-]$|[ -]{2}|''", name)] == []


@each_file
def test_lengths(path: Path) -> None:
    letters = {name: sum(map(str.isalpha, name)) for name in read(path)}
    assert {name for name, count in letters.items() if not 2 <= count <= MOST_LETTERS} == set()


@each_file
def test_names_have_capitals_as_people_write_them(path: Path) -> None:
    def is_odd(name: str) -> bool:
        first, *rest = name.split(" ")
        particle = bool(rest) and first in PARTICLES
        shouted = len(name) > 2 and name.isupper()
        return shouted or (first.islower() and not particle)

    assert [name for name in read(path) if is_odd(name)] == []


@each_file
def test_no_placeholder_and_no_title(path: Path) -> None:
    names = read(path)
    assert PLACEHOLDERS.isdisjoint(name.casefold() for name in names)
    assert [name for name in names if " " in name and name.split()[0].casefold() in TITLES] == []


def test_readme_tells_the_counts() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| .+ \| MIT \|$", readme, flags=re.MULTILINE)
    assert {language: int(count) for language, count in rows} == {
        path.stem: len(read(path)) for path in FILES
    }
    total = re.search(r"^\| \*\*All\*\* \| \*\*(\d+)\*\* \|", readme, flags=re.MULTILINE)
    assert total is not None
    assert int(total[1]) == len(every_name())


def test_build_reproduces_the_committed_files(rebuilt: Rebuilt) -> None:
    lists = sorted((rebuilt.folder / "names").glob("*.txt"))
    assert [path.name for path in lists] == [path.name for path in FILES], "a stale list would be one more"
    different = [
        new.name for new, old in zip(lists, FILES, strict=True) if new.read_bytes() != old.read_bytes()
    ]
    assert different == []
    assert (rebuilt.folder / "README.md").read_bytes() == (DATA / "README.md").read_bytes()
    # The report gives reasons, and no exclusion has become useless.
    assert "duplicate" in rebuilt.report
    assert "excluded in vain" not in rebuilt.report
