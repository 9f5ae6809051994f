"""Blind holes sunk into a plate, round or of another outline."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from geom3d.architectures import Size, scaffold_structure
from geom3d.architectures._posts import PostParameters, posts_of
from geom3d.architectures._structure import Profile, Structure
from geom3d.solids.prisms.outline import Difference, Plane


class Parameters(PostParameters):
    """Parameters of a hole array."""

    lattice: Annotated[Literal["square", "hexagonal"], Field(description="arrangement in the plane")] = "hexagonal"
    diameter: Annotated[
        Size,
        Field(description="diameter; of other shapes the size along x before rotation, of a hexagon across its flats"),
    ] = 6.0
    depth: Annotated[Size, Field(description="depth of a hole")] = 50.0


def build(parameters: Parameters) -> Structure:
    """A perforated plate on a plain one."""
    p = parameters
    holes = posts_of(p)
    return scaffold_structure(
        p,
        holes.size,
        p.depth,
        (Difference(Plane(), holes.shapes),),
        gap=holes.least,
        feature=holes.gap,
        aspect_ratio=p.depth / holes.least,
        posts=len(holes.sites),
        sites=holes.sites,
        film_gap=holes.least,
        cavity="hole",
    )


def closed_form(parameters: Parameters) -> Profile:
    """Upright walls; under films of t a hole's section shrinks by its outline times t, less what corners save."""
    p = parameters
    holes = posts_of(p)
    return Profile(holes.area, p.base_z, p.depth, lambda t: holes.area - holes.section(-t), lambda t: holes.length(-t))
