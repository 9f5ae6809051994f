"""The page of a study: charts, pictures of the best designs, and their table. No other file, no network."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING

from geom3d._version import __version__
from geom3d.comparison.page import inline
from geom3d.core.errors import Geom3dError
from geom3d.core.markup import render
from geom3d.studies.charts import charts
from geom3d.studies.results import Results
from geom3d.studies.store import Row
from geom3d.studies.study import title_of

if TYPE_CHECKING:
    from markupsafe import Markup

#: Pictures, rows of the table, and reasons that a page has at most.
PICTURES, ROWS, REASONS = 6, 100, 8


def page(results: Results) -> str:
    """The page.

    Args:
        results: what the study has found.
    """
    from markupsafe import Markup

    several = len(results.study.plan.objectives) > 1
    chosen = results.frontier if several else results.ranked
    style = (files("geom3d.comparison") / "assets" / "page.css").read_text("utf-8")
    return render(
        "geom3d.studies",
        "report.html",
        title=results.study.title,
        version=__version__,
        results=results,
        summary=_summary(results),
        charts=[(chart, inline(chart.svg, chart.name, chart.title)) for chart in charts(results)],
        pictures=list(_pictures(results, _spread(chosen, PICTURES) if several else chosen[:1])),
        table=results.table(ROWS),
        titles=title_of,
        reasons=Counter(_reason(row) for row in results.rows if not row.ok).most_common(REASONS),
        style=Markup(style),  # noqa: S704 (a style of ours)
    )


def _summary(results: Results) -> str:
    """What was done, in a sentence."""
    built, good = sum(row.ok for row in results.rows), int(results.feasible.sum())
    return (
        f"{len(results.rows):,} designs, of which {built:,} can be built and {good:,} keep to all constraints; measured on exact "
        f"geometry by geom3d {__version__}"
    )


def _reason(row: Row) -> str:
    """Why a design cannot be built, without its own figures."""
    return row.message.partition("; got")[0]


def _spread(chosen: list[int], count: int) -> list[int]:
    """So many of a list, from its first to its last."""
    if len(chosen) <= count:
        return chosen
    return [chosen[round(k * (len(chosen) - 1) / (count - 1))] for k in range(count)]


def _pictures(results: Results, chosen: list[int]) -> list[tuple[str, str, Markup]]:
    """Heading, words and section of some designs; a design that has no section is left out."""
    from geom3d.rendering.section import drawing

    found = []
    for k in chosen:
        row = results.rows[k]
        try:
            svg = drawing(results.design(k), None)
        except Geom3dError:
            continue  # the table names the design all the same
        place = (results.frontier.index(k) if k in results.frontier else 0) + 1
        words = ", ".join(f"{title_of(path)}: {row.numbers[path]:.4g}" for path in results.study.plan.objectives)
        found.append((f"{place}. {row.label}", words, inline(svg, f"design-{k}", row.label)))
    return found
