"""Measures of a sponge: its web and its pores by the largest balls between their walls, its films and flat parts from their lengths.

The web is measured as it goes on beyond its flat top and its foot: the wedges at these cuts, as thin as one likes, are no
struts. Films grow on both sides of a pore, so its narrowest place is that of the bare pore less twice their thickness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
import scipy

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.progress import bar
from geom3d.manufacturability import ASSEMBLY, VOID, Count, Place, Spot, least
from geom3d.manufacturability.plans import closed_parts
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.solids.fields.field import USUAL_STEP, Field
from geom3d.solids.fields.implicit import ImplicitBody
from geom3d.solids.fields.sampling import Faces, faces_of
from geom3d.solids.grid import Grid, subdivide

#: Walls face each other where they lean by less than this.
WEDGE = math.radians(20)
#: Corners of a brick, in z, y and x.
BRICK = [(k, j, i) for k in (0, 1) for j in (0, 1) for i in (0, 1)]
#: Length of a mean of unit vectors that lead much the same way.
ONE_WAY = 0.9
#: Rounds in which the shortest mean of directions is found well enough.
ROUNDS = 40
#: A web or pores of which this share is narrower than so many steps needs a finer grid, which is tried so often.
NARROW, FINE, TRIES = 0.05, 3.0, 4
#: Narrower than so many steps nothing is seen, and where so narrow a place was found others may have been missed.
SEEN, SURE = 2.0, 3.0
#: Nodes of the grid, at most.
MOST_NODES = 1_000_000
#: How far beyond foot and top the web is looked at, in radii of curvature, and at most half a period.
BEYOND = 6.0


@dataclass(frozen=True)
class Gauge:
    """Widths of a bare web and its pores.

    Attributes:
        step: of the grid, µm.
        web, pores: (n,) widths, µm.
        web_at, pores_at: (n, 3) where, µm.
    """

    step: float
    web: FloatArray
    web_at: FloatArray
    pores: FloatArray
    pores_at: FloatArray


@dataclass(frozen=True)
class Sponge:
    """A cell of a web with films, and how it is sampled.

    Attributes:
        cell: which is measured.
        walls: of the cell.
    """

    cell: Cell
    walls: InterfaceMesh

    @property
    def _web(self) -> ImplicitBody:
        web = self.cell.facts.web
        assert web is not None  # what makes it a sponge
        return web

    @property
    def _solids(self) -> list[Field]:
        return [cast("Field", region.solid) for region in self.cell.regions]

    @cached_property
    def step(self) -> float:
        """Step of the grid, µm: the user's, or what suits the web; films do not need it."""
        web = self._web
        usual = min(USUAL_STEP * web.radius, min(web.size) / 16)
        return max(self.cell.grid_step or usual, self._finest)

    @property
    def _finest(self) -> float:
        web = self._web
        volume = web.size[0] * web.size[1] * (web.top - web.base_z + 2 * self._beyond)
        return float((volume / MOST_NODES) ** (1 / 3))

    @property
    def _beyond(self) -> float:
        return min(BEYOND * self._web.radius, min(self._web.size) / 2)

    def _faces(self, step: float) -> tuple[Faces, Grid, int]:
        """The zero surface beyond foot and top, the grid between them, and how many planes lie below it."""
        web = self._web
        x, y = (subdivide(0.0, length, step) for length in web.size)
        grid = Grid(x, y, subdivide(web.base_z, web.top, step))
        faces, below = faces_of(replace(web, top=math.inf), grid, self._beyond, step)
        return faces, grid, below

    @cached_property
    def _fine(self) -> tuple[Faces, Grid, int]:
        return self._faces(self.step)

    @cached_property
    def _gauges(self) -> tuple[Gauge, Gauge]:
        """On the grid, or a finer one where it is too coarse, and on one of twice the step."""
        with bar("local widths", TRIES + 2) as advance:
            step, fine = self.step, _gauge(*self._fine)
            for _ in range(TRIES):
                advance(1)
                narrow = [float(np.quantile(wide, NARROW)) if len(wide) else 0.0 for wide in (fine.web, fine.pores)]
                if step <= self._finest or min(narrow) >= FINE * step:
                    break
                step = max(step / 2, self._finest)
                fine = _gauge(*self._faces(step))
            return fine, _gauge(*self._faces(2 * step))

    def web(self, grown: float, name: str) -> Spot:
        """The narrowest place of the web under films of a thickness, µm."""
        found = [_narrowest(gauge.web, gauge.web_at, -2 * grown, gauge.step) for gauge in self._gauges]
        return self._spot(found, (name,))

    def pores(self, grown: float, low: float, high: float, names: tuple[str, ...]) -> Spot:
        """The narrowest open place of the pores under films of a thickness, between two heights, µm."""
        found = []
        for gauge in self._gauges:
            seen = (gauge.pores_at[:, 2] >= low) & (gauge.pores_at[:, 2] <= high)
            found.append(_narrowest(np.where(seen, gauge.pores, np.inf), gauge.pores_at, 2 * grown, gauge.step))
        return self._spot(found, names)

    def _spot(self, found: list[tuple[float, Place] | None], names: tuple[str, ...]) -> Spot:
        """What was found on a grid, uncertain by its change against a grid of twice the step.

        Where nothing is wide enough for the grid to tell, that is all that is known.
        """
        (fine, coarse), step = found, self._gauges[0].step
        if fine is None:
            return Spot(SEEN * step, None, names, SEEN * step)
        sure = coarse is not None and fine[0] >= SURE * step
        return Spot(fine[0], fine[1], names, abs(fine[0] - coarse[0]) if sure and coarse is not None else fine[0])

    @cached_property
    def _parts(self) -> tuple[dict[str, Spot], dict[str, Spot]]:
        """Narrowest and thinnest place of every region, of the assembly and of the void."""
        web = self._web
        widths: dict[str, Spot | None] = {}
        heights: dict[str, Spot | None] = {}
        films, floor, lid = -math.inf, 0.0, 0.0  # of all regions so far: growth, level in the pores, level over the web
        for region, solid in zip(self.cell.regions, self._solids, strict=True):
            name, level = region.name, solid.level
            crown = level if solid.core is None else max(level, web.top + solid.growth)
            narrow: list[Spot | None] = []
            if solid.core is not None and films == -math.inf:
                narrow.append(self.web(solid.growth, name))
            elif solid.core is not None and solid.growth > films:
                thickness = solid.growth - films if region.thickness is None else region.thickness
                narrow.append(self._film(solid.growth, thickness, name))
            if (
                films > -math.inf
                and min(level, web.top) > max(floor, web.base_z) + max(solid.growth - films, 0.0) * 1.001
            ):
                narrow.append(self.pores(films, max(floor, web.base_z), min(level, web.top), (name,)))
            flat: list[Spot | None] = [
                Spot(high - low, (0.0, 0.0, (low + high) / 2), (name,))
                for low, high in ((floor, level), (lid, crown))
                if high > low * (1 + 1e-9)
            ]
            widths[name], heights[name] = least(narrow), least(flat + narrow)
            films = max(films, solid.growth) if solid.core is not None else films
            floor, lid = max(floor, level), max(lid, crown)
        if floor < web.top:
            outer = next(n for n, s in zip(self.cell.names, self._solids, strict=True) if s.core and s.growth == films)
            widths[ASSEMBLY] = self.web(films, ASSEMBLY)
            widths[VOID] = heights[VOID] = self.pores(films, max(floor, web.base_z), web.top, (outer,))
        heights[ASSEMBLY] = least([*heights.values()]) if floor < web.top else Spot(lid, None, (ASSEMBLY,))
        wide, high = ({n: s for n, s in found.items() if s is not None} for found in (widths, heights))
        return wide, high

    @property
    def widths(self) -> dict[str, Spot]:
        """As in `Measures`."""
        return self._parts[0]

    @property
    def heights(self) -> dict[str, Spot]:
        """As in `Measures`."""
        return self._parts[1]

    def _film(self, grown: float, thickness: float, name: str) -> Spot:
        """A film of even thickness, up to where all films have grown; its place is one of many."""
        gauge = self._gauges[0]
        wide = np.flatnonzero(gauge.pores >= 2 * grown)
        at = _place(gauge.pores_at[wide[0]]) if len(wide) else None
        return Spot(thickness, at, (name,))

    def cavities(self) -> Count:
        """Parts of the void that reach neither the outside nor the device's edge."""
        components, void = self.walls.components, len(self.cell.regions)
        closed, part = closed_parts(components, void)
        volumes = np.where(closed, components.volumes, 0.0)
        if not volumes.any():
            return Count(0, 0.0, None)
        of_part = np.bincount(part, weights=volumes)
        largest = int(np.argmax(np.where(part == of_part.argmax(), volumes, -1.0)))
        assert components.back_component is not None  # pieces of a field are known at every triangle
        assert components.front_component is not None
        faces = np.flatnonzero((components.back_component == largest) | (components.front_component == largest))
        middle = self.walls.vertices[self.walls.triangles[faces[0]]].mean(axis=0)
        return Count(int(np.count_nonzero(of_part)), float(volumes.sum()), _place(middle))

    def islands(self) -> Count:
        """Parts of a slice, as thick as the grid's step, with nothing below."""
        web = self._web
        films = max(solid.growth for solid in self._solids if solid.core is not None)
        floor = max(solid.level for solid in self._solids)
        if floor >= web.top:
            return Count(0, 0.0, None)
        faces, grid, below = self._fine
        solid = faces.body[below : below + len(grid.z)].copy()
        near = np.flatnonzero(~solid & faces.within(grid, below, films))
        if films > 0 and len(near):
            solid.ravel()[near] = faces.uncut.distances(grid.points(near), films + grid.diagonal) <= films
        solid |= (grid.z <= floor)[:, None, None]
        return _hanging(solid[:, :-1, :-1], grid)


