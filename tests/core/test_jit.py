"""Compiled functions: on a terminal the first compilation says so, once."""

from __future__ import annotations

import io
import sys

import numba
from numba.core import event

from geom3d.core import jit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_first_compilation_says_so_on_a_terminal(monkeypatch):
    notice = jit._Notice()
    screen, pipe = Terminal(), io.StringIO()
    with event.install_listener("numba:compile", notice):
        monkeypatch.setattr(sys, "stderr", pipe)
        assert numba.njit(lambda x: x + 1)(1) == 2
        monkeypatch.setattr(sys, "stderr", screen)
        jit_before = screen.getvalue().count("compiling")
        assert numba.njit(lambda x: x + 2)(1) == 3
        assert numba.njit(lambda x: x + 3)(1) == 4
    assert pipe.getvalue() == ""
    assert notice.said
    assert jit_before == 0
    assert 1 <= screen.getvalue().count("compiling") <= 2  # this one, and the one that is always there
