"""Steady ionic conduction: Laplace's equation in the electrolyte, from the surface of one electrode to that of the other.

The potential is 0 on the anode's surface and 1 on the cathode's; no current leaves the electrolyte elsewhere; x and y are
periodic. Several electrolytes have their own conductivities. What the electrodes, their interfaces and the collectors add
to a cell's resistance is not part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from geom3d.cell.cell import Cell
from geom3d.core.errors import InputError
from geom3d.library.materials import CELSIUS
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.transport.conduction import solved
from geom3d.transport.contacts import NoPath, contacts_of
from geom3d.transport.solution import Currents, Solution

__all__ = ["Currents", "NoPath", "Solution", "Transport", "conduct", "contacts_of"]

#: Ω·cm² from µm² of footprint over S/cm · µm of conductance: µm² is 1e-8 cm², µm is 1e-4 cm.
OHM_CM2 = 1e-4
#: Between which temperatures Arrhenius' law may be asked, °C.
COLDEST, HOTTEST = -100.0, 500.0


@dataclass(frozen=True)
class Transport:
    """Conduction in a battery's electrolyte.

    Attributes:
        solution: what the solver found.
        footprint: of one period, µm².
        conductivity: of the electrolytes in series, by volume, S/cm: the thicknesses of layers over their resistances.
        celsius: temperature, °C.
        error: of the resistance, relative; None where it is not known.
        by_label: conductivity of each electrolyte, S/cm.
    """

    solution: Solution
    footprint: float
    conductivity: float
    celsius: float
    error: float | None
    by_label: Mapping[int, float]

    def __repr__(self) -> str:
        return f"<Transport {self.resistance:.4g} Ω·cm² at {self.celsius:g} °C, {self.conductivity:.3g} S/cm>"

    @property
    def resistance(self) -> float:
        """Ionic resistance per footprint, Ω·cm²."""
        return OHM_CM2 * self.footprint / self.solution.conductance

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between which the resistance lies for certain, for the mesh's shape, Ω·cm²; None where no bounds are known."""
        if self.solution.bounds is None:
            return None
        low, high = self.solution.bounds
        return OHM_CM2 * self.footprint / high, OHM_CM2 * self.footprint / low

    @property
    def gain(self) -> float:
        """Surface through which current passes per footprint: the mean of both electrodes'."""
        return (self.solution.anode.area + self.solution.cathode.area) / (2 * self.footprint)

    @property
    def effective_distance(self) -> float:
        """Thickness of a plane electrolyte of that surface with the same resistance, µm."""
        return self.conductivity * self.resistance * self.gain / OHM_CM2

    def at(self, cell: Cell, celsius: float) -> Transport | None:
        """The same at another temperature where all conductivities change alike; None where the field changes, too.

        Raises:
            NoPath: where an activation energy is missing.
        """
        _require(celsius)
        other = contacts_of(cell, celsius).conductivity
        ratios = [other[label] / value for label, value in self.by_label.items()]
        if max(ratios) > min(ratios) * (1 + 1e-9):
            return None
        return replace(
            self,
            solution=self.solution.scaled(ratios[0]),
            conductivity=self.conductivity * ratios[0],
            celsius=celsius,
            by_label=other,
        )

    def field(self) -> InterfaceMesh:
        """The walls with a field: on every triangle of the electrodes' surfaces the current density over its mean; nan elsewhere.

        The triangles are those of the solver, finer than the cell's own.
        """
        return self.solution.field()


def conduct(
    cell: Cell,
    walls: InterfaceMesh,
    coarse: tuple[Cell, InterfaceMesh] | None = None,
    *,
    celsius: float = CELSIUS,
) -> Transport:
    """Ionic conduction in a cell.

    Args:
        cell: the battery.
        walls: its walls.
        coarse: of a sampled cell, the same on a grid of twice the step: the change is the uncertainty.
        celsius: temperature, °C.

    Raises:
        NoPath: with the reason, where there is no resistance.
        InputError: where the temperature is out of range.
        GeometryError: where a system cannot be solved.
    """
    _require(celsius)
    contacts = contacts_of(cell, celsius)
    solution, error = solved(cell.family, cell, walls, coarse, contacts)
    volumes = {label: float(walls.volumes[label]) for label in contacts.conductivity}
    series = sum(volume / contacts.conductivity[label] for label, volume in volumes.items())
    return Transport(
        solution, walls.footprint, sum(volumes.values()) / series, celsius, error, dict(contacts.conductivity)
    )


def _require(celsius: float) -> None:
    if not COLDEST <= celsius <= HOTTEST:
        raise InputError(f"temperature: must lie between {COLDEST:g} and {HOTTEST:g} °C; got {celsius:g}")
