"""What all sponges share: a web that stands on a collector or a plate and is cut flat at its top."""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import Field as Key

from geom3d.architectures import ParametersBase, Size, SizeOrZero, below
from geom3d.architectures._structure import OwnRegion, Quadrature, Sites, Structure, StructureFacts
from geom3d.core.arrays import FloatArray
from geom3d.core.roles import Role
from geom3d.solids.fields.field import MOST_NODES, Field
from geom3d.solids.fields.implicit import Implicit, ImplicitBody, coarsest_step

#: Samples by which levels are found, at most; the grid of the mesh is another one.
MOST_SAMPLES = 4_000_000
#: Samples by which a volume is found in a second way.
SAMPLES = 1_000_000
#: Steps of a lattice of low discrepancy: powers of the inverse of the root of x⁴ = x + 1 (Roberts, 2018).
PLASTIC = np.array([0.8191725133961645, 0.6710436067037893, 0.5497004779019703])
#: Distance of samples as a share of the smallest radius of curvature.
SAMPLING = 0.3


class SpongeParameters(ParametersBase):
    """Parameters of a web that stands on a collector."""

    height: Annotated[Size, Key(description="height of the web; it is cut flat at its top")] = 10.0
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


#: A share of the web's volume.
Share = Annotated[float, Key(ge=0.02, le=0.98)]
Seed = Annotated[int, Key(ge=0, le=2**32 - 1, description="of the random numbers: the same seed, the same sponge")]


def sponge(
    parameters: SpongeParameters,
    shape: Implicit,
    size: tuple[float, float],
    radius: float,
    gap: float = math.inf,
    sites: Sites = (),
) -> Structure:
    """The structure of a web.

    Args:
        parameters: give what it stands on, and its height.
        shape: the web's function, in the cell's coordinates.
        size: the period in x and y, µm.
        radius: smallest radius of curvature, µm.
        gap: smallest opening, µm, where that is known.
        sites: of its lowest pores, where they are regular.
    """
    p = parameters
    web = ImplicitBody(shape, size, p.base_z, p.base_z + p.height, radius)
    scaffold = Field(web, p.base_z, size)
    regions: tuple[OwnRegion, ...] = (
        ("backing", Role.SUBSTRATE, Field(None, p.backing, size)),
        ("scaffold", Role.SUBSTRATE, scaffold),
    )
    facts = StructureFacts(
        base_z=p.base_z, top=web.top, scaffold=("scaffold",), below=below(p), gap=gap, sites=sites, web=web
    )
    return Structure(size, regions, facts, scaffold)


def require_room(parameters: SpongeParameters, size: tuple[float, float], radius: float) -> None:
    """Raises a clear error for a web that no grid can hold, however coarse."""
    most = MOST_NODES * coarsest_step(radius, size) ** 3 / (size[0] * size[1])
    parameters.require(parameters.height <= most, "height", f"must be at most {most:.4g} µm for a web so fine")


def planes(size: tuple[float, float], base_z: float, height: float, radius: float) -> tuple[FloatArray, ...]:
    """Planes in x, y and z whose crossings are the midpoints of small bricks that fill the web's box."""
    step = max(SAMPLING * radius, (size[0] * size[1] * height / MOST_SAMPLES) ** (1 / 3))
    counts = [max(16, math.ceil(length / step)) for length in (*size, height)]
    x, y, z = ((np.arange(n) + 0.5) * (length / n) for n, length in zip(counts, (*size, height), strict=True))
    return x, y, base_z + z


@cache
def level_at(
    shape: Implicit, share: float, size: tuple[float, float], base_z: float, height: float, radius: float
) -> float:
    """The level below which a function lies in that share of the web's box."""
    return float(np.quantile(shape.on_grid(*planes(size, base_z, height, radius)), share))


def quadrature(parameters: SpongeParameters, shape: Implicit, size: tuple[float, float], area: float) -> Quadrature:
    """Volume and surface of a web in another way than by its mesh.

    Args:
        parameters: give foot and height.
        shape: the web's function; the volume is the share of samples inside.
        size: the period in x and y, µm.
        area: of the web's surface between foot and top, µm², found otherwise.
    """
    p = parameters
    counts = [math.ceil(length / (size[0] * size[1] * p.height / SAMPLES) ** (1 / 3)) for length in (*size, p.height)]
    # Points of an irrational lattice: no plane or crystal of the web can fall in step with them.
    number = np.arange(math.prod(counts))[:, None]
    points = (number * PLASTIC + 0.5) % 1.0 * [*size, p.height] + [0.0, 0.0, p.base_z]
    share = float((shape.at(points) <= 0).mean())
    return Quadrature(
        {
            "sponge.solid_fraction": share,
            "sponge.surface_per_volume_per_um": area / (size[0] * size[1] * p.height),
            "thickness_equivalent_um.scaffold": p.base + share * p.height,
        }
    )


def contoured(parameters: SpongeParameters, shape: Implicit, size: tuple[float, float], radius: float) -> float:
    """Area of the zero surface of a smooth function between foot and top, µm², by VTK at two steps, extrapolated."""
    fine, coarse = (_contoured(parameters, shape, size, step * radius) for step in (0.12, 0.24))
    return fine + (fine - coarse) / 3


def _contoured(parameters: SpongeParameters, shape: Implicit, size: tuple[float, float], step: float) -> float:
    import pyvista

    extent = (*size, parameters.height)
    step = max(step, (math.prod(extent) / MOST_SAMPLES) ** (1 / 3))
    counts = [max(8, math.ceil(length / step)) for length in extent]
    x, y, z = (np.linspace(0, length, n + 1) for n, length in zip(counts, extent, strict=True))
    spacing = tuple(length / n for n, length in zip(counts, extent, strict=True))
    image = pyvista.ImageData(dimensions=[n + 1 for n in counts], spacing=spacing)
    image.point_data["f"] = shape.on_grid(x, y, parameters.base_z + z).ravel()
    return float(image.contour([0.0], scalars="f", method="flying_edges", compute_normals=False).area)
