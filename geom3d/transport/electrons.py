"""Electrons in an electrode: what it adds between its collector and its surface, by the solver of ionic conduction.

The current leaves evenly through the electrode's interface with the electrolyte; the collector has one potential. The resistance
is the power that is lost over the square of the current: the mean of the potential over that interface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.roles import COLLECTOR, Role
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.solids.prisms.extrusion import Extrusion
from geom3d.transport.contacts import Contacts
from geom3d.transport.linear import System
from geom3d.transport.tetrahedra import FIRST, Medium

#: Ω·cm² from µm² of footprint over S/cm · µm of conductance.
OHM_CM2 = 1e-4
#: Relative change at which refinement ends, and tetrahedra from which on it does not go on.
SETTLED, MOST = 0.01, 400_000
#: Relative residual at which iterations end: a hundred-thousandth of what refinement leaves.
RESIDUAL = 1e-7
#: What is left over the last change, at most: 1.7 at an edge where the collector meets the surface, a third elsewhere.
LEFT = 2.0
#: Share of another resistance below which that of the electrode does not matter and is not looked for.
MATTERS = 1e-3


@dataclass(frozen=True)
class Electronic:
    """Electronic resistance of an electrode.

    Attributes:
        resistance: per footprint, Ω·cm².
        error: relative, from the last refinement; None of a sampled cell.
        conductivity: the highest of each region that is published, S/cm, by label.
    """

    resistance: float
    error: float | None
    conductivity: dict[int, float]


def electronic(cell: Cell, walls: InterfaceMesh, electrode: Role, beside: float) -> Electronic | None:
    """What electrons meet between the collector and the electrolyte, at the highest conductivity that is published.

    Without a collector they come from a substrate that conducts, else through the bottom and the top of the box.

    Args:
        cell, walls: the battery.
        electrode: anode or cathode.
        beside: resistance that it is held against, Ω·cm².

    Returns:
        None where a conductivity is not known, nothing joins contact and electrolyte, or it is far below `beside` for
        certain.

    Raises:
        GeometryError: where the system cannot be solved.
    """
    known: dict[int, float] = {}
    for label in cell.labels(electrode):
        extent = cell.regions[label].material.electronic_range_S_cm
        if extent is None:
            return None
        known[label] = extent[1]
    if not known or _most(cell, walls, known) < MATTERS * beside:
        return None
    substrates = [k for k in cell.labels(Role.SUBSTRATE) if cell.regions[k].material.collects]
    contact = cell.labels(COLLECTOR[electrode]) or substrates or [OUTSIDE]
    contacts = Contacts(known, contact, cell.labels(Role.ELECTROLYTE))
    if cell.step is not None:
        found = _mean_potential(walls, contacts, None, 1)
        return None if found is None else Electronic(OHM_CM2 * walls.footprint * found, None, known)
    filling = walls.filling
    assert filling is not None  # what is not sampled can be filled
    # In a flat cell nothing changes along the films, and shorter edges there would tell nothing.
    is_flat = isinstance(filling, Extrusion) and (filling.labels == filling.labels[:, :1]).all()
    narrower = 1.0 if is_flat else 0.5
    edge, layers = FIRST * min(walls.size[:2]) / 2, 2  # the coarsest mesh and this one may agree by accident
    before = _mean_potential(walls, contacts, edge, layers)
    while before is not None:
        edge, layers = narrower * edge, 2 * layers
        found = _mean_potential(walls, contacts, edge, layers)
        assert found is not None  # the coarser mesh joined them
        change = abs(before / found - 1)
        if change <= SETTLED or filling.most(narrower * edge, 2 * layers)[1] > MOST:
            return Electronic(OHM_CM2 * walls.footprint * found, LEFT * change, known)
        before = found
    return None


def _most(cell: Cell, walls: InterfaceMesh, known: dict[int, float]) -> float:
    """A resistance that an electrode hardly exceeds, Ω·cm²: all of its current along the longest way, through its mean section."""
    longest = max(cell.top, *cell.size[:2])
    thickness = sum(float(walls.volumes[label]) for label in known) / walls.footprint
    return OHM_CM2 * longest**2 / (min(known.values()) * thickness)


def _mean_potential(walls: InterfaceMesh, contacts: Contacts, max_edge: float | None, layers: int) -> float | None:
    """Over the interface with the electrolyte, for a current of 1 that leaves evenly there; None where it cannot."""
    medium = Medium.of(walls, contacts, max_edge, layers)
    if not len(medium.corners):
        return None
    areas = medium.areas(medium.cathode)
    load = np.zeros(medium.node_count)
    np.add.at(load, medium.on(medium.cathode), (areas / (3 * areas.sum()))[:, None])
    system = System(medium.system.matrix, np.unique(medium.on(medium.anode)), np.empty(0, dtype=np.int64), load=load)
    return float(load @ system.solve(RESIDUAL))
