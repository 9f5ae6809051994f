"""Posts of one sign on a plate; films around them, the counter-electrode in the rest."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from geom3d.architectures import PlateParameters, Size, discs, lattice_cell, scaffold_structure
from geom3d.architectures._structure import Profile, Structure


class Parameters(PlateParameters):
    """Parameters of a post array."""

    lattice: Annotated[Literal["square", "hexagonal"], Field(description="arrangement of the posts")] = "square"
    pitch: Annotated[Size, Field(description="distance between the centres of nearest posts")] = 10.0
    diameter: Annotated[Size, Field(description="diameter of a post; smaller than pitch")] = 5.0
    height: Annotated[Size, Field(description="height of a post above the plate")] = 50.0


def build(parameters: Parameters) -> Structure:
    """Posts on a plate."""
    p = parameters
    p.require(p.diameter < p.pitch, "diameter", f"must be smaller than pitch = {p.pitch:g} µm")
    size, sites, symmetry_order = lattice_cell(p.lattice, p.pitch)
    return scaffold_structure(
        p,
        size,
        p.height,
        discs(sites, p.diameter, symmetry_order),
        gap=p.pitch - p.diameter,
        feature=p.diameter,
        aspect_ratio=p.height / p.diameter,
        posts=len(sites),
        sites=sites,
        film_gap=p.pitch - p.diameter,
    )


def closed_form(parameters: Parameters) -> Profile:
    """A cylinder's side and section; grown by t its radius grows by t."""
    p = parameters
    size, sites, _ = lattice_cell(p.lattice, p.pitch)
    count, radius = len(sites), p.diameter / 2
    return Profile(
        size[0] * size[1],
        p.base_z,
        p.height,
        lambda t: count * math.pi * (radius + t) ** 2,
        lambda t: count * 2 * math.pi * (radius + t),
    )
