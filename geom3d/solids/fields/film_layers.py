"""Rows of triangles across films: every edge that joins two outlines is split evenly, and its triangles with it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, half_edges, pair_keys, pairs_of
from geom3d.solids.grid import rounding_unit, snap


@dataclass(frozen=True)
class _Splits:
    """Points on split edges.

    Attributes:
        rows: pieces of each.
        first: (E,) number of the first point on each edge; rubbish where it is whole.
        ends: (E, 2) corners of each edge.
        lower: (E,) the corner from which the points count.
    """

    rows: int
    first: IntArray
    ends: IntArray
    lower: IntArray

    def along(self, edge: IntArray, corner: IntArray) -> IntArray:
        """(n, rows + 1) points along edges, from one of their corners to the other."""
        inner = np.arange(self.rows - 1)
        inner = np.where((self.lower[edge] == corner)[:, None], inner, inner[::-1]) + self.first[edge][:, None]
        return np.column_stack([corner, inner, self.ends[edge].sum(axis=1) - corner])


def with_rows(
    points: FloatArray, triangles: IntArray, face: IntArray, outline: BoolArray, rows: int, size: tuple[float, float]
) -> tuple[FloatArray, IntArray, IntArray]:
    """The triangulation with every edge across a film split evenly.

    An edge is one across a film where it joins two outlines and is no part of one.

    Args:
        points: (P, 2) µm.
        triangles: (T, 3) counter-clockwise.
        face: (T,) face of each.
        outline: (P,) which points lie on outlines.
        rows: pieces of an edge.
        size: the period, µm.
    """
    step = rounding_unit(max(size))
    keys = pair_keys(*half_edges(triangles), len(points))
    known, first_use, edge, uses = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    ends = pairs_of(known, len(points))
    owner = np.repeat(face, 3)
    within = np.bincount(edge.ravel(), owner, len(known)) == uses * owner[first_use]  # the same face on both sides
    neighbour_region = outline[ends].all(axis=1) & within

    # From the lower end, by its place, so that both sides of a seam come out alike.
    low, high = points[ends[:, 0]], points[ends[:, 1]]
    swap = (low[:, 0] > high[:, 0]) | ((low[:, 0] == high[:, 0]) & (low[:, 1] > high[:, 1]))
    ends[swap] = ends[swap, ::-1]
    first = len(points) + (np.cumsum(neighbour_region) - 1) * (rows - 1)
    splits = _Splits(rows, first, ends, ends[:, 0])
    cuts = ends[neighbour_region]
    added = snap(_steps(points[cuts[:, 0]], points[cuts[:, 1]], rows), step).reshape(-1, 2)
    points = np.concatenate([points, added])

    edge = edge.reshape(-1, 3)
    split = neighbour_region[edge]
    kinds = split.sum(axis=1)
    parts, faces = [triangles[kinds == 0]], [face[kinds == 0]]
    for kind in (1, 2, 3):
        mine = np.flatnonzero(kinds == kind)
        # Turned so that the corner between two split edges comes first; for a single one, the corner opposite.
        turn = split[mine].argmax(axis=1) + 2 if kind == 1 else split[mine].argmin(axis=1) + 2
        lanes = (turn[:, None] + np.arange(3)) % 3
        a, b, _ = np.take_along_axis(triangles[mine], lanes, axis=1).T
        ab, bc, ca = np.take_along_axis(edge[mine], lanes, axis=1).T
        if kind == 1:
            lines = [a[:, None], splits.along(bc, b)]
        else:
            left, right = splits.along(ab, a), splits.along(ca, a)
            lines = [a[:, None], *(np.column_stack([left[:, k], right[:, k]]) for k in range(1, rows + 1))]
        if kind == 3:
            for k in range(2, rows):
                new = snap(_steps(points[left[:, k]], points[right[:, k]], k), step).reshape(-1, 2)
                inside = len(points) + np.arange(len(new)).reshape(len(mine), k - 1)
                points = np.concatenate([points, new])
                lines[k] = np.column_stack([left[:, k], inside, right[:, k]])
            lines[rows] = splits.along(bc, b)
        cut = np.stack([t for upper, under in pairwise(lines) for t in _ladder(upper, under)], axis=1)
        parts.append(cut.reshape(-1, 3))
        faces.append(np.repeat(face[mine], cut.shape[1]))
    return points, np.concatenate(parts), np.concatenate(faces)


def _steps(low: FloatArray, high: FloatArray, count: int) -> FloatArray:
    """(n, count - 1, 2) places that split each way from low to high evenly."""
    share = (np.arange(1, count) / count)[:, None]
    return np.asarray(low[:, None] + share * (high - low)[:, None])


def _ladder(upper: IntArray, under: IntArray) -> list[IntArray]:
    """Triangles between two lines of points; the upper one has one point, or as many, or one less."""
    last = upper.shape[1] - 1
    found = [np.column_stack([upper[:, min(k, last)], under[:, k], under[:, k + 1]]) for k in range(under.shape[1] - 1)]
    return found + [np.column_stack([upper[:, k], under[:, k + 1], upper[:, k + 1]]) for k in range(last)]
