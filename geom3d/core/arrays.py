"""Names of array types, and what arrays of indices are asked for in many places, each written once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from geom3d.core.jit import compiled

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def area_vectors(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """(T, 3) normal times area of each triangle, by the right-hand rule.

    Args:
        vertices: (V, 3).
        triangles: (T, 3) indices.
    """
    found = np.empty((len(triangles), 3))
    _fill_area_vectors(
        np.ascontiguousarray(vertices, dtype=np.float64), np.ascontiguousarray(triangles, dtype=np.int64), found
    )
    return found


@compiled
def _fill_area_vectors(vertices: FloatArray, triangles: IntArray, found: FloatArray) -> None:
    for n in range(len(triangles)):
        a, b, c = vertices[triangles[n, 0]], vertices[triangles[n, 1]], vertices[triangles[n, 2]]
        ux, uy, uz, vx, vy, vz = b[0] - a[0], b[1] - a[1], b[2] - a[2], c[0] - a[0], c[1] - a[1], c[2] - a[2]
        found[n, 0], found[n, 1], found[n, 2] = (
            (uy * vz - uz * vy) / 2,
            (uz * vx - ux * vz) / 2,
            (ux * vy - uy * vx) / 2,
        )


def triangle_areas(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """(T,) area of each triangle; see `area_vectors`."""
    return np.asarray(np.linalg.norm(area_vectors(vertices, triangles), axis=1))


def tetrahedron_volumes(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """(N,) volume of each tetrahedron of (N, 3) corners, positive where the normal of the first three points to the last."""
    return np.asarray(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6)


def half_edges(triangles: IntArray) -> tuple[IntArray, IntArray]:
    """(3 T,) start and (3 T,) end of every side of every triangle; side 3 t + k begins at corner k of triangle t."""
    return triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()


def pair_keys(one: IntArray, other: IntArray, count: int) -> IntArray:
    """A number for each pair of indices, whichever comes first: the lower × count + the higher.

    Args:
        one, other: indices below `count`, of one shape.
        count: its square is below 2^63.
    """
    low = np.minimum(one, other).astype(np.int64, copy=False)
    return np.asarray(low * count + np.maximum(one, other))


def pairs_of(keys: IntArray, count: int) -> IntArray:
    """(n, 2) the indices of `pair_keys`, the lower first."""
    return np.column_stack(np.divmod(keys, count))


def unique_pairs(pairs: IntArray, count: int) -> IntArray:
    """(m, 2) different pairs of indices, ascending; (a, b) is another one than (b, a).

    Args:
        pairs: (n, 2) indices below `count`.
        count: its square is below 2^63.
    """
    return pairs_of(np.unique(pairs[:, 0] * count + pairs[:, 1]), count)


def places_among(keys: IntArray, wanted: IntArray) -> IntArray:
    """Where each wanted number stands among ascending keys; -1 where it does not.

    Args:
        keys: (n,) ascending.
        wanted: of any shape, which is that of the answer.
    """
    if not len(keys):
        return np.full(wanted.shape, -1)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def numbers_of(mask: BoolArray) -> IntArray:
    """(n,) the number of each chosen entry among the chosen ones, from 0; -1 for the others."""
    return np.where(mask, np.cumsum(mask) - 1, -1)


def compacted(indices: IntArray) -> tuple[IntArray, IntArray]:
    """The different indices, ascending, and each index replaced by its place among them.

    Args:
        indices: of any shape, at least 0; memory goes with the largest.
    """
    used = np.zeros(int(indices.max(initial=-1)) + 1, dtype=bool)
    used[indices] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1)[indices]


def homes(count: int, periodic: Iterable[IntArray]) -> IntArray:
    """(count,) for each point the same one in the first period.

    Args:
        count: of points.
        periodic: for x, then for y, (K, 2) points on the low side and the same on the high side.
    """
    home = np.arange(count)
    for low, high in (pairs.T for pairs in periodic):
        home[high] = home[low]
    return home


def in_turn(indices: IntArray) -> IntArray:
    """(m,) the different indices in the order in which they first appear.

    Args:
        indices: (n,) at least 0; memory goes with the largest.
    """
    first = np.empty(int(indices.max(initial=-1)) + 1, dtype=np.int64)
    places = np.arange(len(indices))
    first[indices[::-1]] = places[::-1]  # of several values for one place numpy keeps the last
    return np.asarray(indices[first[indices] == places])


def inverse_of(order: IntArray) -> IntArray:
    """(n,) the place of each number in a permutation of 0 … n - 1."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def run_starts(values: NDArray[np.generic]) -> IntArray:
    """(r,) where each run of equal entries, or equal rows, begins.

    Args:
        values: (n,) or (n, k), with n > 0.
    """
    new = values[1:] != values[:-1]
    return np.flatnonzero(np.r_[True, new if new.ndim == 1 else new.any(axis=1)])


def owners_of(counts: IntArray) -> IntArray:
    """(m,) number of each run, as often as the run is long: 0 counts[0] times, then 1 counts[1] times."""
    return np.repeat(np.arange(len(counts)), counts)


def ranks_of(counts: IntArray) -> IntArray:
    """(m,) 0, 1, … within each run of `counts` entries."""
    return np.asarray(np.arange(np.sum(counts)) - np.repeat(np.cumsum(counts) - counts, counts))


def spread(begin: IntArray, stop: IntArray) -> tuple[IntArray, IntArray]:
    """Every whole number in [begin, stop) of every pair: the pairs' numbers, and the whole numbers.

    Args:
        begin, stop: (n,); a pair whose stop does not lie beyond its begin has none.
    """
    counts = np.maximum(stop - begin, 0)
    owner = owners_of(counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts - begin, counts)


def as_complex(points: FloatArray) -> NDArray[np.complex128]:
    """(n,) points of the plane as complex numbers, which sort and compare as one."""
    return np.ascontiguousarray(points.reshape(-1, 2)).view(np.complex128).ravel()


def unique_points(points: FloatArray) -> tuple[FloatArray, IntArray]:
    """Different points of the plane, by their exact coordinates.

    Args:
        points: (…, 2).

    Returns:
        (m, 2) points, ascending in x and then in y, and (n,) which of them every point of the flat list is.
    """
    found, number = np.unique(as_complex(points), return_inverse=True)
    return np.column_stack([found.real, found.imag]), number.ravel()
