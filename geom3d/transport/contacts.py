"""What conducts in a cell, and which regions are the electrodes it lies between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geom3d.cell.cell import Cell
from geom3d.core.arrays import FloatArray
from geom3d.core.roles import Role
from geom3d.library.materials import CELSIUS


@dataclass(frozen=True)
class Contacts:
    """Which regions do what.

    Attributes:
        conductivity: of every region that conducts, by label, S/cm.
        anode, cathode: labels of the electrodes; `OUTSIDE` among them stands for the bottom and the top of the box.
    """

    conductivity: Mapping[int, float]
    anode: Sequence[int]
    cathode: Sequence[int]

    def of(self, labels: NDArray[np.integer[Any]]) -> FloatArray:
        """The conductivity of regions by label, in an array of the same shape; 0 where they do not conduct."""
        table = np.zeros(1 + max(int(labels.max(initial=0)), *self.conductivity))
        for label, value in self.conductivity.items():
            table[label] = value
        return np.asarray(table[labels])


class NoPath(Exception):  # noqa: N818 - no error: many a cell has no resistance, and says why
    """A cell whose electrolyte has no resistance between electrodes.

    Attributes:
        reason: why, for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def contacts_of(cell: Cell, celsius: float = CELSIUS) -> Contacts:
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
    anode, cathode = cell.electrode(Role.ANODE), cell.electrode(Role.CATHODE)
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
