"""Files of whole devices: closed however large, and whole or not there at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import geom3d
from geom3d import exports
from geom3d.core.errors import OutputError
from geom3d.exports import Options, formats
from geom3d.exports.stl import RECORD, write_stl

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "stl_of_devices.py"
WISH = {"repeat": (6, 5), "options": Options(voxel=0.25, pixel=0.25, layer_height=5.0)}
#: Files of these formats grow so large that a signal reaches the work before it is done.
LARGE = ("stl", "tiff", "nrrd")
#: Triangles, an archive and a folder of pictures stand for all formats in the fast part.
QUICK = ("stl", "3mf", "png")
each_format = pytest.mark.parametrize(
    "kind", [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in formats()]
)
posix = pytest.mark.skipif(os.name != "posix", reason="signals, limits and file systems of POSIX")
#: A file, or the files of a folder by name: some formats have a folder of slices.
Kept = bytes | dict[str, bytes]
Whole = Callable[[str], dict[str, Kept]]


@pytest.fixture(scope="module")
def design() -> geom3d.Design:
    return geom3d.load("pillars-coated", {"tolerance": 0.05})


def build(design: geom3d.Design, folder: Path, kind: str) -> list[Path]:
    return design.build(folder, formats=(kind,), **WISH)


@pytest.fixture(scope="module")
def whole(design, tmp_path_factory) -> Whole:
    """The files of a format, by name, as they come out when nothing happens."""
    known: dict[str, dict[str, Kept]] = {}

    def files(kind: str) -> dict[str, Kept]:
        if kind not in known:
            paths = build(design, tmp_path_factory.mktemp(kind), kind)
            known[kind] = {path.name: kept(path) for path in paths}
        return known[kind]

    return files


def kept(path: Path) -> Kept:
    return content(path) if path.is_dir() else path.read_bytes()


def content(folder: Path) -> dict[str, Kept]:
    return {path.name: kept(path) for path in folder.iterdir()}


def size(one: Kept) -> int:
    return len(one) if isinstance(one, bytes) else sum(map(len, one.values()))


def put_old(folder: Path, expected: dict[str, Kept], data: bytes = b"old") -> dict[str, Kept]:
    """Puts something old in every file's and folder's place."""
    old: dict[str, Kept] = {}
    for name, one in expected.items():
        path = folder / name
        if isinstance(one, dict):
            path.mkdir()
            path /= "old.file"
        path.write_bytes(data)
        old[name] = kept(folder / name)
    return old


@pytest.fixture(scope="module")
def benchmark():
    if not BENCHMARK.exists():
        pytest.skip("the benchmarks are not in this copy")
    spec = importlib.util.spec_from_file_location("stl_of_devices", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_device_of_40_by_40_pillars_is_closed_and_of_the_right_volume(benchmark, tmp_path):
    n, path = 40, tmp_path / "device.stl"
    found = benchmark.write(n, path)
    assert path.stat().st_size == 84 + 50 * found["triangles"]
    assert found["triangles"] > 200_000
    lengths = (n * benchmark.PITCH, n * benchmark.PITCH, benchmark.HEIGHT + benchmark.BASE)
    closed, volume = benchmark.read(path, tuple(length / 2 * 1e-3 for length in lengths))
    area = np.pi * benchmark.DIAMETER**2 / 4
    assert closed
    assert volume == pytest.approx(n * n * (100 * benchmark.BASE + area * benchmark.HEIGHT) * 1e-9, rel=1e-6)


def test_the_check_for_closed_files_finds_what_it_is_for(benchmark, tmp_path):
    """The sum of the edges' numbers against a count of all edges; then with a triangle less, turned, or moved by a bit."""
    path = tmp_path / "device.stl"
    benchmark.write(3, path)
    raw = np.fromfile(path, dtype=RECORD, offset=84)
    corners = raw["corners"].copy()
    points = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)[1].reshape(-1, 3)
    start, end = points.ravel(), np.roll(points, -1, axis=1).ravel()
    uses = np.zeros((points.max() + 1,) * 2, dtype=int)
    np.add.at(uses, (start, end), 1)
    assert np.array_equal(uses, uses.T)
    assert benchmark.edges(corners) == 0
    assert benchmark.edges(np.delete(corners, 77, axis=0)) != 0
    turned, moved = corners.copy(), corners.copy()
    turned[77] = turned[77, ::-1]
    moved[77, 0, 0] = np.nextafter(moved[77, 0, 0], np.float32(9))
    assert benchmark.edges(turned) != 0
    assert benchmark.edges(moved) != 0


@pytest.mark.parametrize("name", ["pillars-coated", "trenches-notten-2007", "comb-sun-2013"])
def test_normals_are_those_of_the_corners_as_stored(name, tmp_path):
    """Far from the origin, too, where 24 bits turn the small facets of thin films by degrees."""
    walls = geom3d.load(name).walls()
    path = tmp_path / "one.stl"
    with path.open("wb") as file:
        write_stl(file, walls, [1], (30, 20), 1e-3, "")
    raw = np.fromfile(path, dtype=RECORD, offset=84)
    a, b, c = (raw["corners"][:, k].astype(np.float64) for k in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1)
    real = length > 0
    assert real.mean() > 0.99
    assert np.abs(raw["normal"][real] - normal[real] / length[real, None]).max() < 1e-3
    assert np.abs(np.linalg.norm(raw["normal"], axis=1) - 1).max() < 1e-6


