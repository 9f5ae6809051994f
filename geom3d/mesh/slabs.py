"""How much of every region lies below a level: exact, from the shells alone."""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh


def volumes_below(walls: InterfaceMesh, level: float) -> FloatArray:
    """(R + 1,) volume of each region that lies below a level, the void last, µm³.

    The flux of the field (0, 0, min(z, level)) out of a shell is the volume below the level, since that field's divergence is
    1 there and 0 above: no cut is made.

    Args:
        walls: of a cell.
        level: z, µm.
    """
    heights = walls.vertices[walls.triangles, 2] - level
    flux = walls.area_vectors[:, 2] * _mean_of_lower(heights)
    count = len(walls.names) + 1
    inner = walls.front_region != OUTSIDE
    lost = np.bincount(walls.front_region[inner], weights=flux[inner], minlength=count)
    return np.asarray(np.bincount(walls.back_region, weights=flux, minlength=count) - lost, dtype=np.float64)


def volumes_between(walls: InterfaceMesh, low: float, high: float) -> FloatArray:
    """(R + 1,) volume of each region between two levels, the void last, µm³; rounding is taken for nothing."""
    found = volumes_below(walls, high) - volumes_below(walls, low)
    return np.asarray(np.where(np.abs(found) > 1e-12 * np.prod(walls.size), found, 0.0))


def _mean_of_lower(heights: FloatArray) -> FloatArray:
    """(T,) mean of min(f, 0) over triangles, of linear functions with these (T, 3) values at the corners."""
    a, b, c = np.sort(heights, axis=1).T
    with np.errstate(divide="ignore", invalid="ignore"):
        one = a**3 / (3 * (b - a) * (c - a))  # only the lowest corner lies below
        two = (a + b + c) / 3 - c**3 / (3 * (c - a) * (c - b))  # only the highest one lies above
    return np.select([c <= 0, a >= 0, b <= 0], [(a + b + c) / 3, np.zeros_like(a), two], one)
