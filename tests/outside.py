"""Runs geom3d beside other distributions, in a process of its own, as they are found once in each process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import geom3d

ROOT = Path(__file__).resolve().parents[1]
STACK = "planar-licoo2-lipon-lithium"


def python(folders: Sequence[Path], *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs Python with these folders on its path, before the geom3d that is tested, whose compiled code it finds."""
    path = os.pathsep.join(map(str, [*folders, Path(geom3d.__file__).parents[1], ROOT / "tests"]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", "HYPOTHESIS_PROFILE": "few"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=environment, cwd=cwd)


def code(folders: Sequence[Path], text: str, cwd: Path) -> str:
    """Runs Python code that must not fail; returns what it prints."""
    ended = python(folders, "-c", textwrap.dedent(text), cwd=cwd)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


RUN = textwrap.dedent("""
    import io, json, shlex, sys
    from contextlib import redirect_stderr, redirect_stdout
    from geom3d.cli.app import run
    ended = []
    for line in sys.argv[1:]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(shlex.split(line))
        ended.append([code, out.getvalue(), err.getvalue()])
    print(json.dumps(ended))
""")


def commands(folders: Sequence[Path], cwd: Path, *lines: str) -> list[tuple[int, str, str]]:
    """Code, stdout and stderr of commands, run in one process, whose start takes longer than they do."""
    ended = python(folders, "-c", RUN, *lines, cwd=cwd)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def distribution(folder: Path, name: str, points: dict[str, dict[str, str]], files: dict[str, str]) -> None:
    """Lays out a distribution as pip would.

    Args:
        folder: that is to be on the path.
        name: of the distribution.
        points: value by name by group of its entry points.
        files: text by path.
    """
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", "utf-8")
    groups = [
        f"[geom3d.{group}]\n" + "".join(f"{key} = {value}\n" for key, value in entries.items())
        for group, entries in points.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups), "utf-8")
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
