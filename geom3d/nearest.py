"""The exact distance from points to a triangulated surface that repeats in x and y.

The triangles are halved again and again across their longest extent, and every second halving becomes a node of four
children with a box around its triangles. The box is turned so that one of its axes is the mean normal of what is in it:
on a smooth surface its thickness shrinks with the square of its size, and so does the error of the bound it gives. That is what keeps the search
short where many triangles are almost equally far, as in thin conformal films: upright boxes and balls, whose
error shrinks with their size only, must open thousands of nodes there.

All points go down the tree together, level by level, and drop nodes that lie beyond the nearest point known so far.
Points side by side, as samples of a surface are, share the first levels.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.boxes import Single, bound, boxes_around, corners_of, gap
from geom3d.triangles import closest, dot
from geom3d.walls import FloatArray, IntArray

#: Children of a node, and most triangles of a leaf.
FAN, LEAF = 4, 4
#: Points that share the first levels, points at work at once, and nodes built at once: their arrays stay in the cache.
GROUP, BATCH, BLOCK = 16, 1024, 4096
#: So often the triangles are halved before the parts are worked on side by side.
BRANCHES = 3
#: Groups go down as long as boxes are so many times their spread, and groups open no more than so many nodes.
GROSS, CROWD = 4.0, 200
#: Bounds are in single precision, which loses less than this share of the largest coordinate.
SLACK = 2e-6


@dataclass(frozen=True)
class Level:
    """The nodes of one level of the tree.

    Attributes:
        boxes: (n, 15) three axes of the box, its centre and its half lengths, µm.
        triangles: (n,) a triangle of the node near the centre, by its place in the tree.
        points: (n, 3) the middle of that triangle, µm.
    """

    boxes: Single
    triangles: IntArray
    points: Single

    @cached_property
    def reach(self) -> float:
        """Half the longest edge of a usual box, µm."""
        return float(np.median(self.boxes[:, 12:].max(axis=1)))


@dataclass(frozen=True)
class Nearest:
    """A surface to measure distances to.

    Attributes:
        vertices: (V, 3) µm.
        triangles: (T, 3), at least one.
        period: in x and y, µm; all vertices lie in [0, period]. None for a surface that does not repeat.
    """

    vertices: FloatArray
    triangles: IntArray
    period: tuple[float, float] | None = None

    @cached_property
    def order(self) -> IntArray:
        """Triangles so that neighbours in the list are neighbours in space, leaf by leaf; a few stand there twice."""
        depth = self._depth
        count = len(self.triangles)
        order = np.arange(self._per_leaf << depth) * count // (self._per_leaf << depth)
        middles = np.ascontiguousarray(_middles(self.vertices, self.triangles).T).take(order, axis=1)
        # The first halves one after the other, the branches below them side by side.
        top = min(depth, BRANCHES)
        middles, order = _halved(middles, order, top)
        length = len(order) >> top

        def work(start: int) -> int:
            part = slice(start, start + length)
            _, order[part] = _halved(middles[:, part], order[part], depth - top)
            return length

        for _ in threaded(work, range(0, len(order), length)):
            pass
        return order

    @property
    def _depth(self) -> int:
        """How often the triangles are halved."""
        depth = 0
        while len(self.triangles) > LEAF << depth:
            depth += 2
        return depth

    @property
    def _per_leaf(self) -> int:
        return -(-len(self.triangles) >> self._depth)

    @cached_property
    def _corners(self) -> FloatArray:
        """(leaves × triangles of a leaf, 9) corners in the order of the tree."""
        return self.vertices.take(self.triangles.take(self.order, axis=0).ravel(), axis=0).reshape(-1, 9)

    @cached_property
    def _levels(self) -> tuple[Level, ...]:
        """From the leaves up to the root."""
        size, corners = self._per_leaf, self._corners
        normals = np.empty((3, 1 << self._depth), dtype=np.float32)

        def leaves(start: int, stop: int) -> tuple[Single, IntArray, Single]:
            here = np.ascontiguousarray(corners[start * size : stop * size].reshape(-1, 3).T, dtype=np.float32)
            a, b, c = here.reshape(3, -1, 3).transpose(2, 0, 1)
            u, v = b - a, c - a
            cross = np.stack([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]])
            normals[:, start:stop] = cross.reshape(3, stop - start, size).sum(axis=2)
            boxes = boxes_around(here.reshape(3, stop - start, -1), normals[:, start:stop])
            numbers = np.arange(start * size, stop * size).reshape(-1, size)
            middles: Single = ((a + b + c) / np.float32(3)).T.reshape(-1, size, 3)
            return boxes, *_inmost(boxes, numbers, middles)

        levels = [_built(1 << self._depth, leaves)]
        while len(levels[-1].boxes) > 1:
            below = levels[-1]
            normals = normals.reshape(3, -1, FAN).sum(axis=2)

            def above(
                start: int, stop: int, below: Level = below, normals: Single = normals
            ) -> tuple[Single, IntArray, Single]:
                part = slice(FAN * start, FAN * stop)
                inner = below.boxes[part]
                ends = corners_of(inner).reshape(3, stop - start, -1)
                boxes = boxes_around(ends, normals[:, start:stop])
                known = below.triangles[part].reshape(-1, FAN), below.points[part].reshape(-1, FAN, 3)
                return boxes, *_inmost(boxes, *known)

            levels.append(_built(len(below.boxes) // FAN, above))
        return tuple(levels)

    @cached_property
    def _shifts(self) -> FloatArray:
        """(s, 3) the copies of the surface that can be the nearest to a point of the first period."""
        if self.period is None:
            return np.zeros((1, 3))
        x, y = self.period
        return np.array([(i * x, j * y, 0.0) for i in (0, -1, 1) for j in (0, -1, 1)])

    def distances(
        self, points: FloatArray, limit: FloatArray | float = np.inf, told: Callable[[int], None] = lambda count: None
    ) -> FloatArray:
        """(n,) distance of the points to the surface, µm; infinite where it is more than the limit.

        Args:
            points: (n, 3) µm, neighbours side by side where possible; in the first period of a surface that repeats.
            limit: (n,) or one for all, µm.
            told: called with the number of points done, from time to time.
        """
        found = np.empty(len(points))
        limits = np.broadcast_to(np.asarray(limit, dtype=np.float64), (len(points),))

        def work(start: int) -> int:
            part = slice(start, start + BATCH)
            found[part] = self._batch(points[part], limits[part])
            return len(found[part])

        self._levels, self._shifts  # noqa: B018 (made once, before threads ask for them)
        for count in threaded(work, range(0, len(points), BATCH)):
            told(count)
        return found

    def _batch(self, points: FloatArray, limits: FloatArray) -> FloatArray:
        count, copies = len(points), len(self._shifts)
        slack = self._slack(points)
        # The first levels in groups, around the middle of each.
        groups = -(-count // GROUP)
        filled = np.concatenate([points, np.repeat(points[-1:], groups * GROUP - count, axis=0)])
        filled = filled.reshape(groups, GROUP, 3)
        centre = (filled.min(axis=1) + filled.max(axis=1)) / 2
        spread = np.sqrt(((filled - centre[:, None]) ** 2).sum(axis=2).max(axis=1))
        moved = (centre[:, None] - self._shifts).reshape(-1, 3)
        top = len(self._levels) - 1, np.arange(groups * copies), np.zeros(groups * copies, dtype=np.int64)
        best = np.full(groups, np.inf)
        level, of, node = self._descend(*top, moved, best, 2 * spread + slack, GROSS * float(np.median(spread)))
        # Each point takes over what its group has left.
        counts = np.bincount(of // copies, minlength=groups)
        begins = np.cumsum(counts) - counts
        each = np.repeat(counts, GROUP)[:count]
        point = np.repeat(np.arange(count), each)
        source = np.arange(len(point)) - np.repeat(np.cumsum(each) - each, each) + begins[point // GROUP]
        of, node = point * copies + of[source] % copies, node[source]
        moved = (points[:, None] - self._shifts).reshape(-1, 3)
        best = limits * limits
        _, of, node = self._descend(level, of, node, moved, best, np.full(count, slack))
        found = np.full(count, np.inf)
        if len(of):
            size = self._per_leaf
            triangle, of = (node[:, None] * size + np.arange(size)).ravel(), np.repeat(of, size)
            squared = self._squared(moved.take(of, axis=0).T, triangle)
            mine, starts = _starts(of // copies)
            found[mine] = np.sqrt(np.minimum.reduceat(squared, starts))
        found[found > limits] = np.inf
        return found

    def _descend(
        self,
        level: int,
        of: IntArray,
        node: IntArray,
        moved: FloatArray,
        best: FloatArray,
        wide: FloatArray,
        finest: float = -1.0,
    ) -> tuple[int, IntArray, IntArray]:
        """Down the tree, level by level, dropping nodes that lie further than the best by more than a width.

        Args:
            level, of, node: where to begin, with (m,) number of the moved query, ascending, and node.
            moved: (q × copies, 3) queries by copy of the surface.
            best: (q,) squared distance known; lowered as better ones are found.
            wide: (q,) width, µm.
            finest: half the size of boxes, µm, from which on it does not pay to go on.

        Returns:
            the same three where it ended.
        """
        copies = len(self._shifts)
        single = moved.astype(np.float32)
        while True:
            nodes = self._levels[level]
            place, query = single.take(of, axis=0).T, of // copies
            bounds = bound(nodes.boxes, place, node)
            mine, starts = _starts(query)
            offset = place - nodes.points.take(node, axis=0).T
            known = np.minimum.reduceat(dot(offset, offset), starts).astype(np.float64)
            # The middle of a long triangle may be far where the triangle is near.
            first = _first_least(bounds, starts)
            exact = self._squared(moved.take(of[first], axis=0).T, nodes.triangles[node[first]])
            best[mine] = np.minimum(best[mine], np.minimum(exact, known))
            kept = np.flatnonzero(bounds <= np.square((np.sqrt(best) + wide).astype(np.float32))[query])
            of, node = of[kept], node[kept]
            if level == 0 or not len(of) or nodes.reach < finest or (finest > 0 and len(of) > CROWD * len(best)):
                return level, of, node
            of, node = np.repeat(of, FAN), (node[:, None] * FAN + np.arange(FAN)).ravel()
            level -= 1

    def _squared(self, points: FloatArray, triangle: IntArray) -> FloatArray:
        """(n,) squared distance of (3, n) points to triangles by their places in the tree."""
        corners = self._corners.take(triangle, axis=0).T
        r, u, v = points - corners[:3], corners[3:6] - corners[:3], corners[6:9] - corners[:3]
        _, beta, gamma = closest(r, u, v, dot(u, u), dot(u, v), dot(v, v))
        r -= beta * u
        r -= gamma * v
        return dot(r, r)

    def _slack(self, points: FloatArray) -> np.float32:
        """By how much a bound may be off for such points, µm."""
        extent = np.abs(self.vertices).max() + np.abs(points).max() + np.abs(self._shifts).max()
        return np.float32(SLACK * extent)

    def near(self, corners: FloatArray, limit: float) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Pairs of given triangles and triangles of the surface that may be within a limit of each other.

        Args:
            corners: (n, 3, 3) triangle by corner by coordinate, µm, in the first period.
            limit: µm.

        Yields:
            (3, 3, m) corners of given triangles and those of the other triangle beside each, coordinate by corner by
            pair; a batch at a time.
        """
        most = np.float32((limit + self._slack(corners)) ** 2)
        for start in range(0, len(corners), BATCH):
            moved = (corners[start : start + BATCH, None] - self._shifts[:, None]).reshape(-1, 3, 3)
            single = np.ascontiguousarray(moved.transpose(2, 1, 0), dtype=np.float32)
            of, node = np.arange(len(moved)), np.zeros(len(moved), dtype=np.int64)
            for level in reversed(range(len(self._levels))):
                kept = gap(self._levels[level].boxes, single[:, :, of], node) <= most
                of, node = of[kept], node[kept]
                if level:
                    of, node = np.repeat(of, FAN), (node[:, None] * FAN + np.arange(FAN)).ravel()
            size = self._per_leaf
            triangle, of = (node[:, None] * size + np.arange(size)).ravel(), np.repeat(of, size)
            for part in range(0, len(of), BLOCK * 8):
                chosen = slice(part, part + BLOCK * 8)
                there = self._corners[triangle[chosen]].reshape(-1, 3, 3).transpose(2, 1, 0)
                yield moved[of[chosen]].transpose(2, 1, 0), there


