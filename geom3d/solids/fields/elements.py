"""The connected pieces of a divided grid, exact for films thinner than a step, and their volumes.

In a tetrahedron an interval between two levels is a slab: it is in one piece, and it holds a corner or an edge that both
levels cross. So the pieces of a layer in z are the connected parts of a graph whose points are groups of neighbouring nodes
in one interval, and both sides of every vertex of a level. Volumes are summed over tetrahedra by formula: a second way,
beside that over the walls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations, pairwise
from typing import Any, TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, tetrahedron_volumes
from geom3d.core.jit import compiled
from geom3d.mesh.components import Components, Union
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.solids.fields.contour import LevelSurface, Share, codes_of
from geom3d.solids.fields.division import Division, ZLayer
from geom3d.solids.grid import TETRAHEDRA

Number = TypeVar("Number", np.int8, np.float64)

#: Neighbours along the edges of tetrahedra: steps of one sign only.
NEIGHBOURS = np.zeros((3, 3, 3), dtype=bool)
NEIGHBOURS[1:, 1:, 1:] = NEIGHBOURS[:2, :2, :2] = True


@dataclass(frozen=True)
class Elements:
    """The points of a layer in z's graph.

    Attributes:
        z_layer: which.
        intervals: (planes, ny + 1, nx + 1) interval of each node, between active levels, counted from the lowest.
        groups: (n,) number of the group of each node, those at crossings of planes first, then those on split edges.
        marks: (n,) interval of each node, in the same order.
        crossings: for each active level its surface and the number of its first vertex's lower side; the upper sides
            follow after all lower ones.
    """

    z_layer: ZLayer
    intervals: NDArray[np.int8]
    groups: IntArray
    marks: NDArray[np.int8]
    crossings: tuple[tuple[LevelSurface, int], ...]


@dataclass(frozen=True)
class Pieces:
    """The graph of a division.

    Attributes:
        division: the divided grid.
    """

    division: Division

    @cached_property
    def _elements(self) -> tuple[tuple[Elements, ...], int]:
        """The points of every layer in z's graph, and how many there are in all."""
        found, count = [], 0
        for z_layer in self.division.z_layers:
            elements, count = self._of_z_layer(z_layer, count)
            found.append(elements)
        return tuple(found), count

    def _of_z_layer(self, z_layer: ZLayer, count: int) -> tuple[Elements, int]:
        division, layers = self.division, z_layer.layers
        values = division.values[layers.start : layers.stop + 1]
        intervals = np.zeros(values.shape, dtype=np.int8)
        for number in z_layer.active:
            intervals += values > division.levels[number]
        extra = division.extra
        marks = np.zeros(len(extra), dtype=np.int8)
        for number in z_layer.active:
            marks += extra > division.levels[number]
        groups = np.zeros(values.shape, dtype=np.int64)
        for interval in range(len(z_layer.active) + 1):
            mine = intervals == interval
            numbers, found = scipy.ndimage.label(mine, NEIGHBOURS)
            groups[mine] = numbers[mine] + (count - 1)
            count += found
        # Nodes on split edges are groups of their own, linked by the edges of the tetrahedra around them.
        alone = np.arange(count, count + len(extra))
        count += len(extra)
        crossings = []
        for number in z_layer.active:
            surface = next(s for of, s, _ in division.surfaces if of == number and layers.start in s.layers)
            crossings.append((surface, count))
            count += 2 * len(surface.vertices)
        groups, marks = np.concatenate([groups.ravel(), alone]), np.concatenate([intervals.ravel(), marks])
        return Elements(z_layer, intervals, groups, marks, tuple(crossings)), count

    @cached_property
    def _components(self) -> IntArray:
        """(n,) number of the connected part of each point."""
        elements, count = self._elements
        union = Union(count)
        for of in elements:
            for one, other in self._links(of):
                union.join(one, other)
        return union.numbers()

    def _links(self, of: Elements) -> Iterator[tuple[IntArray, IntArray]]:
        """Pairs of points of a layer in z that hang together."""
        division, layers = self.division, of.z_layer.layers
        for place, (surface, start) in enumerate(of.crossings):
            upper = start + len(surface.vertices)
            triangles = surface.triangles[surface.within(layers)].astype(np.int64)
            a, b, c = np.ascontiguousarray(triangles.T)
            for side in (start, upper):
                yield a + side, b + side
                yield b + side, c + side
            vertices = _used(triangles, len(surface.vertices))
            ends = surface.ends[vertices]
            heights = division.heights[ends]
            rows = np.arange(len(ends))
            low, high = ends[rows, heights.argmin(axis=1)], ends[rows, heights.argmax(axis=1)]
            under, over = of.groups[self._at(of, low)], of.groups[self._at(of, high)]
            if place:
                before, begin = of.crossings[place - 1]
                at = before.on(division.lattice, *ends.T)
                under = np.where(at >= 0, begin + len(before.vertices) + at, under)
            if place + 1 < len(of.crossings):
                after, begin = of.crossings[place + 1]
                at = after.on(division.lattice, *ends.T)
                over = np.where(at >= 0, begin + at, over)
            yield vertices + start, under
            yield vertices + upper, over
        yield from self._around_splits(of)

    def _around_splits(self, of: Elements) -> Iterator[tuple[IntArray, IntArray]]:
        """Pairs of groups of nodes at the ends of an edge, in one interval, in bricks that have split edges."""
        tetrahedra, _ = self.division.lattice.tetrahedra(of.z_layer.layers)
        at = self._at(of, tetrahedra)
        for a, b in combinations(range(4), 2):
            same = of.marks[at[:, a]] == of.marks[at[:, b]]
            yield of.groups[at[same, a]], of.groups[at[same, b]]

    def _at(self, of: Elements, nodes: IntArray) -> IntArray:
        """Places of nodes in a layer in z's arrays."""
        count = self.division.lattice.count
        return np.where(
            nodes < count,
            nodes - of.z_layer.layers.start * self.division.grid.strides[2],
            nodes - count + of.intervals.size,
        )

    def _of_simplices(self, of: Elements, nodes: IntArray, interval: int) -> IntArray:
        """(n,) the piece that the part of each simplex in an interval belongs to.

        Args:
            of: the layer in z's points.
            nodes: (n, c) corners; all simplices reach into the interval.
            interval: between active levels, counted from the lowest.
        """
        found = np.full(len(nodes), -1)
        for corner in nodes.T[::-1]:  # the first corner in the interval decides
            at = self._at(of, corner)
            np.copyto(found, of.groups[at], where=of.marks[at] == interval)
        thin = np.flatnonzero(found < 0)
        if len(thin):
            heights = self.division.heights[nodes[thin]]
            rows = np.arange(len(thin))
            low, high = nodes[thin][rows, heights.argmin(axis=1)], nodes[thin][rows, heights.argmax(axis=1)]
            surface, start = of.crossings[interval]
            found[thin] = start + surface.on(self.division.lattice, low, high)
        return np.asarray(self._components[found])

    def _reach(self, of: Elements, nodes: IntArray) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """(n,) the lowest and the highest interval in which simplices have a part."""
        return ends_of([of.marks[self._at(of, corner)] for corner in nodes.T])

    def _volumes(self) -> tuple[FloatArray, IntArray]:
        """(n,) volume, µm³, of each connected part, and its label; -1 for numbers that are no part of the box."""
        lattice, grid = self.division.lattice, self.division.grid
        count = int(self._components.max()) + 1
        volumes, labels = np.zeros(count), np.full(count, -1)
        dx, dy, dz = (np.diff(axis) for axis in (grid.x, grid.y, grid.z))
        low = (slice(None, -1),) * 3
        for of in self._elements[0]:
            start, stop = of.z_layer.layers.start, of.z_layer.layers.stop
            row = np.array([of.z_layer.label(n) for n in range(len(of.z_layer.active) + 1)])
            whole = np.zeros(of.intervals.shape, dtype=bool)
            whole[low] = _over_bricks(np.minimum, of.intervals) == _over_bricks(np.maximum, of.intervals)
            touched = lattice.touched_in(of.z_layer.layers) - start * grid.strides[2]
            whole.ravel()[touched] = False
            cut = ~whole
            cut.ravel()[touched] = False
            cut, whole = cut[low], whole[low]
            sizes = dz[start:stop, None, None] * (dy[:, None] * dx)
            pieces = self._components[of.groups[: of.intervals.size].reshape(of.intervals.shape)[low][whole]]
            np.add.at(volumes, pieces, sizes[whole])
            labels[pieces] = row[of.intervals[low][whole]]
            k, j, i = np.nonzero(cut)
            first = ((k + start) * grid.strides[2] + j * grid.strides[1] + i)[:, None]
            parts = [(first + grid.steps[list(tetrahedron)], sizes[k, j, i] / 6) for tetrahedron in TETRAHEDRA]
            nodes = lattice.tetrahedra(of.z_layer.layers)[0]
            parts.append((nodes, tetrahedron_volumes(*(lattice.points(corner) for corner in nodes.T))))
            for nodes, full in parts:
                self._add_tetrahedra(of, nodes, full, row, volumes, labels)
        return volumes, labels

    def _add_tetrahedra(
        self, of: Elements, nodes: IntArray, sizes: FloatArray, row: IntArray, volumes: FloatArray, labels: IntArray
    ) -> None:
        """Adds the volumes of the parts of tetrahedra to those of their pieces, and notes the pieces' labels.

        Args:
            of: the layer in z's points.
            nodes: (n, 4) corners.
            sizes: (n,) volumes, µm³.
            row: label by interval.
            volumes, labels: of all pieces, to be filled.
        """
        shares, heights = np.zeros((len(of.z_layer.active) + 2, len(nodes))), self.division.heights[nodes]
        for place, level in enumerate(of.z_layer.active):
            inside = heights <= self.division.levels[level]
            shares[place + 1] = share_below(nodes, inside, self.division.placed(level))
        shares[-1] = 1.0
        at = self._at(of, nodes)
        thin = np.zeros((len(shares) - 1, len(nodes)), dtype=np.bool_)
        _add_parts(at, of.marks, of.groups, self._components, shares, sizes, row, volumes, labels, thin)
        for each, mine in enumerate(thin):
            some = np.flatnonzero(mine)
            if len(some):
                pieces = self._of_simplices(of, nodes[some], each)
                np.add.at(volumes, pieces, ((shares[each + 1] - shares[each]) * sizes)[some])
                labels[pieces] = row[each]

    def components(self) -> Components:
        """The pieces as a graph, with the piece behind and in front of every wall."""
        volumes, labels = self._volumes()
        names = np.flatnonzero(labels >= 0)
        inner, through, ends = self._contacts()
        links = [np.searchsorted(names, pairs) for pairs in (*inner, *(pairs for pairs, _ in through))]
        steps = [np.zeros_like(pairs) for pairs in inner]
        steps += [np.broadcast_to(step, pairs.shape) for pairs, step in through]
        at_end = np.zeros(len(names), dtype=bool)
        at_end[np.searchsorted(names, ends)] = True
        back_region, front_region = self._sides()
        return Components(
            labels=labels[names],
            volumes=volumes[names],
            links=np.concatenate(links),
            shifts=np.concatenate(steps),
            at_end=at_end,
            back_component=np.searchsorted(names, back_region),
            front_component=np.where(front_region == OUTSIDE, OUTSIDE, np.searchsorted(names, front_region)),
        )

    def _contacts(self) -> tuple[list[IntArray], list[tuple[IntArray, tuple[int, int]]], IntArray]:
        """Pairs of pieces that share a face in the box, pairs through the period with their step, pieces at an end."""
        by_z_layer = {id(of.z_layer): of for of in self._elements[0]}
        inner = [np.empty((0, 2), dtype=np.int64)]
        through: list[tuple[IntArray, tuple[int, int]]] = []
        ends = []
        for of in self._elements[0]:
            for surface, start in of.crossings:
                here = surface.within(of.z_layer.layers)
                lower = start + _used(surface.triangles[here], len(surface.vertices))
                inner.append(_distinct(self._components[lower], self._components[lower + len(surface.vertices)]))
        low: list[IntArray] = []
        for face in self.division.faces:
            below, above = (None if s is None else by_z_layer[id(s)] for s in (face.below, face.above))
            if below is not None and above is not None:
                inner.append(self._across(face.facets, below, above))
            elif face.axis == 2:
                ends += [p for of in (below, above) if of is not None for p in self._along(face.facets, of)]
            elif above is not None:
                low = self._along(face.facets, above)
            elif below is not None:
                high = self._along(face.facets, below)
                step = (1, 0) if face.axis == 0 else (0, 1)
                through += [(_distinct(*pair), step) for pair in zip(high, low, strict=True)]
        return inner, through, np.unique(np.concatenate(ends))

    def _along(self, facets: IntArray, of: Elements) -> list[IntArray]:
        """For each interval, the pieces of the facets that have a part in it."""
        lowest, highest = self._reach(of, facets)
        return [
            self._of_simplices(of, facets[(lowest <= n) & (highest >= n)], n) for n in range(len(of.z_layer.active) + 1)
        ]

    def _across(self, facets: IntArray, below: Elements, above: Elements) -> IntArray:
        """Pairs of pieces under and over the same part of a plane."""
        lowest, highest = ends_of([self.division.heights[corner] for corner in facets.T])
        pairs = []
        bounds = [self._bounds(of) for of in (below, above)]
        for m, under in enumerate(pairwise(bounds[0])):
            for n, over in enumerate(pairwise(bounds[1])):
                start, stop = max(under[0], over[0]), min(under[1], over[1])
                some = np.flatnonzero((lowest <= stop) & (highest > start))
                if start < stop and len(some):
                    ends = [self._of_simplices(of, facets[some], q) for of, q in ((below, m), (above, n))]
                    pairs.append(_distinct(*ends))
        return np.concatenate(pairs)

    def _bounds(self, of: Elements) -> list[float]:
        return [-np.inf, *(float(self.division.levels[n]) for n in of.z_layer.active), np.inf]

    def _sides(self) -> tuple[IntArray, IntArray]:
        """(T,) piece behind and in front of every triangle of the walls, in their order; OUTSIDE beyond the box."""
        by_z_layer = {id(of.z_layer): of for of in self._elements[0]}
        back_region, front_region = [], []
        for number, surface, _ in self.division.surfaces:
            behind, before = np.empty((2, len(surface.triangles)), dtype=np.int64)
            for of in self._elements[0]:
                if number in of.z_layer.active and of.z_layer.layers.start in surface.layers:
                    start = of.crossings[of.z_layer.active.index(number)][1]
                    upper = start + len(surface.vertices)
                    here = np.flatnonzero(surface.within(of.z_layer.layers))
                    first = surface.triangles[here, 0]
                    behind[here], before[here] = self._components[start:][first], self._components[upper:][first]
            back_region.append(behind)
            front_region.append(before)
        for face, parts in zip(self.division.faces, self.division.cuts, strict=True):
            for column, _, facet in parts:
                back, fore = (
                    np.full(len(facet), OUTSIDE)
                    if s is None
                    else self._of_simplices(
                        by_z_layer[id(s)], face.facets[facet], sum(level < column for level in s.active)
                    )
                    for s in (face.below, face.above)
                )
                if (
                    face.below is not None
                    and face.above is not None
                    and face.below.row[column] == face.above.row[column]
                ):
                    continue
                back_region.append(fore if face.below is None else back)
                front_region.append(back if face.below is None else fore)
        return np.concatenate(back_region), np.concatenate(front_region)


