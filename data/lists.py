"""What all the collections share: reading, tidying and judging entries, reporting and writing."""

from __future__ import annotations

import string
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anyascii import anyascii

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATA: Final = Path(__file__).resolve().parent
SOURCES: Final = DATA / "sources"

MAX_LETTERS: Final = 50
MIN_LETTERS: Final = 2
TABLE_START: Final = "<!-- table: written by build.py -->"
TABLE_END: Final = "<!-- end of table -->"
EXAMPLES_SHOWN: Final = 6
BY_HAND: Final = "compiled by hand"

# Typographic apostrophes and the letters that some lists use in their place.
APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2018\u2019\u02bb\u02bc\u02b9\u00b4`", "'"))


class ListError(Exception):
    """A source lacks the list that a recipe asks for, or a README its table."""


@dataclass
class Tally:
    """What became of the candidates for one category."""

    kept: dict[str, str] = field(default_factory=dict)
    dropped: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Entries of the exclusion list that no source holds any more.
    idle_exclusions: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The kept names in the order of the file."""
        return sorted(self.kept.values(), key=sort_key)

    def judge(self, name: str, problem: str | None) -> None:
        """Keep *name* unless it has a problem or is there already."""
        if problem:
            self.dropped[problem].append(name)
        elif name.casefold() in self.kept:
            self.dropped["duplicate"].append(name)
        else:
            self.kept[name.casefold()] = name

    def drop_unmarked_variants(self, trusted: set[str]) -> None:
        """Drop Gonzalez where González is known: a list that was typed without accents.

        A name whose casefolded form is among *trusted* stays; Kramer and Krämer are two names.
        """
        marked = {strip_marks(key) for key in self.kept if strip_marks(key) != key}
        for key in sorted((marked & self.kept.keys()) - trusted):
            self.dropped["variant without its accents"].append(self.kept.pop(key))


@dataclass(frozen=True)
class Collection:
    """One folder of lists, with what the table of its README tells about each."""

    folder: str
    readme: str
    # What a category and its entries are called at the head of the table.
    category: str
    entries: str
    licence: str
    built: Mapping[str, Tally]
    sources: Mapping[str, str]


def sort_key(name: str) -> tuple[str, str]:
    """Order by the unaccented form first, so that Å stands beside A in every list."""
    return anyascii(name).casefold(), name


# --- Reading -----------------------------------------------------------------


def read_lines(path: Path) -> list[str]:
    """The lines of a hand list without comments; none if the file is missing."""
    if not path.exists():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def read_names(path: Path) -> list[str]:
    """The tidied names of a hand list."""
    return [tidy(line) for line in read_lines(path)]


# --- Cleaning and judging one name -------------------------------------------


def tidy(raw: str) -> str:
    """Unify what is only a matter of typing: composition, spaces and apostrophes."""
    text = unicodedata.normalize("NFC", raw).translate(APOSTROPHES)
    return " ".join(text.split())


def strip_marks(text: str) -> str:
    """The text without diacritics, as a plain keyboard would type it."""
    decomposed = unicodedata.normalize("NFD", text.replace("ł", "l").replace("ø", "o").replace("đ", "d"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def foreign_characters(name: str, extra_letters: str) -> str:
    """The characters of *name* that its language does not write names with."""
    allowed = set(string.ascii_letters + extra_letters + extra_letters.upper() + "' -")
    return "".join(sorted(set(name) - allowed))


def spelling_fault(name: str, extra_letters: str, particles: frozenset[str]) -> str | None:
    """Why the spelling of *name* rules it out, or None.

    *extra_letters* are those that the language has besides A to Z, *particles*
    the lower-case words with which one of its names may start.
    """
    letters = [sign for sign in name if sign.isalpha()]
    first, *rest = name.split(" ")
    has_particle = bool(rest) and first in particles
    checks = (
        (len(letters) > MAX_LETTERS, "over-long"),
        (len(letters) < MIN_LETTERS, "under two letters"),
        (any(sign.isdigit() for sign in name), "digit"),
        (any("LATIN" not in unicodedata.name(sign) for sign in letters), "not in Latin script"),
        (bool(foreign_characters(name, extra_letters)), "character foreign to the language"),
        (not name[-1:].isalpha() or "--" in name, "stray punctuation"),
        (len(letters) > MIN_LETTERS and name.isupper(), "all in capitals"),
        (not has_particle and first.islower(), "no capital"),
    )
    return next((reason for failed, reason in checks if failed), None)


# --- Reporting and writing ---------------------------------------------------


def package_label(package: str) -> str:
    """The package with the version that was read, as the README's table names it."""
    return f"{package} {version(package)}"


def report(collection: Collection) -> Iterator[str]:
    """Tell for each category what was kept, what was dropped and why."""
    for category, tally in collection.built.items():
        yield f"{category}: {len(tally.kept)} kept"
        for reason, names in sorted(tally.dropped.items()):
            examples = ", ".join(dict.fromkeys(names[:EXAMPLES_SHOWN]))
            more = ", ..." if len(names) > EXAMPLES_SHOWN else ""
            yield f"    {len(names)} dropped, {reason}: {examples}{more}"
        if tally.idle_exclusions:
            yield f"    excluded in vain: {', '.join(tally.idle_exclusions)}"
    total = sum(len(tally.kept) for tally in collection.built.values())
    yield f"All of {collection.folder}: {total} kept"
    yield from report_characters(collection.built)


def report_characters(built: Mapping[str, Tally]) -> Iterator[str]:
    """Show the alphabet with the rarest characters first, for the eye to check."""
    counts: Counter[str] = Counter()
    for tally in built.values():
        counts.update("".join(tally.kept.values()))
    listing = " ".join(f"{sign}{count}" for sign, count in reversed(counts.most_common()))
    yield f"{len(counts)} different characters: {listing}"


def table(collection: Collection) -> str:
    """The README's table of categories, counts, sources and licences."""
    rows = [
        f"| {collection.category} | {collection.entries} | Sources | Licence |",
        "| --- | ---: | --- | --- |",
    ]
    for category, tally in collection.built.items():
        sources = collection.sources[category]
        rows.append(f"| {category} | {len(tally.kept)} | {sources} | {collection.licence} |")
    total = sum(len(tally.kept) for tally in collection.built.values())
    rows.append(f"| **All** | **{total}** | | |")
    return "\n".join(rows)


def with_table(readme: str, new_table: str) -> str:
    """The README with the text between the two markers replaced."""
    head, _, rest = readme.partition(TABLE_START)
    _, marker, tail = rest.partition(TABLE_END)
    if not marker:
        raise ListError("a README has lost the markers around its table")
    return f"{head}{TABLE_START}\n\n{new_table}\n\n{TABLE_END}{tail}"


def write(output: Path, collection: Collection) -> None:
    """Write the lists and the README, and remove lists that no recipe makes."""
    folder = output / collection.folder
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.txt"):
        if stale.stem not in collection.built:
            stale.unlink()
    for category, tally in collection.built.items():
        text = "".join(f"{name}\n" for name in tally.names)
        (folder / f"{category}.txt").write_text(text, encoding="utf-8", newline="\n")
    readme = (DATA / collection.readme).read_text(encoding="utf-8")
    (output / collection.readme).write_text(
        with_table(readme, table(collection)), encoding="utf-8", newline="\n"
    )
