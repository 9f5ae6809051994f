"""Distance of 100,000 points to the nearest of 1.3 million triangles, side by side in one run.

Two surfaces: a sphere seen from one inside it, the worst case for trees, where all triangles are almost equally far; and the web of a
sponge seen from the outside of its film, the commonest case here. Build and search are both counted. Peers are libigl,
fcpw (single precision), VTK and trimesh (on fewer points), as far as they are installed.

Usage: python benchmarks/nearest_distance.py [POINTS]
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable

import numpy as np
import trimesh

import geom3d
from geom3d.mesh.bvh import Nearest
from geom3d.transport.distance import Electrodes, ElectrodeSurface

#: Points for the slow peers.
FEW = {"trimesh": 200}

Mesh = tuple[np.ndarray, np.ndarray]
#: A surface to begin with.
TINY: Mesh = np.eye(4, 3), np.array([[0, 1, 2], [0, 1, 3], [1, 2, 3], [0, 2, 3]])


def spheres() -> tuple[Mesh, ElectrodeSurface]:
    """The outer sphere, and the surface of the inner one."""
    inner, outer = (trimesh.creation.icosphere(8, radius) for radius in (1.0, 2.0))
    surface = ElectrodeSurface(
        np.arange(len(inner.faces)), Nearest(np.asarray(inner.vertices), np.asarray(inner.faces))
    )
    return (np.asarray(outer.vertices), np.asarray(outer.faces, dtype=np.int64)), surface


def sponge() -> tuple[Mesh, ElectrodeSurface]:
    """The anode and the cathode of the chaotic sponge, fine enough for as many triangles."""
    design = geom3d.load("sponge-spinodal-licoo2", {"resolution": 0.09})
    both = Electrodes.of(design.cell(), design.walls())
    assert both is not None
    return (both.anode.search.vertices, both.anode.search.triangles), both.cathode


def by_geom3d(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    return Nearest(*mesh).distances(points)


def by_libigl(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    import igl

    return np.sqrt(igl.point_mesh_squared_distance(points, *mesh)[0])


def by_fcpw(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    import fcpw

    scene = fcpw.scene_3D()
    scene.set_object_count(1)
    scene.set_object_vertices(mesh[0].astype(np.float32), 0)
    scene.set_object_triangles(mesh[1].astype(np.int32), 0)
    scene.build(fcpw.aggregate_type.bvh_surface_area, True, True, True)
    found = fcpw.interaction_3D_list()
    scene.find_closest_points(points.astype(np.float32), np.full(len(points), np.inf, np.float32), found)
    return np.array([interaction.d for interaction in found], dtype=float)


def by_vtk(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    import pyvista

    surface = pyvista.PolyData.from_regular_faces(*mesh)
    _, there = surface.find_closest_cell(points, return_closest_point=True)
    return np.linalg.norm(there - points, axis=1)


def by_trimesh(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    return trimesh.proximity.closest_point(trimesh.Trimesh(*mesh, process=False), points)[1]


WAYS: dict[str, tuple[str, Callable[[Mesh, np.ndarray], np.ndarray]]] = {
    "geom3d": ("geom3d", by_geom3d),
    "libigl": ("igl", by_libigl),
    "fcpw": ("fcpw", by_fcpw),
    "VTK": ("vtk", by_vtk),
    "trimesh": ("rtree", by_trimesh),
}


def main(count: int) -> None:
    print(
        f"{'surface':10} {'way':8} {'triangles':>10} {'points':>8} {'time / s':>9} {'points / s':>11} {'ratio':>7} {'off by':>8}"
    )
    for name, scene in (("spheres", spheres), ("sponge", sponge)):
        mesh, surface = scene()
        points = surface.sample(count)
        exact, rate = None, 0.0
        for way, (module, run) in WAYS.items():
            if importlib.util.find_spec(module) is None:
                print(f"{name:10} {way:8} left out: not installed")
                continue
            run(TINY, np.full((1, 3), 0.1))  # libraries are loaded, and what is compiled on its first use is compiled
            some = points[:: len(points) // FEW[way]] if way in FEW else points
            start = time.perf_counter()
            found = run(mesh, some)
            seconds = time.perf_counter() - start
            if exact is None:
                exact, rate = found, len(some) / seconds
            reference = exact[:: len(points) // FEW[way]] if way in FEW else exact
            off = float(np.abs(found / reference - 1).max())
            here = len(some) / seconds
            print(
                f"{name:10} {way:8} {len(mesh[1]):10,} {len(some):8,} {seconds:9.2f} {here:11,.0f} {rate / here:7.2f} {off:8.0e}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