@compiled
def _add_parts(
    at: IntArray,
    marks: NDArray[np.int8],
    groups: IntArray,
    components: IntArray,
    shares: FloatArray,
    sizes: FloatArray,
    row: IntArray,
    volumes: FloatArray,
    labels: IntArray,
    thin: BoolArray,
) -> None:
    """Adds volumes of the parts of tetrahedra that hold a corner.

    Args:
        at: (n, 4) places of corners in the arrays of a layer in z.
        marks, groups: of these places.
        components: of the groups.
        shares: (k + 1, n) of the tetrahedra below each of k intervals and the last one.
        sizes, row, volumes, labels: as for `Pieces._add_tetrahedra`.
        thin: (k, n) to be filled: True for parts that hold no corner.
    """
    for n in range(len(at)):
        low, high = marks[at[n, 0]], marks[at[n, 0]]
        for corner in range(1, 4):
            low, high = min(low, marks[at[n, corner]]), max(high, marks[at[n, corner]])
        for interval in range(low, high + 1):
            thin[interval, n] = True
            for corner in range(4):
                if marks[at[n, corner]] == interval:
                    piece = components[groups[at[n, corner]]]
                    volumes[piece] += (shares[interval + 1, n] - shares[interval, n]) * sizes[n]
                    labels[piece] = row[interval]
                    thin[interval, n] = False
                    break


