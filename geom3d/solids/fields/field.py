"""Bodies given by a distance: a core, or all below a height, or both; and the partition of a box by them.

All bodies of a partition share one core, so each is a level of one signed distance, united with a half-space. Heights
are planes of the grid and levels cut its tetrahedra in parallel planes: nothing else is needed for a partition without
a gap, and rims where a film on the core meets a film on the floor are as sharp as they should be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from geom3d.core import memory
from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.errors import InputError
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.solids.fields.cutting import Cutting
from geom3d.solids.fields.division import Division
from geom3d.solids.fields.elements import Pieces
from geom3d.solids.fields.implicit import ImplicitBody, Union, coarsest_step
from geom3d.solids.fields.sampling import faces_of, sample
from geom3d.solids.fields.splits import Lattice
from geom3d.solids.grid import Grid, rounding_unit, snap, subdivide

#: Usual step as a multiple of the thinnest film.
STEP_PER_FILM = 3.0
#: Usual step as a share of the smallest radius of curvature.
USUAL_STEP = 0.2
#: Nodes of a default grid, at most; and bytes that each takes at the peak, with its share of the surfaces and of what is measured on them.
USUAL_NODES, PER_NODE = 2_500_000, 600
#: Films thinner than this share of a step cannot be told from nothing in double precision.
THINNEST = 1e-5


@dataclass(frozen=True)
class Field:
    """A grown core united with everything below a height.

    Attributes:
        core: the core, or None.
        base: the height before growth, µm; minus infinity where there is none.
        size: the period in x and y, µm.
        growth: by how much both have been grown, µm. Kept apart, so that growth adds exactly.
    """

    core: ImplicitBody | None
    base: float
    size: tuple[float, float]
    growth: float = 0.0

    @property
    def family(self) -> FieldFamily:
        """Fields."""
        return FIELDS

    @property
    def level(self) -> float:
        """Z below which everything belongs to the body, µm."""
        return self.base + self.growth

    def offset(self, thickness: float) -> Field:
        """The body under a conformal film; its rims are round."""
        return replace(self, growth=self.growth + thickness)

    def moved(self, dx: float, dy: float) -> Field:
        """The body shifted in the plane, µm."""
        return replace(self, core=None if self.core is None else self.core.moved(dx, dy))

    def half_space(self, level: float) -> Field:
        """Everything below a height, µm."""
        return Field(None, level, self.size)

    def contains(self, points: FloatArray) -> BoolArray:
        """(n,) whether the (n, 3) points lie in the body, by the core's own function and the distance to its surface."""
        inside: BoolArray = points[:, 2] <= self.level
        if self.core is not None:
            rest = np.flatnonzero(~inside)
            inside[rest] = within(self.core, points[rest], self.growth)
        return inside

    def bounds_z(self) -> tuple[float, float]:
        """Lowest and highest z, µm."""
        return -math.inf, max(self.level, -math.inf if self.core is None else self.core.top + self.growth)

    def __or__(self, other: Field) -> Field:
        if self.core is None and other.core is not None:
            return other | self
        if other.core is None or other.core == self.core:
            growth = self.growth if other.core is None else max(self.growth, other.growth)
            return replace(self, base=max(self.level, other.level) - growth, growth=growth)
        assert self.core is not None  # else the other has none either
        if (self.growth, self.core.top) != (other.growth, other.core.top):
            raise ValueError("cores can be united only before growth, and where they are cut at one height")
        core = replace(self.core, shape=Union(self.core.shape, other.core.shape))
        return replace(self, core=core, base=max(self.base, other.base))


