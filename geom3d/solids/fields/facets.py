"""Plane faces of a grid's tetrahedra, cut by level surfaces into polygons that share their vertices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.solids.fields.contour import LevelSurface
from geom3d.solids.fields.splits import Lattice
from geom3d.solids.grid import Grid

#: Corners (as bits) of the two triangles of a brick's face at low z, y and x; normals towards the brick's inside.
FACES = {0: ((0, 2, 6), (0, 6, 4)), 1: ((0, 5, 1), (0, 4, 5)), 2: ((0, 1, 3), (0, 3, 2))}


@dataclass(frozen=True)
class Level:
    """A level surface as a source of vertices.

    Attributes:
        value: the level.
        surfaces: with the number that the vertices of each begin at.
    """

    value: float
    surfaces: tuple[tuple[LevelSurface, int], ...]

    def crossing(self, lattice: Lattice, one: IntArray, other: IntArray) -> IntArray:
        """(n,) numbers of the vertices on the edges between pairs of nodes."""
        found = np.full(len(one), -1)
        for surface, start in self.surfaces:
            at = surface.on(lattice, one, other)
            found = np.where(at >= 0, at + start, found)
        return found


def plane(grid: Grid, axis: int, index: int, layers: range | None = None) -> IntArray:
    """(n, 3) nodes of the triangles in a plane of the grid, normals along the positive axis.

    Args:
        grid: the nodes.
        axis: 0 for a plane x = const, 1 for y, 2 for z.
        index: of the plane.
        layers: of bricks to take, for axes 0 and 1.
    """
    i, j, k = (np.arange(n - 1) for n in grid.shape[::-1])
    if layers is not None:
        k = np.asarray(layers)
    ranges = [i, j, k]
    ranges[axis] = np.array([index])
    step = grid.strides
    base = (ranges[2][:, None, None] * step[2] + ranges[1][None, :, None] * step[1] + ranges[0]).ravel()
    corners = np.array(FACES[axis])
    return np.asarray((base[:, None, None] + grid.steps[corners]).reshape(-1, 3))


def cut(
    lattice: Lattice, values: FloatArray, facets: IntArray, levels: Sequence[Level]
) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Cuts triangles between nodes along levels.

    Args:
        lattice: the nodes.
        values: of all nodes, flat.
        facets: (n, 3) nodes; no edge of theirs is split.
        levels: ascending.

    Yields:
        for each interval between levels, from the lowest: its number, (t, 3) corners of triangles that turn as the
        facets do, and (t,) the facet of each. Corners are node numbers, or -1 - v for vertex v of a level.
    """
    at = values[facets]
    interval = np.zeros(facets.shape, dtype=np.int8)
    for level in levels:
        interval += at > level.value
    lowest, highest = interval.min(axis=1), interval.max(axis=1)
    parts = np.flatnonzero(lowest != highest)
    # Of equal values the node decides, so that a face is cut alike whichever way round its corners are given.
    order = np.lexsort((facets[parts], at[parts]), axis=1)
    nodes, heights = np.take_along_axis(facets[parts], order, axis=1), np.take_along_axis(at[parts], order, axis=1)
    even = (order[:, 1] - order[:, 0]) % 3 == 1
    for number in range(len(levels) + 1):
        uncut = np.flatnonzero((lowest == number) & (highest == number))
        some = np.flatnonzero((lowest[parts] <= number) & (highest[parts] >= number))
        below = levels[number - 1] if number else None
        above = levels[number] if number < len(levels) else None
        corners, of = _interval(lattice, nodes[some], heights[some], below, above)
        # Lowest, highest, middle node is the way round of the polygons: against that of the facet where that is even.
        corners = np.where(even[some][of, None], corners[:, ::-1], corners)
        yield number, np.concatenate([facets[uncut], corners]), np.concatenate([uncut, parts[some][of]])


