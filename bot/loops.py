"""Ending what runs from time to time."""

import asyncio
from typing import Any

from discord.ext import tasks

_PATIENCE = 2.0  # seconds


async def end(loop: tasks.Loop[Any]) -> None:
    """Cancel a loop and wait until it has ended: a wait for a database that has closed has no end."""
    task = loop.get_task()
    loop.cancel()
    if task is not None:
        await asyncio.wait({task}, timeout=_PATIENCE)
