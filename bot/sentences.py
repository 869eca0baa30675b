"""Sentences that are kept in the database, and told later in the language that is then spoken.

Such a sentence is kept as it stands in the code, and one with values as a JSON array of both. Several are
a line each.
"""

import json
from collections.abc import Iterator, Mapping


def kept(sentence: str, /, **values: object) -> str:
    """An English sentence, with values for its braces or none, as it is kept."""
    return json.dumps([sentence, values], default=str, ensure_ascii=False) if values else sentence


def parts(kept: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The sentences that are kept, each with its values."""
    for line in kept.split("\n"):
        sentence, values = json.loads(line) if line.startswith("[") else (line, {})
        yield sentence, values


def english(kept: str) -> str:
    """What is kept, for the log."""
    return " ".join(sentence.format(**values) if values else sentence for sentence, values in parts(kept))
