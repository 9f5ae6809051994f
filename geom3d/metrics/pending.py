"""Distance from one electrode's surface to the other: declared here, not computed yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geom3d.metrics import Metric, Sample

METRICS = (
    Metric(
        "inter_electrode_distance_um",
        "inter-electrode distance",
        "µm",
        "from the points of one electrode's surface to the nearest of the other's; not computed yet",
        45,
    ),
    Metric("ionic_resistance_ohm_cm2", "ionic resistance", "Ω·cm²", "per footprint; not computed yet", 46),
)


def measure(sample: Sample) -> Mapping[str, Any]:
    """The keys are fixed, their values are null until they are computed."""
    return {"inter_electrode_distance_um": None, "ionic_resistance_ohm_cm2": None}
