import platform
from pathlib import Path

import pytest
import torch

from model.memory import give_back, keep_freed

resource = pytest.importorskip("resource")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_memory_that_is_freed_is_used_again_without_asking_the_system() -> None:
    def taken_anew() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(10):
            torch.ones(2_000_000)  # 1,954 pages
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    keep_freed()
    taken_anew()
    assert taken_anew() < 1_954


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_freed_memory_is_given_back_though_something_stands_above_it() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    blocks = [bytes(100_000) for _ in range(1000)]
    last = blocks.pop()
    blocks.clear()
    before = resident()

    give_back()

    assert before - resident() > 50_000_000
    assert len(last) == 100_000
