"""Reports as data frames of pandas, which geom3d does not need otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from geom3d.core.errors import InputError, OutputError
from geom3d.metrics.report import Report


def of_report(report: Report) -> Any:
    """One report: a row for each number that there is, by its path, with value, uncertainty, unit and title."""
    rows = [row for row in report.rows() if row.value is not None]
    columns = {key: [getattr(row, key) for row in rows] for key in ("value", "uncertainty", "unit", "title")}
    frame = _pandas().DataFrame(columns, index=[row.path for row in rows])
    return frame.rename_axis("path")


def to_frame(reports: Iterable[Report] | Mapping[str, Report]) -> Any:
    """Several reports as a pandas data frame: a row for each, a column for each number.

    >>> from geom3d import load
    >>> names = ["pillars-coated", "trenches-notten-2007"]
    >>> frame = to_frame({name: load(name).measure() for name in names})
    >>> frame["area_gain.scaffold"].round(2).to_dict()
    {'pillars-coated': 7.8, 'trenches-notten-2007': 13.5}

    Args:
        reports: with names for the rows, or alone: then these are the titles.

    Returns:
        a `pandas.DataFrame`; its columns are paths such as "area_gain.anode", in the order of tables. What a design does
        not have is missing. Units stand by path in `frame.attrs["units"]`.

    Raises:
        InputError: what is not a report.
        OutputError: where pandas is not installed.
    """
    if isinstance(reports, Report):
        raise InputError("reports: must be several reports; got one: its own to_frame() gives a row for each number")
    named = list(reports.items()) if isinstance(reports, Mapping) else [(None, report) for report in reports]
    for _, report in named:
        if not isinstance(report, Report):
            raise InputError(f"reports: must be reports, as measure() returns; got {type(report).__name__}")
    rows = [{row.path: row for row in report.rows() if row.value is not None} for _, report in named]
    # In the order of tables, though no single report may have them all.
    paths = dict.fromkeys(path for row in rows for path in row)
    index = [report["title"] if name is None else name for name, report in named]
    columns = {path: [row[path].value if path in row else None for row in rows] for path in paths}
    frame = _pandas().DataFrame(columns, index=index)
    frame.attrs["units"] = {path: entry.unit for row in rows for path, entry in row.items()}
    return frame.rename_axis("design")


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise OutputError("no data frame: pandas is not installed; pip install pandas") from None
    return pd
