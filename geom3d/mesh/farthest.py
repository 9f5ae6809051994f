"""The largest distance from a surface to another one, with a bound that nothing exceeds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, in_turn
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import Nearest

#: Share by which the largest distance may exceed the one that is found; triangles that are looked at for it, at most.
LARGER, MOST_LOOKS = 1e-3, 1 << 17


@dataclass(frozen=True)
class Farthest:
    """The largest distance that was found.

    Attributes:
        reached: µm; at one point at least the distance is that.
        bound: µm; nowhere is it more.
        at: x, y, z of that point, µm; None where it was known before.
    """

    reached: float
    bound: float
    at: tuple[float, float, float] | None


def farthest(
    vertices: FloatArray,
    triangles: IntArray,
    other: Nearest,
    known: float = 0.0,
    at_corners: FloatArray | None = None,
) -> Farthest:
    """The largest distance from a surface to another that is found, and a bound that none exceeds.

    Triangles whose bound lies above what is known are halved across their longest edge, until none is left or too many were
    looked at. The first bound is that a distance changes by no more than the way gone; the others are those of
    `Nearest.farthest`, which miss the truth by the square of a triangle's size.

    Args:
        vertices: (V, 3) µm.
        triangles: (F, 3), neighbours side by side where possible.
        other: the surface to which it is measured.
        known: a distance that is reached, µm.
        at_corners: (V,) distances of the vertices, µm, where they are known; each vertex belongs to a triangle then.
    """
    if at_corners is None:
        used = in_turn(triangles.ravel())  # neighbours side by side, as the triangles are
        at_corners = np.zeros(len(vertices))
        at_corners[used] = other.distances(vertices[used])
    best, at = known, None
    if at_corners.max() > best:
        at = vertices[int(at_corners.argmax())]
        best = float(at_corners.max())
    corners, bounds = np.empty((0, 3, 3)), np.empty(len(triangles))
    _bound(vertices, triangles, at_corners, bounds)
    looks, closed, bound = 0, 0.0, math.nan
    while True:
        open_ = bounds > best * (1 + LARGER)
        closed = max(closed, float(bounds[~open_].max(initial=0.0)))
        if not open_.any():
            bound = max(best, closed)
            break
        first_look = not looks
        corners = vertices[triangles[open_]] if first_look else _halved(corners[open_])
        if looks + len(corners) > MOST_LOOKS and looks:
            bound = max(closed, float(bounds.max()))
            break
        looks += len(corners)
        # The corners of the first triangles have been looked at, and most of them need no closer look.
        reached, bounds = other.farthest(corners, middles_only=first_look)
        if reached.max() > best:
            best = float(reached.max())
            triangle = corners[int(reached.argmax())]
            points = np.vstack([triangle.mean(axis=0), triangle])
            at = points[int(other.distances(points).argmax())]
    return Farthest(best, bound, None if at is None else (float(at[0]), float(at[1]), float(at[2])))


@compiled
def _bound(vertices: FloatArray, triangles: IntArray, at_corners: FloatArray, bounds: FloatArray) -> None:
    """Fills in what no distance on a triangle exceeds: that of a corner and the longer of the edges that meet there."""
    edges = np.empty(3)
    for n in range(len(triangles)):
        for k in range(3):
            a, b = vertices[triangles[n, k]], vertices[triangles[n, (k + 1) % 3]]
            x, y, z = b[0] - a[0], b[1] - a[1], b[2] - a[2]
            edges[k] = math.sqrt(x * x + y * y + z * z)
        bounds[n] = np.inf
        for k in range(3):
            bounds[n] = min(bounds[n], at_corners[triangles[n, k]] + max(edges[k], edges[k - 1]))


def _halved(corners: FloatArray) -> FloatArray:
    """(2 n, 3, 3) triangles, each cut in two at the middle of its longest edge."""
    edges = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    first = (edges.argmax(axis=1)[:, None] + np.arange(3)) % 3
    a, b, c = np.take_along_axis(corners, first[:, :, None], axis=1).transpose(1, 0, 2)
    middle = (a + b) / 2
    return np.stack([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)], axis=1).reshape(-1, 3, 3)
