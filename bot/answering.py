"""The interactions that are being answered, each followed from its arrival to its end."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from bot.errors import Refusal
from model import ModelError


class Outcome(StrEnum):
    """How an interaction ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"


OnEnd = Callable[[str, Outcome, float], None]
"""Told what it was, how it ended, and how many seconds that took."""


class Answering:
    """Knows what is being answered, so that all of it is finished before the bot closes."""

    def __init__(self, on_end: OnEnd) -> None:
        self._on_end = on_end
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_closing = False

    @contextmanager
    def follow(self, what: str) -> Iterator[None]:
        """Follow the answer of this task; what it raises goes on to whoever tells it.

        Raises:
            Refusal: where the bot is about to close.
        """
        if self._is_closing:
            raise Refusal("I am being restarted. Try again in a minute.")
        self._note_task()
        begun, outcome = time.perf_counter(), Outcome.FAILED
        try:
            yield
            outcome = Outcome.ANSWERED
        except (Refusal, ModelError):
            outcome = Outcome.REFUSED
            raise
        finally:
            self._on_end(what, outcome, time.perf_counter() - begun)

    async def finish(self, seconds: float) -> None:
        """Take on no more, and wait for what is being answered, for so long at most."""
        self._is_closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _note_task(self) -> None:
        """Its end is the task's, when whatever was raised has been told too."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
