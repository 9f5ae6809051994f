"""Webs: bodies bounded by the zero surface of a function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from geom3d.walls import BoolArray, FloatArray


class Implicit(Protocol):
    """A function of space, negative inside a body, periodic in x and y."""

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """(nz, ny, nx) values at the crossings of planes, µm."""
        ...

    def at(self, points: FloatArray) -> FloatArray:
        """(n,) values at (n, 3) points, µm."""
        ...

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray | None:
        """Where between pairs of points the function has a kink.

        Args:
            one, other: (n, 3) µm.

        Returns:
            (n,) share of the way, nan where there is none; None of a smooth function.
        """
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

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray | None:
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

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray | None:
        start, stop = (self.one.at(points) - self.other.at(points) for points in (one, other))
        found = np.full(len(one), np.nan)
        turns = (start < 0) != (stop < 0)
        found[turns] = start[turns] / (start - stop)[turns]
        for part in (self.one, self.other):
            own = part.kinks(one, other)
            if own is not None:
                found = np.where(np.isnan(found), own, found)
        return found


@dataclass(frozen=True)
class Web:
    """A body bounded by a zero surface, endless downwards, cut flat at its top.

    Attributes:
        shape: the function; it goes on beyond the top and below the foot, unseen.
        size: the period in x and y, µm.
        foot: z below which the web is hidden, µm.
        top: z of the cut, µm; infinite where there is none.
        radius: smallest radius of curvature, µm; the default step is a share of it.
    """

    shape: Implicit
    size: tuple[float, float]
    foot: float
    top: float
    radius: float

    def moved(self, dx: float, dy: float) -> Web:
        """The web shifted in the plane, µm."""
        inner, shift = self.shape, (dx, dy)
        if isinstance(inner, Moved):
            inner, shift = inner.part, (inner.shift[0] + dx, inner.shift[1] + dy)
        return replace(self, shape=Moved(inner, shift))

    def contains(self, points: FloatArray) -> BoolArray:
        """(n,) whether (n, 3) points lie in the body, by the function itself."""
        inside: BoolArray = points[:, 2] <= self.top
        inside[inside] = self.shape.at(points[inside]) <= 0
        return inside
