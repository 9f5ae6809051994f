"""A triangulated plan of one period that is divided further where it matters, by cutting edges in two.

It stays conforming and periodic: a triangle is cut at its chosen edges one after the other, in an order that both sides of
an edge, and both sides of a seam, share. Whoever has a chosen edge also has its longest one cut, so that no triangle gets
slimmer than half (Rivara).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, inverse_of, pair_keys, pairs_of, places_among

#: The sides of a triangle, each opposite one corner.
SIDES = np.array([(1, 2), (2, 0), (0, 1)])


@dataclass(frozen=True)
class Plan:
    """Triangles over one period.

    Attributes:
        points: (P, 2) µm.
        triangles: (T, 3) counter-clockwise.
        face: (T,) face of the floor plan that each lies in.
        period: in x and y, µm; the plan lies in [0, period].
    """

    points: FloatArray
    triangles: IntArray
    face: IntArray
    period: tuple[float, float]

    @cached_property
    def home(self) -> IntArray:
        """(P,) for each point the one at the same place on the low sides of the period."""
        x, y = self._low
        return np.asarray(y[x])

    @cached_property
    def _low(self) -> tuple[IntArray, IntArray]:
        """In x and in y, (P,) the point one period back where a point lies on the high side, else the point itself."""
        found = []
        for axis, period in enumerate(self.period):
            low = np.arange(len(self.points))
            here, there = (np.flatnonzero(self.points[:, axis] == at) for at in (0.0, period))
            here, there = (on[np.argsort(self.points[on, 1 - axis])] for on in (here, there))
            low[there] = here
            found.append(low)
        return found[0], found[1]

    @cached_property
    def edges(self) -> tuple[IntArray, IntArray]:
        """(E, 2) edges, lower number first, each once through the period; (T, 3) the edge on each side of a triangle.

        Ends alone do not tell edges apart: where the plan is coarse, two may have the same ones, through the period. So
        edges on a high side are moved to the low one as a whole.
        """
        every = self.triangles[:, SIDES].reshape(-1, 2)
        for axis, period in enumerate(self.period):
            there = (self.points[every, axis] == period).all(axis=1)
            every = np.where(there[:, None], self._low[axis][every], every)
        keys, index = np.unique(pair_keys(every[:, 0], every[:, 1], len(self.points)), return_inverse=True)
        return pairs_of(keys, len(self.points)), np.asarray(index.reshape(-1, 3))

    @cached_property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """(E,) and (E,) the two sides that are one edge, through the period, as 3 × triangle + side."""
        order = np.argsort(self.edges[1].ravel(), kind="stable")
        return order[::2], order[1::2]

    @cached_property
    def beside(self) -> IntArray:
        """(T, 3) the triangle beyond each side, through the period."""
        one, two = self.pairs
        found = np.empty(3 * len(self.triangles), dtype=np.int64)
        found[one], found[two] = two // 3, one // 3
        return found.reshape(-1, 3)

    @cached_property
    def areas(self) -> FloatArray:
        """(T,) µm²."""
        a, b, c = (self.points[self.triangles[:, k]] for k in range(3))
        return np.asarray(((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2)

    @cached_property
    def lengths(self) -> FloatArray:
        """(T, 3) of the sides, µm."""
        ends = self.points[self.triangles[:, SIDES]]
        return np.asarray(np.linalg.norm(ends[:, :, 1] - ends[:, :, 0], axis=2))

    def cut(self, triangles: BoolArray) -> Plan:
        """The plan with all sides of chosen triangles cut in two.

        Args:
            triangles: (T,) mask.
        """
        if not triangles.any():
            return self
        edges, of = self.edges
        length = np.linalg.norm(self.points[edges[:, 1]] - self.points[edges[:, 0]], axis=1)
        turn = inverse_of(np.lexsort((np.arange(len(edges)), -length)))  # the longest first
        longest = np.take_along_axis(of, turn[of].argmin(axis=1)[:, None], axis=1)[:, 0]
        chosen = np.zeros(len(edges), dtype=bool)
        chosen[of[triangles]] = True
        while (lacking := chosen[of].any(axis=1) & ~chosen[longest]).any():
            chosen[longest[lacking]] = True

        ends = self.triangles[:, SIDES].reshape(-1, 2)
        hit = chosen[of.ravel()]
        keys, first = np.unique(pair_keys(ends[hit, 0], ends[hit, 1], len(self.points)), return_index=True)
        turns = turn[of.ravel()[hit][first]]
        middles = self.points[pairs_of(keys, len(self.points))].mean(axis=1)
        parts, origins = [], []
        open_, origin = self.triangles, np.arange(len(self.triangles))
        while len(open_):
            pairs = open_[:, SIDES]
            place = places_among(keys, pair_keys(pairs[..., 0], pairs[..., 1], len(self.points)))
            # The numbers of new points lie beyond those that keys are made of.
            known = (pairs < len(self.points)).all(axis=2) & (place >= 0)
            rank = np.where(known, turns[place], np.iinfo(np.int64).max)
            side = rank.argmin(axis=1)
            whole = ~known.any(axis=1)
            parts.append(open_[whole])
            origins.append(origin[whole])
            row = np.flatnonzero(~whole)
            new = place[row, side[row]] + len(self.points)
            one, other = open_[row], open_[row]
            one[np.arange(len(row)), SIDES[side[row], 1]] = new
            other[np.arange(len(row)), SIDES[side[row], 0]] = new
            open_, origin = np.concatenate([one, other]), np.tile(origin[row], 2)
        origin = np.concatenate(origins)
        points = np.concatenate([self.points, middles])
        return Plan(points, np.concatenate(parts), self.face[origin], self.period)
