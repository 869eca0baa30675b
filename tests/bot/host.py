"""Running `python -m bot` as a host does, against a stand-in for Discord."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from pathlib import Path

from tests.bot.stand_in import TOKEN, StandIn

HERE = Path(__file__).parents[2]


async def start(folder: Path, **environment: str) -> Process:
    """The bot in a process, with these settings and no others; what it says goes to a file there."""
    with (folder / "said.txt").open("wb") as said:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE), **environment},
            stdout=said,
            stderr=said,
        )


def addresses(discord: StandIn, data_dir: Path, token: str = TOKEN) -> dict[str, str]:
    """Settings that lead to the stand-in."""
    return {
        "DISCORD_TOKEN": token,
        "DISCORD_API_URL": f"http://{discord.address}/api/",
        "DISCORD_GATEWAY_URL": f"ws://{discord.address}/gateway",
        "DATABASE_URL": "sqlite+aiosqlite:///names.db",
        "DATA_DIR": str(data_dir),
        "LOG_LEVEL": "debug",
    }
