"""One floor plan for all layers in z: every outline noded and polygonised once.

All coordinates lie on a grid whose step is a power of two, and the period is a whole number of steps. So a shift by
a period is exact in float64, opposite sides of the box match bit for bit, and vertices are identified by equality,
never by welding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geom3d.core.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_complex,
    half_edges,
    owners_of,
    pair_keys,
    ranks_of,
    run_starts,
    unique_points,
)
from geom3d.core.errors import GeometryError
from geom3d.solids.grid import rounding_unit, snap
from geom3d.solids.prisms.outline import Difference, Disc, Nowhere, Plane, Polygon, Shape, Strip, translations


@dataclass(frozen=True)
class FloorPlan:
    """A triangulated partition of one period.

    Attributes:
        size: the period in x and y, µm, on the grid.
        points: (P, 2) µm.
        triangles: (T, 3) counter-clockwise.
        face: (T,) face of each triangle.
        areas: (F,) area of each face, µm².
        edges: (E, 2) edges between two different faces.
        left, right: (E,) the faces beside them.
        seam: (B, 2) border edges on the high side (x or y at its period), their face on the left.
        seam_twin: (B, 2) the same edges on the low side, start for start and end for end.
        seam_faces: (B, 2) the face at the high side and the face at the low side.
        seam_axis: (B,) 0 where the seam is at the end of x, 1 at the end of y.
        masks: for each shape drawn, the (F,) faces that lie in it.
        faces: (F,) the faces as polygons, µm.
        drawn: triangles over faces taken together, by the mask of these, as far as they have been asked for.
    """

    size: tuple[float, float]
    points: FloatArray
    triangles: IntArray
    face: IntArray
    areas: FloatArray
    edges: IntArray
    left: IntArray
    right: IntArray
    seam: IntArray
    seam_twin: IntArray
    seam_faces: IntArray
    seam_axis: IntArray
    masks: dict[Shape, BoolArray]
    faces: NDArray[Any]
    drawn: dict[bytes, IntArray] = field(default_factory=dict, compare=False, repr=False)

    def triangulate(self, chosen: BoolArray) -> IntArray:
        """(T, 3) triangles over some faces taken together, without the outlines between them; found once.

        Args:
            chosen: (F,) which faces.
        """
        key = chosen.tobytes()
        if key not in self.drawn:
            self.drawn[key] = self._triangulated(chosen)
            self.drawn[key].flags.writeable = False
        return self.drawn[key]

    def _triangulated(self, chosen: BoolArray) -> IntArray:
        if np.count_nonzero(chosen) == 1:
            return np.asarray(self.triangles[self.face == int(np.argmax(chosen))])
        soup, _ = triangulated(shapely.get_parts(shapely.coverage_union_all(self.faces[chosen])))
        triangles = np.searchsorted(as_complex(self.points), as_complex(soup)).reshape(-1, 3)
        return turned(triangles, soup)


def triangulated(polygons: NDArray[Any]) -> tuple[FloatArray, IntArray]:
    """Corners (T, 3, 2) of a triangulation of polygons, and (T,) the polygon of each.

    Raises:
        GeometryError: where GEOS gives a polygon up.
    """
    try:
        cut = shapely.constrained_delaunay_triangles(polygons)
    except shapely.errors.GEOSException as error:
        raise GeometryError(f"outlines cannot be triangulated ({error}); change a length slightly") from None
    soup = np.ascontiguousarray(shapely.get_coordinates(cut).reshape(-1, 4, 2)[:, :3])
    return soup, owners_of(shapely.get_num_geometries(cut))


def turned(triangles: IntArray, soup: FloatArray) -> IntArray:
    """The triangles, counter-clockwise."""
    doubled = _doubled(soup)
    if (doubled == 0).any():
        raise GeometryError("the floor plan has a triangle without area; change a length slightly")
    return np.where((doubled > 0)[:, None], triangles, triangles[:, ::-1])


def _doubled(soup: FloatArray) -> FloatArray:
    """(T,) twice the signed area of plane triangles."""
    a, b = soup[:, 1] - soup[:, 0], soup[:, 2] - soup[:, 0]
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def floor_plan(shapes: Iterable[Shape], size: tuple[float, float], tolerance: float | None) -> FloorPlan:
    """Draws the shapes into one period and partitions it along all their outlines; the latest plans are kept.

    So designs that differ in heights alone share one plan.

    Args:
        shapes: in their own places; whatever leaves the box comes in again on the other side.
        size: the period, µm.
        tolerance: chord tolerance, µm; None for 0.1 % of each circle's radius.

    Raises:
        GeometryError: where the outlines cannot be made into a partition.
    """
    return _floor_plan(tuple(dict.fromkeys(shapes)), size, tolerance)


@lru_cache(maxsize=4)
def _floor_plan(shapes: tuple[Shape, ...], size: tuple[float, float], tolerance: float | None) -> FloorPlan:
    step = rounding_unit(max(size))
    size = (round(size[0] / step) * step, round(size[1] / step) * step)
    drawn = _draw(shapes, size, step, tolerance)
    paths = [path for shape in drawn.values() for ring in _rings(shape) for path in _wrap(ring, size, step)]
    plan, inside = _partitioned(paths, size, step)
    known: dict[Shape, BoolArray] = {}
    return replace(plan, masks={shape: _mask(shape, inside, size, drawn, known) for shape in shapes})


def plan_of(lines: FloatArray, size: tuple[float, float]) -> tuple[FloatArray, FloorPlan]:
    """The floor plan that straight lines bound, and a point inside each of its faces.

    Args:
        lines: (L, 2, 2) their ends, within the period, µm.
        size: the period, µm.

    Returns:
        (F, 2) points, µm, and the plan, which has no shapes and so no masks.

    Raises:
        GeometryError: where the lines cannot be made into a partition.
    """
    step = rounding_unit(max(size))
    size = (round(size[0] / step) * step, round(size[1] / step) * step)
    plan, inside = _partitioned(list(snap(lines, step)), size, step)
    return inside, plan


def _partitioned(paths: list[FloatArray], size: tuple[float, float], step: float) -> tuple[FloorPlan, FloatArray]:
    """The plan of lines within a period, without masks, and (F, 2) a point inside each of its faces."""
    faces = _faces(paths, size, step)
    soup, face = triangulated(faces)
    corners, index = unique_points(soup)
    doubled = _doubled(soup)
    triangles = turned(index.reshape(-1, 3), soup)
    areas = np.bincount(face, weights=np.abs(doubled) / 2, minlength=len(faces)).astype(np.float64)
    if abs(areas.sum() - size[0] * size[1]) > 1e-11 * size[0] * size[1]:
        raise GeometryError("the floor plan does not fill its period exactly once; change a length slightly")

    largest = np.lexsort((-np.abs(doubled), face))
    first = largest[np.searchsorted(face[largest], np.arange(len(faces)))]
    inside = soup[first].mean(axis=1)
    plan = FloorPlan(size, corners, triangles, face, areas, *_edges(corners, triangles, face, size), {}, faces)
    return plan, inside


def _draw(
    shapes: Sequence[Shape], size: tuple[float, float], step: float, tolerance: float | None
) -> dict[Disc | Strip | Polygon, shapely.Geometry]:
    """Every simple shape as a polygon on the grid.

    Curves around one centre get one number of sides: films nest without crossing, and vertices match between z-layers.
    """
    simple = list(dict.fromkeys(part for shape in shapes for part in shape.primitives()))
    sides = sides_by_centre(simple, tolerance)
    drawn: dict[Disc | Strip | Polygon, shapely.Geometry] = {}
    for part in simple:
        if isinstance(part, Disc):
            drawn[part] = shapely.polygons(snap(part.draw(sides[part.centre]), step))
        elif isinstance(part, Strip):
            drawn[part] = shapely.polygons(snap(part.draw(size), step))
        else:
            drawn[part] = shapely.transform(part.exact(sides[part.centre]), lambda xy: snap(xy, step))
    return drawn


def sides_by_centre(parts: Iterable[Disc | Strip | Polygon], tolerance: float | None) -> dict[object, int]:
    """Sides of a full turn around each centre: the most that one of the shapes around it needs.

    Args:
        parts: simple shapes.
        tolerance: chord tolerance, µm; None for 0.1 % of each circle's radius.
    """
    sides: dict[object, int] = {}
    for part in parts:
        if not isinstance(part, Strip):
            sides[part.centre] = max(sides.get(part.centre, 0), part.segments(tolerance))
    return sides


def _rings(shape: shapely.Geometry) -> list[FloatArray]:
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(shape)]


def _wrap(ring: FloatArray, size: tuple[float, float], step: float) -> list[FloatArray]:
    """A closed line cut where it crosses the box's sides, each piece shifted into the box.

    Each crossing is computed once and used by the pieces on both sides, which is what makes opposite faces match.
    """
    low, high = ring.min(axis=0), ring.max(axis=0)
    if (low >= 0).all() and (high <= size).all():
        return [ring]
    for axis in (0, 1):
        ring = _insert_crossings(ring, axis, size[axis], step)
    middle = (ring[:-1] + ring[1:]) / 2
    tile = np.floor(middle / size).astype(np.int64)
    # A piece that runs along a side of the box belongs to either tile: the border itself is always drawn.
    starts = run_starts(tile)
    ends = np.r_[starts[1:], len(tile)]
    return [ring[s : e + 1] - tile[s] * np.asarray(size) for s, e in zip(starts.tolist(), ends.tolist(), strict=True)]


def _insert_crossings(line: FloatArray, axis: int, period: float, step: float) -> FloatArray:
    """The line with a vertex wherever it crosses a multiple of the period in that coordinate."""
    here, there = line[:-1, axis], line[1:, axis]
    low, high = np.minimum(here, there), np.maximum(here, there)
    first = np.floor(low / period).astype(np.int64) + 1
    count = np.maximum(np.ceil(high / period).astype(np.int64) - first, 0)
    if not count.any():
        return line
    segment, order = owners_of(count), ranks_of(count)
    rising = (there > here)[segment]
    rank = np.where(rising, order, count[segment] - 1 - order)
    at = (first[segment] + rank) * period
    share = (at - here[segment]) / (there - here)[segment]
    other = 1 - axis
    new = np.empty((len(segment), 2))
    new[:, axis] = at
    new[:, other] = snap(line[segment, other] + share * (line[segment + 1, other] - line[segment, other]), step)
    return np.insert(line, segment + 1, new, axis=0)


def _faces(paths: list[FloatArray], size: tuple[float, float], step: float) -> shapely.Geometry:
    """The faces into which the paths cut the box, as an array of polygons."""
    lines = [shapely.linestrings(path) for path in paths if len(path) > 1 and np.ptp(path, axis=0).any()]
    ends = np.concatenate([*paths, np.zeros((0, 2))])
    for _ in range(4):
        border = _border(ends, size)
        noded = shapely.union_all([*lines, *border], grid_size=step)
        spots = shapely.get_coordinates(noded)
        if not _missing(spots, size):
            return shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        # Noding may move a vertex onto a side of the box; its partner opposite is then drawn, too.
        ends = np.concatenate([ends, spots])
    raise GeometryError("the floor plan's opposite sides do not match; change a length slightly")


def _border(points: FloatArray, size: tuple[float, float]) -> list[shapely.Geometry]:
    """The four sides of the box, each with the vertices that touch it or the side opposite."""
    lines = []
    for axis in (0, 1):
        other = 1 - axis
        on = (points[:, axis] == 0) | (points[:, axis] == size[axis])
        stops = np.unique(np.r_[0.0, points[on, other], size[other]])
        for at in (0.0, size[axis]):
            line = np.empty((len(stops), 2))
            line[:, axis], line[:, other] = at, stops
            lines.append(shapely.linestrings(line))
    return lines


def _missing(points: FloatArray, size: tuple[float, float]) -> bool:
    """Whether a vertex on one side of the box lacks its partner opposite."""
    for axis in (0, 1):
        low = np.unique(points[points[:, axis] == 0, 1 - axis])
        high = np.unique(points[points[:, axis] == size[axis], 1 - axis])
        if not np.array_equal(low, high):
            return True
    return False


def _mask(
    shape: Shape,
    points: FloatArray,
    size: tuple[float, float],
    drawn: dict[Disc | Strip | Polygon, shapely.Geometry],
    known: dict[Shape, BoolArray],
) -> BoolArray:
    """(F,) whether the face around each point lies in the drawn shape."""
    if shape in known:
        return known[shape]
    if isinstance(shape, Plane):
        mask = np.ones(len(points), dtype=bool)
    elif isinstance(shape, Nowhere):
        mask = np.zeros(len(points), dtype=bool)
    elif isinstance(shape, Difference):
        mask = _mask(shape.outer, points, size, drawn, known).copy()
        for hole in shape.holes:
            mask &= ~_mask(hole, points, size, drawn, known)
    elif isinstance(shape, Strip):
        mask = shape.contains(points, size)
    elif isinstance(shape, Disc | Polygon):
        mask = np.zeros(len(points), dtype=bool)
        polygon = drawn[shape]
        shapely.prepare(polygon)
        for dx, dy in translations(shape.bounds, size):
            mask |= shapely.contains_xy(polygon, points[:, 0] - dx, points[:, 1] - dy)
    else:
        raise TypeError(f"cannot draw a {type(shape).__name__}")
    known[shape] = mask
    return mask


def _edges(
    points: FloatArray, triangles: IntArray, face: IntArray, size: tuple[float, float]
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Edges between faces, and the pairs of border edges that are one edge through the period."""
    start, end = half_edges(triangles)
    owner = np.repeat(face, 3)
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((start > end, high, low))
    key = pair_keys(start, end, len(points))[order]
    paired = np.zeros(len(key), dtype=bool)
    same = key[1:] == key[:-1]
    if (same[1:] & same[:-1]).any():
        raise GeometryError("the floor plan has an edge with more than two triangles; change a length slightly")
    paired[1:] |= same
    paired[:-1] |= same
    one, two = order[:-1][same], order[1:][same]
    apart = owner[one] != owner[two]
    one, two = one[apart], two[apart]
    edges = np.column_stack([start[one], end[one]])

    rim = order[~paired]
    seams, twins, sides, axes = [], [], [], []
    for axis in (0, 1):
        neighbour_region, along = points[:, axis], points[:, 1 - axis]
        at_high = rim[(neighbour_region[start[rim]] == size[axis]) & (neighbour_region[end[rim]] == size[axis])]
        at_low = rim[(neighbour_region[start[rim]] == 0) & (neighbour_region[end[rim]] == 0)]
        at_high = at_high[np.argsort(np.minimum(along[start[at_high]], along[end[at_high]]))]
        at_low = at_low[np.argsort(np.minimum(along[start[at_low]], along[end[at_low]]))]
        if not (
            np.array_equal(along[start[at_high]], along[end[at_low]])
            and np.array_equal(along[end[at_high]], along[start[at_low]])
        ):
            raise GeometryError("the floor plan's opposite sides do not match; change a length slightly")
        seams.append(np.column_stack([start[at_high], end[at_high]]))
        twins.append(np.column_stack([end[at_low], start[at_low]]))
        sides.append(np.column_stack([owner[at_high], owner[at_low]]))
        axes.append(np.full(len(at_high), axis))
    if sum(len(s) for s in seams) * 2 != len(rim):
        raise GeometryError("the floor plan has an open edge inside its period; change a length slightly")
    return (
        edges,
        owner[one],
        owner[two],
        np.concatenate(seams),
        np.concatenate(twins),
        np.concatenate(sides),
        np.concatenate(axes),
    )
