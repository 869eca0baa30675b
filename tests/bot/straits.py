"""A database that another process keeps locked, or whose disk is full, and a bot that is used meanwhile."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bot.stand_in import StandIn

_HOLD = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""

REFUSED = "The database can't be used at the moment"
UNKEPT = "could not be kept"


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process has the lock, and does not give it back."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _HOLD, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        yield
        other.communicate()


class SmallDisk:
    """A file system in memory that holds little, for as long as one is within it; takes root to mount."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder, self._mib = folder, mib

    def __enter__(self) -> "SmallDisk":
        _mount("-t", "tmpfs", "-o", f"size={self._mib}m", "tmpfs", str(self.folder))
        return self

    def __exit__(self, *_error: object) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def grow(self, mib: int) -> None:
        """Make room."""
        _mount("-o", f"remount,size={mib}m", str(self.folder))


def _mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True, capture_output=True)


class Member:
    """One who uses a bot, and notes how long it took to say anything."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self.longest = 0.0
        """Seconds."""

    async def ask(self) -> str:
        """Names, and what came of them."""
        return await self._last_told(await self._stand_in.command("name", language="russian", count=5))

    async def teach(self, number: int) -> str:
        """Send off a form with names for the server."""
        names = "\n".join(f"Elf{chr(97 + number % 26)}{chr(97 + letter)}" for letter in range(20))
        return await self._last_told(await self._stand_in.submit(f"names:0:Elves {number}", names=names))

    async def train(self) -> str:
        """Ask for a training of the server's model."""
        command = self._stand_in.command("retrain", in_server=True, recipe="quick")
        return await self._last_told(await command)

    async def _last_told(self, interaction: str) -> str:
        began = time.monotonic()
        told = await self._stand_in.told(interaction)
        self.longest = max(self.longest, time.monotonic() - began)
        asks_for_patience = '"type": 5' in told
        return await self._stand_in.told(interaction, 1) if asks_for_patience else told
