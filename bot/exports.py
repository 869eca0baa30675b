"""A member's favourites as a file."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from itertools import groupby

from bot.store import Favourite


def as_text(favourites: Sequence[Favourite]) -> bytes:
    """The names under a heading for each language."""
    parts = []
    for language, names in groupby(favourites, key=lambda name: name.language):
        parts.append("\n".join([language, "-" * len(language), *(name.text for name in names)]))
    return ("\n\n".join(parts) + "\n").encode()


def as_csv(favourites: Sequence[Favourite]) -> bytes:
    """A line for each name, with a byte order mark, by which spreadsheets know that it is UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["name", "language", "made", "starred"])
    for name in favourites:
        made, starred = name.created_at.isoformat(), name.starred_at.isoformat()
        writer.writerow([name.text, name.language, made, starred])
    return buffer.getvalue().encode("utf-8-sig")


def as_json(favourites: Sequence[Favourite]) -> bytes:
    """A list of objects."""
    listed = [
        {
            "name": name.text,
            "language": name.language,
            "made": name.created_at.isoformat(),
            "starred": name.starred_at.isoformat(),
        }
        for name in favourites
    ]
    return json.dumps(listed, ensure_ascii=False, indent=2).encode()


FORMATS: dict[str, Callable[[Sequence[Favourite]], bytes]] = {"txt": as_text, "csv": as_csv, "json": as_json}
