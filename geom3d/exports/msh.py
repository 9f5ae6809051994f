"""MSH 2.2 of Gmsh: the volume mesh of one unit cell; volumes, interfaces and sides of the box are named physical groups.

No two groups have one number, of whatever dimension: scikit-fem and others look a name up by its number alone.
This version, unlike 4.1, is read by all solvers that know the format at all. Points that are one through the period stand
in `$Periodic`, which meshio and MFEM read; Gmsh itself passes over it in files of this version.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geom3d.core.files import unfinished
from geom3d.exports import Job, Written
from geom3d.exports._volume import Parts, most, parts
from geom3d.mesh.volume import SIDES

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit", "max_edge")

#: Bytes of a point with its place in periodic pairs, of a tetrahedron and of a triangle.
OF_POINT, OF_TETRAHEDRON, OF_TRIANGLE = 28, 28, 24
#: Bytes of a pair of points, twice, and of all names.
OF_PAIR, HEAD = 42, 20_000


def export(job: Job) -> Written:
    """Writes the one file."""
    import meshio

    found = parts(job, "msh")
    mesh = found.mesh
    tags = [(found.group + first_group(found)).astype(np.int32), (mesh.labels + 1).astype(np.int32)]
    content = meshio.Mesh(
        mesh.points * job.factor,
        [("triangle", mesh.interfaces), ("tetra", mesh.tetrahedra)],
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": [tag.copy() for tag in tags]},
        field_data=_names(found),
    )
    content.gmsh_periodic = _periodic(found, job.factor)
    path = job.path("volume", "msh")
    with unfinished(path) as temporary:
        meshio.write(temporary, content, file_format="gmsh22", binary=True)
    counted = {"tetrahedra": len(mesh.tetrahedra), "triangles": len(mesh.interfaces)}
    entry = {"file": path.name, "body": "volume", **counted, "bytes": path.stat().st_size, **found.facts}
    return Written([entry], found.warnings)


def first_group(found: Parts) -> int:
    """The number of the first group of triangles: volumes come first, since readers look names up by the number alone."""
    return len(found.mesh.names) + 1


def _names(found: Parts) -> dict[str, Any]:
    """Number and dimension by name."""
    named = [(name, k + first_group(found), 2) for k, name in enumerate(found.groups)]
    named += [(name, k + 1, 3) for k, name in enumerate(found.mesh.names)]
    return {name.replace('"', "'"): np.array([number, size]) for name, number, size in named}


def _periodic(found: Parts, factor: float) -> list[list[Any]]:
    """The high side of x and of y as copies of the low sides, point by point."""
    groups = {name.removesuffix(" of the box"): k + first_group(found) for k, name in enumerate(found.groups)}
    entries = []
    for axis, pairs in enumerate(found.mesh.periodic):
        low, high = (groups[SIDES[2 * axis + end]] for end in (0, 1))
        shift = np.eye(4)
        shift[axis, 3] = found.mesh.size[axis] * factor
        entries.append([2, (high, low), shift.ravel(), pairs[:, ::-1]])
    return entries


def estimate(job: Job) -> dict[str, int]:
    """At most so many bytes."""
    points, tetrahedra, triangles = most(job, "msh")
    size = HEAD + OF_POINT * points + OF_PAIR * min(points, 3 * triangles)
    return {job.path("volume", "msh").name: size + OF_TETRAHEDRON * tetrahedra + OF_TRIANGLE * triangles}
