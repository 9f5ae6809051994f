"""The comparison as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from geom3d._version import __version__
from geom3d.comparison.summary import Summary
from geom3d.comparison.tables import Setting, exact, numbers, settings
from geom3d.metrics import catalogue


def markdown(summaries: Sequence[Summary]) -> str:
    """Tables to be read: numbers, parameters, layers, warnings, sources."""
    head = ["", *(summary.title for summary in summaries), "unit"]
    lines = ["# Comparison of microbattery designs", "", _line(head), _line(["---", *["---:"] * len(summaries), "---"])]
    for line in numbers(summaries):
        cells = ["–" if entry is None else f"{entry.text} {entry.error}".rstrip() for entry in line.entries]
        lines.append(_line([line.title, *cells, line.unit]))
    for group, part in groupby(settings(summaries), key=lambda setting: setting.group):
        names = [summary.label for summary in summaries]
        lines += ["", f"## {group}", "", _line(["", *names]), _line(["---", *["---:"] * len(summaries)])]
        lines += [_line([_with_unit(setting), *map(_show, setting.values)]) for setting in part]
    notes = [f"- {e.title}: {warning}" for e in summaries for warning in e.report.warnings]
    lines += ["", "## Warnings", "", *notes] if notes else []
    sources = [f"- {e.title}: {e.description.source or 'no source given'}" for e in summaries]
    lines += ["", "## Sources", "", *sources, "", f"Film rims are square, in sponges round. geom3d {__version__}.", ""]
    return "\n".join(lines)


def comma_separated(summaries: Sequence[Summary]) -> str:
    """One table for machines: a line per setting and per metric, a column per design, numbers without loss."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["metric", "unit", *(summary.label for summary in summaries)])
    lines = numbers(summaries)
    told = {line.path for line in lines}
    for setting in settings(summaries):
        if setting.path not in told:  # the basis of the capacities is both asked for and reported
            writer.writerow([setting.path, setting.unit, *map(exact, setting.values)])
    for line in lines:
        values = ["" if value is None else str(value) for value in line.values]
        writer.writerow([line.path, line.unit, *values])
    return text.getvalue()


def as_json(summaries: Sequence[Summary]) -> str:
    """Everything for machines: the whole report of every design, its template, and what each metric means."""
    return json.dumps(record(summaries), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def record(summaries: Sequence[Summary]) -> dict[str, Any]:
    """The comparison as nested mappings, free of NaN and infinity."""
    return {
        "geom3d": __version__,
        "metrics": [{"path": m.path, "title": m.title, "unit": m.unit, "meaning": m.meaning} for m in catalogue()],
        "designs": [{"name": e.label, "template": e.description.settings, "report": e.report.data} for e in summaries],
    }


def _with_unit(setting: Setting) -> str:
    return f"{setting.title} ({setting.unit})" if setting.unit else setting.title


def _show(value: float | str | None) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
