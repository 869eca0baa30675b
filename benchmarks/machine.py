"""What the figures were measured on, and how fast it multiplies matrices."""

import os
import platform
import time
from pathlib import Path

import torch


def described() -> str:
    """Processor, cores and versions, in a line."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}; "
        "one thread, seconds of processor time"
    )


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def peak_memory() -> float:
    """The most MiB of memory that this process has held: as Linux counts them since its program began.

    `getrusage` counts from before that: a child that is to measure itself would show its parent's.
    """
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def product_rate(rows: int, inner: int, columns: int, precision: torch.dtype) -> float:
    """The rate of (rows, inner) @ (inner, columns) on one thread, in GFLOP/s: the best of ten."""
    left, right = torch.randn(rows, inner).to(precision), torch.randn(inner, columns).to(precision)
    operations = 2 * rows * inner * columns
    repeats = max(1, round(2e8 / operations))
    return repeats * operations / 1e9 / min(_seconds(left, right, repeats) for _ in range(10))


def _seconds(left: torch.Tensor, right: torch.Tensor, repeats: int) -> float:
    began = time.process_time()
    for _ in range(repeats):
        torch.mm(left, right)
    return time.process_time() - began
