"""Threads of linear algebra: one in each process.

What is solved here is sparse, and what is dense is small: more threads gain nothing, and where other processes work they wait for
one another. The conduction of a unit cell took 7 s of processor time with one thread beside other work, 26 s with two.
"""

from __future__ import annotations

import os
import sys

#: What the libraries of linear algebra that numpy and scipy are built with ask as they are loaded.
VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def use_one_thread() -> None:
    """Linear algebra of this process, and of those that it starts, has one thread; as the user told it where he did."""
    if any(name in os.environ for name in VARIABLES):
        return
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    if "numpy" in sys.modules:  # a library that is loaded does not ask again
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, user_api="blas")
