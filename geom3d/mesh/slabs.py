"""How much of every region lies below a level: exact, from the shells alone."""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.jit import compiled
from geom3d.mesh.interfaces import InterfaceMesh


def volumes_below(walls: InterfaceMesh, level: float) -> FloatArray:
    """(R + 1,) volume of each region that lies below a level, the void last, µm³.

    The flux of the field (0, 0, min(z, level)) out of a shell is the volume below the level, since that field's divergence is
    1 there and 0 above: no cut is made.

    Args:
        walls: of a cell.
        level: z, µm.
    """
    flux = np.empty(len(walls.triangles))
    _fluxes(np.ascontiguousarray(walls.vertices[:, 2]), walls.triangles, walls.area_vectors, level, flux)
    return walls.out_of(flux)


def volumes_between(walls: InterfaceMesh, low: float, high: float) -> FloatArray:
    """(R + 1,) volume of each region between two levels, the void last, µm³; rounding is taken for nothing."""
    found = volumes_below(walls, high) - volumes_below(walls, low)
    return np.asarray(np.where(np.abs(found) > 1e-12 * np.prod(walls.size), found, 0.0))


@compiled
def _fluxes(heights: FloatArray, triangles: IntArray, vectors: FloatArray, level: float, flux: FloatArray) -> None:
    """Fills in the flux through each triangle: the mean of min(z - level, 0), times the z of its area vector."""
    for n in range(len(triangles)):
        f, g, h = heights[triangles[n, 0]] - level, heights[triangles[n, 1]] - level, heights[triangles[n, 2]] - level
        a, c = min(f, g, h), max(f, g, h)
        b = max(min(f, g), min(max(f, g), h))
        if c <= 0:
            mean = (a + b + c) / 3
        elif a >= 0:
            mean = 0.0
        elif b <= 0:  # only the highest corner lies above
            mean = (a + b + c) / 3 - c**3 / (3 * (c - a) * (c - b))
        else:  # only the lowest one lies below
            mean = a**3 / (3 * (b - a) * (c - a))
        flux[n] = vectors[n, 2] * mean
