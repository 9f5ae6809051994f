"""The comparison as one page for the browser: no other file, no network."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from geom3d._version import __version__
from geom3d.comparison import tables
from geom3d.comparison.charts import CHARTS, WIDTHS, Chart
from geom3d.comparison.summary import Summary
from geom3d.comparison.texts import record
from geom3d.core.markup import render
from geom3d.core.progress import bar
from geom3d.library.products import Product
from geom3d.metrics import metric_of

if TYPE_CHECKING:
    from markupsafe import Markup

ASSETS = files("geom3d.comparison") / "assets"


@dataclass(frozen=True)
class Figure:
    """A chart as it stands in the page.

    Attributes:
        chart: what it shows.
        drawings: `narrow` and `wide` with an `<svg>` element each.
    """

    chart: Chart
    drawings: list[tuple[str, Markup]]


def page(summaries: Sequence[Summary], notes: Sequence[str] = (), products: Sequence[Product] = ()) -> str:
    """The page.

    Args:
        summaries: the designs, the first is the one that others are held against.
        notes: sentences about what is missing, shown on top.
        products: to hold designs against in charts.
    """
    numbers = tables.numbers(summaries)
    with bar("page", len(CHARTS)) as advance:
        figures = []
        for chart in CHARTS:
            drawn = _figure(chart, summaries, products)
            figures += [drawn] if drawn.drawings else []
            advance(1)
    models = {str(k): e.model.to_json() for k, e in enumerate(summaries) if e.model is not None}
    return render(
        "geom3d.comparison",
        "page.html",
        title=tables.TITLE,
        version=__version__,
        summaries=summaries,
        notes=notes,
        key_figures=tables.key_figures(numbers),
        figures=figures,
        numbers=list(numbers.by_column())[1:],
        settings=tables.by_group(tables.settings(summaries)),
        materials=tables.materials(summaries),
        definitions=[(text, list(part)) for text, part in groupby(tables.metrics_of(numbers), lambda m: m.meaning)],
        style=asset("page.css"),
        data=_embedded(record(summaries)),
        models=_embedded(models),
        three=viewer_library() if models else "",
        viewer=asset("viewer.js") if models else "",
        script=asset("page.js"),
        # What templates call.
        anchor=_anchor,
        base64=lambda data: b64encode(data).decode(),
        breakable=_breakable,
        lengths=lambda size: " × ".join(f"{length:.4g}" for length in size),
        source=tables.source,
        products=products,
        zip=zip,
    )


def asset(*path: str) -> Markup:
    """A style or a script of ours, which goes into the page as it is."""
    from markupsafe import Markup

    return Markup(ASSETS.joinpath(*path).read_text("utf-8"))  # noqa: S704


def viewer_library() -> Markup:
    """three.js with its licence, which goes where it goes."""
    licence, script = (asset("three", name).strip() for name in ("LICENSE", "three.min.js"))
    return "/* three.js\n\n" + licence + " */\n" + script


def _embedded(data: object) -> Markup:
    """JSON that can stand inside a script element."""
    from markupsafe import Markup

    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Nothing in a script element is read as HTML but what begins with <.
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _anchor(path: str) -> str:
    """The name of a metric's definition in the page; that of regions is one for all."""
    metric = metric_of(path)
    return "def-" + re.sub(r"[^A-Za-z0-9]+", "-", path if metric is None else metric.path).strip("-")


def _breakable(name: str) -> Markup:
    """A name that may break after each word."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([-_])", r"\1<wbr>", str(escape(name))))  # noqa: S704


def _figure(chart: Chart, summaries: Sequence[Summary], products: Sequence[Product]) -> Figure:
    drawings = []
    for width, kind in zip(WIDTHS, ("narrow", "wide"), strict=True):
        svg = chart.svg(summaries, width, products)
        if svg is not None:
            drawings.append((kind, inline(svg, f"{chart.name}-{width}", chart.title)))
    return Figure(chart, drawings)


def inline(svg: str, prefix: str, title: str) -> Markup:
    """A drawing that can stand in a page beside others: its own names, no style that reaches beyond it."""
    from markupsafe import Markup

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", svg)
    head = Markup('<svg role="img" aria-label="{}" class="chart" ').format(title)
    return head + Markup(svg.removeprefix("<svg").lstrip())  # noqa: S704  # matplotlib escapes the words of its drawings
