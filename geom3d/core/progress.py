"""A progress bar on stderr for long work; silent when stderr is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Advance(Protocol):
    """Reports that so many steps are done."""

    def __call__(self, steps: int) -> None: ...


@contextmanager
def bar(text: str, steps: int | None) -> Iterator[Advance]:
    """A bar of so many steps.

    Args:
        text: what is being done.
        steps: how many there are in all; None where that is not known.
    """
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
