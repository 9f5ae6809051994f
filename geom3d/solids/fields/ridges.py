"""Ridges of a distance: where two parts of a surface are equally near, it rises along an edge and falls again.

On either side of a ridge another point of the surface is the nearest, and of two points one knows the plane in between. So
the nearest points of both ends of an edge tell where its ridge lies, whatever the surface was made from.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import Nearest
from geom3d.solids.fields.splits import Lattice, with_splits
from geom3d.solids.grid import Grid

#: So often the nearest point where the ridge would lie takes the place of that of the end on whose side it is.
ROUNDS = 2


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
    one, other = known[0], known[1] + way
    below, above = (np.linalg.norm(step, axis=1) for step in known)
    at = _between(one, other, way)
    for _ in range(ROUNDS):
        there = at[:, None] * way
        found = surface.steps(start + there) + there
        nearer = np.linalg.norm(found - one, axis=1) <= np.linalg.norm(found - other, axis=1)
        one, other = np.where(nearer[:, None], found, one), np.where(nearer[:, None], other, found)
        at = _between(one, other, way)
    at = np.clip(at, margin, 1 - margin)
    places = np.empty((count, 3))
    for each in range(1, 8):
        mine = kind == each
        places[mine] = grid.between(lower[mine], each, at[mine])
    height = surface.distances(places)
    worth = height - (1 - at) * below - at * above > bend * np.linalg.norm(way, axis=1)
    lattice, of = with_splits(grid, kind[worth], lower[worth], at[worth])
    return lattice, height[worth][of]


def _between(one: FloatArray, other: FloatArray, way: FloatArray) -> FloatArray:
    """(n,) share of a way from the origin at which two points are equally near; 0.5 where they are so all along."""
    apart = 2 * np.einsum("ij,ij->i", way, other - one)
    ahead = np.einsum("ij,ij->i", other, other) - np.einsum("ij,ij->i", one, one)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(apart > 0, ahead / apart, 0.5)
    return np.clip(found, 0.0, 1.0)


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
                if a < 0:
                    continue
                ax, ay, az = steps[a]
                aa = ax * ax + ay * ay + az * az
                for each in range(1, 8):
                    if each & 4 and k == sheets - 1:
                        continue
                    u, v, w = i + (each & 1), j + (each >> 1 & 1), k + (each >> 2)
                    b = number[w, v, u]
                    if b < 0:
                        continue
                    # Both nearest points, seen from the lower end, and the way to the upper one.
                    wx, wy, wz = x[u] - x[i], y[v] - y[j], z[w] - z[k]
                    bx, by, bz = steps[b, 0] + wx, steps[b, 1] + wy, steps[b, 2] + wz
                    apart = 2 * (wx * (bx - ax) + wy * (by - ay) + wz * (bz - az))
                    ahead = bx * bx + by * by + bz * bz - aa
                    if not 0 < ahead < apart:
                        continue
                    at = ahead / apart
                    px, py, pz = at * wx - ax, at * wy - ay, at * wz - az
                    ridge, length = math.sqrt(px * px + py * py + pz * pz), math.sqrt(wx * wx + wy * wy + wz * wz)
                    start, stop = math.sqrt(aa), math.sqrt(steps[b, 0] ** 2 + steps[b, 1] ** 2 + steps[b, 2] ** 2)
                    if ridge - (1 - at) * start - at * stop <= bend * length:
                        continue
                    for level in levels:
                        if min(start, stop) < level < ridge:
                            if count < len(lower):
                                lower[count], kind[count] = (k * rows + j) * columns + i, each
                            count += 1
                            break
    return count
