"""What becomes of freed memory."""

import ctypes
import platform

_MIB = 1024 * 1024
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""


def keep_freed() -> None:
    """Have the C library keep up to 64 MiB that are freed, where it is glibc.

    By itself it returns blocks of a training step's size to the system, which then clears each page anew
    when the next step asks for it: a fifth of the time. These are the thresholds that it would raise
    itself to at most, as freed blocks grow.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, 32 * _MIB)
        libc.mallopt(_TRIM_THRESHOLD, 64 * _MIB)


def give_back() -> None:
    """Return what is freed to the system, where the C library is glibc.

    By itself it does so only from the end of its heap: what stands there keeps all below it. After a model
    is loaded, which takes some 100 MiB for a moment, that is more than the model.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
