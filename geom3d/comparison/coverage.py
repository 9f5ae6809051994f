"""The chart of step coverage: thickness of every film against depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from geom3d.comparison.charts import Chart
from geom3d.comparison.drawing import Canvas
from geom3d.comparison.summary import Summary
from geom3d.core.colours import GRID, INK, LABEL, SERIES
from geom3d.core.errors import InputError
from geom3d.core.files import replacing
from geom3d.core.tables import comma_separated
from geom3d.manufacturability.coverage import CoverageReport, FilmCoverage

#: Width of the chart, mm: a column and a half of a journal.
WIDTH = 120
FORMS = (".svg", ".png", ".csv", ".json")


def write_coverage(report: CoverageReport, path: Path) -> None:
    """Writes films against depth as a chart (SVG with real text, PNG), as a table (CSV) or as JSON.

    Raises:
        InputError: another ending.
        OutputError: a file that cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in FORMS:
        raise InputError(f"output: must end in one of {', '.join(FORMS)}; got {str(path)!r}")
    if kind == ".csv":
        data = comma_separated(report.bands()).encode()
    elif kind == ".json":
        data = f"{report.to_json()}\n".encode()
    else:
        chart = _chart(report)
        drawn = chart.svg([], WIDTH) if kind == ".svg" else chart.png([], WIDTH)
        assert drawn is not None  # a report has films
        data = drawn.encode() if isinstance(drawn, str) else drawn
    with replacing(path) as file:
        file.write(data)


def _chart(report: CoverageReport) -> Chart:
    def draw(canvas: Canvas, _: Sequence[Summary]) -> bool:
        canvas.height(80)
        axes = canvas.figure.subplots()
        for k, film in enumerate(report.films):
            _draw(axes, film, SERIES[k % len(SERIES)])
        axes.axvline(100, color=INK, linewidth=0.6, linestyle=(0, (2, 2)))
        deepest = max(film.coverage.depth for film in report.films)
        axes.set_ylim(1.03 * deepest if deepest else 1.0, -0.03 * deepest if deepest else -0.03)
        axes.set_xlim(0, None)
        axes.set_xlabel("thickness / nominal thickness, %", fontsize=7.2)
        axes.set_ylabel("depth below the top / µm", fontsize=7.2)
        axes.tick_params(labelsize=6.8, width=0.5)
        axes.set_title(report.title, fontsize=7.5, color=LABEL, loc="left")
        axes.grid(color=GRID, linewidth=0.5)
        axes.spines[["right", "top"]].set_visible(False)
        named = [(SERIES[k % len(SERIES)], film) for k, film in enumerate(report.films)]
        canvas.legend([canvas.patch(c, f"{f.name}, s = {f.coverage.sticking:g}") for c, f in named])
        return True

    return Chart("coverage", "Step coverage", "Lines are walls, dots the flat top and the floor.", draw)


def _draw(axes: Any, film: FilmCoverage, colour: str) -> None:
    found = film.coverage
    if len(found.depths):
        depths, shares = found.walls()
        axes.plot(100 * shares, depths, color=colour, linewidth=1.1, zorder=3)
        if found.error:
            low, high = 100 * (found.shares - found.errors), 100 * (found.shares + found.errors)
            axes.fill_betweenx(found.depths, low, high, color=colour, alpha=0.25, linewidth=0)
    for flat, depth in ((found.top, 0.0), (found.floor, found.depth)):
        if flat is not None:
            axes.plot(100 * flat[0], depth, "o", color=colour, markersize=3.5, zorder=4)
