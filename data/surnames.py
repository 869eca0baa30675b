"""Rebuild data/names/ from the name lists of packages and of data/sources/.

Run it from the project root as ``python data/build.py``. The result depends
only on the packages' versions and on the text files, so that a second run
changes nothing. ``--output DIR`` writes the lists and a copy of the README there
instead, which is how the tests compare a fresh build with the committed files.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import string
import sys
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anyascii import anyascii
from japanese_personal_name_dataset import load_dataset
from recipes import RECIPES, Package, Recipe, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

DATA: Final = Path(__file__).resolve().parent
HAND_LISTS: Final = DATA / "sources"
EXCLUDED: Final = HAND_LISTS / "exclude"

MAX_LETTERS: Final = 50
MIN_LETTERS: Final = 2
TABLE_START: Final = "<!-- table: written by build.py -->"
TABLE_END: Final = "<!-- end of table -->"
EXAMPLES_SHOWN: Final = 6

# Names that a package puts where it has no list of its own, or that stand for
# "any person" in forms and examples.
PLACEHOLDERS: Final = frozenset(
    (
        "doe", "dummy", "example", "foo", "mustermann", "musterfrau", "name",
        "placeholder", "sample", "surname", "test", "todo", "true", "unknown", "xx",
    )
)  # fmt: skip
# Typographic apostrophes and the letters that some lists use in their place.
APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u02b9\u00b4`", "'"))


class ListError(Exception):
    """A package lacks the list that a recipe asks for."""


@dataclass
class Tally:
    """What became of the candidates for one language."""

    kept: dict[str, str] = field(default_factory=dict)
    dropped: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # Entries of the exclusion list that no source holds any more.
    idle_exclusions: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The kept names in the order of the file."""
        return sorted(self.kept.values(), key=sort_key)


def sort_key(name: str) -> tuple[str, str]:
    """Order by the unaccented form first, so that Å stands beside A in every list."""
    return anyascii(name).casefold(), name


# --- Reading the sources -----------------------------------------------------


def read_lines(path: Path) -> list[str]:
    """The lines of a hand list without comments; none if the file is missing."""
    if not path.exists():
        return []
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def read_hand_list(recipe: Recipe) -> list[str]:
    """The names that were compiled by hand for a language, if any were."""
    return [tidy(line) for line in read_lines(HAND_LISTS / f"{recipe.language}.txt")]


def read_faker(locale: str, attribute: str) -> list[str]:
    """One list of a Faker person provider.

    A locale without surnames inherits the base class's ``("Doe",)``, so that only
    a list in the locale's own class counts.
    """
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    if attribute not in vars(provider):
        raise ListError(f"Faker's {locale} has no {attribute} of its own")
    return list(vars(provider)[attribute])


def read_mimesis(locale: str, gender: str) -> list[str]:
    """The surnames of a mimesis locale; *gender* is empty where it has one list."""
    path = files("mimesis").joinpath("datasets", locale, "person.json")
    surnames = json.loads(path.read_text(encoding="utf-8"))["surnames"]
    if isinstance(surnames, dict) != bool(gender):
        raise ListError(f"mimesis's {locale} keeps its surnames by gender, or no longer does")
    return list(surnames[gender] if gender else surnames)


def read_japanese() -> list[str]:
    """The romaji of the Japanese dataset; surnames of several spellings share one."""
    _, _, surnames = load_dataset(include_last_names=True)
    return [entry["en"] for entry in surnames.values()]


def read_source(source: Source) -> list[str]:
    """The raw candidates of one source."""
    match source.package:
        case Package.FAKER:
            return read_faker(source.locale, source.attribute)
        case Package.MIMESIS:
            return read_mimesis(source.locale, source.attribute)
        case Package.JAPANESE:
            return read_japanese()


# --- Cleaning and judging one name -------------------------------------------


def tidy(raw: str) -> str:
    """Unify what is only a matter of typing: composition, spaces and apostrophes."""
    text = unicodedata.normalize("NFC", raw).translate(APOSTROPHES)
    return " ".join(text.split())


