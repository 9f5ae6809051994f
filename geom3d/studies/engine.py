"""Where designs are measured: in this process, in a pool of processes on this machine, or on a Dask cluster.

All engines do the same: they take batches of designs, keep a few of them under way, and give back rows in whatever order
they come. A process that dies takes nothing with it: its batch is tried again, design by design, and a design with which
a process dies twice gets a row that says so.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol

from geom3d.cell.template import Original
from geom3d.core.errors import InputError, OutputError
from geom3d.studies.store import Row
from geom3d.studies.work import Candidate, Question, batch, batch_elsewhere, warm

#: Seconds that a batch should take, so that handing it out is not felt and bars move.
BATCH_SECONDS = 0.3
#: Most designs of a batch.
MOST = 64
#: Seconds that a scheduler has to answer.
ANSWER = 20
#: Batches under way for each worker.
AHEAD = 2


class Engine(Protocol):
    """Measures designs."""

    def run(self, candidates: Iterator[Candidate]) -> Iterator[list[Row]]:
        """Rows of all candidates, some at a time, in any order."""
        ...

    def close(self) -> None:
        """Ends what was started."""
        ...


class Sizes:
    """How many designs make a batch, from how long they take."""

    def __init__(self) -> None:
        self._seconds, self._count = 0.0, 0

    def seen(self, rows: Sequence[Row]) -> None:
        """Takes note of rows that have come in."""
        self._seconds += sum(row.seconds for row in rows)
        self._count += len(rows)

    @property
    def size(self) -> int:
        """Designs of the next batch."""
        if not self._count:
            return 1
        each = self._seconds / self._count
        return MOST if each <= 0 else max(1, min(MOST, round(BATCH_SECONDS / each)))


def taken(candidates: Iterator[Candidate], count: int) -> list[Candidate]:
    """The next candidates, at most so many."""
    found = []
    for candidate in candidates:
        found.append(candidate)
        if len(found) >= count:
            break
    return found


class Here:
    """This process, one design after the other."""

    def __init__(self, originals: Mapping[str, Original], question: Question) -> None:
        self._originals, self._question = originals, question

    def run(self, candidates: Iterator[Candidate]) -> Iterator[list[Row]]:
        for candidate in candidates:
            yield batch(self._originals, self._question, [candidate])

    def close(self) -> None:
        """There is nothing to end."""


class Pool:
    """A pool of processes on this machine, spawned and warmed once."""

    def __init__(self, originals: Mapping[str, Original], question: Question, jobs: int) -> None:
        self._originals, self._question, self._jobs = dict(originals), question, jobs
        self._executor = self._started()

    def _started(self) -> ProcessPoolExecutor:
        first = next(iter(self._originals.values()))
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, mp_context=context, initializer=warm, initargs=(first,))

    def run(self, candidates: Iterator[Candidate]) -> Iterator[list[Row]]:
        sizes = Sizes()
        under_way: dict[Future[list[Row]], list[Candidate]] = {}
        again: list[list[Candidate]] = []
        suspects: set[str] = set()
        done = False
        while True:
            while len(under_way) < (1 if suspects else AHEAD * self._jobs):
                part = again.pop() if again else taken(candidates, sizes.size)
                if not part:
                    done = not again
                    break
                under_way[self._executor.submit(batch, self._originals, self._question, part)] = part
            if not under_way:
                if done:
                    return
                continue
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            broken: list[list[Candidate]] = []
            for future in finished:
                part = under_way.pop(future)
                try:
                    rows = future.result()
                except BrokenProcessPool:
                    broken.append(part)
                    continue
                sizes.seen(rows)
                suspects -= {row.key for row in rows}
                yield rows
            if broken:
                yield from self._after_a_death([*broken, *under_way.values()], again, suspects)
                under_way.clear()

    def _after_a_death(
        self, parts: list[list[Candidate]], again: list[list[Candidate]], suspects: set[str]
    ) -> Iterator[list[Row]]:
        """Begins a new pool, in which what was under way is tried one by one; whoever was alone has done it."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._started()
        alone = len(parts) == 1 and len(parts[0]) == 1 and parts[0][0].key in suspects
        if alone:
            (candidate,) = parts[0]
            suspects.discard(candidate.key)
            yield [fatal(candidate)]
            return
        for part in parts:
            for candidate in part:
                again.append([candidate])
                suspects.add(candidate.key)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def fatal(candidate: Candidate) -> Row:
    """The row of a design with which its process ended."""
    message = "the process that measured it ended at once, as for want of memory"
    return Row(candidate.key, candidate.label, candidate.chosen, candidate.overrides, {}, message)


class Cluster:
    """A Dask cluster by the address of its scheduler."""

    def __init__(self, originals: Mapping[str, Original], question: Question, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise InputError("scheduler: needs distributed: pip install 'geom3d[cluster]'") from None
        try:
            self._client: Any = distributed.Client(address, timeout=ANSWER)
        except (OSError, ValueError, TimeoutError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise OutputError(f"scheduler: none answers at {address!r}: {reason}") from None
        # Sent with every task: what is scattered once can be lost with a worker.
        self._originals = dict(originals)
        self._question = question

    def run(self, candidates: Iterator[Candidate]) -> Iterator[list[Row]]:
        import distributed

        sizes = Sizes()
        under_way: dict[Any, list[Candidate]] = {}
        stream: Any = distributed.as_completed(raise_errors=False)
        while True:
            most = AHEAD * max(1, sum(self._client.nthreads().values()))
            while len(under_way) < most and (part := taken(candidates, sizes.size)):
                future = self._client.submit(
                    batch_elsewhere, self._originals, self._question, part, pure=False, retries=1
                )
                under_way[future] = part
                stream.add(future)
            if not under_way:
                return
            future = next(stream)
            part = under_way.pop(future)
            if future.status == "finished":
                rows = future.result()
                sizes.seen(rows)
                yield rows
            elif type(future.exception()).__name__ == "KilledWorker":
                yield [fatal(candidate) for candidate in part]
            else:
                raise OutputError(f"scheduler: a task was lost: {future.exception() or future.status}")

    def close(self) -> None:
        self._client.close()


def engine(
    originals: Mapping[str, Original], question: Question, jobs: int | None = None, scheduler: str | None = None
) -> Engine:
    """What measures the designs of a study.

    Args:
        originals: templates by label.
        question: what is asked.
        jobs: processes on this machine; as many as it has cores if None.
        scheduler: address of a Dask scheduler.

    Raises:
        InputError: a number of jobs that is none.
        OutputError: a scheduler that does not answer.
    """
    if scheduler is not None:
        return Cluster(originals, question, scheduler)
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs: must be at least 1; got {jobs}")
    jobs = jobs or usable_cores()
    return Here(originals, question) if jobs == 1 else Pool(originals, question, jobs)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
