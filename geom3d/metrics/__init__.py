"""Metrics: one file each, found by its name; all read one `Sample` and give entries of the report.

Such a file has `METRICS`, the quantities it gives, and `measure(sample)`, which returns them with what a reader must know.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

from geom3d.cell.cell import Cell
from geom3d.core.roles import COLLECTOR, Role
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.transport.distance import Electrodes


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
    """What metrics read: a cell and its walls, and what several of them ask for, found once.

    Attributes:
        cell, walls: the battery.
    """

    cell: Cell
    walls: InterfaceMesh

    def labels(self, *roles: Role) -> list[int]:
        """Labels of the regions with one of these roles."""
        return self.cell.labels(*roles)

    def volume(self, *roles: Role) -> float:
        """Volume of all regions with one of these roles, µm³."""
        return float(self.walls.volumes[self.labels(*roles)].sum())

    @cached_property
    def electrodes(self) -> Electrodes | None:
        """The surfaces of both electrodes; None where one of them is missing."""
        return Electrodes.of(self.cell, self.walls)

    @cached_property
    def connected_volumes(self) -> dict[int, float]:
        """By label of every electrode region, its volume that reaches its own collector, µm³."""
        components = self.walls.components
        volumes: dict[int, float] = {}
        for role in COLLECTOR:
            electrode = self.labels(role)
            if electrode:
                reached = self.cell.reached(components, role)
                for label in electrode:
                    own = components.labels == label
                    share = components.volumes[own & reached].sum() / components.volumes[own].sum()
                    volumes[label] = float(self.walls.volumes[label] * share)
        return volumes


@dataclass(frozen=True)
class Measured:
    """What a metric has found.

    Attributes:
        values: entries of the report, nested as there.
        warnings: sentences that a reader of these numbers must know.
    """

    values: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


class MetricModule(Protocol):
    """The form of a module in this folder."""

    METRICS: tuple[Metric, ...]

    def measure(self, sample: Sample) -> Measured: ...


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


def measure(sample: Sample) -> Measured:
    """All entries of the report of a battery."""
    found = [module.measure(sample) for module in modules()]
    values = {key: value for measured in found for key, value in measured.values.items()}
    # Metrics that ask each other may have the same to say.
    return Measured(values, tuple(dict.fromkeys(warning for measured in found for warning in measured.warnings)))
