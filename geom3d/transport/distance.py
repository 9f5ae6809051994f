"""The distance between the electrodes: from one electrode's surface, straight, to the nearest point of the other's.

The surface of an electrode is where it faces the electrolyte; in a cell without one, where it is bare. Where lithium is
yet to be plated the anode's collector stands for the anode.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    compacted,
    half_edges,
    in_turn,
    owners_of,
    pair_keys,
    pairs_of,
    ranks_of,
    triangle_areas,
)
from geom3d.core.jit import compiled
from geom3d.core.progress import bar
from geom3d.core.roles import Role
from geom3d.mesh.bvh import Nearest
from geom3d.mesh.farthest import Farthest, farthest
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.volume import VolumeMesh

#: Points on each surface to begin with; four times as many until the mean moves by less than STEADY; most of them.
FEWEST, MOST, STEADY = 2048, 1 << 20, 2e-3
#: Share by which the golden section advances: spreads points evenly across triangles that follow each other.
GOLDEN = (math.sqrt(5) - 1) / 2
#: Pairs of triangles are looked at one by one from so few triangles on, or after so many halvings.
FEW, ROUNDS = 2000, 4
#: Bins of the histogram.
BINS = 40
#: Relative differences of distances that are no more than rounding.
ROUNDING = 1e-9
#: A film is thin where it is so much thinner than it should be.
THIN = 0.05
#: Name of the field on `InterfaceMesh`.
FIELD = "inter_electrode_distance_um"
#: Points for a triangle of a field: one for each such share of the surface, at most so many.
FIELD_SHARE, FIELD_MOST = 1e-4, 64


@dataclass(frozen=True)
class Spread:
    """How a distance is distributed over an electrode's surface, µm.

    Attributes:
        least: exact, over all points of both surfaces.
        mean, std, p05, p50, p95: over the surface.
        most: the largest that is found; the search ends where none can be larger by more than `farthest.LARGER`.
        bound: than which none is larger.
        edges: (b + 1,) of the histogram's bins.
        shares: (b,) of the surface in each bin.
        error: by how much the mean moved in the last refinement, relative.
        points: how many stand for the surface.
        noise: (µm) of the figures over the surface, by name, since so many points stand for it.
        thin: share of the surface that is nearer than a film is thick, by more than `THIN`; None without a film.
    """

    least: float
    mean: float
    most: float
    bound: float
    std: float
    p05: float
    p50: float
    p95: float
    edges: FloatArray
    shares: FloatArray
    error: float
    points: int
    noise: Mapping[str, float]
    thin: float | None = None


@dataclass(frozen=True)
class ElectrodeSurface:
    """An electrode's surface.

    Attributes:
        index: (F,) its triangles, numbers in `InterfaceMesh.triangles`.
        search: finds what of it is near.
    """

    index: IntArray
    search: Nearest

    @property
    def corners(self) -> FloatArray:
        """(F, 3, 3) triangle by corner by coordinate, µm."""
        return self.search.vertices[self.search.triangles]

    def sample(self, count: int) -> FloatArray:
        """(count, 3) points that stand for equal shares of the surface, neighbours side by side, µm.

        They are a lattice on the surface laid out as a strip: evenly spaced along the list of triangles, each of which takes a
        length of its area, and advancing by the golden section across it.
        """
        ends = self._ends
        place = (np.arange(count) + 0.5) / count * ends[-1]
        hit = np.minimum(np.searchsorted(ends, place), len(ends) - 1)
        chosen = self.order[hit]
        along = np.clip((ends[hit] - place) / self.areas[chosen], 0.0, 1.0)
        corners = self.search.vertices[self.search.triangles[chosen]]
        return spread_over(corners, along, np.mod(np.arange(count) * GOLDEN, 1.0))

    @cached_property
    def _ends(self) -> FloatArray:
        """(F,) where each triangle ends on the strip of all in their order, µm²."""
        return np.cumsum(self.areas[self.order])

    @cached_property
    def order(self) -> IntArray:
        """(F,) the triangles with neighbours side by side, each once."""
        return in_turn(self.search.order)

    @cached_property
    def ordered(self) -> IntArray:
        """(F, 3) corners of the triangles, in that order."""
        return self.search.triangles[self.order]

    @cached_property
    def areas(self) -> FloatArray:
        """(F,) area of each triangle, µm²."""
        return triangle_areas(self.search.vertices, self.search.triangles)


def spread_over(corners: FloatArray, along: FloatArray, across: FloatArray) -> FloatArray:
    """(n, 3) points in (n, 3, 3) triangles; evenly spread where the two numbers are evenly spread in [0, 1]."""
    a, b, c = corners.transpose(1, 0, 2)
    root = np.sqrt(along)[:, None]
    across = across[:, None]
    points: FloatArray = (1 - root) * a + root * (1 - across) * b + root * across * c
    return points


@dataclass(frozen=True)
class Electrodes:
    """The surfaces of both electrodes of a cell.

    Attributes:
        anode, cathode: the two.
    """

    anode: ElectrodeSurface
    cathode: ElectrodeSurface

    @classmethod
    def of(cls, cell: Cell, walls: InterfaceMesh) -> Electrodes | None:
        """The surfaces of a cell, or None where one of them is missing."""
        found = [surface_of(cell, walls, role) for role in (Role.ANODE, Role.CATHODE)]
        if not all(map(len, found)):
            return None
        period = walls.size[:2]
        anode, cathode = (
            ElectrodeSurface(index, Nearest(walls.vertices[used], triangles, period))
            for index in found
            for used, triangles in [compacted(walls.triangles[index])]
        )
        return cls(anode, cathode)

    def spreads(self, film: float | None = None) -> dict[str, Spread]:
        """The distribution on either electrode, by its name; the least distance is that of both.

        Args:
            film: thickness of a parallel film between the two, µm, if there is one.
        """
        sampled = {name: _refined(*pair) for name, pair in self._pairs.items()}
        least = self.least(min(float(found.min()) for found, _ in sampled.values()))
        return {
            name: _spread(found, error, least, film, self._largest(name, float(found.max())))
            for name, (found, error) in sampled.items()
        }

    def least(self, known: float) -> float:
        """The exact distance of the two surfaces, µm.

        Args:
            known: a distance between points of the two, µm.
        """
        name = min(self._pairs, key=lambda name: len(self._pairs[name][0].index))
        return _least(*self._pairs[name], self._at_corners[name], known)

    @property
    def _pairs(self) -> dict[str, tuple[ElectrodeSurface, ElectrodeSurface]]:
        """By the name of either electrode its surface and that of the other."""
        return {"anode": (self.anode, self.cathode), "cathode": (self.cathode, self.anode)}

    @cached_property
    def _at_corners(self) -> dict[str, FloatArray]:
        """By the name of either electrode the distance of all vertices of its surface to the other, µm."""
        return {name: _of_vertices(*pair) for name, pair in self._pairs.items()}

    def _largest(self, name: str, known: float) -> Farthest:
        """The largest distance from one electrode's surface to the other's; `known` is reached, µm."""
        one, other = self._pairs[name]
        return farthest(one.search.vertices, one.ordered, other.search, known, self._at_corners[name])

    def field(self, walls: InterfaceMesh) -> FloatArray:
        """(T,) mean distance over each triangle of the electrodes' surfaces, µm; nan on all others.

        Large triangles are taken by several points.
        """
        field = np.full(len(walls.triangles), np.nan)
        pairs = self._pairs.values()
        with bar("distances", sum(len(surface.index) for surface, _ in pairs)) as advance:
            for surface, other in pairs:
                field[surface.index] = _means(surface, other.search, advance)
        return field


def with_distance(walls: InterfaceMesh, electrodes: Electrodes | None) -> InterfaceMesh:
    """The walls with the mean distance over each triangle of the electrodes' surfaces as a field, µm; nan elsewhere.

    Args:
        walls: of a cell.
        electrodes: of these walls.
    """
    field = np.full(len(walls.triangles), np.nan) if electrodes is None else electrodes.field(walls)
    return walls.with_field(FIELD, field)


def on_interfaces(cell: Cell, walls: InterfaceMesh, electrodes: Electrodes | None, mesh: VolumeMesh) -> FloatArray:
    """(F,) mean distance over each triangle of a volume mesh's interfaces, µm; nan off the electrodes' surfaces.

    Args:
        cell, walls: the battery.
        electrodes: of these walls.
        mesh: of the same cell.
    """
    field = np.full(len(mesh.interfaces), np.nan)
    if electrodes is None:
        return field
    others = {Role.ANODE: electrodes.cathode, Role.CATHODE: electrodes.anode}
    for role, other in others.items():
        index = np.flatnonzero(mesh.between(*_sides(cell, walls, role)))
        surface = ElectrodeSurface(index, Nearest(mesh.points, mesh.interfaces[index]))
        field[index] = _means(surface, other.search, lambda count: None)
    return field


def surface_of(cell: Cell, walls: InterfaceMesh, role: Role) -> IntArray:
    """(F,) triangles of an electrode that face the electrolyte, or the void in a cell without electrolyte."""
    labels, beyond = _sides(cell, walls, role)
    return np.flatnonzero(walls.between(labels, beyond)) if labels else np.empty(0, dtype=np.int64)


def _sides(cell: Cell, walls: InterfaceMesh, role: Role) -> tuple[list[int], list[int]]:
    """Labels of an electrode and of what its surface faces."""
    electrolyte = cell.labels(Role.ELECTROLYTE)
    return (cell.electrode(role), electrolyte) if electrolyte else (cell.labels(role), [walls.void])


def _refined(surface: ElectrodeSurface, other: ElectrodeSurface) -> tuple[FloatArray, float]:
    """Distances of points of a surface, as many as the mean needs, and by how much it moved last."""
    count = FEWEST
    found = other.search.distances(surface.sample(count))
    error = math.inf
    while error > STEADY and count < MOST:
        count *= 4
        before, found = found.mean(), other.search.distances(surface.sample(count))
        error = abs(float(found.mean() - before)) / float(found.mean()) if found.any() else 0.0
    return found, error


def _spread(found: FloatArray, error: float, least: float, film: float | None, largest: Farthest) -> Spread:
    found = np.sort(found)
    low, middle, high = np.percentile(found, [5, 50, 95]).tolist()
    shares, edges = np.histogram(found, bins=BINS, range=_range(found))
    return Spread(
        least=least,
        mean=float(found.mean()),
        most=largest.reached,
        bound=largest.bound,
        std=float(found.std()),
        p05=low,
        p50=middle,
        p95=high,
        edges=edges,
        shares=shares / len(found),
        error=error,
        points=len(found),
        noise={**_noise(found, error), "max": largest.bound - largest.reached},
        thin=None if film is None else float((found < (1 - THIN) * film).mean()),
    )


def _noise(found: FloatArray, error: float) -> dict[str, float]:
    """By how much figures of so many points may be off those of the surface, µm.

    Of n points between p n and its standard deviation √(p (1 - p) n) more or less lie below what all but a share p of the
    surface exceeds.

    Args:
        found: (n,) ascending.
        error: by how much the mean moved last, relative.
    """
    count = len(found)
    mean, spread = float(found.mean()), float(found.std())
    spread = spread if spread > ROUNDING * mean else 0.0
    noise = {"mean": error * mean, "std": spread / math.sqrt(2 * count)}
    for name, share in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95)):
        away = math.sqrt(share * (1 - share) / count)
        low, high = np.quantile(found, [max(share - away, 0.0), min(share + away, 1.0)])
        noise[name] = float(high - low) / 2
    return noise


def _range(found: FloatArray) -> tuple[float, float]:
    """Ends of a histogram; constant but for rounding, they are a little apart."""
    low, high = float(found.min()), float(found.max())
    if high - low <= 1e-6 * high:
        low, high = low * (1 - 1e-6), high * (1 + 1e-6)
    return (low, high) if high > low else (0.0, 1.0)


def _of_vertices(surface: ElectrodeSurface, other: ElectrodeSurface) -> FloatArray:
    """(V,) distance of the surface's vertices to the other one, µm."""
    found = np.empty(len(surface.search.vertices))
    used = in_turn(surface.ordered.ravel())  # neighbours side by side, as the triangles are
    found[used] = other.search.distances(surface.search.vertices[used])
    return found