class FieldFamily:
    """The family of fields: sampled on a grid, with walls of any direction and round rims."""

    name = "fields"
    is_sampled = True
    film_edges: Literal["square", "round"] = "round"
    vertical_walls = False

    def require(self, solid: Field, grid_step: float) -> None:
        """Raises an InputError where a grid of that step, µm, is too coarse for a shape."""
        core = solid.core
        if core is not None and grid_step > (coarsest := coarsest_step(core.radius, core.size)):
            raise InputError(
                f"resolution: must be at most {coarsest:.4g} µm to hold the shape "
                f"(radius of curvature {core.radius:.4g} µm); got {grid_step:g} µm"
            )

    def step(self, solids: Sequence[Field], size: tuple[float, float, float], requested: float | None) -> float:
        """The grid's step, µm.

        Args:
            solids: the bodies of a partition.
            size: of the box, µm.
            requested: the step that is asked for, or None for one that suits curvature and films.

        Raises:
            InputError: where the grid would not fit into memory, or cannot hold the shape.
        """
        cores = [solid.core for solid in solids if solid.core is not None]
        if not cores:
            return min(size)
        radius = min(core.radius for core in cores)
        films = np.diff([0.0, *_growths(solids)])
        film = float(min(films[films > 0], default=math.inf))
        height = min(size[2], max(core.top for core in cores) + max(_growths(solids))) - min(
            core.base_z for core in cores
        )
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
        least = (volume / memory.most(PER_NODE)) ** (1 / 3)
        require_nodes(volume / step**3, step, f"take at least {least:.4g} µm")
        if film < THINNEST * step:
            raise InputError(
                f"resolution: a film of {film:.4g} µm is lost in a grid of {step:.4g} µm; "
                f"take at most {film / THINNEST:.4g} µm"
            )
        return float(step)

    def partition(
        self,
        names: tuple[str, ...],
        solids: Sequence[Field],
        size: tuple[float, float, float],
        *,
        chord_tolerance: float | None = None,
        grid_step: float | None = None,
    ) -> InterfaceMesh:
        """The walls of the partition in which the first body that contains a point owns it.

        Args:
            names: one per body.
            solids: the bodies, the first wins; all on one core.
            size: the box, µm.
            chord_tolerance: has no meaning for fields.
            grid_step: of the grid, µm; None for one that suits curvature and films.
        """
        cores = list(dict.fromkeys(solid.core for solid in solids if solid.core is not None))
        if len(cores) > 1:
            raise ValueError("all bodies of a partition must share one core")
        core = cores[0] if cores else None
        division = _division(solids, core, size, self.step(solids, size, grid_step))
        vertices, triangles, back_region, front_region, periodic_image = division.walls()
        grid = division.grid
        return InterfaceMesh(
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


FIELDS = FieldFamily()


def require_nodes(count: float, step: float, remedy: str) -> None:
    """Raises an InputError where a grid of so many nodes, at a step in µm, does not fit."""
    memory.require("resolution", f"grid nodes at a step of {step:.4g} µm", count, PER_NODE, remedy)


def _growths(solids: Sequence[Field]) -> list[float]:
    """Ascending growths of the bodies that have a core."""
    return sorted({solid.growth for solid in solids if solid.core is not None})


def _division(
    solids: Sequence[Field], core: ImplicitBody | None, size: tuple[float, float, float], step: float
) -> Division:
    """Plans the grid, measures the core's distance on it where a level shows, and gives every layer its labels."""
    levels = np.array(_growths(solids)) if core is not None else np.empty(0)
    unit = rounding_unit(size[2])
    height = float(snap(np.array(size[2]), unit))
    top = math.inf if core is None else float(snap(np.array(core.top), unit)) if math.isfinite(core.top) else core.top
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
    if core is not None and len(shown):
        first, last = int(shown[0]), int(shown[-1]) + 1
        shown_part = Grid(x, y, grid.z[first : last + 1])
        seen = levels[(rows[:, 1:] != rows[:, :-1]).any(axis=0)]
        sampled = sample(replace(core, top=top), shown_part, seen, step)
        values[first : last + 1], extra = sampled.values, sampled.extra
        below, part = first * grid.strides[2], sampled.lattice
        lattice = Lattice(grid, part.keys + 8 * below, part.places)
        if sampled.function is not None:
            function = np.full(lattice.count + len(extra), np.nan)
            function[below : below + part.count] = sampled.function[: part.count]
            function[lattice.count :] = sampled.function[part.count :]
    return Division(lattice, values, extra, levels, rows, function, top)


def within(core: ImplicitBody, points: FloatArray, distance: float) -> BoolArray:
    """(n,) whether (n, 3) points lie in a core or within a distance of it, µm.

    The core itself is asked of its function; the distance is taken to its surface on a grid of its own, as fine as usual.
    """
    inside = core.contains(points)
    rest = np.flatnonzero(~inside)
    if distance > 0 and len(rest):
        heights = points[rest, 2]
        low, high = float(heights.min()) - distance, min(float(heights.max()) + distance, core.top)
        step = min(USUAL_STEP * core.radius, min(core.size) / 4)
        x, y = (_planes(length, step) for length in core.size)
        grid = Grid(x, y, subdivide(min(low, high - step), high, step))
        faces, _ = faces_of(core, grid, distance + 2 * step, step)
        inside[rest] = faces.clipped.distances(points[rest], distance + 2 * step) <= distance
    return inside


def _planes(length: float, step: float) -> FloatArray:
    unit = rounding_unit(length)
    return snap(subdivide(0.0, float(snap(np.array(length), unit)), step), unit)


def _row(solids: Sequence[Field], levels: FloatArray, low: float, high: float, top: float, unit: float) -> list[int]:
    """Labels of a layer in z by interval: interval j reaches up to level j, the last one beyond all."""
    row = []
    for growth in [*levels.tolist(), math.inf]:
        owners = (
            label
            for label, solid in enumerate(solids)
            if solid.level >= high - unit or (solid.core is not None and solid.growth >= growth)
        )
        row.append(next(owners, len(solids)))
    for number in reversed(range(len(levels))):
        if low >= top + levels[number] - unit:  # nothing of the core, grown by so much, reaches up here
            row[number] = row[number + 1]
    return row
