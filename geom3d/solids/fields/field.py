"""Bodies given by a distance: a web, or all below a height, or both; and the partition of a box by them.

All bodies of a partition share one web, so each is a level of one signed distance, united with a half-space. Heights
are planes of the grid and levels cut its tetrahedra in parallel planes: nothing else is needed for a partition without
a gap, and rims where a film on the web meets a film on the floor are as sharp as they should be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.errors import InputError
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.solids.fields.cutting import Cutting
from geom3d.solids.fields.division import Division
from geom3d.solids.fields.elements import Pieces
from geom3d.solids.fields.percolation import require_pores, require_web
from geom3d.solids.fields.sampling import faces_of, sample
from geom3d.solids.fields.splits import Lattice
from geom3d.solids.fields.web import Union, Web, coarsest_step
from geom3d.solids.grid import Grid, grid_step, snap, subdivide

#: Usual step as a multiple of the thinnest film.
STEP_PER_FILM = 3.0
#: Usual step as a share of the smallest radius of curvature.
USUAL_STEP = 0.2
#: Nodes of a default grid, at most; and of any grid.
USUAL_NODES, MOST_NODES = 2_500_000, 40_000_000
#: Films thinner than this share of a step cannot be told from nothing in double precision.
THINNEST = 1e-5


@dataclass(frozen=True)
class Field:
    """A grown web united with everything below a height.

    Attributes:
        web: the web, or None.
        base: the height before growth, µm; minus infinity where there is none.
        size: the period in x and y, µm.
        growth: by how much both have been grown, µm. Kept apart, so that growth adds exactly.
    """

    web: Web | None
    base: float
    size: tuple[float, float]
    growth: float = 0.0

    @property
    def level(self) -> float:
        """Z below which everything belongs to the body, µm."""
        return self.base + self.growth

    def offset(self, thickness: float) -> Field:
        """The body under a conformal film; its rims are round."""
        return replace(self, growth=self.growth + thickness)

    def moved(self, dx: float, dy: float) -> Field:
        """The body shifted in the plane, µm."""
        return replace(self, web=None if self.web is None else self.web.moved(dx, dy))

    def half_space(self, level: float) -> Field:
        """Everything below a height, µm."""
        return Field(None, level, self.size)

    def contains(self, points: FloatArray) -> BoolArray:
        """(n,) whether the (n, 3) points lie in the body, by the web's own function and the distance to its surface."""
        inside: BoolArray = points[:, 2] <= self.level
        if self.web is not None:
            rest = np.flatnonzero(~inside)
            inside[rest] = within(self.web, points[rest], self.growth)
        return inside

    def bounds_z(self) -> tuple[float, float]:
        """Lowest and highest z, µm."""
        return -math.inf, max(self.level, -math.inf if self.web is None else self.web.top + self.growth)

    def __or__(self, other: Field) -> Field:
        if self.web is None and other.web is not None:
            return other | self
        if other.web is None or other.web == self.web:
            growth = self.growth if other.web is None else max(self.growth, other.growth)
            return replace(self, base=max(self.level, other.level) - growth, growth=growth)
        assert self.web is not None  # else the other has none either
        if (self.growth, self.web.top) != (other.growth, other.web.top):
            raise ValueError("webs can be united only before growth, and where they are cut at one height")
        web = replace(self.web, shape=Union(self.web.shape, other.web.shape))
        return replace(self, web=web, base=max(self.base, other.base))

    @classmethod
    def step(cls, solids: Sequence[Field], size: tuple[float, float, float], requested: float | None) -> float:
        """The grid's step, µm.

        Args:
            solids: the bodies of a partition.
            size: of the box, µm.
            wish: the step that is asked for, or None for one that suits curvature and films.

        Raises:
            InputError: where the grid would not fit into memory, or cannot hold the shape.
        """
        webs = [solid.web for solid in solids if solid.web is not None]
        if not webs:
            return min(size)
        radius = min(web.radius for web in webs)
        films = np.diff([0.0, *_growths(solids)])
        film = float(min(films[films > 0], default=math.inf))
        height = min(size[2], max(web.top for web in webs) + max(_growths(solids))) - min(web.base_z for web in webs)
        volume = size[0] * size[1] * height
        # The same cell is built at twice the step, too.
        coarsest = coarsest_step(radius, size[:2]) * (1 if requested is None else 2)
        if requested is None:
            step = max(min(USUAL_STEP * radius, STEP_PER_FILM * film), (volume / USUAL_NODES) ** (1 / 3))
        else:
            step = requested
        if step > coarsest:
            raise InputError(
                f"resolution: {coarsest:.4g} µm is the coarsest grid that holds the shape (radius of curvature "
                f"{radius:.4g} µm), {step:.4g} µm the finest that is usual for so much of it; "
                "take fewer periods or less height, or give a resolution"
                if requested is None
                else f"resolution: must be at most {coarsest / 2:.4g} µm to hold the shape; got {step / 2:.4g} µm"
            )
        if volume / step**3 > MOST_NODES:
            raise InputError(
                f"resolution: a step of {step:.4g} µm needs {volume / step**3:.2g} grid nodes, at most {MOST_NODES:.2g} fit: "
                f"take at least {(volume / MOST_NODES) ** (1 / 3):.4g} µm"
            )
        if film < THINNEST * step:
            raise InputError(
                f"resolution: a film of {film:.4g} µm is lost in a grid of {step:.4g} µm; "
                f"take at most {film / THINNEST:.4g} µm"
            )
        return float(step)

    @classmethod
    def partition(
        cls, names: tuple[str, ...], solids: Sequence[Field], size: tuple[float, float, float], fineness: float | None
    ) -> InterfaceMesh:
        """The walls of the partition in which the first body that contains a point owns it.

        Args:
            names: one per body.
            solids: the bodies, the first wins; all on one web.
            size: the box, µm.
            fineness: step of the grid, µm; None for one that suits curvature and films.
        """
        webs = list(dict.fromkeys(solid.web for solid in solids if solid.web is not None))
        if len(webs) > 1:
            raise ValueError("all bodies of a partition must share one web")
        web = webs[0] if webs else None
        division = _division(solids, web, size, cls.step(solids, size, fineness))
        vertices, triangles, back_region, front_region, periodic_image = division.walls()
        grid = division.grid
        walls = InterfaceMesh(
            names=names,
            size=(*grid.size, float(grid.z[-1])),
            vertices=vertices,
            triangles=triangles,
            back_region=back_region,
            front_region=front_region,
            periodic_image=periodic_image,
            pieces=Pieces(division).components,
            filling=Cutting(division),
        )
        if web is not None and math.isfinite(web.top) and len(division.levels) and division.levels[0] == 0:
            label = next(k for k, solid in enumerate(solids) if solid.web is not None and solid.growth == 0)
            require_web(walls, label, web.base_z, web.top)
            _require_pores(names, solids, web, division)
        return walls


