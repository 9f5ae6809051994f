"""Tables of a comparison: what was measured, and what was asked for; every form of the report shows these.

A table has one row per design and one column per quantity; a form that reads better with designs side by side turns it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from geom3d import architectures
from geom3d.cell.describe import rows as parameter_rows
from geom3d.comparison.summary import Summary
from geom3d.core.errors import InputError, choose_from
from geom3d.core.tables import Column, Entry, Kind, Table, Value
from geom3d.metrics import Metric, catalogue, metric_of

TITLE = "Comparison of microbattery designs"
#: The first column of tables.
DESIGN = Column("design", key="name")
#: A column with its entries, one per design.
Filled = tuple[Column, tuple[Entry, ...]]

#: How numbers are written where they shall be taken in at a glance.
SHORT = {Kind.NUMBERS: Kind.SIZES}


def numbers(summaries: Sequence[Summary]) -> Table:
    """A column for every metric that at least one design has; its key is the path in the report."""
    reports = [{row.path: row for row in summary.report.rows()} for summary in summaries]
    # Regions and layers of later designs follow those of earlier ones, within the place of their metric.
    paths = sorted(dict.fromkeys(path for rows in reports for path in rows), key=lambda path: _metric(path).rank)
    filled: list[Filled] = []
    for path in paths:
        found = [rows.get(path) for rows in reports]
        if any(row is not None and row.value is not None for row in found):
            first = next(row for row in found if row is not None)
            column = Column(first.title, Kind.NUMBERS, first.unit, path, first.meaning)
            entries = [Entry() if row is None else row.entry for row in found]
            filled.append((column, tuple(entries)))
    asked = summaries[0].rows if summaries else ()
    if asked:
        filled = [pair for row in asked for pair in filled if _meant(row, pair[0].key)]
    return _with_names(summaries, filled)


def _meant(row: str, path: str) -> bool:
    """Whether a path is the one asked for, or below it."""
    stem = row.removesuffix(".*")
    return path == stem or path.startswith(f"{stem}.")


def require_rows(summaries: Sequence[Summary], rows: Sequence[str]) -> None:
    """Raises a clear error for rows that no design has."""
    known = [column.key for column in numbers(summaries).columns[1:]]
    for row in rows:
        if not any(_meant(row, path) for path in known):
            raise InputError(f"rows: no number {row!r}; {choose_from(row, known)}")


def key_figures(table: Table) -> Table:
    """The few columns of all numbers that tell designs apart, in few digits, under the heads that their metrics declare, in order."""
    names, *filled = table.by_column()
    found = [(_metric(column.key), column, entries) for column, entries in filled]
    chosen = [(m, m.key_figure, column, entries) for m, column, entries in found if m.key_figure is not None]
    chosen.sort(key=lambda entry: entry[0].rank if entry[1].rank is None else entry[1].rank)
    # Of a region the head goes with its name.
    heads = [
        (replace(c, title=figure.head + c.title.removeprefix(m.title), kind=SHORT.get(c.kind, c.kind)), entries)
        for m, figure, c, entries in chosen
    ]
    return Table.of_columns([names, *heads])


def uncertainties(table: Table) -> Table:
    """The uncertainty of every number that is sampled in a design at least."""
    names, *filled = table.by_column()
    sampled = [
        (column, tuple(Entry(entry.uncertainty) for entry in entries))
        for column, entries in filled
        if any(entry.uncertainty is not None for entry in entries)
    ]
    return Table.of_columns([names, *sampled])


def settings(summaries: Sequence[Summary]) -> Table:
    """What was asked for: the design as a whole, its parameters, and region by region material and thickness.

    Keys are those of the template, or `materials.REGION.…` and `layers.REGION.…`.
    """
    asked = [list(_settings(summary)) for summary in summaries]
    known: dict[str, Column] = {}
    for key in _merged([[column.key for column, _ in own] for own in asked]):
        known[key] = next(column for own in asked for column, _ in own if column.key == key)
    values = [{column.key: value for column, value in own} for own in asked]
    filled: list[Filled] = []
    for key, column in known.items():
        entries = tuple(Entry(own.get(key)) for own in values)
        if any(entry.value is not None for entry in entries):
            filled.append((column, entries))
    order = list(dict.fromkeys(column.group for own in asked for column, _ in own))
    return _with_names(summaries, sorted(filled, key=lambda pair: order.index(pair[0].group)))


def by_group(table: Table) -> list[tuple[str, list[Filled]]]:
    """The columns behind that of the names, group by group."""
    _, *filled = table.by_column()
    return [(group, list(part)) for group, part in groupby(filled, key=lambda pair: pair[0].group)]


def _settings(summary: Summary) -> Iterator[tuple[Column, Value]]:
    """What was asked for of one design."""
    about, asked = summary.description, summary.description.settings

    def overall(key: str, title: str, value: Value, unit: str = "") -> tuple[Column, Value]:
        return Column(title, unit=unit, key=key, group="Design"), value

    yield overall("architecture", "architecture", about.architecture)
    yield overall("repeat", "unit cells in the files", f"{about.repeat[0]} × {about.repeat[1]}")
    yield overall("capacity_basis", "basis of the capacities", about.capacity_basis)
    yield overall("tolerance", "largest chord deviation", asked["tolerance"], "µm")
    yield overall("resolution", "step of the grid asked for", asked["resolution"], "µm")
    if about.device is not None:
        units = {"width": "µm", "length": "µm", "thickness": "µm", "capacity": "mAh", "voltage": "V"}
        for key, unit in units.items():
            yield overall(f"device.{key}", f"packaged device: {key}", getattr(about.device, key), unit)
    for key, value in (asked.get("profile") or {}).items():
        if value:
            unit = "°" if key == "sidewall_angle" else "µm"
            yield overall(f"profile.{key}", f"wall profile: {key.replace('_', ' ')}", _plain(value), unit)
    known = {row[0]: row for row in parameter_rows(architectures.get(about.architecture))}
    for name, value in asked["parameters"].items():
        unit = known[name][1] if name in known else ""
        title = name.replace("_", " ")
        yield Column(title, unit=unit, key=f"parameters.{name}", group="Parameters"), _plain(value)
    layers = {layer["name"]: layer for layer in asked["layers"]}
    for name, use in summary.report["materials"].items():
        layer = layers.get(name)
        stem = f"{'materials' if layer is None else 'layers'}.{name}"
        said: list[tuple[str, str, Value, str]] = [
            ("material", "material", use["material"], ""),
            ("role", "role", use["role"].replace("_", " "), ""),
        ]
        if layer is not None:
            said += [
                ("thickness", "thickness", _plain(layer["thickness"]), "µm"),
                ("fill_to", "fills up to", layer["fill_to"], "µm"),
            ]
        for key, title, value, unit in said:
            yield Column(f"{name}: {title}", unit=unit, key=f"{stem}.{key}", group="Materials and layers"), value


def _plain(value: Any) -> Value:
    """A value of a template as a table's cell takes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and all(isinstance(part, int | float) or part is None for part in value.values()):
        return ", ".join(f"{key} {part:g}" for key, part in value.items() if part is not None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return json.dumps(value, ensure_ascii=False)
    return value


def _merged(columns: Sequence[Sequence[str]]) -> list[str]:
    """One list that keeps the order of each as far as they agree."""
    merged: list[str] = []
    for column in columns:
        place = 0
        for path in column:
            if path in merged:
                place = max(place, merged.index(path) + 1)
            else:
                merged.insert(place, path)
                place += 1
    return merged


def materials(summaries: Sequence[Summary]) -> Table:
    """The materials that the designs use, each once, with the figures that were used and where they come from."""
    columns = [
        Column("material"),
        Column("formula"),
        Column("density", Kind.NUMBERS, "g/cm³"),
        Column("practical charge", Kind.NUMBERS, "mAh/g"),
        Column("theoretical charge", Kind.NUMBERS, "mAh/g"),
        Column("utilisation", Kind.NUMBERS),
        Column("lithium as made", Kind.NUMBERS),
        Column("potential", Kind.NUMBERS, "V"),
        Column("conductivity", Kind.NUMBERS, "S/cm"),
        Column("source"),
    ]
    rows: dict[tuple[Value, ...], None] = {}
    for summary in summaries:
        for material in summary.materials.values():
            charges = material.capacity_practical_mAh_g, material.capacity_theoretical_mAh_g
            shares = material.utilisation, material.lithiated
            figures = material.density_g_cm3, *charges, *shares, material.potential_V, material.conductivity_S_cm
            rows[material.title, material.formula, *figures, material.cited] = None
    by_name = sorted(rows, key=lambda row: str(row[0]).casefold())
    return Table.of(columns, by_name)


def distances(summaries: Sequence[Summary]) -> Table:
    """One row per bin of the distance from either electrode to the other."""
    columns = [
        DESIGN,
        Column("electrode"),
        Column("from", Kind.NUMBERS, "µm"),
        Column("to", Kind.NUMBERS, "µm"),
        Column("share of the surface", Kind.NUMBERS),
    ]
    rows: list[list[Value]] = []
    for summary in summaries:
        for side, spread in (summary.report["inter_electrode_distance_um"] or {}).items():
            edges, shares = spread["histogram"]["edges_um"], spread["histogram"]["share"]
            rows += [[summary.label, side, *bin_] for bin_ in zip(edges[:-1], edges[1:], shares, strict=True)]
    return Table.of(columns, rows)


def metrics_of(table: Table) -> list[Metric]:
    """The quantities that the columns of all numbers belong to, in the order of tables."""
    used = {_metric(column.key).path for column in table.columns[1:]}
    return [metric for metric in catalogue() if metric.path in used]


def definitions(table: Table) -> Table:
    """What the columns of all numbers mean, one row per quantity."""
    columns = [Column("key"), Column("title"), Column("unit"), Column("meaning")]
    rows = [[m.path, m.title, "" if m.unit == "1" else m.unit, m.meaning] for m in metrics_of(table)]
    return Table.of(columns, rows)


def notes(summaries: Sequence[Summary]) -> Table:
    """What is said of each design in words: title, source, note and warnings."""
    rows = []
    for summary in summaries:
        said = [("title", summary.title), ("source", source(summary)), ("note", summary.description.note)]
        said += [("warning", warning) for warning in summary.report.warnings]
        rows += [[summary.label, kind, text] for kind, text in said if text]
    return Table.of([DESIGN, Column("kind"), Column("text")], rows)


def source(summary: Summary) -> str:
    """Where a design comes from."""
    return summary.description.source or "no source given"


def _with_names(summaries: Sequence[Summary], filled: Sequence[Filled]) -> Table:
    """Columns behind one with the names of the designs."""
    return Table.of_columns([(DESIGN, [summary.label for summary in summaries]), *filled])


def _metric(path: str) -> Metric:
    """The quantity of the catalogue that a path of a report belongs to."""
    found = metric_of(path)
    assert found is not None  # rows come from the catalogue
    return found