def _least(surface: ElectrodeSurface, other: ElectrodeSurface, found: FloatArray, known: float) -> float:
    """The exact distance of two surfaces: from corners first, then by bounds, and pairs of triangles where those fail.

    For a point p = Σ wᵢ xᵢ of a triangle and any point y, |y - p|² = Σ wᵢ |y - xᵢ|² - Σ wᵢ |p - xᵢ|² (Leibniz), and the last sum
    is at most R², the squared radius of the smallest circle around the triangle: so the corners' distances bound that of
    every point between them, to second order in the triangle's size.

    Args:
        surface, other: the two.
        found: (V,) distances of the vertices of the one to the other, µm.
        known: a distance between points of the two, µm.
    """
    points, of = surface.search.vertices, surface.ordered
    for step in range(ROUNDS):
        if step:
            limit = np.zeros(len(points))
            _reach(points, of, known * known, limit)
            found = other.search.distances(points, limit)
        known = min(known, float(found.min()))
        open_ = np.empty(len(of), dtype=np.bool_)
        _find_open(points, of, found, known * known, open_)
        of = of[open_]
        if len(of) <= FEW or step == ROUNDS - 1:
            break
        if step == 0 and len(of) > 0.5 * len(open_):
            break  # all distances are alike: smaller triangles would tell no more
        points, of = _quartered(points, of)
    return other.search.least(points[of], known)


