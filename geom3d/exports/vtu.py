"""VTU: the volume mesh of one unit cell for ParaView and solvers, and its interfaces in a file beside it.

Tetrahedra carry `region`, the label that the report explains. Triangles carry `interface`, a number in the report's list,
the regions behind and in front, and on the electrodes the mean distance to the other one, µm; their points carry the number
they have in the volume's file. Names stand in the files as well, as field data: an array with a region's or an interface's
name holds its number and its dimension, 3 or 2, which is how meshio keeps names of any format.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from geom3d.core.arrays import compacted
from geom3d.core.files import unfinished
from geom3d.exports import Job, Written
from geom3d.exports._volume import most, parts
from geom3d.transport.distance import FIELD, on_interfaces

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit", "max_edge")

#: Bytes of a point, a tetrahedron and a triangle in base64, should nothing be gained by compression.
OF_POINT, OF_TETRAHEDRON, OF_TRIANGLE = 38, 43, 60
HEAD = 20_000


def export(job: Job) -> Written:
    """Writes tetrahedra and triangles."""
    import meshio

    found = parts(job, "vtu")
    mesh = found.mesh
    points = mesh.points * job.factor
    kept, corners = compacted(mesh.interfaces)
    volume = meshio.Mesh(
        points,
        [("tetra", mesh.tetrahedra.astype(np.int32))],
        cell_data={"region": [mesh.labels.astype(np.int32)]},
    )
    distance = on_interfaces(job.cell, job.walls, job.electrodes, mesh)
    faces = meshio.Mesh(
        points[kept],
        [("triangle", corners.astype(np.int32))],
        point_data={"volume_point": kept.astype(np.int32)},
        cell_data={
            "interface": [found.group.astype(np.int32)],
            "behind": [mesh.back_region.astype(np.int32)],
            "front": [mesh.front_region.astype(np.int32)],
            **({} if np.isnan(distance).all() else {FIELD: [distance]}),
        },
    )
    entries = []
    for body, content, shape, names, facts in (
        ("volume", volume, mesh.tetrahedra, mesh.names, found.facts),
        ("interfaces", faces, mesh.interfaces, found.groups, {"interfaces": list(found.groups)}),
    ):
        path = job.path(body, "vtu")
        with unfinished(path) as temporary:
            meshio.write(temporary, content, file_format="vtu")
            _name(temporary, names, shape.shape[1] - 1)
        counted = {"tetrahedra" if shape.shape[1] == 4 else "triangles": len(shape)}
        entries.append({"file": path.name, "body": body, **counted, "bytes": path.stat().st_size, **facts})
    return Written(entries, found.warnings)


def _name(path: Path, names: Sequence[str], size: int) -> None:
    """Puts names into a file, which meshio reads but does not write.

    Args:
        path: of the file.
        names: in the order of their numbers.
        size: dimension of what they name.
    """
    field = "".join(
        f'<DataArray type="Int32" Name={quoteattr(name)} NumberOfTuples="2" format="ascii">{number} {size}</DataArray>\n'
        for number, name in enumerate(names)
    )
    head, grid, rest = path.read_bytes().partition(b"<UnstructuredGrid>\n")
    path.write_bytes(b"".join([head, grid, f"<FieldData>\n{field}</FieldData>\n".encode(), rest]))


def estimate(job: Job) -> dict[str, int]:
    """At most so many bytes of both files."""
    points, tetrahedra, triangles = most(job, "vtu")
    return {
        job.path("volume", "vtu").name: HEAD + OF_POINT * points + OF_TETRAHEDRON * tetrahedra,
        job.path("interfaces", "vtu").name: HEAD + OF_POINT * min(points, 3 * triangles) + OF_TRIANGLE * triangles,
    }
