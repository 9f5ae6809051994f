"""Manufacturability: a design's measures, taken once on the unit cell, against a process's limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from geom3d.manufacturability.overhangs import Undersides

Place = tuple[float, float, float]

#: Name by which all regions together go, and that of the empty space between them.
ASSEMBLY, VOID = "assembly", "void"


@dataclass(frozen=True)
class Spot:
    """The smallest of a kind of length, and where it is.

    Attributes:
        value: µm.
        at: x, y, z in the unit cell, µm, of its middle; None where it is the same everywhere.
        regions: what lies there; of a gap, what lies on either side.
        uncertainty: of a sampled value, µm, else 0.
    """

    value: float
    at: Place | None
    regions: tuple[str, ...] = ()
    uncertainty: float = 0.0


@dataclass(frozen=True)
class Count:
    """How many of something there are in one unit cell.

    Attributes:
        number: of them.
        size: of all together: µm³ of cavities and loose bodies, µm² of islands' undersides.
        at: x, y, z of the largest, µm; None where there are none, or it is not known.
    """

    number: int
    size: float
    at: Place | None


@dataclass(frozen=True)
class Scaffold:
    """What an etch makes: the scaffold with its base, without films.

    Attributes:
        wall: its narrowest wall or post; None where it has none.
        opening: the narrowest opening between its walls; None where there is none.
        undersides: its faces that look down.
    """

    wall: Spot | None
    opening: Spot | None
    undersides: Undersides


@dataclass(frozen=True)
class Measures:
    """The unit cell as a process engineer sees it, in its own size.

    Attributes:
        widths: the narrowest place of every region, of the assembly and of the void; what spreads without end is left
            out. Between vertical walls they are measured in the plane, in sponges in space.
        heights: the thinnest place along z of the same; what lies open upward is left out.
        scaffold: for etching.
        undersides: faces of the assembly that look down.
        cavities: parts of the void that reach neither the outside nor, through the period, the device's edge.
        islands: parts of a layer that begin above nothing.
        loose: bodies that hang on nothing in an array that ends at its border; their number in all of it.
        array: cells in x and y of that array.
        top: height of the assembly, µm.
        depth: of the structure, µm.
        aspect_ratio: of its posts, walls or holes; None where it has none.
        equivalent_aspect_ratio: for films that grow into it; None where it is flat.
        thinnest_film: µm; None without films.
        volumes: of every region and of the assembly, µm³ per unit cell.
    """

    widths: dict[str, Spot]
    heights: dict[str, Spot]
    scaffold: Scaffold
    undersides: Undersides
    cavities: Count
    islands: Count
    loose: Count
    array: tuple[int, int]
    top: float
    depth: float
    aspect_ratio: float | None
    equivalent_aspect_ratio: float | None
    thinnest_film: Spot | None
    volumes: dict[str, float] = field(default_factory=dict)


def least(spots: list[Spot | None]) -> Spot | None:
    """The smallest of some; None where there is none."""
    return min((spot for spot in spots if spot is not None), key=lambda spot: spot.value, default=None)
