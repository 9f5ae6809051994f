"""Turned boxes around parts of a surface, in single precision, and how near they may come.

A row of 15 numbers: three axes of the box, its centre and its half lengths, µm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geom3d.triangles import dot
from geom3d.walls import IntArray

Single = NDArray[np.float32]
#: Signs of the corners of a box.
CORNERS = np.array([[corner >> axis & 1 for corner in range(8)] for axis in range(3)], dtype=np.float32) * 2 - 1


def boxes_around(points: Single, normals: Single) -> Single:
    """(n, 15) boxes around (3, n, k) points, one axis along (3, n) normals."""
    centre = points.mean(axis=2)
    length = np.sqrt(dot(normals, normals))
    up = np.array([[0], [0], [1]], dtype=np.float32)
    w = np.where(length > 0, normals / np.maximum(length, np.float32(1e-30)), up)
    # Two vectors at right angles to the third, without a branch (Duff et al., J. Comput. Graph. Tech. 6 (2017) 1).
    sign = np.where(w[2] < 0, np.float32(-1), np.float32(1))
    a = -1 / (sign + w[2])
    b = w[0] * w[1] * a
    one = np.stack([1 + sign * w[0] ** 2 * a, sign * b, -sign * w[0]])
    two = np.stack([b, sign + w[1] ** 2 * a, -w[1]])
    offset = points - centre[:, :, None]
    x, y, z = (dot(offset, axis[:, :, None]) for axis in (one, two, w))
    # Turned about the normal so that the box lies along its longer side.
    xx, yy, xy = (np.einsum("nk,nk->n", p, q) for p, q in ((x, x), (y, y), (x, y)))
    angle = np.float32(0.5) * np.arctan2(2 * xy, xx - yy)
    c, s = np.cos(angle), np.sin(angle)
    x, y = c[:, None] * x + s[:, None] * y, c[:, None] * y - s[:, None] * x
    axes = np.stack([c * one + s * two, c * two - s * one, w])
    low, high = (np.stack([end(p, axis=1) for p in (x, y, z)]) for end in (np.min, np.max))
    centre = centre + (axes * ((low + high) / 2)[:, None]).sum(axis=0)
    half = (high - low) / 2
    boxes = np.empty((centre.shape[1], 15), dtype=np.float32)
    boxes[:, :9] = axes.reshape(9, -1).T
    boxes[:, 9:12] = centre.T
    boxes[:, 12:] = half.T
    return boxes


def corners_of(boxes: Single) -> Single:
    """(3, n, 8) corners of boxes."""
    reach = boxes[:, :9].reshape(-1, 3, 3) * boxes[:, 12:, None]
    ends = boxes[:, 9:12, None] + np.einsum("nac,ak->nck", reach, CORNERS)
    return np.ascontiguousarray(ends.transpose(1, 0, 2))


def bound(boxes: Single, place: Single, node: IntArray) -> Single:
    """(n,) squared distance of (3, n) points to the boxes of nodes."""
    box = boxes.take(node, axis=0).T
    offset = place - box[9:12]
    total: Single | None = None
    for axis in range(3):
        part = np.abs(dot(box[3 * axis : 3 * axis + 3], offset))
        part -= box[12 + axis]
        np.maximum(part, 0, out=part)
        part *= part
        total = part if total is None else total + part
    assert total is not None  # there are three axes
    return total


def gap(boxes: Single, corners: Single, node: IntArray) -> Single:
    """(n,) squared distance that (3, 3, n) triangles, by coordinate and corner, keep at least from the boxes of nodes."""
    box = boxes.take(node, axis=0).T
    offset = corners - box[9:12, None]
    total = np.zeros(len(node), dtype=np.float32)
    for axis in range(3):
        ends = dot(box[3 * axis : 3 * axis + 3, None], offset)
        part = np.maximum(ends.min(axis=0), -ends.max(axis=0)) - box[12 + axis]
        total += np.maximum(part, 0) ** 2
    return total
