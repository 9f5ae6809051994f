"""Webs: bodies bounded by the zero surface of a function, and their distance sampled on a grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.ndimage import maximum_filter1d

from geom3d.progress import bar
from geom3d.solids.contour import Surface, contour
from geom3d.solids.distance import Sheet
from geom3d.solids.facets import Level, cut, plane
from geom3d.solids.grid import Grid, subdivide
from geom3d.walls import BoolArray, FloatArray, IntArray

#: Values nearer to zero than this share of a step would put several vertices at one place.
CLEARANCE = 0.01
#: Usual step of a grid as a share of the smallest radius of curvature.
USUAL_STEP = 0.18


class Implicit(Protocol):
    """A function of space, negative inside a body, of period `size` in x and y."""

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """(nz, ny, nx) values at the crossings of planes, µm."""
        ...

    def at(self, points: FloatArray) -> FloatArray:
        """(n,) values at (n, 3) points, µm."""
        ...


@dataclass(frozen=True)
class Union:
    """All of several bodies."""

    parts: tuple[Implicit, ...]

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        return np.asarray(np.min([part.on_grid(x, y, z) for part in self.parts], axis=0))

    def at(self, points: FloatArray) -> FloatArray:
        return np.asarray(np.min([part.at(points) for part in self.parts], axis=0))


@dataclass(frozen=True)
class Moved:
    """A body shifted in the plane.

    Attributes:
        part: the body.
        shift: in x and y, µm.
    """

    part: Implicit
    shift: tuple[float, float]

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        return self.part.on_grid(x - self.shift[0], y - self.shift[1], z)

    def at(self, points: FloatArray) -> FloatArray:
        return self.part.at(points - [*self.shift, 0.0])


@dataclass(frozen=True)
class Web:
    """A body bounded by a zero surface, endless downwards, cut flat at its top.

    Attributes:
        shape: the function; it goes on beyond the top and below the foot, unseen.
        size: the period in x and y, µm.
        foot: z below which the web is hidden, µm.
        top: z of the cut, µm; infinite where there is none.
        radius: smallest radius of curvature, µm; the default step is a share of it.
        shift: by how much it has been moved in the plane, µm.
    """

    shape: Implicit
    size: tuple[float, float]
    foot: float
    top: float
    radius: float
    shift: tuple[float, float] = (0.0, 0.0)

    def moved(self, dx: float, dy: float) -> Web:
        """The web shifted in the plane, µm."""
        return replace(self, shift=(self.shift[0] + dx, self.shift[1] + dy))

    def placed(self) -> Implicit:
        """The function at its place."""
        return Moved(self.shape, self.shift) if self.shift != (0.0, 0.0) else self.shape

    def within(self, points: FloatArray, distance: float) -> BoolArray:
        """(n,) whether (n, 3) points lie in the body or within a distance of it, µm.

        The body itself is asked of the function; the distance is taken to its surface on a grid as fine as usual.
        """
        inside: BoolArray = points[:, 2] <= self.top
        inside[inside] = self.placed().at(points[inside]) <= 0
        rest = np.flatnonzero(~inside)
        if distance > 0 and len(rest):
            low, high = float(points[rest, 2].min()) - distance, float(points[rest, 2].max()) + distance
            step = min(USUAL_STEP * self.radius, min(self.size) / 4)
            z = subdivide(low - step, min(high, self.top), step)
            if math.isfinite(self.top):
                z = np.concatenate([z, self.top + step * np.arange(1, 3)])
            grid = Grid(*(subdivide(0.0, length, step) for length in self.size), z)
            _, clipped = _sheets(self, grid, _function(self, grid))
            inside[rest] = clipped.distances(points[rest], distance + 2 * step) <= distance
        return inside


def sample(web: Web, grid: Grid, levels: FloatArray, step: float) -> FloatArray:
    """The signed distance of a web at the nodes of a grid, negative inside.

    Args:
        web: the body.
        grid: the nodes; one of its planes is the web's top, where that lies within.
        levels: ascending distances, not negative, near which values must be exact, µm.
        step: of the grid, µm.

    Returns:
        (nz + 1, ny + 1, nx + 1) µm, exact next to the levels, elsewhere on their right side; equal to the last bit on
        opposite sides.
    """
    reach, outer = grid.diagonal, float(levels[-1]) + grid.diagonal
    tall, offset = _extended(grid, outer + step, step)
    # Inside, the web goes on beyond its cut, for the cut is a face of its own and no part of the zero surface.
    tall = Grid(tall.x, tall.y, tall.z[: np.searchsorted(tall.z, web.top + reach + step) + 1])
    function = _function(web, tall)
    body = (function <= 0) & (tall.z <= web.top)[:, None, None]
    uncut, clipped = _sheets(web, tall, function)
    del function
    inside = np.zeros(grid.shape, dtype=bool)
    shown = body[offset : offset + len(grid.z)]
    inside[: len(shown)] = shown
    near = _border(body)
    values = np.where(inside, -2 * outer, 2 * outer)
    jobs = [(clipped, ~inside, outer, 1), (uncut, inside, reach, -1)]
    chosen = [np.flatnonzero(side & _dilated(tall, near, grid, limit)) for _, side, limit, _ in jobs]
    with bar("distances", sum(map(len, chosen))) as advance:
        for (sheet, _, limit, sign), nodes in zip(jobs, chosen, strict=True):
            found = sheet.distances(grid.points(nodes), limit + 2 * step, advance)
            exact = np.isfinite(found)
            values.ravel()[nodes[exact]] = sign * found[exact]
    values[:, :, -1] = values[:, :, 0]
    values[:, -1] = values[:, 0]
    return _cleared(values, levels, grid)


def _extended(grid: Grid, depth: float, step: float) -> tuple[Grid, int]:
    """The grid with planes below and above, and how many below."""
    under = subdivide(float(grid.z[0]) - depth, float(grid.z[0]), step)[:-1]
    over = subdivide(float(grid.z[-1]), float(grid.z[-1]) + depth, step)[1:]
    return Grid(grid.x, grid.y, np.concatenate([under, grid.z, over])), len(under)


def _function(web: Web, grid: Grid) -> FloatArray:
    """Values of the web's function, equal to the last bit on opposite sides, none of them near zero."""
    values = np.empty(grid.shape)
    values[:, :-1, :-1] = web.placed().on_grid(grid.x[:-1], grid.y[:-1], grid.z)
    values[:, :-1, -1] = values[:, :-1, 0]
    values[:, -1] = values[:, 0]
    change = float(np.mean(np.abs(np.diff(values[::4], axis=2))))
    _keep_off(values, 0.0, CLEARANCE * change)
    return values


