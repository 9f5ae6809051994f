"""Areas between regions without triangles: all that lies between the same two, added up, upright and level apart.

Where nothing but areas, volumes and connection is asked for, this says the same as the walls, and much faster.
"""

from __future__ import annotations

from dataclasses import dataclass

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.mesh.components import Components
from geom3d.mesh.interfaces import Interfaces


@dataclass(frozen=True)
class Patches(Interfaces):
    """Areas between regions, in one period of the cell.

    Attributes:
        names, size: as in `geom3d.InterfaceMesh`.
        back_region, neighbour_region: (N,) the two labels of each patch, within the box and through its period.
        areas: (N,) µm².
        upright: (N,) whether it is a side wall.
        volumes: (R + 1,) of each region, the void last, µm³.
        components: the connected pieces of the regions.
    """

    names: tuple[str, ...]
    size: tuple[float, float, float]
    back_region: IntArray
    neighbour_region: IntArray
    areas: FloatArray
    upright: BoolArray
    volumes: FloatArray
    components: Components
