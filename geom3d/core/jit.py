"""Functions that are compiled to machine code on their first use."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

import numba
from numba.core import event

F = TypeVar("F", bound=Callable[..., object])


class _Notice(event.Listener):
    """Says on a terminal, once, that a compilation takes its time; code that was kept is not compiled."""

    said = False

    def on_start(self, event: Any) -> None:
        if not self.said and sys.stderr is not None and sys.stderr.isatty():
            print("geom3d: compiling, once on this machine; this takes some seconds", file=sys.stderr)
            self.said = True

    def on_end(self, event: Any) -> None:
        """Nothing is said of the end: what was asked for follows."""


event.register("numba:compile", _Notice())  # type: ignore[no-untyped-call]


def compiled(function: F) -> F:
    """The function, compiled when it is first called; it lets go of the interpreter, so that threads run side by side.

    The code is kept for later runs beside the module, or in the user's folder for such things; where neither can be written
    it is made anew in each run, which takes some seconds. A function that others call stands in their file: kept
    code is renewed when its own file changes, not when another does. With NUMBA_DISABLE_JIT=1 it stays what it is, for a
    debugger.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    try:
        made: Any = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # there is no folder to keep it in
        return cast("F", numba.njit(nogil=True, error_model="numpy")(function))
    kept = made._cache  # noqa: SLF001  # there is no public way
    kept.save_overload = _if_it_can(kept.save_overload)
    return cast("F", made)


def _if_it_can(save: Callable[..., None]) -> Callable[..., None]:
    """Keeps compiled code where there is room for it: on a full disk a command does its work all the same."""

    def kept(*parts: object) -> None:
        with suppress(OSError):
            save(*parts)

    return kept
