"""Posts of one sign on a plate, of any outline; films around them, the counter-electrode in the rest."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from geom3d.architectures import Size, scaffold_structure
from geom3d.architectures._posts import PostParameters, posts_of
from geom3d.architectures._structure import Profile, Structure


class Parameters(PostParameters):
    """Parameters of a post array."""

    height: Annotated[Size, Field(description="height of a post above the plate")] = 50.0
    shape: Annotated[
        Literal["circle", "square", "rectangle", "ellipse", "hexagon", "cross"],
        Field(
            description="outline; two sets of grooves that cross at right angles leave square posts on a square lattice, whose "
            "diameter is pitch less the grooves' width"
        ),
    ] = "circle"


def build(parameters: Parameters) -> Structure:
    """Posts on a plate."""
    p = parameters
    posts = posts_of(p)
    return scaffold_structure(
        p,
        posts.size,
        p.height,
        posts.shapes,
        gap=posts.gap,
        feature=posts.least,
        aspect_ratio=p.height / posts.least,
        posts=len(posts.sites),
        sites=posts.sites,
        film_gap=posts.gap,
    )


def closed_form(parameters: Parameters) -> Profile:
    """Upright walls; grown by t a post's section grows by its outline times t and the corners' share of t²."""
    p = parameters
    posts = posts_of(p)
    return Profile(posts.area, p.base_z, p.height, posts.section, posts.length)
