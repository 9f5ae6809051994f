"""What upright bodies consist of: outlines or all of the plane, between two heights, under films."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from geom3d.solids.film_profile import FilmProfile
from geom3d.solids.prisms.outline import Shape

#: Heights that differ by no more than this share are one.
SAME = 1e-9


@dataclass(frozen=True)
class Frame:
    """Heights that depths are measured between, µm.

    Attributes:
        foot: z of the floor.
        top: z of the structure's top.
    """

    foot: float
    top: float

    def on_level(self, film: FilmProfile, height: float) -> float:
        """Thickness of a film on a level face at a height, µm."""
        if height <= self.foot + SAME * abs(self.top):
            return film.floor
        return float(film.at(self.top - height))


@dataclass(frozen=True)
class Part:
    """One part of an upright body.

    Attributes:
        shapes: outlines at the top, which do not overlap; none for all of the plane.
        low, high: z before growth, µm; infinite where the box shall cut it.
        growth: of the films that lie on it.
        flat: whether films lie on top only and never on the walls.
    """

    shapes: tuple[Shape, ...]
    low: float
    high: float
    growth: FilmProfile
    flat: bool = False

    @property
    def on_wall(self) -> FilmProfile:
        """The films on its walls."""
        return FilmProfile.even(0.0) if self.flat else self.growth

    def interval(self, frame: Frame) -> tuple[float, float]:
        """Lowest and highest z under its films, µm."""
        if self.shapes:
            return self.low - self.growth.floor, self.high + self.growth.top
        return self.low - self.growth.floor, self.high + frame.on_level(self.growth, self.high)


def gathered(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts, outlines between the same heights under the same films as one."""
    found: dict[tuple[float, float, FilmProfile, bool, bool], Part] = {}
    for part in parts:
        key = (part.low, part.high, part.growth, part.flat, bool(part.shapes))
        known = found.get(key)
        shapes = part.shapes if known is None else tuple(dict.fromkeys(known.shapes + part.shapes))
        found[key] = replace(part, shapes=shapes)
    return tuple(found.values())