@compiled
def _reach(points: FloatArray, triangles: IntArray, square: float, limit: FloatArray) -> None:
    """Fills in the distances beyond which a corner decides nothing where a distance is known, given by its square."""
    for n in range(len(triangles)):
        far = math.sqrt(square + _circle(points[triangles[n, 0]], points[triangles[n, 1]], points[triangles[n, 2]]))
        for k in range(3):
            limit[triangles[n, k]] = max(limit[triangles[n, k]], far)


@compiled
def _find_open(points: FloatArray, triangles: IntArray, found: FloatArray, square: float, open_: BoolArray) -> None:
    """Fills in which triangles may come nearer than a distance, given by its square, by the distances of their corners."""
    for n in range(len(triangles)):
        a, b, c = triangles[n]
        least = min(found[a], found[b], found[c])
        open_[n] = least * least - _circle(points[a], points[b], points[c]) < square


@compiled
def _circle(a: FloatArray, b: FloatArray, c: FloatArray) -> float:
    """Squared radius of the smallest circle around a triangle."""
    ux, uy, uz, vx, vy, vz = b[0] - a[0], b[1] - a[1], b[2] - a[2], c[0] - a[0], c[1] - a[1], c[2] - a[2]
    wx, wy, wz = vx - ux, vy - uy, vz - uz
    uu, vv, ww = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, wx * wx + wy * wy + wz * wz
    longest = max(uu, vv, ww)
    if 2 * longest >= uu + vv + ww:  # of an obtuse triangle the longest edge is the diameter
        return float(longest / 4)
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    return float(uu * vv * ww / (4 * (x * x + y * y + z * z)))


