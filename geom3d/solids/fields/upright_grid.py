"""Planes of the grid on which upright bodies are sampled: on every edge, close together where walls bend, wide elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.solids.fields.plane_distance import Outlines
from geom3d.solids.fields.wall_profile import USUAL_TURN, WallProfile
from geom3d.solids.grid import rounding_unit, snap

#: Usual step: share of the smallest radius, of a strip or the gap beside it, of the period, of the period of strips.
OF_RADIUS, OF_STRIP, OF_PERIOD, OF_STRIPS_PERIOD = 1 / 10, 1 / 12, 1 / 32, 1 / 64
#: Growth of the distance of planes away from where they must be close; the widest, in steps.
GRADING, WIDEST = 0.5, 24.0
#: Planes along an axis along which nothing varies.
ALONG = 2
#: The most by which a wall turns between two planes, radians.
MOST_TURN = 0.8
#: Planes of one period, at least.
LEAST = 8
#: By how much of a step a plane may be moved off a wall or film along it, how far off is enough, and what a move costs.
MOST_SHIFT, ROOM, REPEL = 0.4, 0.25, 0.2


@dataclass(frozen=True)
class Fineness:
    """How fine a grid is.

    Attributes:
        step: distance of planes in x and y where walls are, µm.
        usual: the usual one, µm.
    """

    step: float
    usual: float

    @property
    def factor(self) -> float:
        """By how much coarser than usual it is."""
        return self.step / self.usual

    @property
    def turn(self) -> float:
        """Turn of the wall's profile between two planes in z, radians."""
        return min(MOST_TURN, USUAL_TURN * self.factor)


def usual_step(outlines: list[Outlines], profile: WallProfile, size: tuple[float, float]) -> float:
    """The step that suits outlines, µm; films do not matter, for any number of them fits into one step."""
    if all(part.along_y for part in outlines):
        walls = np.concatenate([part.sides[0] for part in outlines]) if outlines else np.empty(0)
        widths = np.diff(np.sort(np.append(walls, walls.min(initial=0.0) + size[0])))
        return float(min(size[0] * OF_STRIPS_PERIOD, OF_STRIP * min(widths[widths > 0], default=size[0])))
    inward = float(profile.curve[1].min(initial=0.0))
    radius = min(part.radius for part in outlines)
    # A post that is etched inwards by half of its radius at most is judged by its top.
    radius = max(radius + min(inward, 0.0), radius / 2)
    return float(min(min(size) * OF_PERIOD, OF_RADIUS * radius))


def across(
    outlines: list[Outlines], axis: int, size: tuple[float, float], step: float, levels: FloatArray
) -> FloatArray:
    """Planes in x or y.

    Args:
        outlines: of the walls.
        axis: 0 or 1.
        size: the period, µm.
        step: largest distance, µm.
        levels: distances of films from a wall, µm: no plane comes to lie on a film of an axis-parallel wall.
    """
    period = size[axis]
    unit = rounding_unit(period)
    period = float(snap(np.array(period), unit))
    if axis == 1 and all(part.along_y for part in outlines):
        return np.linspace(0.0, period, ALONG + 1)
    walls = np.concatenate([np.empty(0), *(part.sides[axis] for part in outlines)])
    films = np.concatenate([[0.0], levels])
    hot = np.concatenate([walls[:, None] + films, walls[:, None] - films]).ravel()
    hot = np.unique(np.concatenate([np.mod(hot, period) + shift for shift in (-period, 0.0, period)]))
    planes = np.linspace(0.0, period, max(LEAST, math.ceil(period / step * (1 - 1e-9))) + 1)
    return np.unique(snap(_clear(planes, hot, float(planes[1])), unit))


def _clear(planes: FloatArray, hot: FloatArray, step: float) -> FloatArray:
    """Planes moved away from hot places, each by no more than a part of a step; the ends stay."""
    if not len(hot):
        return planes
    moves = np.linspace(-MOST_SHIFT, MOST_SHIFT, 41) * step
    tried = planes[1:-1, None] + moves
    at = np.clip(np.searchsorted(hot, tried), 1, len(hot) - 1)
    away = np.minimum(np.abs(tried - hot[at - 1]), np.abs(hot[at] - tried))
    worth = np.minimum(away / step, ROOM) - REPEL * np.abs(moves) / step
    chosen = moves[worth.argmax(axis=1)]
    return np.concatenate([planes[:1], planes[1:-1] + chosen, planes[-1:]])


def graded(low: float, high: float, hot: FloatArray, near: FloatArray, base: float, fineness: Fineness) -> FloatArray:
    """Planes from low to high, close together near some places, none near a hot one.

    Args:
        low, high: the ends, µm.
        hot: places that should lie midway between two planes.
        near: away from these the distance of planes grows, up to WIDEST steps.
        base: distance at these places in a usual grid, µm.
        fineness: of the grid.
    """

    def wanted(z: FloatArray) -> FloatArray:
        away = np.abs(z[:, None] - near).min(axis=1, initial=math.inf)
        return np.asarray(fineness.factor * np.minimum(base + GRADING * away, WIDEST * fineness.usual))

    fine = np.linspace(low, high, 257)
    density = 1 / wanted(fine)
    count = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(fine))])
    needed = max(1, math.ceil(count[-1] * (1 - 1e-9)))
    tries = range(needed, needed + 6)
    inner = hot[(hot > low) & (hot < high)]
    best, chosen = -1.0, needed
    for number in tries:
        if not len(inner):
            break
        place = np.interp(inner, fine, count) / count[-1] * number
        clear = float(np.abs(place - np.rint(place)).min())
        if clear > best + 0.02:
            best, chosen = clear, number
    found = np.interp(np.linspace(0, count[-1], chosen + 1), count, fine)
    found[0], found[-1] = low, high
    return np.asarray(found)