def _gauge(faces: Faces, grid: Grid, below: int) -> Gauge:
    """Widths in the bricks of a grid that hold the middle of something: no way out of it leads away from all walls.

    From their corners the ways to the nearest walls then lead into all directions; to opposite walls of a sheet, to three
    or more around a strut. What they meet in is the largest ball there, and its diameter the width.
    """
    home = np.zeros(grid.shape, dtype=bool)
    home[:, :-1, :-1] = True
    ways = faces.uncut.steps(grid.points(np.flatnonzero(home)))
    far = np.linalg.norm(ways, axis=1)
    directions = ways / np.maximum(far, 1e-300)[:, None]
    shape = len(grid.z), len(grid.y) - 1, len(grid.x) - 1
    body = faces.body[below : below + len(grid.z), :-1, :-1]
    number = np.arange(far.size).reshape(shape)
    corners = np.stack([np.roll(number, (-j, -i), axis=(1, 2))[k : shape[0] - 1 + k] for k, j, i in BRICK], axis=-1)
    corners = corners.reshape(-1, len(BRICK))
    within = body.ravel()[corners]
    mean = sum(directions[corners[:, c]] for c in range(len(BRICK))) / len(BRICK)
    # Where all ways lead much the same way there is a wall that side and no middle.
    some = np.flatnonzero((within.all(axis=1) | ~within.any(axis=1)) & (np.linalg.norm(mean, axis=1) < ONE_WAY))
    steps = np.array([float(grid.x[1]), float(grid.y[1]), float(grid.z[1] - grid.z[0])])
    place = (np.array(BRICK)[:, ::-1] - 0.5) * steps  # of the corners, from the middle of the brick
    meet, radius = _meeting(directions[corners[some]], far[corners[some]], place)
    # A brick does not fit into what is much narrower: that is the roughness of a wall next to it.
    meet &= radius > steps.min() / 4
    some, radius = some[meet], radius[meet]
    k, rest = np.divmod(some, shape[1] * shape[2])
    j, i = np.divmod(rest, shape[2])
    middle = np.column_stack([grid.x[i], grid.y[j], grid.z[k]]) + steps / 2
    inside = within[some, 0]
    sides = [(2 * radius[side], middle[side]) for side in (inside, ~inside)]
    return Gauge(float(steps.max()), *sides[0], *sides[1])