def _interval(
    lattice: Lattice, nodes: IntArray, heights: FloatArray, below: Level | None, above: Level | None
) -> tuple[IntArray, IntArray]:
    """The part of each triangle above one level and not above another, as a fan.

    Args:
        lattice: the nodes.
        nodes, heights: (n, 3) corners by ascending value, and the values.
        below, above: the levels, None where there is no bound.

    Returns:
        (t, 3) corners, and (t,) the triangle of each.
    """
    a, b, c = nodes.T
    middle_in = np.ones(len(nodes), dtype=bool)
    start = start_of_second = a
    stop = stop_of_second = c
    if below is not None:
        starts, starts_of_second = _crossings(lattice, nodes, heights, below)
        inner = heights[:, 0] > below.value
        start, start_of_second = np.where(inner, a, starts), np.where(inner, a, starts_of_second)
        middle_in &= heights[:, 1] > below.value
    if above is not None:
        stops, stops_of_second = _crossings(lattice, nodes, heights, above)
        inner = heights[:, 2] <= above.value
        stop, stop_of_second = np.where(inner, c, stops), np.where(inner, c, stops_of_second)
        middle_in &= heights[:, 1] <= above.value
    middle = np.where(middle_in, b, stop_of_second)
    fan = np.stack(
        [
            np.column_stack([start, stop, stop_of_second]),
            np.column_stack([start, stop_of_second, middle]),
            np.column_stack([start, middle, start_of_second]),
        ],
        axis=1,
    ).reshape(-1, 3)
    real = np.flatnonzero((fan[:, 0] != fan[:, 1]) & (fan[:, 1] != fan[:, 2]) & (fan[:, 2] != fan[:, 0]))
    return fan[real], real // 3


def _crossings(lattice: Lattice, nodes: IntArray, heights: FloatArray, level: Level) -> tuple[IntArray, IntArray]:
    """Where a level crosses the edge from the lowest to the highest corner, and the way by the middle one."""
    a, b, c = nodes.T
    beyond = heights[:, 1] <= level.value
    first = level.crossing(lattice, a, c)
    second = level.crossing(lattice, np.where(beyond, b, a), np.where(beyond, c, b))
    return -1 - first, -1 - second


def split(
    lattice: Lattice,
    values: FloatArray,
    edges: IntArray,
    triangles: IntArray,
    of: IntArray,
    present: Sequence[Level],
    extra: Sequence[Level],
) -> tuple[IntArray, IntArray]:
    """Splits triangles at the vertices that further levels have on one edge of the facets they were cut from.

    Args:
        lattice: the nodes.
        values: of all nodes, flat.
        edges: (n, 2) nodes of that edge by facet; -1 where it needs no more vertices.
        triangles: (t, 3) corners as of `cut`.
        of: (t,) facet of each triangle.
        present: levels at which the facets were cut.
        extra: further levels.

    Returns:
        triangles and their facets, as given, the split ones last.
    """
    touched = np.flatnonzero(edges[of, 0] >= 0)
    done = [np.delete(triangles, touched, axis=0)], [np.delete(of, touched)]
    triangles, of = triangles[touched], of[touched]
    known = list(present)
    for level in extra:
        ends = edges[of]
        heights = values[ends]
        crossed = (heights.min(axis=1) <= level.value) & (heights.max(axis=1) > level.value)
        # Where along the edge each corner lies, by its value; nan where it lies elsewhere.
        along = np.full(triangles.shape, np.nan)
        for node, height in zip(ends.T, heights.T, strict=True):
            along = np.where(triangles == node[:, None], height[:, None], along)
        for other in known:
            vertex = -1 - other.crossing(lattice, ends[:, 0], ends[:, 1])
            along = np.where((triangles == vertex[:, None]) & (vertex < 0)[:, None], other.value, along)
        below, above = along <= level.value, along > level.value
        chosen = np.flatnonzero(crossed & below.any(axis=1) & above.any(axis=1))
        vertex = -1 - level.crossing(lattice, ends[chosen, 0], ends[chosen, 1])
        halves = [np.where(side[chosen], vertex[:, None], triangles[chosen]) for side in (below, above)]
        triangles = np.concatenate([np.delete(triangles, chosen, axis=0), *halves])
        of = np.concatenate([np.delete(of, chosen), of[chosen], of[chosen]])
        known.append(level)
    return np.concatenate([*done[0], triangles]), np.concatenate([*done[1], of])
