"""The data rebuilt once for all its tests, into a folder where a list was that no recipe makes."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Rebuilt(NamedTuple):
    """Where the lists are, and what the build printed."""

    folder: Path
    report: str


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Rebuilt:
    folder = tmp_path_factory.mktemp("rebuilt")
    stale = folder / "names" / "Klingon.txt"
    stale.parent.mkdir()
    stale.write_text("Worf\n", encoding="utf-8")
    command = [sys.executable, "data/build.py", "--output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    return Rebuilt(folder, done.stdout)
