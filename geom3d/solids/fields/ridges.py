"""Ridges of a distance: where two parts of a surface are equally near, it rises along an edge and falls again.

On either side of a ridge another point of the surface is the nearest, and of two points one knows the plane in between. So
the nearest points of both ends of an edge tell where its ridge lies, whatever the surface was made from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import Nearest
from geom3d.solids.fields.splits import Lattice, with_splits
from geom3d.solids.grid import Grid

#: So often the nearest point where the ridge would lie takes the place of that of the end on whose side it is.
ROUNDS = 2
#: By what a distance that is known is taken larger, so that rounding does not hide what is that far away.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Edges:
    """Edges that may have a ridge.

    Attributes:
        start, way: (n, 3) lower ends, and the ways to the upper ones, µm.
        below, above: (n,) distance of both ends, µm.
        one, other: (n, 3) two points of the surface as seen from the lower end, each near one of the ends, µm.
        at: (n,) share of the way where both are equally near.
    """

    start: FloatArray
    way: FloatArray
    below: FloatArray
    above: FloatArray
    one: FloatArray
    other: FloatArray
    at: FloatArray

    @classmethod
    def of(cls, start: FloatArray, way: FloatArray, one: FloatArray, other: FloatArray) -> Edges:
        """Edges of which the nearest points of both ends are known, (n, 3) each, as seen from the lower end."""
        below, above = np.linalg.norm(one, axis=1), np.linalg.norm(other - way, axis=1)
        return cls(start, way, below, above, one, other, _between(one, other, way))

    def __getitem__(self, chosen: BoolArray) -> Edges:
        return Edges(*(getattr(self, each.name)[chosen] for each in fields(self)))

    @property
    def length(self) -> FloatArray:
        """(n,) µm."""
        return np.asarray(np.linalg.norm(self.way, axis=1))

    def most(self) -> FloatArray:
        """(n,) more than the distance of the places that are told, µm."""
        there = self.at[:, None] * self.way
        away = [np.linalg.norm(there - point, axis=1) for point in (self.one, self.other)]
        return np.asarray(np.minimum(*away) * (1 + ROUNDING))

    def rise(self, height: FloatArray) -> FloatArray:
        """(n,) by how much the distance there is more than between the ends, µm."""
        return height - (1 - self.at) * self.below - self.at * self.above

    def refined(self, surface: Nearest) -> Edges:
        """The same, each with the point that is nearest there instead of that one of both which is the nearer to it."""
        there = self.at[:, None] * self.way
        found = there + surface.steps(self.start + there, self.most())
        nearer = np.linalg.norm(found - self.one, axis=1) <= np.linalg.norm(found - self.other, axis=1)
        one, other = np.where(nearer[:, None], found, self.one), np.where(nearer[:, None], self.other, found)
        return replace(self, one=one, other=other, at=_between(one, other, self.way))


def _between(one: FloatArray, other: FloatArray, way: FloatArray) -> FloatArray:
    """(n,) share of a way from the origin at which two points are equally near; 0.5 where they are so all along."""
    apart = 2 * np.einsum("ij,ij->i", way, other - one)
    ahead = np.einsum("ij,ij->i", other, other) - np.einsum("ij,ij->i", one, one)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(apart > 0, ahead / apart, 0.5)
    return np.clip(found, 0.0, 1.0)


def with_ridges(
    surface: Nearest,
    grid: Grid,
    nodes: IntArray,
    steps: FloatArray,
    levels: FloatArray,
    bend: float,
    margin: float,
) -> tuple[Lattice, FloatArray]:
    """The grid with nodes on ridges of the distance that a level meets, and the distance at these.

    Args:
        surface: from which the distance is taken, not signed.
        grid: the nodes.
        nodes: (n,) ascending, of the first period, at which it is known.
        steps: (n, 3) from these to their nearest points, µm; infinite where there is none near.
        levels: at which the distance is cut, µm.
        bend: a ridge is worth a node where it lies higher above the straight line between the ends than this share of
            the edge.
        margin: no node lies nearer to the end of its edge than this share of the edge.
    """
    levels = levels[levels > 0]
    number = np.full(grid.strides[2] * len(grid.z), -1, dtype=np.int32)
    number[nodes] = np.arange(len(nodes))
    number[nodes[~np.isfinite(steps[:, 0])]] = -1
    number = number.reshape(grid.shape)
    number[:, :, -1], number[:, -1] = number[:, :, 0], number[:, 0]
    room = 1024
    while True:
        lower, kind = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
        count = _find(number, steps, grid.x, grid.y, grid.z, levels, bend, lower, kind)
        if count <= room:
            break
        room = count
    lower, kind = lower[:count], kind[:count]
    upper = lower + grid.steps[kind]
    start = grid.points(lower)
    way = grid.points(upper) - start
    known = [steps[number.ravel()[ends]] for ends in (lower, upper)]
    # Both nearest points as seen from the edge's lower end.
    edges = Edges.of(start, way, known[0], known[1] + way)
    chosen = np.arange(count)
    for _ in range(ROUNDS):
        edges = edges.refined(surface)
        worth = edges.rise(edges.most()) > bend * edges.length
        edges, chosen = edges[worth], chosen[worth]
    lower, kind, at = lower[chosen], kind[chosen], np.clip(edges.at, margin, 1 - margin)
    places = np.empty((len(chosen), 3))
    for each in range(1, 8):
        mine = kind == each
        places[mine] = grid.between(lower[mine], each, at[mine])
    edges = replace(edges, at=at)
    height = surface.distances(places, edges.most())
    worth = edges.rise(height) > bend * edges.length
    lattice, of = with_splits(grid, kind[worth], lower[worth], at[worth])
    return lattice, height[worth][of]


@compiled
def _find(
    number: NDArray[np.int32],
    steps: FloatArray,
    x: FloatArray,
    y: FloatArray,
    z: FloatArray,
    levels: FloatArray,
    bend: float,
    lower: IntArray,
    kind: IntArray,
) -> int:
    """Finds edges with a ridge that a level may meet, and fills in as many as there is room for.

    Args:
        number: (nz + 1, ny + 1, nx + 1) place of each node in `steps`; -1 where it has none.
        steps, levels, bend: as for `with_ridges`.
        x, y, z: planes of the grid.
        lower, kind: to be filled.
    """
    count, (sheets, rows, columns) = 0, number.shape
    for k in range(sheets):
        for j in range(rows - 1):
            for i in range(columns - 1):
                a = number[k, j, i]
                for each in range(1, 8 if k < sheets - 1 else 4):
                    u, v, w = i + (each & 1), j + (each >> 1 & 1), k + (each >> 2)
                    b = number[w, v, u]
                    if a < 0 or b < 0:
                        continue
                    least, ridge = _ridge(steps[a], steps[b], x[u] - x[i], y[v] - y[j], z[w] - z[k], bend)
                    for level in levels:
                        if least < level < ridge:
                            if count < len(lower):
                                lower[count], kind[count] = (k * rows + j) * columns + i, each
                            count += 1
                            break
    return count


@compiled
def _ridge(one: FloatArray, other: FloatArray, x: float, y: float, z: float, bend: float) -> tuple[float, float]:
    """The lesser distance of both ends of an edge, and what the distance nowhere exceeds; twice the same without a ridge.

    Args:
        one, other: steps from both ends to their nearest points, µm.
        x, y, z: of the edge, µm.
        bend: as for `with_ridges`.
    """
    start = math.sqrt(one[0] * one[0] + one[1] * one[1] + one[2] * one[2])
    stop = math.sqrt(other[0] * other[0] + other[1] * other[1] + other[2] * other[2])
    least, length = min(start, stop), math.sqrt(x * x + y * y + z * z)
    if least == 0:
        return least, least
    # Where both nearest points, seen from the lower end, are equally near.
    bx, by, bz = other[0] + x, other[1] + y, other[2] + z
    apart = 2 * (x * (bx - one[0]) + y * (by - one[1]) + z * (bz - one[2]))
    ahead = bx * bx + by * by + bz * bz - start * start
    if not 0 < ahead < apart:
        return least, least
    at = ahead / apart
    px, py, pz = at * x - one[0], at * y - one[1], at * z - one[2]
    ridge = math.sqrt(px * px + py * py + pz * pz)
    if ridge - (1 - at) * start - at * stop <= bend * length:
        return least, least
    # Beside a wall nearest points alone tell too much: how the distance begins to change at both ends tells whether it is
    # the same wall. Of a convex one that tells too little, so half of it will do.
    rise = -(x * one[0] + y * one[1] + z * one[2]) / start
    fall = (x * other[0] + y * other[1] + z * other[2]) / stop
    turn = (start - stop + rise) * (stop - start + fall)
    if rise + fall <= 0 or turn <= 0.5 * bend * length * (rise + fall):
        return least, least
    return least, ridge
