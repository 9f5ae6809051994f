"""Metrics: one file each, found by its name; all read one `Sample` and give entries of the report.

Such a file has `METRICS`, the quantities it gives, and `measure(sample)`, which returns them as a nested mapping.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Protocol

from geom3d.cell.cell import Cell
from geom3d.cell.template import Template
from geom3d.core.arrays import BoolArray
from geom3d.core.roles import COLLECTOR, Role
from geom3d.mesh.components import Components
from geom3d.mesh.interfaces import InterfaceMesh


@dataclass(frozen=True)
class Metric:
    """A quantity of the report.

    Attributes:
        path: where it stands, such as `area_gain.anode`; a last part `*` stands for every region.
        title: what a table calls it.
        unit: "1" for plain numbers.
        meaning: its definition, in a sentence.
        rank: order in tables.
    """

    path: str
    title: str
    unit: str
    meaning: str
    rank: float


@dataclass(frozen=True)
class Sample:
    """What metrics read.

    Attributes:
        template, cell, walls: the battery at its three stages.
        warnings: metrics append a sentence where a number needs one.
    """

    template: Template
    cell: Cell
    walls: InterfaceMesh
    warnings: list[str] = field(default_factory=list)

    def labels(self, *roles: Role) -> list[int]:
        """Labels of the regions with one of these roles."""
        return self.cell.labels(*roles)

    def volume(self, *roles: Role) -> float:
        """Volume of all regions with one of these roles, µm³."""
        return float(self.walls.volumes[self.labels(*roles)].sum())

    @cached_property
    def connected_volumes(self) -> dict[int, float]:
        """By label of every electrode region, its volume that reaches its own collector, µm³."""
        return self._volumes(self.cell.reached)

    @cached_property
    def counted_volumes(self) -> dict[int, float]:
        """By label of every electrode region, its volume that electrons and ions reach, µm³."""
        return self._volumes(self.cell.counted)

    def _volumes(self, chosen: Callable[[Components, Role], BoolArray]) -> dict[int, float]:
        """By label of every electrode region, the volume of its chosen pieces, µm³."""
        components = self.walls.components
        volumes: dict[int, float] = {}
        for role in COLLECTOR:
            electrode = self.labels(role)
            if electrode:
                taken = chosen(components, role)
                for label in electrode:
                    own = components.labels == label
                    share = components.volumes[own & taken].sum() / components.volumes[own].sum()
                    volumes[label] = float(self.walls.volumes[label] * share)
        return volumes


class MetricModule(Protocol):
    """The form of a module in this folder."""

    METRICS: tuple[Metric, ...]

    def measure(self, sample: Sample) -> Mapping[str, Any]: ...


@cache
def modules() -> tuple[MetricModule, ...]:
    """All metrics, in the order of their first quantity's rank."""
    names = [m.name for m in pkgutil.iter_modules(__path__) if m.name != "report"]
    found: list[Any] = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(sorted(found, key=lambda module: module.METRICS[0].rank))


@cache
def catalogue() -> tuple[Metric, ...]:
    """Every quantity of the report, in the order of tables."""
    return tuple(sorted((m for module in modules() for m in module.METRICS), key=lambda m: m.rank))


def metric_of(path: str) -> Metric | None:
    """The quantity that the value at a path of the report belongs to; None where it belongs to none."""
    for metric in catalogue():
        if metric.path == path or (metric.path.endswith("*") and path.startswith(metric.path[:-1])):
            return metric
    return None


def measure(template: Template, cell: Cell, walls: InterfaceMesh) -> dict[str, Any]:
    """All entries of the report of a battery, nested as in `measure --json`."""
    sample = Sample(template, cell, walls)
    entries: dict[str, Any] = {}
    for module in modules():
        entries.update(module.measure(sample))
    return {**entries, "warnings": sample.warnings}
