"""A gyroid cell of three materials: web, film, pores; time, memory and triangles, side by side in one run.

First from one given field of distances to three closed surfaces, against VTK's flying edges (three shells that do not
fit each other). Then from parameters to surfaces, true film distance included, against microgen (a network and a
conformal sheet of the same surface, by its own way) and voxels, as PoreSpy makes them, with marching cubes.

Usage: python benchmarks/three_phase_gyroid.py [N ...]      (128 and 256 points per edge by default)
microgen and scikit-image are looked for in the environment and left out where they are not installed.
"""

from __future__ import annotations

import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

#: Cubic cells of the surface along each edge of the box, and the film's thickness in grid steps.
PERIODS, FILM = 2, 3.0


def field(n: int) -> np.ndarray:
    """(n + 1,)³ the gyroid function over its mean slope: a distance near enough to time contouring."""
    x = np.linspace(0, 2 * math.pi * PERIODS, n + 1)
    y, z = x[:, None], x[:, None, None]
    values = np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x)
    return values / (1.53 * 2 * math.pi * PERIODS)


def given_geom3d(values: np.ndarray) -> Callable[[], tuple[int, float]]:
    from geom3d.solids.fields.division import Division
    from geom3d.solids.fields.splits import Lattice
    from geom3d.solids.grid import Grid

    n = len(values) - 1
    x = np.linspace(0, 1, n + 1)
    rows = np.tile([0, 1, 2], (n, 1))
    division = Division(Lattice.of(Grid(x, x, x)), values, np.empty(0), np.array([1e-9, FILM / n]), rows)
    vertices, triangles, back_region, front_region, _ = division.walls()
    return lambda: figures(vertices, triangles, back_region, front_region)


def figures(
    vertices: np.ndarray, triangles: np.ndarray, back_region: np.ndarray, front_region: np.ndarray
) -> tuple[int, float]:
    """Triangles of the three closed shells, and the sum of their volumes."""
    a, b, c = (vertices[triangles[:, k]] - 0.5 for k in range(3))
    flux = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    closed = sum(int(np.count_nonzero((back_region == k) | (front_region == k))) for k in range(3))
    return closed, float(sum(flux[back_region == k].sum() - flux[front_region == k].sum() for k in range(3)))


def given_vtk(values: np.ndarray) -> Callable[[], tuple[int, float]]:
    import pyvista

    n = len(values) - 1
    meshes = []
    for shape in (values, np.maximum(-values, values - FILM / n), FILM / n - values):
        padded = np.pad(shape, 1, constant_values=1.0)
        image = pyvista.ImageData(dimensions=padded.shape, spacing=(1 / n,) * 3)
        image.point_data["f"] = padded.ravel()
        meshes.append(image.contour([0.0], scalars="f", method="flying_edges", compute_normals=False))
    return lambda: (sum(mesh.n_cells for mesh in meshes), float(sum(mesh.volume for mesh in meshes)))


def whole_geom3d(n: int) -> Callable[[], tuple[int, float]]:
    from geom3d.architectures.tpms import Nodal
    from geom3d.solids.fields.field import FIELDS, Field
    from geom3d.solids.fields.implicit import ImplicitBody

    size = (1.0, 1.0)
    web = ImplicitBody(Nodal("gyroid", 1 / PERIODS, 0.0, sheet=False), size, 0.0, math.inf, 0.2)
    body = Field(web, -math.inf, size)
    walls = FIELDS.partition(("web", "film"), [body, body.offset(FILM / n)], (1.0, 1.0, 1.0), 1 / n)
    return lambda: figures(walls.vertices, walls.triangles, walls.back_region, walls.front_region)


def whole_microgen(n: int) -> Callable[[], tuple[int, float]]:
    import microgen
    from microgen.shape import surface_functions

    tpms = microgen.Tpms(
        surface_function=surface_functions.gyroid,
        offset=FILM / n * 2 * math.pi * PERIODS,
        repeat_cell=PERIODS,
        cell_size=1 / PERIODS,
        resolution=n // PERIODS,
    )
    parts = [tpms.sheet, tpms.upper_skeletal, tpms.lower_skeletal]
    shells = [part.extract_surface().triangulate() for part in parts]
    return lambda: (sum(shell.n_cells for shell in shells), float(sum(abs(part.volume) for part in parts)))


def whole_voxels(n: int) -> Callable[[], tuple[int, float]]:
    from scipy.ndimage import distance_transform_edt
    from skimage.measure import marching_cubes

    solid = field(n) <= 0
    film = ~solid & (distance_transform_edt(~solid) <= FILM)
    count = 0
    for phase in (solid, film, ~solid & ~film):
        _, faces, _, _ = marching_cubes(np.pad(phase, 1).astype(np.float32), 0.5, spacing=(1 / n,) * 3)
        count += len(faces)
    return lambda: (count, float("nan"))


CASES: dict[str, tuple[Callable[..., Callable[[], tuple[int, float]]], bool]] = {
    "geom3d, given field": (given_geom3d, True),
    "VTK flying edges": (given_vtk, True),
    "geom3d, all": (whole_geom3d, False),
    "microgen": (whole_microgen, False),
    "voxels, marching cubes": (whole_voxels, False),
}


def one(name: str, n: int) -> None:
    """Runs one case in this process and prints its figures."""
    work, given = CASES[name]
    argument = field(n) if given else n
    best = math.inf
    for _ in range(5 if given else 2):
        tell = None  # of the run before, whose arrays would count twice
        start = time.perf_counter()
        tell = work(argument)
        best = min(best, time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert tell is not None
    print(*(best, *tell(), peak / 1e6))


def main(sizes: list[int]) -> None:
    print(f"{'N':>5} {'way':22} {'time / s':>9} {'ratio':>6} {'triangles':>11} {'volume':>9} {'peak / GB':>10}")
    for n in sizes:
        first: dict[bool, float] = {}
        for name, (_, given) in CASES.items():
            run = subprocess.run([sys.executable, __file__, name, str(n)], capture_output=True, text=True, check=False)  # noqa: S603
            if run.returncode:
                reason = run.stderr.strip().splitlines()[-1] if run.stderr.strip() else f"exit code {run.returncode}"
                print(f"{n:5} {name:22} left out: {reason}")
                continue
            seconds, count, volume, peak = map(float, run.stdout.split()[-4:])
            first.setdefault(given, seconds)
            print(
                f"{n:5} {name:22} {seconds:9.2f} {seconds / first[given]:6.2f} {count:11,.0f} {volume:9.6f} {peak:10.2f}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in CASES:
        one(sys.argv[1], int(sys.argv[2]))
    else:
        main([int(word) for word in sys.argv[1:]] or [128, 256])
