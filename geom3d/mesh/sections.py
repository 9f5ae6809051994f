"""Plane sections of the walls: oriented segments between regions, areas, and closed outlines.

A plane cuts each triangle between two regions in a segment that has one region on its left and the other on its right. Each
edge of the triangulation is cut once, whichever triangles share it; so the segments of a region join to closed rings, of
prisms and sponges alike. The box's side faces are walls as well: rings close along the border of the period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, owners_of
from geom3d.core.errors import GeometryError
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh

#: The two coordinates in a plane, by the name of its normal.
IN_PLANE = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}
#: Vertices that lie no higher above a plane than this share of the box count as in it, and what is in it as below it.
NUDGE = 1e-9
#: Share of the section's size by which a corner must leave the line between its neighbours to be one.
STRAIGHT = 1e-12


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
        corners = walls.triangles[cut]
        above = self._along[corners] > level
        tip = above.sum(axis=1) == 1  # one corner alone lies above the plane; else one alone below it
        alone = (above == tip[:, None]).argmax(axis=1)
        row = np.arange(len(cut))
        first, second, third = (corners[row, (alone + k) % 3] for k in range(3))
        # Each edge runs from its lower to its upper end, so that every triangle finds the same point on it.
        ahead, back = (np.where(tip, end * count + first, first * count + end) for end in (second, third))
        # Seen along the plane with its normal up and the wall's normal ahead, these lie on the left and on the right.
        start, end = np.where(tip, ahead, back), np.where(tip, back, ahead)
        keys, index = np.unique(np.concatenate([start, end]), return_inverse=True)
        bottom, top = keys // count, keys % count
        share = (place - self._along[bottom]) / (self._along[top] - self._along[bottom])
        lower, upper = (walls.vertices[ends][:, axes] for ends in (bottom, top))
        points = lower + np.clip(share, 0.0, 1.0)[:, None] * (upper - lower)
        ends = index.reshape(2, -1).T
        if self.normal == "y":  # x and z are seen from the side of low y
            ends = ends[:, ::-1]
        size = (walls.size[axes[0]], walls.size[axes[1]])
        return Section(walls.names, size, points, ends, walls.back_region[cut], walls.front_region[cut])


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
