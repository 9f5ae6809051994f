"""The distance of an implicit body, sampled on a grid.

Zero surface of the function → triangles → exact distance to the nearest one: a film is as thick as it should be, which it
would not be by the function over its slope. Where the distance has a kink on an edge, the edge gets a node there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from geom3d.core import memory
from geom3d.core.arrays import BoolArray, FloatArray, IntArray, compacted
from geom3d.core.progress import bar
from geom3d.mesh.bvh import Nearest
from geom3d.solids.fields.contour import LevelSurface, Share, contour, linear
from geom3d.solids.fields.distance import sheet
from geom3d.solids.fields.division import KEPT
from geom3d.solids.fields.facets import Level, cut, plane
from geom3d.solids.fields.implicit import ImplicitBody, Kinked
from geom3d.solids.fields.ridges import with_ridges
from geom3d.solids.fields.splits import Lattice, with_splits
from geom3d.solids.grid import Grid, subdivide

#: Bytes that a triangle on a surface takes at the peak, with all that is measured on it.
PER_TRIANGLE = 450
#: Values nearer to a level than this share of a step would put several vertices at one place.
CLEARANCE = 0.01
#: A kink is worth a node where it bends the values on an edge by more than this share of the edge.
BEND = 0.03
#: No node lies nearer to the end of its edge than this share of the edge.
MARGIN = 0.05
#: A sign of the distance that breaks its rule by more than this share of a step is wrong.
SLACK = 0.05
#: By what a slope found on samples is taken steeper, to be on the safe side.
SAFETY = 1.1


@dataclass(frozen=True)
class Sampled:
    """The signed distance of a core, µm, negative inside.

    Attributes:
        lattice: the nodes.
        values: (nz + 1, ny + 1, nx + 1) at the grid's nodes.
        extra: (e,) at the nodes on split edges.
        function: (n,) the core's own function at all nodes near kinks, else nan; None where there are none. Across a
            crease the distance is steeper on the one side of the surface than on the other; the function is not.
    """

    lattice: Lattice
    values: FloatArray
    extra: FloatArray
    function: FloatArray | None = None


@dataclass(frozen=True)
class Faces:
    """The zero surface of a core as triangles.

    Attributes:
        core: the implicit body.
        tall: grid on which the function was sampled.
        body: (nz + 1, ny + 1, nx + 1) which of its nodes lie inside.
        values: of the function at its nodes.
        slope: at most that of the function.
        uncut: the surface going on beyond the cut at the top.
        clipped: the surface with the cut.
    """

    core: ImplicitBody
    tall: Grid
    body: BoolArray
    values: FloatArray
    slope: float
    uncut: Nearest
    clipped: Nearest

    def within(self, grid: Grid, offset: int, distance: float) -> BoolArray:
        """Which nodes of a grid may lie within a distance of the surface, by the function's value; its planes begin
        at `offset` among those of the tall one. Above the core's top the function tells nothing.
        """
        found = np.ones(grid.shape, dtype=bool)
        known = self.values[offset : offset + int(np.searchsorted(grid.z, self.core.top, side="right"))]
        found[: len(known)] = np.abs(known) <= self.slope * distance
        return found


def sample(core: ImplicitBody, grid: Grid, levels: FloatArray, step: float) -> Sampled:
    """The signed distance of a core at the nodes of a grid.

    Args:
        core: the implicit body.
        grid: the nodes; one of its planes is the core's top, where that lies within.
        levels: ascending distances, not negative, near which values must be exact, µm.
        step: of the grid, µm.

    Returns:
        values that are exact next to the levels and elsewhere on their right side, equal to the last bit on opposite
        sides of the period.
    """
    reach, outer = grid.diagonal, float(levels[-1]) + grid.diagonal
    faces, offset = faces_of(core, grid, outer + step, step)
    _require_triangles(len(faces.clipped.triangles) * len(levels), step)
    inside = np.zeros(grid.shape, dtype=bool)
    shown = faces.body[offset : offset + len(grid.z)]
    inside[: len(shown)] = shown
    near = _border(faces.body) | _around(faces.tall, faces.uncut.vertices)
    values = np.where(inside, -2 * outer, 2 * outer)
    jobs = [(faces.clipped, ~inside, outer, 1), (faces.uncut, inside, reach, -1)]
    chosen = [
        np.flatnonzero(side & _dilated(faces.tall, near, grid, limit) & faces.within(grid, offset, limit))
        for _, side, limit, _ in jobs
    ]
    with bar("distances", sum(map(len, chosen))) as advance:
        away = []
        for (surface, _, limit, sign), nodes in zip(jobs, chosen, strict=True):
            steps = surface.steps(grid.points(nodes), limit + reach, advance)
            found = np.sqrt(np.einsum("nk,nk->n", steps, steps))
            exact = np.isfinite(found)
            values.ravel()[nodes[exact]] = sign * found[exact]
            away.append(steps)
    _repeat(values)

    def distance(points: FloatArray, ends: FloatArray, away: FloatArray) -> FloatArray:
        inner, outer = -faces.uncut.distances(points), faces.clipped.distances(points)
        # Where the web is thinner than the grid holds, its function may say inside at a point that no face of the grid's
        # web lies around. A distance changes by no more than the way: of the two signs the one that does not is right.
        broken = [np.max(np.abs(found[:, None] - ends) - away, axis=1) for found in (inner, outer)]
        within = core.contains(points)
        own, other = np.where(within, *broken), np.where(within, *broken[::-1])
        return np.where(within ^ ((own > SLACK * step) & (other < own)), inner, outer)

    if not _knows_kinks(core.shape):
        lattice, extra = with_ridges(faces.clipped, grid, chosen[0], away[0], levels, BEND, MARGIN)
        creased = None
    else:
        lattice, extra, creased = with_kinks(core.shape, grid, values, levels, distance)
    clearances = _clearances(grid, levels)
    for level, clearance in zip(levels, clearances, strict=True):
        _keep_off(values, level, clearance)
        _keep_off(extra, level, clearance)
    heights = np.concatenate([values.ravel(), extra])
    function = None if creased is None else _function_near(core, lattice, creased, heights)
    return Sampled(lattice, values, extra, function)


def _require_triangles(count: int, step: float) -> None:
    """Raises an InputError where surfaces of so many triangles in all, at a step in µm, do not fit.

    How much surface there is in a box is not known before the web has been sampled, which takes a fraction of the memory.
    """
    least = step * math.sqrt(count / memory.most(PER_TRIANGLE))
    what = f"triangles on surfaces at a step of {step:.4g} µm"
    memory.require("resolution", what, count, PER_TRIANGLE, f"take at least {least:.4g} µm")


def _function_near(core: ImplicitBody, lattice: Lattice, creased: IntArray, heights: FloatArray) -> FloatArray | None:
    """(n,) the core's function at the nodes of bricks with split or creased edges and of those next to them, else nan.

    It is nan, too, where it has another sign than the (n,) distances: there the grid does not hold the web.
    """
    if not len(lattice.keys) and not len(creased):
        return None
    grid = lattice.grid
    near = np.zeros(grid.shape, dtype=np.uint8)
    near.ravel()[(lattice.touched[:, None] + grid.steps).ravel()] = 1
    near.ravel()[creased] = 1
    home = _folded(near)
    for axis, mode in enumerate(("nearest", "wrap", "wrap")):
        home = scipy.ndimage.maximum_filter1d(home, 3, axis=axis, mode=mode)
    values = np.full(grid.shape, np.nan)
    near[:] = 0
    near[:, :-1, :-1] = home
    nodes = np.flatnonzero(near)
    values.ravel()[nodes] = core.shape.at(grid.points(nodes))
    _repeat(values)
    first = _first(lattice, np.arange(lattice.count, lattice.count + len(lattice.keys)))
    extra = core.shape.at(lattice.places)[first - lattice.count]
    found = np.concatenate([values.ravel(), extra])
    return np.where((found <= 0) == (heights <= 0), found, np.nan)


def faces_of(core: ImplicitBody, grid: Grid, depth: float, step: float) -> tuple[Faces, int]:
    """The zero surface within a grid and a depth below and above it, and how many planes were added below."""
    under = subdivide(float(grid.z[0]) - depth, float(grid.z[0]), step)[:-1]
    over = subdivide(float(grid.z[-1]), float(grid.z[-1]) + depth, step)[1:]
    z = np.concatenate([under, grid.z, over])
    # Inside, the core goes on beyond its cut, for the cut is a face of its own and no part of the zero surface.
    tall = Grid(grid.x, grid.y, z[: np.searchsorted(z, core.top + grid.diagonal + step) + 1])
    values = np.empty(tall.shape)
    values[:, :-1, :-1] = core.shape.on_grid(tall.x[:-1], tall.y[:-1], tall.z)
    _repeat(values)
    body = (values <= 0) & (tall.z <= core.top)[:, None, None]
    slope = SAFETY * _slope(tall, values)
    lattice, extra, _ = with_kinks(core.shape, tall, values, np.zeros(1), lambda points, *_: core.shape.at(points))
    clearance = CLEARANCE * float(np.mean(np.abs(np.diff(values[::4, :-1], axis=2))))
    _keep_off(values, 0.0, clearance)
    _keep_off(extra, 0.0, clearance)
    return Faces(core, tall, body, values, slope, *_sheets(core, Sampled(lattice, values, extra))), len(under)


def _slope(grid: Grid, values: FloatArray) -> float:
    """Largest slope of sampled values."""
    inner = values[:-1, :-1, :-1]
    squares = np.zeros(inner.shape, dtype=np.float32)
    for axis, (planes, part) in enumerate(
        ((grid.z, values[1:, :-1, :-1]), (grid.y, values[:-1, 1:, :-1]), (grid.x, values[:-1, :-1, 1:]))
    ):
        steps = np.diff(planes).reshape([-1 if k == axis else 1 for k in range(3)])
        squares += np.square((part - inner) / steps, dtype=np.float64)
    return math.sqrt(float(squares.max()))


def with_kinks(
    shape: Kinked,
    grid: Grid,
    values: FloatArray,
    levels: FloatArray,
    function: Callable[[FloatArray, FloatArray, FloatArray], FloatArray],
    reach: float | None = None,
) -> tuple[Lattice, FloatArray, IntArray]:
    """The grid with nodes where a function has a kink next to a level, the function's values there, and nodes beside kinks.

    The latter are the ends of edges that are not split, since the kink lies at one of them: along such an edge nothing bends,
    but from one edge to the next.

    Args:
        shape: knows where its kinks are.
        grid: the nodes.
        values: of the function at them.
        levels: near which kinks matter.
        function: the same at (n, 3) points, which is told its values at both ends of the edge that each lies on, and the ways
            to them, (n, 2) each.
        reach: how near; None for the longest edge.
    """
    if not _knows_kinks(shape):
        return Lattice.of(grid), np.empty(0), np.empty(0, dtype=np.int64)
    near = np.zeros(grid.shape, dtype=bool)
    for level in levels:
        near |= np.abs(values - level) < (grid.diagonal if reach is None else reach)
    branch = np.full(near.size, -1)
    branch[near.ravel()] = shape.branches(grid.points(np.flatnonzero(near)))
    near[:, :, -1] = near[:, -1] = False
    nodes = np.flatnonzero(near)
    k = grid.places(nodes)[2]
    flat = values.ravel()
    found: list[tuple[IntArray, IntArray, FloatArray, FloatArray]] = []
    creased: list[IntArray] = []
    for kind in range(1, 8):
        lower = nodes[k + (kind >> 2) < len(grid.z)]
        upper = lower + grid.steps[kind]
        changes = (branch[upper] >= 0) & (branch[lower] != branch[upper])
        lower, upper = lower[changes], upper[changes]
        ends = grid.points(lower), grid.points(upper)
        where = shape.kinks(*ends)
        at = np.clip(where, MARGIN, 1 - MARGIN)
        edge = np.linalg.norm(ends[1] - ends[0], axis=1)
        known = np.column_stack([flat[lower], flat[upper]])
        there = function(grid.between(lower, kind, at), known, np.column_stack([at * edge, (1 - at) * edge]))
        worth = np.abs(there - (1 - at) * flat[lower] - at * flat[upper]) > BEND * edge
        found.append((np.full(int(worth.sum()), kind), lower[worth], at[worth], there[worth]))
        ending = ~worth & (where != at)
        creased += [lower[ending], upper[ending]]
    kinds, lowers, shares, heights = (np.concatenate(part) for part in zip(*found, strict=True))
    lattice, of = with_splits(grid, kinds, lowers, shares)
    return lattice, heights[of], np.concatenate(creased)


def _knows_kinks(shape: Kinked) -> bool:
    """Whether a shape tells where its function has kinks."""
    return shape.branches(np.zeros((0, 3))) is not None


def _clearances(grid: Grid, levels: FloatArray) -> list[float]:
    """How far values must keep from each level, µm."""
    least = min(float(np.diff(axis).min()) for axis in (grid.x, grid.y, grid.z))
    gaps = np.abs(levels[:, None] - levels)
    return [CLEARANCE * min([least, *others[others > 0].tolist()]) for others in gaps]


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


def _around(grid: Grid, points: FloatArray) -> BoolArray:
    """(nz + 1, ny + 1, nx + 1) corners of the bricks in which (n, 3) points lie, through the period.

    A web may be so thin that it lies between the nodes, at nodes on split edges only.
    """
    marked = np.zeros(grid.shape, dtype=bool)
    places = [
        np.clip(np.searchsorted(planes, values, side="right") - 1, 0, len(planes) - 2)
        for planes, values in (
            (grid.x, np.mod(points[:, 0], grid.size[0])),
            (grid.y, np.mod(points[:, 1], grid.size[1])),
            (grid.z, points[:, 2]),
        )
    ]
    for corner in range(8):
        i, j, k = (place + (corner >> axis & 1) for axis, place in enumerate(places))
        marked[k, j, i] = True
    return marked


def _dilated(source: Grid, marked: BoolArray, grid: Grid, radius: float) -> BoolArray:
    """Nodes of a grid with a marked node of another, of the same planes in x and y, in a box of that half-width.

    The last planes in x and y, copies of the first, are left out.
    """
    counts = np.zeros((len(source.z) + 1, len(source.y) - 1, len(source.x) - 1), dtype=np.int32)
    flat = _folded(marked.view(np.uint8))
    for axis, planes in ((2, source.x), (1, source.y)):
        width = 2 * math.ceil(radius / float(planes[1] - planes[0])) + 1
        flat = scipy.ndimage.maximum_filter1d(flat, min(width, 2 * len(planes) - 1), axis=axis, mode="wrap")
    np.cumsum(flat, axis=0, out=counts[1:])
    low = np.searchsorted(source.z, grid.z - radius * (1 + 1e-9))
    high = np.searchsorted(source.z, grid.z + radius * (1 + 1e-9), side="right")
    found = np.zeros(grid.shape, dtype=bool)
    found[:, :-1, :-1] = counts[high] > counts[low]
    return found


def _folded(marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(nz + 1, ny, nx) marks on nodes of the first period, those on the copies on the last planes included."""
    home = marks[:, :-1, :-1].copy()
    home[:, 0] |= marks[:, -1, :-1]
    home[:, :, 0] |= marks[:, :-1, -1]
    home[:, 0, 0] |= marks[:, -1, -1]
    return home


