"""Plane shapes, unbounded or not, that can be grown exactly: discs, strips, polygons, and plates with holes.

A shape knows its exact form; it is turned into a polygon only when it is drawn, from a chord tolerance, which is
a length. Curves become polygons of equal area, so that volumes are exact and only perimeters carry the chord error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import shapely

from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.errors import InputError

#: Without a chord tolerance each circle takes this share of its radius: a 72-gon, whose perimeter is 0.03 % too long.
AUTO_TOLERANCE = 1e-3
MOST_SEGMENTS = 5000

Bounds = tuple[float, float, float, float]
EVERYWHERE: Bounds = (-math.inf, -math.inf, math.inf, math.inf)


class Shape(Protocol):
    """A plane shape in its own place; the period is applied by the floor plan."""

    def offset(self, distance: float) -> Shape:
        """The shape grown by a distance (µm), or shrunk by a negative one."""
        ...

    def moved(self, dx: float, dy: float) -> Shape:
        """The shape shifted, µm."""
        ...

    def contains(self, points: FloatArray, size: tuple[float, float]) -> BoolArray:
        """(n,) whether the (n, 2) points lie in the exact shape repeated with the period `size`."""
        ...

    def primitives(self) -> Iterator[Disc | Strip | Polygon]:
        """The simple shapes whose outlines bound this one."""
        ...


@dataclass(frozen=True)
class Plane:
    """The whole plane."""

    def offset(self, distance: float) -> Plane:
        return self

    def moved(self, dx: float, dy: float) -> Plane:
        return self

    def contains(self, points: FloatArray, size: tuple[float, float]) -> BoolArray:
        return np.ones(len(points), dtype=bool)

    def primitives(self) -> Iterator[Disc | Strip | Polygon]:
        return iter(())


@dataclass(frozen=True)
class Nowhere:
    """The empty shape: what is left of a hole that has closed."""

    def offset(self, distance: float) -> Nowhere:
        return self

    def moved(self, dx: float, dy: float) -> Nowhere:
        return self

    def contains(self, points: FloatArray, size: tuple[float, float]) -> BoolArray:
        return np.zeros(len(points), dtype=bool)

    def primitives(self) -> Iterator[Disc | Strip | Polygon]:
        return iter(())


@dataclass(frozen=True)
class Disc:
    """A disc.

    Attributes:
        x, y, radius: µm.
        symmetry_order: the number of sides is a multiple of it, so that flats, not corners, face the neighbours
            (8 on a square lattice, 24 on a hexagonal one).
    """

    x: float
    y: float
    radius: float
    symmetry_order: int = 8

    def offset(self, distance: float) -> Disc | Nowhere:
        radius = self.radius + distance
        return replace(self, radius=radius) if radius > 0 else Nowhere()

    def moved(self, dx: float, dy: float) -> Disc:
        return replace(self, x=self.x + dx, y=self.y + dy)

    def contains(self, points: FloatArray, size: tuple[float, float]) -> BoolArray:
        inside = np.zeros(len(points), dtype=bool)
        for dx, dy in translations(self.bounds, size):
            inside |= np.hypot(points[:, 0] - self.x - dx, points[:, 1] - self.y - dy) <= self.radius
        return inside

    def primitives(self) -> Iterator[Disc | Strip | Polygon]:
        yield self

    @property
    def bounds(self) -> Bounds:
        # A drawn polygon of equal area reaches slightly beyond the circle; 30 % covers the coarsest one.
        reach = 1.3 * self.radius
        return self.x - reach, self.y - reach, self.x + reach, self.y + reach

    @property
    def centre(self) -> tuple[float, float]:
        """What films around this disc have in common."""
        return self.x, self.y

    def segments(self, tolerance: float | None) -> int:
        """Sides of the polygon whose chords stay within the tolerance (µm); None means 0.1 % of the radius.

        A chord of an N-gon lies r (1 - cos(π/N)) from its arc.
        """
        share = AUTO_TOLERANCE if tolerance is None else min(tolerance / self.radius, 1.0)
        sides = self.symmetry_order * math.ceil(math.pi / math.acos(1 - share) / self.symmetry_order - 1e-9)
        if sides > MOST_SEGMENTS:
            raise InputError(
                f"tolerance: a circle of radius {self.radius:g} µm would need {sides} sides (at most {MOST_SEGMENTS}); "
                f"got {tolerance} µm; leave it out for 0.1 % of each radius"
            )
        return sides

    def draw(self, sides: int) -> FloatArray:
        """(sides + 1, 2) closed regular polygon of equal area, a flat on the +x side."""
        step = 2 * math.pi / sides
        reach = self.radius * math.sqrt(step / math.sin(step))
        angle = (np.arange(sides + 1) % sides + 0.5) * step
        return np.column_stack([self.x + reach * np.cos(angle), self.y + reach * np.sin(angle)])


@dataclass(frozen=True)
class Strip:
    """A straight band along y, endless.

    Attributes:
        x: its middle line, µm.
        width: µm.
    """

    x: float
    width: float

    def offset(self, distance: float) -> Strip | Nowhere:
        width = self.width + 2 * distance
        return replace(self, width=width) if width > 0 else Nowhere()

    def moved(self, dx: float, dy: float) -> Strip:
        return replace(self, x=self.x + dx)

    def contains(self, points: FloatArray, size: tuple[float, float]) -> BoolArray:
        distance = points[:, 0] - self.x
        distance = np.abs(distance - size[0] * np.round(distance / size[0]))
        return np.asarray(distance <= self.width / 2)

    def primitives(self) -> Iterator[Disc | Strip | Polygon]:
        yield self

    def draw(self, size: tuple[float, float]) -> FloatArray:
        """(5, 2) closed rectangle, one period long."""
        low, high = self.x - self.width / 2, self.x + self.width / 2
        return np.array([[low, 0.0], [high, 0.0], [high, size[1]], [low, size[1]], [low, 0.0]])


@dataclass(frozen=True)
class Polygon:
    """A simple polygon without holes, and a distance by which it is grown (rounded corners) or shrunk.

    Attributes:
        corners: ((x, y), …) of the polygon as given, µm.
        distance: µm; kept apart, so that growth adds exactly.
    """

    corners: tuple[tuple[float, float], ...]
    distance: float = 0.0

    def offset(self, distance: float) -> Polygon | Nowhere:
        grown = replace(self, distance=self.distance + distance)
        return grown if grown.distance > 0 or not grown.exact(8).is_empty else Nowhere()

    def moved(self, dx: float, dy: float) -> Polygon:
        return replace(self, corners=tuple((x + dx, y + dy) for x, y in self.corners))

    def contains(self, points: FloatArray, size: tuple[float, float]) -> BoolArray:
        inside = np.zeros(len(points), dtype=bool)
        base = shapely.polygons(self.corners)
        bounds = np.reshape(self.bounds, (2, 2))
        slack = 1e-9 * (1 + np.abs(bounds).max())
        for shift in translations(self.bounds, size):
            moved = points - shift
            # Distances take their time: of the points, most are far from any one copy.
            near = np.flatnonzero(((moved >= bounds[0] - slack) & (moved <= bounds[1] + slack)).all(axis=1))
            spots = shapely.points(moved[near])
            within = shapely.distance(base, spots) <= max(self.distance, 0.0)
            if self.distance < 0:
                within &= shapely.distance(base.exterior, spots) >= -self.distance
            inside[near] |= within
        return inside

    def primitives(self) -> Iterator[Disc | Strip | Polygon]:
        yield self

    @cached_property
    def bounds(self) -> Bounds:
        corners, grown = np.array(self.corners), max(self.distance, 0.0)
        low, high = corners.min(axis=0) - grown, corners.max(axis=0) + grown
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @property
    def centre(self) -> tuple[tuple[float, float], ...]:
        """What films around this polygon have in common."""
        return self.corners

    def segments(self, tolerance: float | None) -> int:
        """Sides of a full turn at the rounded corners: grown outward at convex ones, inward at notches."""
        rounds = self.distance > 0 or (self.distance < 0 and self.has_notches)
        return Disc(0.0, 0.0, abs(self.distance)).segments(tolerance) if rounds else 8

    @cached_property
    def has_notches(self) -> bool:
        """Whether it is not convex."""
        base = shapely.polygons(self.corners)
        return bool(shapely.area(shapely.convex_hull(base)) > shapely.area(base) * (1 + 1e-12))

    def exact(self, sides: int) -> shapely.Geometry:
        """The grown polygon, corners rounded with `sides` chords per full turn."""
        base = shapely.polygons(self.corners)
        if self.distance == 0:
            return base
        return shapely.buffer(base, self.distance, quad_segs=max(1, sides // 4))


@dataclass(frozen=True)
class Difference:
    """A shape with holes, each of which lies inside it: growing it shrinks the holes.

    Attributes:
        outer: the shape.
        holes: what is missing from it.
    """

    outer: Shape
    holes: tuple[Shape, ...]

    def offset(self, distance: float) -> Difference:
        return Difference(self.outer.offset(distance), tuple(hole.offset(-distance) for hole in self.holes))

    def moved(self, dx: float, dy: float) -> Difference:
        return Difference(self.outer.moved(dx, dy), tuple(hole.moved(dx, dy) for hole in self.holes))

    def contains(self, points: FloatArray, size: tuple[float, float]) -> BoolArray:
        inside = self.outer.contains(points, size)
        for hole in self.holes:
            inside &= ~hole.contains(points, size)
        return inside

    def primitives(self) -> Iterator[Disc | Strip | Polygon]:
        yield from self.outer.primitives()
        for hole in self.holes:
            yield from hole.primitives()


def translations(bounds: Bounds, size: tuple[float, float]) -> Iterable[tuple[float, float]]:
    """The shifts by whole periods that bring a shape with these bounds into touch with the box."""
    columns = range(math.ceil(-bounds[2] / size[0]), math.floor((size[0] - bounds[0]) / size[0]) + 1)
    rows = range(math.ceil(-bounds[3] / size[1]), math.floor((size[1] - bounds[1]) / size[1]) + 1)
    return [(i * size[0], j * size[1]) for i in columns for j in rows]


def repeated(shape: Shape, shifts: Iterable[tuple[float, float]]) -> tuple[Shape, ...]:
    """The shapes whose union is a shape together with its shifted copies, within a period that holds them all.

    A plate with holes keeps all its copies' holes: as a union of copies it would have none.
    """
    shifts = list(shifts)
    if isinstance(shape, Difference) and isinstance(shape.outer, Plane):
        return (
            Difference(shape.outer, tuple(dict.fromkeys(h.moved(*shift) for h in shape.holes for shift in shifts))),
        )
    return tuple(dict.fromkeys(shape.moved(*shift) for shift in shifts))


def hexagon(x: float, y: float, across: float) -> Polygon:
    """A regular hexagon, two of its sides facing ±x.

    Args:
        x, y: centre, µm.
        across: distance between opposite sides, µm.
    """
    angle = (np.arange(6) + 0.5) * math.pi / 3
    reach = across / math.sqrt(3)
    return Polygon(tuple((x + reach * math.cos(a), y + reach * math.sin(a)) for a in angle.tolist()))


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    """An axis-parallel rectangle, µm."""
    return Polygon(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
