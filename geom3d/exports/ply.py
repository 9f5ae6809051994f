"""PLY: one closed mesh per region, binary, with coordinates in double precision and the material's colour.

Repeated cells are one body: no walls on the seams, vertices shared from tile to tile. The whole body is held in memory, so
the number of triangles is limited; STL and 3MF are not.
"""

from __future__ import annotations

import numpy as np

from geom3d._version import __version__
from geom3d.core.files import replacing
from geom3d.core.progress import bar
from geom3d.exports import Job, Written
from geom3d.exports.obj import require_fit
from geom3d.mesh import manifold

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit",)

VERTEX = np.dtype([("at", "<f8", 3), ("colour", "u1", 3)])
FACE = np.dtype([("corners", "u1"), ("vertices", "<i4", 3)])
#: Rows that are prepared at once.
CHUNK = 500_000


def export(job: Job) -> Written:
    """Writes every region."""
    require_fit(job, "ply")
    entries = []
    with bar("PLY", len(job.cell.regions)) as advance:
        for label, region in enumerate(job.cell.regions):
            path = job.path(region.name, "ply")
            vertices, faces = manifold.fused(job.walls, [label], job.repeat)
            with replacing(path) as file:
                file.write(_head(job, label, len(vertices), len(faces)))
                for start in range(0, len(vertices), CHUNK):
                    part = vertices[start : start + CHUNK]
                    points = np.empty(len(part), dtype=VERTEX)
                    points["at"] = part * job.factor
                    points["colour"] = list(bytes.fromhex(region.material.colour.removeprefix("#")))
                    file.write(points.data)
                for start in range(0, len(faces), CHUNK):
                    corners = faces[start : start + CHUNK]
                    triangles = np.empty(len(corners), dtype=FACE)
                    triangles["corners"] = 3
                    triangles["vertices"] = corners
                    file.write(triangles.data)
                size = file.tell()
            entries.append({"file": path.name, "body": region.name, "triangles": len(faces), "bytes": size})
            advance(1)
    return Written(entries)


def estimate(job: Job) -> dict[str, int]:
    """Most bytes of every file: a closed surface has no more vertices than triangles."""
    return {
        job.path(name, "ply").name: len(_head(job, label, count, count)) + (VERTEX.itemsize + FACE.itemsize) * count
        for (label, name), count in zip(enumerate(job.walls.names), require_fit(job, "ply"), strict=True)
    }


def _head(job: Job, label: int, vertices: int, faces: int) -> bytes:
    region = job.cell.regions[label]
    words = f"geom3d {__version__} unit={job.unit} scale={job.scale:g} region={region.name}"
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {words} material={' '.join(region.material.title.split())}",
        f"element vertex {vertices}",
        *(f"property double {axis}" for axis in "xyz"),
        *(f"property uchar {colour}" for colour in ("red", "green", "blue")),
        f"element face {faces}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    # The header is ASCII; what is not goes as a question mark, in a comment only.
    return ("\n".join(lines) + "\n").encode("ascii", "replace")