def _meeting(directions: FloatArray, far: FloatArray, place: FloatArray) -> tuple[BoolArray, FloatArray]:
    """(n,) whether ways from the corners of bricks lead into all directions, and (n,) the radius of the ball they meet in.

    Args:
        directions: (n, 8, 3) unit vectors to the nearest walls.
        far: (n, 8) lengths of the ways, µm.
        place: (8, 3) of the corners, µm.
    """
    rows = np.arange(len(far))
    weights = np.full(far.shape, 1 / far.shape[1])
    for _ in range(ROUNDS):
        # One step towards the shortest mean of the directions (Frank and Wolfe).
        mean = np.einsum("ijk,ij->ik", directions, weights)
        least = np.einsum("ijk,ik->ij", directions, mean).argmin(axis=1)
        change = mean - directions[rows, least]
        length = np.einsum("ik,ik->i", change, change)
        share = np.clip(np.einsum("ik,ik->i", mean, change) / np.maximum(length, 1e-300), 0, 1)
        weights *= 1 - share[:, None]
        weights[rows, least] += share
    mean = np.einsum("ijk,ij->ik", directions, weights)
    reach = far + np.einsum("ijk,jk->ij", directions, place)
    return np.linalg.norm(mean, axis=1) <= math.sin(WEDGE / 2), np.einsum("ij,ij->i", weights, reach)


