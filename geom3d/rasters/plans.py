"""A cell of vertical walls as one floor plan with labels between its floors, by the family of its solids.

The general way reads it off the walls: every vertical triangle stands on a line of the plan, and a level section tells the
regions between two floors. Prisms are drawn from their shapes, with a chord tolerance of the reader's choice, and walls with a
profile by their outline at the top, which is what a mask shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.errors import InputError
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.sections import Section, Slicer
from geom3d.solids import Family
from geom3d.solids.fields.stepped import stepped
from geom3d.solids.fields.upright import Upright, UprightFamily
from geom3d.solids.prisms.floorplan import FloorPlan, plan_of
from geom3d.solids.prisms.prism import PrismFamily, z_layers

#: Segments of a section times points whose labels are asked for, at once.
BLOCK = 2**24


@singledispatch
def layered(
    family: Family[Any], cell: Cell, walls: InterfaceMesh, tolerance: float | None
) -> tuple[FloorPlan, FloatArray, IntArray]:
    """The plan, (S + 1,) heights of the floors, µm, and (S, F) the label in each layer in z of each face of the plan.

    Args:
        family: of the cell.
        cell, walls: the battery.
        tolerance: chord tolerance with which curves are drawn where they are known, µm; None for 0.1 % of each radius.

    Raises:
        InputError: where walls are not vertical.
    """
    if not family.vertical_walls:
        raise InputError(f"a floor plan needs vertical walls; those of {family.name} have any direction")
    standing = walls.triangles[walls.area_vectors[:, 2] == 0]
    ends = np.concatenate([standing[:, [0, 1]], standing[:, [1, 2]], standing[:, [2, 0]]])
    lines = np.sort(np.ascontiguousarray(walls.vertices[ends, :2]).view(np.complex128)[..., 0], axis=1)
    lines = np.unique(lines[lines[:, 0] != lines[:, 1]], axis=0)
    inside, plan = plan_of(np.ascontiguousarray(lines).view(np.float64).reshape(-1, 2, 2), walls.size[:2])
    levels = np.unique(walls.vertices[:, 2])
    slicer = Slicer(walls)
    labels = np.stack([_labels(slicer.at(z), inside) for z in ((levels[:-1] + levels[1:]) / 2).tolist()])
    new = np.r_[True, (labels[1:] != labels[:-1]).any(axis=1)]
    return plan, np.r_[levels[:-1][new], levels[-1]], labels[new]


@singledispatch
def has_outlines(family: Family[Any]) -> bool:
    """Whether cells of a family are drawn by outlines: those of vertical walls, and those whose top outline a mask gives."""
    return family.vertical_walls


@has_outlines.register(UprightFamily)
def _(family: UprightFamily) -> bool:
    return True


@layered.register(UprightFamily)
def _(
    family: UprightFamily, cell: Cell, walls: InterfaceMesh, tolerance: float | None
) -> tuple[FloorPlan, FloatArray, IntArray]:
    """Of walls with a profile: the outlines at the top, straight down, films as thick as on the flat."""
    return outlines_at(cell, [0.0], tolerance)


def outlines_at(cell: Cell, depths: Sequence[float], tolerance: float | None) -> tuple[FloorPlan, FloatArray, IntArray]:
    """The same of walls with a profile, by their outlines at some depths.

    Args:
        cell: of upright bodies.
        depths: µm below the structure's top, ascending.
        tolerance: chord tolerance, µm; None for 0.1 % of each radius.
    """
    solids = [stepped(region.solid, depths) for region in cell.regions if isinstance(region.solid, Upright)]
    return z_layers(solids, cell.size, tolerance)


@layered.register(PrismFamily)
def _(
    family: PrismFamily, cell: Cell, walls: InterfaceMesh, tolerance: float | None
) -> tuple[FloorPlan, FloatArray, IntArray]:
    solids: list[Any] = [region.solid for region in cell.regions]
    return z_layers(solids, cell.size, tolerance)


def _labels(section: Section, points: FloatArray) -> IntArray:
    """(n,) label at each of (n, 2) points of a section: steps of the label are summed on the way from the side of low x."""
    start, end = section.points[section.ends[:, 0]], section.points[section.ends[:, 1]]
    rising = end[:, 1] > start[:, 1]
    lower, upper = (np.where(rising[:, None], *pair) for pair in ((start, end), (end, start)))
    change = np.where(rising, section.right - section.left, section.left - section.right)
    steep = lower[:, 1] < upper[:, 1]
    lower, upper, change = lower[steep], upper[steep], change[steep]
    found = np.empty(len(points), dtype=np.int64)
    block = max(1, BLOCK // max(1, len(lower)))
    for first in range(0, len(points), block):
        x, y = points[first : first + block].T
        crossed = (lower[:, 1] <= y[:, None]) & (y[:, None] < upper[:, 1])
        share = (y[:, None] - lower[:, 1]) / (upper[:, 1] - lower[:, 1])
        crossed &= lower[:, 0] + share * (upper[:, 0] - lower[:, 0]) < x[:, None]
        found[first : first + block] = crossed @ change - 1
    return found
