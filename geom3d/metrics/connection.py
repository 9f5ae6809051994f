"""Whether each electrode reaches its own collector, on the graph of connected pieces; exact for prisms."""

from __future__ import annotations

from geom3d.core.roles import Role
from geom3d.metrics import Measured, Metric, Sample

METRICS = (
    Metric(
        "connected_fraction.anode",
        "connected share of the anode",
        "1",
        "share of the electrode's volume that reaches its own collector through the period; in a design without a "
        "collector of that sign: the substrate, the bottom or top of the cell, or the device's edge",
        50,
    ),
    Metric("connected_fraction.cathode", "connected share of the cathode", "1", "as for the anode", 51),
)


def measure(sample: Sample) -> Measured:
    """Connected share of either electrode."""
    shares: dict[str, float | None] = {}
    warnings = []
    for role in (Role.ANODE, Role.CATHODE):
        total = sample.volume(role)
        reached = sum(sample.connected_volumes[k] for k in sample.labels(role))
        shares[role.value] = min(reached / total, 1.0) if total > 0 else None
        share = shares[role.value]
        if share is not None and share < 1 - 1e-9:
            warnings.append(
                f"{100 * (1 - share):.3g} % of the {role.value} does not reach its collector and is not counted"
            )
    return Measured({"connected_fraction": shares}, tuple(warnings))
