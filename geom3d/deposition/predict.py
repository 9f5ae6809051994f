"""What a process makes of a film: chooses the way to the coverage of a body, and gives the film's table of thickness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    def rim(self) -> float:
        """How far below the top the round rims of films end, and go over from the thickness on the flat to that on the wall, µm.

        Around the rim a film is drawn as thick as on the flat, which would shade the wall more than it does in truth; so the
        wall is taken to go on straight from there to the top.
        """
        grown = self.solid.bounds_z()[1] - self.facts.top
        return 2 * grown if self.solid.family.film_edges == "round" and grown > 0 else 0.0

    def cavity(self) -> cavities.Cavity | None:
        """The round hole or trench that it has, measured; None where it has none, or one that is narrowed by its own wall."""
        kind = self.facts.cavity
        if kind is None or not self.facts.sites:
            return None
        x, y = self.facts.sites[0]
        top = self.solid.bounds_z()[1]
        # From above down the axis to the floor.
        start, fall = np.array([[x, y, top]]), np.array([[0.0, 0.0, -top]])
        start[0, 2] -= BELOW * top
        if self._inside(start)[0]:
            return None  # a fill covers it
        depth = (float(self._first_inside(start, fall)[0]) + BELOW) * top
        across = min(self.size) / 2 if kind == "hole" else self.size[0] / 2
        below = max(BELOW * depth, min(self.rim, depth / 2))
        first = self._walls(np.array([below]), top, across)
        bands = cavities.bands_of(depth, float(first[0]))
        depths = np.linspace(0.0, depth, bands + 1)
        inner = depths >= below
        walls = self._walls(np.minimum(depths[inner], depth * (1 - BELOW)), top, across)
        slope = (walls[1] - walls[0]) / (depths[1] - depths[0])
        straight = walls[0] + slope * (depths[~inner] - depths[inner][0])
        found = cavities.Cavity(kind, depths, np.concatenate([straight, walls]))
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
        return cavities.coverage(cavity, sticking, size=body.size, count=len(body.facts.sites))
    return particles.coverage(surface(), sticking, seed=seed)
