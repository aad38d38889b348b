"""Freed memory is kept: counted by the pages that the system had to hand out, in a process of its own."""

import os
import platform
import subprocess
import sys

import pytest

PAGES = """
import resource, sys, torch
from mzsr_basicsr.upscaling.allocator import keep_freed_memory
kept = keep_freed_memory() if sys.argv[1] == "keep" else None
for turn in range(12):
    if turn == 2:
        start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    parts = [torch.zeros(4 << 20) for _ in range(5)]  # 16 MB each
    del parts
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - start)
"""


def pages(word: str, **variables: str) -> tuple[str, int]:
    command = [sys.executable, "-c", PAGES, word]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean | variables)
    kept, count = done.stdout.split()
    return kept, int(count)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="NOT TESTED: no glibc here, whose memory this is about")
@pytest.mark.parametrize(
    "variables", [{"MALLOC_TRIM_THRESHOLD_": "131072"}, {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=131072"}]
)
def test_a_step_is_handed_no_new_pages_unless_the_user_chose_so(variables: dict[str, str]) -> None:
    kept, few = pages("keep")
    left, many = pages("keep", **variables)
    assert (kept, left) == ("True", "False")
    assert few * 5 < many
