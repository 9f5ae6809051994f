"""True distance to a triangulated surface that is periodic in x and y and may run across the period."""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import Nearest


def sheet(vertices: FloatArray, triangles: IntArray, size: tuple[float, float]) -> Nearest:
    """The search for the nearest point of a surface.

    Args:
        vertices: (V, 3) µm, x and y in [0, period).
        triangles: (T, 3); edges are shorter than half a period, across which they may run.
        size: the period in x and y, µm.
    """
    triangles = np.array(triangles, dtype=np.int64)  # a copy
    across = _across(vertices, triangles, *size)
    # Triangles across the period get corners of their own, outside of it.
    own = np.zeros((len(across), 3, 3))
    for axis, period in enumerate(size):
        places = vertices[triangles[across], axis]
        own[:, :, axis] = places - np.rint((places - places[:, :1]) / period) * period
    own[:, :, 2] = vertices[triangles[across], 2]
    triangles[across] = len(vertices) + np.arange(3 * len(across)).reshape(-1, 3)
    return Nearest(np.concatenate([vertices, own.reshape(-1, 3)]), triangles, size)


@compiled
def _across(vertices: FloatArray, triangles: IntArray, x: float, y: float) -> IntArray:
    """The triangles of which a corner lies more than half a period, x or y, from the first one."""
    count, found = 0, np.empty(len(triangles), dtype=np.int64)
    for n in range(len(triangles)):
        a = vertices[triangles[n, 0]]
        for k in (1, 2):
            b = vertices[triangles[n, k]]
            if np.rint((b[0] - a[0]) / x) != 0 or np.rint((b[1] - a[1]) / y) != 0:
                found[count] = n
                count += 1
                break
    return found[:count]
