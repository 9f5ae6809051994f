"""Transparent mesh batteries: the whole stack stands on the lines of a grid, its films are flat."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from geom3d.architectures import PlateParameters, Size, below, lattice_cell, plate, plated_regions
from geom3d.architectures._structure import Profile, Structure, StructureFacts
from geom3d.solids.prisms.outline import Difference, Plane, Shape, Strip, hexagon, rectangle
from geom3d.solids.prisms.prism import Prism, Prisms


class Parameters(PlateParameters):
    """Parameters of a grid."""

    pattern: Annotated[
        Literal["square", "lines", "hexagonal"], Field(description="crossed lines, parallel lines, or a honeycomb")
    ] = "square"
    pitch: Annotated[Size, Field(description="distance between neighbouring openings' centres")] = 200.0
    width: Annotated[Size, Field(description="width of a line; smaller than pitch")] = 35.0


def build(parameters: Parameters) -> Structure:
    """A plain plate as scaffold, and the pattern on which layers are stacked."""
    p = parameters
    p.require(p.width < p.pitch, "width", f"must be smaller than pitch = {p.pitch:g} µm")
    opening = p.pitch - p.width
    pattern: Shape
    # Openings' centres; of parallel lines the line's middle, since the opening lies across the period's border.
    size, sites, _ = lattice_cell("hexagonal" if p.pattern == "hexagonal" else "square", p.pitch)
    if p.pattern == "hexagonal":
        pattern = Difference(Plane(), tuple(hexagon(x, y, opening) for x, y in sites))
    elif p.pattern == "square":
        low, high = p.width / 2, p.pitch - p.width / 2
        pattern = Difference(Plane(), (rectangle(low, low, high, high),))
    else:
        pattern = Strip(p.pitch / 2, p.width)
    facts = StructureFacts(
        base_z=p.base_z,
        top=p.base_z,
        scaffold=("scaffold",),
        below=below(p),
        gap=opening,
        feature=p.width,
        sites=sites,
        posts={"hexagonal": 2, "square": 1, "lines": 0}[p.pattern],
        pattern=pattern,
    )
    lines = Prisms((Prism(pattern, -math.inf, p.base_z, flat=True),), size)
    return Structure(size, plated_regions(p, plate(p.base_z, size), size), facts, lines)


def closed_form(parameters: Parameters) -> Profile:
    """Open share of the plane: (1 - w/p)², with lines all one way 1 - w/p; films are prisms over the lines."""
    p = parameters
    line, opening = 1 - p.width / p.pitch, p.pitch - p.width
    if p.pattern == "lines":
        area, transmittance, outline = p.pitch**2, line, 2 * p.pitch
    elif p.pattern == "square":
        area, transmittance, outline = p.pitch**2, line**2, 4 * opening
    else:
        area, transmittance, outline = math.sqrt(3) * p.pitch**2, line**2, 2 * 2 * math.sqrt(3) * opening
    covered = area * (1 - transmittance)
    metrics = {"transmittance": transmittance, "coverage": 1 - transmittance}
    return Profile(area, p.base_z, 0.0, lambda _: covered, lambda _: outline, conformal=False, metrics=metrics)
