"""Holes in a plate, round or of another outline: blind, or open at both ends with films on both faces."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from geom3d.architectures import Size, SizeOrZero, scaffold_structure, standing
from geom3d.architectures._posts import PostParameters, posts_of
from geom3d.architectures._structure import Profile, Structure, StructureFacts
from geom3d.core.roles import Role
from geom3d.solids.prisms.outline import Difference, Plane


class Parameters(PostParameters):
    """Parameters of a hole array."""

    lattice: Annotated[Literal["square", "hexagonal"], Field(description="arrangement in the plane")] = "hexagonal"
    diameter: Annotated[
        Size,
        Field(description="diameter; of other shapes the size along x before rotation, of a hexagon across its flats"),
    ] = 6.0
    depth: Annotated[Size, Field(description="depth of a hole; thickness of the plate where holes go through it")] = (
        50.0
    )
    base: Annotated[
        SizeOrZero,
        Field(
            description="thickness of the plate below the holes, of the same material; 0 for holes open at both ends: films then "
            "cover both faces"
        ),
    ] = 1.0


def build(parameters: Parameters) -> Structure:
    """A perforated plate, on a plain one unless its holes are open at both ends."""
    p = parameters
    holes = posts_of(p)
    shapes = (Difference(Plane(), holes.shapes),)
    facts: dict[str, Any] = {
        "gap": holes.least,
        "feature": holes.gap,
        "aspect_ratio": p.depth / holes.least,
        "posts": len(holes.sites),
        "sites": holes.sites,
        "film_gap": holes.least,
    }
    if p.base > 0:
        return scaffold_structure(p, holes.size, p.depth, shapes, cavity="hole", **facts)
    p.require(
        p.backing == 0,
        "backing",
        "nothing lies under a plate whose holes are open at both ends (base = 0); give base a thickness or leave out backing",
    )
    plate = standing(shapes, 0.0, p.depth, holes.size)
    known = StructureFacts(base_z=0.0, top=p.depth, scaffold=("scaffold",), both_faces=True, **facts)
    return Structure(holes.size, (("scaffold", Role.SUBSTRATE, plate),), known, plate)


def closed_form(parameters: Parameters) -> Profile:
    """Upright walls; under films of t a hole's section shrinks by its outline times t, less what corners save."""
    p = parameters
    holes = posts_of(p)
    return Profile(
        holes.area,
        p.base_z,
        p.depth,
        lambda t: holes.area - holes.section(-t),
        lambda t: holes.length(-t),
        both_faces=p.base == 0,
    )
