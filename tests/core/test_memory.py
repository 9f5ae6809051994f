"""What needs more memory than may be used is refused beforehand: with the key, the number, and what fits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from shell import command

import geom3d
from geom3d.core import memory
from geom3d.core.errors import InputError
from geom3d.rasters.voxels import fractions, voxels
from geom3d.transport.tetrahedra import Medium

FLAT, POSTS, TRENCHES, GYROID = (
    "planar-licoo2-lipon-lithium",
    "pillars-coated",
    "trenches-notten-2007",
    "sponge-gyroid-lto",
)
IMPERFECT = "parameters={pitch = 10.0, diameter = 5.0, height = 20.0, periods = 20, spread = 0.1}"


@pytest.mark.parametrize("text", ["", "4", "four GB", "-1 GB", "1 MB", "nan", "1e400", "4 GHz", "GB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="must be a size of memory such as '4 GB', at least 100 MB"):
        memory.parse_size(text)
    ended = command("measure", "planar-licoo2-lipon-lithium", f"--max-memory={text}")
    assert ended.code == 1
    assert ended.err.startswith("geom3d: max_memory: must be a size of memory")


def test_half_of_the_machine_or_what_is_told(monkeypatch):
    monkeypatch.delenv(memory.VARIABLE, raising=False)
    assert 1e8 < memory.allowed() < 1e14
    with memory.limited("2 GB"):
        assert (memory.allowed(), memory.most(200)) == (2 * 10**9, 10**7)
        code = "from geom3d.core import memory; print(memory.allowed())"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.split() == [
            b"2000000000"
        ]
    assert memory.VARIABLE not in os.environ
    monkeypatch.setenv(memory.VARIABLE, "plenty")
    with pytest.raises(InputError, match=f"{memory.VARIABLE}: must be a size of memory such as '4 GB'.*got 'plenty'"):
        memory.allowed()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_limit_of_the_process_counts():
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)); from geom3d.core import memory; print(memory.allowed())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.split() == [
        b"500000000"
    ]


#: Requests of every kind that are modest, and far too much for 150 MB.
TOO_MUCH = {
    "resolution": [(GYROID, "measure", "--set", "resolution=0.05")],
    "max_edge": [(FLAT, "build", "-o", "o", "--format", "vtu", "--max-edge", "0.01")],
    "voxel": [(FLAT, "build", "-o", "o", "--format", "nrrd", "--voxel", "0.001"), (FLAT, "build", "-o", "o", "--format", "tiff", "--voxel", "0.001")],
    "repeat": [(POSTS, "build", "-o", "o", "--format", form, "--repeat", "1000", "1000") for form in ("obj", "ply")],
    "size": [
        (TRENCHES, "render", "-o", "o.png", "--size", "4000", "4000"),
        (TRENCHES, "render", "-o", "o.gif", "--turntable", "--size", "750", "750"),
        (TRENCHES, "render", "-o", "o.png", "--width", "300mm", "--dpi", "300"),
    ],
    "tolerance": [(POSTS, "measure", "--set", IMPERFECT)],
}  # fmt: skip
CASES = [(key, case) for key, cases in TOO_MUCH.items() for case in cases]


@pytest.mark.parametrize(("key", "case"), CASES, ids=lambda part: part if isinstance(part, str) else " ".join(part[1:]))
def test_too_much_is_refused_before_it_is_allocated(key, case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, verb, *options = case
    tracemalloc.start()
    try:
        ended = command(verb, name, *options, "--max-memory", "150 MB")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ended.code == 1
    found = re.search(
        rf"{key}: \S+ .+ would take about \S+ .B of memory, 150 MB may be used \((\S+) fit\): .+, or allow more",
        ended.err,
    )
    assert found, ended.err
    assert float(found[1]) > 1e4
    assert peak < 150e6
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert memory.VARIABLE not in os.environ


def test_arrays_of_voxels_are_bounded_like_files():
    design = geom3d.load("planar-licoo2-lipon-lithium")
    with memory.limited("100 MB"):
        for ask in (voxels, fractions):
            with pytest.raises(InputError, match=r"voxel: .* would take about .* of memory, 100 MB may be used"):
                ask(design.cell(), design.walls(), 0.002)
        assert voxels(design.cell(), design.walls(), 0.5)[0].size


def test_a_limit_that_is_kept_changes_nothing():
    plain, told = (command("measure", POSTS, "--json", *more) for more in ((), ("--max-memory", "1GB")))
    assert plain.code == told.code == 0
    assert plain.out == told.out


def test_a_system_of_conduction_is_refused_before_it_is_allocated():
    count = 200_000
    corners = np.broadcast_to(np.arange(4), (count, 4))
    points, ends = np.vstack([np.zeros(3), np.eye(3)]), np.empty(0, dtype=np.int64)
    medium = Medium(points, corners, np.broadcast_to(1.0, count), corners, 4, ends, ends)
    tracemalloc.start()
    try:
        with (
            memory.limited("100 MB"),
            pytest.raises(InputError, match=r"transport: 2e\+05 tetrahedra that conduct would"),
        ):
            _ = medium.system
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    with memory.limited("120 MB"):
        assert medium.system.matrix.shape == (4, 4)
