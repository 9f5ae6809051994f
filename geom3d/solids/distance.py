"""True distance to a triangulated surface that is periodic in x and y.

The nearest vertex is found in a tree; from its triangles the search walks on to the triangles of the nearest corner as
long as that brings it closer. On a surface whose triangles are small against its curvature that ends at the nearest point,
or within a hair of it: of points up to four steps of the grid from a gyroid, 99.2 % are exact and the rest too far by less
than 0.014 steps. Where two sheets are almost equally far, the vertex may lie on the one and the nearest point on the
other: the distance is then too large by less than (edge length)² / (2 distance).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from geom3d.nearest import threaded
from geom3d.solids.grid import wrapped
from geom3d.triangles import closest
from geom3d.walls import FloatArray, IntArray

#: Points that are worked on at once: arrays of their pairs stay in the cache.
BATCH = 8192
#: Batches at work at a time; numpy lets go of the interpreter.
WORKERS = 2


@dataclass(frozen=True)
class Sheet:
    """A triangulated surface, periodic in x and y.

    Attributes:
        vertices: (V, 3) µm, x and y in [0, period); no two at the same place.
        triangles: (T, 3); edges are shorter than half a period, across which they may run.
        size: the period in x and y, µm.
    """

    vertices: FloatArray
    triangles: IntArray
    size: tuple[float, float]

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.vertices, boxsize=[*self.size, 0.0], balanced_tree=False, compact_nodes=False)

    @cached_property
    def _rings(self) -> tuple[IntArray, IntArray]:
        """Where each vertex's triangles begin, (V + 1,), and the triangles."""
        order = np.argsort(self.triangles.ravel(), kind="stable")
        starts = np.searchsorted(self.triangles.ravel()[order], np.arange(len(self.vertices) + 1))
        return starts, order // 3

    @cached_property
    def _shapes(self) -> FloatArray:
        """(T, 12) per triangle: corner a, edges b - a and c - a, their products."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        u, v = self._nearest(b - a), self._nearest(c - a)
        products = [np.einsum("ij,ij->i", p, q) for p, q in ((u, u), (u, v), (v, v))]
        return np.column_stack([a, u, v, *products])

    def _nearest(self, steps: FloatArray) -> FloatArray:
        """The shortest of the equivalent steps through the period."""
        for axis, period in enumerate(self.size):
            steps[:, axis] -= np.rint(steps[:, axis] / period) * period
        return steps

    def distances(
        self, points: FloatArray, reach: float = math.inf, told: Callable[[int], None] = lambda count: None
    ) -> FloatArray:
        """(n,) distance of the points to the surface, µm; infinite where it is beyond reach.

        Args:
            points: (n, 3) µm.
            reach: distance to the nearest vertex up to which is looked, µm.
            told: called with the number of points done, from time to time.
        """
        found = np.full(len(points), np.inf)
        if not len(self.triangles):
            return found

        def work(start: int) -> int:
            part = wrapped(points[start : start + BATCH], self.size)
            _, near = self._tree.query(part, distance_upper_bound=reach)
            chosen = np.flatnonzero(near < len(self.vertices))
            found[start + chosen] = np.sqrt(self._walk(part[chosen], near[chosen])[0])
            return len(part)

        self._tree, self._rings, self._shapes  # noqa: B018 (made once, before threads ask for them)
        for count in threaded(work, range(0, len(points), BATCH)):
            told(count)
        return found

    def ways(self, points: FloatArray) -> FloatArray:
        """(n, 3) the step from each of (n, 3) points to the nearest point of the surface, through the period, µm."""
        points = wrapped(points, self.size)
        found = np.empty_like(points)
        for start in range(0, len(points), BATCH):
            part = points[start : start + BATCH]
            _, triangle, weights = self._walk(part, self._tree.query(part, workers=WORKERS)[1])
            shape = self._shapes[triangle]
            step = self._nearest(shape[:, :3] - part)
            found[start : start + BATCH] = step + weights[:, :1] * shape[:, 3:6] + weights[:, 1:] * shape[:, 6:9]
        return found

    def _walk(self, points: FloatArray, near: IntArray) -> tuple[FloatArray, IntArray, FloatArray]:
        """(n,) squared distances, from the ring of a near vertex on; (n,) the triangle of the nearest point, and (n, 2)
        the weights of its second and third corner there.
        """
        best, triangle = np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
        weights = np.zeros((len(points), 2))
        active = np.arange(len(points))
        while len(active):
            squared, corner, of, share = self._ring(points[active], near)
            closer = squared < best[active] * (1 - 1e-12)
            nearer = active[closer]
            best[nearer], triangle[nearer], weights[nearer] = squared[closer], of[closer], share[closer]
            moved = closer & (corner != near)
            active, near = active[moved], corner[moved]
        return best, triangle, weights

    def _ring(self, points: FloatArray, near: IntArray) -> tuple[FloatArray, IntArray, IntArray, FloatArray]:
        """(n,) squared distance to the triangles around a vertex, (n,) the corner next to the nearest point, (n,) its
        triangle and (n, 2) the weights of the second and third corner there.
        """
        starts, ring = self._rings
        counts = starts[near + 1] - starts[near]
        begins = np.cumsum(counts) - counts
        of = np.repeat(np.arange(len(points)), counts)
        triangle = ring[np.arange(len(of)) - begins[of] + starts[near][of]]
        squared, beta, gamma = self._closest(points[of], triangle)
        least = np.minimum.reduceat(squared, begins)
        # The first of the pairs that attain the least.
        hits = np.flatnonzero(squared == least[of])
        first = hits[np.r_[True, of[hits][1:] != of[hits][:-1]]]
        weights = np.column_stack([1 - beta[first] - gamma[first], beta[first], gamma[first]])
        corner = self.triangles[triangle[first], weights.argmax(axis=1)]
        return least, corner, triangle[first], weights[:, 1:]

    def _closest(self, points: FloatArray, triangle: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(n,) squared distance from a point to a triangle, and the weights of its second and third corner there."""
        shape = self._shapes[triangle].T
        r = (points - shape[:3].T).T
        for axis, period in enumerate(self.size):
            r[axis] -= np.rint(r[axis] / period) * period
        return closest(r, shape[3:6], shape[6:9], *shape[9:12])
