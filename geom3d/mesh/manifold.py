"""Closed shells as other programs want them: two triangles at every edge, one fan of triangles around every vertex.

A body that touches itself along an edge or at a corner has a shell that is closed, but four triangles meet at that edge.
Readers of files call that broken. Here such vertices are doubled, so that each sheet of the surface has its own; no
triangle moves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geom3d.core.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    half_edges,
    inverse_of,
    numbers_of,
    pair_keys,
    ranks_of,
)
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.tiling import SharedVertices


def split_nonmanifold(vertices: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """The same surface with a vertex for every fan of triangles.

    At an edge of four or more triangles the two that bound one wedge of the solid go together. Where two sheets part along
    an edge and meet again at both of its ends, no doubling can tell them apart: all sheets but the first get a vertex on
    the edge.

    Args:
        vertices: (V, 3).
        faces: (F, 3) indices, normals outward; every edge is used equally often in both directions.

    Returns:
        (W, 3) vertices in the order of the old ones, without those that no triangle uses, and (G, 3) faces: the old ones in
        their order, cut in two at such edges, the second halves at the end.

    Raises:
        ValueError: where the surface is open or its triangles do not agree on what is outside.
    """
    forward, backward, crowded = _pairs(vertices, faces)
    around = np.empty(faces.size, dtype=np.int64)
    around[forward], around[backward] = _next(backward), _next(forward)
    fan = component_numbers(faces.size, np.column_stack([np.arange(faces.size), around]))
    owner = np.zeros(int(fan.max(initial=-1)) + 1, dtype=np.int64)
    owner[fan] = faces.ravel()
    order = np.argsort(owner, kind="stable")
    return _told_apart(
        vertices[owner[order]], inverse_of(order)[fan].reshape(-1, 3), forward[crowded], backward[crowded]
    )


def region(walls: InterfaceMesh, label: int) -> tuple[FloatArray, IntArray]:
    """The closed shell of one region of the unit cell: (V, 3) vertices, µm, and (F, 3) faces, separated."""
    return split_nonmanifold(walls.vertices, walls.shell([label])[0])


def count(walls: InterfaceMesh, labels: Sequence[int], repeat: tuple[int, int]) -> int:
    """Triangles of the shell of a repeated body."""
    return sum(len(faces) * len(columns) for _, columns, faces, _ in walls.tiles(labels, repeat))


def fused(walls: InterfaceMesh, labels: Sequence[int], repeat: tuple[int, int]) -> tuple[FloatArray, IntArray]:
    """The shell of a repeated body in one piece: no walls on the seams, one vertex where tiles meet.

    Args:
        walls: of the unit cell.
        labels: the regions taken as one body.
        repeat: tiles in x and y.

    Returns:
        (V, 3) vertices, µm, and (F, 3) faces, separated. Their number grows with the tiles.
    """
    vertices, faces = _merged(walls, labels, repeat)
    # How tiles meet shows on two by two of them; only where they touch there need the whole array be searched.
    few = (min(repeat[0], 2), min(repeat[1], 2))
    sample = (vertices, faces) if few == repeat else _merged(walls, labels, few)
    apart = split_nonmanifold(*sample)
    if few == repeat:
        return apart
    same = len(apart[0]) == len(sample[0]) and len(apart[1]) == len(sample[1])
    return (vertices, faces) if same else split_nonmanifold(vertices, faces)


def _next(half: IntArray) -> IntArray:
    """The half-edge that follows in the same triangle; half-edge 3 t + k begins at corner k of triangle t."""
    return half + np.where(half % 3 == 2, -2, 1)


def _pairs(vertices: FloatArray, faces: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
    """(E,) half-edges from the lower to the higher vertex, (E,) their partners, (E,) where an edge has several pairs."""
    start, end = half_edges(faces)
    edge = pair_keys(start, end, len(vertices))
    forward, backward = np.flatnonzero(start < end), np.flatnonzero(start > end)
    forward = forward[np.argsort(edge[forward], kind="stable")]
    backward = backward[np.argsort(edge[backward], kind="stable")]
    if 2 * len(forward) != faces.size or not np.array_equal(edge[forward], edge[backward]):
        raise ValueError("the surface must be closed and oriented")
    edge = edge[forward]
    again = np.zeros(len(edge) + 1, dtype=bool)
    again[1:-1] = edge[1:] == edge[:-1]
    crowded: BoolArray = again[:-1] | again[1:]
    if crowded.any():
        some = forward[crowded], backward[crowded]
        forward[crowded], backward[crowded] = _by_wedge(vertices, faces, edge[crowded], *some)
    return forward, backward, crowded


def _by_wedge(
    vertices: FloatArray, faces: IntArray, edge: IntArray, forward: IntArray, backward: IntArray
) -> tuple[IntArray, IntArray]:
    """The half-edges of each edge in such an order that each pair bounds one wedge of the solid.

    Looking along the edge from its lower vertex, the solid lies after a backward and before a forward half-edge.
    """
    corners = faces.ravel()
    first, group = np.unique(edge, return_index=True, return_inverse=True)[1:]
    origin = vertices[corners[forward]]
    axis = vertices[corners[_next(forward)]] - origin
    axis /= np.linalg.norm(axis, axis=1)[:, None]

    def spoke(half: IntArray) -> FloatArray:
        arm = vertices[corners[_next(_next(half))]] - origin
        return np.asarray(arm - np.einsum("ij,ij->i", arm, axis)[:, None] * axis)

    zero = spoke(backward)[first][group]
    ordered = []
    for half in (forward, backward):
        arm = spoke(half)
        sine, cosine = np.einsum("ij,ij->i", axis, np.cross(zero, arm)), np.einsum("ij,ij->i", zero, arm)
        ordered.append(half[np.lexsort((np.arctan2(sine, cosine) % (2 * np.pi), group))])
    return ordered[0], ordered[1]


def _told_apart(
    vertices: FloatArray, faces: IntArray, forward: IntArray, backward: IntArray
) -> tuple[FloatArray, IntArray]:
    """Cuts triangles where several of these pairs of half-edges still share both ends."""
    corners = faces.ravel()
    low, high = corners[forward], corners[_next(forward)]
    group, size = np.unique(pair_keys(low, high, len(vertices)), return_inverse=True, return_counts=True)[1:]
    order = np.argsort(group, kind="stable")
    place = np.empty_like(order)
    place[order] = ranks_of(size)
    left = np.flatnonzero(place > 0)
    share = (place / size[group])[left, None]
    added = vertices[low[left]] * (1 - share) + vertices[high[left]] * share
    middle = len(vertices) + np.arange(len(left))
    pairs = np.column_stack([forward[left], backward[left]])
    while len(pairs):
        # A triangle is cut once in a round: what remains of it may be cut in the next.
        owner = np.full(len(faces), len(pairs))
        np.minimum.at(owner, pairs // 3, np.arange(len(pairs))[:, None])
        now = (owner[pairs // 3] == np.arange(len(pairs))[:, None]).all(axis=1)
        cut, point = pairs[now].ravel(), np.repeat(middle[now], 2)
        rest = faces[cut // 3]
        rest[np.arange(len(cut)), cut % 3] = point
        faces = faces.copy()
        following = _next(cut)
        faces[cut // 3, following % 3] = point
        moved = np.arange(faces.size)
        moved[following] = faces.size + 3 * np.arange(len(cut)) + following % 3
        faces = np.concatenate([faces, rest])
        pairs, middle = moved[pairs[~now]], middle[~now]
    return np.concatenate([vertices, added]), faces


def _merged(walls: InterfaceMesh, labels: Sequence[int], repeat: tuple[int, int]) -> tuple[FloatArray, IntArray]:
    """The shell of a repeated body; vertices of neighbouring tiles that are one point have one number."""
    columns, rows = repeat
    shared = SharedVertices.of(walls, columns)
    faces = np.empty((count(walls, labels, repeat), 3), dtype=np.int64)
    used = np.zeros((columns + 1) * (rows + 1) * len(shared.home), dtype=bool)
    at = 0
    for row, run, tile, _ in walls.tiles(labels, repeat):
        shifts = shared.shift(row, np.arange(run.start, run.stop))
        block = (shared.place[tile] + shifts[:, None, None]).reshape(-1, 3)
        faces[at : at + len(block)] = block
        used[block] = True
        at += len(block)
    faces = numbers_of(used)[faces]
    return shared.at(np.flatnonzero(used)), faces
