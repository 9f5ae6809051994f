"""Plane sections of the walls: oriented segments between regions, areas, and closed outlines.

A plane cuts each triangle between two regions in a segment that has one region on its left and the other on its right. Each
edge of the triangulation is cut once, whichever triangles share it; so the segments of a region join to closed rings, of
prisms and sponges alike. The box's side faces are walls as well: rings close along the border of the period.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, owners_of, spread
from geom3d.core.errors import GeometryError
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh

#: The two coordinates in a plane, by the name of its normal.
IN_PLANE = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}
#: Lower and upper ends of edges.
Edge = tuple[IntArray, IntArray]
#: Vertices that lie no higher above a plane than this share of the box count as in it, and what is in it as below it.
NUDGE = 1e-9
#: Share of the section's size by which a corner must leave the line between its neighbours to be one.
STRAIGHT = 1e-12


#: Which corners come lowest, in the middle and highest, by whether the first lies no higher than the second, the second than the
#: third (2) and the first than the third (4); and whether that is a turn of the triangle's own order.
ORDER = np.array([(2, 1, 0), (2, 0, 1), (1, 2, 0), (0, 1, 2), (0, 1, 2), (0, 2, 1), (1, 0, 2), (0, 1, 2)])
TURNED = (ORDER[:, 1] - ORDER[:, 0]) % 3 == 1


@dataclass(frozen=True)
class Segments:
    """Where parallel planes cut walls, piece by piece.

    Attributes:
        plane: (n,) number of the plane.
        start, end: (n, 2) µm, coordinates as in `Section`.
        left, right: (n,) labels beside the segment, seen along it; OUTSIDE beyond the box.
    """

    plane: IntArray
    start: FloatArray
    end: FloatArray
    left: IntArray
    right: IntArray


@dataclass(frozen=True)
class Section:
    """The regions in a plane through one period.

    Attributes:
        names: of the regions; a label is an index into them, `len(names)` is the void, OUTSIDE is beyond the box.
        size: width and height of the box in the plane, µm.
        points: (P, 2) µm; (x, y) in a plane normal to z, (x, z) normal to y, (y, z) normal to x.
        ends: (S, 2) indices of each segment's start and end.
        left, right: (S,) labels on its two sides, seen along it.
    """

    names: tuple[str, ...]
    size: tuple[float, float]
    points: FloatArray
    ends: IntArray
    left: IntArray
    right: IntArray

    @property
    def segments(self) -> Segments:
        """The same segments with their ends' places, as in a single plane of number 0."""
        start, end = (self.points[self.ends[:, k]] for k in range(2))
        return Segments(np.zeros(len(start), dtype=np.int64), start, end, self.left, self.right)

    @cached_property
    def areas(self) -> FloatArray:
        """(R + 1,) area of each region, the void last, µm², by the shoelace formula."""
        # Measured from the middle of the box: thin films far from the origin would lose digits otherwise.
        start, end = (self.points[self.ends[:, k]] - np.asarray(self.size) / 2 for k in range(2))
        half = (start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]) / 2
        count = len(self.names) + 1
        mine, yours = self.left != OUTSIDE, self.right != OUTSIDE
        gained = np.bincount(self.left[mine], weights=half[mine], minlength=count)
        return np.asarray(gained - np.bincount(self.right[yours], weights=half[yours], minlength=count))

    def rings(self, labels: Sequence[int] | BoolArray) -> list[FloatArray]:
        """The outline of some regions taken as one, as closed rings; their inside is where the even-odd rule says.

        Args:
            labels: labels, or a (R + 1,) mask over labels.

        Returns:
            (n, 2) corners of every ring, µm, the first not repeated; the regions lie on the left.

        Raises:
            GeometryError: where the segments do not close.
        """
        mask = np.zeros(len(self.names) + 2, dtype=bool)  # the last entry answers for OUTSIDE = -1
        mask[:-1][np.asarray(labels)] = True
        inside, beyond = mask[self.left], mask[self.right]
        ends = np.concatenate([self.ends[inside & ~beyond], self.ends[beyond & ~inside, ::-1]])
        if not len(ends):
            return []
        order, lengths = _chained(ends)
        return _cleaned(self.points[ends[order, 0]], lengths, STRAIGHT * max(self.size))


