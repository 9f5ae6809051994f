"""The room that is left for films between facing walls: coats that close it are an error."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from geom3d.architectures._structure import Structure
from geom3d.core.errors import InputError
from geom3d.solids.fields.upright import Upright
from geom3d.solids.fields.wall import Wall
from geom3d.solids.film_profile import FilmProfile

#: An opening of less than this share of the gap is rounding.
ROUNDING = 1e-6
#: Heights at which the room is looked at, beside those at which the wall bends.
HEIGHTS = 200


@dataclass(frozen=True)
class Room:
    """What is open between two facing walls.

    Attributes:
        gap: at the walls' top, µm; infinite where nothing faces anything.
        grown: the films so far.
        wall: of a structure with a profile, else None.
        floor: z from which on it is open, µm.
    """

    gap: float
    grown: FilmProfile = field(default_factory=lambda: FilmProfile.even(0.0))
    wall: Wall | None = None
    floor: float = -math.inf

    @classmethod
    def of(cls, structure: Structure) -> Self:
        """The room in a bare structure."""
        facts, body = structure.facts, structure.film_base
        gap = min(facts.film_gap, facts.device_gap)
        if not isinstance(body, Upright):
            return cls(gap)
        wall = next((body.wall(part) for part in body.parts if part.shapes), None)
        if wall is None:
            return cls(gap)
        # What the structure calls its gap is the narrowest; at the top it is wider by what the wall stands out below.
        return cls(gap + 2 * float(wall.profile.curve[1].max()), wall=wall, floor=facts.base_z)

    def filled(self, level: float) -> Self:
        """The room above a fill up to a height, µm."""
        return replace(self, floor=max(self.floor, level))

    def under(self, film: FilmProfile, key: str) -> Self:
        """The room that a further film leaves.

        Raises:
            InputError: where it closes it; it names the key.
        """
        grown = self.grown + film
        if self.floor < math.inf and math.isfinite(self.gap):
            where = self._closed(grown)
            if where is not None:
                fits, place = where
                raise InputError(
                    f"{key}: coats of {grown.thickest:g} µm in all close the gap of {self.gap:g} µm between facing walls"
                    f"{place} (less than {fits:g} µm fit); got {film.thickest:g} µm; to fill what is left, use fill_to"
                )
        return replace(self, grown=grown)

    def _closed(self, grown: FilmProfile) -> tuple[float, str] | None:
        """How much fits and where, if films close the gap somewhere; else None."""
        half = self.gap / 2
        if self.wall is None:
            return (half, "") if 2 * grown.top >= self.gap * (1 - ROUNDING) else None
        top = self.wall.top
        low = max(self.floor, top - self.wall.profile.depth + grown.floor)
        if low >= top:
            return None
        heights = np.unique(np.concatenate([np.linspace(low, top, HEIGHTS), top - self.wall.profile.stations(0.1)]))
        heights = heights[(heights >= low) & (heights <= top)]
        room = self.wall.over(np.full(len(heights), half), heights)
        shut = np.flatnonzero(grown.at(top - heights) >= room * (1 - ROUNDING))
        if not len(shut):
            return None
        worst = shut[-1]  # the highest: what lies below it cannot be reached
        return float(room[worst]), f" at a depth of {top - heights[worst]:.4g} µm"
