"""A process that answers a page, one job after the other, and gives one up when it is told to."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from geom3d.core.workers import work_quietly

#: Bytes of memory that a process may take for itself, where the system can be told.
MOST_MEMORY = 6 << 30
#: A shipped template that takes next to no time.
WARM_UP = "planar-licoo2-lipon-lithium"
#: Seconds between two reports of progress.
PACE = 0.1


class GivenUp(BaseException):
    """The job is no longer wanted. Not an `Exception`: nothing that mends errors must hold it up."""


def work(connection: Connection, files: Mapping[str, Path], *, warm: bool) -> None:
    """Answers jobs until the other end is closed.

    What comes in is (number, job), or (number, None) to give that job up; what goes out (number, part of the answer), and
    (number, None) when it is done or given up; before all (0, None), once everything is loaded.

    Args:
        connection: to the server.
        files: the user's own templates.
        warm: whether it loads and compiles what a first design needs before anybody asks; the first process is asked at once.
    """
    work_quietly()
    _limit_memory()
    jobs: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    unwanted: set[int] = set()
    threading.Thread(target=_listen, args=(connection, jobs, unwanted), daemon=True).start()
    from geom3d.app.answers import Desk
    from geom3d.app.sources import Sources
    from geom3d.core.progress import listening

    desk = Desk(Sources(files))
    if warm and jobs.empty():
        desk.answer({"do": "design", "source": {"template": WARM_UP}}, lambda part: None)
    connection.send((0, None))
    while True:
        number, job = jobs.get()
        reporter = Reporter(connection, number, unwanted)
        try:
            with listening(reporter.progress):
                desk.answer(job, reporter.tell)
        except GivenUp:
            pass
        except Exception as error:  # noqa: BLE001  # a defect is told, and the page goes on
            message = f"geom3d failed with {type(error).__name__}: {error}"
            connection.send(
                (number, {"kind": "error", "field": None, "message": message, "trace": traceback.format_exc()})
            )
        connection.send((number, None))
        unwanted.discard(number)


def _listen(connection: Connection, jobs: SimpleQueue[tuple[int, Any]], unwanted: set[int]) -> None:
    """Takes in what the server says while the other thread works; ends the process with the server."""
    while True:
        try:
            number, job = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        if job is None:
            unwanted.add(number)
        else:
            jobs.put((number, job))


class Reporter:
    """Sends the parts of one answer, as long as it is wanted."""

    def __init__(self, connection: Connection, number: int, unwanted: set[int]) -> None:
        self._connection, self._number, self._unwanted = connection, number, unwanted
        self._last = -PACE

    def tell(self, part: dict[str, Any]) -> None:
        """Sends a part.

        Raises:
            GivenUp: where the job is no longer wanted.
        """
        self._require_wanted()
        self._connection.send((self._number, part))

    def progress(self, text: str, share: float | None) -> None:
        """Sends how far the work is, not too often.

        Raises:
            GivenUp: where the job is no longer wanted.
        """
        self._require_wanted()
        if time.monotonic() - self._last >= PACE:
            self._last = time.monotonic()
            self._connection.send((self._number, {"kind": "progress", "text": text, "share": share}))

    def _require_wanted(self) -> None:
        if self._number in self._unwanted:
            raise GivenUp


def _limit_memory() -> None:
    """Lets a design that needs too much fail instead of the machine; without effect where there is no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
