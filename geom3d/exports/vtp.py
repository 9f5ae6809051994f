"""VTP, for ParaView: every triangle between two regions of one unit cell, with its regions, area and distance.

The file is in the unit asked for, one unit cell whatever the repeat; distances stay in µm.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from geom3d.core.files import replacing
from geom3d.exports import Job, Written
from geom3d.transport.distance import FIELD, with_distance

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit", "transport")


def export(job: Job) -> Written:
    """Writes the walls of the unit cell."""
    import pyvista
    from vtkmodules.vtkCommonCore import vtkStringArray
    from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

    walls = job.walls if FIELD in job.walls.fields else with_distance(job.walls, job.electrodes)
    names = [*walls.names, "void", "outside"]
    polygons: Any = cast("Any", pyvista.PolyData).from_regular_faces(walls.vertices * job.factor, walls.triangles)
    polygons.cell_data["behind"] = walls.back_region.astype(np.int32)
    # Beyond the box is one more label, so that all are indices into the names.
    polygons.cell_data["front"] = np.where(walls.front_region < 0, len(names) - 1, walls.front_region).astype(np.int32)
    polygons.cell_data["area_um2"] = walls.areas
    for name, values in walls.fields.items():
        polygons.cell_data[name] = values
    words = vtkStringArray()  # PyVista's own way takes ASCII alone
    words.SetName("regions")
    for name in names:
        words.InsertNextValue(name)
    polygons.GetFieldData().AddArray(words)
    # Into memory first: VTK tells of a full disk in its log only.
    writer = vtkXMLPolyDataWriter()
    writer.SetInputData(polygons)
    writer.SetDataModeToBinary()
    writer.WriteToOutputStringOn()
    writer.Write()
    content = writer.GetOutputString().encode()
    path = job.path("walls", "vtp")
    with replacing(path) as file:
        file.write(content)
    size = len(content)
    return Written([{"file": path.name, "body": "walls", "triangles": len(walls.triangles), "bytes": size}])


def estimate(job: Job) -> dict[str, int]:
    """Bytes of points, corners and what stands on each triangle, without compression, in base 64."""
    walls = job.walls
    plain = 24 * len(walls.vertices) + (24 + 8 + 8 + 8 * (2 + len(walls.fields))) * len(walls.triangles)
    return {job.path("walls", "vtp").name: 4 * plain // 3 + 10_000}
