"""A grid of nodes over one period, and its division into tetrahedra.

Every brick of the grid is cut into the six tetrahedra around its diagonal (Kuhn's division). It is the same in every
brick, so faces of neighbours match, also through the period. Its edges join a node to the seven others of the brick
that lie beyond it: an edge is its lower node and a kind from 1 to 7, whose bits say in which of x, y and z it steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray

#: Coordinates are whole numbers of steps of a period's 2^-36, as a power of two: 10 µm gives a step of 1e-10 µm. The
#: other 17 bits of a float64 are left for arrays of up to 131,072 periods, in which a shift by whole periods is exact.
GRID_BITS = 36

#: The 19 edges of a brick: pairs of corners whose bits contain each other.
EDGES = [(a, b) for a in range(8) for b in range(8) if a != b and a & b == a]
#: Corners of the six tetrahedra around the diagonal, turning so that their volume is positive.
TETRAHEDRA = [(0, 1, 3, 7), (0, 5, 1, 7), (0, 3, 2, 7), (0, 2, 6, 7), (0, 4, 5, 7), (0, 6, 4, 7)]


def rounding_unit(length: float) -> float:
    """The step on which coordinates in a period of this length lie, µm: a power of two."""
    return math.ldexp(1.0, math.floor(math.log2(length)) - GRID_BITS)


def snap(values: FloatArray, step: float) -> FloatArray:
    """Values moved to the nearest multiples of a step."""
    return np.round(values / step) * step


def wrapped(points: FloatArray, size: tuple[float, float]) -> FloatArray:
    """(n, 3) points moved into the first period in x and y, [0, period), µm."""
    found = np.array(points)
    for axis, period in enumerate(size):
        found[:, axis] %= period
        found[found[:, axis] >= period, axis] = 0.0  # the remainder of a tiny negative number
    return found


@dataclass(frozen=True)
class Grid:
    """Nodes at the crossings of planes. A node's number is (k (ny + 1) + j) (nx + 1) + i.

    Attributes:
        x, y, z: (nx + 1,), (ny + 1,), (nz + 1,) positions of the planes, µm; the last of x and y lie one period on.
    """

    x: FloatArray
    y: FloatArray
    z: FloatArray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Nodes in z, y and x."""
        return len(self.z), len(self.y), len(self.x)

    @cached_property
    def strides(self) -> tuple[int, int, int]:
        """Steps in a node's number for a step in x, y and z."""
        return 1, len(self.x), len(self.x) * len(self.y)

    @cached_property
    def steps(self) -> IntArray:
        """(8,) step in a node's number to each corner of its brick, by the corner's bits (x: 1, y: 2, z: 4)."""
        return np.array([sum(s for k, s in enumerate(self.strides) if c >> k & 1) for c in range(8)])

    @property
    def size(self) -> tuple[float, float]:
        """The period in x and y, µm."""
        return float(self.x[-1]), float(self.y[-1])

    @property
    def diagonal(self) -> float:
        """Longest edge of a tetrahedron, µm."""
        return math.hypot(*(float(np.diff(axis).max()) for axis in (self.x, self.y, self.z)))

    def places(self, nodes: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Indices i, j, k of nodes."""
        rest, i = np.divmod(nodes, len(self.x))
        k, j = np.divmod(rest, len(self.y))
        return i, j, k

    def points(self, nodes: IntArray) -> FloatArray:
        """(n, 3) positions of nodes, µm."""
        i, j, k = self.places(nodes)
        return np.column_stack([self.x[i], self.y[j], self.z[k]])

    def between(self, nodes: IntArray, kind: int, share: FloatArray) -> FloatArray:
        """(n, 3) points on edges, µm.

        Args:
            nodes: (n,) lower ends.
            kind: of the edges.
            share: (n,) of the way from the lower end to the upper one.
        """
        points = np.empty((len(nodes), 3))
        for axis, (at, marks) in enumerate(zip(self.places(nodes), (self.x, self.y, self.z), strict=True)):
            low = marks[at]
            if kind >> axis & 1:
                points[:, axis] = low + share * (marks[at + 1] - low)
                if axis < 2:
                    points[:, axis] = snap(points[:, axis], rounding_unit(float(marks[-1])))
            else:
                points[:, axis] = low
        return points


def subdivide(start: float, stop: float, step: float, between: FloatArray | None = None) -> FloatArray:
    """Evenly spaced planes from start to stop, no further apart than step.

    Args:
        start, stop: the ends, µm.
        step: largest distance, µm.
        between: heights that should lie midway between two planes, where a few more planes allow it.
    """
    least = max(1, math.ceil((stop - start) / step * (1 - 1e-9)))
    count = least
    if between is not None:
        inner = between[(between > start) & (between < stop)]
        if len(inner):
            tries = np.arange(least, least + 6)
            places = (inner[:, None] - start) / (stop - start) * tries
            count = int(tries[np.abs(places - np.rint(places)).min(axis=0).argmax()])
    return np.linspace(start, stop, count + 1)
