"""Charge in the plates that features stand on, which ions reach last."""

from __future__ import annotations

from geom3d.core.roles import Role
from geom3d.mesh.slabs import volumes_below
from geom3d.metrics import Measured, Metric, Sample

METRICS = (
    Metric(
        "capacity_below_features.anode",
        "charge of the anode deeper than the features",
        "1",
        "share of the electrode's charge, unconnected parts included, that lies in the plate below the features' foot, "
        "or in the upper plate that they hang from; it counts in full in the capacity",
        36.1,
    ),
    Metric(
        "capacity_below_features.cathode",
        "charge of the cathode deeper than the features",
        "1",
        "as for the anode",
        36.2,
    ),
)


def measure(sample: Sample) -> Measured:
    """The share of either electrode; nothing for a flat cell, which has no features."""
    cell, walls, facts = sample.cell, sample.walls, sample.cell.facts
    if facts.top <= facts.base_z:
        return Measured({"capacity_below_features": None})
    below, above = volumes_below(walls, facts.base_z), walls.volumes - volumes_below(walls, facts.top)
    shares: dict[str, float | None] = {}
    for role in (Role.ANODE, Role.CATHODE):
        deep = total = 0.0
        for label in sample.labels(role):
            region = cell.regions[label]
            charge = region.material.capacity_uAh_cm2_um(cell.description.capacity_basis)
            total += charge * float(walls.volumes[label])
            # What layers hold above the features is no plate, nor what they hold on a lower face.
            if region.own or not facts.both_faces:
                deep += charge * float(below[label] + (above[label] if region.own else 0.0))
        share = deep / total if total > 0 else None
        shares[role.value] = 0.0 if share is not None and share < 1e-9 else share
    return Measured({"capacity_below_features": shares})
