"""The English words: which lists make up each part of speech, and which words are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from faker.providers.lorem.en_US import Provider as FakerWords
from lists import BY_HAND, SOURCES, Collection, Tally, package_label, read_names, tidy

HAND_LISTS: Final = SOURCES / "words"
EXCLUDED: Final = HAND_LISTS / "exclude"
LICENCE: Final = "MIT"

_PLAIN: Final = re.compile(r"[a-z]{3,16}")
# What turns up in a list of nouns without being a good model for a new word: learned
# endings that would drown the short words, and the long compounds of laboratories.
_LEARNED: Final = (
    "ing|i[sz]ation|i[sz]er?|ism|ability|ibility|ology|ometer|ography|ness|itis|ectomy|ylation|ation"
    "|ment|ician|ostat|icity|ivity|lysis"
)


@dataclass(frozen=True)
class PartOfSpeech:
    """How to make the list of one part of speech."""

    name: str
    # The file in wonderwords and the list in Faker; empty where that package is not read.
    wonderwords: str = ""
    faker: str = ""
    # A regular expression for words that the list holds too many of.
    unwanted: str = ""


PARTS: Final = (
    PartOfSpeech("Adjective", wonderwords="adjectivelist.txt", faker="adjective"),
    PartOfSpeech("Adverb", faker="adverb"),
    PartOfSpeech("Noun", wonderwords="nounlist.txt", unwanted=rf"({_LEARNED})$|^.{{11}}"),
    PartOfSpeech("Verb", wonderwords="verblist.txt"),
)


def read_wonderwords(filename: str) -> list[str]:
    """One of the package's files, which have a word a line."""
    text = files("wonderwords").joinpath("assets", filename).read_text(encoding="utf-8")
    return text.splitlines()


def candidates(part: PartOfSpeech) -> list[str]:
    """Every candidate, those of the hand list first."""
    raw = read_names(HAND_LISTS / f"{part.name}.txt")
    if part.wonderwords:
        raw += read_wonderwords(part.wonderwords)
    if part.faker:
        raw += FakerWords.parts_of_speech[part.faker]
    return [word for word in map(tidy, raw) if word]


def fault(word: str, part: PartOfSpeech, excluded: frozenset[str], obscene: frozenset[str]) -> str | None:
    """Why *word* must not be in the list, or None."""
    checks = (
        (word.casefold() in obscene, "obscene"),
        (word in excluded, "excluded by hand"),
        (not _PLAIN.fullmatch(word), "not one plain word"),
        (bool(part.unwanted and re.search(part.unwanted, word)), "learned or long"),
    )
    return next((reason for failed, reason in checks if failed), None)


def build_part(part: PartOfSpeech, obscene: frozenset[str]) -> Tally:
    """Collect, judge and deduplicate the words of one part of speech."""
    excluded = frozenset(read_names(EXCLUDED / f"{part.name}.txt"))
    tally = Tally()
    for word in candidates(part):
        tally.judge(word, fault(word, part, excluded, obscene))
    tally.idle_exclusions = sorted(excluded.difference(*tally.dropped.values()))
    return tally


def source_label(part: PartOfSpeech) -> str:
    """Name each of a part's sources."""
    labels = [package_label("wonderwords")] if part.wonderwords else []
    labels += [package_label("Faker")] if part.faker else []
    labels += [BY_HAND] if (HAND_LISTS / f"{part.name}.txt").exists() else []
    return "; ".join(labels)


def collection() -> Collection:
    """All words, with the sources that the README's table names."""
    obscene = frozenset(read_wonderwords("profanitylist.txt"))
    return Collection(
        folder="words",
        readme="words/README.md",
        category="Part of speech",
        entries="Words",
        licence=LICENCE,
        built={part.name: build_part(part, obscene) for part in PARTS},
        sources={part.name: source_label(part) for part in PARTS},
    )
