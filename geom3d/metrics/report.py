"""The report of a battery: the numbers, by key, and as tables for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geom3d.core.errors import choose_from
from geom3d.core.markup import render
from geom3d.core.tables import ROUNDING as NOTHING
from geom3d.core.tables import Entry
from geom3d.metrics import (
    UNCERTAIN,
    Measured,
    Metric,
    MetricModule,
    MetricOnRequest,
    Sample,
    catalogue,
    measure,
)
from geom3d.metrics._uncertainty import of_chords, of_grid


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        path: of the value in the report.
        title, unit, meaning: as in `Metric`, the unit empty for plain numbers.
        value: a number, a word, or None where there is nothing to tell.
        uncertainty: of a number that has one, else None.
        scale: the largest of the numbers that it stands among; of plain numbers at least 1.
    """

    path: str
    title: str
    unit: str
    meaning: str
    value: float | str | None
    uncertainty: float | None = None
    scale: float = 0.0

    @property
    def group(self) -> tuple[str, str]:
        """First key and unit: numbers of one kind, which stand side by side."""
        return self.path.split(".", 1)[0], self.unit

    @property
    def entry(self) -> Entry:
        """The value as tables hold it."""
        return Entry(self.value, self.uncertainty, self.scale)

    @property
    def text(self) -> str:
        """The value for people: to its uncertainty, six significant digits at most."""
        return self.entry.text()

    @property
    def error(self) -> str:
        """The uncertainty for people: two significant digits, empty where there is none."""
        return self.entry.error


