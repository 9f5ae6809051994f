"""The search for the nearest triangle: building its tree, going down it, and the distances at its end.

The tree is complete and every node has four children, so it needs no pointers: node k has the children 4 k + 1 to 4 k + 4,
the root is 0, and the leaves follow each other at the end. A node is a turned box, a row of 15 numbers in single
precision: three axes, the centre and half the lengths, µm. All vectors are rows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.jit import compiled

Single = NDArray[np.float32]
#: Children of a node.
FAN = 4
#: Below this share of |u|² |v|² the Gram determinant of a triangle's edges is rounding: it is a line.
FLAT = 1e-20
#: The largest of some triangles is about so many times their mean extent.
BULK = 1.5
#: Nodes that may wait to be opened: three for each level of a tree of 4²⁰ leaves.
WAITING = 64


@compiled
def middle(vertices: FloatArray, triangles: IntArray, order: IntArray, places: Single) -> None:
    """Fills in thrice the (n, 3) middles of the triangles whose (n,) numbers are given, and thrice their (n, 3) extents."""
    for i in range(len(order)):
        corners = triangles[order[i]]
        for k in range(3):
            a, b, c = vertices[corners[0], k], vertices[corners[1], k], vertices[corners[2], k]
            places[i, k] = a + b + c
            places[i, 3 + k] = 3 * (max(a, b, c) - min(a, b, c))


@compiled
def halve(places: Single, order: IntArray, times: int) -> None:
    """Sorts triangles into halves again and again, each time across the axis that leaves the smaller boxes.

    A half is about as long as half of what the middles span, and a large triangle more.

    Args:
        places: (n, 6) middles and extents.
        order: (n,) their numbers.
        times: how often.
    """
    parts, length = 1, len(order)
    low, high, size, span = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for _ in range(times):
        for part in range(parts):
            first, last = part * length, (part + 1) * length - 1
            low[:], high[:], size[:] = np.inf, -np.inf, 0.0
            for i in range(first, last + 1):
                for k in range(3):
                    low[k], high[k] = min(low[k], places[i, k]), max(high[k], places[i, k])
                    size[k] += places[i, 3 + k]
            axis, least = 0, np.inf
            for k in range(3):
                for m in range(3):
                    span[m] = (high[m] - low[m]) / (2 if m == k else 1) + BULK * size[m] / length
                surface = span[0] * span[1] + span[1] * span[2] + span[2] * span[0]
                if surface < least and high[k] > low[k]:
                    axis, least = k, surface
            _select(places, order, axis, first, last, first + length // 2)
        parts, length = 2 * parts, length // 2


@compiled
def _select(places: Single, order: IntArray, axis: int, first: int, last: int, middle: int) -> None:
    """Moves what is less than the element at `middle` in sorted order before it, the rest behind (Hoare's selection)."""
    while first < last:
        a, b, c = places[first, axis], places[(first + last) // 2, axis], places[last, axis]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = first, last
        while i <= j:
            while places[i, axis] < pivot:
                i += 1
            while places[j, axis] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                for k in range(6):
                    places[i, k], places[j, k] = places[j, k], places[i, k]
                i += 1
                j -= 1
        if middle <= j:
            last = j
        elif middle >= i:
            first = i
        else:
            return


@compiled
def fit_leaves(
    corners: FloatArray, size: int, start: int, stop: int, boxes: Single, normals: FloatArray, spans: FloatArray
) -> None:
    """Boxes, normals and spans of leaves.

    Args:
        corners: (leaves × size, 9) triangles in the order of the tree.
        size: triangles of a leaf.
        start, stop: which leaves.
        boxes, normals, spans: (leaves, 15), (leaves, 3) and (leaves, 6) to be filled; a span is the least and the greatest of
            each coordinate.
    """
    points = np.empty((3 * size, 3))
    for leaf in range(start, stop):
        normal, span = normals[leaf], spans[leaf]
        normal[:] = 0.0
        span[:3], span[3:] = np.inf, -np.inf
        for n in range(size):
            c = corners[leaf * size + n]
            ux, uy, uz, vx, vy, vz = c[3] - c[0], c[4] - c[1], c[5] - c[2], c[6] - c[0], c[7] - c[1], c[8] - c[2]
            normal[0] += uy * vz - uz * vy
            normal[1] += uz * vx - ux * vz
            normal[2] += ux * vy - uy * vx
            for k in range(9):
                points[3 * n + k // 3, k % 3] = c[k]
                span[k % 3], span[3 + k % 3] = min(span[k % 3], c[k]), max(span[3 + k % 3], c[k])
        _fit(points, normal, span, boxes[leaf])


@compiled
def fit_above(boxes: Single, normals: FloatArray, spans: FloatArray, start: int, stop: int) -> None:
    """Boxes, normals and spans of the nodes from `start` to `stop`, from those of their children."""
    points = np.empty((8 * FAN, 3))
    for node in range(start, stop):
        normal, span = normals[node], spans[node]
        normal[:] = 0.0
        span[:3], span[3:] = np.inf, -np.inf
        for child in range(FAN):
            box = boxes[FAN * node + 1 + child]
            normal += normals[FAN * node + 1 + child]
            for k in range(3):
                span[k] = min(span[k], spans[FAN * node + 1 + child, k])
                span[3 + k] = max(span[3 + k], spans[FAN * node + 1 + child, 3 + k])
            for corner in range(8):
                for k in range(3):
                    place = np.float64(box[9 + k])
                    for axis in range(3):
                        reach = np.float64(box[12 + axis]) * box[3 * axis + k]
                        place += reach if corner >> axis & 1 else -reach
                    points[8 * child + corner, k] = place
        _fit(points, normal, span, boxes[node])


@compiled
def _fit(points: FloatArray, normal: FloatArray, span: FloatArray, box: Single) -> None:
    """The box around (n, 3) points with an axis along a normal, turned about it so that it lies along its longer side.

    Boxes around turned boxes grow with every level. Where the upright box of a span, which is exact, has less surface, it is
    taken instead.
    """
    count = len(points)
    length = math.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
    wx, wy, wz = (normal[0] / length, normal[1] / length, normal[2] / length) if length > 0 else (0.0, 0.0, 1.0)
    # Two vectors at right angles to the third, without a branch (Duff et al., J. Comput. Graph. Tech. 6 (2017) 1).
    sign = -1.0 if wz < 0 else 1.0
    a = -1 / (sign + wz)
    b = wx * wy * a
    px, py, pz = 1 + sign * wx * wx * a, sign * b, -sign * wx
    qx, qy, qz = b, sign + wy * wy * a, -wy
    cx = cy = cz = 0.0
    for i in range(count):
        cx += points[i, 0] / count
        cy += points[i, 1] / count
        cz += points[i, 2] / count
    xx = yy = xy = 0.0
    for i in range(count):
        dx, dy, dz = points[i, 0] - cx, points[i, 1] - cy, points[i, 2] - cz
        x, y = dx * px + dy * py + dz * pz, dx * qx + dy * qy + dz * qz
        xx += x * x
        yy += y * y
        xy += x * y
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    c, s = math.cos(angle), math.sin(angle)
    axes = (
        (c * px + s * qx, c * py + s * qy, c * pz + s * qz),
        (c * qx - s * px, c * qy - s * py, c * qz - s * pz),
        (wx, wy, wz),
    )
    mx, my, mz = cx, cy, cz
    for k in range(3):
        ax, ay, az = axes[k]
        low, high = np.inf, -np.inf
        for i in range(count):
            d = (points[i, 0] - cx) * ax + (points[i, 1] - cy) * ay + (points[i, 2] - cz) * az
            low, high = min(low, d), max(high, d)
        middle = (low + high) / 2
        mx, my, mz = mx + middle * ax, my + middle * ay, mz + middle * az
        box[3 * k], box[3 * k + 1], box[3 * k + 2] = ax, ay, az
        box[12 + k] = (high - low) / 2
    box[9], box[10], box[11] = mx, my, mz
    x, y, z = (span[3] - span[0]) / 2, (span[4] - span[1]) / 2, (span[5] - span[2]) / 2
    if x * y + y * z + z * x < box[12] * box[13] + box[13] * box[14] + box[14] * box[12]:
        box[:9] = 0.0
        box[0] = box[4] = box[8] = 1.0
        for k in range(3):
            box[9 + k] = (span[k] + span[3 + k]) / 2
        box[12], box[13], box[14] = x, y, z


@compiled
def search(
    points: FloatArray,
    limits: FloatArray,
    shifts: FloatArray,
    corners: FloatArray,
    boxes: Single,
    slack: float,
    steps: FloatArray,
    nearest: IntArray,
) -> None:
    """Finds the nearest point of a surface and its copies for every point.

    Args:
        points: (n, 3), neighbours side by side where possible: each begins with the triangle that the last one found.
        limits: (n,) beyond which nothing is looked for.
        shifts: (s, 3) of the copies.
        corners: (leaves × size, 9) triangles in the order of the tree.
        boxes: (nodes, 15).
        slack: by how much a bound may be off.
        steps: (n, 3) to be filled with the step to the nearest point; infinite where that lies beyond the limit.
        nearest: (n, 2) to be filled with the triangle of the tree on which that point lies, and the copy.
    """
    first = (len(boxes) - 1) // FAN  # every node but the root is the child of one that is no leaf
    size = len(corners) // (len(boxes) - first)
    nodes, bounds = np.empty(WAITING, dtype=np.int64), np.empty(WAITING, dtype=np.float32)
    last, copy = 0, 0
    for i in range(len(points)):
        best, found = limits[i] * limits[i], False
        x, y, z = points[i, 0] - shifts[copy, 0], points[i, 1] - shifts[copy, 1], points[i, 2] - shifts[copy, 2]
        step = _step(x, y, z, corners[last])
        squared = step[0] ** 2 + step[1] ** 2 + step[2] ** 2
        steps[i] = np.inf
        if squared <= best:
            best, found = squared, True
            steps[i, 0], steps[i, 1], steps[i, 2] = step
        most = np.float32((math.sqrt(best) + slack) ** 2)
        for shift in range(len(shifts)):
            x, y, z = points[i, 0] - shifts[shift, 0], points[i, 1] - shifts[shift, 1], points[i, 2] - shifts[shift, 2]
            nodes[0], bounds[0], waiting = 0, _to_box(x, y, z, boxes[0]), 1
            while waiting:
                waiting -= 1
                node = nodes[waiting]
                if bounds[waiting] > most:
                    continue
                if node < first:
                    # The nearest child is opened first: it waits on top.
                    base = waiting
                    for child in range(FAN * node + 1, FAN * node + 1 + FAN):
                        bound = _to_box(x, y, z, boxes[child])
                        if bound <= most:
                            k = waiting
                            while k > base and bounds[k - 1] < bound:
                                nodes[k], bounds[k] = nodes[k - 1], bounds[k - 1]
                                k -= 1
                            nodes[k], bounds[k] = child, bound
                            waiting += 1
                    continue
                for triangle in range((node - first) * size, (node - first + 1) * size):
                    step = _step(x, y, z, corners[triangle])
                    squared = step[0] ** 2 + step[1] ** 2 + step[2] ** 2
                    if squared < best or (squared == best and not found):
                        best, found, last, copy = squared, True, triangle, shift
                        steps[i, 0], steps[i, 1], steps[i, 2] = step
                        most = np.float32((math.sqrt(best) + slack) ** 2)
        nearest[i, 0], nearest[i, 1] = last, copy


@compiled
def reach(triangles: FloatArray, nearest: IntArray, shifts: FloatArray, corners: FloatArray, most: FloatArray) -> None:
    """Bounds the distance to a surface from above on whole triangles.

    The distance to one triangle of the surface is a convex function, so it is largest at a corner; the distance to the
    surface is nowhere more.

    Args:
        triangles: (n, 9).
        nearest: (n, m, 2) triangles of the tree and copies to try, one of which should lie near.
        shifts, corners: as for `search`.
        most: (n,) to be filled with the least of the bounds.
    """
    for i in range(len(triangles)):
        least = np.inf
        for j in range(nearest.shape[1]):
            there, copy = nearest[i, j, 0], nearest[i, j, 1]
            farthest = 0.0
            for corner in range(0, 9, 3):
                step = _step(
                    triangles[i, corner] - shifts[copy, 0],
                    triangles[i, corner + 1] - shifts[copy, 1],
                    triangles[i, corner + 2] - shifts[copy, 2],
                    corners[there],
                )
                farthest = max(farthest, step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
            least = min(least, farthest)
        most[i] = math.sqrt(least)


@compiled
def _to_box(x: float, y: float, z: float, box: Single) -> np.float32:
    """Squared distance of a point to a box."""
    x, y, z = np.float32(x) - box[9], np.float32(y) - box[10], np.float32(z) - box[11]
    total = np.float32(0)
    for axis in range(3):
        beyond = abs(box[3 * axis] * x + box[3 * axis + 1] * y + box[3 * axis + 2] * z) - box[12 + axis]
        if beyond > 0:
            total += beyond * beyond
    return total


@compiled
def _step(x: float, y: float, z: float, c: FloatArray) -> tuple[float, float, float]:
    """The step from a point to the nearest point of a triangle, given by its nine coordinates."""
    ux, uy, uz, vx, vy, vz = c[3] - c[0], c[4] - c[1], c[5] - c[2], c[6] - c[0], c[7] - c[1], c[8] - c[2]
    x, y, z = c[0] - x, c[1] - y, c[2] - z
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    ru, rv = -(x * ux + y * uy + z * uz), -(x * vx + y * vy + z * vz)
    det = uu * vv - uv * uv
    if det > FLAT * uu * vv:
        beta, gamma = (vv * ru - uv * rv) / det, (uu * rv - uv * ru) / det
        if beta >= 0 and gamma >= 0 and beta + gamma <= 1:
            return x + beta * ux + gamma * vx, y + beta * uy + gamma * vy, z + beta * uz + gamma * vz
    # Where the foot lies beyond, the nearest point is on one of the edges.
    best = _along(x, y, z, ux, uy, uz)
    least = best[0] ** 2 + best[1] ** 2 + best[2] ** 2
    for edge in range(2):
        other = _along(x + ux, y + uy, z + uz, vx - ux, vy - uy, vz - uz) if edge else _along(x, y, z, vx, vy, vz)
        squared = other[0] ** 2 + other[1] ** 2 + other[2] ** 2
        if squared < least:
            best, least = other, squared
    return best


@compiled
def _along(x: float, y: float, z: float, ux: float, uy: float, uz: float) -> tuple[float, float, float]:
    """The step from the origin to the nearest point of the edge that begins at one place and leads along a vector."""
    square = ux * ux + uy * uy + uz * uz
    share = min(max(-(x * ux + y * uy + z * uz) / square, 0.0), 1.0) if square > 0 else 0.0
    return x + share * ux, y + share * uy, z + share * uz


@compiled
def least(
    triangles: FloatArray, limit: float, shifts: FloatArray, corners: FloatArray, boxes: Single, slack: float
) -> float:
    """The distance between given triangles and a surface with its copies; the limit where that is smaller.

    Args:
        triangles: (n, 9).
        limit, shifts, corners, boxes, slack: as for `search`.
    """
    first = (len(boxes) - 1) // FAN
    size = len(corners) // (len(boxes) - first)
    nodes = np.empty(WAITING, dtype=np.int64)
    moved, most = np.empty(9), (limit + slack) ** 2
    for i in range(len(triangles)):
        for shift in range(len(shifts)):
            for k in range(9):
                moved[k] = triangles[i, k] - shifts[shift, k % 3]
            nodes[0], waiting = 0, 1
            while waiting:
                waiting -= 1
                node = nodes[waiting]
                if _gap(moved, boxes[node]) > most:
                    continue
                if node < first:
                    for child in range(FAN):
                        nodes[waiting + child] = FAN * node + 1 + child
                    waiting += FAN
                    continue
                for triangle in range((node - first) * size, (node - first + 1) * size):
                    squared = between(moved, corners[triangle])
                    if squared < limit * limit:
                        limit = math.sqrt(squared)
                        most = (limit + slack) ** 2
    return limit


@compiled
def _gap(c: FloatArray, box: Single) -> float:
    """Squared distance that a triangle keeps at least from a box."""
    total = 0.0
    for axis in range(3):
        low, high = np.inf, -np.inf
        for corner in range(3):
            d = 0.0
            for k in range(3):
                d += (c[3 * corner + k] - box[9 + k]) * box[3 * axis + k]
            low, high = min(low, d), max(high, d)
        beyond = max(low, -high) - box[12 + axis]
        if beyond > 0:
            total += beyond * beyond
    return total


@compiled
def between(one: FloatArray, other: FloatArray) -> float:
    """Squared distance between two triangles, (9,) coordinates each, that do not cross, as those of a partition."""
    best = np.inf
    for corner in range(3):
        k = 3 * corner
        for step in (
            _step(one[k], one[k + 1], one[k + 2], other),
            _step(other[k], other[k + 1], other[k + 2], one),
        ):
            best = min(best, step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
    for k in range(3):
        for m in range(3):
            best = min(best, _of_edges(one, 3 * k, 3 * ((k + 1) % 3), other, 3 * m, 3 * ((m + 1) % 3)))
    return best


@compiled
def _of_edges(one: FloatArray, a: int, b: int, other: FloatArray, c: int, d: int) -> float:
    """Squared distance between the inner points of two edges, by the places of their ends, where they face each other."""
    px, py, pz = one[b] - one[a], one[b + 1] - one[a + 1], one[b + 2] - one[a + 2]
    qx, qy, qz = other[d] - other[c], other[d + 1] - other[c + 1], other[d + 2] - other[c + 2]
    rx, ry, rz = one[a] - other[c], one[a + 1] - other[c + 1], one[a + 2] - other[c + 2]
    pp, qq, pq = px * px + py * py + pz * pz, qx * qx + qy * qy + qz * qz, px * qx + py * qy + pz * qz
    pr, qr = px * rx + py * ry + pz * rz, qx * rx + qy * ry + qz * rz
    det = pp * qq - pq * pq
    # Parallel edges are as near at an end, which is a corner of a triangle.
    if det <= FLAT * pp * qq:
        return np.inf
    s, t = (pq * qr - qq * pr) / det, (pp * qr - pq * pr) / det
    if s < 0 or s > 1 or t < 0 or t > 1:
        return np.inf
    x, y, z = rx + s * px - t * qx, ry + s * py - t * qy, rz + s * pz - t * qz
    squared: float = x * x + y * y + z * z
    return squared
