"""Constrained Delaunay triangulations of the plane, refined by points inside the faces.

Edges between two faces, and those on the border, stay as they are. Points come in batches, far enough from each other not
to interfere; then edges are flipped, batch by batch, until every triangle's circle is empty but for what an outline hides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain

import numpy as np
import scipy

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, inverse_of, owners_of, pair_keys
from geom3d.core.errors import GeometryError
from geom3d.solids.prisms.grading import GRADING

#: A triangle whose circle's radius is a larger share of the wished edge gets a point in its middle.
RADIUS = 0.6
#: Opposite angles may add up to half a turn and this much before their edge is flipped.
ROUNDING = 1e-6
#: A triangle of less height, as a share of its edge, is flat.
FLAT = 0.02
#: Twice the area of a triangle, in its squared sides, below which it is taken as that flat: the square of its circle's radius is
#: still a number.
ENDLESS = 1e-100
#: Batches, at most: each can double the number of points.
BATCHES = 400
#: Faces numbered from here on get no points.
KEPT = 1 << 40


@dataclass
class Triangulation:
    """Triangles that change.

    Attributes:
        points: (P, 2) µm.
        triangles: (T, 3) counter-clockwise.
        face: (T,) face of each.
        wish: (P,) wished edge at each point, µm.
    """

    points: FloatArray
    triangles: IntArray
    face: IntArray
    requested: FloatArray

    def beside(self) -> IntArray:
        """(3 T,) for the edge opposite each corner the same edge of the neighbour in the same face, else -1."""
        start, end = np.roll(self.triangles, -1, axis=1).ravel(), np.roll(self.triangles, -2, axis=1).ravel()
        key = pair_keys(start, end, len(self.points))
        order = np.argsort(key)
        key = key[order]
        same = np.flatnonzero(key[1:] == key[:-1])
        one, two = order[same], order[same + 1]
        inner = self.face[one // 3] == self.face[two // 3]
        one, two = one[inner], two[inner]
        found = np.full(len(key), -1)
        found[one], found[two] = two, one
        return found

    def legalise(self) -> IntArray:
        """Flips edges until none is left whose triangles' circles hold each other's corners; returns `beside`."""
        for _ in range(BATCHES):
            beside = self.beside()
            one = np.flatnonzero(beside > np.arange(len(beside)))
            two = beside[one]
            flat = self.triangles.ravel()
            t, n, k = one // 3, two // 3, one % 3
            p, q = flat[one], flat[two]
            a, b = flat[3 * t + (k + 1) % 3], flat[3 * t + (k + 2) % 3]
            bad = self._flips(p, a, b, q)
            if not bad.any():
                return beside
            t, n, p, q, a, b = (part[bad] for part in (t, n, p, q, a, b))
            # Flips that share no triangle may be done at once: each takes the smaller number at both its triangles.
            rank = np.full(len(self.triangles), len(t))
            place = np.arange(len(t))
            np.minimum.at(rank, t, place)
            np.minimum.at(rank, n, place)
            go = (rank[t] == place) & (rank[n] == place)
            self.triangles[t[go]] = np.column_stack([p, a, q])[go]
            self.triangles[n[go]] = np.column_stack([p, q, b])[go]
        raise GeometryError("the floor plan's triangulation does not settle; change a length slightly")

    def _flips(self, *corners: IntArray) -> BoolArray:
        """(n,) whether the edge a–b between the triangles p a b and q b a is to be flipped."""
        p, a, b, q = (self.points[corner] for corner in corners)
        # The sine of the sum of the angles opposite the edge. Flat triangles, of three points on one straight outline,
        # have an angle of half a turn, and are told as such where a circle through them would drown in rounding.
        one, two = a - p, b - p
        three, four = b - q, a - q
        sine = _cross(one, two) * _dot(three, four) + _dot(one, two) * _cross(three, four)
        size = np.sqrt(_dot(one, one) * _dot(two, two) * _dot(three, three) * _dot(four, four))
        return np.asarray((sine < -ROUNDING * size) & (_cross(one, q - p) > 0) & (_cross(q - p, two) > 0))

    def refine(self, longest: float) -> None:
        """Adds points until the triangles are as small as wished and no inner edge is longer than `longest`, µm."""
        beside = self.legalise()
        keeper = _Outlines(self, beside)
        for _ in range(BATCHES):
            chosen = self._middles(beside, keeper)
            if not len(chosen[0]):
                break
            self._insert(*chosen)
            beside = self.legalise()
        for _ in range(BATCHES):
            chosen = self._halves(beside, longest, keeper)
            if not len(chosen[0]):
                return
            self._insert(*chosen)
            beside = self.legalise()
        raise GeometryError("the floor plan's refinement does not end; take another max_edge")

    def _middles(self, beside: IntArray, keeper: _Outlines) -> tuple[FloatArray, IntArray, FloatArray]:
        """New points in the middle of large triangles' circles: (n, 2) places, (n,) triangle that holds each, wished edge."""
        corners = self.points[self.triangles]
        centre, radius = _circles(corners)
        large = np.flatnonzero((radius > RADIUS * self.requested[self.triangles].min(axis=1)) & (self.face < KEPT))
        centre, radius = centre[large], radius[large]
        at = self._walk(centre, large, beside)
        requested = (
            self.requested[self.triangles[at]]
            + GRADING * np.linalg.norm(self.points[self.triangles[at]] - centre[:, None], axis=2)
        ).min(axis=1)
        good = np.flatnonzero((at >= 0) & (radius > RADIUS * requested))
        good = good[~keeper.near(centre[good])]
        if not len(good):
            return centre[good], at[good], requested[good]
        centre, radius, at, requested = centre[good], radius[good], at[good], requested[good]
        chosen = self._apart(at, radius / requested)
        chosen = chosen[_sparse(centre[chosen], requested[chosen], radius[chosen])]
        return centre[chosen], at[chosen], requested[chosen]

    def _walk(self, places: FloatArray, start: IntArray, beside: IntArray) -> IntArray:
        """(n,) the triangle that holds each place, found straight on from a triangle; -1 beyond an outline."""
        at = start.copy()
        going = np.arange(len(at))
        for _ in range(1000):
            if not len(going):
                return at
            corners = self.points[self.triangles[at[going]]]
            to = places[going][:, None] - corners
            edge = np.roll(corners, -1, axis=1) - corners
            outward = -_cross(edge, to)  # at edge k → k + 1, which is opposite corner k + 2
            worst = outward.argmax(axis=1)
            out = outward[np.arange(len(going)), worst] > 0
            going, worst = going[out], worst[out]
            through = beside[3 * at[going] + (worst + 2) % 3]
            at[going] = np.where(through < 0, -1, through // 3)
            going = going[through >= 0]
        at[going] = -1  # a walk in circles, by rounding
        return at

    def _apart(self, at: IntArray, worth: FloatArray) -> IntArray:
        """Indices of new points in triangles that have no corner in common, worthiest first."""
        rank = inverse_of(np.argsort(-worth, kind="stable"))
        best = np.full(len(self.points), len(at))
        for corner in self.triangles[at].T:
            np.minimum.at(best, corner, rank)
        return np.flatnonzero((best[self.triangles[at]] == rank[:, None]).all(axis=1))

    def _halves(self, beside: IntArray, longest: float, keeper: _Outlines) -> tuple[FloatArray, IntArray, FloatArray]:
        """Middles of inner edges that are longer than allowed, as `_middles` gives them."""
        one = np.flatnonzero(beside > np.arange(len(beside)))
        flat = self.triangles.ravel()
        a, b = flat[3 * (one // 3) + (one % 3 + 1) % 3], flat[3 * (one // 3) + (one % 3 + 2) % 3]
        length = np.linalg.norm(self.points[a] - self.points[b], axis=1)
        long = np.flatnonzero((length > longest) & (self.face[one // 3] < KEPT))
        long = long[~keeper.on((self.points[a[long]] + self.points[b[long]]) / 2)]
        chosen = long[self._apart(one[long] // 3, length[long])]
        middle = (self.points[a[chosen]] + self.points[b[chosen]]) / 2
        return middle, one[chosen] // 3, (self.requested[a[chosen]] + self.requested[b[chosen]]) / 2

    def _insert(self, places: FloatArray, at: IntArray, requested: FloatArray) -> None:
        """Splits triangles in three, at one point each."""
        number = len(self.points) + np.arange(len(places))
        a, b, c = self.triangles[at].T
        self.points = np.concatenate([self.points, places])
        self.requested = np.concatenate([self.requested, requested])
        self.triangles[at] = np.column_stack([a, b, number])
        more = [np.column_stack([b, c, number]), np.column_stack([c, a, number])]
        self.triangles = np.concatenate([self.triangles, *more])
        self.face = np.concatenate([self.face, self.face[at], self.face[at]])


class _Outlines:
    """Keeps points away from outlines."""

    def __init__(self, of: Triangulation, beside: IntArray) -> None:
        fixed = np.flatnonzero(beside < 0)
        flat = of.triangles.ravel()
        self._start = of.points[flat[3 * (fixed // 3) + (fixed % 3 + 1) % 3]]
        self._along = of.points[flat[3 * (fixed // 3) + (fixed % 3 + 2) % 3]] - self._start
        self._length = np.linalg.norm(self._along, axis=1)
        self._middle = self._start + self._along / 2
        self._tree = scipy.spatial.cKDTree(self._middle)

    def near(self, places: FloatArray) -> BoolArray:
        """(n,) whether each place lies in the circle around one of the outline's edges beside it, or on any of them."""
        if not len(places):
            return np.zeros(0, dtype=bool)
        count = min(4, len(self._length))
        distance, index = (part.reshape(-1, count) for part in self._tree.query(places, k=count))
        # Edges are not cut: in the whole circle of a long one, far from it, there must be points.
        return np.asarray((distance < self._length[index] / 2).any(axis=1)) | self.on(places)

    def on(self, places: FloatArray) -> BoolArray:
        """(n,) whether each place would make a flat triangle with an outline's edge."""
        place, edge = self._within(places, math.hypot(0.5, FLAT))
        to, along, square = places[place] - self._start[edge], self._along[edge], self._length[edge] ** 2
        share = _dot(to, along) / square
        height = np.abs(_cross(to, along)) / square
        found = np.zeros(len(places), dtype=bool)
        found[place[(height < FLAT) & (share > 0) & (share < 1)]] = True
        return found

    def _within(self, places: FloatArray, reach: float) -> tuple[IntArray, IntArray]:
        """Numbers of places and of the edges whose middles lie no further away than a share of the edge, long ones as well."""
        if not len(places):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        there = scipy.spatial.cKDTree(places).query_ball_point(self._middle, reach * self._length)
        counts = np.array([len(found) for found in there], dtype=np.int64)
        return np.fromiter(chain.from_iterable(there), dtype=np.int64, count=int(counts.sum())), owners_of(counts)


def _sparse(places: FloatArray, requested: FloatArray, radius: FloatArray) -> IntArray:
    """Indices of places none of which is nearer to a worthier one than the wished edge allows."""
    if len(places) < 2:
        return np.arange(len(places))
    worth = radius / requested
    rank = inverse_of(np.argsort(-worth, kind="stable"))
    distance, index = scipy.spatial.cKDTree(places).query(places, k=min(8, len(places)))
    crowded = (distance < RADIUS * requested[:, None]) & (rank[index] < rank[:, None])
    return np.flatnonzero(~crowded.any(axis=1))


def _cross(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])


def _dot(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(one[..., 0] * other[..., 0] + one[..., 1] * other[..., 1])


def _circles(corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centre (T, 2) and radius (T,) of the circle through each triangle's corners."""
    a = corners[:, 0]
    b, c = corners[:, 1] - a, corners[:, 2] - a
    bb, cc = (b**2).sum(axis=1), (c**2).sum(axis=1)
    # Three points on one straight outline have a circle without end.
    doubled = np.maximum(2 * _cross(b, c), ENDLESS * (bb + cc))
    to = np.column_stack([c[:, 1] * bb - b[:, 1] * cc, b[:, 0] * cc - c[:, 0] * bb]) / doubled[:, None]
    return a + to, np.linalg.norm(to, axis=1)
