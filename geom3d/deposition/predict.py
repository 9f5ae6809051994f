"""What a process makes of a film: chooses the way to the coverage of a body, and gives the film's table of thickness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geom3d.architectures._structure import StructureFacts
from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.deposition import Coverage, cavities, particles, require_sticking
from geom3d.deposition.particles import Surface
from geom3d.solids import Solid

#: Halvings by which a wall is found: of 10 µm they leave less than what coordinates are rounded to.
HALVINGS = 60
#: How far below the top the opening is measured, share of the depth: at the top itself nothing decides.
BELOW = 1e-9


@dataclass(frozen=True)
class Body:
    """What a film grows on: the bare structure, or what earlier films have made of it.

    Attributes:
        solid: the body.
        size: the period in x and y, µm.
        facts: of the structure; its sites are the axes of holes, and lie on the middle line of trenches.
    """

    solid: Solid
    size: tuple[float, float]
    facts: StructureFacts

    def _inside(self, points: FloatArray) -> BoolArray:
        points = np.array(points)
        points[:, :2] %= self.size
        return np.asarray(self.solid.contains(points))

    def _first_inside(self, start: FloatArray, step: FloatArray) -> FloatArray:
        """(n,) share of each step after which one is inside the body, having been outside before; by halving."""
        low, high = np.zeros(len(start)), np.ones(len(start))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            inside = self._inside(start + middle[:, None] * step)
            low, high = np.where(inside, low, middle), np.where(inside, middle, high)
        return (low + high) / 2

    @property
    def opening(self) -> float:
        """Z at which a wall begins, µm: below the round rims of films that have some."""
        highest = self.solid.bounds_z()[1]
        return min(highest, self.facts.top) if self.solid.family.film_edges == "round" else highest

    def cavity(self) -> cavities.Cavity | None:
        """The round hole or trench that it has, measured; None where it has none, or one that is narrowed by its own wall."""
        kind = self.facts.cavity
        if kind is None or not self.facts.sites:
            return None
        x, y = self.facts.sites[0]
        top = self.opening
        # From above down the axis to the floor.
        start, fall = np.array([[x, y, top]]), np.array([[0.0, 0.0, -top]])
        start[0, 2] -= BELOW * top
        if self._inside(start)[0]:
            return None  # a fill covers it
        depth = (float(self._first_inside(start, fall)[0]) + BELOW) * top
        across = min(self.size) / 2 if kind == "hole" else self.size[0] / 2
        first = self._walls(np.array([BELOW * depth]), top, across)
        bands = cavities.bands_of(depth, float(first[0]))
        depths = np.linspace(0.0, depth, bands + 1)
        inner = np.clip(depths, BELOW * depth, depth * (1 - BELOW))
        found = cavities.Cavity(kind, depths, self._walls(inner, top, across))
        return found if found.is_open else None

    def _walls(self, depths: FloatArray, top: float, across: float) -> FloatArray:
        """(n,) how far the wall is from the axis at depths below the top, µm."""
        x, y = self.facts.sites[0]
        start = np.column_stack([np.full_like(depths, x), np.full_like(depths, y), top - depths])
        step = np.zeros_like(start)
        step[:, 0] = across
        return self._first_inside(start, step) * across


def coverage(
    body: Body, sticking: float, surface: Callable[[], Surface], *, seed: int = 1, particles_only: bool = False
) -> Coverage:
    """How thick a film becomes on a body, by depth below its top.

    Args:
        body: on which it grows.
        sticking: probability; 1 for line of sight.
        surface: of the body, made where particles are needed: where it has no cavity that radiosity can solve.
        seed: of the particles.
        particles_only: whether radiosity is left out.

    Raises:
        InputError: a sticking probability that is none.
    """
    require_sticking(sticking)
    cavity = None if particles_only else body.cavity()
    if cavity is not None:
        found = cavities.coverage(cavity, sticking, size=body.size, count=len(body.facts.sites))
        rim = body.solid.bounds_z()[1] - body.opening
        return replace(found, depths=found.depths + rim, depth=found.depth + rim)
    return particles.coverage(surface(), sticking, seed=seed)
