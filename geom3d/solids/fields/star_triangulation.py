"""Bodies given by triangles around them, divided into tetrahedra: cones over their sides from one point each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, numbers_of

#: The most sides a body has: four faces of a tetrahedron, the level below and the level above.
SIDES = 6
#: First number of points inside bodies, beyond those of all corners.
CENTRE, NOWHERE = 1 << 40, 1 << 60


@dataclass(frozen=True)
class Sides:
    """Triangles around bodies.

    Attributes:
        corners: (t, 3) numbers of points; they turn left seen from outside.
        body: (t,) the body each belongs to.
        side: (t,) the side of the body it lies in, below SIDES. Triangles of one side lie in one plane, or nearly so.
    """

    corners: IntArray
    body: IntArray
    side: IntArray


def star_triangulation(
    sides: Sides,
    apices: Callable[[IntArray], Iterator[IntArray]],
    points: Callable[[IntArray], FloatArray],
    first: int,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Divides star-shaped bodies from a corner that sees all sides, or from a new point inside.

    Args:
        sides: the triangles.
        apices: for (s,) bodies gives a corner of each, or NOWHERE; again and again, likely ones first.
        points: (n, 3) places of numbered points, µm.
        first: new points that there are already.

    Returns:
        (n, 4) tetrahedra, (n,) the body of each, and (c, 3) new points; the k-th has the number CENTRE + first + k.
    """
    bodies, of = np.unique(sides.body, return_inverse=True)
    apex = np.full(len(bodies), NOWHERE)
    for corner in apices(bodies):
        fits = (apex == NOWHERE) & (corner != NOWHERE) & _sees_all(sides, of, corner)
        apex[fits] = corner[fits]
    places = np.empty((0, 3))
    alone = np.flatnonzero(apex == NOWHERE)
    if len(alone):
        number = numbers_of(apex == NOWHERE)
        mine = np.flatnonzero(number[of] >= 0)
        places = _middles(sides.corners[mine], number[of[mine]], len(alone), points)
        apex[alone] = CENTRE + first + np.arange(len(alone))
    # Where a level bends within a tetrahedron, a side may turn its back on the point: then another one is looked for.
    for blind in np.unique(of[_backs(sides, apex[of], points, places, first)]).tolist():
        place = _seeing(points(sides.corners[of == blind].ravel()).reshape(-1, 3, 3))
        if apex[blind] >= CENTRE:
            places[apex[blind] - CENTRE - first] = place
        else:
            apex[blind] = CENTRE + first + len(places)
            places = np.vstack([places, place])
    seen = (sides.corners != apex[of, None]).all(axis=1)
    return np.column_stack([apex[of[seen]], sides.corners[seen]]), sides.body[seen], places


def _sees_all(sides: Sides, of: IntArray, apex: IntArray) -> BoolArray:
    """(s,) whether every side of a body either has the apex in all its triangles or in none."""
    has = (sides.corners == apex[of, None]).any(axis=1)
    key = of * SIDES + sides.side
    count = len(apex) * SIDES
    some, every = np.bincount(key, has, count), np.bincount(key, minlength=count)
    good = (some == 0) | (some == every)
    return np.asarray(good.reshape(-1, SIDES).all(axis=1) & (np.bincount(of, has, len(apex)) > 0))


def _middles(corners: IntArray, number: IntArray, count: int, points: Callable[[IntArray], FloatArray]) -> FloatArray:
    """(count, 3) mean of the corners of numbered bodies, by their triangles."""
    pairs = np.unique(np.column_stack([np.repeat(number, 3), corners.ravel()]), axis=0)
    places = points(pairs[:, 1])
    sums = [np.bincount(pairs[:, 0], places[:, axis], count) for axis in range(3)]
    return np.column_stack(sums) / np.bincount(pairs[:, 0], minlength=count)[:, None]


def _backs(
    sides: Sides, apex: IntArray, points: Callable[[IntArray], FloatArray], places: FloatArray, first: int
) -> BoolArray:
    """(t,) which triangles are not seen from their apex, and do not have it as a corner."""
    amid = apex >= CENTRE
    at = np.empty((len(apex), 3))
    at[amid] = places[apex[amid] - CENTRE - first]
    at[~amid] = points(apex[~amid])
    a, b, c = (points(corner) - at for corner in sides.corners.T)
    volume = np.einsum("ij,ij->i", np.cross(a, b), c)
    return np.asarray(~(volume > 0) & (sides.corners != apex[:, None]).all(axis=1))


def _seeing(triangles: FloatArray) -> FloatArray:
    """The point as far as possible inside the planes of triangles, (t, 3, 3), whose normals point outward."""
    from scipy.optimize import linprog

    a, b, c = (triangles[:, k] for k in range(3))
    middle = triangles.reshape(-1, 3).mean(axis=0)
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    scale = float(np.abs(triangles - middle).max())
    bounds = np.einsum("ij,ij->i", normals, (a - middle) / scale)
    found = linprog(
        [0, 0, 0, -1],
        A_ub=np.column_stack([normals, np.ones(len(normals))]),
        b_ub=bounds,
        bounds=[(-1, 1)] * 3 + [(-1, 1)],
    )
    return np.asarray(middle + scale * found.x[:3])
