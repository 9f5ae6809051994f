"""The exact distance from points to a triangulated surface that repeats in x and y.

The triangles are halved again and again across their longest extent, and every second halving becomes a node of four
children with a box around its triangles. The box is turned so that one of its axes is the mean normal of what is in it:
on a smooth surface its thickness shrinks with the square of its size, and so does the error of the bound it gives. That is what keeps the search
short where many triangles are almost equally far, as in thin conformal films: upright boxes and balls, whose
error shrinks with their size only, must open thousands of nodes there.

Points side by side, as samples of a surface are, have answers side by side: each begins with the triangle that the one
before it found.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.mesh.bvh_kernels import FAN, Single, fit_above, fit_leaves, halve, middle, reach, search
from geom3d.mesh.bvh_kernels import least as least_of

#: Most triangles of a leaf.
LEAF = 4
#: Points and nodes that a thread takes at a time.
BATCH, BLOCK = 2048, 16384
#: So often the triangles are halved before the parts are worked on side by side.
BRANCHES = 3
#: Seconds of work from which on threads are worth their start.
WORTH = 2e-3
#: Variable of the environment that is set where processes share the cores, so that none needs threads of its own.
SINGLE = "GEOM3D_SINGLE_THREAD"
#: Bounds are in single precision, which loses less than this share of the largest coordinate.
SLACK = 2e-6


@dataclass(frozen=True)
class Nearest:
    """A surface to measure distances to.

    Attributes:
        vertices: (V, 3) µm.
        triangles: (T, 3); without any, all distances are infinite.
        period: in x and y, µm; no vertex lies further out of [0, period] than half of it. None for a surface that does
            not repeat.
    """

    vertices: FloatArray
    triangles: IntArray
    period: tuple[float, float] | None = None

    @cached_property
    def order(self) -> IntArray:
        """Triangles so that neighbours in the list are neighbours in space, leaf by leaf; a few stand there twice."""
        depth, count = self._depth, len(self.triangles)
        order = np.arange(self._per_leaf << depth) * count // (self._per_leaf << depth)
        places = np.empty((len(order), 6), dtype=np.float32)

        def begin(start: int) -> int:
            part = slice(start, start + BLOCK)
            middle(self.vertices, self.triangles, order[part], places[part])
            return BLOCK

        for _ in threaded(begin, range(0, len(order), BLOCK)):
            pass
        # One halving of each part after the other, until there are parts enough to go on side by side.
        for level in range(min(depth, BRANCHES) + 1):
            length = len(order) >> level
            times = 1 if level < min(depth, BRANCHES) else depth - level

            def work(start: int, length: int = length, times: int = times) -> int:
                halve(places[start : start + length], order[start : start + length], times)
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
        corners = self.vertices.take(self.triangles.take(self.order, axis=0).ravel(), axis=0)
        return np.ascontiguousarray(corners, dtype=np.float64).reshape(-1, 9)

    @cached_property
    def _boxes(self) -> Single:
        """(nodes, 15) of the tree, from the root to the leaves."""
        corners, size, leaves = self._corners, self._per_leaf, 1 << self._depth
        first = (leaves - 1) // (FAN - 1)
        boxes, normals = np.empty((first + leaves, 15), dtype=np.float32), np.empty((first + leaves, 3))
        spans = np.empty((first + leaves, 6))

        def leaf(start: int) -> int:
            stop = min(start + BLOCK, leaves)
            fit_leaves(corners, size, start, stop, boxes[first:], normals[first:], spans[first:])
            return stop - start

        for _ in threaded(leaf, range(0, leaves, BLOCK)):
            pass
        stop = first
        while stop:
            start = (stop - 1) // FAN

            def level(begin: int, stop: int = stop) -> int:
                fit_above(boxes, normals, spans, begin, min(begin + BLOCK, stop))
                return BLOCK

            for _ in threaded(level, range(start, stop, BLOCK)):
                pass
            stop = start
        return boxes

    @cached_property
    def _shifts(self) -> FloatArray:
        """(s, 3) the copies of the surface that can be the nearest to a point of the first period."""
        if self.period is None:
            return np.zeros((1, 3))
        x, y = self.period
        return np.array([(i * x, j * y, 0.0) for i in (0, -1, 1) for j in (0, -1, 1)])

    def distances(
        self,
        points: FloatArray,
        limit: FloatArray | float = np.inf,
        on_progress: Callable[[int], None] = lambda count: None,
    ) -> FloatArray:
        """(n,) distance of the points to the surface, µm; infinite where it is more than the limit.

        Args:
            points: (n, 3) µm, neighbours side by side where possible.
            limit: (n,) or one for all, µm.
            on_progress: called with the number of points done, from time to time.
        """
        steps = self.steps(points, limit, on_progress)
        found: FloatArray = np.sqrt(np.einsum("nk,nk->n", steps, steps))
        return found

    def steps(
        self,
        points: FloatArray,
        limit: FloatArray | float = np.inf,
        on_progress: Callable[[int], None] = lambda count: None,
    ) -> FloatArray:
        """(n, 3) the step from each point to the nearest point of the surface, through the period, µm; infinite where
        that is further than the limit.

        Args:
            points, limit, on_progress: as for `distances`.
        """
        return self._found(points, limit, on_progress)[0]

    def faces(self, points: FloatArray, limit: FloatArray | float = np.inf) -> tuple[FloatArray, IntArray]:
        """The (n, 3) steps as of `steps`, and the (n,) numbers of the triangles to which they lead; of no meaning where
        nothing is within the limit.

        Args:
            points, limit: as for `distances`.
        """
        steps, nearest = self._found(points, limit, lambda count: None)
        return steps, self.order[nearest[:, 0]] if len(self.triangles) else nearest[:, 0]

    def farthest(self, corners: FloatArray, *, middles_only: bool = False) -> tuple[FloatArray, FloatArray]:
        """Distances to the surface on whole triangles: one that is reached on each, and one that is nowhere exceeded.

        Args:
            corners: (n, 3, 3) triangle by corner by coordinate, µm, neighbours side by side where possible.
            middles_only: whether the surface is searched from the middles alone: faster, and the second distance is larger.

        Returns:
            (n,) the largest distance of corners and middle, µm; (n,) at least the largest distance of all points, µm: the
            distance to any one triangle of the surface is largest at a corner.
        """
        points = np.concatenate([corners.mean(axis=1, keepdims=True), corners], axis=1)
        here = np.ones((len(points), 4, 1), dtype=bool)
        if self.period is not None:
            # A triangle is moved as its middle is; where that leaves a corner in a neighbouring period, the copy found from
            # there is not the one beside the triangle, and only that of the middle is tried.
            points[:, :, :2] -= np.floor(points[:, :1, :2] / self.period) * self.period
            here = (np.floor(points[:, :, :2] / self.period) == 0).all(axis=2, keepdims=True)
        from_, many = (points[:, :1], 1) if middles_only else (points, 4)
        steps, nearest = self._found(from_.reshape(-1, 3), np.inf, lambda count: None)
        reached = np.sqrt(np.einsum("nk,nk->n", steps, steps)).reshape(-1, many).max(axis=1)
        tried = nearest.reshape(-1, many, 2)
        tried = np.ascontiguousarray(np.where(here[:, :many], tried, tried[:, :1]))
        home, most = np.ascontiguousarray(points[:, 1:]).reshape(-1, 9), np.empty(len(corners))

        def work(start: int) -> int:
            part = slice(start, start + BATCH)
            reach(home[part], tried[part], self._shifts, self._corners, most[part])
            return len(home[part])

        for _ in threaded(work, range(0, len(home), BATCH)):
            pass
        return reached, np.maximum(most, reached)

    def _found(
        self, points: FloatArray, limit: FloatArray | float, on_progress: Callable[[int], None]
    ) -> tuple[FloatArray, IntArray]:
        """The (n, 3) steps, and the (n, 2) triangles of the tree and copies of the surface to which they lead."""
        points = np.ascontiguousarray(self._home(points))  # of one layout, for which the search is compiled
        steps, nearest = np.full(points.shape, np.inf), np.zeros((len(points), 2), dtype=np.int64)
        if not len(self.triangles):
            return steps, nearest
        limits = np.ascontiguousarray(np.broadcast_to(np.asarray(limit, dtype=np.float64), (len(points),)))
        slack, shifts, corners, boxes = self._slack(points), self._shifts, self._corners, self._boxes

        def work(start: int) -> int:
            part = slice(start, start + BATCH)
            search(points[part], limits[part], shifts, corners, boxes, slack, steps[part], nearest[part])
            return len(points[part])

        for count in threaded(work, range(0, len(points), BATCH)):
            on_progress(count)
        return steps, nearest

    def least(self, corners: FloatArray, limit: float) -> float:
        """The distance between given triangles and the surface, µm, or the limit where that is smaller.

        Args:
            corners: (n, 3, 3) triangle by corner by coordinate, µm, in the first period; they do not cross the surface.
            limit: µm.
        """
        if not len(corners) or not len(self.triangles):
            return limit
        triangles = np.ascontiguousarray(corners, dtype=np.float64).reshape(-1, 9)
        slack, shifts, there, boxes = self._slack(corners), self._shifts, self._corners, self._boxes
        known = [limit]  # every batch begins with the best of those that are done

        def work(start: int) -> int:
            part = triangles[start : start + BATCH]
            known.append(least_of(part, min(known), shifts, there, boxes, slack))
            return len(part)

        for _ in threaded(work, range(0, len(triangles), BATCH)):
            pass
        return min(known)

    def _home(self, points: FloatArray) -> FloatArray:
        """The points in the first period."""
        points = np.array(points, dtype=np.float64, order="C")
        for axis, period in enumerate(self.period or ()):
            points[:, axis] -= np.floor(points[:, axis] / period) * period
        return points

    def _slack(self, points: FloatArray) -> float:
        """By how much a bound may be off for such points, µm."""
        extent = np.abs(self.vertices).max() + np.abs(points).max(initial=0.0) + np.abs(self._shifts).max()
        return float(SLACK * extent)


def threaded(work: Callable[[int], int], starts: range) -> Iterator[int]:
    """Does a piece of work for every start, in as many threads as there are cores; it must let go of the interpreter.

    To start threads takes about as long as `WORTH`: they begin once that much work is sure to be left, as told by the pieces
    that are done.
    """
    threads = cores()
    begun = time.perf_counter()
    for done, start in enumerate(starts):
        spent = time.perf_counter() - begun
        left = starts[done:]
        if done and threads > 1 and len(left) > 1 and spent / done * len(left) > WORTH:
            pool = ThreadPoolExecutor(threads)
            try:
                yield from pool.map(work, left)
            finally:  # an interrupt does not wait for what has not begun
                pool.shutdown(cancel_futures=True)
            return
        yield work(start)


def cores() -> int:
    """How many threads of one process may work side by side: its cores, or what `SINGLE` says in a process of a pool."""
    if os.environ.get(SINGLE):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
