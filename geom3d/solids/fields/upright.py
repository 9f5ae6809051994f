"""Upright bodies with walls as etched and films as deposited: like prisms, but of any profile, and with round rims.

A body is a union of parts: outlines between two heights, pushed in and out by a profile and grown by films, or all of the plane
between two heights. It is the field's counterpart of `geom3d.solids.prisms.prism.Prisms`, from which it is made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geom3d.core import memory
from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.errors import InputError
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.solids.fields.cutting import Cutting
from geom3d.solids.fields.elements import Pieces
from geom3d.solids.fields.field import PER_NODE, FieldFamily, require_nodes
from geom3d.solids.fields.plane_distance import Outlines
from geom3d.solids.fields.upright_division import Plan
from geom3d.solids.fields.upright_grid import Fineness, usual_step
from geom3d.solids.fields.upright_parts import Frame, Part, gathered
from geom3d.solids.fields.wall import Wall
from geom3d.solids.fields.wall_profile import WallProfile
from geom3d.solids.film_profile import FilmProfile, film
from geom3d.solids.prisms.outline import Plane
from geom3d.solids.prisms.prism import Prisms

#: Nodes of a usual grid, at most.
USUAL_NODES = 1_000_000
#: A grid is made coarser by this factor until it has no more nodes than is usual, at most so often.
COARSER, TRIES = 1.15, 12
#: A step of more than this multiple of the usual one does not hold the shape.
COARSEST = 4.0


@dataclass(frozen=True)
class Upright:
    """A union of upright parts, periodic in x and y.

    Attributes:
        parts: they may overlap.
        size: the period in x and y, µm.
        profile: of all walls.
        frame: the heights that depths are measured between.
    """

    parts: tuple[Part, ...]
    size: tuple[float, float]
    profile: WallProfile
    frame: Frame

    @classmethod
    def of(cls, prisms: Prisms, profile: WallProfile, frame: Frame) -> Upright:
        """The body that a union of prisms becomes with walls of a profile.

        Args:
            prisms: before growth.
            profile: of all walls.
            frame: the heights that depths are measured between.
        """
        parts = (
            Part(
                () if isinstance(prism.shape, Plane) else (prism.shape,),
                prism.low,
                prism.high,
                film(prism.growth),
                prism.flat,
            )
            for prism in prisms.prisms
        )
        return cls(gathered(parts), prisms.size, profile, frame)

    @property
    def family(self) -> UprightFamily:
        """Fields whose distance is known."""
        return UPRIGHT

    def offset(self, thickness: float | FilmProfile) -> Upright:
        """The body under a film, even or uneven; its rims are round."""
        more = film(thickness)
        return replace(self, parts=tuple(replace(part, growth=part.growth + more) for part in self.parts))

    def moved(self, dx: float, dy: float) -> Upright:
        """The body shifted in the plane, µm."""
        return replace(
            self,
            parts=tuple(replace(part, shapes=tuple(s.moved(dx, dy) for s in part.shapes)) for part in self.parts),
        )

    def half_space(self, level: float) -> Upright:
        """Everything below a height, µm."""
        return replace(self, parts=(Part((), -math.inf, level, FilmProfile.even(0.0)),))

    def contains(self, points: FloatArray) -> BoolArray:
        """(n,) whether the (n, 3) points lie in the body, by the exact distance to its wall."""
        found = np.zeros(len(points), dtype=bool)
        for part in self.parts:
            low, high = part.interval(self.frame)
            level = np.flatnonzero((points[:, 2] >= low) & (points[:, 2] <= high) & ~found)
            if not part.shapes:
                found[level] = True
                continue
            grown = part.on_wall.at(self.frame.top - points[level, 2])
            found[level] = self.wall(part).distance(points[level]) <= grown
        return found

    def wall(self, part: Part) -> Wall:
        """The bare wall of a part that has outlines."""
        return Wall(Outlines(part.shapes, self.size), self.profile, self.frame.top)

    def bounds_z(self) -> tuple[float, float]:
        """Lowest and highest z, µm."""
        intervals = [part.interval(self.frame) for part in self.parts]
        return min(low for low, _ in intervals), max(high for _, high in intervals)

    def __or__(self, other: Upright) -> Upright:
        return replace(self, parts=gathered(self.parts + other.parts))


class UprightFamily(FieldFamily):
    """Fields whose distance is known: upright walls of any profile, under films with round rims."""

    def require(self, solid: Upright, grid_step: float) -> None:  # type: ignore[override]
        """Raises an InputError where a grid of that step, µm, is too coarse for a body."""
        coarsest = COARSEST / 2 * _usual([solid], solid.size)
        if grid_step > coarsest:
            raise InputError(f"resolution: must be at most {coarsest:.4g} µm to hold the shape; got {grid_step:g} µm")

    def step(  # type: ignore[override]
        self, solids: Sequence[Upright], size: tuple[float, float, float], requested: float | None
    ) -> float:
        """The grid's step in x and y where walls are, µm; see `geom3d.solids.Family`."""
        plan, usual = _plan(solids, size), _usual(solids, size[:2])
        step, most = (
            usual if requested is None else requested,
            USUAL_NODES if requested is None else memory.most(PER_NODE),
        )
        for _ in range(TRIES):
            nodes = math.prod(plan.grid(Fineness(step, usual))[0].shape)
            if nodes <= most:
                return step
            if requested is not None:
                break
            step *= COARSER
        require_nodes(nodes, step, "take a coarser one, less height or larger scallops")
        return step

    def partition(  # type: ignore[override]
        self,
        names: tuple[str, ...],
        solids: Sequence[Upright],
        size: tuple[float, float, float],
        *,
        chord_tolerance: float | None = None,
        grid_step: float | None = None,
    ) -> InterfaceMesh:
        """The walls of the partition in which the first body that contains a point owns it; see `geom3d.solids.Family`."""
        usual = _usual(solids, size[:2])
        division = _plan(solids, size).division(Fineness(self.step(solids, size, grid_step), usual))
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
            filling=Cutting(division, sampled=False),
        )


UPRIGHT = UprightFamily()


def _plan(solids: Sequence[Upright], size: tuple[float, float, float]) -> Plan:
    return Plan.of([solid.parts for solid in solids], solids[0].profile, solids[0].frame, size)


def _usual(solids: Sequence[Upright], size: tuple[float, float]) -> float:
    """The usual step for some bodies, µm."""
    outlines = dict.fromkeys(part.shapes for solid in solids for part in solid.parts if part.shapes)
    return usual_step([Outlines(shapes, size) for shapes in outlines], solids[0].profile, size)
