"""Which pieces of a partition hang together through the period, and which reach a contact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geom3d.core.arrays import BoolArray, FloatArray, IntArray


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


def component_numbers(count: int, links: IntArray) -> IntArray:
    """(count,) number of the component of each piece."""
    graph = coo_array((np.ones(len(links), dtype=np.int8), (links[:, 0], links[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _beside(components: Components, members: BoolArray) -> BoolArray:
    """(n,) pieces that share a face with a member."""
    beside = np.zeros(len(members), dtype=bool)
    one, two = components.links.T
    beside[one[members[two]]] = True
    beside[two[members[one]]] = True
    return beside


def endless(links: IntArray, shifts: IntArray, count: int) -> BoolArray:
    """(count,) pieces of components that run through the period.

    In a 2 × 2 array that closes on itself, a chain that winds an odd number of times joins a piece to its copy.
    """
    parts = []
    for column in range(2):
        for row in range(2):
            there = (column + shifts[:, 0]) % 2 * 2 + (row + shifts[:, 1]) % 2
            parts.append(links + np.column_stack([np.full(len(links), 2 * column + row), there]) * count)
    label = component_numbers(4 * count, np.concatenate(parts)).reshape(4, count)
    return np.asarray((label[0] == label[1:]).any(axis=0))
