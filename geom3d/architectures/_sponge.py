"""What all sponges share: a web that stands on a collector or a plate and is cut flat at its top."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Protocol

import numpy as np
import scipy
from pydantic import Field as Key

from geom3d.architectures import ParametersBase, Size, SizeOrZero, below
from geom3d.architectures._structure import OwnRegion, Quadrature, Sites, Structure, StructureFacts
from geom3d.core import memory
from geom3d.core.arrays import FloatArray
from geom3d.core.roles import Role
from geom3d.solids.fields.field import PER_NODE, Field
from geom3d.solids.fields.implicit import Implicit, ImplicitBody, coarsest_step

#: Samples by which the number of spheres is found, at most.
MOST_SAMPLES = 4_000_000
#: Samples by which a volume is found in a second way.
SAMPLES = 400_000
#: Steps of a lattice of low discrepancy: powers of the inverse of the root of x⁴ = x + 1 (Roberts, 2018).
PLASTIC = np.array([0.8191725133961645, 0.6710436067037893, 0.5497004779019703])
#: Distance of samples as a share of the smallest radius of curvature.
SAMPLING = 0.3
#: Edge of the bricks by which levels are found, as a share of the smallest radius of curvature, and their most.
LINEAR = 0.14
MOST_BRICKS = 1_000_000


class WebParameters(ParametersBase):
    """What a web stands on."""

    base: Annotated[
        SizeOrZero, Key(description="thickness of a dense plate of the web's material under it; 0 for none")
    ] = 0.0
    backing: Annotated[
        Size,
        Key(description="thickness of the region named backing, on which the web stands: its collector, a substrate"),
    ] = 1.0

    @property
    def base_z(self) -> float:
        """Z at which the web begins, µm."""
        return self.backing + self.base


class SpongeParameters(WebParameters):
    """Parameters of a web that stands on a collector."""

    height: Annotated[Size, Key(description="height of the web; it is cut flat at its top")] = 10.0


class Standing(Protocol):
    """What a web stands on, and how high it is, µm."""

    @property
    def base(self) -> float: ...

    @property
    def backing(self) -> float: ...

    @property
    def base_z(self) -> float: ...

    @property
    def height(self) -> float: ...


@dataclass(frozen=True)
class Stand:
    """What a web stands on whose height is that of its file; the attributes are those of `Standing`."""

    base: float
    backing: float
    height: float

    @property
    def base_z(self) -> float:
        return self.backing + self.base


#: A share of the web's volume.
Share = Annotated[float, Key(ge=0.02, le=0.98)]
Seed = Annotated[int, Key(ge=0, le=2**32 - 1, description="of the random numbers: the same seed, the same sponge")]


def sponge(
    parameters: Standing,
    shape: Implicit,
    size: tuple[float, float],
    radius: float,
    gap: float = math.inf,
    sites: Sites = (),
    asked: float | None = None,
    slack: float = 0.0,
    *,
    percolates: bool = True,
) -> Structure:
    """The structure of a web.

    Args:
        parameters: give what it stands on, and its height.
        shape: the web's function, in the cell's coordinates.
        size: the period in x and y, µm.
        radius: smallest radius of curvature, µm.
        gap: smallest opening, µm, where that is known.
        sites: of its lowest pores, where they are regular.
        asked: share of the web in its height that is asked for, if it is.
        slack: by how much a web of whole parts can miss that share.
        percolates: whether it must reach from its foot to its top.
    """
    p = parameters
    web = ImplicitBody(shape, size, p.base_z, p.base_z + p.height, radius)
    scaffold = Field(web, p.base_z, size)
    regions: tuple[OwnRegion, ...] = (
        ("backing", Role.SUBSTRATE, Field(None, p.backing, size)),
        ("scaffold", Role.SUBSTRATE, scaffold),
    )
    facts = StructureFacts(
        base_z=p.base_z,
        top=web.top,
        scaffold=("scaffold",),
        below=below(p),
        gap=gap,
        sites=sites,
        web=web,
        percolates=percolates,
        solid_fraction=asked,
        fraction_slack=slack,
    )
    return Structure(size, regions, facts, scaffold)


def require_room(parameters: SpongeParameters, size: tuple[float, float], radius: float) -> None:
    """Raises a clear error for a web that no grid can hold, however coarse."""
    most = memory.most(PER_NODE) * coarsest_step(radius, size) ** 3 / (size[0] * size[1])
    parameters.require(parameters.height <= most, "height", f"must be at most {most:.4g} µm for a web so fine")


def planes(size: tuple[float, float], base_z: float, height: float, radius: float) -> tuple[FloatArray, ...]:
    """Planes in x, y and z whose crossings are the midpoints of small bricks that fill the web's box."""
    step = max(SAMPLING * radius, (size[0] * size[1] * height / MOST_SAMPLES) ** (1 / 3))
    counts = [max(16, math.ceil(length / step)) for length in (*size, height)]
    x, y, z = ((np.arange(n) + 0.5) * (length / n) for n, length in zip(counts, (*size, height), strict=True))
    return x, y, base_z + z


