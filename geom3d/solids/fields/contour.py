"""Level surfaces of values on a grid, linear in every tetrahedron.

Surfaces of different levels cannot meet, since in a tetrahedron they are parallel planes: any number of nested films
comes out conformal, whatever the ratio of thickness to step. Only bricks that a surface crosses are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, numbers_of, places_among
from geom3d.solids.fields.splits import Lattice
from geom3d.solids.grid import EDGES, TETRAHEDRA, Grid

Int32Array = NDArray[np.int32]


@dataclass(frozen=True)
class LevelSurface:
    """A level surface in a run of layers of the grid.

    Attributes:
        layers: of bricks, in z.
        vertices: (V, 3) µm.
        triangles: (T, 3) vertex numbers; normals point to higher values.
        layer: (T,) layer of each triangle.
        ends: (V, 2) nodes at the ends of the edge each vertex lies on, the lower number first.
        starts: (9,) where the vertices on edges of each kind begin, ascending by lower node: those of kind k are
            starts[k]:starts[k + 1]. Those on edges with a node of `splits` at an end come last, ascending by both.
    """

    layers: range
    vertices: FloatArray
    triangles: Int32Array
    layer: NDArray[np.int16]
    ends: IntArray
    starts: tuple[int, ...]

    def within(self, layers: range) -> BoolArray:
        """(T,) which triangles lie in a run of layers."""
        return np.asarray((self.layer >= layers.start) & (self.layer < layers.stop))

    def on(self, lattice: Lattice, one: IntArray, other: IntArray) -> IntArray:
        """(n,) the vertex on each edge between nodes; -1 where the surface does not cross it."""
        lower, upper = np.minimum(one, other), np.maximum(one, other)
        kind = np.where(upper < lattice.count, np.searchsorted(lattice.grid.steps, upper - lower), 8)
        found = np.full(len(kind), -1)
        for k in range(1, 9):
            start, stop = self.starts[k], self.starts[k + 1] if k < 8 else len(self.vertices)
            chosen = np.flatnonzero(kind == k)
            if len(chosen) and stop > start:
                known, asked = self.ends[start:stop, 0], lower[chosen]
                if k == 8:
                    known, asked = _paired(self.ends[start:stop]), _paired(np.column_stack([lower, upper])[chosen])
                place = places_among(known, asked)
                found[chosen] = np.where(place >= 0, place + start, -1)
        return found


def _paired(ends: IntArray) -> IntArray:
    """(n,) one number for a pair of nodes; nodes are fewer than 2^31."""
    return ends[:, 0] << 31 | ends[:, 1]


#: Share of the way from one node to another, by their numbers, at which a level is crossed.
Share = Callable[[IntArray, IntArray], FloatArray]


def linear(heights: FloatArray, level: float) -> Share:
    """The share on edges along which a field is linear."""

    def share(one: IntArray, other: IntArray) -> FloatArray:
        start = heights[one]
        return (level - start) / (heights[other] - start)

    return share


def contour(
    lattice: Lattice, values: FloatArray, heights: FloatArray, level: float, layers: range, share: Share
) -> LevelSurface:
    """The surface on which the values equal a level.

    Args:
        lattice: the nodes.
        values: (nz + 1, ny + 1, nx + 1) at the grid's nodes; a node is inside where its value is not above the level.
        heights: (n,) at all nodes by their numbers.
        level: the value on the surface.
        layers: of bricks to look at.
        share: where the surface crosses an edge.
    """
    grid = lattice.grid
    part = np.ascontiguousarray(values[layers.start : layers.stop + 1])
    first = layers.start * grid.strides[2]
    inside = (part <= level).view(np.uint8)
    ends, starts, vertices, numbers = _vertices(grid, inside, share, first)

    codes = _codes(inside)
    codes.ravel()[lattice.touched_in(layers) - first] = 0
    bricks = np.flatnonzero(np.subtract(codes, 1, dtype=np.uint8).ravel() < 254)
    codes = codes.ravel()[bricks]
    corners = np.empty((len(bricks), len(EDGES)), dtype=np.int32)
    for column, (a, b) in enumerate(EDGES):
        np.take(numbers[a ^ b], bricks + grid.steps[a], out=corners[:, column])
    triangles, of = _triangles(codes, corners)
    layer = (bricks[of] // grid.strides[2] + layers.start).astype(np.int16)
    surface = LevelSurface(layers, vertices, triangles, layer, ends, starts)
    return surface if not len(lattice.keys) else _completed(lattice, surface, heights, level, share)


def _completed(
    lattice: Lattice, surface: LevelSurface, heights: FloatArray, level: float, share: Share
) -> LevelSurface:
    """The surface with its part in bricks that have split edges; vertices that no triangle uses are dropped."""
    tetrahedra, layer = lattice.tetrahedra(surface.layers)
    codes = codes_of(heights[tetrahedra] <= level)
    pairs, layers = [], []
    for code, cases in enumerate(cases_of_tetrahedron()):
        mine = np.flatnonzero(codes == code)
        for case in cases:
            pairs.append(tetrahedra[mine][:, case])  # (n, 3, 2)
            layers.append(layer[mine])
    ends = np.sort(np.concatenate(pairs).reshape(-1, 2), axis=1)
    extra = ends[:, 1] >= lattice.count
    known, number = np.unique(_paired(ends[extra]), return_inverse=True)
    new = np.column_stack([known >> 31, known & (1 << 31) - 1])
    corner = np.empty(len(ends), dtype=np.int64)
    corner[extra] = number + len(surface.vertices)
    corner[~extra] = surface.on(lattice, *ends[~extra].T)
    low, high = lattice.points(new[:, 0]), lattice.points(new[:, 1])
    places = lattice.snapped(low + share(*new.T)[:, None] * (high - low))
    vertices = np.concatenate([surface.vertices, places])

    triangles = np.concatenate([surface.triangles, corner.reshape(-1, 3)])
    used = np.zeros(len(vertices), dtype=bool)
    used[triangles] = True
    starts = np.r_[0, np.cumsum(used)][list(surface.starts)]
    return LevelSurface(
        layers=surface.layers,
        vertices=vertices[used],
        triangles=numbers_of(used)[triangles].astype(np.int32),
        layer=np.concatenate([surface.layer, *layers]).astype(np.int16),
        ends=np.concatenate([surface.ends, new])[used],
        starts=tuple(starts.tolist()),
    )


def _vertices(
    grid: Grid, inside: NDArray[np.uint8], share: Share, first: int
) -> tuple[IntArray, tuple[int, ...], FloatArray, list[Int32Array]]:
    """A vertex on every edge whose ends lie on either side.

    Returns:
        both nodes, where each kind begins, positions, and for each kind the vertex number by node (rubbish elsewhere).
    """
    starts, nodes, points = [0, 0], [], []
    numbers: list[Int32Array] = [np.empty(0, dtype=np.int32)]
    for kind in range(1, 8):
        low, high = (
            tuple(
                slice(None, -1) if kind >> axis & 1 and not up else slice(1, None) if kind >> axis & 1 else slice(None)
                for axis in (2, 1, 0)
            )
            for up in (False, True)
        )
        crossed = np.zeros(inside.shape, dtype=bool)
        np.not_equal(inside[low], inside[high], out=crossed[low])
        lower = np.flatnonzero(crossed)
        numbers.append(np.empty(inside.size, dtype=np.int32))
        numbers[kind][lower] = np.arange(starts[-1], starts[-1] + len(lower), dtype=np.int32)
        nodes.append(lower + first)
        points.append(grid.between(nodes[-1], kind, share(nodes[-1], nodes[-1] + grid.steps[kind])))
        starts.append(starts[-1] + len(lower))
    lowers = np.concatenate(nodes)
    steps = np.repeat(grid.steps[1:], np.diff(starts[1:]))
    return np.column_stack([lowers, lowers + steps]), tuple(starts), np.concatenate(points), numbers


def _codes(inside: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The inside corners of every brick as bits, at the brick's lower node; 0 where there is no brick."""
    codes = np.zeros(inside.shape, dtype=np.uint8)
    rows = inside[:, :, :-1] | inside[:, :, 1:] << 1
    sheets = rows[:, :-1] | rows[:, 1:] << 2
    np.bitwise_or(sheets[:-1], sheets[1:] << 4, out=codes[:-1, :-1, :-1])
    return codes