def _growths(solids: Sequence[Field]) -> list[float]:
    """Ascending growths of the bodies that have a web."""
    return sorted({solid.growth for solid in solids if solid.web is not None})


def _division(solids: Sequence[Field], web: Web | None, size: tuple[float, float, float], step: float) -> Division:
    """Plans the grid, measures the web's distance on it where a level shows, and gives every layer its labels."""
    levels = np.array(_growths(solids)) if web is not None else np.empty(0)
    unit = grid_step(size[2])
    height = float(snap(np.array(size[2]), unit))
    top = math.inf if web is None else float(snap(np.array(web.top), unit)) if math.isfinite(web.top) else web.top
    marks = [0.0, height, *(solid.level for solid in solids if math.isfinite(solid.level)), top]
    # Flat tops of films come to lie between two planes of the grid, not on one, and above the last one nothing shows.
    caps = top + levels[levels > 0]
    marks += [(a + b) / 2 for a, b in pairwise(caps.tolist())]
    marks += [float(cap) + step / 2 for cap in caps[-1:]]
    floors = snap(np.array([z for z in marks if 0 <= z <= height]), unit)
    z_layers = list(pairwise(np.unique(floors).tolist()))
    rows = np.array([_row(solids, levels, low, high, top, unit) for low, high in z_layers])
    planes, layers = [np.zeros(1)], []
    for (low, high), row in zip(z_layers, rows, strict=True):
        shows = bool((row[1:] != row[:-1]).any())
        inner = subdivide(low, high, step, caps) if shows else np.array([low, high])
        planes.append(snap(inner[1:], unit))
        layers.append(len(inner) - 1)
    rows = np.repeat(rows, layers, axis=0)
    x, y = (_planes(length, step) for length in size[:2])
    grid = Grid(x, y, np.concatenate(planes))
    values, lattice, extra, function = np.full(grid.shape, np.inf), Lattice.of(grid), np.empty(0), None
    shown = np.flatnonzero((rows[:, 1:] != rows[:, :-1]).any(axis=1))
    if web is not None and len(shown):
        first, last = int(shown[0]), int(shown[-1]) + 1
        shown_part = Grid(x, y, grid.z[first : last + 1])
        seen = levels[(rows[:, 1:] != rows[:, :-1]).any(axis=0)]
        sampled = sample(replace(web, top=top), shown_part, seen, step)
        values[first : last + 1], extra = sampled.values, sampled.extra
        below, part = first * grid.strides[2], sampled.lattice
        lattice = Lattice(grid, part.keys + 8 * below, part.places)
        if sampled.function is not None:
            function = np.full(lattice.count + len(extra), np.nan)
            function[below : below + part.count] = sampled.function[: part.count]
            function[lattice.count :] = sampled.function[part.count :]
    return Division(lattice, values, extra, levels, rows, function, top)