def _quartered(points: FloatArray, triangles: IntArray) -> tuple[FloatArray, IntArray]:
    """Triangles, each cut into four at the middles of its edges: (m, 3) points that they use, and (4 n, 3) corners."""
    start, end = half_edges(triangles)
    keys, edge = np.unique(pair_keys(start, end, len(points)), return_inverse=True)
    a, b, c = triangles.T
    ab, bc, ca = len(points) + edge.reshape(-1, 3).T
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    quarters = np.stack([np.column_stack(part) for part in parts], axis=1).reshape(-1, 3)
    middles = points[pairs_of(keys, len(points))].mean(axis=1)
    used = in_turn(quarters.ravel())  # neighbours side by side, as the triangles are
    number = np.empty(len(points) + len(keys), dtype=np.int64)
    number[used] = np.arange(len(used))
    return np.concatenate([points, middles])[used], number[quarters]


def _means(surface: ElectrodeSurface, other: Nearest, advance: Callable[[int], None]) -> FloatArray:
    """(F,) mean distance over each triangle."""
    order, areas = surface.order, surface.areas
    share = areas[order] / areas.sum()
    counts = np.clip(np.ceil(share / FIELD_SHARE), 1, FIELD_MOST).astype(np.int64)
    of, within = owners_of(counts), ranks_of(counts)
    # A single point is the middle of its triangle: 1 - √along = 1/3, across = 1/2.
    alone = counts[of] == 1
    along = np.where(alone, 4 / 9, (within + 0.5) / counts[of])
    across = np.where(alone, 0.5, (within + 0.5) * GOLDEN % 1)
    found = other.distances(spread_over(surface.corners[order][of], along, across), on_progress=advance)
    means = np.empty(len(order))
    means[order] = np.bincount(of, weights=found) / counts
    return means