def _cleared(values: FloatArray, levels: FloatArray, grid: Grid) -> FloatArray:
    """The values, kept off the levels."""
    steps = [float(np.diff(axis).min()) for axis in (grid.x, grid.y, grid.z)]
    for level in levels:
        others = np.abs(levels - level)
        _keep_off(values, level, CLEARANCE * min([*steps, *others[others > 0].tolist()]))
    return values


def _keep_off(values: FloatArray, level: float, clearance: float) -> None:
    """Moves values that are nearer to a level than the clearance away from it."""
    clearance = max(clearance, 1e-300)
    close = np.flatnonzero(np.abs(values.ravel() - level) < clearance)
    # What equals a level but for rounding counts as inside.
    below = values.ravel()[close] <= level + 1e-6 * clearance
    values.ravel()[close] = np.where(below, level - clearance, level + clearance)


def _border(body: BoolArray) -> BoolArray:
    """(nz + 1, ny + 1, nx + 1) nodes of bricks that have corners inside and outside a body."""
    border = np.zeros_like(body)
    low, high = slice(None, -1), slice(1, None)
    for axis in range(3):
        one, other = (tuple(part if k == axis else slice(None) for k in range(3)) for part in (low, high))
        changes = body[one] != body[other]
        border[one] |= changes
        border[other] |= changes
    return border


def _dilated(source: Grid, marked: BoolArray, grid: Grid, radius: float) -> BoolArray:
    """Nodes of a grid with a marked node of another, of the same planes in x and y, in a box of that half-width.

    The last planes in x and y, copies of the first, are left out.
    """
    counts = np.zeros((len(source.z) + 1, len(source.y) - 1, len(source.x) - 1), dtype=np.int32)
    flat = marked[:, :-1, :-1]
    for axis, planes in ((2, source.x), (1, source.y)):
        width = 2 * math.ceil(radius / float(planes[1] - planes[0]) + 1) + 1
        flat = maximum_filter1d(flat.view(np.uint8), min(width, 2 * len(planes) - 1), axis=axis, mode="wrap").view(bool)
    np.cumsum(flat, axis=0, out=counts[1:])
    low = np.searchsorted(source.z, grid.z - radius - float(np.diff(source.z).max()))
    high = np.searchsorted(source.z, grid.z + radius + float(np.diff(source.z).max()), side="right")
    found = np.zeros(grid.shape, dtype=bool)
    found[:, :-1, :-1] = counts[high] > counts[low]
    return found


def _sheets(web: Web, grid: Grid, values: FloatArray) -> tuple[Sheet, Sheet]:
    """The zero surface without and with the cut at the web's top."""
    layers = len(grid.z) - 1
    surface = contour(grid, values, 0.0, range(layers))
    home = _home(grid, surface)
    corners, points = home[surface.triangles], surface.vertices
    cut_at = int(np.searchsorted(grid.z, web.top))
    clipped = corners[surface.layer < cut_at]
    if cut_at <= layers:
        level = Level(0.0, ((surface, 0),))
        _, patch, _ = next(cut(grid, values.ravel(), plane(grid, 2, cut_at), [level]))
        on_node = patch >= 0
        i, j, k = grid.places(patch[on_node])
        wrapped = (k * len(grid.y) + j % (len(grid.y) - 1)) * len(grid.x) + i % (len(grid.x) - 1)
        nodes, number = np.unique(wrapped, return_inverse=True)
        patch[~on_node] = home[-1 - patch[~on_node]]
        patch[on_node] = number + len(points)
        points = np.concatenate([points, grid.points(nodes)])
        clipped = np.concatenate([clipped, patch])
    return _sheet(points, corners, grid), _sheet(points, clipped, grid)


def _home(grid: Grid, surface: Surface) -> IntArray:
    """(V,) for each vertex the one at the same place in the first period."""
    home = np.arange(len(surface.vertices))
    i, j, _ = grid.places(surface.lower)
    copies = np.flatnonzero((i == len(grid.x) - 1) | (j == len(grid.y) - 1))
    i, j, k = grid.places(surface.lower[copies])
    first = (k * len(grid.y) + j % (len(grid.y) - 1)) * len(grid.x) + i % (len(grid.x) - 1)
    home[copies] = surface.at(surface.kinds[copies], first)
    return home


def _sheet(points: FloatArray, triangles: IntArray, grid: Grid) -> Sheet:
    kept, index = np.unique(triangles, return_inverse=True)
    return Sheet(points[kept], index.reshape(-1, 3), grid.size)
