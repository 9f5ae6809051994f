"""Conduction on voxels, the second way: finite volumes, with the electrodes' surfaces where they are between the centres.

Each voxel belongs to the region at its centre. Current flows from a centre to its six neighbours; between two electrolytes their
half paths are in series. Towards an electrode the path ends at its surface, which lies between the two centres in the ratio of
their distances to it (Gibou et al., J. Comput. Phys. 176 (2002) 205): so curved electrodes are no stairs. Surfaces that no
current passes are stairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray, FloatArray, IntArray, numbers_of
from geom3d.core.errors import InputError
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.rasters.voxels import VoxelGrid, by_centre
from geom3d.transport.contacts import Contacts
from geom3d.transport.distance import Electrodes
from geom3d.transport.linear import System

#: Least share of the way to a neighbour at which an electrode's surface may lie: nearer ones would spoil the system.
NEAREST = 0.02
#: Steps along a way towards a surface, and the share of a voxel's edge at which it is reached.
FOLLOWED, AT_SURFACE = 12, 0.01
#: What a voxel is to the current.
OTHER, MEDIUM, ANODE, CATHODE = range(4)

#: Edges of the grids that are compared, how many times their change is the uncertainty, and what no grid tells.
SCALES, SAFETY, ROUNDING = (1.0, 1.5, 2.0), 2.0, 1e-6

Kinds = NDArray[np.uint8]


@dataclass(frozen=True)
class VoxelMedium:
    """Voxels of one period, periodic in x and y.

    Attributes:
        kinds: (nz, ny, nx) OTHER, MEDIUM, ANODE or CATHODE.
        conductivity: (nz, ny, nx) where the kind is MEDIUM, in any unit.
        spacing: edges of a voxel in x, y and z, µm.
    """

    kinds: Kinds
    conductivity: FloatArray
    spacing: tuple[float, float, float]

    def centres(self, index: IntArray) -> FloatArray:
        """(n, 3) centres of voxels by number, µm."""
        k, j, i = np.unravel_index(index, self.kinds.shape)
        return np.asarray((np.stack([i, j, k], axis=1) + 0.5) * self.spacing, dtype=np.float64)

    def pairs(self) -> Iterator[tuple[int, IntArray, IntArray]]:
        """Axis (0 for x) and the numbers of neighbours one step along it, through the period in x and y."""
        numbers = np.arange(self.kinds.size).reshape(self.kinds.shape)
        for axis in range(2):
            yield axis, numbers.ravel(), np.roll(numbers, -1, axis=2 - axis).ravel()
        yield 2, numbers[:-1].ravel(), numbers[1:].ravel()


@dataclass(frozen=True)
class Flow:
    """What flows from one electrode to the other at a difference of 1 in potential.

    Attributes:
        conductance: of one period, in units of the conductivity times µm.
        balance: by how much the currents at the two electrodes differ, relative.
        unknowns: voxels that carry current.
    """

    conductance: float
    balance: float
    unknowns: int


def flow(medium: VoxelMedium, distance: Mapping[int, Callable[[FloatArray], FloatArray]] | None = None) -> Flow:
    """Solves for the potential between the electrodes.

    Args:
        medium: the voxels.
        distance: for ANODE and CATHODE the distance of (n, 3) points to that electrode's surface, µm; without it the
            surface is taken half way between two centres.

    Raises:
        InputError: where no current can flow.
    """
    kinds, kappa = medium.kinds.ravel(), medium.conductivity.ravel()
    ones: list[IntArray] = []
    others: list[IntArray] = []
    links: list[FloatArray] = []
    ends: dict[int, tuple[list[IntArray], list[FloatArray]]] = {ANODE: ([], []), CATHODE: ([], [])}
    for axis, a, b in medium.pairs():
        step = medium.spacing[axis]
        area = float(np.prod(medium.spacing)) / step
        inner = np.flatnonzero((kinds[a] == MEDIUM) & (kinds[b] == MEDIUM) & (a != b))
        p, q = a[inner], b[inner]
        ones.append(p)
        others.append(q)
        links.append(2 * area / step / (1 / kappa[p] + 1 / kappa[q]))
        for kind, (where, what) in ends.items():
            for here, there in ((a, b), (b, a)):
                p, q, share = _facing(medium, here, there, kind, step, None if distance is None else distance[kind])
                where.append(p)
                what.append(kappa[p] * area / step / np.maximum(share, NEAREST))
    one, other, link = (np.concatenate(part) for part in (ones, others, links))
    at = {kind: (np.concatenate(where), np.concatenate(what)) for kind, (where, what) in ends.items()}
    part = component_numbers(len(kinds), np.column_stack([one, other]))
    through = np.intersect1d(part[at[ANODE][0]], part[at[CATHODE][0]])
    if not len(through):
        raise InputError("transport: no electrolyte joins the electrodes on these voxels; take smaller ones")
    carries = (kinds == MEDIUM) & np.isin(part, through)
    count = int(np.count_nonzero(carries))
    number = numbers_of(carries)
    rows, columns, values = [], [], []
    low, high = count, count + 1
    for p, q, g in (
        (number[one[carries[one]]], number[other[carries[one]]], link[carries[one]]),
        *(
            (number[p[carries[p]]], np.full(np.count_nonzero(carries[p]), end), g[carries[p]])
            for end, (p, g) in ((low, at[ANODE]), (high, at[CATHODE]))
        ),
    ):
        rows += [p, q, p, q]
        columns += [q, p, p, q]
        values += [-g, -g, g, g]
    size = count + 2
    matrix = scipy.sparse.coo_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size)
    ).tocsr()
    found = System(matrix, np.array([low]), np.array([high])).solve()
    into, out = (matrix[[end]] @ found for end in (high, low))
    return Flow(float(into[0]), abs(float(into[0] + out[0])) / float(into[0]), count)


def _facing(
    medium: VoxelMedium,
    here: IntArray,
    there: IntArray,
    kind: int,
    step: float,
    distance: Callable[[FloatArray], FloatArray] | None,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Voxels of the medium, their neighbours beyond an electrode's surface, and the share of the way to that surface.

    An electrode may be a film so thin that the neighbour's centre lies behind it: the way between two centres crosses the
    surface only if their distances to it are together at most as long; then it is followed.
    """
    kinds = medium.kinds.ravel()
    if distance is None:
        facing = np.flatnonzero((kinds[here] == MEDIUM) & (kinds[there] == kind))
        return here[facing], there[facing], np.full(len(facing), 0.5)
    facing = np.flatnonzero((kinds[here] == MEDIUM) & ((kinds[there] == kind) | (kinds[there] == OTHER)))
    p, q = here[facing], there[facing]
    if not len(p):
        return p, q, np.empty(0)
    before, beyond = distance(medium.centres(p)), distance(medium.centres(q))
    total = before + beyond
    crossed = kinds[q] == kind
    back_region = np.flatnonzero(~crossed & (total <= step * (1 + 1e-9)))
    crossed[back_region] = _crossing(medium, p[back_region], q[back_region], step, distance)
    share = np.where(total > 0, before / np.where(total > 0, total, 1), 0.5)
    return p[crossed], q[crossed], share[crossed]


