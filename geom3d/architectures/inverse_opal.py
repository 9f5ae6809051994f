"""Inverse opals: what a close packing of spheres leaves, regular and open where neighbours overlap."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._sponge import SpongeParameters, quadrature, sponge
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.architectures.spheres import Spheres

#: Radius of curvature of struts as a share of the pores' diameter.
STRUT = 0.1
#: Where the pores of the lowest layer lie, as shares of the period.
LATTICE = ((0.25, 0.25), (0.75, 0.75))
#: Layers of pores, at most.
MOST_LAYERS = 1000


class Parameters(SpongeParameters):
    """Parameters of an inverse opal."""

    diameter: Annotated[Size, Field(description="of the pores")] = 0.5
    overlap: Annotated[
        float,
        Field(ge=0.005, le=0.2, description="of neighbouring pores, as a share of the diameter; it opens the windows"),
    ] = 0.05
    height: Annotated[Size, Field(description="height of the web; it is cut flat at its top")] = 2.0


def build(parameters: Parameters) -> Structure:
    """What the pores leave."""
    p = parameters
    shape, size, radius = _shape(p)
    spacing = size[0]
    window = math.sqrt(p.diameter**2 - spacing**2)
    return sponge(p, shape, size, radius, gap=window, sites=tuple((x, y) for x, y, _ in shape.centres[: len(LATTICE)]))


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature."""
    shape, size, _ = _shape(parameters)
    return quadrature(parameters, shape, size, shape.area(parameters.base_z, parameters.base_z + parameters.height))


def _shape(p: Parameters) -> tuple[Spheres, tuple[float, float], float]:
    """The function, the period and the radius of curvature.

    Close-packed layers lie level, as self-assembled opals do: in a box of s × √3 s, at heights √(2/3) s apart, each
    shifted by a third of the long edge (fcc: three layers and again). The first layer touches the foot.
    """
    spacing = p.diameter * (1 - p.overlap)
    size = (spacing, math.sqrt(3) * spacing)
    rise = math.sqrt(2 / 3) * spacing
    layers = math.ceil((p.height + p.diameter) / rise) + 1
    p.require(layers <= MOST_LAYERS, "height", f"must leave at most {MOST_LAYERS:,} layers of pores, here {layers:,}")
    centres = []
    for layer in range(layers):
        for x, y in LATTICE:
            # A shift by a third of the long edge leads to the sites of the next layer, to those after next, and back.
            at = np.array([x * size[0], (y + layer / 3) * size[1]]) % size
            centres.append((float(at[0]), float(at[1]), p.base_z + spacing / 2 + layer * rise))
    # The struts between three pores are far finer than the pores.
    return Spheres(tuple(centres), p.diameter / 2, size, pores=True), size, STRUT * p.diameter
