"""Distance in the plane to the outlines of shapes, through the period."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.solids.fields.wall_kernels import to_polygon
from geom3d.solids.prisms.outline import Difference, Disc, Plane, Polygon, Shape, Strip

#: Coordinates that differ by no more than this share of the period are one.
SAME = 1e-9
#: Numbers of branches that one outline may have, and images of it in neighbouring periods.
BRANCHES, IMAGES = 1 << 20, 9


@dataclass(frozen=True)
class Outlines:
    """The union of shapes that do not overlap.

    Attributes:
        shapes: discs, strips and polygons, or a plate or one of these with holes.
        size: the period in x and y, µm.
    """

    shapes: tuple[Shape, ...]
    size: tuple[float, float]

    @cached_property
    def _simple(self) -> tuple[tuple[Disc | Strip | Polygon, int], ...]:
        """The simple outlines, and 1 for what is solid inside, -1 for holes."""
        found: list[tuple[Disc | Strip | Polygon, int]] = []
        for shape in self.shapes:
            if isinstance(shape, Difference):
                outer = [] if isinstance(shape.outer, Plane) else [(part, 1) for part in shape.outer.primitives()]
                found += outer + [(part, -1) for hole in shape.holes for part in hole.primitives()]
            else:
                found += [(part, 1) for part in shape.primitives()]
        return tuple(found)

    @property
    def along_y(self) -> bool:
        """Whether they are endless along y."""
        return all(isinstance(part, Strip) for part, _ in self._simple)

    @property
    def radius(self) -> float:
        """Smallest radius of curvature, µm; infinite where sides are straight."""
        return min((part.radius for part, _ in self._simple if isinstance(part, Disc)), default=math.inf)

    @cached_property
    def sides(self) -> tuple[FloatArray, FloatArray]:
        """Coordinates x, and y, of sides along the other axis, and of the ends of discs, within the first period, µm."""
        found = []
        for axis in (0, 1):
            places: list[float] = []
            for part, _ in self._simple:
                if isinstance(part, Disc):
                    middle = (part.x, part.y)[axis]
                    places += [middle - part.radius, middle + part.radius]
                elif isinstance(part, Polygon):
                    corners = np.array(part.corners)[:, axis]
                    level = np.abs(corners - np.roll(corners, 1)) < SAME * self.size[axis]
                    places += corners[level].tolist()
                elif axis == 0:
                    places += [part.x - part.width / 2, part.x + part.width / 2]
            found.append(np.unique(np.mod(places, self.size[axis])))
        return found[0], found[1]

    def distance(self, points: FloatArray) -> FloatArray:
        """(n,) distance of (n, 2) points to the outline, µm, negative inside."""
        return self._nearest(points)[0]

    def branches(self, points: FloatArray) -> IntArray:
        """(n,) which outline, image and side the distance is taken to; where that changes it may have a kink."""
        return self._nearest(points)[1]

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """(n,) share of the way between pairs of (n, 2) points of different branches at which the kink lies."""
        first, second = self.branches(one), self.branches(other)
        ends = [self._to(first, points) - self._to(second, points) for points in (one, other)]
        share = self._crossing(ends[0], ends[1])
        amid = one + share[:, None] * (other - one)
        there = self._to(first, amid) - self._to(second, amid)
        low = (there > 0) == (ends[0] > 0)
        better = np.where(
            low, share + (1 - share) * self._crossing(there, ends[1]), share * self._crossing(ends[0], there)
        )
        return np.where(np.isfinite(better), better, 0.5)

    @staticmethod
    def _crossing(start: FloatArray, stop: FloatArray) -> FloatArray:
        """Share of the way from one value to another at which a linear function vanishes; 0.5 where it does not."""
        turns = (start > 0) != (stop > 0)
        return np.where(turns, start / np.where(turns, start - stop, 1.0), 0.5)

    def _nearest(self, points: FloatArray) -> tuple[FloatArray, IntArray]:
        """Signed distance and branch of each point.

        A union takes the least distance, holes in it take its place where they are nearer.
        """
        number, found, branch = 0, np.full(len(points), math.inf), np.zeros(len(points), dtype=np.int64)
        for shape in self.shapes:
            if isinstance(shape, Difference):
                own, where = np.full(len(points), -math.inf), np.zeros(len(points), dtype=np.int64)
                outer = [] if isinstance(shape.outer, Plane) else [(part, 1) for part in shape.outer.primitives()]
                parts = outer + [(part, -1) for hole in shape.holes for part in hole.primitives()]
                for part, sign in parts:
                    away, side = self._simple_distance(part, points)
                    nearer = sign * away > own
                    own, where = np.where(nearer, sign * away, own), np.where(nearer, number * BRANCHES + side, where)
                    number += 1
            else:
                own, where = np.full(len(points), math.inf), np.zeros(len(points), dtype=np.int64)
                for part in shape.primitives():
                    away, side = self._simple_distance(part, points)
                    nearer = away < own
                    own, where = np.where(nearer, away, own), np.where(nearer, number * BRANCHES + side, where)
                    number += 1
            nearer = own < found
            found, branch = np.where(nearer, own, found), np.where(nearer, where, branch)
        return found, branch

    def _simple_distance(self, part: Disc | Strip | Polygon, points: FloatArray) -> tuple[FloatArray, IntArray]:
        """Distance to the nearest image of a simple outline, negative inside, and a number for image and side."""
        local, image = self._local(part, points)
        if isinstance(part, Strip):
            return np.abs(local[:, 0]) - part.width / 2, image * 2 + (local[:, 0] > 0)
        if isinstance(part, Disc):
            return np.hypot(*local.T) - part.radius, image
        away, side = np.empty(len(points)), np.empty(len(points), dtype=np.int64)
        to_polygon(local, _round_middle(part), part.distance, away, side)
        return away, image * len(part.corners) + side

    def _local(self, part: Disc | Strip | Polygon, points: FloatArray) -> tuple[FloatArray, IntArray]:
        """Points seen from the middle of the nearest image of an outline, and the number of the image, 0 to 8."""
        steps = np.rint((points - _middle(part)) / self.size)
        steps[:, 1] *= not isinstance(part, Strip)
        local = points - _middle(part) - steps * self.size
        wrapped = np.clip(steps, -1, 1).astype(np.int64)
        return local, (wrapped[:, 0] + 1) * 3 + wrapped[:, 1] + 1

    def _to(self, branch: IntArray, points: FloatArray) -> FloatArray:
        """(n,) signed distance of (n, 2) points to given branches: to the lines of sides, even beyond their ends."""
        found = np.empty(len(points))
        number, rest = np.divmod(branch, BRANCHES)
        for own, (part, sign) in enumerate(self._simple):
            mine = np.flatnonzero(number == own)
            if not len(mine):
                continue
            image, side = np.divmod(
                rest[mine], 2 if isinstance(part, Strip) else 1 if isinstance(part, Disc) else len(part.corners)
            )
            shift = np.column_stack([image // 3 - 1, image % 3 - 1]) * self.size
            local = points[mine] - _middle(part) - shift
            if isinstance(part, Disc):
                away = np.hypot(*local.T) - part.radius
            elif isinstance(part, Strip):
                away = np.where(side == 1, local[:, 0], -local[:, 0]) - part.width / 2
            else:
                corners = _round_middle(part)
                start = corners[side]
                along = corners[(side + 1) % len(corners)] - start
                across = local - start
                away = (across[:, 0] * along[:, 1] - across[:, 1] * along[:, 0]) / np.hypot(*along.T) - part.distance
            found[mine] = sign * away
        return found


def _middle(part: Disc | Strip | Polygon) -> FloatArray:
    """The point around which the nearest image is looked for."""
    if isinstance(part, Disc):
        return np.array([part.x, part.y])
    if isinstance(part, Strip):
        return np.array([part.x, 0.0])
    corners = np.array(part.corners)
    return np.asarray((corners.min(axis=0) + corners.max(axis=0)) / 2)


def _round_middle(part: Polygon) -> FloatArray:
    """(m, 2) corners of a polygon seen from its middle, counter-clockwise."""
    corners = np.array(part.corners) - _middle(part)
    ahead = np.roll(corners, -1, axis=0)
    turns_left = float((corners[:, 0] * ahead[:, 1] - corners[:, 1] * ahead[:, 0]).sum()) > 0
    return np.ascontiguousarray(corners if turns_left else corners[::-1])
