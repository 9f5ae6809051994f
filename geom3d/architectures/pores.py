"""Blind round holes sunk into a plate."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from geom3d.architectures import PlateParameters, Size, discs, lattice_cell, scaffold_structure
from geom3d.architectures._structure import Profile, Structure
from geom3d.solids.prisms.outline import Difference, Plane


class Parameters(PlateParameters):
    """Parameters of a hole array."""

    lattice: Annotated[Literal["square", "hexagonal"], Field(description="arrangement of the holes")] = "hexagonal"
    pitch: Annotated[Size, Field(description="distance between the centres of nearest holes")] = 10.0
    diameter: Annotated[Size, Field(description="diameter of a hole; smaller than pitch")] = 6.0
    depth: Annotated[Size, Field(description="depth of a hole")] = 50.0


def build(parameters: Parameters) -> Structure:
    """A perforated plate on a plain one."""
    p = parameters
    p.require(p.diameter < p.pitch, "diameter", f"must be smaller than pitch = {p.pitch:g} µm")
    size, sites, symmetry_order = lattice_cell(p.lattice, p.pitch)
    sieve = Difference(Plane(), discs(sites, p.diameter, symmetry_order))
    return scaffold_structure(
        p,
        size,
        p.depth,
        (sieve,),
        gap=p.diameter,
        feature=p.pitch - p.diameter,
        aspect_ratio=p.depth / p.diameter,
        posts=len(sites),
        sites=sites,
        film_gap=p.diameter,
        cavity="hole",
    )


def closed_form(parameters: Parameters) -> Profile:
    """A cylinder's side; grown by t the hole's radius shrinks by t."""
    p = parameters
    size, sites, _ = lattice_cell(p.lattice, p.pitch)
    area, count, radius = size[0] * size[1], len(sites), p.diameter / 2
    return Profile(
        area,
        p.base_z,
        p.depth,
        lambda t: area - count * math.pi * (radius - t) ** 2,
        lambda t: count * 2 * math.pi * (radius - t),
    )