def foreign_characters(name: str, recipe: Recipe) -> str:
    """The characters of *name* that the language does not write its surnames with."""
    allowed = set(string.ascii_letters + recipe.letters + recipe.letters.upper() + "' -")
    return "".join(sorted(set(name) - allowed))


def spelling_fault(name: str, recipe: Recipe) -> str | None:
    """Why the spelling of *name* rules it out, or None."""
    letters = [sign for sign in name if sign.isalpha()]
    first, *rest = name.split(" ")
    has_particle = bool(rest) and first in recipe.particles
    checks = (
        (len(letters) > MAX_LETTERS, "over-long"),
        (len(letters) < MIN_LETTERS, "under two letters"),
        (any(sign.isdigit() for sign in name), "digit"),
        (any("LATIN" not in unicodedata.name(sign) for sign in letters), "not in Latin script"),
        (bool(foreign_characters(name, recipe)), "character foreign to the language"),
        (not name[-1:].isalpha() or "--" in name, "stray punctuation"),
        (len(letters) > MIN_LETTERS and name.isupper(), "all in capitals"),
        (not has_particle and first.islower(), "no capital"),
    )
    return next((reason for failed, reason in checks if failed), None)


def fault(name: str, recipe: Recipe, excluded: frozenset[str]) -> str | None:
    """Why *name* must not be in the language's list, or None."""
    if name.casefold() in PLACEHOLDERS:
        return "placeholder"
    if name in excluded:
        return "excluded by hand"
    return spelling_fault(name, recipe)


# --- Building one language ---------------------------------------------------


def candidates(recipe: Recipe, built: Mapping[str, Tally]) -> Iterator[tuple[str, str | None]]:
    """Every candidate in the Latin alphabet, with a source's own reason to drop it.

    The hand list comes first: its spelling wins over a variant, and a name in it
    is kept even if a package's list is filtered for foreign names.
    """
    for name in read_hand_list(recipe):
        yield name, None
    for source in recipe.sources:
        foreign = {strip_marks(key) for other in source.without for key in built[other].kept}
        for raw in read_source(source):
            name = tidy(source.convert(tidy(raw)))
            if source.unwanted and re.search(source.unwanted, name):
                yield name, "pattern the recipe rules out"
            elif strip_marks(name.casefold()) in foreign:
                yield name, "belongs to another language"
            else:
                yield name, None


def build_language(recipe: Recipe, built: Mapping[str, Tally]) -> Tally:
    """Collect, judge and deduplicate the names of one language."""
    excluded = frozenset(map(tidy, read_lines(EXCLUDED / f"{recipe.language}.txt")))
    tally = Tally()
    for name, reason in candidates(recipe, built):
        problem = reason or fault(name, recipe, excluded)
        if problem:
            tally.dropped[problem].append(name)
        elif name.casefold() in tally.kept:
            tally.dropped["duplicate"].append(name)
        else:
            tally.kept[name.casefold()] = name
    tally.idle_exclusions = sorted(excluded.difference(*tally.dropped.values()))
    if recipe.prefer_marked:
        drop_unmarked_variants(tally, set(map(str.casefold, read_hand_list(recipe))))
    return tally


def drop_unmarked_variants(tally: Tally, trusted: set[str]) -> None:
    """Drop Gonzalez where González is known: a list that was typed without accents.

    A name of the hand list stays; Kramer and Krämer are two names.
    """
    marked = {strip_marks(key) for key in tally.kept if strip_marks(key) != key}
    for key in sorted((marked & tally.kept.keys()) - trusted):
        tally.dropped["variant without its accents"].append(tally.kept.pop(key))


def strip_marks(text: str) -> str:
    """The text without diacritics, as a plain keyboard would type it."""
    decomposed = unicodedata.normalize("NFD", text.replace("ł", "l").replace("ø", "o").replace("đ", "d"))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def build_all(recipes: Sequence[Recipe]) -> dict[str, Tally]:
    """Build every language, in the recipes' order: a filter needs its lists built."""
    built: dict[str, Tally] = {}
    for recipe in recipes:
        built[recipe.language] = build_language(recipe, built)
    return dict(sorted(built.items()))


