"""What a solver finds: the conductance, bounds where it knows them, and the current through either electrode's surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.mesh.interfaces import InterfaceMesh


@dataclass(frozen=True)
class Currents:
    """The current through an electrode's surface, by small pieces of it.

    Attributes:
        areas: (n,) of the pieces, µm².
        currents: (n,) through them, in units of the conductance.
    """

    areas: FloatArray
    currents: FloatArray

    @property
    def total(self) -> float:
        """The whole current."""
        return float(self.currents.sum())

    @property
    def area(self) -> float:
        """The whole surface, µm²."""
        return float(self.areas.sum())

    @property
    def density(self) -> FloatArray:
        """(n,) current density over its mean."""
        return np.asarray(self.currents / self.areas * (self.area / self.total))

    def figures(self) -> dict[str, float]:
        """How evenly the current is spread: largest and 95 % and standard deviation over mean, and what area has half of it."""
        density = self.density
        order = np.argsort(-density)
        area = np.cumsum(self.areas[order]) / self.area
        passed = np.cumsum(self.currents[order]) / self.total
        spread = float(np.sqrt(np.average((density - 1) ** 2, weights=self.areas)))
        # Where the surface is cut 95 % to 5 %, and where the current is halved; within a piece it is even.
        half = float(np.interp(0.5, np.r_[0.0, passed], np.r_[0.0, area]))
        return {
            "max_over_mean": float(density.max()),
            "p95_over_mean": float(density[order][np.searchsorted(area, 0.05)]),
            "std_over_mean": spread,
            "area_share_of_half": half,
        }


@dataclass(frozen=True)
class Solution:
    """Conduction between the electrodes of one period, for a potential difference of 1.

    Attributes:
        conductance: unit of the conductivities × µm.
        bounds: between which it lies for certain, for the mesh's shape; None where no bounds are known.
        anode, cathode: the currents.
        unknowns: of the finest system.
        way: how it was found, for people.
        field: gives walls with the current density over its mean on each triangle of the electrodes' surfaces.
    """

    conductance: float
    bounds: tuple[float, float] | None
    anode: Currents
    cathode: Currents
    unknowns: int
    way: str
    field: Callable[[], InterfaceMesh]

    def scaled(self, factor: float) -> Solution:
        """The same where all conductivities are so many times as large."""
        return replace(
            self,
            conductance=self.conductance * factor,
            bounds=None if self.bounds is None else (self.bounds[0] * factor, self.bounds[1] * factor),
            anode=replace(self.anode, currents=self.anode.currents * factor),
            cathode=replace(self.cathode, currents=self.cathode.currents * factor),
        )
