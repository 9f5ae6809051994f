"""How long a million triangles and 300³ voxels take under three films, and how much memory.

    python benchmarks/large_structures.py [surface | image | all] [--triangles N] [--voxels N]

Each is made, written to a folder of its own, and measured in a process of its own, whose wall time, processor time and peak memory are
printed: reading and checking the file, the mesh of all regions, and the report. The aim is 60 s and 6 GB on two cores that do nothing else.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy
import trimesh

KINDS = (("cathode", "licoo2", 1), ("electrolyte", "lipon", 2), ("anode", "lithium", 1))


def films(thinnest: float) -> str:
    """A battery of three films, µm, as the end of a template."""
    parts = (
        f'[[layers]]\nname = "{name}"\nrole = "{name}"\nmaterial = "{material}"\nthickness = {thinnest * share}\n'
        for name, material, share in KINDS
    )
    return "\n".join(parts)


def surface(folder: Path, triangles: int) -> str:
    """A ball with waves on it, of a sphere whose triangles are split until there are so many; 10 µm across."""
    rows = round((triangles / 8) ** 0.5)
    mesh = trimesh.creation.uv_sphere(radius=5.0, count=[rows, 2 * rows])
    x, y, z = np.array(mesh.vertices).T
    waves = 1 + 0.02 * np.sin(2 * x) * np.sin(2 * y) * np.sin(2 * z)
    moved = trimesh.Trimesh(np.column_stack([x, y, z]) * waves[:, None], mesh.faces, process=True)
    moved.export(folder / "ball.stl")
    print(f"{len(moved.faces):,} triangles", flush=True)
    return f'architecture = "surface"\n[parameters]\nfile = "ball.stl"\nunit = "um"\nperiodic = false\nmargin = 1.0\nsunk = 0.5\n{films(0.1)}'


def image(folder: Path, voxels: int) -> str:
    """Blurred noise with a period in all ways, half of it solid: grains of some thirty voxels."""
    noise = np.random.default_rng(1).standard_normal((voxels,) * 3).astype(np.float32)
    blurred = scipy.ndimage.gaussian_filter(noise, 15.0, mode="wrap")
    np.save(folder / "grains.npy", np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8))
    print(f"{voxels:,}³ voxels", flush=True)
    return (
        'architecture = "image"\n[parameters]\nfile = "grains.npy"\nvoxel = [0.2, 0.2, 0.2]\nthreshold = 128\n'
        f'sides = "match"\nloose = "drop"\n{films(0.2)}'
    )


def main() -> int:
    """Makes and measures what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["surface", "image", "all"], nargs="?", default="all")
    parser.add_argument("--triangles", type=int, default=1_000_000)
    parser.add_argument("--voxels", type=int, default=300)
    options = parser.parse_args()
    made = {"surface": (surface, options.triangles), "image": (image, options.voxels)}
    for name in made if options.what == "all" else [options.what]:
        make, number = made[name]
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / f"{name}.toml"
            template.write_text(make(Path(folder), number), "utf-8")
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            ended = subprocess.run([sys.executable, "-m", "geom3d", "measure", str(template)], check=False)  # noqa: S603
            wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(
                f"{name}: exit code {ended.returncode}, {wall:.0f} s, {busy:.0f} s of processors, "
                f"{after.ru_maxrss / 2**20:.2f} GB\n",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
