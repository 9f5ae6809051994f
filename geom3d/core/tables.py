"""Tables: what one says, apart from where it is shown.

A table is made once, of columns that know their title, unit and kind, and of rows of entries. Each medium has one renderer: `markdown` and
`comma_separated` here, a terminal `cli.tables`, a page the templates of `core.markup`, a workbook `comparison.sheets`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from geom3d.core.texts import in_csv, in_markdown

#: A value of a table: a number, words, or None where there is nothing to tell.
Value = float | str | None

#: What people see where there is no value.
NOTHING = "–"
#: A number below this share of what it is a part of is nothing but rounding, and shown as zero.
ROUNDING = 1e-9


class Kind(StrEnum):
    """What a column holds. The value is how its numbers are written for people, in Python's language of formats."""

    WORDS = ""
    NUMBERS = ".6g"
    SIZES = ".4g"
    FIGURES = ".3g"
    DEVIATIONS = "+.2e"

    @property
    def is_number(self) -> bool:
        """Whether entries stand to the right, digit below digit."""
        return self is not Kind.WORDS


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        kind: what it holds.
        unit: of its numbers; empty for plain numbers and words.
        key: its name for machines; empty where only people read it.
        meaning: what its values are, in a sentence.
        group: heading over columns that belong together.
    """

    title: str
    kind: Kind = Kind.WORDS
    unit: str = ""
    key: str = ""
    meaning: str = ""
    group: str = ""

    @property
    def heading(self) -> str:
        """The title with the unit in brackets, where there is one."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def short_heading(self) -> str:
        """The title with the unit, for narrow columns."""
        return f"{self.title} {self.unit}".strip()


@dataclass(frozen=True)
class Entry:
    """A cell of a table.

    Attributes:
        value: a number, words, or None.
        uncertainty: of a number that has one, in its unit, else None.
        scale: size of what the number is a part of; 0 where that is not known.
    """

    value: Value = None
    uncertainty: float | None = None
    scale: float = 0.0

    @property
    def error(self) -> str:
        """The uncertainty for people: two significant digits, empty where there is none."""
        return "" if not self.uncertainty else f"± {self.uncertainty:.2g}"

    @property
    def kind(self) -> str:
        """One word on the value: `none`, `word` or `number`."""
        if self.value is None:
            return "none"
        return "word" if isinstance(self.value, str) else "number"

    def text(self, kind: Kind = Kind.NUMBERS) -> str:
        """The value for people, as far as it is known, without its uncertainty."""
        if not isinstance(self.value, float):
            return show(self.value, kind)
        if abs(self.value) < ROUNDING * self.scale:
            return "0"
        digits = kind or Kind.NUMBERS
        if self.uncertainty is None or digits not in (Kind.NUMBERS, Kind.SIZES, Kind.FIGURES):
            return show(self.value, kind)
        return known(self.value, self.uncertainty, int(digits[1:-1]))


@dataclass(frozen=True)
class Table:
    """Columns, and rows of as many entries.

    Attributes:
        columns: from the left to the right.
        rows: from the top down.
        title: a line above it; may be empty.

    Raises:
        ValueError: where a row is longer or shorter than the columns are many.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    title: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table {self.title!r}: a row of {len(row)} entries under {len(self.columns)} columns")

    @classmethod
    def of(cls, columns: Iterable[Column], rows: Iterable[Iterable[Value | Entry]], title: str = "") -> Table:
        """A table of plain values, or of entries where a number is uncertain."""
        return cls(tuple(columns), tuple(tuple(map(_entry, row)) for row in rows), title)

    @classmethod
    def of_columns(cls, columns: Iterable[tuple[Column, Iterable[Value | Entry]]], title: str = "") -> Table:
        """A table of columns that bring their entries; all as many."""
        pairs = list(columns)
        return cls.of([column for column, _ in pairs], zip(*(entries for _, entries in pairs), strict=True), title)

    def by_column(self) -> Iterator[tuple[Column, tuple[Entry, ...]]]:
        """Each column with its entries: the table as it is read from left to right."""
        for k, column in enumerate(self.columns):
            yield column, tuple(row[k] for row in self.rows)

    def texts(self) -> list[list[str]]:
        """Rows for people: each value with its uncertainty."""
        return [
            [
                f"{entry.text(column.kind)} {entry.error}".rstrip()
                for column, entry in zip(self.columns, row, strict=True)
            ]
            for row in self.rows
        ]


def show(value: Value, kind: Kind = Kind.NUMBERS) -> str:
    """A value for people. Whole numbers are counts and stand in full, unless their kind has a form of its own."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if isinstance(value, int) and kind in (Kind.WORDS, Kind.NUMBERS):
        return str(value)
    return format(value, kind or Kind.NUMBERS)


def known(value: float, uncertainty: float, most: int = 6) -> str:
    """A number to the second significant digit of its uncertainty.

    >>> known(12.34567, 0.0213), known(8.9999, 0.031), known(123456.7, 2100.0), known(0.5, 0.0)
    ('12.346', '9.000', '123500', '0.5')

    Args:
        value: the number.
        uncertainty: in its unit; 0 for none.
        most: significant digits that are shown at most.
    """
    if not uncertainty or not value:
        return f"{value:.{most}g}"
    decimals = 1 - math.floor(math.log10(float(f"{uncertainty:.1e}")))
    size = math.floor(math.log10(abs(value)))
    if decimals + size + 1 >= most:
        return f"{value:.{most}g}"
    rounded = round(value, decimals)
    if not rounded:
        return "0"
    return f"{rounded:.{max(decimals, 0)}f}" if 1e-4 <= abs(rounded) < 1e6 else f"{rounded:.{most}g}"


def exact(value: Value) -> str:
    """A value without loss, and without the .0 of whole numbers; empty for None."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def markdown(table: Table) -> str:
    """The table as Markdown, without its title; line breaks and bars in words break no row."""
    rule = ["---:" if column.kind.is_number else "---" for column in table.columns]
    rows = [[column.title for column in table.columns], rule, *table.texts()]
    return "\n".join(_line(row) for row in rows)


def comma_separated(table: Table) -> str:
    """The table as CSV (RFC 4180, lines ended by a line feed), without its title: values without loss, words that no program computes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([in_csv(column.title) for column in table.columns])
    writer.writerows(["" if entry.value is None else in_csv(str(entry.value)) for entry in row] for row in table.rows)
    return text.getvalue()


def _entry(value: Value | Entry) -> Entry:
    return value if isinstance(value, Entry) else Entry(value)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(in_markdown, cells)) + " |"
