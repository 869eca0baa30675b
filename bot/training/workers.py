"""The executor of a single machine: a spawned process for each job, which can be ended at any moment."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_NICENESS = 10


class WorkerEnded(Exception):
    """A worker's process ended before its job did."""

    def __init__(self, code: int) -> None:
        """Say how: the exit code, or the signal's number below zero, as `multiprocessing` has it."""
        super().__init__(f"killed by signal {-code}" if code < 0 else f"exit code {code}")


class Workers(Executor):
    """Each call has a new process, so that its memory goes with it and the next finds no trace of it.

    What the call returns is lost: a training job leaves its result in the database. `initializer` is
    called first in each process, as that of a `ProcessPoolExecutor` is.
    """

    def __init__(self, initializer: Callable[[], object] | None = None) -> None:
        self._initializer = initializer
        self._jobs: set[_Job] = set()

    def submit(  # type: ignore[override]  # what the call returns is lost
        self, call: Callable[P, object], /, *args: P.args, **options: P.kwargs
    ) -> Future[None]:
        """Start a process for the call; cancelling its future ends it."""
        process = multiprocessing.get_context("spawn").Process(
            target=_work, args=(self._initializer, call, args, options), daemon=True
        )
        process.start()
        job = _Job(process)
        self._jobs.add(job)
        job.add_done_callback(lambda _: self._jobs.discard(job))
        return job

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - Executor's
        """Let the jobs end, or with `cancel_futures` end them."""
        for job in list(self._jobs):
            if cancel_futures:
                job.cancel()
            if wait:
                job.exception()


class _Job(Future[None]):
    """A call that runs in a process."""

    def __init__(self, process: BaseProcess) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()
        self._process = process
        threading.Thread(target=self._wait, name="worker", daemon=True).start()

    def cancel(self) -> bool:
        """End the process, also while it runs. SQLite and the store leave no half-done work behind."""
        if self.done():
            return False
        self._process.kill()
        return True

    def _wait(self) -> None:
        connection.wait([self._process.sentinel])
        code = self._process.exitcode
        while code is None:  # another thread is about to note it: one that asked for active children, say
            time.sleep(0.01)
            code = self._process.exitcode
        if code:
            self.set_exception(WorkerEnded(code))
        else:
            self.set_result(None)


def _work(
    initializer: Callable[[], object] | None,
    call: Callable[..., object],
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> None:
    """The process's own beginning: its Ctrl-C is the bot's to handle, and the bot goes first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    if initializer is not None:
        initializer()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    call(*args, **options)


def _end_with_parent() -> None:
    """End when the bot's process does, even if it was killed: nobody else would ever end this one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