def threaded(work: Callable[[int], int], starts: range) -> Iterator[int]:
    """Does a piece of work for every start, in as many threads as there are cores; numpy lets go of the interpreter."""
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        yield from pool.map(work, starts)
    finally:  # an interrupt does not wait for what has not begun
        pool.shutdown(cancel_futures=True)


def _middles(vertices: FloatArray, triangles: IntArray) -> Single:
    """(T, 3) thrice the middle of each triangle."""
    single = vertices.astype(np.float32)
    middles: Single = single.take(triangles[:, 0], axis=0)
    for corner in (1, 2):
        middles += single.take(triangles[:, corner], axis=0)
    return middles


def _halved(middles: Single, order: IntArray, times: int) -> tuple[Single, IntArray]:
    """(3, n) points and their numbers, sorted into halves again and again, each time across the longest extent."""
    for level in range(times):
        parts = middles.reshape(3, 1 << level, -1)
        axis = (parts.max(axis=2) - parts.min(axis=2)).argmax(axis=0)
        keys = parts[axis, np.arange(1 << level)]
        halves = np.argpartition(keys, keys.shape[1] // 2, axis=1)
        halves += np.arange(1 << level)[:, None] * keys.shape[1]
        middles, order = middles.take(halves.ravel(), axis=1), order.take(halves.ravel())
    return middles, order


def _built(count: int, build: Callable[[int, int], tuple[Single, IntArray, Single]]) -> Level:
    """A level of so many nodes, built some thousand at a time."""
    level = Level(
        np.empty((count, 15), dtype=np.float32),
        np.empty(count, dtype=np.int64),
        np.empty((count, 3), dtype=np.float32),
    )

    def work(start: int) -> int:
        part = slice(start, min(start + BLOCK, count))
        level.boxes[part], level.triangles[part], level.points[part] = build(part.start, part.stop)
        return part.stop - start

    for _ in threaded(work, range(0, count, BLOCK)):
        pass
    return level


def _inmost(boxes: Single, triangles: IntArray, points: Single) -> tuple[IntArray, Single]:
    """For each box, of (n, k) triangles and their (n, k, 3) middles the one nearest to the box's centre."""
    offset = points - boxes[:, None, 9:12]
    chosen = np.arange(len(boxes)), np.einsum("nkc,nkc->nk", offset, offset).argmin(axis=1)
    return triangles[chosen], points[chosen]


def _starts(of: IntArray) -> tuple[IntArray, IntArray]:
    """The different numbers of an ascending list, and where each begins."""
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    return of[starts], starts


def _first_least(values: Single, starts: IntArray) -> IntArray:
    """(n,) where each stretch of values, by its beginning, has its least."""
    lengths = np.diff(np.r_[starts, len(values)])
    hits = np.flatnonzero(values == np.repeat(np.minimum.reduceat(values, starts), lengths))
    return hits[np.searchsorted(hits, starts)]
