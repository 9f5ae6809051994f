"""How many unit cells a device has: one rule for templates, files and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from geom3d.core.errors import InputError

#: Most unit cells in either direction.
MOST_CELLS = 100_000
#: Unit cells in one direction, as a template gives them.
Cells = Annotated[int, Field(ge=1, le=MOST_CELLS, strict=True)]
#: Unit cells in x and y.
Repeat = tuple[Cells, Cells]


def checked_repeat(repeat: Sequence[float]) -> tuple[int, int]:
    """Unit cells in x and y as whole numbers; 2.0 is one, 1.5 is not.

    Raises:
        InputError: what is not two whole numbers from 1 to `MOST_CELLS`.
    """
    counts = [int(n) for n in repeat if isinstance(n, int | float) and 1 <= n <= MOST_CELLS and n == int(n)]
    if len(counts) != 2 or len(repeat) != 2:
        shown = " ".join(f"{n:g}" if isinstance(n, float) else str(n) for n in repeat)
        raise InputError(f"repeat: must be two whole numbers from 1 to {MOST_CELLS}; got {shown}")
    return counts[0], counts[1]
