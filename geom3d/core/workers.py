"""Processes that share work on this machine: fresh ones, quiet, and ended at once where the work is given up."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from geom3d.core.errors import GeometryError, OutputError
from geom3d.core.heap import keep_memory
from geom3d.core.threads import use_one_thread

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def pool_of(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, ended at once where the work is given up.

    Args:
        workers: how many, at most.
    """
    # Neither VTK nor threads survive a fork.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, work_quietly)
    try:
        yield pool
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def work_quietly() -> None:
    """Silences a worker process, keeps it to its core, and lets it keep the memory of its arrays.

    The first process handles Ctrl-C, which reaches every process of a terminal; all would draw bars, and VTK would warn
    that it found no screen.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    use_one_thread()
    keep_memory()


def each(
    work: Callable[[T], R],
    things: Sequence[T],
    advance: Callable[[int], None],
    *,
    workers: int = 1,
    copy: Callable[[T], T] = lambda thing: thing,
    last: Callable[[T], bool] = lambda thing: False,
    lost: Callable[[T], str] = str,
) -> list[R]:
    """What a piece of work makes of each thing, by processes that share it.

    Args:
        work: a function of a module, or a partial of one: it must travel.
        things: in the order of the answer.
        advance: called with 1 whenever one is done.
        workers: processes; with 1 this one does it all.
        copy: what of a thing travels.
        last: whether a thing is begun after those of which this is false.
        lost: the beginning of the message where the process that worked on a thing, or one beside it, is gone.

    Raises:
        OutputError: where a process was ended by the system.
    """
    if workers <= 1:
        found = []
        for thing in things:
            found.append(work(thing))
            advance(1)
        return found
    with pool_of(workers) as pool:
        order = sorted(range(len(things)), key=lambda k: last(things[k]))
        futures = {k: pool.submit(_answer, work, copy(things[k])) for k in order}
        for _ in as_completed(futures.values()):
            advance(1)
        answers = []
        for k, thing in enumerate(things):
            try:
                answer = futures[k].result()
            except BrokenProcessPool:
                reason = (
                    "the process that worked on it or one beside it was ended by the system, perhaps for want of memory"
                )
                raise OutputError(f"{lost(thing)}: {reason}") from None
            answers.append(work(thing) if answer is None else answer[0])
        return answers


def _answer(work: Callable[[T], R], thing: T) -> tuple[R] | None:
    try:
        return (work(thing),)
    except GeometryError:
        return None  # a mesh that fails its checks does not travel: it is made again where it can be kept
