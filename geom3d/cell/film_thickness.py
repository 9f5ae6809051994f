"""The thickness of a coat as a template gives it: one length, three, or a table against depth."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from geom3d.core.errors import InputError
from geom3d.core.quantities import LONGEST, parse_length
from geom3d.solids.film_profile import FilmProfile

#: Thickest coat, µm.
THICKEST = 1e4


class ThreeThicknesses(BaseModel):
    """Thickness at the top, amid the depth and at the foot, µm, linear between.

    Attributes:
        top: on the top, too.
        middle: the mean of both others where it is left out.
        bottom: on the floor, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    top: float
    middle: float | None = None
    bottom: float


def _length(value: Any, low: float, most: float, words: str) -> float:
    try:
        found = parse_length(value)
    except ValueError as error:
        raise ValueError(f"{words}{error}" if words else str(error)) from None
    if found < low or (low == 0 and found <= 0 and not words.startswith("depth")):
        raise ValueError(f"{words}must be greater than 0")
    if found > most:
        raise ValueError(f"{words}must be at most {most:g}")
    return found


def _parsed(value: Any) -> Any:
    """A float, `ThreeThicknesses`, or pairs of depth and thickness."""
    if isinstance(value, ThreeThicknesses) or value is None:
        return value
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in ThreeThicknesses.model_fields]
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; valid: {', '.join(ThreeThicknesses.model_fields)}")
        missing = [key for key in ("top", "bottom") if key not in value]
        if missing:
            raise ValueError(f"{missing[0]} is missing; an uneven film has top, middle and bottom")
        return ThreeThicknesses(**{key: _length(part, 0.0, THICKEST, f"{key} ") for key, part in value.items()})
    if isinstance(value, list | tuple):
        rule = "must be a length, a table of top, middle and bottom, or a list of [depth, thickness]"
        if not value or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value):
            raise ValueError(rule)
        pairs = tuple(
            (_length(depth, 0.0, LONGEST, "depth "), _length(part, 0.0, THICKEST, "thickness "))
            for depth, part in value
        )
        if any(b <= a for (a, _), (b, _) in pairwise(pairs)):
            raise ValueError("depths must ascend")
        return pairs
    return _length(value, 0.0, THICKEST, "")


#: What `thickness` may be in a template.
Thickness = Annotated[float | ThreeThicknesses | tuple[tuple[float, float], ...], BeforeValidator(_parsed)]


def is_even(thickness: float | ThreeThicknesses | tuple[tuple[float, float], ...] | None) -> bool:
    """Whether a thickness is one number, or none."""
    return thickness is None or isinstance(thickness, float | int)


def on_top(
    thickness: float | ThreeThicknesses | tuple[tuple[float, float], ...] | None,
) -> float | None:
    """Thickness on the flat top, µm; None of what has none."""
    if isinstance(thickness, ThreeThicknesses):
        return thickness.top
    return thickness[0][1] if isinstance(thickness, tuple) else thickness


def film_profile(
    thickness: float | ThreeThicknesses | tuple[tuple[float, float], ...], depth: float, key: str
) -> FilmProfile:
    """The film that a thickness means on a structure of that depth, µm.

    Raises:
        InputError: naming the key, for a depth below the floor.
    """
    if isinstance(thickness, ThreeThicknesses):
        middle = (thickness.top + thickness.bottom) / 2 if thickness.middle is None else thickness.middle
        return FilmProfile((0.0, depth / 2, depth), (thickness.top, middle, thickness.bottom))
    if isinstance(thickness, tuple):
        depths, parts = zip(*thickness, strict=True)
        if depths[-1] > depth * (1 + 1e-9):
            raise InputError(f"{key}: depths must lie within the structure's {depth:g} µm; got {depths[-1]:g}")
        return FilmProfile(depths, parts)
    return FilmProfile.even(thickness)
