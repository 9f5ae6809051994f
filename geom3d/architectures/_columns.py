"""Triangles in upright columns over a period: which points lie inside a closed surface, and whether it cuts itself.

A point is inside where a line from it straight up meets the surface an odd number of times. In the plane a line meets an
edge by a rule of the edge alone, whichever of its triangles asks, so that no line slips through between two of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import threaded

#: Triangles that a column should hold, and the most places in all columns together.
PER_COLUMN, MOST_PLACES = 8, 30_000_000
#: Pairs of triangles that are tried, at most.
MOST_PAIRS = 2_000_000_000
#: Points, columns that a thread takes at a time.
BATCH = 16384


@dataclass(frozen=True, eq=False)
class Columns:
    """Triangles by the columns of a box that their boxes meet.

    Attributes:
        vertices: (V, 3) µm, x and y in [0, size].
        triangles: (T, 3).
        size: of the box in x and y, µm.
    """

    vertices: FloatArray
    triangles: IntArray
    size: tuple[float, float]

    @cached_property
    def _corners(self) -> FloatArray:
        return np.ascontiguousarray(self.vertices[self.triangles])

    @cached_property
    def _shape(self) -> tuple[int, int]:
        """Columns in x and y: as many as keep few triangles in each, and their places within memory."""
        low, high = self._corners[:, :, :2].min(axis=1), self._corners[:, :, :2].max(axis=1)
        count = max(1.0, len(self.triangles) / PER_COLUMN)
        while True:
            edge = math.sqrt(self.size[0] * self.size[1] / count)
            shape = max(1, round(self.size[0] / edge)), max(1, round(self.size[1] / edge))
            steps = np.array([length / n for length, n in zip(self.size, shape, strict=True)])
            places = float(np.prod((high - low) / steps + 1, axis=1).sum())
            if places <= max(MOST_PLACES, 2 * len(self.triangles)) or count == 1:
                return shape
            count = max(1.0, count / 2)

    @cached_property
    def _places(self) -> tuple[IntArray, NDArray[np.int32]]:
        """Where the triangles of each column begin, and their numbers, the lowest first."""
        nx, ny = self._shape
        order = np.argsort(self._corners[:, :, 2].min(axis=1), kind="stable")
        starts = np.zeros(nx * ny + 1, dtype=np.int64)
        _count(self._corners, order, nx, ny, *self.size, starts)
        np.cumsum(starts, out=starts)
        numbers = np.empty(int(starts[-1]), dtype=np.int32)
        _fill(self._corners, order, nx, ny, *self.size, starts[:-1].copy(), numbers)
        return starts, numbers

    def inside(self, points: FloatArray) -> BoolArray:
        """(n,) whether (n, 3) points lie inside the surface; x and y in [0, size]."""
        found = np.empty(len(points), dtype=np.bool_)
        points = np.ascontiguousarray(points, dtype=np.float64)

        def work(start: int) -> int:
            part = slice(start, start + BATCH)
            _inside(points[part], self._corners, *self._shape, *self.size, *self._places, found[part])
            return len(found[part])

        for _ in threaded(work, range(0, len(points), BATCH)):
            pass
        return found

    def inside_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> BoolArray:
        """(nz, ny, nx) whether the crossings of planes lie inside; x and y in [0, size], z in any order."""
        found = np.empty((len(y), len(x), len(z)), dtype=np.bool_)

        def work(start: int) -> int:
            part = slice(start, start + 1)
            _inside_row(x, float(y[start]), z, self._corners, *self._shape, *self.size, *self._places, found[start])
            return len(y[part])

        for _ in threaded(work, range(len(y))):
            pass
        return np.ascontiguousarray(found.transpose(2, 0, 1))

    def cuts(self) -> tuple[int, IntArray]:
        """How many pairs of triangles without a common edge cut each other, and (n, 2) some of them; -1 where too many are
        close to each other to be tried.
        """
        some = np.zeros((8, 2), dtype=np.int64)
        count = _cuts(self.vertices, self.triangles, *self._shape, *self.size, *self._places, MOST_PAIRS, some)
        return count, some[: max(0, min(count, len(some)))]


@compiled
def _range(low: float, high: float, length: float, count: int) -> tuple[int, int]:
    """First and last column that an interval meets, both included."""
    first = min(max(math.floor(low / length * count), 0), count - 1)
    last = min(max(math.floor(high / length * count), 0), count - 1)
    return first, last


@compiled
def _count(corners: FloatArray, order: IntArray, nx: int, ny: int, wide: float, long: float, starts: IntArray) -> None:
    """Counts the triangles of every column, one place further on."""
    for t in order:
        i0, i1 = _range(corners[t, :, 0].min(), corners[t, :, 0].max(), wide, nx)
        j0, j1 = _range(corners[t, :, 1].min(), corners[t, :, 1].max(), long, ny)
        for j in range(j0, j1 + 1):
            for i in range(i0, i1 + 1):
                starts[j * nx + i + 1] += 1


@compiled
def _fill(
    corners: FloatArray,
    order: IntArray,
    nx: int,
    ny: int,
    wide: float,
    long: float,
    at: IntArray,
    numbers: NDArray[np.int32],
) -> None:
    """Writes the triangles of every column."""
    for t in order:
        i0, i1 = _range(corners[t, :, 0].min(), corners[t, :, 0].max(), wide, nx)
        j0, j1 = _range(corners[t, :, 1].min(), corners[t, :, 1].max(), long, ny)
        for j in range(j0, j1 + 1):
            for i in range(i0, i1 + 1):
                numbers[at[j * nx + i]] = t
                at[j * nx + i] += 1


@compiled
def _meets(triangle: FloatArray, x: float, y: float) -> bool:
    """Whether an upright line meets a triangle, by the crossings of its edges."""
    odd = False
    for k in range(3):
        u, v = k, (k + 1) % 3
        if triangle[u, 1] > triangle[v, 1]:  # every edge runs upward, whichever triangle asks
            u, v = v, u
        if triangle[u, 1] <= y < triangle[v, 1]:
            share = (y - triangle[u, 1]) / (triangle[v, 1] - triangle[u, 1])
            if x < triangle[u, 0] + share * (triangle[v, 0] - triangle[u, 0]):
                odd = not odd
    return odd


@compiled
def _height(triangle: FloatArray, x: float, y: float) -> float:
    """Height at which an upright line meets a triangle, within the triangle's own."""
    ux, uy, uz = triangle[1, 0] - triangle[0, 0], triangle[1, 1] - triangle[0, 1], triangle[1, 2] - triangle[0, 2]
    vx, vy, vz = triangle[2, 0] - triangle[0, 0], triangle[2, 1] - triangle[0, 1], triangle[2, 2] - triangle[0, 2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    low, high = triangle[:, 2].min(), triangle[:, 2].max()
    if nz == 0.0:
        return float((low + high) / 2)
    z = triangle[0, 2] - (nx * (x - triangle[0, 0]) + ny * (y - triangle[0, 1])) / nz
    return float(min(max(z, low), high))


@compiled
def _inside(
    points: FloatArray,
    corners: FloatArray,
    nx: int,
    ny: int,
    wide: float,
    long: float,
    starts: IntArray,
    numbers: NDArray[np.int32],
    found: BoolArray,
) -> None:
    """Writes whether points lie inside."""
    for n in range(len(points)):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        i, _ = _range(x, x, wide, nx)
        j, _ = _range(y, y, long, ny)
        odd = False
        for place in range(starts[j * nx + i], starts[j * nx + i + 1]):
            triangle = corners[numbers[place]]
            above = max(triangle[0, 2], triangle[1, 2], triangle[2, 2]) > z
            if above and _meets(triangle, x, y) and _height(triangle, x, y) > z:
                odd = not odd
        found[n] = odd


@compiled
def _inside_row(
    x: FloatArray,
    y: float,
    z: FloatArray,
    corners: FloatArray,
    nx: int,
    ny: int,
    wide: float,
    long: float,
    starts: IntArray,
    numbers: NDArray[np.int32],
    found: BoolArray,
) -> None:
    """Writes for a row of lines, (nx, nz), whether points on them lie inside."""
    j, _ = _range(y, y, long, ny)
    for n in range(len(x)):
        i, _ = _range(x[n], x[n], wide, nx)
        first, stop = starts[j * nx + i], starts[j * nx + i + 1]
        heights = np.empty(stop - first)
        count = 0
        for place in range(first, stop):
            triangle = corners[numbers[place]]
            if _meets(triangle, x[n], y):
                heights[count] = _height(triangle, x[n], y)
                count += 1
        # There are few; numpy's sorting would take seconds to compile.
        for k in range(len(z)):
            odd = False
            for m in range(count):
                odd ^= heights[m] > z[k]
            found[n, k] = odd


@compiled
def _volume(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> float:
    """Six times the volume of a tetrahedron, and 0 where that is no more than rounding."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    wx, wy, wz = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    value = ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
    scale = max(abs(ux), abs(uy), abs(uz)) * max(abs(vx), abs(vy), abs(vz)) * max(abs(wx), abs(wy), abs(wz))
    return 0.0 if abs(value) <= 1e-10 * scale else value


@compiled
def _pierces(p: FloatArray, q: FloatArray, a: FloatArray, b: FloatArray, c: FloatArray) -> bool:
    """Whether a segment passes through the inside of a triangle."""
    if _volume(p, a, b, c) * _volume(q, a, b, c) >= 0:
        return False
    first, second, third = _volume(p, q, a, b), _volume(p, q, b, c), _volume(p, q, c, a)
    return (first > 0 and second > 0 and third > 0) or (first < 0 and second < 0 and third < 0)


@compiled
def _cut(vertices: FloatArray, one: IntArray, other: IntArray) -> bool:
    """Whether two triangles cut each other; those with a common edge do not."""
    common = 0
    for k in range(3):
        for m in range(3):
            common += one[k] == other[m]
    if common >= 2:
        return False
    for first, second in ((one, other), (other, one)):
        a, b, c = vertices[second[0]], vertices[second[1]], vertices[second[2]]
        for k in range(3):
            p, q = first[k], first[(k + 1) % 3]
            if p not in second and q not in second and _pierces(vertices[p], vertices[q], a, b, c):
                return True
    return False


@compiled
def _cuts(
    vertices: FloatArray,
    triangles: IntArray,
    nx: int,
    ny: int,
    wide: float,
    long: float,
    starts: IntArray,
    numbers: NDArray[np.int32],
    most: int,
    some: IntArray,
) -> int:
    """Number of pairs that cut each other; -1 where more than so many are tried."""
    count, tried = 0, 0
    low, high = np.empty((len(triangles), 3)), np.empty((len(triangles), 3))
    for t in range(len(triangles)):
        for axis in range(3):
            a, b, c = (
                vertices[triangles[t, 0], axis],
                vertices[triangles[t, 1], axis],
                vertices[triangles[t, 2], axis],
            )
            low[t, axis], high[t, axis] = min(a, b, c), max(a, b, c)
    for column in range(nx * ny):
        for place in range(starts[column], starts[column + 1]):
            one = numbers[place]
            for next_place in range(place + 1, starts[column + 1]):
                other = numbers[next_place]
                if low[other, 2] > high[one, 2]:
                    break  # they are sorted by their lowest points
                tried += 1
                if tried > most:
                    return -1
                x, y = max(low[one, 0], low[other, 0]), max(low[one, 1], low[other, 1])
                if x > min(high[one, 0], high[other, 0]) or y > min(high[one, 1], high[other, 1]):
                    continue
                # A pair is tried once, in the column where what both boxes share begins.
                i, _ = _range(x, x, wide, nx)
                j, _ = _range(y, y, long, ny)
                if j * nx + i == column and _cut(vertices, triangles[one], triangles[other]):
                    if count < len(some):
                        some[count, 0], some[count, 1] = one, other
                    count += 1
    return count
