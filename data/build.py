"""Rebuild names/, cities/ and words/ from the lists of packages and of data/sources/.

Run it from the project root as ``python data/build.py``. The result depends
only on the packages' versions and on the text files, so that a second run
changes nothing. ``--output DIR`` writes the lists and copies of the READMEs there
instead, which is how the tests compare a fresh build with the committed files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import places
import surnames
import vocabulary
from lists import DATA, ListError, report, write

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Build everything and print the report."""
    parser = argparse.ArgumentParser(description="Rebuild the lists of names, cities and words.")
    parser.add_argument("--output", type=Path, default=DATA, help="folder to write to")
    options = parser.parse_args(arguments)
    try:
        collections = (surnames.collection(), places.collection(), vocabulary.collection())
        for collection in collections:
            write(options.output, collection)
    except ListError as problem:
        sys.exit(f"build.py: {problem}")
    for collection in collections:
        sys.stdout.writelines(f"{line}\n" for line in report(collection))


if __name__ == "__main__":
    main()
