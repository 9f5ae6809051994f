"""True distance to a triangulated surface that is periodic in x and y and may run across the period."""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.mesh.bvh import Nearest


def sheet(vertices: FloatArray, triangles: IntArray, size: tuple[float, float]) -> Nearest:
    """The search for the nearest point of a surface.

    Args:
        vertices: (V, 3) µm, x and y in [0, period).
        triangles: (T, 3); edges are shorter than half a period, across which they may run.
        size: the period in x and y, µm.
    """
    corners = vertices[triangles]
    far = np.zeros(len(triangles), dtype=bool)
    for axis, period in enumerate(size):
        steps = corners[:, 1:, axis] - corners[:, :1, axis]
        moved = np.rint(steps / period) * period
        corners[:, 1:, axis] -= moved
        far |= moved.any(axis=1)
    # Triangles across the period get corners of their own, outside of it.
    own = len(vertices) + np.arange(3 * np.count_nonzero(far)).reshape(-1, 3)
    triangles = triangles.copy()
    triangles[far] = own
    return Nearest(np.concatenate([vertices, corners[far].reshape(-1, 3)]), triangles, size)
