"""XYZ: for every region a table of triangles, nine coordinates in each row."""

from __future__ import annotations

import numpy as np

from geom3d.core.files import replacing, rows
from geom3d.exports import Written
from geom3d.mesh import manifold

#: Most characters of a row.
WIDEST = 9 * 25


def export(job):
    """Writes every region of the array."""
    entries = []
    for label, name in enumerate(job.walls.names):
        vertices, faces = manifold.fused(job.walls, [label], job.repeat)
        path = job.path(name, "xyz")
        with replacing(path) as file:
            for part in rows(" ".join(["%.17g"] * 9) + "\n", vertices[faces].reshape(-1, 9) * job.factor):
                file.write(part)
            size = file.tell()
        entries.append({"file": path.name, "body": name, "triangles": len(faces), "bytes": size})
    return Written(entries)


def estimate(job):
    """A row for every triangle of every tile."""
    cells = int(np.prod(job.repeat))
    return {
        job.path(name, "xyz").name: WIDEST * cells * len(job.walls.shell([label])[0])
        for label, name in enumerate(job.walls.names)
    }
