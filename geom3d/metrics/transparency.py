"""Transmittance of grids: the share of the chip that no line covers."""

from __future__ import annotations

from geom3d.metrics import Measured, Metric, Sample
from geom3d.solids.prisms.floorplan import floor_plan

METRICS = (
    Metric(
        "transmittance",
        "transmittance",
        "1",
        "open share of the footprint; absorption and reflection in the open share are not counted",
        65,
    ),
    Metric("coverage", "coverage", "1", "share of the footprint under lines", 66),
)


def measure(sample: Sample) -> Measured:
    """Open and covered share of a grid's floor plan, drawn and triangulated as for the cell."""
    pattern, cell = sample.cell.facts.pattern, sample.cell
    if pattern is None:
        return Measured({"transmittance": None, "coverage": None})
    plan = floor_plan([pattern], cell.size[:2], cell.chord_tolerance)
    covered = float(plan.areas[plan.masks[pattern]].sum() / plan.areas.sum())
    return Measured({"transmittance": 1 - covered, "coverage": covered})
