"""A grid divided by levels of one field and by heights: labels, and the triangles where they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, run_starts
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.solids.fields.contour import LevelSurface, Share, contour, linear, runs
from geom3d.solids.fields.facets import Level, cut, plane, split
from geom3d.solids.fields.splits import Lattice
from geom3d.solids.grid import Grid

#: Number of the level, surface, and number of its first vertex, for every run of layers that a level cuts.
Surfaces = tuple[tuple[int, LevelSurface, int], ...]
#: Share of the way to a node or to the next level that a vertex may go.
KEPT = 0.99


@dataclass(frozen=True)
class ZLayer:
    """Layers of bricks that have the same labels.

    Attributes:
        layers: of bricks.
        row: (m + 1,) label of each interval between levels.
        active: numbers of the levels at which the label changes.
    """

    layers: range
    row: IntArray
    active: tuple[int, ...]

    def label(self, interval: int) -> int:
        """The label of an interval between active levels, counted from the lowest."""
        return int(self.row[self.active[interval] if interval < len(self.active) else -1])


@dataclass(frozen=True)
class GridFace:
    """A plane of the grid, or a layer in z's part of one, between two layers in z or at the end of the box.

    Attributes:
        axis: its normal, 0 for x, 1 for y, 2 for z.
        facets: (n, 3) nodes of its triangles, normals along the positive axis.
        below, above: layers in z on its two sides; None beyond the box.
        rims: for a side of the box, each layer in z beneath or on top of its own, and the (n, 2) edges towards it; -1
            where a triangle has none.
    """

    axis: int
    facets: IntArray
    below: ZLayer | None
    above: ZLayer | None
    rims: tuple[tuple[ZLayer, IntArray], ...] = ()

    @property
    def active(self) -> tuple[int, ...]:
        """Levels that cut it, ascending."""
        return tuple(sorted({level for s in (self.below, self.above) if s is not None for level in s.active}))


@dataclass(frozen=True)
class Division:
    """A grid of which every brick's tetrahedra are cut by levels, and whose planes are heights.

    Attributes:
        lattice: the nodes.
        values: (nz + 1, ny + 1, nx + 1) the field at the grid's nodes, equal on opposite sides; on no level.
        extra: (e,) the field at the nodes on split edges.
        levels: (m,) ascending.
        function: (n,) another function of the same zero surface at all nodes where it tells better where that surface
            crosses an edge, else nan; None where it never does.
        ceiling: z at which the body of level 0 is cut flat, µm. Inside its cut face the values are negative, as level 0
            wants them; for what lies above, the distance there is zero.
        rows: (nz, m + 1) label by layer and interval; interval j reaches from level j - 1, exclusive, to level j.
        shares: where each level crosses an edge, if the values tell no more than in which interval a node lies.
        settled: what becomes of the surfaces of all levels before anything else is made of them.
    """

    lattice: Lattice
    values: FloatArray
    extra: FloatArray
    levels: FloatArray
    rows: IntArray
    function: FloatArray | None = None
    ceiling: float = np.inf
    shares: tuple[Share, ...] = ()
    settled: Callable[[Surfaces], Surfaces] | None = None

    @property
    def grid(self) -> Grid:
        """The nodes at crossings of planes."""
        return self.lattice.grid

    @cached_property
    def heights(self) -> FloatArray:
        """(n,) the field at all nodes by their numbers."""
        flat = self.values.ravel()
        return flat if not len(self.extra) else np.concatenate([flat, self.extra])

    @cached_property
    def z_layers(self) -> tuple[ZLayer, ...]:
        """Maximal runs of equal layers, upwards."""
        return tuple(
            ZLayer(range(a, b), self.rows[a], tuple(np.flatnonzero(np.diff(self.rows[a])).tolist()))
            for a, b in pairwise([*run_starts(self.rows).tolist(), len(self.rows)])
        )

    @cached_property
    def surfaces(self) -> Surfaces:
        """Number of the level, surface, and number of its first vertex, for every run of layers that a level cuts."""
        found: list[tuple[int, LevelSurface, int]] = []
        start = 0
        for number, level in enumerate(self.levels.tolist()):
            for layers in runs(self.rows[:, number] != self.rows[:, number + 1]):
                surface = contour(self.lattice, self.values, self.heights, level, layers, self.share(number))
                found.append((number, surface, start))
                start += len(surface.vertices)
        return tuple(found) if self.settled is None else self.settled(tuple(found))

    def share(self, number: int) -> Share:
        """Share of the way between nodes at which a level is crossed."""
        if self.shares:
            return self.shares[number]
        level, known = float(self.levels[number]), self.function
        if level != 0:
            return self._over_ceiling(level)
        by_height = linear(self.heights, level)
        if known is None:
            return by_height
        further = float(self.levels[number + 1]) if number + 1 < len(self.levels) else np.inf

        def share(one: IntArray, other: IntArray) -> FloatArray:
            start, stop = known[one], known[other]
            better = np.isfinite(start) & np.isfinite(stop)
            found = np.where(better, start / np.where(better, start - stop, 1.0), by_height(one, other))
            # Not next to a node, nor beyond the next level, which crosses the same edge further out.
            low, high = self.heights[one], self.heights[other]
            limit = (KEPT * further - low) / (high - low)
            found = np.where(high > further, np.minimum(found, limit), found)
            found = np.where(low > further, np.maximum(found, limit), found)
            return np.clip(found, 1 - KEPT, KEPT)

        return share

    def placed(self, number: int) -> Share:
        """The same from the vertices that the level has, where it takes long to find where they belong."""
        if not self.shares:
            return self.share(number)
        level = self.level(number)
        # From the node of the lower number: the others count from that of the higher one.
        parts = [np.empty(0)]
        for surface, _ in level.surfaces:
            start, stop = (self.lattice.points(nodes) for nodes in surface.ends.T)
            way = stop - start
            parts.append(np.einsum("ij,ij->i", surface.vertices - start, way) / np.einsum("ij,ij->i", way, way))
        at = np.concatenate(parts)
        first = [start for _, start in level.surfaces]
        begin = np.cumsum([0, *(len(part) for part in parts[1:-1])])

        def share(one: IntArray, other: IntArray) -> FloatArray:
            vertex = level.crossing(self.lattice, one, other)
            place = np.searchsorted(first, vertex, side="right") - 1
            found = at[vertex - np.array(first)[place] + begin[place]]
            return np.asarray(np.where(one < other, found, 1 - found))

        return share

    def _over_ceiling(self, level: float) -> Share:
        """The share at which a film's surface crosses an edge, where need be above the cut face of what it grows on."""
        by_height = linear(self.heights, level)
        if self.ceiling >= self.grid.z[-1]:
            return by_height

        def share(one: IntArray, other: IntArray) -> FloatArray:
            start, stop = self.heights[one], self.heights[other]
            low, high = self._z(one), self._z(other)
            over = np.maximum(low, high) > self.ceiling
            start = np.where(over & (low <= self.ceiling), np.maximum(start, 0.0), start)
            stop = np.where(over & (high <= self.ceiling), np.maximum(stop, 0.0), stop)
            return (level - start) / (stop - start)

        return share

    def _z(self, nodes: IntArray) -> FloatArray:
        """Heights of nodes, of the same shape, µm."""
        own = nodes < self.lattice.count
        if own.all():
            return self.grid.z[nodes // self.grid.strides[2]]
        found = np.empty(nodes.shape)
        found[own] = self.grid.z[nodes[own] // self.grid.strides[2]]
        found[~own] = self.lattice.places[nodes[~own] - self.lattice.count, 2]
        return found

    def level(self, number: int) -> Level:
        """A level as a source of vertices."""
        mine = tuple((surface, start) for of, surface, start in self.surfaces if of == number)
        return Level(float(self.levels[number]), mine)

    @cached_property
    def faces(self) -> tuple[GridFace, ...]:
        """All planes on which labels can change, but for the levels."""
        return tuple(self._faces())

    def _faces(self) -> Iterator[GridFace]:
        """Planes where a layer in z begins or ends, upwards; then the box's sides, low and high in turn."""
        lower: ZLayer | None = None
        for upper in self.z_layers:
            yield GridFace(2, self._plane(2, upper.layers.start), lower, upper)
            lower = upper
        assert lower is not None  # there is a layer
        yield GridFace(2, self._plane(2, lower.layers.stop), lower, None)
        for axis, count in ((0, len(self.grid.x) - 1), (1, len(self.grid.y) - 1)):
            for place, z_layer in enumerate(self.z_layers):
                near = [(s, z_layer.layers.start) for s in self.z_layers[max(place - 1, 0) : place]]
                near += [(s, z_layer.layers.stop) for s in self.z_layers[place + 1 : place + 2]]
                near = [(s, level) for s, level in near if set(s.active) - set(z_layer.active)]
                for index, below, above in ((0, None, z_layer), (count, z_layer, None)):
                    facets = self._plane(axis, index, z_layer.layers)
                    yield GridFace(
                        axis, facets, below, above, tuple((s, self._edges(facets, level)) for s, level in near)
                    )

    def _plane(self, axis: int, index: int, layers: range | None = None) -> IntArray:
        """(n, 3) nodes of the triangles in a plane of the grid, halved at split edges."""
        return self.lattice.refine(plane(self.grid, axis, index, layers))[0]

    def _edges(self, facets: IntArray, level: int) -> IntArray:
        """(n, 2) the edge in a level plane of the grid that each facet has; -1 where it has none."""
        on = self._z(facets) == self.grid.z[level]
        edges = np.full((len(facets), 2), -1)
        chosen = on.sum(axis=1) == 2
        edges[chosen] = facets[on & chosen[:, None]].reshape(-1, 2)
        return edges

    @cached_property
    def cuts(self) -> tuple[tuple[tuple[int, IntArray, IntArray], ...], ...]:
        """Pieces of every face, in the order of `faces`: (interval, (t, 3) corners as of `facets.cut`, (t,) the facet of each)."""
        return tuple(tuple(self._cut(face)) for face in self.faces)

    def _cut(self, face: GridFace) -> Iterator[tuple[int, IntArray, IntArray]]:
        levels = [self.level(number) for number in face.active]
        columns = [*face.active, len(self.levels)]
        for number, corners, of in cut(self.lattice, self.heights, face.facets, levels):
            for z_layer, edges in face.rims:
                extra = [self.level(n) for n in z_layer.active if n not in face.active]
                corners, of = split(self.lattice, self.heights, edges, corners, of, levels, extra)  # noqa: PLW2901
            yield columns[number], corners, of

    def walls(self) -> tuple[FloatArray, IntArray, IntArray, IntArray, IntArray]:
        """Vertices (V, 3), triangles (T, 3), labels behind and in front (T,), twins (T,), as in `InterfaceMesh`."""
        curved, corners, back_region, front_region, twins = [], [], [], [], []
        count = 0
        for number, surface, start in self.surfaces:
            curved.append(surface.triangles + np.int64(start))
            back_region.append(self.rows[surface.layer, number])
            front_region.append(self.rows[surface.layer, number + 1])
            twins.append(np.full(len(surface.triangles), -1))
            count += len(surface.triangles)
        low = 0
        for face, parts in zip(self.faces, self.cuts, strict=True):
            begin = count
            for column, triangles, _ in parts:
                back, fore = (OUTSIDE if s is None else int(s.row[column]) for s in (face.below, face.above))
                if back == fore:
                    continue
                if face.below is None:
                    triangles, back, fore = triangles[:, ::-1], fore, back  # noqa: PLW2901
                corners.append(triangles)
                back_region.append(np.full(len(triangles), back))
                front_region.append(np.full(len(triangles), fore))
                count += len(triangles)
            periodic_image = np.full(count - begin, -1)
            if face.axis < 2:
                if face.above is None:
                    periodic_image = np.arange(low, begin)
                    twins[-1] = np.arange(begin, count)
                low = begin
            twins.append(periodic_image)
        vertices, flat = self._numbered(np.concatenate(corners))
        triangles = np.concatenate([*curved, flat])
        return vertices, triangles, np.concatenate(back_region), np.concatenate(front_region), np.concatenate(twins)

    def _numbered(self, corners: IntArray) -> tuple[FloatArray, IntArray]:
        """Positions of all vertices, those of levels and then nodes, and corners of faces by their numbers."""
        parts = [surface.vertices for _, surface, _ in self.surfaces]
        on_node = corners >= 0
        nodes, number = np.unique(corners[on_node], return_inverse=True)
        triangles = -1 - corners
        triangles[on_node] = number + sum(map(len, parts))
        return np.concatenate([*parts, self.lattice.points(nodes)]), triangles
