"""The flight of particles over a surface that repeats in x and y: lots, rays, and where they land.

Lots depend on the seed, the particle's number and how many it has drawn, and on nothing else; directions need square roots only, which every
machine rounds alike. So the same particle takes the same way everywhere, however the work is shared out.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.jit import compiled

#: Below this weight a particle draws whether it flies on, and then weighs this much again.
LIGHT = 0.05
#: Most walls that one particle meets: of a closed cavity with almost no sticking it would find no end.
MOST_LANDINGS = 100_000
#: Most boxes that a flight passes: level above everything, it would find no end.
MOST_BOXES = 10_000_000
#: By this share of its edge a box is taken larger than it is, so that rounding loses no triangle on its border.
HAIR = 1e-6

Lots = NDArray[np.uint64]


@compiled
def _mixed(word: np.uint64) -> np.uint64:
    """A word whose every bit depends on all bits of another (the output function of SplitMix64, Steele et al., OOPSLA 2014)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@compiled
def _lot(lots: Lots) -> float:
    """The next number of a particle's own sequence, from 0 to less than 1."""
    lots[0] += np.uint64(0x9E3779B97F4A7C15)
    return np.float64(_mixed(lots[0]) >> np.uint64(11)) * 2.0**-53


@compiled
def begin(lots: Lots, seed: int, particle: int) -> None:
    """Puts a particle's sequence at its start."""
    lots[0] = _mixed(np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + _mixed(np.uint64(particle) + np.uint64(1)))


@compiled
def _leave(lots: Lots, nx: float, ny: float, nz: float, way: FloatArray) -> None:
    """Fills in a direction away from a surface of a normal, by the cosine law: even over the disc below the half-sphere."""
    while True:
        u, v = 2 * _lot(lots) - 1, 2 * _lot(lots) - 1
        square = u * u + v * v
        if square < 1:
            break
    w = math.sqrt(1 - square)
    # Two vectors at right angles to the third, without a branch (Duff et al., J. Comput. Graph. Tech. 6 (2017) 1).
    sign = -1.0 if nz < 0 else 1.0
    a = -1 / (sign + nz)
    b = nx * ny * a
    way[0] = u * (1 + sign * nx * nx * a) + v * b + w * nx
    way[1] = u * sign * b + v * (sign + ny * ny * a) + w * ny
    way[2] = -u * sign * nx - v * ny + w * nz


