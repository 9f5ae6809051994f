"""The tables of the page."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import groupby

from geom3d.comparison.summary import Summary
from geom3d.comparison.tables import Line, Setting, Value, key_figures, materials, plain
from geom3d.metrics.report import Row


def escaped(text: str) -> str:
    """Text for HTML, inside elements and attributes."""
    return html.escape(text, quote=True)


def element(tag: str, text: str, **attributes: str) -> str:
    """An element that holds text."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{tag}{given}>{escaped(text)}</{tag}>"


def anchor(path: str) -> str:
    """The name of a metric's definition in the page."""
    return "def-" + re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")


def key_table(summaries: Sequence[Summary], lines: Sequence[Line]) -> str:
    """One row per design, one column per key figure; a click on a heading sorts the designs."""
    columns = key_figures(lines)
    heads = [_sorter("th", "design", "", "name")]
    heads += [_sorter("th", head, line.unit, line.path, line.meaning) for head, line in columns]
    rows = []
    for k, summary in enumerate(summaries):
        cells = "".join(_number(line.entries[k]) for _, line in columns)
        name = f'<a href="#design-{k + 1}"><span class="number">{k + 1}</span>{escaped(summary.label)}</a>'
        rows.append(f'<tr><th scope="row" data-value="{escaped(summary.label)}">{name}</th>{cells}</tr>')
    return (
        '<div class="box" tabindex="0" role="region" aria-label="Key figures"><table id="key" class="numbers sortable">'
        f"<thead><tr>{''.join(heads)}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def numbers_table(summaries: Sequence[Summary], lines: Sequence[Line]) -> str:
    """One row per metric, one column per design; a click on a metric sorts the designs by it."""
    rows = []
    for line in lines:
        button = (
            f'<a class="what" href="#{anchor(line.metric.path)}" aria-label="definition of {escaped(line.title)}">?</a>'
            f'<button type="button" class="sort" title="{escaped(line.meaning)}">{escaped(line.title)}</button>'
        )
        unit = element("td", line.unit, class_="unit")
        head = f'<th scope="row" aria-sort="none" data-path="{escaped(line.path)}">{button}</th>'
        rows.append(f"<tr>{head}{unit}{''.join(map(_number, line.entries))}</tr>")
    heads = f'<th scope="col">quantity</th><th scope="col" class="unit">unit</th>{_design_heads(summaries)}'
    return (
        '<div class="box tall" tabindex="0" role="region" aria-label="All numbers"><table id="all" class="numbers">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def settings_table(summaries: Sequence[Summary], asked: Sequence[Setting]) -> str:
    """One row per setting, one column per design; what differs from the reference is marked."""
    bodies = []
    for group, part in groupby(asked, key=lambda setting: setting.group):
        head = element("th", group, scope="rowgroup", colspan=str(len(summaries) + 2))
        rows = "".join(_setting(setting) for setting in part)
        bodies.append(f'<tbody><tr class="group">{head}</tr>{rows}</tbody>')
    heads = f'<th scope="col">setting</th><th scope="col" class="unit">unit</th>{_design_heads(summaries)}'
    return (
        '<div class="box tall" tabindex="0" role="region" aria-label="What was asked for"><table id="settings">'
        f"<thead><tr>{heads}</tr></thead>{''.join(bodies)}</table></div>"
    )


def materials_table(summaries: Sequence[Summary]) -> str:
    """The materials with their figures."""
    entries = materials(summaries)
    if not entries:
        return element("p", "None.")
    heads = "".join(element("th", key, scope="col") for key in entries[0])
    rows = []
    for entry in entries:
        cells = "".join(
            element("td", plain(value), class_="number" if isinstance(value, float) else "words")
            for value in entry.values()
        )
        rows.append(f"<tr>{cells}</tr>")
    return (
        '<div class="box" tabindex="0" role="region" aria-label="Materials"><table id="materials-table">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _design_heads(summaries: Sequence[Summary]) -> str:
    """Headings of the designs' columns; long names may break after each word."""
    heads = []
    for k, summary in enumerate(summaries, 1):
        name = re.sub(r"([-_])", r"\1<wbr>", escaped(summary.label))
        heads.append(
            f'<th scope="col" class="design" title="{escaped(summary.title)}"><span class="number">{k}</span>'
            f'<span class="label">{name}</span></th>'
        )
    return "".join(heads)


def _sorter(tag: str, title: str, unit: str, path: str, meaning: str = "") -> str:
    told = f' <span class="unit">{escaped(unit)}</span>' if unit else ""
    return (
        f'<{tag} scope="col" aria-sort="none" data-path="{escaped(path)}"><button type="button" class="sort" '
        f'title="{escaped(meaning)}">{escaped(title)}{told}</button></{tag}>'
    )


def _number(entry: Row | None) -> str:
    """A cell: the number for people, and the number itself for sorting."""
    if entry is None or entry.value is None:
        return '<td class="none">–</td>'
    error = f' <span class="error">{escaped(entry.error)}</span>' if entry.error else ""
    kind = "word" if isinstance(entry.value, str) else "number"
    return f'<td class="{kind}" data-value="{escaped(str(entry.value))}">{escaped(entry.text)}{error}</td>'


def _setting(setting: Setting) -> str:
    cells = "".join(_asked(value) for value in setting.values)
    kind = "same" if len(set(setting.values)) == 1 else "differs"
    title, unit = element("th", setting.title, scope="row"), element("td", setting.unit, class_="unit")
    return f'<tr class="{kind}" data-path="{escaped(setting.path)}">{title}{unit}{cells}</tr>'


def _asked(value: Value) -> str:
    if value is None:
        return '<td class="none">–</td>'
    kind = "words" if isinstance(value, str) else "number"
    return element("td", plain(value), class_=kind, data_value=str(value))