def _narrowest(found: FloatArray, places: FloatArray, less: float, step: float) -> tuple[float, Place] | None:
    """The smallest width that the grid can tell, after so much is taken off, and where."""
    left = np.where(found - less >= SEEN * step, found - less, np.inf)
    if not np.isfinite(left).any():
        return None
    best = int(np.argmin(left))
    return float(left[best]), _place(places[best])


def _hanging(solid: BoolArray, grid: Grid) -> Count:
    """Parts of slices with nothing below.

    Args:
        solid: (nz + 1, ny, nx) the nodes of a body; the lowest slice lies on something.
        grid: the nodes.
    """
    beside = np.zeros((3, 3, 3), dtype=bool)
    beside[1] = True
    number, count = scipy.ndimage.label(solid, beside)
    links = []
    for low, high in ((number[:, 0], number[:, -1]), (number[:, :, 0], number[:, :, -1])):
        both = (low > 0) & (high > 0)
        links.append(np.column_stack([low[both], high[both]]))
    part = component_numbers(count + 1, np.concatenate(links).astype(np.int64))[number]
    carried = solid.copy()
    carried[1:] &= solid[:-1]
    hangs = np.zeros(count + 1, dtype=bool)
    hangs[part[solid]] = True
    hangs[part[carried]] = False
    nodes = np.argwhere(solid & hangs[part])
    if not len(nodes):
        return Count(0, 0.0, None)
    of_part = np.bincount(part[tuple(nodes.T)], minlength=count + 1)
    k, j, i = nodes[np.flatnonzero(part[tuple(nodes.T)] == of_part.argmax())[0]].tolist()
    share = grid.size[0] * grid.size[1] / (solid.shape[1] * solid.shape[2])
    return Count(
        int(np.count_nonzero(of_part)), len(nodes) * share, (float(grid.x[i]), float(grid.y[j]), float(grid.z[k]))
    )


def _place(point: FloatArray) -> Place:
    x, y, z = point.tolist()
    return x, y, z
