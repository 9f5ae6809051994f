"""The partition of a box by upright bodies: which grid, which levels of the distance to which wall, which labels.

A film's outer surface is where the distance to the wall equals the thickness of all films up to it at that depth. Every
surface has a function of its own; at every node the inner one's is larger, and so on an edge, where all are linear between
the same points: so surfaces do not cross, however thin the films and however uneven.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import FloatArray, IntArray, triangle_areas
from geom3d.solids.fields.contour import LevelSurface, Share
from geom3d.solids.fields.division import Division, Surfaces
from geom3d.solids.fields.plane_distance import Outlines
from geom3d.solids.fields.sampling import home_of, with_kinks
from geom3d.solids.fields.splits import Lattice
from geom3d.solids.fields.upright_grid import Fineness, across, graded
from geom3d.solids.fields.upright_parts import Frame, Part
from geom3d.solids.fields.wall import Wall
from geom3d.solids.fields.wall_profile import WallProfile
from geom3d.solids.film_profile import FilmProfile
from geom3d.solids.grid import Grid, rounding_unit, snap

#: No vertex lies nearer to a node than this share of its edge; what would is moved, up to twice as far out.
CLEAR = 0.005


#: Planes that need not be nearer to one another are not, as a share of a step.
NEAREST = 0.01
#: Secants by which a crossing is looked for, at most; share of an edge to which it is known then, and of the ends' distances that
#: a secant may miss it by.
SECANTS, NEAR_ENOUGH, ALMOST = 8, 1e-3, 0.1
#: How often the way that vertices are moved is averaged over their neighbours.
SMOOTHINGS = 6
#: Share of an edge on either side of a crossing by which the slope there is found; slope below which an edge grazes a surface.
PROBE, GRAZING = 0.01, 0.01
#: Slopes on either side of a crossing that differ by this factor tell an edge.
SHARP = 0.5
#: By what share of a neighbouring film's thickness a vertex may be moved, and of its edge.
SETTLED, MOST_MOVE = 0.25, 0.1


@dataclass(frozen=True)
class Surface:
    """One surface between films.

    Attributes:
        wall: number of the wall to which the distance is taken.
        film: all that lies between the wall and it.
        outward: whether intervals count away from the wall; of the second wall they count towards it.
    """

    wall: int
    film: FilmProfile
    outward: bool


@dataclass(frozen=True)
class Plan:
    """What a partition needs but for the grid.

    Attributes:
        solids: parts of every body; the first wins.
        walls: one, or two that face each other.
        surfaces: in the order of intervals.
        frame: see there.
        size: of the box, µm.
    """

    solids: tuple[tuple[Part, ...], ...]
    walls: tuple[Wall, ...]
    surfaces: tuple[Surface, ...]
    frame: Frame
    size: tuple[float, float, float]

    @classmethod
    def of(
        cls, solids: Sequence[tuple[Part, ...]], profile: WallProfile, frame: Frame, size: tuple[float, float, float]
    ) -> Plan:
        """The plan for some bodies.

        Raises:
            ValueError: where there are more than two different outlines.
        """
        outlines = list(dict.fromkeys(part.shapes for parts in solids for part in parts if part.shapes))
        if len(outlines) > 2:
            raise ValueError("upright bodies of one cell may have two outlines at most")
        walls = tuple(Wall(Outlines(shapes, size[:2]), profile, frame.top) for shapes in outlines)
        surfaces: list[Surface] = []
        for number, shapes in enumerate(outlines):
            films = {part.on_wall for parts in solids for part in parts if part.shapes == shapes}
            ascending = sorted(films, key=lambda film: (film.top, film.floor, *film.thicknesses))
            ordered = ascending if number == 0 else ascending[::-1]
            surfaces += [Surface(number, film, number == 0) for film in ordered]
        return cls(tuple(solids), walls, tuple(surfaces), frame, size)

    @cached_property
    def unit(self) -> float:
        """Step on which heights lie, µm."""
        return rounding_unit(self.size[2])

    @property
    def films(self) -> list[FilmProfile]:
        """Those of all surfaces that are not bare walls."""
        return [surface.film for surface in self.surfaces if surface.film.thickest > 0]

    @property
    def thickest(self) -> float:
        """Thickest of all films together, µm."""
        return max((film.thickest for film in self.films), default=0.0)

    def levels(self) -> FloatArray:
        """Distances of the surfaces from straight walls, µm, ascending, without 0."""
        return np.unique([film.top for film in self.films if film.top > 0])

    def caps(self) -> FloatArray:
        """Heights of the films' tops, µm."""
        return self.frame.top + self.levels()

    def interval(self, part: Part) -> tuple[float, float]:
        """Lowest and highest z of a part on the grid's heights, µm."""
        low, high = (float(snap(np.array(z), self.unit)) if math.isfinite(z) else z for z in part.interval(self.frame))
        return low, high

    def floors(self, step: float) -> FloatArray:
        """Heights between which labels do not change but at walls, µm."""
        height = float(snap(np.array(self.size[2]), self.unit))
        marks = [0.0, height, self.frame.top]
        for part in (part for parts in self.solids for part in parts):
            low, high = self.interval(part)
            marks.append(low)
            if not part.shapes or part.on_wall.thickest == 0:
                marks.append(high)
        # Flat tops of films come to lie between two planes of the grid, not on one, and above the last one nothing shows.
        caps = self.caps().tolist()
        marks += [(a + b) / 2 for a, b in pairwise(caps)]
        marks += [cap + step / 2 for cap in caps[-1:]]
        known = np.array([z for z in marks if math.isfinite(z) and 0 <= z <= height])
        return np.unique(snap(known, self.unit))

    def row(self, low: float, high: float) -> list[int]:
        """Labels between two heights by interval: the first body of which a part lies there."""
        found = []
        for interval in range(len(self.surfaces) + 1):
            owners = (
                label
                for label, parts in enumerate(self.solids)
                if any(self._holds(part, low, high, interval) for part in parts)
            )
            found.append(next(owners, len(self.solids)))
        return found

    def _holds(self, part: Part, low: float, high: float, interval: int) -> bool:
        bottom, top = self.interval(part)
        if bottom > low + self.unit:
            return False
        if not part.shapes:
            return high <= top + self.unit
        # A film's round top ends within a layer, and what lies above is beyond its level anyway.
        if (low >= top - self.unit) if part.on_wall.thickest > 0 else (high > top + self.unit):
            return False
        for number, surface in enumerate(self.surfaces):
            if surface.film == part.on_wall and self.walls[surface.wall].outlines.shapes == part.shapes:
                return interval <= number if surface.outward else interval > number
        return False

    def heights(self, fineness: Fineness) -> tuple[FloatArray, IntArray]:
        """Planes in z, and (nz, intervals) labels by layer."""
        floors = self.floors(fineness.step)
        rows = np.array([self.row(low, high) for low, high in pairwise(floors.tolist())])
        stations = [self.frame.top - wall.profile.stations(fineness.turn) for wall in self.walls]
        stations += [self.frame.top - np.array(film.depths) for film in self.films]
        marks = np.unique(snap(np.concatenate([np.empty(0), *stations]), self.unit))
        caps = self.caps()
        near = np.concatenate([[self.frame.top, self.frame.foot], caps])
        # A few planes across a rim of films that are thinner than a step, as far as it goes.
        base = min(fineness.usual, max(self.thickest / 4, fineness.usual / 4)) if self.thickest else fineness.usual
        planes, counts = [np.zeros(1)], []
        for (low, high), row in zip(pairwise(floors.tolist()), rows, strict=True):
            if not (row[1:] != row[:-1]).any():
                planes.append(np.array([high]))
                counts.append(1)
                continue
            apart = NEAREST * fineness.step
            inner = [low, *_spread(marks[(marks > low + apart) & (marks < high - apart)], apart), high]
            parts = [graded(a, b, caps, near, base, fineness)[1:] for a, b in pairwise(inner)]
            found = np.unique(snap(np.concatenate(parts), self.unit))
            planes.append(found)
            counts.append(len(found))
        return np.concatenate(planes), np.repeat(rows, counts, axis=0)

    def grid(self, fineness: Fineness) -> tuple[Grid, IntArray]:
        """The nodes, and the labels by layer and interval."""
        z, rows = self.heights(fineness)
        outlines = [wall.outlines for wall in self.walls]
        x, y = (across(outlines, axis, self.size[:2], fineness.step, self.levels()) for axis in (0, 1))
        return Grid(x, y, z), rows

    def division(self, fineness: Fineness) -> Division:
        """The grid divided by all surfaces."""
        grid, rows = self.grid(fineness)
        shown = np.flatnonzero((rows[:, 1:] != rows[:, :-1]).any(axis=1))
        count = len(self.surfaces)
        levels = np.asarray(np.arange(count) + 0.5, dtype=np.float64)
        if not len(shown):
            return Division(Lattice.of(grid), np.full(grid.shape, np.inf), np.empty(0), levels, rows)
        first, last = int(shown[0]), int(shown[-1]) + 1
        part = Grid(grid.x, grid.y, grid.z[first : last + 1])
        reach = self.thickest + 2 * part.diagonal
        distances = [_sampled(wall, part, reach) for wall in self.walls]
        lattice, extra = Lattice.of(part), [np.empty(0) for _ in self.walls]
        if len(self.walls) == 1:
            wall = self.walls[0]
            near = np.unique([0.0, *(t for film in self.films for t in (*film.thicknesses, film.floor))])
            # Outlines are as near to one another at every height: what counts are edges in the plane.
            in_plane = math.hypot(float(np.diff(part.x).max()), float(np.diff(part.y).max()))
            lattice, extra[0], _ = with_kinks(
                wall, part, distances[0], near, lambda points, *_: wall.distance(points), in_plane
            )
        below = first * grid.strides[2]
        whole = Lattice(grid, lattice.keys + 8 * below, lattice.places)
        full = [np.full(whole.count + len(whole.keys), np.nan) for _ in self.walls]
        for target, inner, more in zip(full, distances, extra, strict=True):
            target[below : below + inner.size] = inner.ravel()
            target[whole.count :] = more
        crossings = Crossings(self, whole, tuple(full))
        values = crossings.values()
        flat = values[: whole.count].reshape(grid.shape)
        shares = tuple(crossings.share(number) for number in range(count))
        return Division(whole, flat, values[whole.count :], levels, rows, shares=shares, settled=crossings.settled)


