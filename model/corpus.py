"""The corpus: names by category, read from a folder or a zip of `<category>.txt` files."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

from model.errors import CorpusError
from model.text import NORMALISERS, Normalisation

LONGEST_NAME = 50
"""Letters a name may have: a longer line is a sentence, not a name."""

LARGEST_ARCHIVE = 64 * 1024 * 1024
"""Bytes a zip may unpack to, so that a small file can't fill the memory."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Lines of one category that were passed over."""

    blank: int = 0
    duplicate: int = 0


@dataclass(frozen=True)
class Corpus:
    """Names by category. Categories are sorted, names keep the order of their file.

    Build one with `read`, or with `of` from names at hand; the constructor checks nothing.
    """

    names: Mapping[str, tuple[str, ...]]
    normalisation: Normalisation = "unicode"
    dropped: Mapping[str, Dropped] = field(default_factory=dict)

    @classmethod
    def read(cls, source: str | Path | bytes, normalise: Normalisation = "unicode") -> Self:
        """Read a folder, a zip file, or a zip's bytes, with one `<category>.txt` for each category.

        Raises:
            CorpusError: with a sentence, when there is no such file, it isn't UTF-8, a category has
                no name, or a name is longer than 50 letters.
        """
        files = _zip_files(source) if _is_zip(source) else _folder_files(Path(str(source)))
        lines: dict[str, list[str]] = {}
        for category, content in files:
            if category.casefold() in map(str.casefold, lines):
                raise CorpusError(
                    "There are two files for {category}: put its names into one.", category=category
                )
            lines[category] = _decode(category, content).splitlines()
        if not lines:
            raise CorpusError(
                "No names in {source}: it needs one file <category>.txt for each category.",
                source="the zip" if isinstance(source, bytes) else source,
            )
        return cls.of(lines, normalise)

    @classmethod
    def of(cls, lines: Mapping[str, Iterable[str]], normalise: Normalisation = "unicode") -> Self:
        """Strip and normalise the lines of each category; drop and count blank and repeated ones.

        Raises:
            CorpusError: as `read`.
        """
        names: dict[str, tuple[str, ...]] = {}
        dropped: dict[str, Dropped] = {}
        for category in sorted(lines):
            names[category], dropped[category] = _clean(category, lines[category], normalise)
        if not names:
            raise CorpusError("A corpus needs at least one category with names.")
        return cls(names, normalise, dropped)

    @property
    def categories(self) -> list[str]:
        return list(self.names)

    @property
    def alphabet(self) -> str:
        """Every letter that occurs, sorted by code point."""
        return "".join(sorted({letter for _, name in self.pairs() for letter in name}))

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Each (category, name), in order."""
        return ((category, name) for category, names in self.names.items() for name in names)

    def __len__(self) -> int:
        return sum(len(names) for names in self.names.values())

    def split(self, seed: int = 0, fraction: float = 0.1) -> tuple[Self, Self]:
        """Part the names into (training, held out), every category in both.

        A name's side depends on the seed and its letters alone, so a name in two categories is on
        one side, and names added later move none; only a category so small that a side would be
        empty gives it the likeliest there, and one with a single name has it in both.
        """
        kept: dict[str, tuple[str, ...]] = {}
        held_out: dict[str, tuple[str, ...]] = {}
        for category, names in self.names.items():
            kept[category], held_out[category] = _part(names, seed, fraction)
        return type(self)(kept, self.normalisation), type(self)(held_out, self.normalisation)

    def to_zip(self) -> bytes:
        """The corpus as a zip that `read` takes; the same names always give the same bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for category, names in self.names.items():
                archive.writestr(
                    zipfile.ZipInfo(f"{category}.txt"),
                    "".join(f"{name}\n" for name in names),
                    zipfile.ZIP_DEFLATED,
                )
        return buffer.getvalue()


def _is_zip(source: str | Path | bytes) -> bool:
    return isinstance(source, bytes) or (Path(source).is_file() and zipfile.is_zipfile(source))


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        raise CorpusError(
            "{folder} is neither a folder nor a zip: name a folder of <category>.txt files.", folder=folder
        )
    return ((path.stem, path.read_bytes()) for path in sorted(folder.glob("*.txt")))


def _zip_files(source: str | Path | bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            members = [member for member in archive.infolist() if _is_category_file(member.filename)]
            if sum(member.file_size for member in members) > LARGEST_ARCHIVE:
                raise CorpusError(
                    "The zip unpacks to more than {most} MiB of names.", most=LARGEST_ARCHIVE // 2**20
                )
            yield from ((PurePosixPath(member.filename).stem, archive.read(member)) for member in members)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise CorpusError("The zip can't be read: {reason}.", reason=error) from error


def _is_category_file(filename: str) -> bool:
    """Whether it is a `<category>.txt`, and not one of the shadow files that macOS packs beside each."""
    path = PurePosixPath(filename)
    return path.suffix == ".txt" and "__MACOSX" not in path.parts and not path.name.startswith(".")


def _decode(category: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CorpusError(
            "{category}.txt isn't UTF-8 (line {line}): save it as UTF-8 and try again.",
            category=category,
            line=line,
        ) from error


def _clean(category: str, lines: Iterable[str], normalise: Normalisation) -> tuple[tuple[str, ...], Dropped]:
    seen: dict[str, None] = {}
    blank = duplicate = 0
    for line in lines:
        name = NORMALISERS[normalise](line.strip()).strip()
        if not name:
            blank += 1
        elif name in seen:
            duplicate += 1
        elif len(name) > LONGEST_NAME:
            raise CorpusError(
                "{category} has a name of {count} letters, {name}…: names may have up to {most}, one a line.",
                category=category,
                count=len(name),
                name=repr(name[:20]),
                most=LONGEST_NAME,
            )
        else:
            seen[name] = None
    if not seen:
        raise CorpusError(
            "{category} has no name left after cleaning: give it at least one, or leave it out.",
            category=category,
        )
    return tuple(seen), Dropped(blank, duplicate)


def _part(names: tuple[str, ...], seed: int, fraction: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if len(names) == 1:
        return names, names
    place = {name: _place(name, seed) for name in names}
    ordered = sorted(names, key=place.__getitem__)
    size = min(max(1, sum(place[name] < fraction for name in names)), len(names) - 1)
    held_out = set(ordered[:size])
    return tuple(n for n in names if n not in held_out), tuple(n for n in names if n in held_out)


def _place(name: str, seed: int) -> float:
    """Where the name falls between 0 and 1: the same on every machine, unlike `hash`."""
    digest = hashlib.blake2b(name.encode(), digest_size=8, key=str(seed).encode()).digest()
    return int.from_bytes(digest) / 2**64
