"""Lengths as users write them: a number in µm, or a string with a unit ("25 nm", "0.2 mm").

Metres with the usual prefixes are a factor; pint converts all other units, and is imported only where one turns up, since that
and its table of units take more time than measuring a cell of prisms.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

if TYPE_CHECKING:
    import pint

#: Lengths beyond these are slips of the pen, not microbatteries (µm).
SHORTEST, LONGEST = 1e-4, 1e5
#: Lengths as nearly everybody writes them, with the factors that pint has, by what they are converted to.
USUAL = {"µm": {"nm": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "mm": 1e3, "cm": 1e4, "m": 1e6}}

_QUANTITY = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\W\d_]+)\s*\Z")


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint

    return pint.UnitRegistry()


def convert(value: Any, unit: str, kind: str) -> float:
    """A number (taken as it is), or a string of a number and a unit (converted to `unit`), as a finite float.

    Raises:
        ValueError: with the rule that was broken; callers add the key.
    """
    rule = f"must be {kind}, a number in {unit} or a string such as '2 {unit}'"
    if isinstance(value, str):
        # Nothing but one number and one word: pint alone would compute what is written, however long that takes.
        found = _QUANTITY.match(value)
        if found is None:
            raise ValueError(rule)
        value = _to(float(found[1]), found[2], unit, kind)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(rule)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


def _to(number: float, word: str, unit: str, kind: str) -> float:
    factor = USUAL.get(unit, {}).get(word)
    if factor is not None:
        return number * factor
    import pint

    try:
        quantity: pint.Quantity[Any] = _registry().Quantity(number, word)
        return float(quantity.to(unit).magnitude)
    except pint.DimensionalityError:
        raise ValueError(f"must be {kind}; {word} cannot be converted to {unit}") from None
    except pint.PintError:
        raise ValueError(f"must be {kind}; unknown unit {word}") from None


def parse_length(value: Any) -> float:
    """A length in µm from a number (µm) or a string with a unit.

    >>> parse_length("25 nm")
    0.025
    >>> parse_length(8)
    8.0
    """
    number = convert(value, "µm", "a length")
    if abs(number) > LONGEST:
        raise ValueError(f"must be at most {LONGEST:g} µm in size (100 mm)")
    if 0 < abs(number) < SHORTEST:
        raise ValueError(f"must be zero or at least {SHORTEST:g} µm in size (0.1 nm)")
    return number


#: A length in µm; strings with a unit are converted.
Length = Annotated[float, BeforeValidator(parse_length)]
