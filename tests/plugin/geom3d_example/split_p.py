"""The Split P sponge, a nodal surface that geom3d does not have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from geom3d.architectures import Quadrature, Size, SpongeParameters, Structure, contoured, quadrature, sponge


class Parameters(SpongeParameters):
    """Parameters of the sponge."""

    period: Annotated[Size, Field(description="edge of the cubic cell, the period in x, y and z")] = 4.0
    level: Annotated[float, Field(ge=-0.3, le=0.3, description="value of the function at the web's surface")] = 0.0
    height: Annotated[Size, Field(description="height of the web; it is cut flat at its top")] = 4.0


@dataclass(frozen=True)
class SplitP:
    """The nodal function less the level."""

    period: float
    base_z: float
    level: float

    def on_grid(self, x, y, z):
        return self._values(x, y[:, None], z[:, None, None])

    def at(self, points):
        return self._values(*points.T)

    def branches(self, points):
        return None

    def kinks(self, one, other):
        raise AssertionError("a smooth function has none")

    def _values(self, x, y, z):
        wave = 2 * math.pi / self.period
        (sx, sy, sz), (cx, cy, cz) = ([f(wave * u) for u in (x, y, z - self.base_z)] for f in (np.sin, np.cos))
        (s2x, s2y, s2z), (c2x, c2y, c2z) = (
            [f(2 * wave * u) for u in (x, y, z - self.base_z)] for f in (np.sin, np.cos)
        )
        twisted = s2x * sz * cy + s2y * sx * cz + s2z * sy * cx
        return 1.1 * twisted - 0.2 * (c2x * c2y + c2y * c2z + c2z * c2x) - 0.4 * (c2x + c2y + c2z) - self.level


def build(parameters: Parameters) -> Structure:
    """The web where the function is below its level."""
    shape, radius = _shape(parameters)
    return sponge(parameters, shape, (parameters.period, parameters.period), radius)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature."""
    shape, radius = _shape(parameters)
    size = (parameters.period, parameters.period)
    return quadrature(parameters, shape, size, contoured(parameters, shape, size, radius))


def _shape(p: Parameters) -> tuple[SplitP, float]:
    """The function, and its smallest radius of curvature: about one over its largest wave number."""
    return SplitP(p.period, p.base_z, p.level), p.period / (2 * math.pi * math.sqrt(6))