def _require_pores(names: tuple[str, ...], solids: Sequence[Field], web: Web, division: Division) -> None:
    """Checks that coats leave pores open, where both ends of the web show."""
    shown = np.isfinite(division.values).all(axis=(1, 2))
    heights = division.grid.z[shown]
    if not len(heights) or heights[-1] < web.top:
        return
    coats: dict[float, str] = {}
    for name, solid in zip(names, solids, strict=True):
        # A body that reaches above the web's film is a fill, and not a coat that could close a throat.
        if solid.web is not None and solid.growth > 0 and solid.level <= web.base_z + solid.growth * (1 + 1e-9):
            coats.setdefault(solid.growth, name)
    named = [(coats[growth], growth) for growth in sorted(coats)]
    require_pores(division.values[shown], heights, max(web.base_z, float(heights[0])), web.top, named)


def within(web: Web, points: FloatArray, distance: float) -> BoolArray:
    """(n,) whether (n, 3) points lie in a web or within a distance of it, µm.

    The web itself is asked of its function; the distance is taken to its surface on a grid of its own, as fine as usual.
    """
    inside = web.contains(points)
    rest = np.flatnonzero(~inside)
    if distance > 0 and len(rest):
        heights = points[rest, 2]
        low, high = float(heights.min()) - distance, min(float(heights.max()) + distance, web.top)
        step = min(USUAL_STEP * web.radius, min(web.size) / 4)
        x, y = (_planes(length, step) for length in web.size)
        grid = Grid(x, y, subdivide(min(low, high - step), high, step))
        faces, _ = faces_of(web, grid, distance + 2 * step, step)
        inside[rest] = faces.clipped.distances(points[rest], distance + 2 * step) <= distance
    return inside


def _planes(length: float, step: float) -> FloatArray:
    unit = grid_step(length)
    return snap(subdivide(0.0, float(snap(np.array(length), unit)), step), unit)


def _row(solids: Sequence[Field], levels: FloatArray, low: float, high: float, top: float, unit: float) -> list[int]:
    """Labels of a layer in z by interval: interval j reaches up to level j, the last one beyond all."""
    row = []
    for growth in [*levels.tolist(), math.inf]:
        owners = (
            label
            for label, solid in enumerate(solids)
            if solid.level >= high - unit or (solid.web is not None and solid.growth >= growth)
        )
        row.append(next(owners, len(solids)))
    for number in reversed(range(len(levels))):
        if low >= top + levels[number] - unit:  # nothing of the web, grown by so much, reaches up here
            row[number] = row[number + 1]
    return row