@each_format
def test_paths_with_blanks_and_other_letters(kind, design, whole, tmp_path):
    expected = whole(kind)
    folder = tmp_path / "a b" / "ö é 日本 µm"
    paths = build(design, folder, kind)
    assert content(folder) == {path.name: kept(path) for path in paths} == expected
    planned = design.plan(folder, formats=(kind,), **WISH)
    # What is in a folder may be planned as such.
    assert {name.split("/")[0] for name in (*planned, "report.json")} == expected.keys()
    assert sum(map(size, expected.values())) <= sum(planned.values()) + size(expected["report.json"])


@each_format
def test_existing_files_are_replaced_whole_and_only_those_named(kind, design, whole, tmp_path):
    expected = whole(kind)
    others = {"notes.txt": b"mine", ".hidden": b"\0", "pillars-coated_of-another-time.stl": b"old"}
    put_old(tmp_path, expected, b"old" * 500_000)
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
    build(design, tmp_path, kind)
    assert content(tmp_path) == expected | others


@each_format
def test_bad_paths_are_errors_that_leave_nothing(kind, design, whole, tmp_path):
    expected = whole(kind)
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    for folder in (file, file / "below", tmp_path / ("x" * 300)):
        with pytest.raises(OutputError, match=re.escape(str(folder))):
            build(design, folder, kind)
    # A folder that has a file's name, or the other way round.
    first, one = next(iter(expected.items()))
    (tmp_path / "o").mkdir()
    wrong = put_old(tmp_path / "o", {first: b"" if isinstance(one, dict) else {}})
    with pytest.raises(OutputError, match=re.escape(first)):
        build(design, tmp_path / "o", kind)
    found = content(tmp_path / "o")
    assert found.keys() <= expected.keys()
    assert found[first] == wrong[first]
    assert file.read_bytes() == b"mine"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of 256 kB; where none may be mounted, files that may not grow beyond 2 kB. Tells which."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if mounted:
        try:
            yield True
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        return
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        yield False
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@posix
@pytest.mark.parametrize("room", [0, 100_000])
@each_format
def test_a_disk_that_fills_up_leaves_no_part_of_a_file(kind, room, design, whole, tmp_path, monkeypatch):
    """What was there stays as it was, and what is new is whole."""
    expected = whole(kind)
    monkeypatch.setattr(exports, "require_room", lambda folder, needed: None)  # it would not let the work begin
    with small_disk(tmp_path / "disk") as mounted:
        folder = tmp_path / "disk"
        old = put_old(folder, expected)
        if mounted:
            fill(folder / ".filler", room)
            old[".filler"] = (folder / ".filler").read_bytes()
        if room == 0 or not mounted or max(map(size, expected.values())) > 256_000:
            with pytest.raises(OutputError, match="cannot be written: "):
                build(design, folder, kind)
        else:
            with contextlib.suppress(OutputError):
                build(design, folder, kind)
        found = content(folder)
    assert found.keys() == old.keys()
    for name, data in found.items():
        assert data in (old[name], expected.get(name)), f"{name} is neither the old file nor the new one"


def fill(path: Path, room: int) -> None:
    """Fills a file system up to so many bytes."""
    block = b"\1" * 4096
    with path.open("wb", buffering=0) as file:
        while os.statvfs(path.parent).f_bavail * os.statvfs(path.parent).f_frsize > room:
            try:
                file.write(block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return


@posix
def test_what_the_disk_cannot_hold_is_not_begun(design, tmp_path, monkeypatch):
    with small_disk(tmp_path / "disk") as mounted:
        if not mounted:
            monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=256_000, free=250_000))
        with pytest.raises(OutputError, match=r"the disk has .* left; take fewer cells"):
            design.build(tmp_path / "disk", formats=("stl",), repeat=(100, 100))
        assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.slow
@posix
@pytest.mark.parametrize("kind", LARGE)
def test_an_interrupt_amid_the_work_leaves_no_part_of_a_file(kind, whole, tmp_path):
    """By a signal from outside, while the first file grows."""
    old = put_old(tmp_path, whole(kind))
    command = [sys.executable, "-m", "geom3d", "build", "pillars-coated", "-o", str(tmp_path), "--format", kind]
    command += ["--repeat", "80", "80", *([] if kind == "stl" else ["--voxel", "0.02"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as child:
        deadline = time.monotonic() + 60
        while child.poll() is None and not list(tmp_path.glob(".*.part*")) and time.monotonic() < deadline:
            time.sleep(0.002)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert err.startswith("geom3d: interrupted")
    assert content(tmp_path) == old


@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
@each_format
def test_an_interrupt_before_a_file_has_its_name_leaves_no_part_of_it(kind, last, design, whole, tmp_path, monkeypatch):
    """At a known point: the first file, or the last, is written, but not yet in its place: all stay as they were."""
    expected = whole(kind)
    old = put_old(tmp_path, expected)
    place, named, stopped = (len(expected) - 1 if last else 0), [], []

    def interrupted(move):
        def moved(path: Path, target: Path) -> Path:
            if target.name in expected and not stopped:
                if len(named) == place:
                    stopped.append(target.name)
                    raise KeyboardInterrupt
                named.append(target.name)
            return move(path, target)

        return moved

    for move in ("replace", "rename"):
        monkeypatch.setattr(Path, move, interrupted(getattr(Path, move)))
    with pytest.raises(KeyboardInterrupt):
        build(design, tmp_path, kind)
    assert (len(named), len(stopped)) == (place, 1)
    assert content(tmp_path) == old
