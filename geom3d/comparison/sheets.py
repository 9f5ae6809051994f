"""The comparison as an Excel workbook: numbers as numbers, units in a row of their own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from geom3d._version import __version__
from geom3d.comparison.summary import Summary
from geom3d.comparison.tables import Value, materials, metrics_of, numbers, settings

#: Workbooks carry a date; the same designs are to give the same bytes.
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
#: Excel cuts names of columns and cells beyond these.
LONGEST_TEXT, WIDEST, NARROWEST = 32_000, 46, 9


def workbook(summaries: Sequence[Summary]) -> bytes:
    """The workbook: numbers, uncertainty, parameters, distances, materials, definitions, notes."""
    import xlsxwriter

    data = io.BytesIO()
    book: Any = xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {"title": "Comparison of microbattery designs", "comments": f"geom3d {__version__}", "created": NO_DATE}
    )
    bold, grey = (
        book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        book.add_format({"font_color": "#666666"}),
    )
    lines, asked = numbers(summaries), settings(summaries)
    names = [summary.label for summary in summaries]

    def table(title: str, heads: Sequence[Sequence[str]], rows: Sequence[Sequence[Value]]) -> None:
        """A sheet: rows of headings, the first in bold; then rows of values."""
        sheet = book.add_worksheet(title)
        for k, head in enumerate(heads):
            sheet.write_row(k, 0, head, grey if k else bold)
        for k, row in enumerate(rows, len(heads)):
            for column, value in enumerate(row):
                if isinstance(value, int | float):
                    sheet.write_number(k, column, value)
                elif value is not None:
                    sheet.write_string(k, column, value[:LONGEST_TEXT])
        sheet.freeze_panes(len(heads), 1)
        for column in range(len(heads[0])):
            texts = [str(cells[column] or "") for cells in [*heads[1:], *rows]]
            sheet.set_column(column, column, min(max(NARROWEST, *map(len, texts), 0) + 1, WIDEST))

    table(
        "numbers",
        [["design", *(x.title for x in lines)], ["key", *(x.path for x in lines)], ["unit", *(x.unit for x in lines)]],
        [[name, *(line.values[k] for line in lines)] for k, name in enumerate(names)],
    )
    sampled = [x for x in lines if any(entry is not None and entry.uncertainty is not None for entry in x.entries)]
    if sampled:
        table(
            "uncertainty",
            [
                ["design", *(x.title for x in sampled)],
                ["key", *(x.path for x in sampled)],
                ["unit", *(x.unit for x in sampled)],
            ],
            [
                [name, *(None if (entry := x.entries[k]) is None else entry.uncertainty for x in sampled)]
                for k, name in enumerate(names)
            ],
        )
    table(
        "parameters",
        [["design", *(x.title for x in asked)], ["key", *(x.path for x in asked)], ["unit", *(x.unit for x in asked)]],
        [[name, *(setting.values[k] for setting in asked)] for k, name in enumerate(names)],
    )
    table(
        "distances",
        [["design", "electrode", "from", "to", "share of the surface"], ["", "", "µm", "µm", ""]],
        [row for summary in summaries for row in _histogram(summary)],
    )
    used = materials(summaries)
    table("materials", [list(used[0])] if used else [["material"]], [list(entry.values()) for entry in used])
    table(
        "definitions",
        [["key", "title", "unit", "meaning"]],
        [[m.path, m.title, "" if m.unit == "1" else m.unit, m.meaning] for m in metrics_of(lines)],
    )
    table("notes", [["design", "kind", "text"]], [row for summary in summaries for row in _notes(summary)])
    book.close()
    return data.getvalue()


def _histogram(summary: Summary) -> list[list[Value]]:
    """One row per bin of the distance from either electrode."""
    rows: list[list[Value]] = []
    for side, spread in (summary.report["inter_electrode_distance_um"] or {}).items():
        edges, shares = spread["histogram"]["edges_um"], spread["histogram"]["share"]
        rows += [[summary.label, side, *bin_] for bin_ in zip(edges[:-1], edges[1:], shares, strict=True)]
    return rows


def _notes(summary: Summary) -> list[list[Value]]:
    kinds = [
        ("title", summary.title),
        ("source", summary.description.source or "no source given"),
        ("note", summary.description.note),
    ]
    kinds += [("warning", warning) for warning in summary.report.warnings]
    return [[summary.label, kind, text] for kind, text in kinds if text]
