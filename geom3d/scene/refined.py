"""Finer triangles, for fields that are to be shown as colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, numbers_of, pair_keys, pairs_of
from geom3d.mesh.interfaces import InterfaceMesh

#: Share of the triangles that even division may take where more are put where a field changes.
EVENLY = 50
#: Triangles are divided as long as a field changes within them by more than this share of its range.
CHANGE = 1 / 6


def refined(
    walls: InterfaceMesh, chosen: BoolArray, count: int, values: Callable[[FloatArray], FloatArray] | None = None
) -> InterfaceMesh:
    """The walls with some of their triangles divided into smaller ones.

    Edges are halved as long as they are too long, or a field changes beside them, whatever triangle they belong to; so
    neighbours still match.

    Args:
        walls: without fields.
        chosen: (T,) triangles that are divided, if they do not lie on the box's sides.
        count: largest number of triangles in their place, unless there are more to begin with.
        values: of a field at (n, 3) points on these triangles, to show which they are divided; None to divide evenly.
    """
    inner = chosen & (walls.periodic_image < 0)
    vertices, triangles, source = walls.vertices, walls.triangles[inner], np.flatnonzero(inner)
    longest = float(_lengths(vertices, triangles).max()) if len(triangles) else 0.0
    evenly = count if values is None else count // EVENLY
    while longest > 0:
        longest /= 2
        finer = _halved(vertices, triangles, source, longest, evenly)
        if finer is None:
            break
        vertices, triangles, source = finer
    if values is not None and len(triangles):
        vertices, triangles, source = _where_it_changes(vertices, triangles, source, values, count)
    outer = np.flatnonzero(~inner)
    number = np.append(numbers_of(~inner), -1)  # the last entry answers for -1
    origin = np.concatenate([outer, source])
    return replace(
        walls,
        vertices=vertices,
        triangles=np.concatenate([walls.triangles[outer], triangles]),
        back_region=walls.back_region[origin],
        front_region=walls.front_region[origin],
        periodic_image=number[walls.periodic_image[origin]],
        filling=None,
    )


def _halved(
    vertices: FloatArray, triangles: IntArray, source: IntArray, longest: float, count: int
) -> tuple[FloatArray, IntArray, IntArray] | None:
    """Triangles without edges longer than a length; None where that takes too many."""
    while True:
        lengths = _lengths(vertices, triangles)
        row = np.flatnonzero(lengths.max(axis=1) > longest)
        if len(triangles) + len(row) > count:
            return None
        if not len(row):
            return vertices, triangles, source
        vertices, triangles, source = _split(vertices, triangles, source, row, lengths[row].argmax(axis=1))


def _where_it_changes(
    vertices: FloatArray,
    triangles: IntArray,
    source: IntArray,
    values: Callable[[FloatArray], FloatArray],
    count: int,
) -> tuple[FloatArray, IntArray, IntArray]:
    """Triangles within which a field changes little; the steepest are divided first, as far as the count allows.

    The field is taken at seven points of each: along an edge between two posts it may be alike at both ends, and another amid.
    """
    used, number = np.unique(triangles, return_inverse=True)
    _, first, same = np.unique(vertices[used], axis=0, return_index=True, return_inverse=True)
    # Halves of one edge may have met at one place.
    triangles = used[first[same.reshape(-1)[number.reshape(-1)]]].reshape(-1, 3)
    lowest, highest = _extremes(vertices, triangles, values)
    spread, whole = highest - lowest, float(highest.max() - lowest.min())
    share = 0.5
    while whole > 0:
        steep = np.flatnonzero(spread > share * whole)
        if not len(steep):
            if share <= CHANGE:
                break
            share = max(share / 2, CHANGE)
            continue
        row, edge = _agreed(vertices, triangles, steep)
        if len(triangles) + len(row) > count:
            break
        vertices, triangles, source = _split(vertices, triangles, source, row, edge)
        lowest, highest = _extremes(vertices, triangles[-2 * len(row) :], values)
        spread = np.concatenate([np.delete(spread, row), highest - lowest])
    return vertices, triangles, source


def _agreed(vertices: FloatArray, triangles: IntArray, steep: IntArray) -> tuple[IntArray, IntArray]:
    """Triangles that can be halved at once, and the edge of each, so that the longest edges of the steep ones come to be halved.

    Every triangle at such an edge is divided there, so that neighbours match; of several edges the longest goes first, and where not
    all at an edge agree it waits.
    """
    lengths = _lengths(vertices, triangles)
    keys = np.stack([pair_keys(triangles[:, k], triangles[:, (k + 1) % 3], len(vertices)) for k in range(3)], axis=1)
    asked = np.isin(keys, keys[steep, lengths[steep].argmax(axis=1)])
    row = np.flatnonzero(asked.any(axis=1))
    edge = np.where(asked[row], lengths[row], -1.0).argmax(axis=1)
    chosen, uses = np.unique(keys[row, edge], return_counts=True)
    known, all_uses = np.unique(keys[asked], return_counts=True)
    now = np.isin(keys[row, edge], chosen[uses == all_uses[np.searchsorted(known, chosen)]])
    return row[now], edge[now]


def _extremes(
    vertices: FloatArray, triangles: IntArray, values: Callable[[FloatArray], FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """(T,) the least and the largest value of a field at corners, middles of edges, and the middle of triangles."""
    corners = vertices[triangles]
    middles = (corners + np.roll(corners, -1, axis=1)) / 2
    points = np.concatenate([corners, middles, corners.mean(axis=1, keepdims=True)], axis=1)
    found = values(points.reshape(-1, 3)).reshape(-1, 7)
    return found.min(axis=1), found.max(axis=1)


def _split(
    vertices: FloatArray, triangles: IntArray, source: IntArray, row: IntArray, edge: IntArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """Triangles of which some are halved at the middle of one of their edges, the one that begins at a corner."""
    first, second, third = (triangles[row, (edge + k) % 3] for k in range(3))
    keys, number = np.unique(pair_keys(first, second, len(vertices)), return_inverse=True)
    pairs, middle = pairs_of(keys, len(vertices)), len(vertices) + number
    vertices = np.concatenate([vertices, vertices[pairs].mean(axis=1)])
    kept = np.ones(len(triangles), dtype=bool)
    kept[row] = False
    halves = [np.column_stack([first, middle, third]), np.column_stack([middle, second, third])]
    return (
        vertices,
        np.concatenate([triangles[kept], *halves]),
        np.concatenate([source[kept], source[row], source[row]]),
    )


def _lengths(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """(T, 3) lengths of the edges that begin at each corner."""
    corners = vertices[triangles]
    lengths: FloatArray = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    return lengths
