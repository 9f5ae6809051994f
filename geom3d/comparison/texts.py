"""The comparison as Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from geom3d._version import __version__
from geom3d.comparison.summary import Summary
from geom3d.comparison.tables import TITLE, by_group, key_figures, numbers, settings, source
from geom3d.core import tables
from geom3d.core.tables import Column, Kind, Table, Value, exact
from geom3d.core.texts import in_markdown
from geom3d.metrics import catalogue


def markdown(summaries: Sequence[Summary]) -> str:
    """Tables to be read, designs side by side: numbers, parameters, layers, warnings, sources."""
    called = [e.title if e.label == e.description.name else e.label for e in summaries]
    titles = [Column(name, Kind.NUMBERS) for name in called]
    _, *filled = numbers(summaries).by_column()
    measured = Table.of(
        [Column(""), *titles, Column("unit")], [[column.title, *entries, column.unit] for column, entries in filled]
    )
    parts = [f"# {TITLE}", tables.markdown(measured)]
    names = [Column(summary.label, Kind.NUMBERS) for summary in summaries]
    for group, settings_ in by_group(settings(summaries)):
        asked = Table.of([Column(""), *names], [[column.heading, *entries] for column, entries in settings_])
        parts += [f"## {in_markdown(group)}", tables.markdown(asked)]
    warnings = ["- " + in_markdown(f"{e.title}: {warning}") for e in summaries for warning in e.report.warnings]
    if warnings:
        parts += ["## Warnings", "\n".join(warnings)]
    parts += ["## Sources", "\n".join("- " + in_markdown(f"{e.title}: {source(e)}") for e in summaries)]
    return "\n\n".join([*parts, f"Film rims are square, in sponges round. geom3d {__version__}.\n"])


def comma_separated(summaries: Sequence[Summary]) -> str:
    """One table for machines: a line per setting and per metric, a column per design, numbers without loss."""
    _, *measured = numbers(summaries).by_column()
    _, *asked = settings(summaries).by_column()
    reported = {column.key for column, _ in measured}
    rows: list[list[Value]] = [
        [column.key, column.unit, *(exact(entry.value) for entry in entries)]
        for column, entries in asked
        if column.key not in reported  # the basis of the capacities is both asked for and reported
    ]
    rows += [[column.key, column.unit, *(entry.value for entry in entries)] for column, entries in measured]
    heads = [Column("metric"), Column("unit"), *(Column(summary.label) for summary in summaries)]
    return tables.comma_separated(Table.of(heads, rows))


#: What LaTeX writes in another way.
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "µ": r"\textmu{}", "Ω": r"$\Omega$", "·": r"$\cdot$",
    "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "⁺": r"\textsuperscript{+}", "×": r"$\times$",
    "±": r"$\pm$", "°": r"\textdegree{}", "√": r"$\surd$", "–": "--", "…": r"\ldots{}", "≥": r"$\geq$", "≤": r"$\leq$",
}  # fmt: skip


def latex(summaries: Sequence[Summary]) -> str:
    """A table for a paper, designs side by side: the rows asked for, else the key figures. Needs the package booktabs."""
    table = numbers(summaries)
    _, *filled = (table if summaries[0].rows else key_figures(table)).by_column()
    rows = [["", *(summary.label for summary in summaries)]]
    rows += [
        [column.heading, *(f"{entry.text(Kind.SIZES)} {entry.error}".strip() for entry in entries)]
        for column, entries in filled
    ]
    head, *body = [" & ".join("".join(LATEX.get(c, c) for c in cell) for cell in row) + r" \\" for row in rows]
    return "\n".join(
        [
            f"% geom3d {__version__}",
            rf"\begin{{tabular}}{{l{'r' * len(summaries)}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


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
