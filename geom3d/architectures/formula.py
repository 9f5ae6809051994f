"""Webs of your own: all below a level of a formula in x, y and z, which repeats in x and y."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._expression import Formula, read
from geom3d.architectures._sponge import (
    PLASTIC,
    SpongeParameters,
    contoured,
    level_at,
    quadrature,
    require_room,
    sponge,
)
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.errors import InputError

#: Points at which a formula is looked at: whether it repeats, has values, and how it bends.
LOOKS = 40_000
#: Relative difference that is no more than rounding of a formula that repeats.
ROUNDING = 1e-9
#: Share of the surface that may bend more than the scale by which the grid is chosen: edges have no radius.
SHARPEST = 0.05
#: Smallest scale as a share of the shorter period.
FINEST = 1 / 60


@dataclass(frozen=True)
class Level:
    """A formula less a level; z counts from the web's foot.

    Attributes:
        text: of the formula.
        base_z: of the foot, µm.
        level: see above.
    """

    text: str
    base_z: float
    level: float = 0.0

    @property
    def formula(self) -> Formula:
        """The formula, read."""
        return _read(self.text)

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        values = self.formula(x, y[:, None], z[:, None, None] - self.base_z) - self.level
        if not np.isfinite(values).all():
            raise InputError(
                "parameters.expression: must have a finite value everywhere, a little below the web's foot and above its "
                f"top, too; got none between z = {z[0] - self.base_z:.4g} and {z[-1] - self.base_z:.4g}"
            )
        return np.array(np.broadcast_to(values, (len(z), len(y), len(x))))

    def at(self, points: FloatArray) -> FloatArray:
        x, y, z = points.T
        return np.array(np.broadcast_to(self.formula(x, y, z - self.base_z) - self.level, len(points)))

    def branches(self, points: FloatArray) -> IntArray | None:
        return self.formula.branches(self._moved(points)) if self.formula.switches else None

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        return self.formula.kinks(self._moved(one), self._moved(other))

    def _moved(self, points: FloatArray) -> FloatArray:
        return np.asarray(points - [0.0, 0.0, self.base_z])


class Parameters(SpongeParameters):
    """Parameters of a web from a formula."""

    height: Annotated[Size, Field(description="height of the web; it is cut flat at its top")] = 5.0

    expression: Annotated[
        str,
        Field(
            description="in x, y and z, µm, z from the web's foot: numbers, + - * / **, pi, sin, cos, exp, sqrt, abs, min, max, …; "
            "the web is where it is at most level"
        ),
    ] = "sin(2*pi*x/5)*cos(2*pi*y/5) + sin(2*pi*y/5)*cos(2*pi*z/5) + sin(2*pi*z/5)*cos(2*pi*x/5)"
    period_x: Annotated[Size, Field(description="period of the formula in x")] = 5.0
    period_y: Annotated[Size, Field(description="period of the formula in y")] = 5.0
    level: Annotated[
        float | None, Field(ge=-1e9, le=1e9, description="value of the formula at the web's surface; 0 if not given")
    ] = None
    solid_fraction: Annotated[
        float | None, Field(ge=0.02, le=0.98, description="share of the web in its height, instead of level")
    ] = None


def build(parameters: Parameters) -> Structure:
    """The web at and below the level."""
    p = parameters
    shape, radius = _shape(p)
    return sponge(p, shape, (p.period_x, p.period_y), radius, asked=p.solid_fraction)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume by quadrature, and the area of a smooth formula."""
    p = parameters
    shape, radius = _shape(p)
    size = (p.period_x, p.period_y)
    smooth = not shape.formula.switches
    area = contoured(p, shape, size, radius) if smooth else 0.0
    found = quadrature(p, shape, size, area, p.solid_fraction)
    if not smooth:
        # A contour cuts edges off, and is no test of what keeps them.
        del found.metrics["sponge.surface_per_volume_per_um"]
    return found


@cache
def _read(text: str) -> Formula:
    return read(text, "parameters.expression")


@cache
def _shape(p: Parameters) -> tuple[Level, float]:
    """The function and the scale on which it bends, µm."""
    p.require(p.level is None or p.solid_fraction is None, "level", "give it or solid_fraction, not both")
    size, plain = (p.period_x, p.period_y), Level(p.expression, p.base_z)
    points = _points(p)
    values = plain.at(points)
    _require_values(p, points, values)
    if values.min() == values.max():
        raise InputError(f"parameters.expression: must change with x, y or z; got {values[0]:g} everywhere")
    for axis, key in ((0, "period_x"), (1, "period_y")):
        moved = points.copy()
        moved[:, axis] += size[axis]
        miss = float(np.abs(plain.at(moved) - values).max())
        if not miss <= ROUNDING * float(np.abs(values).max()):
            p.require(
                False, key, f"the expression must repeat: it changes by up to {miss:.3g} from one period to the next"
            )
    if p.solid_fraction is None:
        shape = replace(plain, level=0.0 if p.level is None else p.level)
        least, largest = float(values.min()), float(values.max())
        if not least < shape.level < largest:
            raise InputError(
                f"parameters.level: must lie between the least and the largest value of the expression, {least:.4g} and "
                f"{largest:.4g}; got {shape.level:g}"
            )
        radius = _scale(shape, points, size)
    else:
        coarse = replace(plain, level=float(np.quantile(values, p.solid_fraction)))
        radius = _scale(coarse, points, size)
        require_room(p, size, radius)
        level = level_at(plain, p.solid_fraction, size, p.base_z, p.height, radius)
        shape = replace(plain, level=level)
    require_room(p, size, radius)
    return shape, radius


def _points(p: Parameters) -> FloatArray:
    """(n, 3) points of an irrational lattice in the web's box, µm."""
    share = (np.arange(LOOKS)[:, None] * PLASTIC + 0.5) % 1.0
    return np.asarray(share * [p.period_x, p.period_y, p.height] + [0.0, 0.0, p.base_z])


def _require_values(p: Parameters, points: FloatArray, values: FloatArray) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        x, y, z = points[np.argmax(bad)] - [0.0, 0.0, p.base_z]
        raise InputError(
            f"parameters.expression: must have a finite value everywhere; got {values[np.argmax(bad)]:g} at "
            f"x = {x:.4g}, y = {y:.4g}, z = {z:.4g}"
        )


def _scale(shape: Level, points: FloatArray, size: tuple[float, float]) -> float:
    """The radius of curvature, µm, that all but the sharpest parts of the surface keep, between two shares of the period.

    Near the surface the direction of the slope is compared with that at points beside it: it turns by one over the radius
    and length.
    """
    step = 1e-3 * min(size)

    def slope(at: FloatArray) -> FloatArray:
        ways = step / 10 * np.eye(3)
        return np.stack([(shape.at(at + way) - shape.at(at - way)) / (step / 5) for way in ways], axis=1)

    steep = slope(points)
    length = np.linalg.norm(steep, axis=1)
    near = np.abs(shape.at(points)) < 0.1 * min(size) * length
    if np.count_nonzero(near) < 10:
        return min(size) * FINEST
    at, normal = points[near], steep[near] / length[near, None]
    turn = np.zeros(len(at))
    for way in step * np.eye(3):
        beside = slope(at + way)
        beside /= np.maximum(np.linalg.norm(beside, axis=1), 1e-300)[:, None]
        turn += ((beside - normal) ** 2).sum(axis=1)
    bend = float(np.quantile(np.sqrt(turn) / step, 1 - SHARPEST))
    return float(np.clip(1 / max(bend, 1e-300), FINEST * min(size), min(size) / 6))
