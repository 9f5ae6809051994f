"""What an architecture returns: its regions before films, what it knows of itself, and its closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from geom3d.core.roles import Role
from geom3d.solids import Solid
from geom3d.solids.fields.implicit import ImplicitBody
from geom3d.solids.fields.wall_profile import WallProfile
from geom3d.solids.prisms.outline import Shape

#: x and y of points in one period, µm.
Sites = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class StructureFacts:
    """What an architecture knows of itself and no mesh can tell.

    Attributes:
        base_z: z of the structure's foot, µm: of the top of the plate that its posts, walls or web stand on; see `both_faces`.
        top: z of the structure's top, µm: of the scaffold's, or of the lower face of the plate that posts hang from.
        scaffold: names of the regions that count as the scaffold when its developed surface is measured.
        below: name and thickness, µm, of the regions that fill the box below `base_z`.
        gap: smallest distance between facing walls of the bare structure, µm; infinite where there are none.
        feature: smallest lateral width of the bare structure, µm; infinite where there is none.
        aspect_ratio: height to width of its posts, walls or holes; None for a flat cell.
        posts: posts or holes in one unit cell; 0 where they are endless.
        sites: x and y of the axis of each post, hole, opening or pore in one period, and of a point on the middle line of each
            trench, line or finger, µm; pictures are cut through one of them. Empty for a flat cell and an irregular sponge.
        pattern: the lines that carry the stack of a transparent grid, else None.
        film_gap: smallest opening that films grow into, µm; infinite where they lie flat, and in sponges, whose throats
            close one by one.
        device_gap: distance from a finite device's films to the next device in an array, µm, if both were bare; infinite for
            what does not end.
        web: the bare web of a sponge, which has throats and percolates; else None. Not every field is a sponge.
        cavity: "hole" where films grow into round holes about the sites, "trench" where into grooves along y; else None.
        wall: profile of its upright walls, as etched; None where they are straight and their films' rims square.
        percolates: whether the web must reach from its foot to its top.
        solid_fraction: share of the web in its height that was asked for; None where it was not.
        fraction_slack: by how much the web can miss that share, since it is made of whole parts.
        both_faces: whether nothing lies below `base_z`, which is the lower face of a plate with holes through it: films cover
            that face as they cover the upper one.
    """

    base_z: float
    top: float
    scaffold: tuple[str, ...]
    below: tuple[tuple[str, float], ...] = ()
    gap: float = math.inf
    feature: float = math.inf
    aspect_ratio: float | None = None
    posts: float = 0
    sites: Sites = ()
    pattern: Shape | None = None
    film_gap: float = math.inf
    device_gap: float = math.inf
    web: ImplicitBody | None = None
    cavity: Literal["hole", "trench"] | None = None
    wall: WallProfile | None = None
    percolates: bool = True
    solid_fraction: float | None = None
    fraction_slack: float = 0.0
    both_faces: bool = False


#: Name, usual role and body of one of an architecture's own regions.
OwnRegion = tuple[str, Role, Solid]


@dataclass(frozen=True)
class Structure:
    """What an architecture builds, before films.

    Attributes:
        size: the period in x and y, µm.
        regions: (name, role, body) of its own regions, the first wins.
        facts: see `StructureFacts`.
        film_base: the body on which films grow.
        ceiling: z at which the cell is closed from above, or None where layers may follow.
    """

    size: tuple[float, float]
    regions: tuple[OwnRegion, ...]
    facts: StructureFacts
    film_base: Solid
    ceiling: float | None = None


@dataclass(frozen=True)
class Profile:
    """Closed form of a structure of constant cross-section on a plate, under films of total thickness t.

    Attributes:
        area: footprint of the unit cell, µm².
        base_z: z of the floor, µm; below it everything is solid.
        height: of the structure above the floor, µm.
        cross_section: solid area at mid-height under films of thickness t, µm².
        perimeter: length of its outline, µm.
        conformal: False where films lie on top of the structure only, and neither on its walls nor on the floor.
        both_faces: True of a plate with holes through it, whose films cover its lower face, too; nothing lies below it.
        metrics: further closed forms, by the path of the metric.
    """

    area: float
    base_z: float
    height: float
    cross_section: Callable[[float], float]
    perimeter: Callable[[float], float]
    conformal: bool = True
    both_faces: bool = False
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ClosedForms:
    """Closed forms of an architecture that is more than one body with films.

    Attributes:
        metrics: value by the path of its metric.
        conductance_per_um: of an electrolyte of unit conductivity that fills what the electrodes leave, per footprint,
            1/µm; None where it has no closed form.
    """

    metrics: dict[str, float]
    conductance_per_um: float | None = None


class Quadrature(ClosedForms):
    """Numbers of a web found otherwise than by its mesh; a sponge has no closed form."""
