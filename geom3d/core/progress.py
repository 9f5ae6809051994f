"""A progress bar on stderr for long work; silent when stderr is not a terminal, or told to a listener instead."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

#: Called with what is being done and the share of it that is done, 0 to 1; None where that is not known.
Listener = Callable[[str, float | None], None]
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


class Advance(Protocol):
    """Reports that so many steps are done."""

    def __call__(self, steps: int) -> None: ...


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tells a listener of the steps of all bars within, which are not drawn then. What it raises ends the work.

    >>> with listening(lambda text, share: print(text, share)), bar("walls", 4) as advance:
    ...     advance(1)
    walls 0.0
    walls 0.25
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def bar(text: str, steps: int | None) -> Iterator[Advance]:
    """A bar of so many steps.

    Args:
        text: what is being done.
        steps: how many there are in all; None where that is not known.
    """
    listener = _LISTENER.get()
    if listener is not None:
        yield _told(listener, text, steps)
        return
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if steps is None:
        columns = (TextColumn("{task.description}"), TextColumn("{task.completed:.0f}"), TimeElapsedColumn())
        with Progress(SpinnerColumn(), *columns, console=console, transient=True) as progress:
            task = progress.add_task(text, total=None)
            yield lambda steps: progress.advance(task, steps)
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(text, total=steps)
        yield lambda steps: progress.advance(task, steps)


def _told(listener: Listener, text: str, total: int | None) -> Advance:
    """Adds steps up for a listener, who hears of the beginning, too."""
    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        listener(text, min(1.0, done / total) if total else None)

    advance(0)
    return advance
