"""python -m benchmarks [SECTION ...] [--data DIR] [--ascii]: print the figures as tables."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine, members, names, networks, newcomers, sampling, serving, speed
from benchmarks.runs import Trainings
from benchmarks.tables import console, note
from model import Corpus

SECTIONS: dict[str, Callable[[Trainings], None]] = {
    "networks": networks.run,
    "speed": speed.run,
    "sampling": sampling.run,
    "names": names.run,
    "newcomers": newcomers.run,
    "members": lambda trainings: members.run(trainings.corpus),
    "serving": serving.run,
}


def main() -> None:
    """Run the sections that were asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all if none"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("BENCH_DATA", "data/names"),
        help="the names to learn; BENCH_DATA where not given, else data/names",
    )
    parser.add_argument("--ascii", action="store_true", help="fold the names to ASCII, as the tutorial does")
    asked = parser.parse_args()
    unknown = set(asked.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
    corpus = Corpus.read(asked.data, "ascii" if asked.ascii else "unicode")
    console.print(machine.described())
    console.print(f"{len(corpus)} names in {len(corpus.categories)} categories, read from {asked.data}\n")
    trainings = Trainings(corpus)
    for section in asked.sections or SECTIONS:
        note(section)
        SECTIONS[section](trainings)


if __name__ == "__main__":
    main()
