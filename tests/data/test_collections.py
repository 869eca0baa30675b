"""The collections beside the surnames keep the promises of their READMEs."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from anyascii import anyascii

from tests.data.conftest import Rebuilt

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
CITIES = sorted((DATA / "cities").glob("*.txt"))
WORDS = sorted((DATA / "words").glob("*.txt"))
CHARACTERS = sorted((DATA / "characters").glob("*.txt"))
DEMO = sorted((DATA / "demo").glob("*.txt"))

LEAST_COUNTRIES = 25
LEAST_SERIES = 8
# The least number of entries in any file of a folder.
LEAST_ENTRIES = {"cities": 80, "words": 800, "characters": 60, "demo": 80}
MOST_LETTERS = 50

# Words in lower case with which a Dutch name may start.
ARTICLES = {"'t"}


def read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def ids(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


each_file = pytest.mark.parametrize("path", CITIES + WORDS + CHARACTERS + DEMO, ids=ids)
each_named = pytest.mark.parametrize("path", CITIES + CHARACTERS + DEMO, ids=ids)
each_word_list = pytest.mark.parametrize("path", WORDS, ids=ids)


def test_there_are_enough_countries_and_series() -> None:
    assert len(CITIES) >= LEAST_COUNTRIES
    assert len(CHARACTERS) >= LEAST_SERIES


def test_the_main_parts_of_speech_are_there() -> None:
    assert {path.stem for path in WORDS} >= {"Adjective", "Adverb", "Noun", "Verb"}


@each_file
def test_file_has_enough_entries(path: Path) -> None:
    assert len(read(path)) >= LEAST_ENTRIES[path.parent.name]


@each_file
def test_file_is_plain_text_with_one_entry_a_line(path: Path) -> None:
    raw = path.read_bytes()
    assert raw.endswith(b"\n")
    assert not raw.endswith(b"\n\n")
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert unicodedata.is_normalized("NFC", raw.decode())


@each_file
def test_no_entry_is_there_twice(path: Path) -> None:
    keys = [unicodedata.normalize("NFKC", name).casefold() for name in read(path)]
    assert sorted(keys) == sorted(set(keys))


@each_file
def test_entries_are_sorted(path: Path) -> None:
    names = read(path)
    assert names == sorted(names, key=lambda name: (anyascii(name).casefold(), name))


@each_named
def test_only_latin_letters_and_sparse_punctuation(path: Path) -> None:
    odd = {
        sign
        for sign in "".join(read(path))
        if sign not in "' -" and not (sign.isalpha() and "LATIN" in unicodedata.name(sign))
    }
    assert odd == set()
    assert [name for name in read(path) if re.search(r"^[ -]|[ '-]$|[ -]{2}|''", name)] == []


@each_named
def test_lengths_and_capitals(path: Path) -> None:
    def is_odd(name: str) -> bool:
        letters = sum(map(str.isalpha, name))
        shouted = letters > 2 and name.isupper()
        first = name.partition(" ")[0]
        uncapitalised = name[0].islower() or (first.islower() and first not in ARTICLES)
        return not 2 <= letters <= MOST_LETTERS or shouted or uncapitalised

    assert [name for name in read(path) if is_odd(name)] == []


@pytest.mark.parametrize("path", CITIES, ids=ids)
def test_no_administrative_name(path: Path) -> None:
    office = re.compile(r"\b(City of|Kreis|District|Municipality|Arrondissement|County|Province)\b")
    assert [name for name in read(path) if office.search(name)] == []


@each_word_list
def test_words_are_plain(path: Path) -> None:
    assert [word for word in read(path) if not re.fullmatch("[a-z]{3,16}", word)] == []


@each_word_list
def test_no_obscene_and_no_excluded_word(path: Path) -> None:
    listed = DATA / "sources" / "words" / "exclude" / path.name
    excluded = {line for line in read(listed) if not line.startswith("#")}
    # A sample of what must never come back, whatever the lists of the packages hold.
    excluded |= {"slave", "rape", "whore", "retarded", "nappy", "fisting"}
    assert excluded.isdisjoint(read(path))


@pytest.mark.parametrize(
    ("country", "cities"),
    {
        "Germany": ["München", "Nürnberg", "Düsseldorf"],
        "Japan": ["Osaka", "Kyoto", "Sapporo"],
        "Romania": ["Iași", "București"],
        "Russia": ["Moskva", "Nizhny Novgorod", "Sankt-Peterburg"],
        "South Korea": ["Busan", "Jeju", "Gimhae"],
        "Ukraine": ["Kryvyi Rih", "Mykolaiv", "Zaporizhzhia"],
        "Vietnam": ["Hà Nội", "Hội An", "Điện Biên Phủ"],
        "Wales": ["Aberystwyth", "Llanelli"],
    }.items(),
)
def test_cities_are_written_as_promised(country: str, cities: list[str]) -> None:
    assert set(cities) <= set(read(DATA / "cities" / f"{country}.txt"))


@pytest.mark.parametrize("folder", ["cities", "words", "characters"])
def test_readme_tells_the_counts(folder: str) -> None:
    files = sorted((DATA / folder).glob("*.txt"))
    readme = (DATA / folder / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w ]+) \| (\d+) \| .+ \|$", readme, flags=re.MULTILINE)
    assert {category: int(count) for category, count in rows} == {
        path.stem: len(read(path)) for path in files
    }
    total = re.search(r"^\| \*\*All\*\* \| \*\*(\d+)\*\* \|", readme, flags=re.MULTILINE)
    assert total is not None
    assert int(total[1]) == sum(len(read(path)) for path in files)


def test_demo_readme_tells_the_count() -> None:
    readme = (DATA / "demo" / "README.md").read_text(encoding="utf-8")
    assert f"holds {len(read(DATA / 'demo' / 'Elvish.txt'))} " in readme


def test_cities_are_attributed() -> None:
    readme = (DATA / "cities" / "README.md").read_text(encoding="utf-8")
    assert "https://www.geonames.org/" in readme
    assert "https://creativecommons.org/licenses/by/4.0/" in readme


def test_build_reproduces_the_committed_files(rebuilt: Rebuilt) -> None:
    for folder in ("cities", "words"):
        committed = sorted((DATA / folder).iterdir())
        lists = sorted((rebuilt.folder / folder).iterdir())
        assert [path.name for path in lists] == [path.name for path in committed]
        different = [
            new.name
            for new, old in zip(lists, committed, strict=True)
            if new.read_bytes() != old.read_bytes()
        ]
        assert different == []
    assert "no town's name" in rebuilt.report
    assert "excluded in vain" not in rebuilt.report
