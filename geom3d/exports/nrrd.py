"""NRRD of the unit cell's voxels, a text header and the labels as raw bytes: for ParaView, 3D Slicer, pynrrd and others.

Files hold one unit cell, whatever the repeat: it is periodic in x and y, so `numpy.tile` repeats it. A sheet
`….nrrd.json` beside the file says what the labels mean.
"""

from __future__ import annotations

from geom3d._version import __version__
from geom3d.core.files import replacing
from geom3d.exports import Job, Written
from geom3d.exports._voxels import Stack, sheet_estimate

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit", "voxel")


def export(job: Job) -> Written:
    """Writes the voxels and their sheet."""
    stack = Stack(job)
    path = job.path("voxels", "nrrd")
    with replacing(path) as file:
        file.write(_header(job, stack))
        for page in stack.layers("NRRD"):
            file.write(page.data)
    return stack.sheet(path.name)


def estimate(job: Job) -> dict[str, int]:
    """The bytes of the voxels and the most of their sheet."""
    stack = Stack(job)
    name = job.path("voxels", "nrrd").name
    return {name: len(_header(job, stack)) + stack.boxes.count, f"{name}.json": sheet_estimate(job)}


def _header(job: Job, stack: Stack) -> bytes:
    """The header up to the empty line that ends it (teem.sourceforge.net/nrrd/format.html)."""
    nz, ny, nx = stack.boxes.shape
    x, y, z = stack.spacing
    names = ["void", *job.walls.names]
    lines = [
        "NRRD0004",
        f"# geom3d {__version__}: voxels of the unit cell, periodic in x and y",
        "type: uint8",
        "dimension: 3",
        "space dimension: 3",
        f"sizes: {nx} {ny} {nz}",
        f"space directions: ({x!r},0,0) (0,{y!r},0) (0,0,{z!r})",
        "kinds: domain domain domain",
        "encoding: raw",
        " ".join(["space units:", *[f'"{job.unit}"'] * 3]),
        f"space origin: ({x / 2!r},{y / 2!r},{z / 2!r})",  # the middle of the first voxel
        *(f"label {number}:={name}" for number, name in enumerate(names)),
    ]
    # The header is of ASCII; names as they are stand in the sheet.
    return "\n".join([*lines, "", ""]).encode("ascii", "replace")
