"""The answer: the few numbers of a report that a reader looks for first, and all others in groups."""

from __future__ import annotations

import re

from geom3d.core.tables import Column, Kind, Table, Value
from geom3d.metrics import metric_of, modules
from geom3d.metrics.report import Report, Row

#: What is asked first, per footprint, and what it is called there.
FIRST = {
    "area_gain.scaffold": "area gain of the scaffold",
    "area_gain.anode": "area gain of the anode",
    "area_gain.cathode": "area gain of the cathode",
    "inter_electrode_distance_um.anode.min": "least distance of the electrodes",
    "inter_electrode_distance_um.anode.mean": "mean distance from the anode",
    "inter_electrode_distance_um.cathode.mean": "mean distance from the cathode",
    "capacity_uAh_cm2.cell": "capacity",
    "capacity_uAh_cm2.limiting": "limited by the",
    "capacity_uAh_cm2.n_to_p": "N/P, anode : cathode",
    "energy_mWh_cm2": "energy",
    "ionic_resistance_ohm_cm2": "ionic resistance",
}
#: A half cell has no capacity but that of its one electrode.
HALF = ("capacity_uAh_cm2.anode", "capacity_uAh_cm2.cathode")
#: In total: what a device is called there, the factor to its unit, and the unit.
IN_TOTAL = {
    "device.unit_cells": ("unit cells", 1, ""),
    "device.area_share": ("share of the area", 1, ""),
    "device.capacity_mAh": ("capacity", 1000.0, "µAh"),
    "device.energy_mWh": ("energy", 1000.0, "µWh"),
}
#: Share of a number below which its uncertainty is not told.
UNFELT = 1e-6


def answer(report: Report) -> list[Table]:
    """The numbers per footprint that a reader looks for first, and those of the whole device where there is one.

    >>> import geom3d
    >>> per_footprint, in_total = answer(geom3d.load("planar-efl700a39").measure())
    >>> [row[1].text(Kind.SIZES) for row in in_total.rows]
    ['6.605e+06', '1', '700', '2730']
    """
    rows = {row.path: row for row in report.rows() if row.value is not None}
    first = first_rows(report)
    tables = [_table(report, first, str(report["title"]))] if first else []
    total = [
        (words, rows[path].value, factor, unit) for path, (words, factor, unit) in IN_TOTAL.items() if path in rows
    ]
    if total:
        shown: list[list[Value]] = [[words, _times(value, factor), unit] for words, value, factor, unit in total]
        tables.append(Table.of(_columns(), shown, "in total, over the device's area"))
    return tables


def first_rows(report: Report) -> list[tuple[str, Row]]:
    """What is asked first, per footprint: what it is called, and its row of the report."""
    rows = {row.path: row for row in report.rows() if row.value is not None}
    names = dict(FIRST)
    if "capacity_uAh_cm2.cell" not in rows:
        names |= {path: rows[path].title for path in HALF if path in rows}
    return [(name, rows[path]) for path, name in names.items() if path in rows]


def in_groups(report: Report) -> list[Table]:
    """All numbers, those of each metric under what it gives."""
    return [_table(report, [(row.title, row) for row in rows], title) for title, rows in grouped_rows(report)]


def grouped_rows(report: Report) -> list[tuple[str, list[Row]]]:
    """All rows that have a value, those of each metric under the title of what it gives."""
    rows = [row for row in report.rows() if row.value is not None]
    groups: list[tuple[str, list[Row]]] = []
    for module in modules():
        paths = {metric.path for metric in module.METRICS}
        own = [row for row in rows if (metric := metric_of(row.path)) is not None and metric.path in paths]
        if own:
            title = re.split(r"[.:;]( |$)", (module.__doc__ or "").strip().splitlines()[0])[0]
            groups.append((title, own))
    return groups


def _times(value: Value, factor: float) -> Value:
    return value if isinstance(value, str | int) or value is None else value * factor


def felt_error(row: Row) -> str:
    """The uncertainty, but for one that none of the digits shown can feel."""
    entry = row.entry
    felt = not isinstance(entry.value, float) or (entry.uncertainty or 0.0) > UNFELT * abs(entry.value)
    return row.error if felt else ""


def _columns() -> list[Column]:
    return [Column("quantity"), Column("value", Kind.SIZES), Column("unit")]


def _table(report: Report, rows: list[tuple[str, Row]], title: str) -> Table:
    """Rows under their names; the uncertainty stands in a column of its own, where numbers are sampled."""
    columns = _columns()
    shown: list[list[Value]] = [[name, row.entry.text(Kind.SIZES), row.unit] for name, row in rows]
    if report.data.get("uncertainty") is not None:
        columns.append(Column("uncertainty"))
        shown = [[*cells, felt_error(row)] for cells, (_, row) in zip(shown, rows, strict=True)]
    return Table.of(columns, shown, title)
