"""Every format from another process: other hashes, threads, day, time zone, language, home, optimised and with warnings as errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import geom3d
from geom3d import exports

#: All that a process may ask the clock for, shifted by days; then a build in every format, and what else has no OpenGL in it.
WORK = """
import sys, time, datetime
shift, folder = float(sys.argv[1]), sys.argv[2]
now, local, gm, plain = time.time, time.localtime, time.gmtime, datetime.datetime
time.time = lambda: now() + shift
time.localtime = lambda seconds=None: local(time.time() if seconds is None else seconds)
time.gmtime = lambda seconds=None: gm(time.time() if seconds is None else seconds)
class Shifted(plain):
    @classmethod
    def now(cls, tz=None):
        return plain.fromtimestamp(time.time(), tz)
datetime.datetime = Shifted
from geom3d import exports
from geom3d.cli.app import run
formats = [word for name in exports.formats() for word in ("--format", name)]
lengths = ["--voxel", "4", "--pixel", "4", "--layer-height", "20"]
design = "pillars-coated"
codes = [run(["build", design, "-o", folder + "/files", "--repeat", "2", "2", *formats, *lengths])]
codes += [run(["compare", design, design, "-o", f"{folder}/compared.{end}"]) for end in ("xlsx", "csv")]
codes += [run(["render", design, "-o", f"{folder}/section.{end}"]) for end in ("svg", "pdf")]
sys.exit(max(codes))
"""
HERE = {"PYTHONHASHSEED": "0", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
THERE = {
    "PYTHONHASHSEED": "12345", "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "4", "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": "/nowhere",
}  # fmt: skip


def files(folder: Path, environment: dict[str, str], flags: tuple[str, ...], shift: float) -> dict[str, bytes]:
    folder.mkdir()
    path = str(Path(geom3d.__file__).parent.parent)
    command = [sys.executable, *flags, "-c", WORK, str(shift), str(folder)]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path, **environment}, capture_output=True, check=False, cwd=folder
    )
    assert ended.returncode == 0, ended.stderr.decode("utf-8", "replace")[-2000:]
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.slow
def test_the_same_bytes_whatever_the_process_the_day_and_the_language(tmp_path):
    one = files(tmp_path / "one", HERE, (), 0.0)
    two = files(tmp_path / "another place", THERE, ("-O", "-W", "error"), 4e7)
    assert one.keys() == two.keys()
    endings = {name.rpartition(".")[2] for name in one}
    assert {*exports.formats(), "xlsx", "pdf"} - {"tiff"} <= endings
    assert [name for name in one if one[name] != two[name]] == []