# --- Reporting and writing ---------------------------------------------------


def report(built: Mapping[str, Tally]) -> Iterator[str]:
    """Tell for each language what was kept, what was dropped and why."""
    for language, tally in built.items():
        yield f"{language}: {len(tally.kept)} kept"
        for reason, names in sorted(tally.dropped.items()):
            examples = ", ".join(dict.fromkeys(names[:EXAMPLES_SHOWN]))
            more = ", ..." if len(names) > EXAMPLES_SHOWN else ""
            yield f"    {len(names)} dropped, {reason}: {examples}{more}"
        if tally.idle_exclusions:
            yield f"    excluded in vain: {', '.join(tally.idle_exclusions)}"
    yield f"All languages: {sum(len(tally.kept) for tally in built.values())} kept"
    yield from report_characters(built)


def report_characters(built: Mapping[str, Tally]) -> Iterator[str]:
    """Show the alphabet with the rarest characters first, for the eye to check."""
    counts: Counter[str] = Counter()
    for tally in built.values():
        counts.update("".join(tally.kept.values()))
    listing = " ".join(f"{sign}{count}" for sign, count in reversed(counts.most_common()))
    yield f"{len(counts)} different characters: {listing}"


def package_label(package: Package) -> str:
    """The package with the version that was read, as the README's table names it."""
    return f"{package.value} {version(package.value)}"


def source_labels(recipe: Recipe) -> Iterator[str]:
    """Name each of a language's sources once."""
    locales: defaultdict[Package, list[str]] = defaultdict(list)
    for source in recipe.sources:
        locales[source.package].append(source.locale)
    for package, found in locales.items():
        names = ", ".join(dict.fromkeys(filter(None, found)))
        yield f"{package_label(package)} ({names})" if names else package_label(package)
    if (HAND_LISTS / f"{recipe.language}.txt").exists():
        yield "compiled by hand"


def table(recipes: Iterable[Recipe], built: Mapping[str, Tally]) -> str:
    """The README's table of languages, sources, licences and counts."""
    by_language = {recipe.language: recipe for recipe in recipes}
    rows = ["| Language | Names | Sources | Licence |", "| --- | ---: | --- | --- |"]
    for language, tally in built.items():
        sources = "; ".join(source_labels(by_language[language]))
        rows.append(f"| {language} | {len(tally.kept)} | {sources} | MIT |")
    total = sum(len(tally.kept) for tally in built.values())
    rows.append(f"| **All** | **{total}** | | |")
    return "\n".join(rows)


def with_table(readme: str, new_table: str) -> str:
    """The README with the text between the two markers replaced."""
    head, _, rest = readme.partition(TABLE_START)
    _, marker, tail = rest.partition(TABLE_END)
    if not marker:
        raise ListError("data/README.md has lost the markers around its table")
    return f"{head}{TABLE_START}\n\n{new_table}\n\n{TABLE_END}{tail}"


def write(output: Path, built: Mapping[str, Tally]) -> None:
    """Write the lists and the README, and remove lists that no recipe makes."""
    folder = output / "names"
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.txt"):
        if stale.stem not in built:
            stale.unlink()
    for language, tally in built.items():
        text = "".join(f"{name}\n" for name in tally.names)
        (folder / f"{language}.txt").write_text(text, encoding="utf-8", newline="\n")
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    (output / "README.md").write_text(
        with_table(readme, table(RECIPES, built)), encoding="utf-8", newline="\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Build everything and print the report."""
    parser = argparse.ArgumentParser(description="Rebuild the lists of surnames.")
    parser.add_argument("--output", type=Path, default=DATA, help="folder to write to")
    options = parser.parse_args(arguments)
    try:
        built = build_all(RECIPES)
        write(options.output, built)
    except ListError as problem:
        sys.exit(f"build.py: {problem}")
    sys.stdout.writelines(f"{line}\n" for line in report(built))


if __name__ == "__main__":
    main()
