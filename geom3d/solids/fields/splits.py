"""Edges of a grid with a node of their own, and the tetrahedra around them cut accordingly.

Where the distance has a kink, as between two spheres that meet, its values at the ends of an edge do not tell it. Such
an edge gets a node on the kink. Every simplex that holds split edges is halved at them, one after the other in the order
of their numbers; on a face that two simplices share the order is the same, so their halves match.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, places_among
from geom3d.solids.grid import EDGES, TETRAHEDRA, Grid, rounding_unit, snap


@dataclass(frozen=True)
class Lattice:
    """A grid, and further nodes on some of its edges.

    Attributes:
        grid: nodes at crossings of planes; their numbers come first.
        keys: (e,) 8 × lower node + kind of every split edge, ascending; the nodes on them follow in this order.
        places: (e, 3) where the edges are split, µm.
    """

    grid: Grid
    keys: IntArray
    places: FloatArray

    @classmethod
    def of(cls, grid: Grid) -> Lattice:
        """The grid alone."""
        return cls(grid, np.empty(0, dtype=np.int64), np.empty((0, 3)))

    @property
    def count(self) -> int:
        """Nodes at crossings of planes."""
        nz, ny, nx = self.grid.shape
        return nz * ny * nx

    def points(self, nodes: IntArray) -> FloatArray:
        """(n, 3) positions of nodes, µm."""
        found = np.empty((len(nodes), 3))
        own = nodes < self.count
        found[own] = self.grid.points(nodes[own])
        found[~own] = self.places[nodes[~own] - self.count]
        return found

    def snapped(self, points: FloatArray) -> FloatArray:
        """Points, x and y moved to where the adding of a period is exact."""
        for axis, period in enumerate(self.grid.size):
            points[:, axis] = snap(points[:, axis], rounding_unit(period))
        return points

    def split(self, one: IntArray, other: IntArray) -> IntArray:
        """The node on the edge between nodes, for arrays of any shape; a number beyond all where there is none."""
        none = self.count + len(self.keys)
        if not len(self.keys):
            return np.full(one.shape, none)
        lower, upper = np.minimum(one, other), np.maximum(one, other)
        kind = np.searchsorted(self.grid.steps, upper - lower)
        key = np.where(upper < self.count, lower * 8 + kind, -1)
        place = places_among(self.keys, key)
        return np.where(place >= 0, place + self.count, none)

    def refine(self, simplices: IntArray) -> tuple[IntArray, IntArray]:
        """Simplices halved at their split edges.

        Args:
            simplices: (n, c) nodes.

        Returns:
            (m, c) nodes, the untouched ones first, and (m,) which of the given simplices each is a part of.
        """
        if not len(self.keys) or not len(simplices):
            return simplices, np.arange(len(simplices))
        pairs = [(a, b) for b in range(simplices.shape[1]) for a in range(b)]
        rest, of = simplices, np.arange(len(simplices))
        done: list[tuple[IntArray, IntArray]] = []
        none = self.count + len(self.keys)
        while len(rest):
            nodes = np.column_stack([self.split(rest[:, a], rest[:, b]) for a, b in pairs])
            first = nodes.min(axis=1)
            whole = first == none
            done.append((rest[whole], of[whole]))
            rest, of, nodes, first = rest[~whole], of[~whole], nodes[~whole], first[~whole]
            ends = np.array(pairs).reshape(-1, 2)[nodes.argmin(axis=1)]
            rows = np.arange(len(rest))
            halves = []
            for end in ends.T:
                half = rest.copy()
                half[rows, end] = first
                halves.append(half)
            rest, of = np.concatenate(halves), np.concatenate([of, of])
        return np.concatenate([part for part, _ in done]), np.concatenate([part for _, part in done])

    @cached_property
    def touched(self) -> IntArray:
        """Lower nodes of the bricks that have a split edge, ascending."""
        lower, kind = np.divmod(self.keys, 8)
        i, j, k = self.grid.places(lower)
        found = []
        for a, b in EDGES:
            mine = kind == (a ^ b)
            at = [place[mine] - (a >> axis & 1) for axis, place in enumerate((i, j, k))]
            inside = np.all([(p >= 0) & (p < n - 1) for p, n in zip(at, self.grid.shape[::-1], strict=True)], axis=0)
            found.append(lower[mine][inside] - self.grid.steps[a])
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def touched_in(self, layers: range) -> IntArray:
        """Those of them in a run of layers."""
        sheet = self.grid.strides[2]
        low, high = np.searchsorted(self.touched, [layers.start * sheet, layers.stop * sheet])
        return self.touched[low:high]

    def tetrahedra(self, layers: range) -> tuple[IntArray, IntArray]:
        """(n, 4) parts of the tetrahedra of these bricks, and (n,) the layer of each, ascending."""
        parts, layer = self._parts
        low, high = np.searchsorted(layer, [layers.start, layers.stop])
        return parts[low:high], layer[low:high]

    @cached_property
    def _parts(self) -> tuple[IntArray, IntArray]:
        corners = np.array(TETRAHEDRA)
        whole = (self.touched[:, None, None] + self.grid.steps[corners]).reshape(-1, 4)
        parts, of = self.refine(whole)
        layer = self.touched[of // len(TETRAHEDRA)] // self.grid.strides[2]
        order = np.argsort(layer, kind="stable")
        return parts[order], layer[order]


def with_splits(grid: Grid, kinds: IntArray, lower: IntArray, shares: FloatArray) -> tuple[Lattice, IntArray]:
    """A lattice with splits on edges of the first period, and their copies on the last planes in x and y.

    Args:
        grid: the nodes.
        kinds, lower, shares: (n,) of the edges, and where they are split, from the lower end.

    Returns:
        the lattice, and (e,) for each of its splits the given one that it is or is a copy of.
    """
    of = np.arange(len(lower))
    for axis, count in ((0, len(grid.x) - 1), (1, len(grid.y) - 1)):
        edge = (grid.places(lower)[axis] == 0) & (kinds >> axis & 1 == 0)
        lower = np.concatenate([lower, lower[edge] + count * grid.strides[axis]])
        kinds, shares, of = (np.concatenate([part, part[edge]]) for part in (kinds, shares, of))
    keys = lower * 8 + kinds
    order = np.argsort(keys)
    places = np.empty((len(keys), 3))
    for kind in range(1, 8):
        mine = kinds == kind
        places[mine] = grid.between(lower[mine], kind, shares[mine])
    return Lattice(grid, keys[order], places[order]), of[order]
