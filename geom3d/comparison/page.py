"""The comparison as one page for the browser: no other file, no network."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby
from string import Template as Text

from geom3d._version import __version__
from geom3d.comparison import cells
from geom3d.comparison.cells import element
from geom3d.comparison.charts import CHARTS, WIDTHS, Chart
from geom3d.comparison.summary import Summary
from geom3d.comparison.tables import Line, metrics_of, numbers, settings
from geom3d.comparison.texts import record
from geom3d.core.progress import bar

TITLE = "Comparison of microbattery designs"


def page(summaries: Sequence[Summary], notes: Sequence[str] = ()) -> str:
    """The page.

    Args:
        exhibits: the designs, the first is the one that others are held against.
        notes: sentences about what is missing, shown on top.
    """
    lines, asked = numbers(summaries), settings(summaries)
    assets = files("geom3d.comparison") / "assets"
    with bar("page", len(CHARTS)) as advance:
        figures = []
        for chart in CHARTS:
            figures.append(_figure(chart, summaries))
            advance(1)
    models = {str(k): e.model.to_json() for k, e in enumerate(summaries) if e.model is not None}
    parts = {
        "title": TITLE,
        "count": f"{len(summaries)} design{'s' if len(summaries) != 1 else ''}",
        "version": __version__,
        "notes": "".join(element("p", note, class_="note") for note in notes),
        "key_table": cells.key_table(summaries, lines),
        "gallery": "".join(_card(k, summary) for k, summary in enumerate(summaries)),
        "charts": "".join(figures),
        "numbers": cells.numbers_table(summaries, lines),
        "settings": cells.settings_table(summaries, asked),
        "materials": cells.materials_table(summaries),
        "warnings": _warnings(summaries),
        "sources": _sources(summaries),
        "definitions": _definitions(lines),
        "style": (assets / "page.css").read_text("utf-8"),
        "data": _embedded(record(summaries)),
        "models": _embedded(models),
        "three": _viewer_library() if models else "",
        "viewer": (assets / "viewer.js").read_text("utf-8") if models else "",
        "script": (assets / "page.js").read_text("utf-8"),
    }
    return Text((assets / "page.html").read_text("utf-8")).substitute(parts)


def _viewer_library() -> str:
    """three.js with its licence, which goes where it goes."""
    folder = files("geom3d.comparison") / "assets" / "three"
    licence, script = ((folder / name).read_text("utf-8").strip() for name in ("LICENSE", "three.min.js"))
    return f"/* three.js\n\n{licence} */\n{script}"


def _embedded(data: object) -> str:
    """JSON that can stand inside a script element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _card(k: int, summary: Summary) -> str:
    """Picture, turnable model and a few words on a design."""
    number, name = element("span", f"{k + 1}", class_="number"), element("span", summary.label, class_="name")
    picture = (
        f'<img alt="{cells.escaped(f"{summary.title}, cut open")}" src="data:image/png;base64,'
        f'{b64encode(summary.picture).decode()}" width="1200" height="900" decoding="async">'
        if summary.picture is not None
        else element("p", "no picture", class_="none")
    )
    turn = ""
    if summary.model is not None:
        turn = f'<button type="button" class="turn" data-model="{k}" aria-pressed="false">Turn in 3D</button>'
    size = " × ".join(f"{length:.4g}" for length in summary.size)
    words = f"{summary.description.architecture.replace('_', ' ')} · unit cell of {size} µm"
    warnings = len(summary.report.warnings)
    told = f' · <a href="#warnings">{warnings} warning{"s" if warnings > 1 else ""}</a>' if warnings else ""
    return (
        f'<article class="card" id="design-{k + 1}"><header><h3>{number}{cells.escaped(summary.title)}</h3>'
        f'<p>{name} · {cells.escaped(words)}{told}</p></header><div class="view">{picture}</div>{_legend(summary)}{turn}</article>'
    )


def _legend(summary: Summary) -> str:
    """The materials by the colours of the picture, from the top down."""
    entries = "".join(
        f'<li><span class="swatch" style="background:{material.colour}"></span>{cells.escaped(f"{name}: {material.title}")}</li>'
        for name, material in reversed(summary.materials.items())
    )
    return f'<ul class="legend">{entries}</ul>'


def _figure(chart: Chart, summaries: Sequence[Summary]) -> str:
    """A chart, wide and narrow: the screen's width decides which is seen."""
    drawn = []
    for width, kind in zip(WIDTHS, ("narrow", "wide"), strict=True):
        svg = chart.svg(summaries, width)
        if svg is not None:
            drawn.append(f'<div class="{kind}">{_inline(svg, f"{chart.name}-{width}", chart.title)}</div>')
    body = "".join(drawn) or element("p", "Nothing to draw: no design has these numbers.", class_="none")
    caption = f"<figcaption>{element('h3', chart.title)}{element('p', chart.caption)}</figcaption>"
    return f'<figure id="chart-{chart.name}">{caption}<div>{body}</div></figure>'


def _inline(svg: str, prefix: str, title: str) -> str:
    """A drawing that can stand in a page beside others: its own names, no style that reaches beyond it."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", svg)
    head = f'<svg role="img" aria-label="{cells.escaped(title)}" class="chart" '
    return head + svg.removeprefix("<svg").lstrip()


def _warnings(summaries: Sequence[Summary]) -> str:
    found = [
        f"<li>{element('b', summary.label)}: {cells.escaped(warning)}</li>"
        for summary in summaries
        for warning in summary.report.warnings
    ]
    return f'<ul class="warnings">{"".join(found)}</ul>' if found else element("p", "None.")


def _sources(summaries: Sequence[Summary]) -> str:
    entries = []
    for summary in summaries:
        note = element("p", summary.description.note) if summary.description.note else ""
        source = cells.escaped(summary.description.source or "no source given")
        entries.append(f"<li>{element('b', summary.label)} – {cells.escaped(summary.title)}: {source}{note}</li>")
    return f"<ol>{''.join(entries)}</ol>"


def _definitions(lines: Sequence[Line]) -> str:
    """Every quantity of the tables with its unit and meaning; the same meaning is told once."""
    entries = []
    for meaning, group in groupby(metrics_of(lines), key=lambda metric: metric.meaning):
        terms = "".join(
            f'<dt id="{cells.anchor(metric.path)}">{cells.escaped(metric.title)}'
            f"{f' <span>{cells.escaped(metric.unit)}</span>' if metric.unit not in ('', '1') else ''}</dt>"
            for metric in group
        )
        entries.append(f"<div>{terms}{element('dd', meaning)}</div>")
    return f"<dl>{''.join(entries)}</dl>"
