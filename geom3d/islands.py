"""Pieces that hang on nothing: found on the graph of connected pieces, and left out of files where that is asked for."""

from __future__ import annotations

import numpy as np

from geom3d.cell import Cell
from geom3d.connectivity import components
from geom3d.errors import InputError
from geom3d.roles import COLLECTOR
from geom3d.walls import BoolArray, Walls


def islands(cell: Cell, walls: Walls) -> BoolArray:
    """(n,) which of the walls' pieces are islands.

    Of an electrode, what does not reach its collector; of any other region, what does not hang together with its
    largest part, through the period, and does not reach the bottom or the top of the cell.
    """
    chunks = walls.chunks
    found = np.zeros(len(chunks.labels), dtype=bool)
    for role in COLLECTOR:
        electrode = cell.labels(role)
        if electrode:
            found |= np.isin(chunks.labels, electrode) & ~cell.reached(chunks, role)
    same = chunks.labels[chunks.links[:, 0]] == chunks.labels[chunks.links[:, 1]]
    part = components(len(chunks.labels), chunks.links[same])
    for label in set(range(len(cell.regions))) - set(cell.labels(*COLLECTOR)):
        mine = chunks.labels == label
        volumes = np.bincount(part[mine], weights=chunks.volumes[mine])
        kept = np.union1d(part[mine & chunks.at_end], [volumes.argmax()])
        found |= mine & ~np.isin(part, kept)
    return found


def without_islands(cell: Cell, walls: Walls) -> tuple[Walls, list[str]]:
    """The walls with islands turned into void, and a sentence on each region that has lost some.

    Raises:
        InputError: where islands cannot be taken out.
    """
    dropped = islands(cell, walls)
    if not dropped.any():
        return walls, []
    if walls.chunks.behind is None:
        raise InputError("drop_islands: only the islands of sponges can be dropped; this cell is made of prisms")
    notes = []
    for label, name in enumerate(walls.names):
        volume = float(walls.chunks.volumes[dropped & (walls.chunks.labels == label)].sum())
        if volume > 0:
            share = volume / float(walls.volumes[label])
            notes.append(f"islands of {name} were left out of the files: {100 * share:.3g} % of its volume")
    return walls.without(dropped), notes
