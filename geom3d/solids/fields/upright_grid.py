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
OF_RADIUS, OF_STRIP, OF_PERIOD, OF_STRIPS_PERIOD = 1 / 12, 1 / 12, 1 / 32, 1 / 64
#: Growth of the distance of planes away from where they must be close; the widest, in steps.
GRADING, WIDEST = 0.35, 8.0
#: Planes along an axis along which nothing varies.
ALONG = 2
#: The most by which a wall turns between two planes, radians.
MOST_TURN = 0.8
#: Levels nearer to one another than this share of a step share a brick.
BUNDLE = 0.3


@dataclass(frozen=True)
class Fineness:
    """How fine a grid is.

    Attributes:
        step: distance of planes in x and y where walls are, µm.
        turn: of the wall's profile between two planes in z, radians.
    """

    step: float
    turn: float

    @classmethod
    def of(cls, step: float, usual: float) -> Fineness:
        """Of a step, where the usual one is known, µm."""
        return cls(step, min(MOST_TURN, USUAL_TURN * step / usual))


def usual_step(outlines: list[Outlines], profile: WallProfile, size: tuple[float, float]) -> float:
    """The step that suits outlines, µm; films do not matter, for any number of them fits into one step."""
    if all(part.along_y for part in outlines):
        walls = np.concatenate([part.marks[0][1] for part in outlines]) if outlines else np.empty(0)
        widths = np.diff(np.sort(np.append(walls, walls.min(initial=0.0) + size[0])))
        return float(min(size[0] * OF_STRIPS_PERIOD, OF_STRIP * min(widths[widths > 0], default=size[0])))
    inward = float(profile.curve[1].min(initial=0.0))
    radius = min(part.radius for part in outlines)
    # A post that is etched inwards by half of its radius at most is judged by its top.
    radius = max(radius + min(inward, 0.0), radius / 2)
    return float(min(min(size) * OF_PERIOD, OF_RADIUS * radius))


def plane_marks(outlines: list[Outlines], axis: int) -> tuple[FloatArray, FloatArray]:
    """Coordinates of kinks and of walls along the other axis, of several outlines, µm."""
    both = [part.marks[axis] for part in outlines]
    kinks, walls = (np.unique(np.concatenate([np.empty(0), *(pair[k] for pair in both)])) for k in (0, 1))
    return kinks, walls


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
    kinks, walls = plane_marks(outlines, axis)
    films = np.concatenate([[0.0], levels])
    hot = np.unique(np.mod(np.concatenate([walls[:, None] + films, walls[:, None] - films]).ravel(), period))
    fixed = _spread(np.concatenate([[0.0, period], kinks]), [0.0, period], hot, step)
    fixed = np.unique(np.concatenate([fixed, _between(hot, BUNDLE * step)]))
    found = [np.zeros(1)]
    for low, high in zip(fixed[:-1].tolist(), fixed[1:].tolist(), strict=True):
        found.append(graded(low, high, step, hot)[1:])
    return np.unique(snap(np.concatenate(found), unit))


def _spread(marks: FloatArray, ends: list[float], hot: FloatArray, step: float) -> FloatArray:
    """Marks that lie neither near one another nor near what is hot; the ends stay."""
    kept = list(ends)
    for mark in np.unique(marks).tolist():
        near = min((abs(mark - other) for other in kept), default=math.inf)
        warm = float(np.abs(hot - mark).min(initial=math.inf))
        if near > 0.05 * step and warm > 0.02 * step:
            kept.append(mark)
    return np.array(sorted(kept))


def _between(hot: FloatArray, least: float) -> FloatArray:
    """Midways between neighbouring hot places that are further apart than that."""
    gaps = np.diff(hot)
    return np.asarray((hot[:-1] + gaps / 2)[gaps > least])


def graded(
    low: float, high: float, step: float, hot: FloatArray, near: FloatArray | None = None, base: float | None = None
) -> FloatArray:
    """Planes from low to high, none near a hot place.

    Args:
        low, high: the ends, µm.
        step: largest distance, µm, near the places in `near`, or everywhere where that is None.
        hot: places that should lie midway between two planes.
        near: away from these the distance grows, up to WIDEST steps.
        base: distance at these places, µm; a step where it is None.
    """
    if near is None:

        def wanted(z: FloatArray) -> FloatArray:
            return np.full(z.shape, step)
    else:
        places, least = near, step if base is None else base

        def wanted(z: FloatArray) -> FloatArray:
            away = np.abs(z[:, None] - places).min(axis=1, initial=math.inf)
            return np.asarray(np.clip(least + GRADING * away, least, WIDEST * step))

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