def section(walls: InterfaceMesh, place: float, normal: str = "z") -> Section:
    """The section of one period by a plane.

    A plane in which walls lie shows what is just beyond it: at the height of a floor it cuts what stands on the floor.

    Args:
        walls: of the unit cell.
        place: where the plane crosses its normal axis, µm, from 0 up to the box's size there, exclusive.
        normal: "x", "y" or "z".
    """
    return Slicer(walls, normal).at(place)


@dataclass(frozen=True)
class Slicer:
    """Parallel planes through one period.

    Attributes:
        walls: of the unit cell.
        normal: of the planes: "x", "y" or "z".
    """

    walls: InterfaceMesh
    normal: str = "z"

    @cached_property
    def _along(self) -> FloatArray:
        """(V,) place of every vertex on the normal axis."""
        return np.ascontiguousarray(self.walls.vertices[:, "xyz".index(self.normal)])

    @cached_property
    def _in_plane(self) -> tuple[FloatArray, ...]:
        """(V,) and (V,) the two coordinates of every vertex in the planes."""
        return tuple(np.ascontiguousarray(self.walls.vertices[:, axis]) for axis in IN_PLANE[self.normal])

    @cached_property
    def _spans(self) -> tuple[FloatArray, FloatArray]:
        """(T,) lowest and (T,) highest place of every triangle."""
        places = self._along[self.walls.triangles]
        return places.min(axis=1), places.max(axis=1)

    def _level(self, place: FloatArray) -> FloatArray:
        return np.asarray(place + NUDGE * self.walls.size["xyz".index(self.normal)])

    def counts(self, places: FloatArray) -> IntArray:
        """(n,) segments in each of n planes."""
        low, high = (np.sort(ends) for ends in self._spans)
        levels = self._level(places)
        return np.asarray(np.searchsorted(low, levels, "right") - np.searchsorted(high, levels, "right"))

    def z_layers(self, places: FloatArray) -> IntArray:
        """(n,) how many different places of vertices lie at or before each of n planes."""
        return np.asarray(np.searchsorted(np.unique(self._along), self._level(places), "right"))

    def at(self, place: float) -> Section:
        """The section at a place on the normal axis, µm; see `section`.

        Raises:
            ValueError: where the plane does not cut the box.
        """
        walls, count = self.walls, len(self.walls.vertices)
        axes = IN_PLANE[self.normal]
        extent = walls.size["xyz".index(self.normal)]
        level = float(self._level(np.array(place)))
        if place < 0 or level >= extent:
            raise ValueError(f"a plane at {self.normal} = {place:g} does not cut the box, which ends at {extent:g}")
        low, high = self._spans
        cut = np.flatnonzero((low <= level) & (high > level))
        start, end = self._edges(*self._by_height(cut), np.full(len(cut), level))
        # Each edge is cut once, whichever triangles share it.
        keys, index = np.unique(np.concatenate([low * count + high for low, high in (start, end)]), return_inverse=True)
        points = self._points(keys // count, keys % count, np.asarray(place))
        size = (walls.size[axes[0]], walls.size[axes[1]])
        return Section(
            walls.names, size, points, index.reshape(2, -1).T, walls.back_region[cut], walls.front_region[cut]
        )

    def blocks(self, places: FloatArray, block: int) -> Iterator[tuple[int, Segments]]:
        """The walls cut by many planes, so many at a time.

        A plane shows exactly what lies there: a vertex in it counts as below it, and what is next to it as what it is.

        Args:
            places: (n,) of the planes on the normal axis, ascending, µm.
            block: planes at a time.

        Yields:
            number of the first plane of a block, and the segments in it.
        """
        walls = self.walls
        above = np.searchsorted(places, self._along, side="left")  # the first plane that has the vertex below it
        ends = above[walls.triangles]
        low, high = ends.min(axis=1), ends.max(axis=1)
        crossed = np.flatnonzero(low < high)
        crossed = crossed[np.argsort(low[crossed], kind="stable")]
        begin, stop = low[crossed], high[crossed]
        corners, turned = self._by_height(crossed)
        active = np.empty(0, dtype=np.int64)
        for first in range(0, len(places), block):
            last = min(first + block, len(places))
            new = (
                np.arange(*np.searchsorted(begin, [first, last])) if first else np.arange(np.searchsorted(begin, last))
            )
            active = np.concatenate([active[stop[active] > first], new])
            pick, plane = spread(np.maximum(begin[active], first), np.minimum(stop[active], last))
            triangle, at = active[pick], places[plane]
            start, end = (self._points(*edge, at) for edge in self._edges(corners[triangle], turned[triangle], at))
            source = crossed[triangle]
            yield first, Segments(plane, start, end, walls.back_region[source], walls.front_region[source])

    def _by_height(self, triangles: IntArray) -> tuple[IntArray, BoolArray]:
        """(n, 3) corners of some triangles from the lowest to the highest, and (n,) whether that is the order in which it turns."""
        corners = self.walls.triangles[triangles]
        one, two, three = self._along[corners].T
        code = (one <= two) + 2 * (two <= three) + 4 * (one <= three)
        # In planes normal to y, x and z are seen from the side of low y: left and right change places.
        return np.take_along_axis(corners, ORDER[code], axis=1), TURNED[code] ^ (self.normal == "y")

    def _edges(self, corners: IntArray, turned: BoolArray, levels: FloatArray) -> tuple[Edge, Edge]:
        """The edges in which triangles are cut, by their lower and upper ends: where each segment starts, and where it ends.

        Seen along the plane with its normal up and the wall's normal ahead, these lie on the left and on the right.

        Args:
            corners: (n, 3) from the lowest to the highest.
            turned: (n,) whether that is the order in which the triangle turns, seen in the plane's coordinates.
            levels: (n,) of the planes, µm; each crosses its triangle.
        """
        bottom, middle, top = corners.T
        beyond = self._along[middle] <= levels  # the middle corner lies below the plane, the top alone above it
        lower, upper = np.where(beyond, middle, bottom), np.where(beyond, top, middle)
        start = np.where(turned, bottom, lower), np.where(turned, top, upper)
        return start, (np.where(turned, lower, bottom), np.where(turned, upper, top))

    def _points(self, lower: IntArray, upper: IntArray, place: FloatArray) -> FloatArray:
        """(n, 2) where planes meet edges; found from the lower end, so that every triangle finds the same, bit by bit."""
        share = np.clip((place - self._along[lower]) / (self._along[upper] - self._along[lower]), 0.0, 1.0)
        return np.column_stack([axis[lower] + share * (axis[upper] - axis[lower]) for axis in self._in_plane])


def _chained(ends: IntArray) -> tuple[IntArray, IntArray]:
    """Segments in the order of closed rings.

    Args:
        ends: (S, 2) start and end of each.

    Returns:
        (S,) numbers of the segments, ring after ring, and how many each ring has.
    """
    by_start, by_end = (np.argsort(ends[:, k], kind="stable") for k in range(2))
    if not np.array_equal(ends[by_start, 0], ends[by_end, 1]):
        raise GeometryError("a plane section of the walls does not close")
    count = len(ends)
    number = np.arange(count)
    following = np.empty(count, dtype=np.int64)
    following[by_end] = by_start
    ring = component_numbers(count, np.column_stack([number, following]))
    heads = np.unique(ring, return_index=True)[1]
    # How far each segment is from the last of its ring, by jumps of doubling length.
    jump = np.where(np.isin(following, heads), number, following)
    left = (jump != number).astype(np.int64)
    for _ in range(count.bit_length()):
        left += left[jump]
        jump = jump[jump]
    return np.lexsort((-left, ring)), np.bincount(ring)


def _cleaned(points: FloatArray, lengths: NDArray[np.int64], tolerance: float) -> list[FloatArray]:
    """Rings without corners that repeat the one before or lie on the line between their neighbours.

    Args:
        points: (n, 2) corners, ring after ring.
        lengths: corners of each ring.
        tolerance: distance from that line, µm.
    """
    ring = owners_of(lengths)
    for straight in (False, True):
        stops = np.cumsum(np.bincount(ring, minlength=len(lengths)))
        number = np.arange(len(ring))
        begin, end = (stops - np.bincount(ring, minlength=len(lengths)))[ring], stops[ring]
        before = points - points[np.where(number == begin, end - 1, number - 1)]
        if straight:
            after = points[np.where(number == end - 1, begin, number + 1)] - points
            off = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
            kept = off > tolerance * np.hypot(*(before + after).T)
        else:
            kept = (before != 0).any(axis=1)
        points, ring = points[kept], ring[kept]
    lengths = np.bincount(ring, minlength=len(lengths))
    rings = np.split(points, np.cumsum(lengths)[:-1])
    return [corners for corners in rings if len(corners) > 2]
