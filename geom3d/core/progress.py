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
def bar(text: str, steps: int) -> Iterator[Advance]:
    """A bar of so many steps.

    Args:
        text: what is being done.
        steps: how many there are in all.
    """
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text, total=steps)
        yield lambda steps: progress.advance(task, steps)
