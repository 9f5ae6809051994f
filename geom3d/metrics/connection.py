"""Whether electrons and ions reach each electrode, on the graph of connected pieces; exact for prisms."""

from __future__ import annotations

from geom3d.core.roles import Role
from geom3d.metrics import Measured, Metric, Sample

#: Share of a volume that is no more than rounding.
SMALL = 1e-9

#: Areas, volumes and connection are all that it reads of the walls.
TRIANGLES = False

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
    Metric(
        "counted_fraction.anode",
        "share of the anode that takes part",
        "1",
        "share of the electrode's volume that reaches its own collector and that ions reach from the counter-electrode: "
        "through the electrolyte, and on through the electrode itself",
        52,
    ),
    Metric("counted_fraction.cathode", "share of the cathode that takes part", "1", "as for the anode", 53),
)


def measure(sample: Sample) -> Measured:
    """Share of either electrode that electrons, and that electrons and ions reach."""
    connected: dict[str, float | None] = {}
    counted: dict[str, float | None] = {}
    warnings = []
    for role in (Role.ANODE, Role.CATHODE):
        name, total = role.value, sample.volume(role)
        if total <= 0:
            connected[name] = counted[name] = None
            continue
        labels = sample.labels(role)
        reached = sum(sample.connected_volumes[k] for k in labels)
        served = sum(sample.counted_volumes[k] for k in labels)
        connected[name], counted[name] = min(reached / total, 1.0), min(served / total, 1.0)
        if reached < total * (1 - SMALL):
            warnings.append(
                f"{100 * (1 - reached / total):.3g} % of the {name} does not reach its collector and is not counted"
            )
        if served < reached - SMALL * total:
            warnings.append(
                f"{100 * (reached - served) / total:.3g} % of the {name} is reached by no ion through the electrolyte "
                "and is not counted"
            )
    return Measured({"connected_fraction": connected, "counted_fraction": counted}, tuple(warnings))
