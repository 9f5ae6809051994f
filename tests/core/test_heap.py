"""Memory of arrays that come and go is kept by the process: the system clears fewer pages."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from geom3d.core.heap import _VARIABLES

ASK = """
import resource
from geom3d.core.heap import keep_memory
kept = {first}
import numpy as np
for _ in range(20):
    np.ones(10_000_000)
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def faults(first: str, **told: str) -> tuple[bool, int]:
    clean = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(first=first)], env=clean | told, capture_output=True, text=True, check=True
    )
    kept, count = done.stdout.split()
    return kept == "True", int(count)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's allocator is Linux's")
def test_pages_are_cleared_once_and_not_for_every_array():
    kept, few = faults("keep_memory()")
    if not kept:
        pytest.skip("another C library than GNU's")
    _, many = faults("False")
    # 80 MB are 38 pages where the system has huge ones, else twenty thousand; of less than 32 MB the C library learns by itself.
    assert many - few >= 19 * 30


def test_the_user_may_have_told_otherwise():
    assert faults("keep_memory()", MALLOC_TRIM_THRESHOLD_="131072")[0] is False
