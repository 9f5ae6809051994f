"""Rods with a square or round section, standing in rows; their parameters are of many types."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from geom3d.architectures import PlateParameters, Profile, Size, Structure, discs, scaffold_structure
from geom3d.solids.prisms.outline import rectangle


class Section(StrEnum):
    """Of a rod."""

    ROUND = "round"
    SQUARE = "square"


class Parameters(PlateParameters):
    """Parameters of rods."""

    pitch: Annotated[Size, Field(description="distance between the centres of nearest rods")] = 10.0
    width: Annotated[Size, Field(description="edge or diameter of a rod; smaller than pitch")] = 4.0
    height: Annotated[Size, Field(description="height of a rod above the plate")] = 20.0
    section: Annotated[Section, Field(description="of a rod")] = Section.ROUND
    pairs: Annotated[bool, Field(description="whether two rods stand in a cell of twice the length")] = False
    maker: Annotated[str, Field(description="who grew the rods")] = "nobody"
    batch: Annotated[int | None, Field(description="number of the batch, if it is known")] = None
    steps: Annotated[list[list[float]], Field(description="temperatures of growth, °C, run by run")] = [
        [550.0],
        [560.0],
    ]


def build(parameters: Parameters) -> Structure:
    """Rods on a plate."""
    p = parameters
    p.require(p.width < p.pitch, "width", f"must be smaller than pitch = {p.pitch:g} µm")
    sites = _sites(p)
    half = p.width / 2
    shapes = (
        discs(sites, p.width, 8)
        if p.section is Section.ROUND
        else tuple(rectangle(x - half, y - half, x + half, y + half) for x, y in sites)
    )
    return scaffold_structure(
        p,
        (len(sites) * p.pitch, p.pitch),
        p.height,
        shapes,
        gap=p.pitch - p.width,
        feature=p.width,
        aspect_ratio=p.height / p.width,
        posts=len(sites),
        film_gap=p.pitch - p.width,
    )


def closed_form(parameters: Parameters) -> Profile:
    """Section and outline of a rod under films; the corners of a square one stay sharp."""
    p = parameters
    count, width = len(_sites(p)), p.width
    area = count * p.pitch**2
    if p.section is Section.ROUND:
        return Profile(
            area,
            p.base_z,
            p.height,
            lambda t: count * math.pi * (width / 2 + t) ** 2,
            lambda t: count * math.pi * (width + 2 * t),
        )
    # A film rounds the corner that it grows around.
    return Profile(
        area,
        p.base_z,
        p.height,
        lambda t: count * (width**2 + 4 * width * t + math.pi * t**2),
        lambda t: count * (4 * width + 2 * math.pi * t),
    )


def _sites(p: Parameters) -> tuple[tuple[float, float], ...]:
    return tuple(((k + 0.5) * p.pitch, p.pitch / 2) for k in range(2 if p.pairs else 1))