class Report(Mapping[str, Any]):
    """The measured numbers of a battery: a mapping whose keys are those of the machines' form, `to_json`.

    `report["area_gain"]["anode"]` and `report["area_gain.anode"]` are the same value, and both paths are `in` the report;
    one goes over the keys alone, as `list` and `dict` do.
    """

    # Not a dataclass: of those pandas before 3 takes the fields for the columns of a frame.
    __slots__ = ("_data",)

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    @property
    def data(self) -> dict[str, Any]:
        """The values by key, those of a group as a dictionary of its own."""
        return self._data

    def __getitem__(self, path: str) -> Any:
        """The value at a key or a path of keys joined by dots.

        Raises:
            KeyError: naming the valid keys.
        """
        here: Any = self.data
        rest = path
        if not isinstance(path, str):
            raise KeyError(f"{path!r}: a key is text, such as 'area_gain.anode'")
        if not path:
            raise KeyError(f"{path!r}: unknown; {choose_from(path, self.data)}")
        while rest:
            if not isinstance(here, dict):
                raise KeyError(f"{path}: no such value")
            # Names of regions may not hold dots, so the shortest prefix that is a key is the right one.
            key = rest if rest in here else rest.split(".", 1)[0]
            if key not in here:
                raise KeyError(f"{path}: unknown; {choose_from(key, here)}")
            here, rest = here[key], rest[len(key) + 1 :]
        return here

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def rows(self) -> Iterator[Row]:
        """Every single value, in the order of tables."""
        rows = [row for metric in catalogue() for row in self._rows_of(metric)]
        scales: dict[tuple[str, str], float] = {}
        for row in rows:
            if isinstance(row.value, int | float):
                scales[row.group] = max(abs(row.value), scales.get(row.group, 0.0 if row.unit else 1.0))
        yield from (replace(row, scale=scales.get(row.group, 0.0)) for row in rows)

    def _rows_of(self, metric: Metric) -> Iterator[Row]:
        unit = "" if metric.unit == "1" else metric.unit
        path, star = metric.path.removesuffix(".*"), metric.path.endswith(".*")
        value: Any = self.data
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        errors = self.data.get("uncertainty") or {}
        if star:
            for name, part in (value or {}).items():
                where = f"{path}.{name}"
                yield Row(where, f"{metric.title}: {name}", unit, metric.meaning, part, errors.get(where))
        elif not isinstance(value, dict):
            yield Row(path, metric.title, unit, metric.meaning, value, errors.get(path))

    def of_cells(self, repeat: tuple[int, int]) -> Report:
        """The same report on another number of unit cells: no number per footprint depends on it."""
        return Report({**self.data, "repeat": list(repeat)})

    @property
    def warnings(self) -> list[str]:
        """Sentences that a reader of the numbers must know."""
        return list(self.data["warnings"])

    def to_json(self) -> str:
        """The report as JSON text; no NaN, no infinity."""
        return json.dumps(self.data, indent=2, ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> Any:
        """The numbers as a pandas data frame, a row for each: see `geom3d.to_frame` for several reports.

        Returns:
            a `pandas.DataFrame` with the columns value, uncertainty, unit and title, by path.

        Raises:
            OutputError: where pandas is not installed.
        """
        from geom3d.metrics._frames import of_report

        return of_report(self)

    def __repr__(self) -> str:
        return f"<Report {self.data['title']!r}: {sum(row.value is not None for row in self.rows())} numbers>"

    def __str__(self) -> str:
        lines = [
            f"{row.title:50} {row.text:>12} {row.unit:8} {row.error}".rstrip()
            for row in self.rows()
            if row.value is not None
        ]
        return "\n".join([str(self.data["title"]), *lines])

    def _repr_html_(self) -> str:
        rows = [row for row in self.rows() if row.value is not None]
        from geom3d.metrics.answer import answer

        shown = {"title": self.data["title"], "warnings": self.warnings, "rows": rows, "answer": answer(self)}
        return render("geom3d.metrics", "report.html", **shown)


#: Numbers that may hang on a single place of the surface and so are as rough as the grid there: interfaces between two
#: regions can be as small as one likes, and extremes of a distance are those of facets. What counts is sums and means.
LOCAL = re.compile(r"interfaces_um2\.|inter_electrode_distance_um\.\w+\.(min|min_on_mesh|max|std|p05|p95)$")


def short_report(sample: Sample, chosen: Sequence[MetricModule | MetricOnRequest]) -> Report:
    """The report of a battery with nothing but the entries of some metrics; uncertainties are left out.

    Args:
        sample: the battery.
        chosen: as `geom3d.metrics.measured_by` finds them.
    """
    found = measure(sample, chosen)
    return Report({**_head(sample), **found.values, "warnings": list(found.warnings), "uncertainty": None})


def make_report(
    sample: Sample,
    coarse: Sample | None = None,
    notes: Sequence[str] = (),
    chosen: Sequence[MetricModule | MetricOnRequest] | None = None,
) -> Report:
    """Measures a battery.

    Args:
        sample: the battery.
        coarse: the same on a grid of twice the step, where it is sampled.
        notes: what else a reader must know.
        chosen: metrics, as `geom3d.metrics.measured_by` finds them; all if None.
    """
    head = _head(sample)
    found = measure(sample, chosen)
    report = Report({**head, **found.values, "warnings": [], "uncertainty": None})
    values = {row.path: row.value for row in report.rows()}
    if coarse is None:
        uncertainty = of_chords(sample.cell.family, values, found.uncertainty, sample)
    else:
        there = {row.path: row.value for row in Report(dict(measure(coarse, chosen).values)).rows()}
        uncertainty = of_grid(values, there, found.uncertainty, sample)
    rough = [] if coarse is None else _rough(report, uncertainty, sample.cell.step)
    return Report({**report.data, "warnings": [*found.warnings, *rough, *notes], "uncertainty": uncertainty or None})


def _head(sample: Sample) -> dict[str, Any]:
    """What a report says of the battery before its numbers."""
    about = sample.cell.description
    return {
        "title": about.title,
        "source": about.source,
        "architecture": about.architecture,
        "repeat": list(about.repeat),
        "materials": {r.name: {"role": r.role.value, "material": r.material.title} for r in sample.cell.regions},
    }


def with_answer(report: Report, answer: Measured) -> Report:
    """The report with the entries of a metric on request."""
    known = report.data["uncertainty"]
    uncertainty = {**(known or {}), **answer.uncertainty}
    return Report(
        {
            **report.data,
            **answer.values,
            "uncertainty": uncertainty if known is not None or uncertainty else None,
            "warnings": [*report.warnings, *answer.warnings],
        }
    )


def _rough(report: Report, uncertainty: Mapping[str, float], step: float | None) -> list[str]:
    """A sentence on the numbers that the grid is too coarse for, if there are any."""
    rows = {row.path: row for row in report.rows()}
    rough = [
        f"{path} ({_share(row.value, error)})"
        for path, error in uncertainty.items()
        if not LOCAL.match(path) and (row := rows.get(path)) and _matters(row, error)
    ]
    if not rough or step is None:
        return []
    words = f"uncertain by more than {100 * UNCERTAIN:g} % at a grid step of {step:.3g} µm"
    return [f"{words}: {', '.join(rough)}; a smaller resolution makes them better"]


def _matters(row: Row, error: float) -> bool:
    """Whether an uncertainty is large against the number, and that number or uncertainty is more than nothing."""
    if not isinstance(row.value, float) or abs(row.value) < NOTHING * row.scale:
        return False
    # A number that cannot be told from nothing is held against what it is a part of.
    return error > UNCERTAIN * (abs(row.value) if error < abs(row.value) else row.scale)


def _share(value: float | str | None, error: float) -> str:
    """An uncertainty in percent, of a number that is more than its uncertainty; else as it is."""
    return f"{100 * error / abs(value):.2g} %" if isinstance(value, float) and error < abs(value) else f"± {error:.2g}"
