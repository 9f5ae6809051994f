"""What chords in the place of arcs do to a cell of prisms: bounds on lengths, distances and areas of its sections."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geom3d.solids.prisms.floorplan import sides_by_centre
from geom3d.solids.prisms.outline import Disc, Polygon
from geom3d.solids.prisms.prism import Prisms

#: Coordinates are rounded to a grid, too, far finer than chords.
MARGIN = 1.001


@dataclass(frozen=True)
class Chords:
    """Bounds on what chords change.

    Attributes:
        length: of any outline, relative; areas of upright walls are off by the same share.
        sagitta: between a drawn outline and the exact one, µm.
        sections: of the section of each solid, µm².
    """

    length: float
    sagitta: float
    sections: tuple[float, ...]


def chords_of(solids: Sequence[Prisms], tolerance: float | None) -> Chords:
    """Bounds for a partition by these solids.

    An N-gon of a circle's area has the circumference times √(tan x / x) with x = π / N; its corners lie further out than
    the circle, its sides' middles further in. Arcs around a polygon's corners have their ends in common with their
    chords: (sin x) / x of their length, and together N/2 d² sin 2x of the circle's area π d².

    Args:
        solids: of the partition.
        tolerance: chord tolerance, µm; None for 0.1 % of each circle's radius.
    """
    outlines = [[part for prism in solid.prisms for part in prism.outline.primitives()] for solid in solids]
    sides = sides_by_centre([part for parts in outlines for part in parts], tolerance)
    length = sagitta = 0.0
    sections = []
    for parts in outlines:
        section = 0.0
        for part in parts:
            if isinstance(part, Disc):
                x = math.pi / sides[part.centre]
                reach = math.sqrt(2 * x / math.sin(2 * x))
                length = max(length, math.sqrt(math.tan(x) / x) - 1)
                sagitta = max(sagitta, part.radius * max(reach - 1, 1 - reach * math.cos(x)))
            elif isinstance(part, Polygon) and part.distance > 0:
                count = 4 * max(1, sides[part.centre] // 4)
                x = math.pi / count
                length = max(length, 1 - math.sin(x) / x)
                sagitta = max(sagitta, part.distance * (1 - math.cos(x)))
                section += part.distance**2 * (math.pi - count / 2 * math.sin(2 * x))
        sections.append(section)
    return Chords(MARGIN * length, MARGIN * sagitta, tuple(MARGIN * section for section in sections))