def _crossing(
    medium: VoxelMedium, here: IntArray, there: IntArray, step: float, distance: Callable[[FloatArray], FloatArray]
) -> BoolArray:
    """Whether the ways between neighbours cross a surface: by steps as long as its distance, which end at it or pass it."""
    extent = np.array(medium.kinds.shape[::-1]) * medium.spacing
    start, end = medium.centres(here), medium.centres(there)
    way = (end - start - np.round((end - start) / extent) * extent) / step
    gone = np.zeros(len(here))
    left = np.full(len(here), np.inf)
    for _ in range(FOLLOWED):
        left = distance(np.mod(start + gone[:, None] * way, extent))
        gone = np.minimum(gone + left, step)
    return np.asarray(left <= AT_SURFACE * min(medium.spacing))


def medium_of(cell: Cell, walls: InterfaceMesh, contacts: Contacts, edges: tuple[float, float, float]) -> VoxelMedium:
    """The voxels of a cell, each of the region at its centre.

    Args:
        cell, walls: the battery.
        contacts: which regions do what.
        edges: of a voxel in x, y and z, µm; the nearest are taken of which the cell is a whole number.
    """
    size = (*cell.size[:2], cell.top)
    counts = [max(1, round(length / edge)) for length, edge in zip(size, edges, strict=True)]
    x, y, z = (length / count for length, count in zip(size, counts, strict=True))
    labels = np.stack(list(by_centre(walls, VoxelGrid((counts[2], counts[1], counts[0]), (x, y, z)))))
    kinds = np.full(labels.shape, OTHER, dtype=np.uint8)
    kappa = contacts.of(labels)
    kinds[kappa > 0] = MEDIUM
    for kind, some in ((ANODE, contacts.anode), (CATHODE, contacts.cathode)):
        kinds[np.isin(labels, list(some))] = kind
    return VoxelMedium(kinds, kappa, (x, y, z))


def flow_in(cell: Cell, walls: InterfaceMesh, contacts: Contacts, edges: tuple[float, float, float]) -> Flow:
    """What flows between the electrodes of a cell, on voxels of such edges; see `medium_of`.

    Raises:
        InputError: where no current can flow.
    """
    electrodes = Electrodes.of(cell, walls)
    if electrodes is None:
        raise InputError("transport: the electrolyte does not face both electrodes")
    distance = {ANODE: electrodes.anode.search.distances, CATHODE: electrodes.cathode.search.distances}
    return flow(medium_of(cell, walls, contacts, edges), distance)


@dataclass(frozen=True)
class Estimate:
    """A conductance on voxels.

    Attributes:
        conductance: of one period, unit of the conductivities × µm.
        error: twice its change against voxels of 1.5 or 2 times the edge, the larger: what is of first order is off by about
            half of that.
        unknowns: voxels that carry current.
    """

    conductance: float
    error: float
    unknowns: int


def conduction(cell: Cell, walls: InterfaceMesh, contacts: Contacts, edges: tuple[float, float, float]) -> Estimate:
    """The conductance of any cell with an uncertainty.

    Args:
        cell, walls: the battery.
        contacts: which regions do what.
        edges: of a voxel in x, y and z, µm; twice them must still resolve the films.

    Raises:
        InputError: where no current can flow.
    """
    fine, *coarser = (
        flow_in(cell, walls, contacts, (scale * edges[0], scale * edges[1], scale * edges[2])) for scale in SCALES
    )
    # Straight films on an even number of voxels may agree by chance: a third grid makes that unlikely.
    error = SAFETY * max(abs(other.conductance - fine.conductance) for other in coarser) + ROUNDING * fine.conductance
    return Estimate(fine.conductance, error, fine.unknowns)