def _repeat(values: FloatArray) -> None:
    """Copies the values on the first planes in x and y to the last ones, a period on."""
    values[:, :, -1] = values[:, :, 0]
    values[:, -1] = values[:, 0]


def _sheets(core: ImplicitBody, sampled: Sampled) -> tuple[Nearest, Nearest]:
    """The zero surface without and with the cut at the core's top."""
    lattice = sampled.lattice
    grid, layers = lattice.grid, len(lattice.grid.z) - 1
    heights = np.concatenate([sampled.values.ravel(), sampled.extra])
    surface = contour(lattice, sampled.values, heights, 0.0, range(layers), _exact(core, lattice, heights))
    home = home_of(lattice, surface)
    corners, points = home[surface.triangles], surface.vertices
    cut_at = int(np.searchsorted(grid.z, core.top))
    if cut_at > layers:
        both = _sheet(points, corners, grid)
        return both, both
    clipped = corners[surface.layer < cut_at]
    level = Level(0.0, ((surface, 0),))
    facets, _ = lattice.refine(plane(grid, 2, cut_at))
    _, patch, _ = next(cut(lattice, heights, facets, [level]))
    on_node = patch >= 0
    nodes, number = np.unique(_first(lattice, patch[on_node]), return_inverse=True)
    patch[~on_node] = home[-1 - patch[~on_node]]
    patch[on_node] = number + len(points)
    points = np.concatenate([points, lattice.points(nodes)])
    clipped = np.concatenate([clipped, patch])
    return _sheet(points, corners, grid), _sheet(points, clipped, grid)


