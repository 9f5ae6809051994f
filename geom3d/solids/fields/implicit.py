"""Implicit bodies: bounded by the zero surface of a function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray


class Kinked(Protocol):
    """A function of space that may have kinks, and knows where."""

    def branches(self, points: FloatArray) -> IntArray | None:
        """(n,) number, not negative, of the smooth branch on which each of (n, 3) points lies; None of a smooth function.

        Where the branch changes, the function has a kink.
        """
        ...

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """(n,) share of the way between pairs of (n, 3) points of different branches at which the kink lies."""
        ...


class Implicit(Kinked, Protocol):
    """A function of space, negative inside a body, periodic in x and y."""

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """(nz, ny, nx) values at the crossings of planes, µm."""
        ...

    def at(self, points: FloatArray) -> FloatArray:
        """(n,) values at (n, 3) points, µm."""
        ...


@dataclass(frozen=True)
class Moved:
    """A body shifted in the plane.

    Attributes:
        part: the body.
        shift: in x and y, µm.
    """

    part: Implicit
    shift: tuple[float, float]

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        return self.part.on_grid(x - self.shift[0], y - self.shift[1], z)

    def at(self, points: FloatArray) -> FloatArray:
        return self.part.at(points - [*self.shift, 0.0])

    def branches(self, points: FloatArray) -> IntArray | None:
        return self.part.branches(points - [*self.shift, 0.0])

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        return self.part.kinks(one - [*self.shift, 0.0], other - [*self.shift, 0.0])


@dataclass(frozen=True)
class Union:
    """All of two bodies."""

    one: Implicit
    other: Implicit

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        return np.minimum(self.one.on_grid(x, y, z), self.other.on_grid(x, y, z))

    def at(self, points: FloatArray) -> FloatArray:
        return np.minimum(self.one.at(points), self.other.at(points))

    def branches(self, points: FloatArray) -> IntArray:
        found = np.zeros(len(points), dtype=np.int64)
        first = self.one.at(points) <= self.other.at(points)
        for place, (part, mine) in enumerate(((self.one, first), (self.other, ~first))):
            own = part.branches(points[mine])
            found[mine] = place if own is None else 2 * own + place
        return found

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        start, stop = (self.one.at(points) - self.other.at(points) for points in (one, other))
        turns = (start <= 0) != (stop <= 0)
        found = np.where(turns, start / np.where(turns, start - stop, 1.0), 0.5)
        for part, mine in ((self.one, ~turns & (start <= 0)), (self.other, ~turns & (start > 0))):
            if mine.any() and part.branches(one[:0]) is not None:
                found[mine] = part.kinks(one[mine], other[mine])
        return found


def coarsest_step(radius: float, size: tuple[float, float]) -> float:
    """The coarsest step of a grid that holds a shape of that smallest radius of curvature and that period, µm."""
    return min(radius, min(size) / 8)


@dataclass(frozen=True)
class ImplicitBody:
    """A body bounded by a zero surface, endless downwards, cut flat at its top.

    Attributes:
        shape: the function; it goes on beyond the top and below the foot, unseen.
        size: the period in x and y, µm.
        base_z: z below which the body is hidden, µm.
        top: z of the cut, µm; infinite where there is none.
        radius: smallest radius of curvature, µm; the default step is a share of it.
    """

    shape: Implicit
    size: tuple[float, float]
    base_z: float
    top: float
    radius: float

    def moved(self, dx: float, dy: float) -> ImplicitBody:
        """The body shifted in the plane, µm."""
        if isinstance(self.shape, Moved):
            x, y = self.shape.shift
            return replace(self, shape=Moved(self.shape.part, (x + dx, y + dy)))
        return replace(self, shape=Moved(self.shape, (dx, dy)))

    def contains(self, points: FloatArray) -> BoolArray:
        """(n,) whether (n, 3) points lie in the body, by the function itself."""
        inside: BoolArray = points[:, 2] <= self.top
        inside[inside] = self.shape.at(points[inside]) <= 0
        return inside
