"""Tetrahedra of sampled cells: the grid's own, and the parts into which levels cut them.

A tetrahedron cut by levels falls into slabs. The sides of a slab are cut into triangles by rules that look at one face
alone, those of the walls, so that neighbours agree; then the slab is the cone over its sides from one of its own corners,
or, where no corner sees all sides, from a point inside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, compacted, numbers_of
from geom3d.core.errors import InputError
from geom3d.mesh.volume import FACES, require_tetrahedra
from geom3d.solids.fields.contour import cases_of_tetrahedron, codes_of
from geom3d.solids.fields.division import Division, ZLayer
from geom3d.solids.fields.facets import Level, cut, split
from geom3d.solids.fields.star_triangulation import CENTRE, NOWHERE, Sides, star_triangulation
from geom3d.solids.grid import TETRAHEDRA

#: Sides of a slab, after the four faces of its tetrahedron: the level below and the level above.
BELOW, ABOVE = 4, 5
#: Tetrahedra per triangle of a level, and per facet of a plane where layers in z with different levels meet, at most.
PER_TRIANGLE, PER_FACET = 6, 24


@dataclass(frozen=True)
class Bodies:
    """Tetrahedra of a layer in z.

    Attributes:
        nodes: (n, 4) corners, positively oriented.
        below, above: (n, 4) which corners lie in the planes where the layer in z begins and ends.
    """

    nodes: IntArray
    below: BoolArray
    above: BoolArray

    def __getitem__(self, chosen: BoolArray | IntArray) -> Bodies:
        return Bodies(self.nodes[chosen], self.below[chosen], self.above[chosen])


@dataclass(frozen=True)
class Cutting:
    """Fills a sampled cell with tetrahedra.

    Attributes:
        division: the grid, and the levels that cut it.
        sampled: whether the field's values are sampled in all directions.
    """

    division: Division
    sampled: bool = True

    def tetrahedra(self, max_edge: float | None, layers: int) -> tuple[FloatArray, IntArray, IntArray]:
        """Points (P, 3), µm, tetrahedra (N, 4) and the label of each (N,); the void is filled, too.

        Args:
            max_edge: no edge is longer, µm; only layers that no level cuts are made thinner for its sake.
            layers: films of a web have no more than one; their points lie on both sides, and amid them where need be.

        Raises:
            InputError: where the grid is too coarse for `max_edge`, or there would be too many.
        """
        counts = self._layers(max_edge)
        require_tetrahedra("resolution", self._count(counts), "take a coarser one, fewer periods or less height")
        planes = [self._added(z_layer, count) for z_layer, count in zip(self.division.z_layers, counts, strict=True)]
        return replace(self, division=self._with(np.concatenate(planes))).filled([len(heights) for heights in planes])

    def _added(self, z_layer: ZLayer, count: int) -> FloatArray:
        """Heights of planes that divide a layer in z of one layer into so many."""
        if len(z_layer.layers) > 1:
            return np.empty(0)
        low, high = self.division.grid.z[[z_layer.layers.start, z_layer.layers.stop]]
        return np.linspace(low, high, count + 1)[1:-1]

    def _with(self, planes: FloatArray) -> Division:
        """The division with nodes in further planes, far from all levels; they come last."""
        if not len(planes):
            return self.division
        lattice = self.division.lattice
        sheet = lattice.grid.strides[2]
        added = lattice.grid.points(np.tile(np.arange(sheet), len(planes)))
        added[:, 2] = np.repeat(planes, sheet)
        return replace(
            self.division,
            lattice=replace(lattice, places=np.concatenate([lattice.places, added])),
            extra=np.append(self.division.extra, np.full(len(added), np.inf)),
        )

    def filled(self, planes: list[int]) -> tuple[FloatArray, IntArray, IntArray]:
        """Points, tetrahedra and labels, with so many planes added to each layer in z."""
        lattice = self.division.lattice
        start = lattice.count + len(lattice.keys)
        parts, labels, amid = [], [], [np.empty((0, 3))]
        for place, (z_layer, added) in enumerate(zip(self.division.z_layers, planes, strict=True)):
            bodies = self._bodies(z_layer, start, added)
            start += added * lattice.grid.strides[2]
            marks, special = self._marks(place, bodies)
            of_interval = np.array([z_layer.label(n) for n in range(len(z_layer.active) + 1)])
            parts.append(bodies.nodes[~special])
            labels.append(of_interval[marks[~special, 0]])
            if special.any():
                cut_ones, marks = bodies[special], marks[special]
                sides = self._sides(place, cut_ones, marks)
                apices = partial(self._apices, z_layer, cut_ones, marks)
                found, half_space, places = star_triangulation(sides, apices, self._points, sum(map(len, amid)))
                parts.append(found)
                labels.append(of_interval[half_space % len(of_interval)])
                amid.append(places)
        points, tetrahedra = self._numbered(np.concatenate(parts), np.concatenate(amid))
        return points, tetrahedra, np.concatenate(labels)

    def most(self, max_edge: float | None, layers: int) -> tuple[int, int, int]:
        """The most points, tetrahedra, and triangles on interfaces and the box that there can be."""
        counts = self._layers(max_edge)
        level = sum(len(surface.triangles) for _, surface, _ in self.division.surfaces)
        facets = sum(len(face.facets) for face in self.division.faces)
        sheet, sides = self.division.grid.strides[2], 8 * (len(self.division.grid.x) + len(self.division.grid.y))
        points = self.division.lattice.count + len(self.division.lattice.keys) + 2 * level + sum(counts) * sheet
        return points, self._count(counts), facets + 4 * level + sum(counts) * sides

    def _count(self, counts: list[int]) -> int:
        """At most so many tetrahedra, for so many layers in each layer in z."""
        grid = self.division.grid
        level = sum(len(surface.triangles) for _, surface, _ in self.division.surfaces)
        uneven = sum(
            len(f.facets) for f in self.division.faces if f.below and f.above and f.below.active != f.above.active
        )
        bricks = (len(grid.x) - 1) * (len(grid.y) - 1) * sum(counts)
        split = len(self.division.lattice.tetrahedra(range(len(grid.z) - 1))[0])
        return 6 * bricks + split + PER_TRIANGLE * level + PER_FACET * uneven

    def _layers(self, max_edge: float | None) -> list[int]:
        """Layers of bricks of every layer in z."""
        grid = self.division.grid
        counts = [len(z_layer.layers) for z_layer in self.division.z_layers]
        if max_edge is None:
            return counts
        neighbour_region = math.hypot(float(np.diff(grid.x).max()), float(np.diff(grid.y).max()))
        tall = [float(np.diff(grid.z[s.layers.start : s.layers.stop + 1]).max()) for s in self.division.z_layers]
        cut_by = [
            height for height, s in zip(tall, self.division.z_layers, strict=True) if s.active or len(s.layers) > 1
        ]
        longest = math.hypot(neighbour_region, max(cut_by, default=0.0))
        if longest > max_edge or neighbour_region >= max_edge:
            raise InputError(
                f"max_edge: a sampled cell's volume mesh is that of its grid, whose longest edge is {longest:.4g} µm; got "
                f"{max_edge:g} µm; give a finer resolution"
            )
        allowed = math.sqrt(max_edge**2 - neighbour_region**2)
        single = [not s.active and len(s.layers) == 1 for s in self.division.z_layers]
        return [
            math.ceil(height / allowed * (1 - 1e-9)) if alone else count
            for height, alone, count in zip(tall, single, counts, strict=True)
        ]

    def _bodies(self, z_layer: ZLayer, start: int, planes: int) -> Bodies:
        """The tetrahedra of a layer in z before levels cut them.

        Args:
            z_layer: which.
            start: number of the first node in planes added to its one layer.
            planes: how many are added.
        """
        lattice, grid = self.division.lattice, self.division.grid
        sheet = grid.strides[2]
        corners = np.array(TETRAHEDRA)
        i, j = np.meshgrid(np.arange(len(grid.x) - 1), np.arange(len(grid.y) - 1))
        flat = (i + j * grid.strides[1]).ravel()
        first, last = z_layer.layers.start * sheet, z_layer.layers.stop * sheet
        if planes:
            floors = np.r_[first, start + np.arange(planes) * sheet, last]
            below, above = (floors[:-1], floors[1:])
            lower = flat[None, :, None, None] + grid.steps[corners & 3]
            nodes = lower + np.where(corners >> 2, above[:, None, None, None], below[:, None, None, None])
            nodes = lattice.refine(nodes.reshape(-1, 4))[0]
        else:
            bricks = (np.arange(z_layer.layers.start, z_layer.layers.stop)[:, None] * sheet + flat).ravel()
            bricks = np.setdiff1d(bricks, lattice.touched_in(z_layer.layers), assume_unique=True)
            nodes = (bricks[:, None, None] + grid.steps[corners]).reshape(-1, 4)
            nodes = np.concatenate([nodes, lattice.tetrahedra(z_layer.layers)[0]])
        on = []
        for floor, height in ((first, grid.z[z_layer.layers.start]), (last, grid.z[z_layer.layers.stop])):
            mask = (nodes >= floor) & (nodes < floor + sheet)
            rows = np.flatnonzero((nodes >= lattice.count).any(axis=1))
            extra = nodes[rows] >= lattice.count
            if len(rows):
                mask[rows] |= extra & (lattice.places[np.where(extra, nodes[rows] - lattice.count, 0), 2] == height)
            on.append(mask)
        return Bodies(nodes, *on)

    def _marks(self, place: int, bodies: Bodies) -> tuple[IntArray, BoolArray]:
        """(n, 4) interval of each corner, and (n,) which tetrahedra are cut or have further points on an edge."""
        heights, levels = self.division.heights, self.division.levels
        marks = np.zeros(bodies.nodes.shape, dtype=np.int64)
        for number in self.division.z_layers[place].active:
            marks += (heights > levels[number])[bodies.nodes]
        special = marks.min(axis=1) != marks.max(axis=1)
        for on, numbers in self._rims(place, bodies):
            for number in numbers:
                over = (heights > levels[number])[bodies.nodes]
                special |= (on & over).any(axis=1) & (on & ~over).any(axis=1)
        return marks, special

    def _rims(self, place: int, bodies: Bodies) -> Iterator[tuple[BoolArray, list[int]]]:
        """For the planes below and above a layer in z, the corners in them, and the levels that cut only the neighbour."""
        z_layers = self.division.z_layers
        for on, step in ((bodies.below, -1), (bodies.above, 1)):
            if 0 <= place + step < len(z_layers):
                yield on, sorted(set(z_layers[place + step].active) - set(z_layers[place].active))

    def _sides(self, place: int, bodies: Bodies, marks: IntArray) -> Sides:
        """The triangles around all slabs of a layer in z; a slab's number is tetrahedron × intervals + interval."""
        active = self.division.z_layers[place].active
        intervals = len(active) + 1
        nodes = bodies.nodes
        corners, half_space, side = [], [], []
        faces = nodes[:, FACES].reshape(-1, 3)
        below, above = (on[:, FACES].reshape(-1, 3) for on in (bodies.below, bodies.above))
        # By number, so that both tetrahedra at a face cut it alike; a face turned by that is turned back.
        order = np.argsort(faces, axis=1)
        turned = (order[:, 1] - order[:, 0]) % 3 == 2
        faces = np.take_along_axis(faces, order, axis=1)
        below, above = (np.take_along_axis(on, order, axis=1) for on in (below, above))
        rims = list(self._rims(place, Bodies(faces, below, above)))
        flat = [on.all(axis=1) & bool(extra) for on, extra in rims]
        inner = ~np.any(flat, axis=0) if flat else np.ones(len(faces), dtype=bool)
        groups = [
            (inner, list(active)),
            *((mask, sorted({*active, *extra})) for mask, (_, extra) in zip(flat, rims, strict=True)),
        ]
        for mask, numbers in groups:
            chosen = np.flatnonzero(mask)
            if not len(chosen):
                continue
            levels = [self.division.level(number) for number in numbers]
            for interval, found, of in cut(self.division.lattice, self.division.heights, faces[chosen], levels):
                own = sum(number in active for number in numbers[:interval])
                if mask is inner:
                    for on, extra in rims:
                        found, of = self._split_rim(faces[chosen], on[chosen], found, of, levels, extra)  # noqa: PLW2901
                face = chosen[of]
                corners.append(np.where(turned[face, None], found[:, ::-1], found))
                half_space.append(face // 4 * intervals + own)
                side.append(face % 4)
        for number, level in enumerate(self.division.level(k) for k in active):
            inside = marks <= number
            codes = codes_of(inside)
            for code, cases in enumerate(cases_of_tetrahedron()):
                mine = np.flatnonzero(codes == code)
                for case in cases:
                    ends = nodes[mine][:, case].reshape(-1, 2)
                    found = -1 - level.crossing(self.division.lattice, *ends.T).reshape(-1, 3)
                    corners += [found, found[:, ::-1]]
                    half_space += [mine * intervals + number, mine * intervals + number + 1]
                    side += [np.full(len(mine), ABOVE), np.full(len(mine), BELOW)]
        return Sides(np.concatenate(corners), np.concatenate(half_space), np.concatenate(side))

    def _split_rim(
        self, faces: IntArray, on: BoolArray, found: IntArray, of: IntArray, levels: list[Level], extra: list[int]
    ) -> tuple[IntArray, IntArray]:
        """Triangles split where levels of the neighbouring layer in z cut the edge that their face has in its plane."""
        if not extra:
            return found, of
        edges = np.full((len(faces), 2), -1)
        chosen = on.sum(axis=1) == 2
        edges[chosen] = faces[on & chosen[:, None]].reshape(-1, 2)
        more = [self.division.level(number) for number in extra]
        return split(self.division.lattice, self.division.heights, edges, found, of, levels, more)

    def _apices(self, z_layer: ZLayer, bodies: Bodies, marks: IntArray, slabs: IntArray) -> Iterator[IntArray]:
        """(s,) corners of slabs from which all sides may be seen, likely ones first; NOWHERE where there is none."""
        intervals = len(z_layer.active) + 1
        body, interval = np.divmod(slabs, intervals)
        order = np.lexsort((bodies.nodes, self.division.heights[bodies.nodes]), axis=1)
        nodes, marks = (np.take_along_axis(part, order, axis=1)[body] for part in (bodies.nodes, marks))
        start, stop = (np.where(marks[:, k] == interval, nodes[:, k], NOWHERE) for k in (0, 3))
        for number, active in enumerate(z_layer.active):
            level = self.division.level(active)
            for crossed, corner in ((interval == number + 1, start), (interval == number, stop)):
                mine = np.flatnonzero(crossed & (corner == NOWHERE))
                at = level.crossing(self.division.lattice, nodes[mine, 0], nodes[mine, 3])
                corner[mine] = np.where(at >= 0, -1 - at, NOWHERE)
        yield start
        for k in (2, 1, 3):
            yield np.where(marks[:, k] == interval, nodes[:, k], NOWHERE)
        yield stop

    def _points(self, corners: IntArray) -> FloatArray:
        """(n, 3) places of nodes and of vertices of levels, µm."""
        places = np.empty((len(corners), 3))
        on_node = corners >= 0
        places[on_node] = self.division.lattice.points(corners[on_node])
        places[~on_node] = self._vertices[-1 - corners[~on_node]]
        return places

    @cached_property
    def _vertices(self) -> FloatArray:
        return np.concatenate([np.empty((0, 3)), *(surface.vertices for _, surface, _ in self.division.surfaces)])

    def _numbered(self, corners: IntArray, centres: FloatArray) -> tuple[FloatArray, IntArray]:
        """Points, and corners by their numbers: vertices of levels, nodes, points amid slabs."""
        lattice, vertices = self.division.lattice, self._vertices
        flat = corners.ravel()
        at_level, at_centre = flat < 0, flat >= CENTRE
        known = np.zeros(lattice.count + len(lattice.places), dtype=bool)
        known[flat[~at_level & ~at_centre]] = True
        number = len(vertices) + numbers_of(known)
        points = np.concatenate([vertices, lattice.points(np.flatnonzero(known)), centres])
        found = np.where(at_level, -1 - flat, number[np.where(at_level | at_centre, 0, flat)])
        found[at_centre] = flat[at_centre] - CENTRE + len(points) - len(centres)
        used, numbers = compacted(found.reshape(corners.shape))
        return points[used], numbers
