"""Processes that share work on this machine: fresh ones, quiet, and ended at once where the work is given up."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def pool_of(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, ended at once where the work is given up.

    Args:
        workers: how many, at most.
    """
    # Neither VTK nor threads survive a fork.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, _quietly)
    try:
        yield pool
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _quietly() -> None:
    """Silences a worker process.

    The first process handles Ctrl-C, which reaches every process of a terminal; all would draw bars, and VTK would warn
    that it found no screen.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def ended(work: str) -> str:
    """What is said where a process that did a piece of work, or one beside it, is gone."""
    return f"the process that worked on {work!r} or one beside it was ended by the system, perhaps for want of memory"
