"""Flat tetrahedra leave a volume mesh where corners that lie close together become one.

Where a level passes close by a node of the grid, edges, triangles and tetrahedra are as small as its distance from the node,
and others are flat beside them. For areas and volumes they are right; a solver's matrix suffers. Corners near one
another become one of them, which has all that they have: regions around it, faces of the box. The tetrahedra around
them are then those from that corner to what surrounds them all, and where none of these turns over they fill the same place.

A wall moves by that, within what the grid leaves open: no region around may gain or lose more than a small share of what it
has there, which keeps thin films, and walls that go through the corner stay one piece each. The shares grow in stages for
what is flattest. Opposite faces of the box change alike, since the mesh is seen as one that closes on itself.
"""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, compacted, homes
from geom3d.core.progress import bar
from geom3d.mesh.merging_kernels import CORNERS, SLOTS, Cluster, Knit, chain, ratios, round_off

#: Stages: tetrahedra below a mean ratio are sought, a region's volume around a corner may change by a share.
STAGES = ((0.02, 0.005), (0.005, 0.01), (0.001, 0.05))
#: Radii within which corners become one, as shares of the longest edge of a flat tetrahedron.
RADII = (0.02, 0.08, 0.25)
#: Rounds of a stage, at most; each after the first looks at what is around merged corners.
ROUNDS = 8
#: Where no longest edge is asked for, edges become at most this times as long as the longest.
LONGER = 1.3
#: Flat tetrahedra that are looked at between two steps of the progress bar.
STEP = 2000


def merged(
    points: FloatArray,
    tetrahedra: IntArray,
    labels: IntArray,
    size: tuple[float, float, float],
    periodic: tuple[IntArray, IntArray],
    max_edge: float | None,
) -> tuple[FloatArray, IntArray, IntArray]:
    """Points, tetrahedra and labels without the flat ones that merging corners takes out.

    Args:
        points: (P, 3) µm, that fill the box.
        tetrahedra: (N, 4) positively oriented.
        labels: (N,) region of each.
        size: edges of the box, µm.
        periodic: in x and in y, (K, 2) points on the low side and the same on the high side.
        max_edge: no edge becomes longer, µm; None where that does not matter.
    """
    knit = _knit(points, tetrahedra, labels, size, periodic)
    labelled = int(labels.max()) + 1
    cluster = Cluster(
        corners=np.empty(CORNERS, np.int64),
        shifts=np.empty((CORNERS, 2), np.int64),
        regions=np.empty((CORNERS, labelled), np.bool_),
        chosen=np.empty(1, np.int64),
        place=np.zeros(len(points), np.int64),
        slots=np.empty(SLOTS, np.int64),
        at=np.empty((4, 3)),
        held=np.empty(labelled),
        change=np.empty(labelled),
    )
    chain(knit, cluster)
    flat = np.flatnonzero(ratios(knit, cluster, np.arange(len(tetrahedra))) < STAGES[0][0])
    if not len(flat):
        return points, tetrahedra, labels
    longest = LONGER**2 * _longest_square(points, tetrahedra) if max_edge is None else (max_edge * (1 + 1e-12)) ** 2
    mark = 0
    with bar("rounding tetrahedra", None) as advance:
        for sought, share in STAGES:
            chosen = flat
            for _ in range(ROUNDS):
                shape = ratios(knit, cluster, chosen)
                chosen = chosen[shape < sought]
                chosen = chosen[np.argsort(shape[shape < sought], kind="stable")]
                knit.new[:] = False
                for start in range(0, len(chosen), STEP):
                    part = chosen[start : start + STEP]
                    mark = round_off(knit, cluster, mark, part, sought, np.array([longest, share]), np.array(RADII))
                    advance(len(part))
                near = np.flatnonzero(knit.new[knit.corners].any(axis=1) & knit.alive)
                flat = np.union1d(flat, near[ratios(knit, cluster, near) < STAGES[0][0]])
                chosen = near
                if not len(near):
                    break
    keys, numbers = compacted(4 * knit.corners[knit.alive] + knit.shifts[knit.alive])
    found = points[keys // 4]
    found[:, :2] += (keys[:, None] >> [0, 1] & 1) * np.asarray(size)[:2]
    return found, numbers, labels[knit.alive]


def _knit(
    points: FloatArray,
    tetrahedra: IntArray,
    labels: IntArray,
    size: tuple[float, float, float],
    periodic: tuple[IntArray, IntArray],
) -> Knit:
    """The mesh that closes on itself."""
    home = homes(len(points), periodic)
    at_low, at_high = points == 0, points == np.asarray(size)
    x, y = (at_low | at_high)[:, :2].T
    return Knit(
        points=points,
        corners=home[tetrahedra],
        shifts=(at_high[:, 0] + 2 * at_high[:, 1]).astype(np.int8)[tetrahedra],
        labels=labels.astype(np.int64),
        planes=x + 2 * y + 4 * at_low[:, 2] + 8 * at_high[:, 2],
        size=np.asarray(size, dtype=np.float64),
        first=np.full(len(points), -1),
        last=np.full(len(points), -1),
        following=np.full(tetrahedra.size, -1, dtype=np.int64),
        six=np.empty(len(tetrahedra)),
        alive=np.ones(len(tetrahedra), dtype=bool),
        new=np.zeros(len(points), dtype=bool),
    )


def _longest_square(points: FloatArray, tetrahedra: IntArray) -> float:
    """The square of the longest edge, µm²."""
    edges = ((points[tetrahedra[:, a]] - points[tetrahedra[:, b]]) ** 2 for b in range(4) for a in range(b))
    return max(float(edge.sum(axis=1).max()) for edge in edges)
