"""Tables of a comparison: numbers, and what was asked for; every form of the report reads these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from geom3d import architectures
from geom3d.cell.describe import rows as parameter_rows
from geom3d.comparison.summary import Summary
from geom3d.metrics import Metric, catalogue, metric_of
from geom3d.metrics.report import Row, show

Value = float | str | None


@dataclass(frozen=True)
class Line:
    """A metric of all designs.

    Attributes:
        path, title, unit, meaning: as in `Row`.
        entries: one per design; None where a design does not have the metric.
    """

    path: str
    title: str
    unit: str
    meaning: str
    entries: tuple[Row | None, ...]

    @property
    def values(self) -> list[Value]:
        """One per design."""
        return [None if entry is None else entry.value for entry in self.entries]

    @property
    def metric(self) -> Metric:
        """The quantity of the catalogue that it belongs to."""
        found = metric_of(self.path)
        assert found is not None  # rows come from the catalogue
        return found


@dataclass(frozen=True)
class Setting:
    """Something that was asked for, of all designs.

    Attributes:
        group: heading under which it stands.
        path: of the key in the template, or `materials.REGION.…`, `layers.REGION.…`.
        title: for people.
        unit: empty for plain numbers and words.
        values: one per design; None where a design does not have it.
    """

    group: str
    path: str
    title: str
    unit: str
    values: tuple[Value, ...]


def numbers(summaries: Sequence[Summary]) -> list[Line]:
    """One line per metric that at least one design has."""
    columns = [{row.path: row for row in summary.report.rows()} for summary in summaries]
    # Regions and layers of later designs follow those of earlier ones, within the place of their metric.
    paths = sorted(dict.fromkeys(path for column in columns for path in column), key=_rank)
    lines = []
    for path in paths:
        entries = tuple(column.get(path) for column in columns)
        first = next(entry for entry in entries if entry is not None)
        if any(entry is not None and entry.value is not None for entry in entries):
            lines.append(Line(path, first.title, first.unit, first.meaning, entries))
    return lines


def metrics_of(lines: Iterable[Line]) -> list[Metric]:
    """The quantities that lines belong to, in the order of tables."""
    used = {line.metric.path for line in lines}
    return [metric for metric in catalogue() if metric.path in used]


def settings(summaries: Sequence[Summary]) -> list[Setting]:
    """What was asked for: the design as a whole, its parameters, and region by region material and thickness."""
    columns = [list(_settings(summary)) for summary in summaries]
    heads: dict[str, tuple[str, str, str]] = {}
    for place in _merged([[path for _, path, *_ in column] for column in columns]):
        group, _, title, unit, _ = next(entry for column in columns for entry in column if entry[1] == place)
        heads[place] = group, title, unit
    values = [{path: value for _, path, _, _, value in column} for column in columns]
    found = [
        Setting(group, path, title, unit, tuple(column.get(path) for column in values))
        for path, (group, title, unit) in heads.items()
        if any(column.get(path) is not None for column in values)
    ]
    order = list(dict.fromkeys(group for column in columns for group, *_ in column))
    return sorted(found, key=lambda setting: order.index(setting.group))


Entry = tuple[str, str, str, str, Value]


def _settings(summary: Summary) -> Iterator[Entry]:
    """(group, path, title, unit, value) of one design."""
    template = summary.template
    design = "Design"
    yield design, "architecture", "architecture", "", template.architecture
    yield design, "repeat", "unit cells in the files", "", f"{template.repeat[0]} × {template.repeat[1]}"
    yield design, "capacity_basis", "basis of the capacities", "", template.capacity_basis
    yield design, "tolerance", "largest chord deviation", "µm", template.tolerance
    yield design, "resolution", "step of the grid asked for", "µm", template.resolution
    if template.device is not None:
        device = template.device
        for key, unit in (
            ("width", "µm"),
            ("length", "µm"),
            ("thickness", "µm"),
            ("capacity", "mAh"),
            ("voltage", "V"),
        ):
            yield design, f"device.{key}", f"packaged device: {key}", unit, getattr(device, key)
    known = {row[0]: row for row in parameter_rows(architectures.get(template.architecture))}
    for name, value in template.parameters.model_dump(mode="json").items():
        unit = known[name][1] if name in known else ""
        yield "Parameters", f"parameters.{name}", name.replace("_", " "), unit, _plain(value)
    layers = {layer.name: layer for layer in template.layers}
    for name, role in summary.report["materials"].items():
        group, layer = "Materials and layers", layers.get(name)
        kind = "materials" if layer is None else "layers"
        yield group, f"{kind}.{name}.material", f"{name}: material", "", role["material"]
        yield group, f"{kind}.{name}.role", f"{name}: role", "", role["role"].replace("_", " ")
        if layer is not None:
            yield group, f"layers.{name}.thickness", f"{name}: thickness", "µm", layer.thickness
            yield group, f"layers.{name}.fill_to", f"{name}: fills up to", "µm", layer.fill_to


def _plain(value: Any) -> Value:
    """A value of a template as a table's cell takes it."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) or not isinstance(value, int | float) else value


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


def materials(summaries: Sequence[Summary]) -> list[dict[str, Value]]:
    """The materials that the designs use, each once, with the figures that were used and where they come from."""
    found: dict[str, dict[str, Value]] = {}
    for summary in summaries:
        for material in summary.materials.values():
            entry: dict[str, Value] = {
                "material": material.title,
                "formula": material.formula,
                "density (g/cm³)": material.density_g_cm3,
                "practical charge (mAh/g)": material.capacity_practical_mAh_g,
                "theoretical charge (mAh/g)": material.capacity_theoretical_mAh_g,
                "utilisation": material.utilisation,
                "lithium as made": material.lithiated,
                "potential (V)": material.potential_V,
                "conductivity (S/cm)": material.conductivity_S_cm,
                "source": material.cited,
            }
            found.setdefault(repr(entry), entry)
    return sorted(found.values(), key=lambda entry: str(entry["material"]).casefold())


def exact(value: Value) -> str:
    """A value without loss, and without the .0 of whole numbers; empty for None."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def plain(value: Value) -> str:
    """A value for people."""
    return "–" if value is None else show(value)


def _rank(path: str) -> float:
    """Where tables show the metric of a path."""
    metric = metric_of(path)
    return metric.rank if metric is not None else 0
