"""Distances to triangles and between them, many at a time.

All arrays have the coordinates first: (3, n) for n points, so that each operation runs over contiguous numbers.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from geom3d.walls import FloatArray

Real = TypeVar("Real", np.float32, np.float64)
#: Below this share of |u|² |v|² the Gram determinant of a triangle's edges is rounding: it is a line.
FLAT = 1e-20


def closest(
    r: FloatArray, u: FloatArray, v: FloatArray, uu: FloatArray, uv: FloatArray, vv: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nearest points on triangles.

    Args:
        r: (3, n) from each triangle's first corner to the point.
        u, v: (3, n) from its first corner to the second and the third.
        uu, uv, vv: (n,) their products.

    Returns:
        (n,) squared distance, and (n,) the weights of the second and the third corner in the nearest point. The squared
        distance carries the rounding of |r|²; where that matters take it anew from the weights.
    """
    ru, rv, rr = dot(r, u), dot(r, v), dot(r, r)
    det = uu * vv - uv * uv
    flat = det <= FLAT * uu * vv
    det = np.where(flat, 1.0, det)
    beta, gamma = (vv * ru - uv * rv) / det, (uu * rv - uv * ru) / det
    inner = (beta >= 0) & (gamma >= 0) & (beta + gamma <= 1) & ~flat
    best = np.where(inner, rr - beta * ru - gamma * rv, np.inf)
    # Where the foot lies beyond, the nearest point is on one of the edges.
    zero = np.zeros_like(best)
    along = _share(ru, uu)
    options = [(along, zero)]
    along = _share(rv, vv)
    options.append((zero, along))
    along = _share(rv - ru + uu - uv, uu - 2 * uv + vv)
    options.append((1 - along, along))
    for b, g in options:
        squared = rr - 2 * (b * ru + g * rv) + b * b * uu + 2 * b * g * uv + g * g * vv
        closer = ~inner & (squared < best)
        best = np.where(closer, squared, best)
        beta, gamma = np.where(closer, b, beta), np.where(closer, g, gamma)
    return np.maximum(best, 0.0), beta, gamma


def between(one: FloatArray, other: FloatArray) -> FloatArray:
    """(n,) squared distance between triangles that do not cross, as those of a partition.

    Args:
        one, other: (3, 3, n) coordinate by corner by pair.
    """
    best = np.full(one.shape[2], np.inf)
    for here, there in ((one, other), (other, one)):
        a, u, v = there[:, 0], there[:, 1] - there[:, 0], there[:, 2] - there[:, 0]
        products = dot(u, u), dot(u, v), dot(v, v)
        for corner in range(3):
            r = here[:, corner] - a
            _, beta, gamma = closest(r, u, v, *products)
            np.minimum(best, _length(r - beta * u - gamma * v), out=best)
    for k in range(3):
        for m in range(3):
            np.minimum(best, _of_edges(one[:, k], one[:, k - 1], other[:, m], other[:, m - 1]), out=best)
    return best


def dot(p: NDArray[Real], q: NDArray[Real]) -> NDArray[Real]:
    """(n,) products of (3, n) vectors."""
    product: NDArray[Any] = p[0] * q[0]
    product += p[1] * q[1]
    product += p[2] * q[2]
    return product


def _of_edges(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """(n,) squared distance between the inner points of edges a–b and c–d where they face each other, else infinite."""
    p, q, r = b - a, d - c, a - c
    pp, qq, pq, pr, qr = dot(p, p), dot(q, q), dot(p, q), dot(p, r), dot(q, r)
    det = pp * qq - pq * pq
    # Parallel edges are as near at an end, which is a corner of a triangle.
    skew = det > FLAT * pp * qq
    det = np.where(skew, det, 1.0)
    s, t = (pq * qr - qq * pr) / det, (pp * qr - pq * pr) / det
    facing = skew & (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
    return np.where(facing, _length(r + s * p - t * q), np.inf)


def _length(p: FloatArray) -> FloatArray:
    return dot(p, p)


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """How far along an edge, from 0 to 1; 0 on an edge of no length."""
    share: FloatArray = np.clip(part / np.maximum(whole, np.finfo(np.float64).tiny), 0.0, 1.0)
    return share
