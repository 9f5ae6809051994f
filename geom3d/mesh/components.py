"""Which pieces of a partition hang together through the period, and which reach a contact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, pair_keys
from geom3d.core.jit import compiled


@dataclass(frozen=True)
class Components:
    """The partition as a graph of connected pieces, each wholly inside one region.

    Attributes:
        labels: (n,) region of each piece.
        volumes: (n,) its volume, µm³, by a way of its own (not from the triangles).
        links: (m, 2) pairs of pieces that share a face.
        shifts: (m, 2) the tile step, in x and y, from the first piece of a link to the second; 0 within the box.
        at_end: (n,) whether the piece touches the bottom or the top of the box.
        back_component, front_component: (T,) the piece behind and in front of each triangle, OUTSIDE beyond the box; None where no
            triangle belongs to one piece alone.
    """

    labels: IntArray
    volumes: FloatArray
    links: IntArray
    shifts: IntArray
    at_end: BoolArray
    back_component: IntArray | None = None
    front_component: IntArray | None = None


def reaching(components: Components, electrode: list[int], collectors: list[int], substrate: list[int]) -> BoolArray:
    """(n,) pieces of an electrode or its collectors from which current reaches a contact.

    The contact is the collector. In a design without one it is the substrate that the electrode stands on, the bottom
    or the top of the box, or the device's edge, where material that runs through the period can be contacted.

    Args:
        components: the pieces of the partition.
        electrode, collectors, substrate: labels of the regions with these roles.
    """
    members = np.isin(components.labels, [*electrode, *collectors])
    inner = members[components.links].all(axis=1)
    component = component_numbers(len(members), components.links[inner])
    if collectors:
        anchors = np.isin(components.labels, collectors)
    else:
        anchors = components.at_end | _beside(components, np.isin(components.labels, substrate))
        anchors |= endless(components.links[inner], components.shifts[inner], len(members))
    reached: BoolArray = members & np.isin(component, np.unique(component[anchors & members]))
    return reached


def served(
    components: Components, electrode: list[int], electrolyte: list[int], counter: BoolArray | None = None
) -> BoolArray:
    """(n,) pieces of an electrode that ions reach from the counter-electrode.

    Ions travel in the electrolyte, and on through the electrode itself; nothing else lets them pass.

    Args:
        components: the pieces of the partition.
        electrode, electrolyte: labels of the regions with these roles.
        counter: (n,) pieces of the counter-electrode; None where there is none, and any electrolyte will do.
    """
    ions = np.isin(components.labels, electrolyte)
    mine = np.isin(components.labels, electrode)
    members = mine | ions
    inner = members[components.links].all(axis=1)
    component = component_numbers(len(members), components.links[inner])
    sources = ions if counter is None else ions & _beside(components, counter)
    found: BoolArray = mine & np.isin(component, np.unique(component[sources]))
    return found


def touching(components: Components, some: BoolArray, others: BoolArray) -> bool:
    """Whether a piece of one kind shares a face with one of the other kind."""
    one, two = components.links.T
    return bool(((some[one] & others[two]) | (others[one] & some[two])).any())


def tiled(components: Components, repeat: tuple[int, int]) -> Components:
    """The pieces of an array of tiles as those of one box; those of neighbours stay apart, and are linked.

    Piece k of the tile in column i and row j gets the number (j · columns + i) · n + k. Links that leave the array, whose
    shift is not 0, lead into its next copy.

    Args:
        components: the n pieces of one tile.
        repeat: tiles in x and y: columns, rows.
    """
    columns, rows = repeat
    count, tiles = len(components.labels), columns * rows
    row, column = np.divmod(np.arange(tiles), columns)
    steps_x, to_column = np.divmod(column[:, None] + components.shifts[:, 0], columns)
    steps_y, to_row = np.divmod(row[:, None] + components.shifts[:, 1], rows)
    one = components.links[:, 0] + (np.arange(tiles) * count)[:, None]
    two = components.links[:, 1] + (to_row * columns + to_column) * count
    return Components(
        labels=np.tile(components.labels, tiles),
        volumes=np.tile(components.volumes, tiles),
        links=np.column_stack([one.ravel(), two.ravel()]),
        shifts=np.column_stack([steps_x.ravel(), steps_y.ravel()]),
        at_end=np.tile(components.at_end, tiles),
    )


def component_numbers(count: int, links: IntArray) -> IntArray:
    """(count,) number of the component of each piece; components count in the order of their first pieces."""
    union = Union(count)
    union.join(links[:, 0], links[:, 1])
    return union.numbers()


class Union:
    """Pieces that are joined bit by bit: so their links need not be kept all at once."""

    def __init__(self, count: int) -> None:
        """So many pieces, all apart."""
        self._parent = np.arange(count)

    def join(self, one: IntArray, other: IntArray) -> None:
        """Joins (m,) pairs of pieces."""
        _join(self._parent, np.ascontiguousarray(one, dtype=np.int64), np.ascontiguousarray(other, dtype=np.int64))

    def numbers(self) -> IntArray:
        """(count,) number of the component of each piece; components count in the order of their first pieces."""
        return _numbers(self._parent)


@compiled
def _join(parent: IntArray, one: IntArray, other: IntArray) -> None:
    """Makes the lower root of each pair the parent of the other; ways to a root are halved as they are gone."""
    for k in range(len(one)):
        a, b = one[k], other[k]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a < b:
            parent[b] = a
        else:
            parent[a] = b


@compiled
def _numbers(parent: IntArray) -> IntArray:
    number, count = np.empty_like(parent), 0
    for k in range(len(parent)):
        if parent[k] == k:
            number[k] = count
            count += 1
        else:  # a parent comes before its children
            number[k] = number[parent[k]]
    return number


def _graph(count: int, links: IntArray) -> scipy.sparse.coo_array:
    return scipy.sparse.coo_array(
        (np.ones(len(links), dtype=np.int8), (links[:, 0], links[:, 1])), shape=(count, count)
    )


def _beside(components: Components, members: BoolArray) -> BoolArray:
    """(n,) pieces that share a face with a member."""
    beside = np.zeros(len(members), dtype=bool)
    one, two = components.links.T
    beside[one[members[two]]] = True
    beside[two[members[one]]] = True
    return beside


def endless(links: IntArray, shifts: IntArray, count: int) -> BoolArray:
    """Pieces of components that run through the period.

    Every piece is given a tile, by the steps along a spanning tree of its component. Where some link leads to another tile than
    the tree does, a chain of links joins a piece to its copy in that tile, however often it winds; where none does, none can.

    Args:
        links: (m, 2) pairs of pieces that hang together; a piece may be linked to itself, and to another by several links.
        shifts: (m, 2) the tile step, in x and y, from the first piece of a link to the second.
        count: pieces.

    Returns:
        (count,) whether a piece hangs together with one of its copies in other tiles.
    """
    component = component_numbers(count, links)
    # The trees of all components are branches of one, whose root is a piece of its own.
    heads = np.unique(component, return_index=True)[1]
    ends = np.concatenate([links, np.column_stack([np.full(len(heads), count), heads])])
    steps = np.concatenate([shifts, np.zeros((len(heads), 2), dtype=np.int64)])
    before = np.asarray(
        scipy.sparse.csgraph.breadth_first_order(_graph(count + 1, ends), count, directed=False)[1], dtype=np.int64
    )
    pieces = np.arange(count)
    keys, first = np.unique(pair_keys(ends[:, 0], ends[:, 1], count + 1), return_index=True)
    link = first[np.searchsorted(keys, pair_keys(before[:count], pieces, count + 1))]
    tile = np.zeros((count + 1, 2), dtype=np.int64)
    tile[:count] = np.where((ends[link, 1] == pieces)[:, None], steps[link], -steps[link])
    # From each piece up to the root, by jumps of doubling length.
    jump = np.append(before[:count], count)
    while (jump != count).any():
        tile += tile[jump]
        jump = jump[jump]
    winds = (tile[links[:, 0]] + shifts != tile[links[:, 1]]).any(axis=1)
    return np.asarray(np.isin(component, component[links[winds, 0]]))
