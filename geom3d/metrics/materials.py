"""What the choice of materials entails: cautions, and whether the anode outlives soldering."""

from __future__ import annotations

from geom3d.core.roles import Role
from geom3d.metrics import Measured, Metric, Sample

#: Peak temperature of lead-free reflow soldering, °C (IPC/JEDEC J-STD-020, packages thinner than 1.6 mm).
SOLDERING = 260.0

#: Areas, volumes and connection are all that it reads of the walls.
TRIANGLES = False

METRICS = (
    Metric(
        "solder.anode_limit_C",
        "temperature limit of the anode",
        "°C",
        "lowest temperature at which a material of the anode as made melts, decomposes or changes its phase",
        78,
    ),
    Metric(
        "solder.anode_survives",
        "anode outlives soldering",
        "",
        f"whether that limit lies above {SOLDERING:g} °C, the peak of lead-free reflow; a lithium-free cell must not be charged before",
        78.1,
    ),
)


def measure(sample: Sample) -> Measured:
    """The anode's limit of temperature; cautions of all materials go into the warnings."""
    warnings = []
    for region in sample.cell.regions:
        # Whoever asks for theory knows that all of it counts.
        asked = region.role in (Role.ANODE, Role.CATHODE) and sample.cell.description.capacity_basis == "theoretical"
        caution = region.material.cautions.get(region.role)
        if caution is not None and not asked:
            warnings.append(f"{region.name}: {caution}")
    limits = [sample.cell.regions[k].material.limit_C for k in sample.labels(Role.ANODE)]
    known = [limit for limit in limits if limit is not None]
    lowest = min(known, default=None)
    survives: str | None = None
    if lowest is not None and lowest < SOLDERING:
        survives = "no"
    elif known and len(known) == len(limits):
        survives = "yes"
    elif not limits and sample.labels(Role.ANODE_COLLECTOR) and sample.labels(Role.CATHODE):
        survives = "before the first charge"
    limit = lowest if len(known) == len(limits) else None
    return Measured({"solder": {"anode_limit_C": limit, "anode_survives": survives}}, tuple(warnings))
