"""Runs one command of geom3d in this process, as a shell would see it end."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace

from geom3d.cli.app import run


def command(*arguments: object) -> SimpleNamespace:
    """Its exit code, and what it says on either stream."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())
