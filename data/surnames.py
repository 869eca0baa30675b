"""The surnames: which packages' lists are read, and which of their names are kept."""

from __future__ import annotations

import importlib
import json
import re
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from japanese_personal_name_dataset import load_dataset
from lists import (
    BY_HAND,
    SOURCES,
    Collection,
    ListError,
    Tally,
    package_label,
    read_names,
    spelling_fault,
    strip_marks,
    tidy,
)
from recipes import RECIPES, Package, Recipe, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

EXCLUDED: Final = SOURCES / "exclude"

# Names that a package puts where it has no list of its own, or that stand for
# "any person" in forms and examples.
PLACEHOLDERS: Final = frozenset(
    (
        "doe", "dummy", "example", "foo", "mustermann", "musterfrau", "name",
        "placeholder", "sample", "surname", "test", "todo", "true", "unknown", "xx",
    )
)  # fmt: skip


# --- Reading the sources -----------------------------------------------------


def hand_list(recipe: Recipe) -> Path:
    """Where the names that were compiled by hand for a language are, if any were."""
    return SOURCES / f"{recipe.language}.txt"


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


def fault(name: str, recipe: Recipe, excluded: frozenset[str]) -> str | None:
    """Why *name* must not be in the language's list, or None."""
    if name.casefold() in PLACEHOLDERS:
        return "placeholder"
    if name in excluded:
        return "excluded by hand"
    return spelling_fault(name, recipe.letters, recipe.particles)


# --- Building one language ---------------------------------------------------


def candidates(recipe: Recipe, built: Mapping[str, Tally]) -> Iterator[tuple[str, str | None]]:
    """Every candidate in the Latin alphabet, with a source's own reason to drop it.

    The hand list comes first: its spelling wins over a variant, and a name in it
    is kept even if a package's list is filtered for foreign names.
    """
    for name in read_names(hand_list(recipe)):
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
    excluded = frozenset(read_names(EXCLUDED / f"{recipe.language}.txt"))
    tally = Tally()
    for name, reason in candidates(recipe, built):
        tally.judge(name, reason or fault(name, recipe, excluded))
    tally.idle_exclusions = sorted(excluded.difference(*tally.dropped.values()))
    if recipe.prefer_marked:
        tally.drop_unmarked_variants(set(map(str.casefold, read_names(hand_list(recipe)))))
    return tally


def build_all(recipes: Sequence[Recipe]) -> dict[str, Tally]:
    """Build every language, in the recipes' order: a filter needs its lists built."""
    built: dict[str, Tally] = {}
    for recipe in recipes:
        built[recipe.language] = build_language(recipe, built)
    return dict(sorted(built.items()))


# --- The collection ----------------------------------------------------------


def source_labels(recipe: Recipe) -> Iterator[str]:
    """Name each of a language's sources once."""
    locales: defaultdict[Package, list[str]] = defaultdict(list)
    for source in recipe.sources:
        locales[source.package].append(source.locale)
    for package, found in locales.items():
        names = ", ".join(dict.fromkeys(filter(None, found)))
        yield f"{package_label(package.value)} ({names})" if names else package_label(package.value)
    if hand_list(recipe).exists():
        yield BY_HAND


def collection() -> Collection:
    """All surnames, with the sources that the README's table names."""
    return Collection(
        folder="names",
        readme="README.md",
        category="Language",
        entries="Names",
        licence="MIT",
        built=build_all(RECIPES),
        sources={recipe.language: "; ".join(source_labels(recipe)) for recipe in RECIPES},
    )
