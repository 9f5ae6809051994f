"""Upright tubes on a plate, open at the top; the floor inside lies level with the floor outside."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from geom3d.architectures import PlateParameters, Size, discs, lattice_cell, scaffold_structure
from geom3d.architectures._structure import Profile, Structure
from geom3d.solids.prisms.outline import Difference


class Parameters(PlateParameters):
    """Parameters of a tube array."""

    lattice: Annotated[Literal["square", "hexagonal"], Field(description="arrangement of the tubes")] = "hexagonal"
    pitch: Annotated[Size, Field(description="distance between the axes of nearest tubes")] = 10.0
    outer_diameter: Annotated[Size, Field(description="outer diameter of a tube; smaller than pitch")] = 6.0
    inner_diameter: Annotated[Size, Field(description="inner diameter; smaller than outer_diameter")] = 4.0
    height: Annotated[Size, Field(description="height of a tube above the plate")] = 50.0


def build(parameters: Parameters) -> Structure:
    """Rings, extruded, on a plate."""
    p = parameters
    p.require(p.outer_diameter < p.pitch, "outer_diameter", f"must be smaller than pitch = {p.pitch:g} µm")
    p.require(
        p.inner_diameter < p.outer_diameter,
        "inner_diameter",
        f"must be smaller than outer_diameter = {p.outer_diameter:g} µm",
    )
    size, sites, symmetry_order = lattice_cell(p.lattice, p.pitch)
    outside, inside = discs(sites, p.outer_diameter, symmetry_order), discs(sites, p.inner_diameter, symmetry_order)
    rings = tuple(Difference(outer, (inner,)) for outer, inner in zip(outside, inside, strict=True))
    gap = min(p.pitch - p.outer_diameter, p.inner_diameter)
    wall = (p.outer_diameter - p.inner_diameter) / 2
    return scaffold_structure(
        p,
        size,
        p.height,
        rings,
        gap=gap,
        feature=wall,
        aspect_ratio=p.height / p.outer_diameter,
        posts=len(sites),
        sites=sites,
        film_gap=gap,
    )


def closed_form(parameters: Parameters) -> Profile:
    """Two cylinders' sides: outside grows by t, inside shrinks by t."""
    p = parameters
    size, sites, _ = lattice_cell(p.lattice, p.pitch)
    count, outer, inner = len(sites), p.outer_diameter / 2, p.inner_diameter / 2
    return Profile(
        size[0] * size[1],
        p.base_z,
        p.height,
        lambda t: count * math.pi * ((outer + t) ** 2 - (inner - t) ** 2),
        lambda _: count * 2 * math.pi * (outer + inner),
    )
