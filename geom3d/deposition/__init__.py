"""How thick a film becomes where a process does not reach everything alike: step coverage of free molecular flow.

The model: at the pressures of these processes molecules meet walls, not each other. They arrive above the chip evenly, with
the cosine law of a gas (or of a large target). Where one hits, it stays with the sticking probability s; else it leaves
again in any direction, by the cosine law, whatever way it came. The film grows as molecules stay. On open flat surface
that is the nominal thickness; all thicknesses here are shares of it. `sticking = 1` is line of sight: sputtering and
evaporation from a large source.

Round holes and trenches are solved by radiosity with exact view factors (`cavities`), all else by particles that fly about
the cell's own surface (`particles`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.core.errors import InputError
from geom3d.library.processes import LEAST_STICKING

#: Sticking probability of what goes straight and stays.
LINE_OF_SIGHT = 1.0


@dataclass(frozen=True)
class Coverage:
    """The thickness of a film over depth, as a share of that on open flat surface.

    Attributes:
        depths: (n,) middles of equal bands of the walls' height, µm below the top.
        shares: (n,) mean over the walls of each band.
        errors: (n,) standard errors of these; 0 where nothing is drawn by lot.
        areas: (n,) µm² of the walls in each band; of cavities per cavity, or per µm of trench.
        top: share on the flat at the top, with standard error and area; None where there is none.
        floor: the same of the flat at the bottom.
        depth: of the structure as the film finds it, µm.
        sticking: probability of the model.
        way: "radiosity" or "Monte Carlo".
    """

    depths: FloatArray
    shares: FloatArray
    errors: FloatArray
    areas: FloatArray
    top: tuple[float, float, float] | None
    floor: tuple[float, float, float] | None
    depth: float
    sticking: float
    way: str

    @property
    def mean(self) -> float:
        """Mean over walls, top and floor: the film's volume over that of an even one, to the first order in its thickness."""
        parts = [flat for flat in (self.top, self.floor) if flat is not None]
        area = float(self.areas.sum()) + sum(flat[2] for flat in parts)
        return (float(self.shares @ self.areas) + sum(flat[0] * flat[2] for flat in parts)) / area

    @property
    def least(self) -> float:
        """The share where the film is thinnest, walls and flats alike."""
        return min(float(self.shares.min(initial=np.inf)), *(flat[0] for flat in (self.top, self.floor) if flat))

    @property
    def error(self) -> float:
        """The largest standard error of any band."""
        return float(self.errors.max(initial=0.0))

    def at(self, depth: float) -> float:
        """The share on a wall at a depth, µm: linear between the bands' middles, and on beyond the outer ones."""
        return float(np.interp(depth, *self.walls()))

    def walls(self) -> tuple[FloatArray, FloatArray]:
        """(n + 2,) depths from top to floor, µm, and the shares on the walls there; the ends are extrapolated."""
        if len(self.depths) < 2:
            share = float(self.shares[0]) if len(self.shares) else self.least
            return np.array([0.0, self.depth]), np.array([share, share])
        (a, b), (y, z) = self.depths[:2], self.depths[-2:]
        first = self.shares[0] - (self.shares[1] - self.shares[0]) * a / (b - a)
        last = self.shares[-1] + (self.shares[-1] - self.shares[-2]) * (self.depth - z) / (z - y)
        # Thickness is never less than nothing, however steeply it falls.
        return np.r_[0.0, self.depths, self.depth], np.r_[max(first, 0.0), self.shares, max(last, 0.0)]


def require_sticking(sticking: float, key: str = "sticking") -> None:
    """Raises an InputError unless it is a sticking probability."""
    if not LEAST_STICKING <= sticking <= 1:
        raise InputError(
            f"{key}: must be a probability from {LEAST_STICKING:g} to 1 (1 is line of sight); got {sticking:g}"
        )