@cache
def level_at(
    shape: Implicit,
    share: float,
    size: tuple[float, float],
    base_z: float,
    height: float,
    radius: float,
    *,
    both_sides: bool = False,
) -> float:
    """The level below which a smooth function lies in that share of the web's box.

    A quantile of samples would not do: on a lattice a symmetric surface's samples tie, and whole families of them lie on
    one side. Here each brick is cut by the function's tangent plane, which makes the share continuous in the level and of
    second order in the step; two steps extrapolate it to about 1e-5.

    Args:
        shape: the function, periodic in x and y.
        share: of the box below the level.
        size: the period in x and y, µm.
        base_z, height: lower end and height of the box, µm.
        radius: smallest radius of curvature, µm.
        both_sides: count what lies between minus the level and the level instead.
    """
    fine, coarse = (Bricks.of(shape, size, base_z, height, radius * factor) for factor in (1, 2))

    def miss(level: float) -> float:
        found = [bricks.below(level) - (bricks.below(-level) if both_sides else 0.0) for bricks in (fine, coarse)]
        return found[0] + (found[0] - found[1]) / 3 - share

    low, high = float(fine.values.min()), float(fine.values.max())
    return float(
        scipy.optimize.brentq(
            miss, 0.0 if both_sides else low, max(-low, high) if both_sides else high, xtol=1e-10 * (high - low)
        )
    )


@dataclass(frozen=True)
class Bricks:
    """A function in small bricks that fill a box, in each of them as linear.

    Attributes:
        values: (n,) at the bricks' middles.
        reach: (3, n) how far the function rises from the middle to the middle of a side, by axis.
    """

    values: FloatArray
    reach: FloatArray

    @classmethod
    def of(cls, shape: Implicit, size: tuple[float, float], base_z: float, height: float, radius: float) -> Bricks:
        """Bricks of edges of about `LINEAR` times a radius of curvature, µm."""
        extent = (*size, height)
        step = max(LINEAR * radius, (math.prod(extent) / MOST_BRICKS) ** (1 / 3))
        counts = [max(8, math.ceil(length / step)) for length in extent]
        x, y = ((np.arange(n) + 0.5) * (length / n) for n, length in zip(counts[:2], size, strict=True))
        z = base_z + (np.arange(-1, counts[2] + 1) + 0.5) * (height / counts[2])
        samples = shape.on_grid(x, y, z)
        values = samples[1:-1]
        slopes = [np.roll(values, -1, axis) - np.roll(values, 1, axis) for axis in (2, 1)] + [
            samples[2:] - samples[:-2]
        ]
        return cls(values.ravel(), np.stack([np.abs(slope).ravel() / 4 for slope in slopes]))

    def below(self, level: float) -> float:
        """The share of the box in which the function lies below a level.

        In a brick a linear function is distributed as the sum of three even ones: its share below t is
        Σ ±(t ± a ± b ± c)₊³ / (48 a b c), over all signs.
        """
        rise = level - self.values
        cut = np.abs(rise) < self.reach.sum(axis=0)
        t, reach = rise[cut], self.reach[:, cut]
        a, b, c = np.maximum(
            reach, 0.01 * reach.max(axis=0, initial=0.0)
        )  # a flat direction would divide nought by nought
        terms = sum(
            i * j * k * np.maximum(t + i * a + j * b + k * c, 0.0) ** 3
            for i in (1, -1)
            for j in (1, -1)
            for k in (1, -1)
        )
        inside = np.count_nonzero(rise[~cut] > 0) + float(np.clip(terms / (48 * a * b * c), 0.0, 1.0).sum())
        return inside / len(rise)


def quadrature(
    parameters: Standing,
    shape: Implicit,
    size: tuple[float, float],
    area: float,
    asked: float | None = None,
) -> Quadrature:
    """Volume and surface of a web in another way than by its mesh.

    Args:
        parameters: give foot and height.
        shape: the web's function; the volume is the share of samples inside.
        size: the period in x and y, µm.
        area: of the web's surface between foot and top, µm², found otherwise.
        asked: share of the web in its height that is asked for, if it is: what was built is held against that, and
            not against what the same function gives.
    """
    p = parameters
    counts = [math.ceil(length / (size[0] * size[1] * p.height / SAMPLES) ** (1 / 3)) for length in (*size, p.height)]
    # Points of an irrational lattice: no plane or crystal of the web can fall in step with them.
    number = np.arange(math.prod(counts))[:, None]
    points = (number * PLASTIC + 0.5) % 1.0 * [*size, p.height] + [0.0, 0.0, p.base_z]
    share = float((shape.at(points) <= 0).mean())
    return Quadrature(
        {
            "sponge.solid_fraction": share if asked is None else asked,
            "sponge.surface_per_volume_per_um": area / (size[0] * size[1] * p.height),
            "thickness_equivalent_um.scaffold": p.base + share * p.height,
        }
    )


def contoured(parameters: Standing, shape: Implicit, size: tuple[float, float], radius: float) -> float:
    """Area of the zero surface of a smooth function between foot and top, µm², by VTK at two steps, extrapolated."""
    fine, coarse = (_contoured(parameters, shape, size, step * radius) for step in (0.12, 0.24))
    return fine + (fine - coarse) / 3


def _contoured(parameters: Standing, shape: Implicit, size: tuple[float, float], step: float) -> float:
    import pyvista

    extent = (*size, parameters.height)
    step = max(step, (math.prod(extent) / MOST_SAMPLES) ** (1 / 3))
    counts = [max(8, math.ceil(length / step)) for length in extent]
    x, y, z = (np.linspace(0, length, n + 1) for n, length in zip(counts, extent, strict=True))
    spacing = tuple(length / n for n, length in zip(counts, extent, strict=True))
    image = pyvista.ImageData(dimensions=[n + 1 for n in counts], spacing=spacing)
    image.point_data["f"] = shape.on_grid(x, y, parameters.base_z + z).ravel()
    return float(image.contour([0.0], scalars="f", method="flying_edges", compute_normals=False).area)
