"""Samples without triangles, for metrics that read nothing but areas, volumes and connection."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any, cast

from geom3d.cell.cell import Cell, require_volumes
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.patches import Patches
from geom3d.metrics import Sample
from geom3d.solids import Family
from geom3d.solids.prisms.prism import PrismFamily, patches_of


@singledispatch
def patches(family: Family[Any], cell: Cell) -> Patches | None:
    """The areas between the regions of a cell; None for a family that finds them by triangles alone.

    Args:
        family: of the cell.
        cell: the battery.
    """
    return None


@patches.register(PrismFamily)
def _(family: PrismFamily, cell: Cell) -> Patches | None:
    solids: list[Any] = [region.solid for region in cell.regions]
    return patches_of(cell.names, solids, cell.size, cell.chord_tolerance)


def light_sample(cell: Cell, chosen: Sequence[Any]) -> Sample | None:
    """A sample without triangles for some metrics; None where one of them needs triangles, or there is none.

    Args:
        cell: the battery.
        chosen: metrics; one whose `TRIANGLES` is False can do without them.

    Raises:
        InputError: where a region is left without volume.
    """
    if any(getattr(module, "TRIANGLES", True) for module in chosen):
        return None
    found = patches(cell.family, cell)
    if found is None:
        return None
    require_volumes(cell.names, found.volumes)
    # Whatever says that it reads no triangles finds all that it reads.
    return Sample(cell, cast("InterfaceMesh", found))
