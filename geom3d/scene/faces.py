"""The face of a cut: the regions in a plane through an array of unit cells, as polygons, as triangles and as outlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, spread, unique_points
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.sections import IN_PLANE, section

#: Coordinates of polygons are rounded to multiples of this, µm, so that copies side by side unite.
GRID = 1e-7
#: Pairs of a point and a line that are looked at together.
MOST = 4_000_000


@dataclass(frozen=True)
class Face:
    """What a plane cuts out of an array of unit cells.

    Attributes:
        normal: of the plane, "x", "y" or "z".
        place: where it crosses its normal axis, µm.
        shapes: polygon or polygons of each region by its label, in the two other coordinates, µm.
    """

    normal: str
    place: float
    shapes: Mapping[int, shapely.Geometry]

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Lowest and highest coordinates of all that is cut, µm."""
        low_u, low_v, high_u, high_v = shapely.total_bounds(np.array(list(self.shapes.values()), dtype=object)).tolist()
        return low_u, low_v, high_u, high_v

    def clipped(self, low: tuple[float, float], high: tuple[float, float]) -> Face:
        """The part of the face in a rectangle, µm."""
        # Not clip_by_rect: where a hole touches the rectangle it makes rings that touch themselves, which are no polygons.
        window = shapely.box(*low, *high)
        kept = {label: shapely.intersection(shape, window, grid_size=GRID) for label, shape in self.shapes.items()}
        kept = {label: polygons(shape) for label, shape in kept.items()}
        return Face(self.normal, self.place, {label: shape for label, shape in kept.items() if not shape.is_empty})

    def triangles(self, label: int) -> tuple[FloatArray, IntArray]:
        """(V, 3) vertices and (T, 3) triangles of a region's part of the face."""
        shape = self.shapes.get(label)
        if shape is None:
            return np.empty((0, 3)), np.empty((0, 3), dtype=np.int64)
        corners = np.concatenate([trapezoids(part) for part in shapely.get_parts(shape)])
        flat, index = unique_points(corners.reshape(-1, 2))
        return self.lifted(flat), index.reshape(-1, 3)

    def outlines(self, label: int) -> list[FloatArray]:
        """Closed lines of (n, 3) points around a region's part of the face."""
        return [self.lifted(ring) for ring in rings(self.shapes[label])] if label in self.shapes else []

    def lifted(self, points: FloatArray) -> FloatArray:
        """(n, 3) places in space of (n, 2) points of the face."""
        found = np.full((len(points), 3), self.place)
        found[:, IN_PLANE[self.normal]] = points
        return found


def face(walls: InterfaceMesh, place: float, normal: str, repeat: int, *, step: int = 0, rows: int = 1) -> Face:
    """The face of a plane through a row of unit cells.

    Args:
        walls: of the unit cell.
        place: where the plane crosses its normal axis within the unit cell, µm.
        normal: "x", "y" or "z".
        repeat: unit cells along the face.
        step: number of the unit cell along the normal axis that the plane goes through.
        rows: unit cells across the face, if it is normal to z.
    """
    found = section(walls, place, normal)
    steps = np.array([(k, row) for row in range(rows) for k in range(repeat)]) * found.size
    shapes = {}
    for label in range(len(walls.names)):
        border = (found.left == label) != (found.right == label)
        shape = area(found.points[found.ends[border]])
        if not shape.is_empty:
            copies = [shapely.transform(shape, lambda p, away=away: p + away) for away in steps]
            # Only now are corners on straight lines left out: before, those of neighbours match.
            united = shapely.union_all(copies, grid_size=GRID)
            straight = shapely.simplify(united, 0.0)
            shapes[label] = polygons(straight if straight.is_valid else united)
    return Face(normal, place + step * walls.size["xyz".index(normal)], shapes)


def area(segments: FloatArray) -> shapely.Geometry:
    """What straight lines enclose by the even-odd rule, wherever they touch each other.

    Args:
        segments: (n, 2, 2) ends of each.
    """
    if not len(segments):
        return shapely.MultiPolygon()
    lines = shapely.union_all(shapely.linestrings(segments), grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    kept = np.concatenate(
        [_odd(part, segments) for part in np.array_split(inner, 1 + len(inner) * len(segments) // MOST)]
    )
    return shapely.multipolygons(faces[kept])


def _odd(points: FloatArray, segments: FloatArray) -> BoolArray:
    """(n,) whether a ray from each of (n, 2) points along the first axis meets an odd number of segments."""
    (u0, v0), (u1, v1) = segments[:, 0].T, segments[:, 1].T
    u, v = points[:, :1], points[:, 1:]
    across = (v0 > v) != (v1 > v)
    with np.errstate(divide="ignore", invalid="ignore"):
        meets = u0 + (v - v0) / (v1 - v0) * (u1 - u0)
    return np.asarray((across & (meets > u)).sum(axis=1) % 2 == 1)


def trapezoids(shape: shapely.Geometry) -> FloatArray:
    """Triangles that fill polygons, whatever their form: between the levels of all corners there are only trapezoids.

    They are more and longer than those of Delaunay, but there is nothing to go wrong: ends of the sides are only sorted. GEOS's
    `constrained_delaunay_triangles` gives up some polygons of cut sponges, and comes to no end in others.

    Args:
        shape: polygon or polygons.

    Returns:
        (T, 3, 2) corners, counter-clockwise.
    """
    lines = rings(shape)
    sides = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines])
    sides = sides[sides[:, 0, 1] != sides[:, 1, 1]]
    rising = sides[:, 0, 1] < sides[:, 1, 1]
    low, high = np.where(rising[:, None, None], sides, sides[:, ::-1]).transpose(1, 0, 2)
    levels = np.unique(sides[:, :, 1])
    side, layer = spread(np.searchsorted(levels, low[:, 1]), np.searchsorted(levels, high[:, 1]))
    heights = np.stack([levels[layer], levels[layer + 1]])
    share = (heights - low[side, 1]) / (high[side, 1] - low[side, 1])
    # Where both ends are taken as they are, neighbours have the same corners.
    across = np.where(share == 1, high[side, 0], low[side, 0] + share * (high[side, 0] - low[side, 0]))
    order = np.lexsort((across.sum(axis=0), layer))
    (low_u, high_u), (low_v, high_v) = across[:, order], heights[:, order]
    # A level line meets an even number of sides: the shape lies between the first and the second, the third and the fourth, …
    corners = [np.column_stack(pair) for pair in ((low_u, low_v), (high_u, high_v))]
    (a, b), (d, c) = ((ends[::2], ends[1::2]) for ends in corners)
    found = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    return np.asarray(found[_doubled(found) > 0])


def _doubled(corners: FloatArray) -> FloatArray:
    """(T,) twice the area of (T, 3, 2) triangles, negative where they turn clockwise."""
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])


def polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """The parts of a geometry that have an area."""
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])


def rings(shape: shapely.Geometry) -> list[FloatArray]:
    """All rings of polygons, each of (n, 2) corners, the first repeated at the end."""
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]
