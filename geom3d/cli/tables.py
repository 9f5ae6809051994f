"""What the command line prints: tables for people on stdout, words on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from geom3d.metrics.report import Report


def say(text: str) -> None:
    """Prints words on stderr."""
    print(f"geom3d: {text}", file=sys.stderr)


def table_of(*columns: str) -> Table:
    """An empty table; columns of numbers stand to the right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    numbers = {"value", "measured", "closed form", "deviation", "published", "default", "range"}
    numbers |= {"limit", "from scale", "narrowest µm", "thinnest µm", "volume mm³", "mass g"}
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return table


def print_table(table: Table) -> None:
    """Prints a table as wide as it is where stdout is no terminal: a pipe has no right edge."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else 250
    # Names of layers are the user's: brackets and colons in them are no markup.
    Console(width=wide, markup=False, emoji=False, highlight=False).print(table)


def print_numbers(report: Report) -> None:
    """The numbers as a table."""
    sampled = report["uncertainty"] is not None
    table = table_of("quantity", "value", "unit", *(["uncertainty"] if sampled else []))
    for row in report.rows():
        if row.value is not None:
            table.add_row(row.title, row.text, row.unit, *([row.error] if sampled else []))
    print(report["title"])
    print_table(table)
