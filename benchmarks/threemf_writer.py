"""One mesh as a 3MF file: geom3d's writer against those of lib3mf and trimesh, in one run.

Usage: python benchmarks/threemf_writer.py [TRIANGLES ...]      (1 and 3.9 million by default; about a minute)

Larger meshes than a million triangles are written by geom3d only, unless --all is given.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lib3mf
import numpy as np
import trimesh

Mesh = tuple[np.ndarray, np.ndarray]
LIMIT = 1_500_000


def wavy_ring(triangles: float) -> Mesh:
    """A closed surface whose coordinates fill all their digits, µm."""
    n = round((triangles / 2) ** 0.5)
    u, v = np.meshgrid(*(np.arange(n) * 2 * np.pi / n,) * 2, indexing="ij")
    r = 8 + np.sin(7 * u) * np.cos(5 * v)
    points = np.stack([(20 + r * np.cos(v)) * np.cos(u), (20 + r * np.cos(v)) * np.sin(u), r * np.sin(v)], axis=-1)
    at = np.arange(n * n).reshape(n, n)
    a, b, c, d = (at, np.roll(at, -1, 0), np.roll(at, (-1, -1), (0, 1)), np.roll(at, -1, 1))
    faces = np.concatenate([np.stack(corners, axis=-1).reshape(-1, 3) for corners in ((a, b, c), (a, c, d))])
    return points.reshape(-1, 3) + 30, faces


def with_geom3d(mesh: Mesh, path: Path) -> None:
    threemf = importlib.import_module("geom3d.exports.3mf")
    with path.open("wb") as file:
        part = threemf.Part("ring", 0, *mesh)
        threemf.write_3mf(file, [part], [("Silicon", "#336699")], [("Title", "ring")], (60.0, 60.0), (1, 1))


def with_lib3mf(mesh: Mesh, path: Path) -> None:
    """As its examples show: arrays of its own types, handed to `SetGeometry`."""
    points = (lib3mf.Position * len(mesh[0])).from_buffer_copy(mesh[0].astype(np.float32))
    faces = (lib3mf.Triangle * len(mesh[1])).from_buffer_copy(mesh[1].astype(np.uint32))
    write_lib3mf(path, lambda wrapper, body: body.SetGeometry(points, faces))


def with_lib3mf_in_c(mesh: Mesh, path: Path) -> None:
    """Past its Python layer, which copies number by number: the C function beneath takes arrays as they are."""
    points, faces = mesh[0].astype(np.float32), mesh[1].astype(np.uint32)

    def fill(wrapper: Any, body: Any) -> None:
        code = wrapper.lib.lib3mf_meshobject_setgeometry(
            body._handle,  # noqa: SLF001
            ctypes.c_uint64(len(points)),
            points.ctypes.data_as(ctypes.POINTER(lib3mf.Position)),
            ctypes.c_uint64(len(faces)),
            faces.ctypes.data_as(ctypes.POINTER(lib3mf.Triangle)),
        )
        wrapper.checkError(body, code)

    write_lib3mf(path, fill)


def write_lib3mf(path: Path, fill: Callable[[Any, Any], None]) -> None:
    wrapper = lib3mf.get_wrapper()
    model = wrapper.CreateModel()
    model.SetUnit(lib3mf.ModelUnit.MicroMeter)
    body = model.AddMeshObject()
    fill(wrapper, body)
    model.AddBuildItem(body, wrapper.GetIdentityTransform())
    model.QueryWriter("3mf").WriteToFile(str(path))


def with_trimesh(mesh: Mesh, path: Path) -> None:
    trimesh.Trimesh(*mesh, process=False).export(path)


def main(arguments: list[str]) -> None:
    sizes = [float(word) for word in arguments if word != "--all"] or [1e6, 3.9e6]
    print(f"{'triangles':>11} {'writer':9} {'time / s':>9} {'ratio':>6} {'size / MB':>10} {'warnings':>9}")
    for size in sizes:
        mesh = wavy_ring(size)
        writers = {
            "geom3d": with_geom3d,
            "lib3mf": with_lib3mf,
            "lib3mf, C": with_lib3mf_in_c,
            "trimesh": with_trimesh,
        }
        if size > LIMIT and "--all" not in arguments:
            writers = {"geom3d": with_geom3d}
        ours = 0.0
        for name, make in writers.items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "ring.3mf"
                seconds = best(make, mesh, path, 3 if name == "geom3d" else 1)
                ours = ours or seconds
                megabytes, warnings = path.stat().st_size / 1e6, read(path, len(mesh[1]))
            row = f"{len(mesh[1]):11,} {name:9} {seconds:9.2f} {seconds / ours:6.1f} {megabytes:10.1f} {warnings:>9}"
            print(row, flush=True)


def best(make: Callable[[Mesh, Path], None], mesh: Mesh, path: Path, times: int) -> float:
    """Shortest of several runs; the first also pays for imports."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        make(mesh, path)
        found.append(time.perf_counter() - start)
    return min(found)


def read(path: Path, triangles: int) -> str:
    """Warnings of lib3mf's strict reader, which must find all triangles, or "refused"."""
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    try:
        reader.ReadFromFile(str(path))
    except lib3mf.Lib3MF.ELib3MFException:
        return "refused"
    bodies = model.GetMeshObjects()
    bodies.MoveNext()
    if bodies.GetCurrentMeshObject().GetTriangleCount() != triangles:
        raise ValueError(f"{path.name} lacks triangles")
    return str(reader.GetWarningCount())


if __name__ == "__main__":
    main(sys.argv[1:])
