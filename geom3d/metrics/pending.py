"""Ionic resistance between the electrodes: declared here, not computed yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geom3d.metrics import Metric, Sample

METRICS = (Metric("ionic_resistance_ohm_cm2", "ionic resistance", "Ω·cm²", "per footprint; not computed yet", 46),)


def measure(sample: Sample) -> Mapping[str, Any]:
    """The key is fixed, its value is null until it is computed."""
    return {"ionic_resistance_ohm_cm2": None}
