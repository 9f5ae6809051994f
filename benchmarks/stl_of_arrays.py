"""STL of N × N posts on a plate: the unit cell tiled, against booleans over the whole array, in one run.

Usage: python benchmarks/stl_of_arrays.py [N ...]      (32 and 100 by default; the booleans take about a minute)
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import manifold3d
import numpy as np
import trimesh

import geom3d

PITCH, DIAMETER, HEIGHT, BASE, SIDES = 10.0, 5.0, 50.0, 1.0, 32
#: Radius of the corners of a 32-gon that has the area of the circle: all three make the same polygon.
REACH = DIAMETER / 2 * math.sqrt(2 * math.pi / SIDES / math.sin(2 * math.pi / SIDES))


def with_geom3d(n: int, path: Path) -> None:
    design = geom3d.design(
        {
            "architecture": "pillars",
            "tolerance": DIAMETER / 2 * (1 - math.cos(math.pi / SIDES)),
            "parameters": {"pitch": PITCH, "diameter": DIAMETER, "height": HEIGHT, "base": BASE},
        }
    )
    design.build(path, repeat=(n, n), unit="um")


def with_manifold(n: int, path: Path) -> None:
    plate = manifold3d.Manifold.cube((n * PITCH, n * PITCH, BASE))
    post = manifold3d.Manifold.cylinder(HEIGHT + BASE, REACH, circular_segments=SIDES)
    at = [((i + 0.5) * PITCH, (j + 0.5) * PITCH, 0.0) for i in range(n) for j in range(n)]
    body = manifold3d.Manifold.batch_boolean([plate, *(post.translate(p) for p in at)], manifold3d.OpType.Add)
    mesh = body.to_mesh()
    trimesh.Trimesh(mesh.vert_properties[:, :3], mesh.tri_verts, process=False).export(path / "manifold.stl")


def with_trimesh(n: int, path: Path) -> None:
    plate = trimesh.creation.box(bounds=[(0, 0, 0), (n * PITCH, n * PITCH, BASE)])
    post = trimesh.creation.cylinder(REACH, segment=[(0, 0, 0), (0, 0, HEIGHT + BASE)], sections=SIDES)
    posts = []
    for i in range(n):
        for j in range(n):
            one = post.copy()
            one.apply_translation(((i + 0.5) * PITCH, (j + 0.5) * PITCH, 0))
            posts.append(one)
    trimesh.boolean.union([plate, *posts], engine="manifold").export(path / "trimesh.stl")


def main(sizes: list[int]) -> None:
    print(f"{'N':>5} {'tool':12} {'time / s':>10} {'ratio':>8} {'triangles':>11} {'volume':>10}")
    for n in sizes:
        fastest = math.inf
        for name, make in (("geom3d", with_geom3d), ("manifold3d", with_manifold), ("trimesh", with_trimesh)):
            with tempfile.TemporaryDirectory() as folder:
                seconds = best(make, n, Path(folder), 3 if name == "geom3d" else 1)
                fastest = min(fastest, seconds)
                pattern = "*scaffold*.stl" if name == "geom3d" else "*.stl"
                (file,) = Path(folder).glob(pattern)
                count, volume = read(file)
            print(f"{n:5} {name:12} {seconds:10.3f} {seconds / fastest:8.1f} {count:11,} {volume:10.4e}", flush=True)


def best(make: Callable[[int, Path], None], n: int, path: Path, times: int) -> float:
    """Shortest of several runs; the first also pays for imports."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        make(n, path)
        found.append(time.perf_counter() - start)
    return min(found)


def read(path: Path) -> tuple[int, float]:
    """Number of triangles, and the volume by the divergence theorem."""
    raw = np.frombuffer(path.read_bytes()[84:], dtype=np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]))
    corners = raw["v"].astype(float)
    return len(raw), float(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [32, 100])
