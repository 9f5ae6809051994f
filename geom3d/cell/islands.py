"""Pieces that hang on nothing: found on the graph of connected pieces, and left out of files where that is asked for."""

from __future__ import annotations

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray
from geom3d.core.errors import InputError
from geom3d.core.roles import COLLECTOR
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import InterfaceMesh


def islands(cell: Cell, walls: InterfaceMesh) -> BoolArray:
    """(n,) which of the walls' pieces are islands.

    Of an electrode, what does not reach its collector; of any other region, what does not hang together with its
    largest part, through the period, and does not reach the bottom or the top of the cell.
    """
    components = walls.components
    found = np.zeros(len(components.labels), dtype=bool)
    for role in COLLECTOR:
        electrode = cell.labels(role)
        if electrode:
            found |= np.isin(components.labels, electrode) & ~cell.reached(components, role)
    same = components.labels[components.links[:, 0]] == components.labels[components.links[:, 1]]
    part = component_numbers(len(components.labels), components.links[same])
    for label in set(range(len(cell.regions))) - set(cell.labels(*COLLECTOR)):
        mine = components.labels == label
        volumes = np.bincount(part[mine], weights=components.volumes[mine])
        kept = np.union1d(part[mine & components.at_end], [volumes.argmax()])
        found |= mine & ~np.isin(part, kept)
    return found


def without_islands(cell: Cell, walls: InterfaceMesh) -> tuple[InterfaceMesh, list[str]]:
    """The walls with islands turned into void, and a sentence on each region that has lost some.

    Raises:
        InputError: where islands cannot be taken out.
    """
    dropped = islands(cell, walls)
    if not dropped.any():
        return walls, []
    if walls.components.back_component is None:
        raise InputError(
            "drop_islands: needs walls that tell one piece from another, as those of sponges do; "
            f"this cell is made of {cell.family.name}"
        )
    notes = []
    for label, name in enumerate(walls.names):
        volume = float(walls.components.volumes[dropped & (walls.components.labels == label)].sum())
        if volume > 0:
            share = volume / float(walls.volumes[label])
            notes.append(f"islands of {name} were left out of the files: {100 * share:.3g} % of its volume")
    return walls.without(dropped), notes
