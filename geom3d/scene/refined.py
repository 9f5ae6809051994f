"""Finer triangles, for fields that are to be shown as colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, numbers_of, pair_keys, pairs_of
from geom3d.mesh.interfaces import InterfaceMesh


def refined(walls: InterfaceMesh, chosen: BoolArray, count: int) -> InterfaceMesh:
    """The walls with some of their triangles divided into smaller ones.

    Edges are halved as long as they are too long, whatever triangle they belong to; so neighbours still match.

    Args:
        walls: without fields.
        chosen: (T,) triangles that are divided, if they do not lie on the box's sides.
        count: largest number of triangles in their place, unless there are more to begin with.
    """
    inner = chosen & (walls.periodic_image < 0)
    vertices, triangles, source = walls.vertices, walls.triangles[inner], np.flatnonzero(inner)
    longest = float(_lengths(vertices, triangles).max()) if len(triangles) else 0.0
    while longest > 0:
        longest /= 2
        finer = _halved(vertices, triangles, source, longest, count)
        if finer is None:
            break
        vertices, triangles, source = finer
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
        edge = lengths[row].argmax(axis=1)
        first, second, third = (triangles[row, (edge + k) % 3] for k in range(3))
        keys, number = np.unique(pair_keys(first, second, len(vertices)), return_inverse=True)
        pairs, middle = pairs_of(keys, len(vertices)), len(vertices) + number
        vertices = np.concatenate([vertices, vertices[pairs].mean(axis=1)])
        kept = np.ones(len(triangles), dtype=bool)
        kept[row] = False
        halves = [np.column_stack([first, middle, third]), np.column_stack([middle, second, third])]
        triangles = np.concatenate([triangles[kept], *halves])
        source = np.concatenate([source[kept], source[row], source[row]])


def _lengths(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """(T, 3) lengths of the edges that begin at each corner."""
    corners = vertices[triangles]
    lengths: FloatArray = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2)
    return lengths