def share_below(nodes: IntArray, inside: BoolArray, share: Share) -> FloatArray:
    """(n,) share of each tetrahedron's volume on the inner side of a surface.

    Args:
        nodes: (n, 4) corners.
        inside: (n, 4) which of them are on the inner side.
        share: where the surface crosses an edge.

    Where it is four-sided, the surface is two triangles, as in `contour`.
    """
    codes = codes_of(inside)
    found = np.where(codes == 15, 1.0, 0.0)
    cases = []
    for code in range(1, 15):
        rows = np.flatnonzero(codes == code)
        if len(rows):
            inner, outer = ([c for c in range(4) if (code >> c & 1) == side] for side in (1, 0))
            cases.append((rows, inner, outer, [(i, o) for i in inner for o in outer]))
    if not cases:
        return found
    # All edges at once: there may be many small layers in z.
    ends = [(nodes[rows, i], nodes[rows, o]) for rows, _, _, pairs in cases for i, o in pairs]
    shares = share(*(np.concatenate(part) for part in zip(*ends, strict=True)))
    ways = iter(np.split(shares, np.cumsum([len(one) for one, _ in ends])[:-1]))
    for rows, inner, outer, pairs in cases:
        s = {pair: next(ways) for pair in pairs}
        if len(inner) == 1:
            part = np.prod([*s.values()], axis=0)
        elif len(outer) == 1:
            part = 1 - np.prod([1 - way for way in s.values()], axis=0)
        else:
            # Three tetrahedra with a common corner, by their determinants in barycentric coordinates.
            (a, b), (c, d) = inner, outer
            part = s[b, c] * s[b, d] + s[a, c] * s[a, d] * (1 - s[b, d]) + s[a, c] * s[b, d] * (1 - s[b, c])
        found[rows] = part
    return found


def ends_of(columns: Sequence[NDArray[Number]]) -> tuple[NDArray[Number], NDArray[Number]]:
    """(n,) least and greatest of each row of a few columns: several times faster than along the rows."""
    return reduce(np.minimum, columns), reduce(np.maximum, columns)


def _over_bricks(function: np.ufunc, nodes: NDArray[np.int8]) -> NDArray[np.int8]:
    """Least or greatest value over the corners of every brick."""
    for axis in range(3):
        low = tuple(slice(None, -1) if k == axis else slice(None) for k in range(3))
        high = tuple(slice(1, None) if k == axis else slice(None) for k in range(3))
        nodes = function(nodes[low], nodes[high])
    return nodes


def _used(triangles: NDArray[np.integer[Any]], count: int) -> IntArray:
    """The vertices of triangles, ascending."""
    used = np.zeros(count, dtype=bool)
    used[triangles] = True
    return np.flatnonzero(used)


def _distinct(one: IntArray, other: IntArray) -> IntArray:
    """(m, 2) the different pairs among given ones."""
    if not len(one):
        return np.empty((0, 2), dtype=np.int64)
    count = int(other.max()) + 1
    return np.column_stack(np.divmod(np.unique(one * count + other), count))
