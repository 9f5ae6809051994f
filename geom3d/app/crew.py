"""The processes that do the work of a page, seen from its server: who works on what, and what is given up."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geom3d.app.worker import work

#: Processes; a design that is no longer wanted ends in one while the next begins in the other.
SIZE = 2
#: Seconds that a process has to give a job up where somebody waits for it, and where nobody does, or as long as another would take to
#: begin, if that is longer; and that a job may take.
GRACE, PATIENCE, LONGEST = 1.0, 5.0, 600.0
#: Seconds after a job until processes that are missing are started.
PAUSE = 3.0
#: Jobs that may wait, and tabs that are kept in mind.
MOST_WAITING, MOST_TABS = 16, 1000

Part = dict[str, Any]


def _error(message: str) -> Part:
    return {"kind": "error", "field": None, "message": message}


@dataclass(eq=False)
class Hand:
    """One process.

    Attributes:
        warm: whether it is made ready before it is asked.
        at_work: number of its job; 0 for none.
        last: what design it worked on last.
        began, ready: when it was started and could work, on the clock of the loop; None as long as it loads.
    """

    files: Mapping[str, Path]
    loop: asyncio.AbstractEventLoop
    warm: bool
    at_work: int = 0
    last: str = ""
    ready: float | None = None
    _said: asyncio.Queue[tuple[int, Part | None]] = field(default_factory=asyncio.Queue)
    _hearing: asyncio.Task[tuple[int, Part | None]] | None = None

    def __post_init__(self) -> None:
        self.began = self.loop.time()
        # Neither VTK nor threads survive a fork.
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=work, args=(other, dict(self.files)), kwargs={"warm": self.warm}, daemon=True
        )
        self._process.start()
        other.close()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                said = self._pipe.recv()
            except (EOFError, OSError):
                said = (-1, None)
            if said[0] == 0:
                self.ready = self.loop.time()
            try:
                self.loop.call_soon_threadsafe(self._said.put_nowait, said)
            except RuntimeError:  # the loop has ended before the process
                return
            if said[0] < 0:
                return

    def hearing(self) -> asyncio.Task[tuple[int, Part | None]]:
        """What waits for its next word: the same for whoever asks, so that none is lost with one who is called off."""
        if self._hearing is None:
            self._hearing = self.loop.create_task(self._said.get())
        return self._hearing

    def heard(self) -> tuple[int, Part | None]:
        """The word that `hearing` has waited for: (number of the job, part of the answer or None at its end)."""
        said = self.hearing().result()
        self._hearing = None
        return said

    def send(self, number: int, job: Mapping[str, Any] | None) -> None:
        """Gives it a job, or asks it to give one up."""
        try:
            self._pipe.send((number, job))
        except OSError:  # it is gone, as its listener says
            return

    def end(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


class Crew:
    """Processes for the jobs of all pages; begins with one, so that it is ready sooner."""

    def __init__(self, files: Mapping[str, Path], size: int = SIZE) -> None:
        self._files, self._size = files, size
        self._hands: list[Hand] = []
        self._number = 0
        self._tabs: dict[str, tuple[int, asyncio.Event]] = {}
        self._all: set[asyncio.Event] = set()
        self._ending = False
        self._free = asyncio.Condition()
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Starts the first process."""
        self._hire()

    def _fill_up(self) -> None:
        while len(self._hands) < self._size and not self._ending:
            self._hire()

    async def give_up(self) -> None:
        """Lets all answers end where they are, for the server ends."""
        self._ending = True
        for unwanted in self._all:
            unwanted.set()
        async with self._free:
            self._free.notify_all()

    def close(self) -> None:
        """Ends all processes."""
        for hand in self._hands:
            hand.end()
        self._hands.clear()

    def _hire(self) -> Hand:
        hand = Hand(self._files, asyncio.get_running_loop(), warm=bool(self._hands))
        self._hands.append(hand)
        return hand

    async def answer(
        self, job: Mapping[str, Any], *, tab: str = "", turn: int = 0, design: str = ""
    ) -> AsyncGenerator[Part, None]:
        """The parts of an answer.

        Args:
            job: as `geom3d.app.answers.Desk.answer` takes it.
            tab: whose earlier job is given up; empty for one that is nobody's.
            turn: grows from job to job of a tab; one that was overtaken on its way is not begun.
            design: told apart by this; goes to the process that worked on it last, if that is free.
        """
        unwanted = asyncio.Event()
        if tab:
            last, earlier = self._tabs.get(tab, (turn, unwanted))
            if turn < last:
                return
            earlier.set()
            unwanted = asyncio.Event()
            self._tabs[tab] = turn, unwanted
            self._forget()
        self._all.add(unwanted)
        try:
            if self._waiting >= MOST_WAITING:
                yield _error("too many designs are being waited for; try again later")
                return
            hand = await self._one_free(design)
            if hand is None:
                return
            try:
                async with aclosing(self._parts(hand, job, unwanted)) as parts:
                    async for part in parts:
                        yield part
            finally:
                task = asyncio.get_running_loop().create_task(self._settle(hand))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            self._all.discard(unwanted)

    def _forget(self) -> None:
        """Keeps the turns of the last tabs only."""
        while len(self._tabs) > MOST_TABS:
            self._tabs.pop(next(iter(self._tabs)))[1].set()

    async def _one_free(self, design: str) -> Hand | None:
        """A process without a job, the best one for a design; None where the server ends."""
        self._waiting += 1
        try:
            async with self._free:
                while not self._ending:
                    free = [hand for hand in self._hands if not hand.at_work]
                    if not free and len(self._hands) < self._size:
                        free = [self._hire()]
                    if free:
                        hand = min(free, key=lambda hand: (hand.ready is None, hand.last != design))
                        self._number += 1
                        hand.at_work, hand.last = self._number, design
                        return hand
                    await self._free.wait()
                return None
        finally:
            self._waiting -= 1

    async def _parts(self, hand: Hand, job: Mapping[str, Any], unwanted: asyncio.Event) -> AsyncGenerator[Part, None]:
        loop = asyncio.get_running_loop()
        number, until = hand.at_work, loop.time() + LONGEST
        if unwanted.is_set():  # while it waited
            hand.at_work = 0
            return
        hand.send(number, job)
        given_up = loop.create_task(unwanted.wait())
        try:
            while True:
                said = hand.hearing()
                await asyncio.wait({said, given_up}, timeout=until - loop.time(), return_when=asyncio.FIRST_COMPLETED)
                if not said.done():
                    if not unwanted.is_set():
                        yield _error(f"took longer than {LONGEST / 60:g} minutes; the command line has no such limit")
                    return
                about, part = hand.heard()
                if about < 0:
                    hand.at_work = -1
                    yield _error("the process that worked on this was ended by the system, perhaps for want of memory")
                    return
                if about != number:
                    continue  # it has only said that it is ready
                if part is None:
                    hand.at_work = 0
                    return
                if "trace" in part:
                    print(part.pop("trace"), file=sys.stderr)
                yield part
        finally:
            given_up.cancel()

    def _patience(self, hand: Hand) -> float:
        """Seconds that a process has to give its job up; one that loads does so when it has loaded, as would any in its place."""
        if hand.ready is None:
            return LONGEST
        # The first process of all may have had to compile what the next ones find.
        least = min(other.ready - other.began for other in [hand, *self._hands] if other.ready is not None)
        return max(GRACE if self._waiting else PATIENCE, least)

    async def _settle(self, hand: Hand) -> None:
        """Makes a process free again: it has done its job, gives it up, or is replaced."""
        loop = asyncio.get_running_loop()
        number, began = hand.at_work, loop.time()
        if number > 0:
            hand.send(number, None)
        while hand.at_work > 0:
            if loop.time() > max(began, hand.ready or 0.0) + self._patience(hand):
                hand.at_work = -1
                break
            said = hand.hearing()
            await asyncio.wait({said}, timeout=0.1)
            if not said.done():
                continue
            about, part = hand.heard()
            if about < 0:
                hand.at_work = -1
            elif about == number and part is None:
                hand.at_work = 0
        if hand.at_work < 0 and hand in self._hands:
            self._hands.remove(hand)
            await loop.run_in_executor(None, hand.end)
        # The next ones are made ready where nobody is kept waiting by it.
        loop.call_later(PAUSE if self._hands else 0.0, self._fill_up)
        async with self._free:
            self._free.notify_all()
