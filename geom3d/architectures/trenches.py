"""Parallel grooves etched into a plate."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from geom3d.architectures import PlateParameters, Size, scaffold_structure
from geom3d.architectures._structure import Profile, Structure
from geom3d.solids.prisms.outline import Difference, Plane, Strip


class Parameters(PlateParameters):
    """Parameters of grooves."""

    pitch: Annotated[Size, Field(description="distance between the middle lines of neighbouring trenches")] = 8.0
    width: Annotated[Size, Field(description="opening of a trench; smaller than pitch")] = 5.0
    depth: Annotated[Size, Field(description="depth of a trench")] = 50.0


def build(parameters: Parameters) -> Structure:
    """Ridges along y on a plate; the unit cell is square and holds one trench."""
    p = parameters
    p.require(p.width < p.pitch, "width", f"must be smaller than pitch = {p.pitch:g} µm")
    size = (p.pitch, p.pitch)
    ridges = Difference(Plane(), (Strip(p.pitch / 2, p.width),))
    return scaffold_structure(
        p,
        size,
        p.depth,
        (ridges,),
        gap=p.width,
        feature=p.pitch - p.width,
        aspect_ratio=p.depth / p.width,
        film_gap=p.width,
        cavity="trench",
        sites=((p.pitch / 2, p.pitch / 2),),
    )


def closed_form(parameters: Parameters) -> Profile:
    """Two flat walls per trench; grown by t the opening narrows by 2 t."""
    p = parameters
    return Profile(
        p.pitch**2,
        p.base_z,
        p.depth,
        lambda t: p.pitch * (p.pitch - p.width + 2 * t),
        lambda _: 2 * p.pitch,
    )
