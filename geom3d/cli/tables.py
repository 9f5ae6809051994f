"""What the command line prints: tables for people on stdout, words on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Literal

from geom3d.core.tables import Table

if TYPE_CHECKING:
    from geom3d.metrics.report import Report


def say(text: str) -> None:
    """Prints words on stderr."""
    print(f"geom3d: {text}", file=sys.stderr)


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

    drawn = rich.Table(box=box.SIMPLE, pad_edge=False)
    for column in table.columns:
        side: Literal["left", "right"] = "right" if column.kind.is_number else "left"
        drawn.add_column(column.short_heading, justify=side, overflow="fold")
    for row in table.texts():
        drawn.add_row(*row)
    if table.title:
        print(table.title)
    wide = None if sys.stdout.isatty() else width
    # Names of layers are the user's: brackets and colons in them are no markup.
    Console(width=wide, markup=False, emoji=False, highlight=False).print(drawn)


def print_numbers(report: Report, *, everything: bool = False) -> None:
    """Prints what a reader of a report looks for first, or all of its numbers in groups."""
    from geom3d.metrics.answer import answer, in_groups

    if everything:
        print(report["title"])
    for table in in_groups(report) if everything else answer(report):
        print_table(table)
