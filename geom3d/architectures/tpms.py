"""Regular sponges: nodal approximations of triply periodic minimal surfaces, as networks or as sheets.

The nodal functions are the leading Fourier terms of the surfaces (von Schnering and Nesper, Z. Phys. B 83 (1991) 407).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._sponge import SpongeParameters, contoured, level_at, quadrature, require_room, sponge
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.core.arrays import FloatArray, IntArray

#: Largest value of each function, and the length of its wave vectors in 2π / period.
SURFACES = {"gyroid": (1.5, math.sqrt(2)), "schwarz_p": (3.0, 1.0), "diamond": (1.0, math.sqrt(3))}


@dataclass(frozen=True)
class Nodal:
    """A nodal function less a level; of a sheet, the function's magnitude less the level.

    Attributes:
        surface: which.
        period: edge of the cubic cell, µm.
        base_z: z at which the first cell begins, µm.
        sheet: whether the body lies on both sides of the surface.
        level: see above.
    """

    surface: str
    period: float
    base_z: float
    sheet: bool
    level: float = 0.0

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        return self._values(x, y[:, None], z[:, None, None])

    def at(self, points: FloatArray) -> FloatArray:
        return self._values(*points.T)

    def branches(self, points: FloatArray) -> IntArray | None:
        # The magnitude has its kink on the middle surface of the sheet.
        return (self._nodal(*points.T) > 0).astype(np.int64) if self.sheet else None

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        start, stop = self._nodal(*one.T), self._nodal(*other.T)
        return np.asarray(start / (start - stop))

    def _values(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        values = self._nodal(x, y, z)
        return (np.abs(values) if self.sheet else values) - self.level

    def _nodal(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        wave = 2 * math.pi / self.period
        (sx, sy, sz), (cx, cy, cz) = (
            [function(wave * u) for u in (x, y, z - self.base_z)] for function in (np.sin, np.cos)
        )
        if self.surface == "gyroid":
            values = sx * cy + sy * cz + sz * cx
        elif self.surface == "schwarz_p":
            values = cx + cy + cz
        else:
            values = cx * cy * cz - sx * sy * sz
        return np.asarray(values)


class Parameters(SpongeParameters):
    """Parameters of a regular sponge."""

    surface: Annotated[Literal["gyroid", "schwarz_p", "diamond"], Field(description="the minimal surface")] = "gyroid"
    kind: Annotated[
        Literal["network", "sheet"],
        Field(description="network: all on one side of the surface; sheet: a wall along it"),
    ] = "network"
    period: Annotated[Size, Field(description="edge of the surface's cubic cell, the period in x, y and z")] = 5.0
    solid_fraction: Annotated[
        float | None,
        Field(ge=0.02, le=0.98, description="share of the web in its height; 0.5 where neither it nor level is given"),
    ] = None
    level: Annotated[
        float | None, Field(ge=-3, le=3, description="value of the nodal function at the web's surface, instead")
    ] = None


def build(parameters: Parameters) -> Structure:
    """The web below a level of the nodal function, or within it on both sides."""
    shape, radius = _shape(parameters)
    return sponge(parameters, shape, (parameters.period, parameters.period), radius, asked=_asked(parameters))


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature."""
    shape, radius = _shape(parameters)
    size = (parameters.period, parameters.period)
    sides = [shape]
    if shape.sheet:
        sides = [replace(shape, sheet=False, level=level) for level in (shape.level, -shape.level)]
    area = sum(contoured(parameters, side, size, radius) for side in sides)
    return quadrature(parameters, shape, size, area, _asked(parameters))


def _asked(p: Parameters) -> float | None:
    """The solid fraction that is asked for; None of a web that is given by its level."""
    return (0.5 if p.solid_fraction is None else p.solid_fraction) if p.level is None else None


def _shape(parameters: Parameters) -> tuple[Nodal, float]:
    """The function, and its smallest radius of curvature, about one over its wave number."""
    p = parameters
    largest, waves = SURFACES[p.surface]
    sheet = p.kind == "sheet"
    radius = p.period / (2 * math.pi * waves)
    require_room(p, (p.period, p.period), radius)
    p.require(p.level is None or p.solid_fraction is None, "level", "give it or solid_fraction, not both")
    if (asked := _asked(p)) is None:
        assert p.level is not None  # it is given by one or the other
        least = 0.0 if sheet else -largest
        p.require(least < p.level < largest, "level", f"must lie between {least:g} and {largest:.4g} for this surface")
        return Nodal(p.surface, p.period, p.base_z, sheet, p.level), radius
    plain = Nodal(p.surface, p.period, p.base_z, sheet=False)
    size = (p.period, p.period)
    level = level_at(plain, asked, size, p.base_z, p.height, radius, both_sides=sheet)
    return Nodal(p.surface, p.period, p.base_z, sheet, level), radius
