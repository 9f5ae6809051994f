"""The comparison as an Excel workbook: numbers as numbers, units in a row of their own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from geom3d._version import __version__
from geom3d.comparison import tables
from geom3d.comparison.summary import Summary
from geom3d.core.colours import SUBHEADING
from geom3d.core.tables import Table

#: Workbooks carry a date; the same designs are to give the same bytes.
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
#: Excel cuts names of columns and cells beyond these.
LONGEST_TEXT, WIDEST, NARROWEST = 32_000, 46, 9


def workbook(summaries: Sequence[Summary]) -> bytes:
    """The workbook: numbers, uncertainty, parameters, distances, materials, definitions, notes."""
    import xlsxwriter

    data = io.BytesIO()
    book: Any = xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": tables.TITLE, "comments": f"geom3d {__version__}", "created": NO_DATE})
    numbers = tables.numbers(summaries)
    uncertain = tables.uncertainties(numbers)
    named = ("key", "unit")
    _sheet(book, "numbers", numbers, named)
    if len(uncertain.columns) > 1:
        _sheet(book, "uncertainty", uncertain, named)
    _sheet(book, "parameters", tables.settings(summaries), named)
    _sheet(book, "distances", tables.distances(summaries), ("unit",))
    _sheet(book, "materials", tables.materials(summaries))
    _sheet(book, "definitions", tables.definitions(numbers))
    _sheet(book, "notes", tables.notes(summaries))
    book.close()
    return data.getvalue()


def _sheet(book: Any, name: str, table: Table, below: Sequence[str] = ()) -> None:
    """Adds a sheet.

    Args:
        book: the workbook.
        name: of the sheet.
        table: what stands in it.
        below: what rows of their own say of each column under its title, `key` or `unit`; a unit without such a row follows the title.
    """
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    grey = book.add_format({"font_color": SUBHEADING})
    heads = [[column.title if "unit" in below else column.heading for column in table.columns]]
    # Where there are several, their names stand above those of designs, which have neither key nor unit.
    heads += [
        [what if len(below) > 1 else "", *(getattr(column, what) for column in table.columns[1:])] for what in below
    ]
    for k, head in enumerate(heads):
        sheet.write_row(k, 0, head, grey if k else bold)
    for k, row in enumerate(table.rows, len(heads)):
        for place, entry in enumerate(row):
            if isinstance(entry.value, int | float):
                sheet.write_number(k, place, entry.value)
            elif entry.value is not None:
                sheet.write_string(k, place, entry.value[:LONGEST_TEXT])
    sheet.freeze_panes(len(heads), 1)
    for place, (_, entries) in enumerate(table.by_column()):
        texts = [*(head[place] for head in heads[1:]), *(str(entry.value or "") for entry in entries)]
        sheet.set_column(place, place, min(max(NARROWEST, *map(len, texts), 0) + 1, WIDEST))