def _exact(core: ImplicitBody, lattice: Lattice, heights: FloatArray) -> Share:
    """Where the core's function vanishes on an edge: by false position from where it would if it were linear."""
    guess = linear(heights, 0.0)

    def share(one: IntArray, other: IntArray) -> FloatArray:
        first = guess(one, other)
        start, stop = lattice.points(one), lattice.points(other)
        there = core.shape.at(start + first[:, None] * (stop - start))
        low, high = heights[one], heights[other]
        before = (there > 0) == (low > 0)  # the root lies beyond the guess
        with np.errstate(divide="ignore", invalid="ignore"):
            better = np.where(before, first + (1 - first) * there / (there - high), first * low / (low - there))
        return np.clip(np.where(np.isfinite(better), better, first), 1 - KEPT, KEPT)

    return share


def _first(lattice: Lattice, nodes: IntArray) -> IntArray:
    """(n,) for each node the one at the same place in the first period."""
    grid = lattice.grid
    i, j, _ = grid.places(np.where(nodes < lattice.count, nodes, _lower(lattice, nodes)))
    # A split edge lies on the last plane where its lower node does and it leads along that plane.
    kind = np.where(nodes < lattice.count, 0, _key(lattice, nodes) % 8)
    last = [(i == len(grid.x) - 1) & (kind & 1 == 0), (j == len(grid.y) - 1) & (kind & 2 == 0)]
    return _back(lattice, nodes, *last)


