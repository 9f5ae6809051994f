"""Files that others made, with three films on each: what comes out, beside what other programs count.

    python benchmarks/real_files.py [FOLDER]

Meshes are the examples that PyVista installs; a nut with its thread and a scanned ball are closed, an ant and an aeroplane are not and must be
refused. FOLDER may hold voxels, as NumPy files of two values, that other packages make; `others.py` there would be:

    import numpy as np, porespy, skimage
    np.save("porespy.npy", ~porespy.generators.blobs([40, 40, 40], porosity=0.5, blobiness=0.4, seed=1))
    np.save("skimage.npy", skimage.data.binary_blobs(40, blob_size_fraction=0.3, n_dim=3, volume_fraction=0.5, rng=3))
    np.save("faces.npy", skimage.data.lfw_subset()[:40] > 0.5)

Areas and volumes of meshes are held against those that manifold3d gives for what stands above the plate, the share of voxels against a count,
and their area against Crofton's formula with pairs of voxels in thirteen directions, which needs no surface.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import manifold3d
import numpy as np
import pyvista
import scipy
import trimesh

import geom3d
from geom3d.core.errors import InputError

EXAMPLES = Path(pyvista.__file__).parent / "examples"
#: File, thickness of the thinnest film, µm, and how deep its lowest point is sunk into the plate.
MESHES = (("nut.ply", 0.2, 0.5), ("sphere.ply", 1.0, 10.0), ("ant.ply", 0.05, 0.2), ("airplane.ply", 2.0, 5.0))


def layers(film: float) -> list[dict]:
    """A battery of three films."""
    kinds = (("cathode", "licoo2", 1), ("electrolyte", "lipon", 2), ("anode", "lithium", 1))
    return [{"name": n, "role": n, "material": m, "thickness": film * share} for n, m, share in kinds]


def web_of(design: geom3d.Design) -> tuple[float, float, list[float]]:
    """Area of the web that is not on its plate or at the end of the box, its volume, and the volumes of the films."""
    cell, walls = design.cell(), design.walls()
    web, plate = cell.names.index("scaffold"), cell.names.index("backing")
    rest = [k for k in range(len(cell.names) + 1) if k not in (web, plate)]
    films = [float(walls.volumes[cell.names.index(name)]) for name in cell.films]
    return walls.area_between([web], rest), float(walls.volumes[web]), films


def mesh(name: str, film: float, sunk: float) -> str:
    """One of PyVista's meshes, as one piece in a box."""
    path = EXAMPLES / name
    parameters = {"file": str(path), "unit": "um", "periodic": False, "margin": 8 * film, "sunk": sunk}
    content = {"architecture": "surface", "parameters": parameters, "layers": layers(film)}
    try:
        design = geom3d.design(content)
    except InputError as error:
        return f"refused: {error}"
    area, volume, films = web_of(design)
    loaded = trimesh.load(path)
    whole = manifold3d.Manifold(manifold3d.Mesh(loaded.vertices.astype(np.float32), loaded.faces.astype(np.uint32)))
    above = whole.trim_by_plane((0, 0, 1), float(loaded.bounds[0, 2]) + sunk)
    foot = whole.slice(float(loaded.bounds[0, 2]) + sunk).area()
    walls = design.walls()
    open_floor = walls.footprint - foot
    beside = [f"{v / ((area + open_floor) * t):.3f}" for v, t in zip(films, design.cell().films.values(), strict=True)]
    return (
        f"step {design.cell().step:.3g} µm; area {area:.5g} µm² ({area / (above.surface_area() - foot) - 1:+.2%} of manifold3d's); "
        f"volume {volume:.5g} µm³ ({volume / above.volume() - 1:+.2%}); films over area times thickness {', '.join(beside)}"
    )


def crofton(solid: np.ndarray) -> float:
    """Area of voxels of edge 1, in µm²: changes along lines in thirteen directions, each with the share of all ways that it is next to."""
    ways = [w for w in itertools.product((-1, 0, 1), repeat=3) if w > (0, 0, 0)]
    directions = np.array([*ways, *(tuple(-k for k in way) for way in ways)], dtype=float)
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    random = np.random.default_rng(0).standard_normal((200_000, 3))
    nearest = np.argmax(random @ directions.T, axis=1) % len(ways)
    shares = np.bincount(nearest, minlength=len(ways)) / len(random)
    found, mirrored = 0.0, np.pad(solid, 1, mode="symmetric")
    for way, share in zip(ways, shares, strict=True):
        there = tuple(slice(1 + k, n + 1 + k) for k, n in zip(way, solid.shape, strict=True))
        pairs = solid != mirrored[there]
        # Per length and volume: an area S meets lines S/2 times per volume.
        found += share * 2 * float(pairs.mean()) / float(np.linalg.norm(way))
    return found * solid.size


def voxels(path: Path) -> str:
    """Voxels of edge 1 µm, mirrored at their sides."""
    solid = np.load(path).astype(bool)
    parameters = {"file": str(path), "voxel": 1.0, "loose": "drop"}
    content = {"architecture": "image", "parameters": parameters, "layers": layers(0.4)}
    try:
        design = geom3d.design(content)
        report = design.measure_only(["sponge", "counted_fraction"])
    except InputError as error:
        return f"refused: {error}"
    sponge = report["sponge"]
    area = sponge["surface_per_volume_per_um"] * solid.size
    number, _ = scipy.ndimage.label(solid)
    kept = solid & np.isin(number, np.unique(number[0]))
    return (
        f"{solid.mean():.4f} of the voxels are solid, {kept.mean():.4f} hang together from the foot, built: "
        f"{sponge['solid_fraction']:.4f}; area {area:.5g} µm² ({area / crofton(kept) - 1:+.2%} of Crofton's); "
        f"closed pores {sponge['closed_pores']:.3g}; counted {report['counted_fraction']}"
    )


def main() -> int:
    """Brings all in."""
    tasks = [(name, lambda a=(name, film, sunk): mesh(*a)) for name, film, sunk in MESHES]
    if len(sys.argv) > 1:
        tasks += [(path.name, lambda p=path: voxels(p)) for path in sorted(Path(sys.argv[1]).glob("*.npy"))]
    for name, task in tasks:
        started = time.perf_counter()
        print(f"{name}: {task()} ({time.perf_counter() - started:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