@compiled
def _touches(c: FloatArray, middle: FloatArray, half: FloatArray) -> bool:
    """Whether a triangle, given by its nine coordinates, meets a box: no axis parts them (Akenine-Möller, J. Graph. Tools 6
    (2001) 25).
    """
    ux, uy, uz, vx, vy, vz = c[3] - c[0], c[4] - c[1], c[5] - c[2], c[6] - c[0], c[7] - c[1], c[8] - c[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    away = nx * (c[0] - middle[0]) + ny * (c[1] - middle[1]) + nz * (c[2] - middle[2])
    if abs(away) > abs(nx) * half[0] + abs(ny) * half[1] + abs(nz) * half[2]:
        return False
    # Seen along each of the box's axes, the three sides of the triangle.
    for axis in range(3):
        x, y = (axis + 1) % 3, (axis + 2) % 3
        for k in range(3):
            one, two, other = 3 * k, 3 * ((k + 1) % 3), 3 * ((k + 2) % 3)
            px, py = c[one + y] - c[two + y], c[two + x] - c[one + x]
            side = px * (c[one + x] - middle[x]) + py * (c[one + y] - middle[y])
            tip = px * (c[other + x] - middle[x]) + py * (c[other + y] - middle[y])
            reach = abs(px) * half[x] + abs(py) * half[y]
            if min(side, tip) > reach or max(side, tip) < -reach:
                return False
    return True


@compiled
def sort_in(
    corners: FloatArray, low: FloatArray, edge: FloatArray, shape: IntArray, starts: IntArray, found: IntArray
) -> None:
    """Sorts triangles into the boxes of a grid that they meet.

    Args:
        corners: (T, 9) µm.
        low, edge: (3,) lower corner of the grid, and edges of a box, µm.
        shape: (3,) boxes in x, y and z.
        starts: (boxes + 1,) with `found` empty, filled with how many triangles each box will hold, one place later; else where
            each box's begin, and moved on to where they end.
        found: the triangles of all boxes to be filled, or empty.
    """
    count = len(found) == 0
    half, middle = np.empty(3), np.empty(3)
    first, last = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    for k in range(3):
        half[k] = 0.5 * edge[k] * (1 + HAIR)
    for t in range(len(corners)):
        c = corners[t]
        for k in range(3):
            least, most = min(c[k], c[3 + k], c[6 + k]), max(c[k], c[3 + k], c[6 + k])
            first[k] = max(math.floor((least - low[k]) / edge[k] - HAIR), 0)
            last[k] = min(math.floor((most - low[k]) / edge[k] + HAIR), shape[k] - 1)
        for i in range(first[0], last[0] + 1):
            middle[0] = low[0] + (i + 0.5) * edge[0]
            for j in range(first[1], last[1] + 1):
                middle[1] = low[1] + (j + 0.5) * edge[1]
                for m in range(first[2], last[2] + 1):
                    middle[2] = low[2] + (m + 0.5) * edge[2]
                    if _touches(c, middle, half):
                        box = (i * shape[1] + j) * shape[2] + m
                        if count:
                            starts[box + 1] += 1
                        else:
                            found[starts[box]] = t
                            starts[box] += 1


@compiled
def _met(
    place: FloatArray, way: FloatArray, corners: FloatArray, inside: IntArray, begin: int, end: int, near: float, far: float
) -> tuple[int, float]:  # fmt: skip
    """The first of some triangles whose front a ray meets before it has flown `far`, and how far that is; -1 for none.

    Neighbouring triangles decide alike on their common edge, so nothing slips between them (Woop et al., J. Comput. Graph.
    Tech. 2 (2013) 65).
    """
    z = 0
    for k in range(1, 3):
        if abs(way[k]) > abs(way[z]):
            z = k
    x, y = (z + 1) % 3, (z + 2) % 3
    if way[z] < 0:
        x, y = y, x
    sx, sy, sz = way[x] / way[z], way[y] / way[z], 1 / way[z]
    px, py, pz = place[x], place[y], place[z]
    best = -1
    for n in range(begin, end):
        c = corners[inside[n]]
        az, bz, cz = c[z] - pz, c[3 + z] - pz, c[6 + z] - pz
        ax, ay = c[x] - px - sx * az, c[y] - py - sy * az
        bx, by = c[3 + x] - px - sx * bz, c[3 + y] - py - sy * bz
        cx, cy = c[6 + x] - px - sx * cz, c[6 + y] - py - sy * cz
        u, v, w = cx * by - cy * bx, ax * cy - ay * cx, bx * ay - by * ax
        if u < 0 or v < 0 or w < 0 or u + v + w <= 0:  # beside it, or it shows its back
            continue
        t = sz * (u * az + v * bz + w * cz) / (u + v + w)
        # What stands where the flight begins is met even where rounding has put its beginning a hair behind.
        if -near < t < far:
            best, far = inside[n], t
    return best, far


@compiled
def _flown(
    place: FloatArray, way: FloatArray, corners: FloatArray, low: FloatArray, edge: FloatArray, shape: IntArray,
    starts: IntArray, inside: IntArray, near: float, box: IntArray, border: FloatArray,
) -> int:  # fmt: skip
    """Moves a particle to where it lands and gives the triangle; -1 where it leaves upward, -2 where it is lost.

    It goes from box to box (Amanatides and Woo, Eurographics 1987), and from one side of the period to the other.
    `box` and `border` are room for the box it is in, and how far it has to fly to the next one along each axis.
    """
    for k in range(3):
        box[k] = min(max(math.floor((place[k] - low[k]) / edge[k]), 0), shape[k] - 1)
        border[k] = np.inf
        if way[k] != 0:
            border[k] = (low[k] + (box[k] + (1 if way[k] > 0 else 0)) * edge[k] - place[k]) / way[k]
    for _ in range(MOST_BOXES):
        axis = 0
        for k in range(1, 3):
            if border[k] < border[axis]:
                axis = k
        number = (box[0] * shape[1] + box[1]) * shape[2] + box[2]
        if starts[number] < starts[number + 1]:
            ahead = border[axis] + near
            found, far = _met(place, way, corners, inside, starts[number], starts[number + 1], near, ahead)
            if found >= 0:
                for k in range(3):
                    place[k] += far * way[k]
                return found
        onward = 1 if way[axis] > 0 else -1
        box[axis] += onward
        border[axis] += edge[axis] / abs(way[axis])
        if 0 <= box[axis] < shape[axis]:
            continue
        if axis == 2:
            return -1 if onward > 0 else -2
        place[axis] -= onward * edge[axis] * shape[axis]
        box[axis] -= onward * shape[axis]
    return -2


@compiled
def fly(
    first: int, count: int, seed: int, sticking: float, corners: FloatArray, low: FloatArray, edge: FloatArray,
    shape: IntArray, starts: IntArray, inside: IntArray, near: float, kinds: IntArray, high: float, height: float, bands: int,
    hits: FloatArray, ends: IntArray,
) -> None:  # fmt: skip
    """Lets particles fly in from the top of a grid, evenly over the period, and adds up what they weigh where they land.

    A particle that lands leaves the share that sticks and flies on with the rest.

    Args:
        first, count: numbers of the particles.
        seed: of the lots.
        sticking: probability.
        corners: (T, 9) of the surface, µm, normals toward the particles.
        low, edge, shape: of the grid, as for `sort_in`; in x and y it is one period.
        starts, inside: (boxes + 1,) where the triangles of each box begin in the list of all.
        near: µm, a length that is nothing.
        kinds: (T,) where what lands on a triangle is counted; -1 for by depth.
        high, height, bands: z at which the first band of depth begins, height of each, µm, and their number.
        hits: (bands + kinds,) to be added to: the bands come first.
        ends: (3,) to be added to: landings, particles that left, particles that were lost.
    """
    lots = np.zeros(1, dtype=np.uint64)
    place, way, box, border = np.empty(3), np.empty(3), np.empty(3, dtype=np.int64), np.empty(3)
    for particle in range(first, first + count):
        begin(lots, seed, particle)
        place[0] = low[0] + _lot(lots) * edge[0] * shape[0]
        place[1] = low[1] + _lot(lots) * edge[1] * shape[1]
        place[2] = low[2] + edge[2] * shape[2]
        _leave(lots, 0.0, 0.0, -1.0, way)
        weight = 1.0
        for _ in range(MOST_LANDINGS):
            triangle = _flown(place, way, corners, low, edge, shape, starts, inside, near, box, border)
            if triangle < 0:
                ends[-triangle] += 1
                break
            ends[0] += 1
            if kinds[triangle] >= 0:
                hits[bands + kinds[triangle]] += weight
            else:
                hits[min(max(int((high - place[2]) / height), 0), bands - 1)] += weight
            weight *= 1 - sticking
            if weight < LIGHT:
                if _lot(lots) * LIGHT >= weight:
                    break
                weight = LIGHT
            c = corners[triangle]
            ux, uy, uz, vx, vy, vz = c[3] - c[0], c[4] - c[1], c[5] - c[2], c[6] - c[0], c[7] - c[1], c[8] - c[2]
            nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            length = math.sqrt(nx * nx + ny * ny + nz * nz)
            _leave(lots, nx / length, ny / length, nz / length, way)
        else:
            ends[2] += 1
