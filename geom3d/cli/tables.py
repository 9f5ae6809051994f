"""What the command line prints: tables for people on stdout, words on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Literal

from geom3d.core.tables import Table
from geom3d.core.texts import on_screen

if TYPE_CHECKING:
    from geom3d.metrics.report import Report


def say(text: str) -> None:
    """Prints words on stderr."""
    print(f"geom3d: {on_screen(text)}", file=sys.stderr)


def as_json(data: Any) -> str:
    """Data for machines as JSON text; no NaN, no infinity."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)


def print_table(table: Table, width: int = 250) -> None:
    """Prints a table under its title, as wide as it is where stdout is no terminal: a pipe has no right edge.

    Args:
        table: what to print.
        width: characters that it may have where stdout is no terminal.
    """
    from rich import box
    from rich import table as rich
    from rich.console import Console

    rows = [[on_screen(cell) for cell in row] for row in table.texts()]
    heads = [on_screen(column.short_heading) for column in table.columns]
    wide = None if sys.stdout.isatty() else width
    console = Console(width=wide, markup=False, emoji=False, highlight=False)
    widths, gap = _widths([heads, *rows], console.width)
    drawn = rich.Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0) if gap < 3 else (0, 1))
    for head, column, wide in zip(heads, table.columns, widths, strict=True):
        side: Literal["left", "right"] = "right" if column.kind.is_number else "left"
        drawn.add_column(head, justify=side, overflow="fold", width=wide)
    for row in rows:
        drawn.add_row(*row)
    if table.title:
        print(on_screen(table.title))
    console.print(drawn)


def _widths(rows: list[list[str]], most: int) -> tuple[list[int], int]:
    """Characters of each column and of the gap between two; words are broken only where nothing else helps.

    Args:
        rows: the heading and all others.
        most: characters of a line.
    """
    from rich.cells import cell_len

    columns = [[row[k] for row in rows] for k in range(len(rows[0]))]
    widths = [max(map(cell_len, cells)) for cells in columns]
    words = [max((cell_len(word) for cell in cells for word in cell.split()), default=1) for cells in columns]
    longest = max(words)
    for limit, gap in [(longest, 3), *((limit, 2) for limit in range(longest, 0, -1))]:
        least = [min(word, limit) for word in words]
        if sum(least) + gap * len(least) <= most:
            break
    while sum(widths) + gap * len(widths) > most and widths != least:
        room = [wide > few for wide, few in zip(widths, least, strict=True)]
        widths[max(range(len(widths)), key=lambda k: room[k] * widths[k])] -= 1
    return widths, gap


def print_numbers(report: Report, *, everything: bool = False) -> None:
    """Prints what a reader of a report looks for first, or all of its numbers in groups."""
    from geom3d.metrics.answer import answer, in_groups

    if everything:
        print(report["title"])
    for table in in_groups(report) if everything else answer(report):
        print_table(table)