def _spread(marks: FloatArray, least: float) -> list[float]:
    """Ascending marks, those left out that are nearer than that to the one before."""
    kept: list[float] = []
    for mark in marks.tolist():
        if not kept or mark - kept[-1] >= least:
            kept.append(mark)
    return kept


def _sampled(wall: Wall, grid: Grid, reach: float) -> FloatArray:
    """(nz + 1, ny + 1, nx + 1) distance at a grid's nodes, the same to the last bit on opposite sides."""
    x, y = np.meshgrid(grid.x[:-1], grid.y[:-1])
    away = wall.outlines.distance(np.column_stack([x.ravel(), y.ravel()]))
    found = np.empty(grid.shape)
    for k, z in enumerate(grid.z.tolist()):
        found[k, :-1, :-1] = wall.over(away, np.full(len(away), z), reach).reshape(x.shape)
    found[:, :, -1] = found[:, :, 0]
    found[:, -1] = found[:, 0]
    return found


@dataclass(frozen=True)
class Crossings:
    """Where surfaces cross the edges of a lattice.

    Attributes:
        plan: the surfaces.
        lattice: the nodes.
        distances: for each wall (n,) distances at all nodes, µm; nan where nothing shows.
    """

    plan: Plan
    lattice: Lattice
    distances: tuple[FloatArray, ...]

    @cached_property
    def _z(self) -> FloatArray:
        """(n,) heights of all nodes, µm."""
        grid = self.lattice.grid
        own = np.repeat(grid.z, grid.strides[2])
        return np.concatenate([own, self.lattice.places[:, 2]])

    def _thickness(self, surface: Surface, z: FloatArray) -> FloatArray | float:
        """Of the films up to a surface at heights, µm."""
        film = surface.film
        return film.top if len(film.depths) == 1 else film.at(self.plan.frame.top - z)

    def _beyond(self, number: int) -> FloatArray:
        """(n,) how far nodes lie beyond a surface, in the order of intervals, µm."""
        surface = self.plan.surfaces[number]
        found = self.distances[surface.wall] - self._thickness(surface, self._z)
        return found if surface.outward else -found

    @cached_property
    def intervals(self) -> NDArray[np.int8]:
        """(n,) interval between surfaces that each node lies in."""
        found = np.zeros(len(self._z), dtype=np.int8)
        for number in range(len(self.plan.surfaces)):
            found += self._beyond(number) > 0
        return found

    def values(self) -> FloatArray:
        """(n,) numbers that rise with the interval: k + 0.5 on surface k, and in between by the share of the way; infinite
        where nothing shows.
        """
        last = len(self.plan.surfaces) - 1
        before = self._beyond(0)
        found = np.where(before <= 0, 0.5 + before, np.inf)
        for number in range(last + 1):
            after = self._beyond(number + 1) if number < last else None
            mine = before > 0 if after is None else (before > 0) & (after <= 0)
            if after is None:
                found[mine] = last + 0.5 + before[mine]
            else:
                a, b = before[mine], -after[mine]
                found[mine] = number + 1 + 0.5 * (a - b) / (a + b)
                before = after
        return found

    def share(self, number: int) -> Share:
        """Share of the way between nodes at which a surface crosses an edge."""
        surface = self.plan.surfaces[number]
        mine = [k for k, other in enumerate(self.plan.surfaces) if other.wall == surface.wall]
        wall, top = self.plan.walls[surface.wall], self.plan.frame.top

        def share(one: IntArray, other: IntArray) -> FloatArray:
            flat = one.ravel(), other.ravel()
            low, high = np.minimum(*flat), np.maximum(*flat)
            z = self._z[low], self._z[high]
            distance = [self.distances[surface.wall][nodes] for nodes in (low, high)]
            # Above the top face the distance is taken to it; beside and under it the face itself lies within the body.
            over = np.maximum(*z) > top
            for end in (0, 1):
                distance[end] = np.where(over & (z[end] <= top), np.maximum(distance[end], 0.0), distance[end])
            ends = self.intervals[low].astype(np.int64), self.intervals[high].astype(np.int64)
            first = np.clip(np.minimum(*ends), mine[0], mine[-1])
            last = np.clip(np.maximum(*ends) - 1, mine[0], mine[-1])
            start, stop = self.lattice.points(low), self.lattice.points(high)
            # Common to all surfaces that cross the edge: between these places every one of them is taken as linear.
            tried = np.sort([self._linear(np.clip(k, first, last), z, distance) for k in mine], axis=0)
            places = np.vstack([np.zeros(len(low)), *tried, np.ones(len(low))])
            values = [wall.distance(start + at[:, None] * (stop - start)) for at in tried]
            samples = np.vstack([distance[0], *values, distance[1]])
            inner = self._thicknesses(first, z)

            def looked_up(rows: IntArray, at: FloatArray) -> FloatArray:
                """Adds places on some of the edges; returns the distances there."""
                nonlocal places, samples
                new, more = places[-1].copy(), samples[-1].copy()
                there = wall.distance(start[rows] + at[:, None] * (stop - start)[rows])
                new[rows], more[rows] = at, there
                order = np.argsort(np.vstack([places, new]), axis=0, kind="stable")
                places = np.take_along_axis(np.vstack([places, new]), order, axis=0)
                samples = np.take_along_axis(np.vstack([samples, more]), order, axis=0)
                return there

            # The innermost surface's crossing is looked for until secants fall short of their ends by much less than these lie off.
            # At an edge of the wall the distance has two slopes, and at the tip of a cusp one of them is next to nothing: there an
            # end that stays is taken as half as far off every time (the Illinois rule), so that they get there all the same.
            beyond = samples - _along(inner, places)
            piece, rows = _bracket(beyond)
            low, high = places[piece, rows], places[piece + 1, rows]
            below, above = beyond[piece, rows], beyond[piece + 1, rows]
            for _ in range(SECANTS):
                least = np.minimum(np.abs(below), np.abs(above))
                turns = ((below > 0) != (above > 0)) & (high - low > NEAR_ENOUGH)
                rows, low, high, below, above, least = (part[turns] for part in (rows, low, high, below, above, least))
                if not len(rows):
                    break
                at = low + (high - low) * below / (below - above)
                found = looked_up(rows, at) - _along((inner[0][rows], inner[1][rows]), at)
                same = (found > 0) == (below > 0)
                kept = np.abs(found) > ALMOST * least
                above = np.where(same, above / 2, found)
                below = np.where(same, found, below / 2)
                low, high = np.where(same, at, low), np.where(same, high, at)
                rows, low, high, below, above = (part[kept] for part in (rows, low, high, below, above))
            beyond = samples - self._thickness(surface, _along(z, places))
            at = _crossing(places, beyond, *_bracket(beyond))
            # Next to a node the way is halved, so that no two vertices come to lie at one place.
            at = np.where(at < 2 * CLEAR, CLEAR + at / 2, at)
            at = np.where(at > 1 - 2 * CLEAR, 0.5 - CLEAR + at / 2, at)
            return np.where(flat[0] < flat[1], at, 1 - at).reshape(one.shape)

        return share

    def settled(self, found: Surfaces) -> Surfaces:
        """The surfaces with their vertices moved along their edges so that they hold the volume that the curved ones do.

        A triangle whose corners lie on a curved surface lies within it or without, by the mean of the distances at the middles
        of its sides, which is exact for what is curved quadratically. Each corner is moved by the mean over its triangles, and
        no further than a part of the way to the next surface. Films would else differ from their thickness by as much as the
        chords of their inner and outer face happen to differ.
        """
        places = [self._places(surface) for _, surface, _ in found]
        rooms = [np.full(len(at), MOST_MOVE) for at in places]
        for (number, surface, _), at, room in zip(found, places, rooms, strict=True):
            wall = self.plan.surfaces[number].wall
            for (other, beside, _), there in zip(found, places, strict=True):
                if abs(other - number) == 1 and self.plan.surfaces[other].wall == wall:
                    vertex = beside.on(self.lattice, *surface.ends.T)
                    both = vertex >= 0
                    room[both] = np.minimum(room[both], SETTLED * np.abs(there[vertex[both]] - at[both]))
        return tuple(
            (number, self._settled(number, surface, at, room), first)
            for (number, surface, first), at, room in zip(found, places, rooms, strict=True)
        )

    def _places(self, surface: LevelSurface) -> FloatArray:
        """(V,) share of the way along their edges at which vertices lie."""
        start, stop = (self.lattice.points(nodes) for nodes in surface.ends.T)
        way = stop - start
        return np.asarray(np.einsum("ij,ij->i", surface.vertices - start, way) / np.einsum("ij,ij->i", way, way))

    def _settled(self, number: int, surface: LevelSurface, at: FloatArray, room: FloatArray) -> LevelSurface:
        """A surface whose vertices are moved by no more than (V,) shares of their edges."""
        of, triangles = self.plan.surfaces[number], surface.triangles.astype(np.int64)
        if not len(triangles):
            return surface
        wall, vertices = self.plan.walls[of.wall], surface.vertices
        corners = vertices[triangles]
        areas = triangle_areas(vertices, triangles)
        off = np.zeros(len(triangles))
        for one, other in ((0, 1), (1, 2), (2, 0)):
            middle = (corners[:, one] + corners[:, other]) / 2
            off += (wall.distance(middle) - self._thickness(of, middle[:, 2])) / 3
        home = home_of(self.lattice, surface)
        shared = home[triangles]
        weight = np.maximum(np.bincount(shared.ravel(), np.repeat(areas, 3), len(home)), 1e-300)
        # Means of means keep the volume; without them the surface would be rough, and its area too large.
        for _ in range(SMOOTHINGS):
            mean = np.bincount(shared.ravel(), np.repeat(areas * off, 3), len(home)) / weight
            off = mean[shared].mean(axis=1)
        away = -(np.bincount(shared.ravel(), np.repeat(areas * off, 3), len(home)) / weight)[home]
        low, high = (self.lattice.points(nodes) for nodes in surface.ends.T)
        way = high - low
        # How the distance grows along an edge where it is crossed: an edge may bend around a rim.
        sides = [low + np.clip(at + step, 0.0, 1.0)[:, None] * way for step in (-PROBE, PROBE)]
        beyond = [wall.distance(points) - self._thickness(of, points[:, 2]) for points in sides]
        rise = (beyond[1] - beyond[0]) / (np.clip(at + PROBE, 0.0, 1.0) - np.clip(at - PROBE, 0.0, 1.0))
        # What lies on an edge of the wall, where the distance has another slope on either side, is where it should be.
        slopes = np.sort(np.abs(beyond), axis=0)
        away[slopes[0] < SHARP * slopes[1]] = 0.0
        # Along the surface there is no way off it.
        move = away * rise / (rise**2 + (GRAZING * self._length(way)) ** 2)
        moved = at + np.clip(move, -room, room)
        moved = np.clip(moved, np.minimum(at, CLEAR), np.maximum(at, 1 - CLEAR))
        placed = self.lattice.snapped(low + moved[:, None] * way)
        # Opposite sides of the period are equal to the last bit.
        copies = np.flatnonzero(home != np.arange(len(home)))
        there = placed[home[copies]]
        for axis, period in enumerate(self.lattice.grid.size):
            there[:, axis] = np.where(vertices[copies, axis] == period, period, there[:, axis])
        placed[copies] = there
        return replace(surface, vertices=placed)

    def _thicknesses(self, numbers: IntArray, z: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """(n,) thickness of the films up to surfaces of these numbers, at both ends of edges."""
        found = np.zeros(len(numbers)), np.zeros(len(numbers))
        for number in np.unique(numbers).tolist():
            chosen = numbers == number
            for part, height in zip(found, z, strict=True):
                part[chosen] = self._thickness(self.plan.surfaces[number], height[chosen])
        return found

    def _length(self, way: FloatArray) -> FloatArray:
        """(n,) length of (n, 3) ways in the directions in which walls vary, µm: trenches do not along y."""
        varying = way[:, [0, 2]] if all(wall.outlines.along_y for wall in self.plan.walls) else way
        return np.asarray(np.linalg.norm(varying, axis=1))

    def _linear(self, numbers: IntArray, z: tuple[FloatArray, FloatArray], distance: list[FloatArray]) -> FloatArray:
        """(n,) where surfaces of these numbers would cross edges if the distance were linear."""
        found = np.full(len(numbers), 0.5)
        for number in np.unique(numbers).tolist():
            chosen = numbers == number
            surface = self.plan.surfaces[number]
            start, stop = (
                d[chosen] - self._thickness(surface, height[chosen]) for d, height in zip(distance, z, strict=True)
            )
            turns = (start > 0) != (stop > 0)
            found[chosen] = np.where(turns, start / np.where(turns, start - stop, 1.0), 0.5)
        return found


def _along(ends: tuple[FloatArray, FloatArray], places: FloatArray) -> FloatArray:
    """(k, n) values at places on edges of what is linear along them."""
    return np.asarray(ends[0] + places * (ends[1] - ends[0]))


def _bracket(beyond: FloatArray) -> tuple[IntArray, IntArray]:
    """(n,) the piece of each edge in which the crossing nearest to its inner end lies, and the edges' numbers.

    Args:
        beyond: (k, n) value at ascending places; not positive within the surface.
    """
    outside = beyond > 0
    # From the low end the first piece that ends outside, from the high end the last one that begins outside.
    up = outside[1:].argmax(axis=0)
    down = len(beyond) - 2 - outside[-2::-1].argmax(axis=0)
    return np.where(outside[0], down, up), np.arange(beyond.shape[1])


def _crossing(places: FloatArray, beyond: FloatArray, piece: IntArray, rows: IntArray) -> FloatArray:
    """(n,) where pieces that are linear cross."""
    a, b, start, stop = places[piece, rows], places[piece + 1, rows], beyond[piece, rows], beyond[piece + 1, rows]
    turns = (start > 0) != (stop > 0)
    return np.asarray(a + (b - a) * np.where(turns, start / np.where(turns, start - stop, 1.0), 0.5))
