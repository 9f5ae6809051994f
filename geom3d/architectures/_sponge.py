"""What all sponges share: a web that stands on a collector or a plate and is cut flat at its top."""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import Field as Key

from geom3d.architectures import Own, ParametersBase, Quadrature, Size, SizeOrZero, Structure, below
from geom3d.cell import Facts
from geom3d.roles import Role
from geom3d.solids.field import Field
from geom3d.solids.web import Implicit, Web
from geom3d.walls import FloatArray

#: Samples by which levels are found, at most; the grid of the mesh is another one.
MOST_SAMPLES = 4_000_000
#: Distance of samples as a share of the smallest radius of curvature.
SAMPLING = 0.3


class SpongeParameters(ParametersBase):
    """Parameters of a web that stands on a collector."""

    height: Annotated[Size, Key(description="height of the web; it is cut flat at its top")] = 10.0
    base: Annotated[
        SizeOrZero, Key(description="thickness of a dense plate of the web's material under it; 0 for none")
    ] = 0.0
    backing: Annotated[
        Size, Key(description="thickness of the region named backing, on which the web stands: its collector, a substrate")
    ] = 1.0

    @property
    def foot(self) -> float:
        """Z at which the web begins, µm."""
        return self.backing + self.base


#: A share of the web's volume.
Share = Annotated[float, Key(ge=0.02, le=0.98)]
Seed = Annotated[int, Key(ge=0, le=2**32 - 1, description="of the random numbers: the same seed, the same sponge")]


def sponge(
    parameters: SpongeParameters, shape: Implicit, size: tuple[float, float], radius: float, gap: float = math.inf
) -> Structure:
    """The structure of a web.

    Args:
        parameters: give what it stands on, and its height.
        shape: the web's function, in the cell's coordinates.
        size: the period in x and y, µm.
        radius: smallest radius of curvature, µm.
        gap: smallest opening, µm, where that is known.
    """
    p = parameters
    web = Web(shape, size, p.foot, p.foot + p.height, radius)
    scaffold = Field(web, p.foot, size)
    regions: tuple[Own, ...] = (
        ("backing", Role.SUBSTRATE, Field(None, p.backing, size)),
        ("scaffold", Role.SUBSTRATE, scaffold),
    )
    facts = Facts(foot=p.foot, top=web.top, scaffold=("scaffold",), below=below(p), gap=gap, web=web)
    return Structure(size, regions, facts, scaffold)


def planes(size: tuple[float, float], foot: float, height: float, radius: float) -> tuple[FloatArray, ...]:
    """Planes in x, y and z whose crossings are the midpoints of small bricks that fill the web's box."""
    step = max(SAMPLING * radius, (size[0] * size[1] * height / MOST_SAMPLES) ** (1 / 3))
    counts = [max(16, math.ceil(length / step)) for length in (*size, height)]
    x, y, z = ((np.arange(n) + 0.5) * (length / n) for n, length in zip(counts, (*size, height), strict=True))
    return x, y, foot + z


def grid_points(size: tuple[float, float], foot: float, height: float, radius: float) -> FloatArray:
    """(n, 3) crossings of these planes, a third as close together."""
    z, y, x = np.meshgrid(*planes(size, foot, height, radius / 2)[::-1], indexing="ij")
    return np.column_stack([x.ravel(), y.ravel(), z.ravel()])


@cache
def level_at(
    shape: Implicit, share: float, size: tuple[float, float], foot: float, height: float, radius: float
) -> float:
    """The level below which a function lies in that share of the web's box."""
    return float(np.quantile(shape.on_grid(*planes(size, foot, height, radius)), share))


def quadrature(
    parameters: SpongeParameters, shape: Implicit, size: tuple[float, float], radius: float
) -> Quadrature:
    """Volume and surface of a web in another way than by its mesh.

    The volume is the share of samples inside; the area is that of VTK's contour at two steps, extrapolated.
    """
    p = parameters
    share = float((shape.on_grid(*planes(size, p.foot, p.height, radius / 2)) <= 0).mean())
    area = size[0] * size[1]
    fine, coarse = (_contoured(shape, size, p.foot, p.height, step * radius) for step in (0.12, 0.24))
    surface = fine + (fine - coarse) / 3
    return Quadrature(
        {
            "sponge.solid_fraction": share,
            "sponge.surface_per_volume_um": surface / (area * p.height),
            "thickness_equivalent_um.scaffold": p.base + share * p.height,
        }
    )


def _contoured(shape: Implicit, size: tuple[float, float], foot: float, height: float, step: float) -> float:
    """Area of the zero surface within the web's box, µm², by VTK."""
    import pyvista

    step = max(step, (size[0] * size[1] * height / MOST_SAMPLES) ** (1 / 3))
    counts = [max(8, math.ceil(length / step)) for length in (*size, height)]
    x, y, z = (np.linspace(0, length, n + 1) for n, length in zip(counts, (*size, height), strict=True))
    spacing = tuple(length / n for n, length in zip(counts, (*size, height), strict=True))
    image = pyvista.ImageData(dimensions=[n + 1 for n in counts], spacing=spacing)
    image.point_data["f"] = shape.on_grid(x, y, foot + z).ravel()
    return float(image.contour([0.0], scalars="f", method="flying_edges", compute_normals=False).area)
