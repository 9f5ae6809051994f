"""Webs of round rods: the distance to the nearest of many axes, through the period."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.jit import compiled

#: Two ends of an axis, each (x, y, z), µm.
Axis = tuple[tuple[float, float, float], tuple[float, float, float]]
#: Points on a rod and on the ball at either of its ends by which areas are found.
POINTS = 20_000
#: Boxes of the table of near axes along the shortest edge of the cell, and in all, at most.
BOXES, MOST_BOXES = 16, 20_000
#: Halvings by which the place is found where the nearest axis changes.
HALVINGS = 40


@dataclass(frozen=True)
class Rods:
    """The distance to the surface of the nearest rod: negative inside their union. Rods end in balls.

    Attributes:
        axes: of the rods of one period.
        radius: µm.
        size: the period in x and y, µm.
        layer: the period in z, µm, counted from `base_z`; 0 for rods that do not repeat in z.
        base_z: see above.
    """

    axes: tuple[Axis, ...]
    radius: float
    size: tuple[float, float]
    layer: float = 0.0
    base_z: float = 0.0

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        k, j, i = np.meshgrid(z, y, x, indexing="ij")
        return self.at(np.column_stack([i.ravel(), j.ravel(), k.ravel()])).reshape(k.shape)

    def at(self, points: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt(self._nearest(points)[0]) - self.radius)

    def branches(self, points: FloatArray) -> IntArray:
        _, number, shift = self._nearest(points)
        # The axis and the period in which it lies: shifts of neighbours are small whole numbers.
        code = np.zeros(len(points), dtype=np.int64)
        for along in range(3):
            code = code * 256 + shift[:, along] + 128
        return np.asarray(code * len(_table(self).start) + number)

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        found = np.empty(len(one))
        start, stop = self._axes_at(one), self._axes_at(other)
        _halve(np.ascontiguousarray(one), np.ascontiguousarray(other), *start, *stop, found)
        return found

    def area(self, low: float, high: float) -> float:
        """Area of the union's surface between two heights, µm², from points spread evenly over rods and balls."""
        edges = (*self.size, self.layer)
        layers = math.ceil((high - low) / self.layer) + 1 if self.layer else 1
        first = math.floor((low - self.base_z) / self.layer) - 1 if self.layer else 0
        balls, total = set(), 0.0
        number = np.arange(POINTS)
        turn = number * math.pi * (3 - math.sqrt(5))
        for axis in self.axes:
            start, end = (np.array(place) for place in axis)
            along = end - start
            length = float(np.linalg.norm(along))
            side, up = _frame(along / length)
            ring = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * up
            points = start + ((number + 0.5) / POINTS)[:, None] * along + self.radius * ring
            total += self._bare(points, low, high, first, layers + 2) * 2 * math.pi * self.radius * length
            for place in (start, end):
                # Rods that meet share the ball where they do.
                wrapped = [p % edge if edge else p for p, edge in zip(place, edges, strict=True)]
                balls.add(tuple(round(float(p), 9) for p in wrapped))
        height = 1 - (2 * number + 1) / POINTS
        ring = np.sqrt(1 - height * height)
        sphere = np.column_stack([ring * np.cos(turn), ring * np.sin(turn), height]) * self.radius
        for ball in balls:
            total += self._bare(sphere + ball, low, high, first, layers + 2) * 4 * math.pi * self.radius**2
        return total

    def _bare(self, points: FloatArray, low: float, high: float, first: int, layers: int) -> float:
        """How many copies of points lie between two heights and in no other rod, as a multiple of their number."""
        free = self._nearest(points)[0] > (self.radius * (1 - 1e-9)) ** 2
        heights = points[free, 2]
        copies = [heights + (first + k) * self.layer for k in range(layers)]
        return sum(int(np.count_nonzero((z > low) & (z < high))) for z in copies) / len(points)

    def _nearest(self, points: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
        """(n,) squared distance to the nearest axis, (n,) its number, (n, 3) the period in which its copy lies."""
        table = _table(self)
        edges = np.array([*self.size, self.layer])
        moved = np.ascontiguousarray(points, dtype=float) - [0.0, 0.0, self.base_z]
        shift = np.zeros_like(moved)
        repeats = edges > 0
        shift[:, repeats] = np.floor(moved[:, repeats] / edges[repeats])
        moved = moved - shift * edges
        squared, number = _search(
            moved, table.start, table.end, table.low, table.step, table.counts, table.first, table.near
        )
        return squared, table.number[number], shift.astype(np.int64) + table.shift[number]

    def _axes_at(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both ends, (n, 3) each, of the axis nearest to each point."""
        _, number, shift = self._nearest(points)
        ends = np.array(self.axes)[number] + (shift * [*self.size, self.layer])[:, None, :]
        return np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])


@dataclass(frozen=True, eq=False)
class _Table:
    """Copies of the axes around one period, and by box of a grid over it those that may be the nearest there.

    Attributes:
        start, end: (m, 3) of the copies, µm; z counts from the rods' `base_z`.
        number, shift: (m,) and (m, 3) the axis, and the period in which the copy lies.
        low, step, counts: (3,) corner, edges and numbers of the boxes.
        first: (boxes + 1,) where a box begins in `near`.
        near: numbers of copies.
    """

    start: FloatArray
    end: FloatArray
    number: IntArray
    shift: IntArray
    low: FloatArray
    step: FloatArray
    counts: IntArray
    first: IntArray
    near: IntArray


@cache
def _table(rods: Rods) -> _Table:
    edges = np.array([*rods.size, rods.layer])
    axes = np.array(rods.axes)
    axes[:, :, 2] -= rods.base_z
    span = axes.max(axis=(0, 1)) - axes.min(axis=(0, 1))
    low, extent = np.zeros(3), edges.copy()
    if not rods.layer:
        low[2], extent[2] = axes[:, :, 2].min() - rods.radius, span[2] + 2 * rods.radius
    reach = [
        range(-math.ceil(high / edge) - 1, math.ceil((edge - least) / edge) + 2) if edge else range(1)
        for edge, high, least in zip(edges, axes.max(axis=(0, 1)), axes.min(axis=(0, 1)), strict=True)
    ]
    shift = np.stack(np.meshgrid(*reach, indexing="ij"), -1).reshape(-1, 3)
    start = (axes[None, :, 0] + (shift * edges)[:, None]).reshape(-1, 3)
    end = (axes[None, :, 1] + (shift * edges)[:, None]).reshape(-1, 3)
    number = np.tile(np.arange(len(axes)), len(shift))
    shift = np.repeat(shift, len(axes), axis=0)

    step = max(float(extent.min()) / BOXES, (float(np.prod(extent)) / MOST_BOXES) ** (1 / 3))
    counts = np.maximum(1, np.ceil(extent / step)).astype(np.int64)
    steps = extent / counts
    middles = np.stack(np.meshgrid(*(np.arange(n) for n in counts), indexing="ij"), -1).reshape(-1, 3)
    middles = low + (middles + 0.5) * steps
    # What is nearest somewhere in a box is no further from its middle than the nearest there and the box's diagonal.
    first, near = _candidates(middles, start, end, float(np.linalg.norm(steps)))
    return _Table(start, end, number, shift, low, steps, counts, first, near)


@compiled
def _candidates(middles: FloatArray, start: FloatArray, end: FloatArray, slack: float) -> tuple[IntArray, IntArray]:
    """By box, the axes that may be the nearest in it: where each box's begin, and their numbers."""
    first = np.zeros(len(middles) + 1, dtype=np.int64)
    near = np.empty(len(middles) * 8, dtype=np.int64)
    distance = np.empty(len(start))
    count = 0
    for box in range(len(middles)):
        least = np.inf
        for k in range(len(start)):
            distance[k] = math.sqrt(_to_axis(middles[box], start[k], end[k]))
            least = min(least, distance[k])
        for k in range(len(start)):
            if distance[k] <= least + slack:
                if count == len(near):
                    grown = np.empty(2 * len(near), dtype=np.int64)
                    for n in range(count):  # a slice would have to be checked, and that code takes seconds to compile
                        grown[n] = near[n]
                    near = grown
                near[count] = k
                count += 1
        first[box + 1] = count
    return first, near[:count]


@compiled
def _search(
    points: FloatArray,
    start: FloatArray,
    end: FloatArray,
    low: FloatArray,
    step: FloatArray,
    counts: IntArray,
    first: IntArray,
    near: IntArray,
) -> tuple[FloatArray, IntArray]:
    """(n,) squared distance to the nearest axis, and (n,) its number."""
    squared, number = np.empty(len(points)), np.empty(len(points), dtype=np.int64)
    for place in range(len(points)):
        box, outside = 0, False
        for along in range(3):
            cell = math.floor((points[place, along] - low[along]) / step[along])
            outside = outside or cell < -1 or cell > counts[along]
            box = box * counts[along] + min(max(cell, 0), counts[along] - 1)
        best, which = np.inf, 0
        # Beyond the boxes their tables do not hold.
        for k in range(len(start)) if outside else range(first[box + 1] - first[box]):
            axis = k if outside else near[first[box] + k]
            found = _to_axis(points[place], start[axis], end[axis])
            if found < best:
                best, which = found, axis
        squared[place], number[place] = best, which
    return squared, number


@compiled
def _halve(
    one: FloatArray,
    other: FloatArray,
    start: FloatArray,
    end: FloatArray,
    other_start: FloatArray,
    other_end: FloatArray,
    found: FloatArray,
) -> None:
    """Fills in the share of the way between points at which the axis of the other one comes to be the nearer of both."""
    at = np.empty(3)
    for n in range(len(one)):
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            for k in range(3):
                at[k] = one[n, k] + middle * (other[n, k] - one[n, k])
            if _to_axis(at, start[n], end[n]) <= _to_axis(at, other_start[n], other_end[n]):
                low = middle
            else:
                high = middle
        found[n] = (low + high) / 2


@compiled
def _to_axis(point: FloatArray, start: FloatArray, end: FloatArray) -> float:
    """Squared distance of a point from a straight piece."""
    x, y, z = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    u, v, w = point[0] - start[0], point[1] - start[1], point[2] - start[2]
    share = min(max((u * x + v * y + w * z) / (x * x + y * y + z * z), 0.0), 1.0)
    u, v, w = u - share * x, v - share * y, w - share * z
    return float(u * u + v * v + w * w)


def _frame(direction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two directions at right angles to one and to each other."""
    side = np.cross(direction, np.eye(3)[np.abs(direction).argmin()])
    side /= np.linalg.norm(side)
    return side, np.cross(direction, side)
