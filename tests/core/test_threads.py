"""Linear algebra has one thread in processes that stand beside others, unless the user tells another number."""

import os
import subprocess
import sys

import pytest

from geom3d.core.threads import VARIABLES

ASK = """
{first}
from geom3d.core.threads import use_one_thread
use_one_thread()
import numpy
from threadpoolctl import threadpool_info
print(*{{one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}})
"""


@pytest.mark.parametrize("first", ["", "import numpy"])
@pytest.mark.parametrize("told", [None, "2"])
def test_one_thread_unless_told(first, told):
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    if told is not None:
        clean["OPENBLAS_NUM_THREADS"] = told
    answer = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n" + ASK.format(first=first)],
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    )
    if not answer.stdout.strip():
        pytest.skip("numpy's linear algebra here is none whose threads can be counted")
    assert int(answer.stdout) == min(int(told or 1), os.cpu_count() or 1)
