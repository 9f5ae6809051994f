"""Hexagonal holes with thin straight walls, sunk into a plate."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from geom3d.architectures import PlateParameters, Size, lattice_cell, scaffold_structure
from geom3d.architectures._structure import Profile, Structure
from geom3d.solids.prisms.outline import Difference, Plane, hexagon


class Parameters(PlateParameters):
    """Parameters of a honeycomb."""

    pitch: Annotated[Size, Field(description="distance between the centres of nearest holes")] = 10.0
    wall: Annotated[Size, Field(description="thickness of the walls between holes; smaller than pitch")] = 2.0
    depth: Annotated[Size, Field(description="depth of a hole")] = 50.0


def build(parameters: Parameters) -> Structure:
    """InterfaceMesh of a honeycomb on a plate."""
    p = parameters
    p.require(p.wall < p.pitch, "wall", f"must be smaller than pitch = {p.pitch:g} µm")
    size, sites, _ = lattice_cell("hexagonal", p.pitch)
    opening = p.pitch - p.wall
    comb = Difference(Plane(), tuple(hexagon(x, y, opening) for x, y in sites))
    return scaffold_structure(
        p,
        size,
        p.depth,
        (comb,),
        gap=opening,
        feature=p.wall,
        aspect_ratio=p.depth / opening,
        posts=len(sites),
        sites=sites,
        film_gap=opening,
    )


def closed_form(parameters: Parameters) -> Profile:
    """A hexagon of opening d (between opposite sides) has the area (√3/2) d² and the perimeter 2√3 d."""
    p = parameters
    area, opening = math.sqrt(3) * p.pitch**2, p.pitch - p.wall
    return Profile(
        area,
        p.base_z,
        p.depth,
        lambda t: area - 2 * (math.sqrt(3) / 2) * (opening - 2 * t) ** 2,
        lambda t: 2 * 2 * math.sqrt(3) * (opening - 2 * t),
    )
