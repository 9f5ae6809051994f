"""Designs side by side, as Markdown or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from geom3d import __version__
from geom3d.api import Design
from geom3d.errors import InputError, OutputError, choose_from
from geom3d.exports import replacing
from geom3d.metrics import metric_of
from geom3d.progress import bar
from geom3d.report import Row


def compare(designs: Sequence[Design], path: Path) -> None:
    """Writes the comparison; the ending of the path chooses the form.

    Raises:
        InputError: where the ending is unknown.
        OutputError: where the file cannot be written.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise InputError(f"output: unknown ending {path.suffix!r} of {path.name!r}; {choose_from(form, FORMS)}")
    if not path.parent.is_dir():
        raise OutputError(f"folder {str(path.parent)!r} does not exist")
    with bar("measuring", len(designs)) as advance:
        for design in designs:
            design.measure()
            advance(1)
    text = FORMS[form](designs)
    with replacing(path) as file:
        file.write(text.encode())


def _table(designs: Sequence[Design]) -> list[list[Row | None]]:
    """One line per metric that at least one design has, one entry per design."""
    columns = [{row.path: row for row in design.measure().rows()} for design in designs]
    # Regions and layers of later designs follow those of earlier ones, within the place of their metric.
    paths = sorted(dict.fromkeys(path for column in columns for path in column), key=_rank)
    lines = [[column.get(path) for column in columns] for path in paths]
    return [line for line in lines if any(row is not None and row.value is not None for row in line)]


def _rank(path: str) -> float:
    """Where tables show the metric of a path."""
    metric = metric_of(path)
    return metric.rank if metric is not None else 0


def _parameters(designs: Sequence[Design]) -> dict[str, list[str]]:
    """Parameter values by name, one per design."""
    given = [design.template.parameters.model_dump(mode="json") for design in designs]
    names = dict.fromkeys(name for values in given for name in values)
    return {name: [_show(values.get(name)) for values in given] for name in names}


def _show(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _markdown(designs: Sequence[Design]) -> str:
    head = ["", *(design.template.title for design in designs), "unit"]
    lines = ["# Comparison of microbattery designs", "", _line(head), _line(["---", *["---:"] * len(designs), "---"])]
    for line in _table(designs):
        row = next(entry for entry in line if entry is not None)
        cells = ["–" if entry is None else f"{entry.text} {entry.error}".rstrip() for entry in line]
        lines.append(_line([row.title, *cells, row.unit]))
    lines += ["", "## Parameters (µm)", "", _line(["", *(design.template.architecture for design in designs)])]
    lines.append(_line(["---", *["---:"] * len(designs)]))
    lines += [_line([name, *values]) for name, values in _parameters(designs).items()]
    notes = [f"- {d.template.title}: {w}" for d in designs for w in d.measure().warnings]
    lines += ["", "## Warnings", "", *notes] if notes else []
    sources = [f"- {d.template.title}: {d.template.source or 'no source given'}" for d in designs]
    lines += ["", "## Sources", "", *sources, "", f"Film rims are square, in sponges round. geom3d {__version__}.", ""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _csv(designs: Sequence[Design]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["metric", "unit", *(design.template.name for design in designs)])
    for name, values in _parameters(designs).items():
        writer.writerow([f"parameters.{name}", "", *("" if value == "–" else value for value in values)])
    for line in _table(designs):
        row = next(entry for entry in line if entry is not None)
        values = ["" if entry is None or entry.value is None else str(entry.value) for entry in line]
        writer.writerow([row.path, row.unit, *values])
    return text.getvalue()


#: Writers by file ending.
FORMS: dict[str, Callable[[Sequence[Design]], str]] = {"md": _markdown, "csv": _csv}
