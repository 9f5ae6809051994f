"""Radiosity in round holes and in trenches, with exact view factors.

The wall is cut into bands of equal depth. In a round hole a band is a ring of a cone, in a trench a pair of facing strips.
How much of what leaves one band hits another follows from the exchange between the level openings that bound them:
two coaxial discs in a hole, two parallel endless strips in a trench, both of closed form (Howell, A Catalog of Radiation
Heat Transfer Configuration Factors, C-41; Hottel's crossed strings). That needs a cavity in which every point sees every
other: one that is not narrowed by its own wall (`is_open`).

With the flux onto a band taken as even, the solution converges with the square of the bands' height.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.deposition import Coverage, require_sticking

#: Bands per width of the opening, and the fewest and most bands of all.
FINENESS, FEWEST, MOST = 12, 120, 1200
#: A wall may bulge inward by this share of the opening and still count as straight: rounding of what measured it.
STRAIGHT = 1e-6


@dataclass(frozen=True)
class Cavity:
    """A round hole or a trench in an open flat surface.

    Attributes:
        kind: "hole" for a body of revolution, "trench" for an endless groove.
        depths: (n + 1,) from 0 at the opening to the floor, rising, µm.
        half_widths: (n + 1,) radius, or half of the width, there, µm.
    """

    kind: Literal["hole", "trench"]
    depths: FloatArray
    half_widths: FloatArray

    @property
    def is_open(self) -> bool:
        """Whether every point of the wall sees every other: the half-width is concave over depth."""
        slopes = np.diff(self.half_widths) / np.diff(self.depths)
        reach = np.minimum(np.diff(self.depths)[1:], np.diff(self.depths)[:-1])
        return bool(np.all(np.diff(slopes) * reach <= STRAIGHT * self.half_widths[0]))

    @property
    def aspect_ratio(self) -> float:
        """Depth over width at the opening."""
        return float(self.depths[-1] / (2 * self.half_widths[0]))

    def exchange(self) -> FloatArray:
        """(n + 1, n + 1) area of one level opening times its view factor to another; its own area on the diagonal."""
        a, b = self.half_widths[:, None], self.half_widths[None, :]
        h2 = (self.depths[:, None] - self.depths[None, :]) ** 2
        if self.kind == "hole":
            # ½ (Z - √(Z² - 4 a² b²)) with Z = a² + b² + h², so written that no digits are lost far apart; under the root
            # stands ((a + b)² + h²) ((a - b)² + h²).
            root = np.sqrt(((a + b) ** 2 + h2) * ((a - b) ** 2 + h2))
            return np.asarray(2 * np.pi * a**2 * b**2 / (a**2 + b**2 + h2 + root))
        # Crossed strings less uncrossed ones.
        return np.asarray(4 * a * b / (np.sqrt((a + b) ** 2 + h2) + np.sqrt((a - b) ** 2 + h2)))

    def areas(self) -> FloatArray:
        """(n,) area of each band, µm²; of a trench per µm of its length."""
        slant = np.hypot(np.diff(self.depths), np.diff(self.half_widths))
        if self.kind == "hole":
            return np.asarray(np.pi * (self.half_widths[1:] + self.half_widths[:-1]) * slant)
        return np.asarray(2 * slant)


def upright(kind: Literal["hole", "trench"], depth: float, half_width: float) -> Cavity:
    """A cavity of upright walls, cut into as many bands as its aspect ratio asks for.

    Args:
        kind: "hole" or "trench".
        depth: µm.
        half_width: radius, or half of the width, µm.
    """
    bands = bands_of(depth, half_width)
    return Cavity(kind, np.linspace(0.0, depth, bands + 1), np.full(bands + 1, half_width))


def bands_of(depth: float, half_width: float) -> int:
    """Into how many bands a wall is cut."""
    return int(np.clip(np.ceil(FINENESS * depth / (2 * half_width)), FEWEST, MOST))


def fluxes(cavity: Cavity, sticking: float) -> tuple[FloatArray, float]:
    """What hits the bands of the wall, and the floor, per area, over what hits an open flat surface.

    Where s sticks, the film's thickness over the nominal one is the same: both are s times what hits.

    Args:
        cavity: in which every point sees every other.
        sticking: probability.

    Returns:
        (n,) of the bands, and that of the floor.
    """
    require_sticking(sticking)
    between = cavity.exchange()
    wall, n = cavity.areas(), len(cavity.depths) - 1
    # What leaves a band towards a level opening: through its upper edge's level less through its lower one's, or the reverse.
    step = np.diff(between, axis=0)  # (n, n + 1): row k is (lower edge of band k) - (upper edge)
    upper, lower = np.tri(n, n + 1, 0, dtype=bool), ~np.tri(n, n + 1, 0, dtype=bool)
    to_level = np.where(upper, -step, 0.0) + np.where(lower, step, 0.0)  # openings above see the upper edge more
    # Patches: n bands, then the floor.
    factor = np.zeros((n + 1, n + 1))
    below = (
        to_level[:, :-1] - to_level[:, 1:]
    )  # from band i through the upper edge of band j, less through its lower edge
    above = -below
    i, j = np.indices((n, n))
    factor[:n, :n] = np.where(j > i, below, above)
    own = np.diag(between)
    facing = np.diagonal(between, 1)
    factor[np.arange(n), np.arange(n)] = wall - (own[:-1] - facing) - (own[1:] - facing)
    factor[:n, n] = factor[n, :n] = to_level[:, n]
    source = np.append(to_level[:, 0], between[n, 0])
    area = np.append(wall, own[n])
    found = np.linalg.solve(np.diag(area) - (1 - sticking) * factor, source)
    return found[:n], float(found[n])


def coverage(cavity: Cavity, sticking: float, *, size: tuple[float, float], count: int = 1) -> Coverage:
    """The film's thickness in cavities of a period, and on the flat around them, which sees the whole sky.

    Args:
        cavity: in which every point sees every other.
        sticking: probability.
        size: of the period, µm; trenches run along y.
        count: holes or trenches in it.
    """
    found, floor = fluxes(cavity, sticking)
    number = count * (1.0 if cavity.kind == "hole" else size[1])
    openings = np.diag(cavity.exchange()) * number
    return Coverage(
        depths=(cavity.depths[1:] + cavity.depths[:-1]) / 2,
        shares=found,
        errors=np.zeros(len(found)),
        areas=cavity.areas() * number,
        top=(1.0, 0.0, max(size[0] * size[1] - float(openings[0]), 0.0)),
        floor=(floor, 0.0, float(openings[-1])),
        depth=float(cavity.depths[-1]),
        sticking=sticking,
        way="radiosity",
    )
