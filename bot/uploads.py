"""Reading what a server's admin uploads: lists of names as text, CSV or a zip of such files.

All of it comes from a stranger: sizes are checked before a file is read whole, nothing in an archive
is written anywhere, and of a file's path only the last part is looked at.
"""

import csv
import io
import lzma
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.errors import Refusal
from bot.text import DIRECTIONS, plain
from model.text import to_nfc

_HEADERS = frozenset({"name", "names", "surname", "surnames", "last name", "word", "words", "title"})
_UNPRINTABLE = frozenset({"Cc", "Co", "Cn", "Cs"})  # control, private, unassigned and surrogate characters

# What zipfile raises for damage, encryption, and compressions it lacks.
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,  # names that are no text, offsets before the beginning
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a server may put in."""

    size: int = 2 * 2**20
    """Bytes of an upload, and of all that it unpacks to."""
    names: int = 20_000
    """Names of one upload."""
    letters: int = 50
    """Letters of a name."""
    categories: int = 40
    """Categories of a server."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The names of one category that were taken, and how many lines were dropped for which reason."""

    category: str
    names: tuple[str, ...]
    blank: int = 0
    duplicate: int = 0
    too_long: int = 0
    not_text: int = 0


def too_large(bounds: Bounds) -> Refusal:
    """The refusal of more bytes than may be uploaded."""
    return Refusal("The file is larger than {most} KiB: take a part of it.", most=bounds.size // 1024)


def read_upload(filename: str, content: bytes, category: str | None, bounds: Bounds) -> list[Taken]:
    """The categories of an upload; `category` names the one of a single file, whose own name does otherwise.

    Raises:
        Refusal: with a sentence, where there is nothing to take.
    """
    if len(content) > bounds.size:
        raise too_large(bounds)
    suffix = PurePosixPath(filename).suffix.lower()
    if suffix == ".zip":
        if category is not None:
            raise Refusal("A zip brings the names of its categories along: leave the category out.")
        files = list(_members(content, bounds))
    elif suffix in _LINES:
        files = [(f"{category or PurePosixPath(filename).stem}{suffix}", content)]
    else:
        raise Refusal("That file is neither .txt nor .csv nor .zip: save the names as one of these.")
    taken = [_take(path, text, bounds) for path, text in files]
    if not any(part.names for part in taken):
        raise Refusal("There is no usable name in it: put one on each line.")
    if sum(len(part.names) for part in taken) > bounds.names:
        raise Refusal("Those are more than {most} names: take a part of them.", most=bounds.names)
    return [part for part in taken if part.names]


def read_lines(category: str, text: str, bounds: Bounds) -> Taken:
    """The names that were typed, one a line.

    Raises:
        Refusal: where there is none.
    """
    taken = _clean(category, text.splitlines(), bounds)
    if not taken.names:
        raise Refusal("There is no usable name in it: put one on each line.")
    return taken


def _members(content: bytes, bounds: Bounds) -> Iterator[tuple[str, bytes]]:
    """The text and CSV files of a zip, each with its name; archives in it are not opened."""
    left = bounds.size
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                path = PurePosixPath(member.filename.replace("\\", "/"))
                if path.suffix.lower() not in _LINES or "__MACOSX" in path.parts or path.name.startswith("."):
                    continue
                with archive.open(member) as file:
                    unpacked = file.read(left + 1)  # what the zip says of its sizes may be a lie
                left -= len(unpacked)
                if left < 0:
                    raise Refusal("The zip unpacks to more than {most} KiB.", most=bounds.size // 1024)
                yield path.name, unpacked
    except _UNREADABLE as error:
        raise Refusal("The zip is damaged, encrypted, or of a kind that can't be read.") from error


def _take(filename: str, content: bytes, bounds: Bounds) -> Taken:
    path = PurePosixPath(filename)
    return _clean(path.stem, _LINES[path.suffix.lower()](_decode(path.name, content)), bounds)


def _decode(filename: str, content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refusal(
            "“{file}” is not text in UTF-8: save it so and try again.", file=plain(filename[:50])
        ) from error


def _text_lines(text: str) -> Iterable[str]:
    return text.splitlines()


def _csv_lines(text: str) -> Iterable[str]:
    """The first column, without its heading if it has one of the usual ones."""
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\0", "\ufffe")), delimiter=delimiter))
    except csv.Error as error:
        raise Refusal("The CSV file can't be read: {reason}.", reason=error) from error
    column = [row[0] if row else "" for row in rows]
    return column[1:] if column and column[0].strip().casefold() in _HEADERS else column


_LINES = {".txt": _text_lines, ".csv": _csv_lines}


def _clean(category: str, lines: Iterable[str], bounds: Bounds) -> Taken:
    called = to_nfc(" ".join(category.split()))
    if not _is_text(called):
        raise Refusal("A category's name needs a letter or a digit, and nothing that can't be shown.")
    seen: dict[str, None] = {}
    blank = duplicate = too_long = not_text = 0
    for line in lines:
        name = to_nfc(" ".join(line.split()))
        if not name:
            blank += 1
        elif len(name) > bounds.letters:
            too_long += 1
        elif not _is_text(name):
            not_text += 1
        elif name in seen:
            duplicate += 1
        else:
            seen[name] = None
    return Taken(called, tuple(seen), blank, duplicate, too_long, not_text)


def _is_text(name: str) -> bool:
    """Whether it has a letter or a digit to be read, and nothing that can't be shown."""
    kinds = [unicodedata.category(character) for character in name]
    is_shown = not _UNPRINTABLE.intersection(kinds) and not DIRECTIONS.intersection(name)
    return is_shown and any(kind[0] in "LN" for kind in kinds)