def codes_of(inside: BoolArray) -> NDArray[np.uint8]:
    """(n,) the inside corners of simplices, (n, c), as bits."""
    codes = np.zeros(len(inside), dtype=np.uint8)
    for corner, column in enumerate(inside.T):
        codes |= column.view(np.uint8) << np.uint8(corner)
    return codes


def _triangles(codes: NDArray[np.uint8], corners: Int32Array) -> tuple[Int32Array, IntArray]:
    """(T, 3) vertex numbers, and (T,) the brick of each, by cases."""
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(257))
    table = _table()
    counts = np.diff(ends)
    total = int(sum(count * len(table[code]) for code, count in enumerate(counts.tolist())))
    triangles = np.empty((total, 3), dtype=np.int32)
    of = np.empty(total, dtype=np.int64)
    place = 0
    for code in np.flatnonzero(counts).tolist():
        chosen, local = order[ends[code] : ends[code + 1]], table[code]
        stop = place + len(chosen) * len(local)
        found = corners[chosen][:, local.ravel()]
        triangles[place:stop] = found.reshape(-1, 3)
        of[place:stop] = np.repeat(chosen, len(local))
        place = stop
    return triangles, of


@cache
def cases_of_tetrahedron() -> list[list[NDArray[np.int64]]]:
    """For each set of inside corners of a tetrahedron of positive volume, pairs of corners for each triangle."""
    place = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    return [
        [np.array(_turned(loop, place, *sides)) for loop in _loops(*sides)]
        for code in range(16)
        for sides in [([c for c in range(4) if code >> c & 1], [c for c in range(4) if not code >> c & 1])]
    ]


