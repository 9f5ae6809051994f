"""Functions that are compiled to machine code on their first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function, compiled when it is first called; it lets go of the interpreter, so that threads run side by side.

    The code is kept for later runs beside the module, or in the user's folder for such things; where neither can be written
    it is made anew in each run, which takes some seconds. A function that others call stands in their file: kept
    code is renewed when its own file changes, not when another does.
    """
    try:
        return cast("F", numba.njit(nogil=True, cache=True, error_model="numpy")(function))
    except RuntimeError:  # there is no folder to keep it in
        return cast("F", numba.njit(nogil=True, error_model="numpy")(function))
