"""Transmittance of grids: the share of the chip that nothing opaque covers."""

from __future__ import annotations

from geom3d.core.roles import Role
from geom3d.metrics import Measured, Metric, Sample
from geom3d.solids.prisms.floorplan import floor_plan

#: Areas, volumes and connection are all that it reads of the walls.
TRIANGLES = False

METRICS = (
    Metric(
        "transmittance",
        "transmittance",
        "1",
        "open share of the footprint, 0 where an electrode, a collector or a barrier fills the openings; absorption and "
        "reflection in what else lies there are not counted",
        65,
    ),
    Metric("coverage", "coverage", "1", "share of the footprint under lines", 66),
)

#: What no light gets through: electrodes, metals and their barriers. Substrates, electrolytes and seals are taken as clear.
OPAQUE = (
    Role.ANODE,
    Role.CATHODE,
    Role.ANODE_COLLECTOR,
    Role.CATHODE_COLLECTOR,
    Role.BARRIER,
)


def measure(sample: Sample) -> Measured:
    """Open and covered share of a grid's floor plan, drawn and triangulated as for the cell."""
    pattern, cell = sample.cell.facts.pattern, sample.cell
    if pattern is None:
        return Measured({"transmittance": None, "coverage": None})
    plan = floor_plan([pattern], cell.size[:2], cell.chord_tolerance)
    covered = float(plan.areas[plan.masks[pattern]].sum() / plan.areas.sum())
    # Coats stand on the lines; what fills the openings, or lies under all of the grid, leaves nothing open.
    shut = [r.name for r in cell.regions if r.role in OPAQUE and (r.fill_to is not None or r.own)]
    notes = (f"no light gets through: {', '.join(shut)} lies in or under all openings of the grid",) if shut else ()
    return Measured({"transmittance": 0.0 if shut else 1 - covered, "coverage": covered}, notes)
