"""Makes the small examples of structures of a user's own that geom3d ships: `python benchmarks/synthetic_structures.py FOLDER`.

Everything is drawn from seeded random numbers or plain geometry: nothing of anybody's data is in them.
"""

from __future__ import annotations

import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path

import gdstk
import numpy as np
import scipy
import tifffile

#: Voxels of the tomogram in z, y and x, and their edge, µm.
SHAPE, VOXEL = (40, 32, 32), 0.25
#: The date that a layout carries.
DATE = datetime(2026, 1, 1, tzinfo=UTC)
#: Grey values of pore and particle, their noise, and the blur of the instrument in voxels.
PORE, PARTICLE, NOISE, BLUR = 60, 180, 12, 0.8


def particles(seed: int = 7) -> tuple[np.ndarray, np.random.Generator]:
    """(nz, ny, nx) voxels of sintered particles, those that hang on nothing left out; and what is left of the randomness."""
    random = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.arange(n) + 0.5 for n in SHAPE), indexing="ij")
    inside = np.zeros(SHAPE, dtype=bool)
    while inside.mean() < 0.5:
        radius = random.uniform(5, 8)
        centre = random.uniform(-3, np.array(SHAPE) + 3)
        inside |= (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2
    number, _ = scipy.ndimage.label(inside)
    return inside & np.isin(number, np.unique(number[0])), random


def tomogram() -> np.ndarray:
    """(nz, ny, nx) grey values of the particles as a tomograph would show them: blurred, with noise."""
    inside, random = particles()
    grey = scipy.ndimage.gaussian_filter(np.where(inside, float(PARTICLE), float(PORE)), BLUR)
    return np.clip(np.rint(grey + random.normal(0, NOISE, SHAPE)), 0, 255).astype(np.uint8)


def segmented() -> bytes:
    """The particles as NRRD: 1 in a particle, 0 in a pore."""
    inside, _ = particles()
    sizes = " ".join(str(n) for n in reversed(SHAPE))
    lines = [
        "NRRD0004",
        "# sintered particles, drawn by benchmarks/synthetic_structures.py",
        "type: uint8",
        "dimension: 3",
        "space dimension: 3",
        f"sizes: {sizes}",
        f"space directions: ({VOXEL},0,0) (0,{VOXEL},0) (0,0,{VOXEL})",
        'space units: "um" "um" "um"',
        "encoding: gzip",
    ]
    head = "\n".join([*lines, "", ""]).encode("ascii")
    return head + gzip.compress(inside.astype(np.uint8).tobytes(), mtime=0)


def cross() -> bytes:
    """Binary STL of three square bars that cross, a period of a scaffold as printers build them; µm, closed on all sides.

    Bars of 2 µm along x, y and z in a cube of 6 µm. Corners lie on a grid of 2 µm, so the outline is that of voxels: every face
    of a filled cube whose neighbour is empty, turned outward.
    """
    filled = np.zeros((3, 3, 3), dtype=bool)
    filled[1, 1, :] = filled[1, :, 1] = filled[:, 1, 1] = True
    triangles = []
    wide = np.pad(filled, 1)
    for place in np.argwhere(filled):
        for axis in range(3):
            for side in (0, 1):
                neighbour = place + 1
                neighbour[axis] += 2 * side - 1
                if wide[tuple(neighbour)]:
                    continue
                one, other = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
                corner = place + side * np.eye(3)[axis]
                ring = [corner, corner + one, corner + one + other, corner + other]
                ring = ring if side else ring[::-1]
                triangles += [[ring[0], ring[1], ring[2]], [ring[0], ring[2], ring[3]]]
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    records = np.zeros(len(triangles), dtype=record)
    records["corners"] = 2.0 * np.array(triangles)
    head = b"crossing bars, um, benchmarks/synthetic_structures.py".ljust(80)
    return head + np.uint32(len(triangles)).tobytes() + records.tobytes()


def comb() -> gdstk.Library:
    """Two combs of four fingers each, 10 µm apart and 10 µm wide, that interlock: layer 1 the anode, layer 2 the cathode.

    A finger is a cell of its own, of which the comb holds an array, as layouts are drawn.
    """
    library = gdstk.Library("comb", unit=1e-6, precision=1e-9)
    top = library.new_cell("comb")
    for layer, name in ((1, "anode finger"), (2, "cathode finger")):
        finger = library.new_cell(name.replace(" ", "_"))
        finger.add(gdstk.rectangle((0, 0), (10, 100), layer))
        corner = (0, 20) if layer == 1 else (20, 30)
        top.add(gdstk.Reference(finger, corner, columns=4, rows=1, spacing=(40, 0)))
        low = 0 if layer == 1 else 130
        top.add(gdstk.rectangle((0, low), (150, low + 20), layer))
    return library


def write(folder: Path) -> None:
    """Writes all examples."""
    tifffile.imwrite(
        folder / "particles.tif",
        tomogram(),
        imagej=True,
        resolution=(1 / VOXEL, 1 / VOXEL),
        resolutionunit="NONE",
        metadata={"axes": "ZYX", "spacing": VOXEL, "unit": "um"},
    )

    comb().write_gds(folder / "comb.gds", timestamp=DATE)
    (folder / "cross.stl").write_bytes(cross())
    (folder / "particles.nrrd").write_bytes(segmented())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
