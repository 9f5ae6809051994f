"""Conduction on tetrahedra, of any family of solids: continuous potentials that are linear in each.

Their energy is at least that of the true potential (Dirichlet's principle), however flat the tetrahedra: the resistance is
not over-estimated, for the mesh's shape.

Of a sampled cell they are those of its grid. A film has one or two tetrahedra across, which is enough as long as it is thin
against the radius of its curvature; the error of the grid is estimated with a grid of twice the step. Of other cells their edges are
halved, and their layers across films doubled, until the conductance settles, and its last change is the error. In one electrolyte it is larger than what is left:
the energy converges at least as fast as h^(4/3) there, which is how fast it does at a right angle that juts out into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from geom3d.core import memory
from geom3d.core.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    compacted,
    homes,
    numbers_of,
    tetrahedron_volumes,
    triangle_areas,
)
from geom3d.core.errors import GeometryError
from geom3d.core.progress import bar
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.mesh.volume import FACES, face_sums, opposite, paired_faces
from geom3d.transport.contacts import Contacts, NoPath
from geom3d.transport.linear import System, assembled
from geom3d.transport.solution import Currents, Solution
from geom3d.transport.surface import FIELD

#: Relative change of the conductance at which refinement ends; tetrahedra from which on it does not go on.
SETTLED, MOST = 5e-3, 1_500_000
#: Longest edge at first, as a share of the period: no two edges then join the same nodes through the period.
FIRST = 0.49
#: Relative residual, and most iterations, of a density that is evened out.
EVEN, MOST_EVEN = 1e-6, 5000
#: Bytes that a tetrahedron that conducts takes at the peak, with its share of the system and of what solves it.
PER_TETRAHEDRON = 550
#: Tetrahedra whose matrices are computed at once.
CHUNK = 100_000
#: What to change where they do not fit.
REMEDY = "take a coarser resolution or a larger tolerance"


@dataclass(frozen=True)
class Medium:
    """The tetrahedra that carry current from one electrode to the other.

    Attributes:
        points: (P, 3) µm.
        corners: (n, 4) points of each, positively oriented.
        conductivity: (n,) of each.
        nodes: (n, 4) the corners, counted once through the period, 0 to `node_count` - 1.
        node_count: how many there are.
        anode, cathode: (a,), (c,) faces at which an electrode begins, as 4 × tetrahedron + corner opposite.
    """

    points: FloatArray
    corners: IntArray
    conductivity: FloatArray
    nodes: IntArray
    node_count: int
    anode: IntArray
    cathode: IntArray

    @classmethod
    def of(cls, walls: InterfaceMesh, contacts: Contacts, max_edge: float | None = None, layers: int = 1) -> Medium:
        """What conducts; pieces that do not join both electrodes are left out.

        Faces are counted by their corners, once through the period: no edge may be as long as half of that.

        Args:
            walls: of the cell.
            contacts: what its regions do.
            max_edge: of the tetrahedra, µm; None for a sampled cell, whose edges are short.
            layers: of them across films.
        """
        assert walls.filling is not None  # the caller's promise
        points, corners, labels = walls.filling.tetrahedra(max_edge, layers)
        home = homes(len(points), (opposite(points, axis, walls) for axis in (0, 1)))
        member = np.isin(labels, list(contacts.conductivity))
        own, own_labels = corners[member], labels[member]
        pairs, rim = paired_faces(len(points), home[own], walls)
        part = component_numbers(len(own), pairs // 4)
        marks = np.random.default_rng(0).integers(0, 2**64, size=len(points), dtype=np.uint64)
        rim_sums = face_sums(marks, home[own])[rim]
        near = np.zeros(len(points), dtype=bool)
        near[home[own]] = True
        ends = []
        for electrode in (contacts.anode, contacts.cathode):
            other = corners[np.isin(labels, electrode)]
            other = other[near[home[other]].sum(axis=1) >= 3]
            met = np.isin(rim_sums, face_sums(marks, home[other]))
            if OUTSIDE in electrode:
                met |= _at_end(points[own], rim, walls.size[2])
            ends.append(rim[met])
        kept = np.isin(part, np.intersect1d(part[ends[0] // 4], part[ends[1] // 4]))
        number = numbers_of(kept)
        anode, cathode = (number[end[kept[end // 4]] // 4] * 4 + end[kept[end // 4]] % 4 for end in ends)
        used, nodes = compacted(home[own[kept]])
        return cls(points, own[kept], contacts.of(own_labels[kept]), nodes, len(used), anode, cathode)

    def on(self, ends: IntArray) -> IntArray:
        """(k, 3) nodes of faces given as 4 × tetrahedron + corner."""
        return np.asarray(self.nodes[ends // 4][np.arange(len(ends))[:, None], FACES[ends % 4]])

    def triangles(self, ends: IntArray) -> IntArray:
        """(k, 3) points of such faces."""
        return np.asarray(self.corners[ends // 4][np.arange(len(ends))[:, None], FACES[ends % 4]])

    def areas(self, ends: IntArray) -> FloatArray:
        """(k,) of such faces, µm²."""
        return triangle_areas(self.points, self.triangles(ends))

    @cached_property
    def system(self) -> System:
        """Potentials at the nodes."""
        return System(self._stiffness(), np.unique(self.on(self.anode)), np.unique(self.on(self.cathode)))

    def _stiffness(self) -> scipy.sparse.csr_array:
        memory.require("transport", "tetrahedra that conduct", len(self.corners), PER_TETRAHEDRON, REMEDY)
        local = np.empty((len(self.corners), 4, 4))
        for start in range(0, len(local), CHUNK):
            part = slice(start, start + CHUNK)
            corner = [self.points[of] for of in self.corners[part].T]
            normals = np.stack([np.cross(corner[j] - corner[i], corner[k] - corner[i]) for i, j, k in FACES], axis=1)
            scale = self.conductivity[part] / (36 * tetrahedron_volumes(*corner))
            np.einsum("nid,njd->nij", normals, normals * scale[:, None, None], out=local[part])
        return assembled(local, self.nodes, self.node_count)


def _at_end(corners: FloatArray, faces: IntArray, top: float) -> BoolArray:
    """(f,) whether faces, given as 4 × tetrahedron + corner opposite, lie in the bottom or the top of the box.

    Args:
        corners: (n, 4, 3) of the tetrahedra, µm.
        faces: (f,) at the rim of what they fill.
        top: height of the box, µm.
    """
    heights = corners[faces[:, None] // 4, FACES[faces % 4], 2]
    return np.asarray((heights == 0.0).all(axis=1) | (heights == top).all(axis=1))


def refined(walls: InterfaceMesh, contacts: Contacts) -> tuple[Solution, float]:
    """The conductance of a cell that is not sampled, on ever smaller tetrahedra until it settles.

    Args:
        walls: of the cell.
        contacts: what its regions do.

    Returns:
        the finest solution, and by how much the last halving of edges changed it, relative.

    Raises:
        NoPath, GeometryError: as `conduction`.
        InputError: where even the coarsest two meshes have too many tetrahedra.
    """
    assert walls.filling is not None  # the caller's promise
    edge, layers = FIRST * min(walls.size[:2]), 1
    before = _conduction(walls, contacts, edge, edge)
    while True:
        edge, layers = edge / 2, 2 * layers
        found = _conduction(walls, contacts, edge, edge, layers)
        change = abs(before.conductance / found.conductance - 1)
        if change <= SETTLED or walls.filling.most(edge / 2, 2 * layers)[1] > MOST:
            return found, change
        before = found


def conduction(walls: InterfaceMesh, contacts: Contacts, step: float) -> Solution:
    """The conductance of a sampled cell.

    Args:
        walls: of the cell.
        step: of the grid, µm, over which current densities are evened out.
        contacts: what its regions do.

    Raises:
        NoPath: where the electrolyte does not join both electrodes, or the electrodes touch where they face it.
        GeometryError: where the system cannot be solved.
    """
    return _conduction(walls, contacts, step, None)


def _conduction(
    walls: InterfaceMesh, contacts: Contacts, reach: float, max_edge: float | None, layers: int = 1
) -> Solution:
    """The conductance; current densities are evened out over a reach, µm."""
    with bar("ionic conduction", 2) as advance:
        medium = Medium.of(walls, contacts, max_edge, layers)
        if not len(medium.corners):
            raise NoPath("the electrolyte does not join the electrodes")
        system = medium.system
        if len(np.intersect1d(system.low, system.high)):
            raise NoPath("the electrodes touch at the edge of the electrolyte: its resistance is zero")
        advance(1)
        values = system.solve()
        advance(1)
    out = system.matrix @ values
    anode, cathode = (
        _currents(medium, ends, sign * out, reach) for ends, sign in ((medium.anode, -1), (medium.cathode, 1))
    )
    conductance = float(values @ out)
    return Solution(
        conductance=conductance,
        bounds=None,
        anode=anode,
        cathode=cathode,
        unknowns=medium.node_count,
        way="finite elements on the grid's tetrahedra" if max_edge is None else "finite elements on tetrahedra",
        field=lambda: _field(walls, medium, contacts, anode, cathode),
    )


def _currents(medium: Medium, ends: IntArray, into: FloatArray, reach: float) -> Currents:
    """The currents into the nodes of an electrode's surface as a density, evened out over a reach; none is lost.

    Slivers of the surface have no density of their own. The density q solves q - reach² Δq = currents per area, Δ along the
    surface.
    """
    nodes, areas = medium.on(ends), medium.areas(ends)
    own, number = compacted(nodes)
    corners = medium.points[medium.triangles(ends)]
    sides = corners[:, [2, 0, 1]] - corners[:, [1, 2, 0]]
    local = np.einsum("nid,njd->nij", sides, sides) * (reach**2 / (4 * areas))[:, None, None]
    around = np.bincount(number.ravel(), np.repeat(areas / 3, 3))
    matrix = (assembled(local, number, len(own)) + scipy.sparse.diags_array(around)).tocsr()
    total = float(into[own].sum())
    density, state = scipy.sparse.linalg.cg(
        matrix, into[own], x0=np.full(len(own), total / around.sum()), rtol=EVEN, maxiter=MOST_EVEN,
        M=scipy.sparse.diags_array(1 / matrix.diagonal()),
    )  # fmt: skip
    if state:
        raise GeometryError("transport: the current density on an electrode does not settle")
    currents = areas * density[number].mean(axis=1)
    return Currents(areas, currents * (total / currents.sum()))


def _field(
    walls: InterfaceMesh, medium: Medium, contacts: Contacts, anode: Currents, cathode: Currents
) -> InterfaceMesh:
    """The walls with the current density over its mean on the electrodes' surfaces.

    Triangles on levels are those of the mesh, corner for corner; on planes the mesh may have others, and each has the
    number of the nearest.
    """
    field = np.full(len(walls.triangles), np.nan)
    for ends, currents, labels in (
        (medium.anode, anode, contacts.anode),
        (medium.cathode, cathode, contacts.cathode),
    ):
        chosen = np.flatnonzero(walls.between(labels, list(contacts.conductivity)))
        middles = [
            vertices[triangles].mean(axis=1)
            for vertices, triangles in (
                (medium.points, medium.triangles(ends)),
                (walls.vertices, walls.triangles[chosen]),
            )
        ]
        field[chosen] = currents.density[scipy.spatial.KDTree(middles[0]).query(middles[1])[1]]
    return walls.with_field(FIELD, field)
