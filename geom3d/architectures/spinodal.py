"""The chaotic sponge: the body below a level of a Gaussian random field of one wavelength, as in spinodal decomposition.

The field is a sum of plane waves of random phase and one wave number (Cahn, J. Chem. Phys. 42 (1965) 93). Their
components in x and y are whole multiples of 2π over the period, so the field repeats to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._sponge import (
    Seed,
    Share,
    SpongeParameters,
    contoured,
    level_at,
    quadrature,
    require_room,
    sponge,
)
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.core.arrays import FloatArray

#: Subdivisions of a unit square in the plane of whole wave numbers over which the sphere's area is summed.
FINE = 40


@dataclass(frozen=True)
class Waves:
    """A random field less a level.

    Attributes:
        wavelength: µm.
        periods: the period in x and y, in wavelengths.
        seed: of the phases.
        level: in units of the field's standard deviation.
    """

    wavelength: float
    periods: int
    seed: int
    level: float = 0.0

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        numbers, upright, amplitudes = _waves(self.periods, self.seed)
        unit = 2 * math.pi / (self.wavelength * self.periods)
        along = np.arange(-self.periods, self.periods + 1)
        ex, ey = (np.exp(1j * unit * np.outer(along, axis)) for axis in (x, y))
        heights = np.exp(1j * unit * np.outer(z, upright)) * amplitudes
        values = np.empty((len(z), len(y), len(x)))
        place = tuple((numbers + self.periods).T)
        for k, height in enumerate(heights):  # a plane at a time: two small products of matrices
            sheet = np.zeros((len(along), len(along)), dtype=complex)
            np.add.at(sheet, place, height)
            values[k] = (ey.T @ (sheet.T @ ex)).real
        return values - self.level

    def at(self, points: FloatArray) -> FloatArray:
        numbers, upright, amplitudes = _waves(self.periods, self.seed)
        unit = 2 * math.pi / (self.wavelength * self.periods)
        waves = np.column_stack([numbers, upright])
        found = np.empty(len(points))
        for start in range(0, len(points), 4096):
            part = slice(start, start + 4096)
            found[part] = (np.exp(1j * unit * (points[part] @ waves.T)) @ amplitudes).real
        return found - self.level

    def branches(self, points: FloatArray) -> None:
        return

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        return np.empty(0)  # there are no two branches


class Parameters(SpongeParameters):
    """Parameters of a chaotic sponge."""

    wavelength: Annotated[Size, Field(description="of the field: about the distance from strut to strut")] = 3.0
    solid_fraction: Annotated[Share, Field(description="share of the web in its height")] = 0.5
    seed: Seed = 1
    periods: Annotated[int, Field(ge=2, le=12, description="edge of the unit cell in wavelengths")] = 3


def build(parameters: Parameters) -> Structure:
    """The web below the level that leaves the solid fraction."""
    shape, size, radius = _shape(parameters)
    return sponge(parameters, shape, size, radius, asked=parameters.solid_fraction)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature."""
    shape, size, radius = _shape(parameters)
    area = contoured(parameters, shape, size, radius)
    return quadrature(parameters, shape, size, area, parameters.solid_fraction)


def _shape(parameters: Parameters) -> tuple[Waves, tuple[float, float], float]:
    """The function, the period, and the radius of curvature, one over the wave number."""
    p = parameters
    edge, radius = p.periods * p.wavelength, p.wavelength / (2 * math.pi)
    require_room(p, (edge, edge), radius)
    plain = Waves(p.wavelength, p.periods, p.seed)
    level = level_at(plain, p.solid_fraction, (edge, edge), p.base_z, p.height, radius)
    return Waves(p.wavelength, p.periods, p.seed, level), (edge, edge), radius


@cache
def _waves(periods: int, seed: int) -> tuple[NDArray[np.int64], FloatArray, NDArray[np.complex128]]:
    """Waves of one wave number: (n, 2) whole numbers in x and y, (n,) numbers in z, (n,) amplitudes.

    All points (m, n) of whole numbers within the circle are taken, with both signs in z. Each weighs as much as the
    part of the sphere above its unit square, tilted by a factor exp(c z²) such that the mean square is the same in x, y
    and z: isotropic, whatever the number of periods.
    """
    along = np.arange(-periods, periods + 1)
    m, n = (grid.ravel() for grid in np.meshgrid(along, along, indexing="ij"))
    within = m * m + n * n <= periods * periods
    m, n = m[within], n[within]
    inner = (np.arange(FINE) + 0.5) / FINE - 0.5
    u = m[:, None, None] + inner[:, None]
    v = n[:, None, None] + inner
    rest = periods * periods - u * u - v * v
    weight = np.sum(np.where(rest > 0, 1 / np.sqrt(np.maximum(rest, 1e-12)), 0.0), axis=(1, 2))
    height = np.sqrt(np.maximum(periods * periods - m * m - n * n, 0).astype(float))

    def tilted(c: float) -> FloatArray:
        found = weight * np.exp(c * height**2 / periods**2)
        return np.asarray(found / found.sum())

    c = scipy.optimize.brentq(lambda c: float(tilted(c) @ height**2) - periods**2 / 3, -50, 50)
    # Opposite wave vectors are one wave: of each pair the one with the larger z, or at z = 0 the larger (x, y), is kept.
    kept = (height > 0) | (m > 0) | ((m == 0) & (n > 0))
    power = np.where(height > 0, 1.0, 2.0) * tilted(c)
    numbers, upright, power = np.column_stack([m, n])[kept], height[kept], power[kept]
    phases = np.random.default_rng(seed).random(len(power))
    amplitudes = np.sqrt(2 * power / power.sum()) * np.exp(2j * math.pi * phases)
    return numbers, upright, amplitudes
