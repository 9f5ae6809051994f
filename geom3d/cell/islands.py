"""Islands: pieces that hang on nothing, and electrode that does not reach its collector; left out of files where asked for.

Numbers are those of an endless array, files end at their border. So a piece may hang together with the rest through the
period and yet be loose in a file: its neighbour is not written. What is loose is judged on the array that is written.
"""

from __future__ import annotations

import math

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core import memory
from geom3d.core.arrays import BoolArray, IntArray
from geom3d.core.errors import InputError
from geom3d.core.roles import COLLECTOR
from geom3d.mesh.components import Components, component_numbers, tiled
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.tiling import array_without

#: Most pieces of an array that are looked at: some seconds and 2 GB.
MOST_PIECES = 20_000_000
#: Bytes that a triangle of an array whose cells differ takes.
PER_TRIANGLE = 150


def unconnected(cell: Cell, components: Components) -> BoolArray:
    """(n,) which pieces of the electrodes do not reach their collector, however often the cell is repeated."""
    found = np.zeros(len(components.labels), dtype=bool)
    for role in COLLECTOR:
        electrode = cell.labels(role)
        if electrode:
            found |= np.isin(components.labels, electrode) & ~cell.reached(components, role)
    return found


def loose(
    cell: Cell, components: Components, repeat: tuple[int, int], gone: BoolArray | None = None
) -> tuple[BoolArray, int]:
    """Which pieces of an array are loose when it is made in the order of its layers, and ends at its border.

    The architecture's own regions stand on the bottom of the cell or hang from its top, alone or together; where none
    does, their largest body is what all stands on. A layer sits on what was there before it, or hangs together with what does.

    Args:
        cell: one period.
        components: of its walls.
        repeat: cells in x and y.
        gone: (n,) pieces that are left out of every cell.

    Returns:
        (rows, columns, n) whether a piece of a cell is loose, those that are gone left out, or (1, 1, n) where all cells are
        alike; and how many bodies these make.

    Raises:
        InputError: for an array of more pieces than can be looked at.
    """
    none = np.zeros(len(components.labels), dtype=bool)
    gone = none if gone is None else gone
    own = np.array([*(region.own for region in cell.regions), False])
    if repeat != (1, 1) and (own[components.labels] & components.at_end & ~gone).any():
        alone, _ = loose(cell, components, (1, 1), gone)
        if not alone.any():  # what one cell holds by itself is held in any array
            return alone, 0
    columns, rows = repeat
    count = len(components.labels)
    if count * columns * rows > MOST_PIECES:
        raise InputError(
            f"repeat: whether parts are loose is known of up to {MOST_PIECES // count:,} of these cells; "
            f"got {columns} × {rows}"
        )
    array = tiled(components, repeat)
    labels = array.labels
    present = (labels < len(cell.regions)) & ~np.tile(gone, columns * rows)
    # What leaves the array leads to nothing that is written.
    links = array.links[(array.shifts == 0).all(axis=1)]
    links = links[present[links].all(axis=1)]
    held = np.zeros(len(labels), dtype=bool)
    # The architecture's own regions are there together; then comes layer after layer.
    layers = [present & own[labels], *(present & (labels == k) for k, r in enumerate(cell.regions) if not r.own)]
    for number, layer in enumerate(layers):
        members = held | layer
        part = component_numbers(len(labels), links[members[links].all(axis=1)])
        anchors = held | (layer & array.at_end)
        if not number and not anchors.any() and layer.any():
            volumes = np.bincount(part[layer], weights=array.volumes[layer])
            anchors = layer & (part == volumes.argmax())
        held = members & np.isin(part, np.unique(part[anchors]))
    hanging = present & ~held
    part = component_numbers(len(labels), links[hanging[links].all(axis=1)])
    return hanging.reshape(rows, columns, count), len(np.unique(part[hanging]))


def without_islands(
    cell: Cell, walls: InterfaceMesh, repeat: tuple[int, int] = (1, 1)
) -> tuple[InterfaceMesh, tuple[int, int], list[str]]:
    """The walls of an array with electrode that does not reach its collector, and what is then loose, turned into void.

    Args:
        cell, walls: one period.
        repeat: cells in x and y that are to be written.

    Returns:
        walls; how many cells in x and y these hold: one where the same is left out of every cell, else all; and a sentence
        on each region that has lost some.

    Raises:
        InputError: where islands cannot be taken out.
    """
    dropped = unconnected(cell, walls.components)
    hanging, _ = loose(cell, walls.components, repeat, dropped)
    dropped = hanging | dropped
    if not dropped.any():
        return walls, (1, 1), []
    if walls.components.back_component is None:
        raise InputError(
            "drop_islands: needs walls that tell one piece from another, as those of sponges do; "
            f"this cell is made of {cell.family.name}"
        )
    notes = _notes(walls, dropped)
    if (dropped == dropped[0, 0]).all():
        return walls.without(dropped[0, 0]), (1, 1), notes
    memory.require(
        "drop_islands",
        f"triangles of {repeat[0]} × {repeat[1]} cells, as what is loose differs from cell to cell,",
        len(walls.triangles) * math.prod(repeat),
        PER_TRIANGLE,
        "repeat fewer, or keep the islands",
    )
    return array_without(walls, repeat, dropped), repeat, notes


def _notes(walls: InterfaceMesh, dropped: BoolArray) -> list[str]:
    """A sentence on each region that has lost some of its volume."""
    lost = walls.components.volumes * dropped.mean(axis=(0, 1))
    labels: IntArray = walls.components.labels
    notes = []
    for label, name in enumerate(walls.names):
        volume = float(lost[labels == label].sum())
        if volume > 0:
            share = volume / float(walls.volumes[label])
            notes.append(f"islands of {name} were left out of the files: {100 * share:.3g} % of its volume")
    return notes
