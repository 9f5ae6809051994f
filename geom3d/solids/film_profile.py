"""The thickness of a film against depth: of even films one number, of uneven ones a table, measured or computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import FloatArray


@dataclass(frozen=True)
class FilmProfile:
    """Thickness of a film on a wall by the depth below the structure's top, linear between the depths of a table.

    Above the first depth, and so on the flat top and around the rim, it is the first thickness; below the last depth the last
    one; on the floor a value of its own. Whoever predicts or measures a film gives this table, and all that follows (grid,
    numbers, files) takes it from here:

    >>> film = FilmProfile((0.0, 25.0, 50.0), (0.09, 0.08, 0.07))
    >>> round(float(film.at(12.5)), 9), film.top, film.floor
    (0.085, 0.09, 0.07)
    >>> both = film + FilmProfile.even(0.01)  # a second film on it
    >>> round(float(both.at(37.5)), 9), both.is_even
    (0.085, False)

    Attributes:
        depths: ascending, not negative, µm below the top of the bare structure.
        thicknesses: one for each, µm, normal to the wall.
        floor_thickness: on the floor, µm; None for the last of the thicknesses.
    """

    depths: tuple[float, ...]
    thicknesses: tuple[float, ...]
    floor_thickness: float | None = None

    def __post_init__(self) -> None:
        """Raises a ValueError for what is no such table."""
        if not self.depths or len(self.depths) != len(self.thicknesses):
            raise ValueError("needs as many thicknesses as depths, and at least one")
        if self.depths[0] < 0 or any(b <= a for a, b in zip(self.depths, self.depths[1:], strict=False)):
            raise ValueError("depths must ascend from 0 or more")
        if min(*self.thicknesses, self.floor) < 0:
            raise ValueError("a thickness must not be negative")

    @classmethod
    def even(cls, thickness: float) -> FilmProfile:
        """A film of the same thickness everywhere, µm."""
        return cls((0.0,), (thickness,))

    @cached_property
    def is_even(self) -> bool:
        """Whether it is equally thick everywhere."""
        return len({*self.thicknesses, self.floor}) == 1

    @property
    def top(self) -> float:
        """Thickness on the structure's top, µm."""
        return self.thicknesses[0]

    @property
    def floor(self) -> float:
        """Thickness on the floor, µm."""
        return self.thicknesses[-1] if self.floor_thickness is None else self.floor_thickness

    @property
    def thickest(self) -> float:
        """Largest thickness, µm."""
        return max(*self.thicknesses, self.floor)

    @property
    def thinnest(self) -> float:
        """Smallest thickness, µm."""
        return min(*self.thicknesses, self.floor)

    def at(self, depth: float | FloatArray) -> FloatArray:
        """Thickness on the wall at depths of any shape, µm."""
        return np.asarray(np.interp(depth, self.depths, self.thicknesses))

    def __add__(self, other: FilmProfile) -> FilmProfile:
        """Both films, one on the other."""
        if self.is_even and other.is_even:
            return FilmProfile.even(self.top + other.top)
        depths = tuple(sorted({*self.depths, *other.depths}))
        both = self.at(np.array(depths)) + other.at(np.array(depths))
        return FilmProfile(depths, tuple(both.tolist()), self.floor + other.floor)


def film(thickness: float | FilmProfile) -> FilmProfile:
    """The profile of a film that is given by one number or by a profile."""
    return thickness if isinstance(thickness, FilmProfile) else FilmProfile.even(thickness)


def total(films: Iterable[FilmProfile]) -> FilmProfile:
    """Films one on the other; of none, nothing."""
    found = FilmProfile.even(0.0)
    for one in films:
        found = found + one
    return found
