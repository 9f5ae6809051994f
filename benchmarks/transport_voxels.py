"""Conduction through a sponge's web on the same voxels, side by side with TauFactor in one run.

Between two level planes, with insulating pores, periodic in x and y: what porous electrodes are characterised by. TauFactor
(PyTorch, on the processor here) is looked for in the environment and left out where it is not installed. It ends at its own
criterion, geom3d at a residual of 1e-10; and it does not converge where a period is an odd number of voxels, so these give
even ones.

Usage: python benchmarks/transport_voxels.py [VOXEL ...]      (0.125 and 0.08 µm by default)
"""

from __future__ import annotations

import importlib.util
import sys
import time

import numpy as np

import geom3d
from geom3d.rasters.voxels import voxels
from geom3d.transport.voxels import ANODE, CATHODE, MEDIUM, OTHER, VoxelMedium, flow

#: Templates and a grid step, µm.
SPONGES = (("sponge-gyroid-lto", 0.3), ("sponge-spinodal-licoo2", 0.3))


def web(name: str, resolution: float, edge: float) -> np.ndarray:
    """(nz, ny, nx) which voxels belong to the web, from its foot to its top."""
    design = geom3d.load(name, {"resolution": resolution})
    labels, _ = voxels(design.cell(), design.walls(), edge)
    solid = labels == design.walls().names.index("scaffold")
    levels = np.flatnonzero(solid.any(axis=(1, 2)))
    return solid[levels[0] : levels[-1] + 1]


def by_geom3d(solid: np.ndarray) -> float:
    """Effective conductivity of the whole over that of the web."""
    end = np.ones((1, *solid.shape[1:]), dtype=np.uint8)
    kinds = np.concatenate([ANODE * end, np.where(solid, MEDIUM, OTHER).astype(np.uint8), CATHODE * end])
    found = flow(VoxelMedium(kinds, np.ones(kinds.shape), (1.0, 1.0, 1.0)))
    return found.conductance * solid.shape[0] / (solid.shape[1] * solid.shape[2])


def by_taufactor(solid: np.ndarray) -> float:
    import taufactor

    solver = taufactor.PeriodicSolver(solid.astype(np.uint8), device="cpu")
    solver.solve(verbose=False)
    return float(np.atleast_1d(solver.D_eff)[0])


def main(edges: list[float]) -> None:
    print(f"{'sponge':24} {'voxels':>14} {'way':10} {'effective':>10} {'time / s':>9} {'ratio':>6} {'off by':>8}")
    for name, resolution in SPONGES:
        for edge in edges:
            solid, first = web(name, resolution, edge), None
            for way, module, run in (("geom3d", "geom3d", by_geom3d), ("TauFactor", "taufactor", by_taufactor)):
                if importlib.util.find_spec(module) is None:
                    print(f"{name:24} {'':14} {way:10} left out: not installed")
                    continue
                start = time.perf_counter()
                found = run(solid)
                seconds = time.perf_counter() - start
                first = first or (found, seconds)
                shape = " × ".join(map(str, solid.shape))
                print(
                    f"{name:24} {shape:>14} {way:10} {found:10.5f} {seconds:9.2f} {seconds / first[1]:6.2f} "
                    f"{found / first[0] - 1:8.1e}",
                    flush=True,
                )


if __name__ == "__main__":
    main([float(text) for text in sys.argv[1:]] or [0.125, 0.08])