def _key(lattice: Lattice, nodes: IntArray) -> IntArray:
    """Key of the split edge that a node lies on; 0 for other nodes."""
    if not len(lattice.keys):
        return np.zeros_like(nodes)
    return np.where(nodes < lattice.count, 0, lattice.keys[np.maximum(nodes - lattice.count, 0)])


def _lower(lattice: Lattice, nodes: IntArray) -> IntArray:
    return _key(lattice, nodes) // 8


def _back(lattice: Lattice, nodes: IntArray, in_x: BoolArray, in_y: BoolArray) -> IntArray:
    """(n,) nodes a period back in x or y, where asked."""
    grid = lattice.grid
    step = in_x * (len(grid.x) - 1) + in_y * (len(grid.y) - 1) * grid.strides[1]
    moved = nodes - step
    extra = np.flatnonzero(nodes >= lattice.count)
    if len(extra):
        moved[extra] = np.searchsorted(lattice.keys, _key(lattice, nodes[extra]) - 8 * step[extra]) + lattice.count
    return moved


def home_of(lattice: Lattice, surface: LevelSurface) -> IntArray:
    """(V,) for each vertex the one at the same place in the first period."""
    home = np.arange(len(surface.vertices))
    in_x, in_y = (surface.vertices[:, axis] == lattice.grid.size[axis] for axis in (0, 1))
    copies = np.flatnonzero(in_x | in_y)
    one, other = (_back(lattice, nodes, in_x[copies], in_y[copies]) for nodes in surface.ends[copies].T)
    home[copies] = surface.on(lattice, one, other)
    assert home.min(initial=0) >= 0  # opposite sides are equal to the last bit
    return home


def _sheet(points: FloatArray, triangles: IntArray, grid: Grid) -> Nearest:
    used, corners = compacted(triangles)
    return sheet(points[used], corners, grid.size)