@cache
def _table() -> list[NDArray[np.int64]]:
    """For each set of inside corners the (n, 3) edges of a brick whose vertices make the triangles."""
    # A tetrahedron has 16 cases, which the 256 of a brick share.
    masks = [sum(1 << corner for corner in four) for four in TETRAHEDRA]
    cases = [
        {inside: _case(four, inside) for inside in {code & mask for code in range(256)}}
        for four, mask in zip(TETRAHEDRA, masks, strict=True)
    ]
    return [
        np.array(
            [t for case, mask in zip(cases, masks, strict=True) for t in case[code & mask]], dtype=np.int64
        ).reshape(-1, 3)
        for code in range(256)
    ]


def _case(tetrahedron: tuple[int, ...], code: int) -> list[tuple[int, ...]]:
    """Triangles of one tetrahedron, as edges of the brick, normals towards its outside corners."""
    inner = [c for c in tetrahedron if code >> c & 1]
    outer = [c for c in tetrahedron if not code >> c & 1]
    place = [(c & 1, c >> 1 & 1, c >> 2) for c in range(8)]
    loops = [_turned(loop, place, inner, outer) for loop in _loops(inner, outer)]
    return [tuple(EDGES.index((min(edge), max(edge))) for edge in loop) for loop in loops]


def _loops(inner: list[int], outer: list[int]) -> list[list[tuple[int, int]]]:
    """Triangles between inside and outside corners of a tetrahedron, as pairs of corners."""
    if not inner or not outer:
        return []
    if len(inner) == len(outer):
        (a, b), (c, d) = inner, outer
        ring = [(a, c), (a, d), (b, d), (b, c)]
        return [ring[:3], [ring[0], ring[2], ring[3]]]
    return [[(a, b) for a in inner for b in outer]]


def _turned(
    loop: list[tuple[int, int]], place: list[tuple[int, int, int]], inner: list[int], outer: list[int]
) -> list[tuple[int, int]]:
    """The triangle, its normal towards the outside corners."""
    # Twice the middles of the edges, and sums of corners: whole numbers, and no arrays, which are slow where they are small.
    p, q, r = (tuple(x + y for x, y in zip(place[a], place[b], strict=True)) for a, b in loop)
    far, near = (tuple(sum(place[c][k] for c in side) for k in range(3)) for side in (outer, inner))
    towards = [f * len(inner) - n * len(outer) for f, n in zip(far, near, strict=True)]
    (ux, uy, uz), (vx, vy, vz) = ([e - s for s, e in zip(p, end, strict=True)] for end in (q, r))
    normal = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    return loop if sum(n * t for n, t in zip(normal, towards, strict=True)) > 0 else loop[::-1]


def runs(active: BoolArray) -> list[range]:
    """Runs of consecutive layers in which something is."""
    marks = np.flatnonzero(np.diff(np.r_[False, active, False].astype(np.int8)))
    return [range(int(a), int(b)) for a, b in marks.reshape(-1, 2)]
