"""How far a study is: a bar on stderr with the rate, the best so far and the time that is left; silent without a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from geom3d.studies.store import Row
from geom3d.studies.study import Study


class Seen(Protocol):
    """Is told of rows that have come in."""

    def __call__(self, rows: list[Row]) -> None: ...


class Best:
    """The best design so far, by the first objective."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self.path = next(iter(study.plan.objectives), None)
        self.number: float | None = None

    def see(self, rows: list[Row]) -> None:
        """Takes note of rows."""
        if self.path is None:
            return
        sign = 1 if self._study.maximised[self.path] else -1
        for row in rows:
            value = row.numbers.get(self.path)
            if isinstance(value, float) and self._study.keeps(numeric(row)):
                self.number = value if self.number is None else sign * max(sign * self.number, sign * value)

    @property
    def text(self) -> str:
        """For a bar."""
        return "" if self.number is None else f"best {self.path} {self.number:.5g}"


def numeric(row: Row) -> dict[str, float | None]:
    """The numbers of a row without its words."""
    return {path: value if isinstance(value, int | float) else None for path, value in row.numbers.items()}


@contextmanager
def meter(study: Study, total: int, done: int) -> Iterator[Seen]:
    """A bar of so many designs.

    Args:
        study: that is run.
        total: designs in all.
        done: how many of them are known already.
    """
    best = Best(study)
    if not sys.stderr.isatty():
        yield best.see
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(
        *columns, TextColumn("{task.fields[best]}"), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        task = progress.add_task(study.title, total=total, completed=done, rate="", best="")

        def see(rows: list[Row]) -> None:
            best.see(rows)
            speed = progress.tasks[0].speed
            progress.update(task, advance=len(rows), rate=f"{speed:.3g}/s" if speed else "", best=best.text)

        yield see
