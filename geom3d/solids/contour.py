"""Level surfaces of values on a grid, linear in every tetrahedron.

Surfaces of different levels cannot meet, since in a tetrahedron they are parallel planes: any number of nested films
comes out conformal, whatever the ratio of thickness to step. Only bricks that a surface crosses are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from geom3d.solids.grid import Grid
from geom3d.walls import BoolArray, FloatArray, IntArray

Int32Array = NDArray[np.int32]
#: The 19 edges of a brick: pairs of corners whose bits contain each other.
EDGES = [(a, b) for a in range(8) for b in range(8) if a != b and a & b == a]
#: Chains of corners from one end of the diagonal to the other: the six tetrahedra.
TETRAHEDRA = [(0, 1 << p, 1 << p | 1 << q, 7) for p, q, _ in permutations(range(3))]


@dataclass(frozen=True)
class Surface:
    """A level surface in a run of layers of the grid.

    Attributes:
        layers: of bricks, in z.
        vertices: (V, 3) µm.
        triangles: (T, 3) vertex numbers; normals point to higher values.
        layer: (T,) layer of each triangle.
        lower: (V,) lower node of the edge each vertex lies on; ascending within a kind.
        starts: (9,) where the vertices on edges of each kind begin; those of kind k are starts[k]:starts[k + 1].
    """

    layers: range
    vertices: FloatArray
    triangles: Int32Array
    layer: NDArray[np.int16]
    lower: IntArray
    starts: tuple[int, ...]

    def at(self, kind: IntArray, lower: IntArray) -> IntArray:
        """(n,) the vertex on each edge; -1 where the surface does not cross it."""
        found = np.full(len(kind), -1)
        for k in range(1, 8):
            chosen = np.flatnonzero(kind == k)
            nodes = self.lower[self.starts[k] : self.starts[k + 1]]
            if len(chosen) and len(nodes):
                place = np.minimum(np.searchsorted(nodes, lower[chosen]), len(nodes) - 1)
                found[chosen] = np.where(nodes[place] == lower[chosen], place + self.starts[k], -1)
        return found

    @property
    def kinds(self) -> IntArray:
        """(V,) kind of the edge of each vertex."""
        return np.repeat(np.arange(8), np.diff(self.starts))


def contour(grid: Grid, values: FloatArray, level: float, layers: range) -> Surface:
    """The surface on which the values equal a level.

    Args:
        grid: the nodes.
        values: (nz + 1, ny + 1, nx + 1) at the nodes; a node is inside where its value is not above the level.
        level: the value on the surface.
        layers: of bricks to look at.
    """
    part = np.ascontiguousarray(values[layers.start : layers.stop + 1])
    first = layers.start * grid.strides[2]
    inside = (part <= level).view(np.uint8)
    nodes, starts, vertices, numbers = _vertices(grid, part, inside, level, first)

    codes = _codes(inside)
    bricks = np.flatnonzero(np.subtract(codes, 1, dtype=np.uint8).ravel() < 254)
    codes = codes.ravel()[bricks]
    corners = np.empty((len(bricks), len(EDGES)), dtype=np.int32)
    for column, (a, b) in enumerate(EDGES):
        np.take(numbers[a ^ b], bricks + grid.steps[a], out=corners[:, column])
    triangles, of = _triangles(codes, corners)
    layer = (bricks[of] // grid.strides[2] + layers.start).astype(np.int16)
    return Surface(layers, vertices, triangles, layer, nodes, starts)


def _vertices(
    grid: Grid, part: FloatArray, inside: NDArray[np.uint8], level: float, first: int
) -> tuple[IntArray, tuple[int, ...], FloatArray, list[Int32Array]]:
    """A vertex on every edge whose ends lie on either side.

    Returns:
        lower nodes, where each kind begins, positions, and for each kind the vertex number by node (rubbish elsewhere).
    """
    flat = part.ravel()
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
        crossed = np.zeros(part.shape, dtype=bool)
        np.not_equal(inside[low], inside[high], out=crossed[low])
        lower = np.flatnonzero(crossed)
        from_, to = flat[lower], flat[lower + grid.steps[kind]]
        numbers.append(np.empty(part.size, dtype=np.int32))
        numbers[kind][lower] = np.arange(starts[-1], starts[-1] + len(lower), dtype=np.int32)
        nodes.append(lower + first)
        points.append(grid.between(nodes[-1], kind, (level - from_) / (to - from_)))
        starts.append(starts[-1] + len(lower))
    return np.concatenate(nodes), tuple(starts), np.concatenate(points), numbers


def _codes(inside: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The inside corners of every brick as bits, at the brick's lower node; 0 where there is no brick."""
    codes = np.zeros(inside.shape, dtype=np.uint8)
    rows = inside[:, :, :-1] | inside[:, :, 1:] << 1
    sheets = rows[:, :-1] | rows[:, 1:] << 2
    np.bitwise_or(sheets[:-1], sheets[1:] << 4, out=codes[:-1, :-1, :-1])
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
def _table() -> list[NDArray[np.int64]]:
    """For each set of inside corners the (n, 3) edges of a brick whose vertices make the triangles."""
    return [
        np.array([t for tetrahedron in TETRAHEDRA for t in _case(tetrahedron, code)], dtype=np.int64).reshape(-1, 3)
        for code in range(256)
    ]


def _case(tetrahedron: tuple[int, ...], code: int) -> list[tuple[int, ...]]:
    """Triangles of one tetrahedron, as edges of the brick, normals towards its outside corners."""
    inner = [c for c in tetrahedron if code >> c & 1]
    outer = [c for c in tetrahedron if not code >> c & 1]
    if not inner or not outer:
        return []
    if len(inner) == len(outer):
        (a, b), (c, d) = inner, outer
        ring = [(a, c), (a, d), (b, d), (b, c)]
        loops = [ring[:3], [ring[0], ring[2], ring[3]]]
    else:
        loops = [[(a, b) for a in inner for b in outer]]
    return [_oriented(loop, inner, outer) for loop in loops]


def _oriented(loop: list[tuple[int, int]], inner: list[int], outer: list[int]) -> tuple[int, ...]:
    place = np.array([[c & 1, c >> 1 & 1, c >> 2] for c in range(8)], dtype=float)
    p, q, r = (place[list(edge)].mean(axis=0) for edge in loop)
    towards = place[outer].mean(axis=0) - place[inner].mean(axis=0)
    ordered = loop if np.cross(q - p, r - p) @ towards > 0 else loop[::-1]
    return tuple(EDGES.index((min(edge), max(edge))) for edge in ordered)


def runs(active: BoolArray) -> list[range]:
    """Runs of consecutive layers in which something is."""
    marks = np.flatnonzero(np.diff(np.r_[False, active, False].astype(np.int8)))
    return [range(int(a), int(b)) for a, b in marks.reshape(-1, 2)]
