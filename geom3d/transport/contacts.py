"""What conducts in a cell, and which regions are the electrodes it lies between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geom3d.cell import Cell
from geom3d.roles import COLLECTOR, Role


@dataclass(frozen=True)
class Contacts:
    """Which regions do what.

    Attributes:
        conductivity: of every region that conducts, by label, S/cm.
        anode, cathode: labels of the electrodes.
    """

    conductivity: Mapping[int, float]
    anode: Sequence[int]
    cathode: Sequence[int]


@dataclass(frozen=True)
class NoPath(Exception):  # noqa: N818 - no error: many a cell has no resistance, and says why
    """A cell whose electrolyte has no resistance between electrodes.

    Attributes:
        reason: why, for people.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


def contacts_of(cell: Cell, celsius: float = 25.0) -> Contacts:
    """The electrolytes with their conductivity, and the electrodes; without an anode its collector stands for it.

    Args:
        cell: the battery.
        celsius: its temperature.

    Raises:
        NoPath: where one of them is missing, or a conductivity unknown.
    """
    electrolyte = cell.labels(Role.ELECTROLYTE)
    if not electrolyte:
        raise NoPath("the design has no electrolyte")
    anode = cell.labels(Role.ANODE) or cell.labels(COLLECTOR[Role.ANODE])
    cathode = cell.labels(Role.CATHODE)
    if not anode or not cathode:
        raise NoPath(f"the design has no {'cathode' if anode else 'anode'}")
    found: dict[int, float] = {}
    for label in electrolyte:
        region = cell.regions[label]
        if region.material.conductivity_S_cm is None:
            raise NoPath(f"the material of {region.name!r} has no conductivity_S_cm")
        value = region.material.conductivity_at(celsius)
        if value is None:
            raise NoPath(
                f"no resistance at {celsius:g} °C: the material of {region.name!r} has no activation_energy_eV"
            )
        found[label] = value
    return Contacts(found, anode, cathode)
