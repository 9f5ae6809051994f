"""Compiled functions: on a terminal the first compilation says so, once."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numba
import pytest
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


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
def test_where_code_cannot_be_kept_it_runs_all_the_same(tmp_path):
    (tmp_path / "doubled.py").write_text(
        "from geom3d.core.jit import compiled\n@compiled\ndef double(x): return 2 * x\n"
    )
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9)); from doubled import double; print(double(21))"
    command = [sys.executable, "-B", "-c", code]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=tmp_path)
    assert (ended.stdout, ended.stderr) == ("42\n", "")
    assert not [path for path in tmp_path.rglob("*.nb*") if path.stat().st_size]


def test_for_a_debugger_nothing_is_compiled(tmp_path):
    (tmp_path / "told.py").write_text(
        "from geom3d.core.jit import compiled\n@compiled\ndef told(): return locals() == {}\nprint(told())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-B", "told.py"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=tmp_path,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
    )
    assert (ended.stdout, ended.stderr) == ("True\n", "")
