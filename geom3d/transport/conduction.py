"""How conduction is solved, by the family of a cell's solids.

The general way takes the tetrahedra that a family fills its walls with: those of the grid where it is sampled, else finer
and finer ones. A family that knows better is registered: prisms enclose the conductance between two bounds.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from geom3d.cell.cell import Cell
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.solids import Family
from geom3d.solids.prisms.prism import PrismFamily
from geom3d.transport import prisms, tetrahedra
from geom3d.transport.contacts import Contacts
from geom3d.transport.solution import Solution

#: Relative gap between bounds that is no more than rounding.
ROUNDING = 1e-9


@singledispatch
def solved(
    family: Family[Any],
    cell: Cell,
    walls: InterfaceMesh,
    coarse: tuple[Cell, InterfaceMesh] | None,
    contacts: Contacts,
) -> tuple[Solution, float | None]:
    """The solution and its relative error; None where that is not known.

    Args:
        family: of the cell.
        cell, walls: the battery.
        coarse: of a sampled cell, the same on a grid of twice the step.
        contacts: what its regions do.

    Raises:
        NoPath: where the electrolyte does not join both electrodes, or the electrodes touch where they face it.
        GeometryError: where a system cannot be solved.
    """
    if cell.step is None:
        return tetrahedra.refined(walls, contacts)
    solution = tetrahedra.conduction(walls, contacts, cell.step)
    if coarse is None or coarse[0].step is None:
        return solution, None
    other = tetrahedra.conduction(coarse[1], contacts, coarse[0].step)
    return solution, abs(other.conductance / solution.conductance - 1)


@solved.register(PrismFamily)
def _(
    family: PrismFamily,
    cell: Cell,
    walls: InterfaceMesh,
    coarse: tuple[Cell, InterfaceMesh] | None,
    contacts: Contacts,
) -> tuple[Solution, float | None]:
    solution = prisms.conduction(walls, contacts)
    assert solution.bounds is not None  # of prisms they are known
    low, high = solution.bounds
    return solution, (high - low) / (high + low) if high - low > ROUNDING * high else 0.0
