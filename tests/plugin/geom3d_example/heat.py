"""Ohmic heat of the electrolyte at 1 mA/cm²; computed where it is asked for."""

from __future__ import annotations

from geom3d.metrics import KeyFigure, Measured, Metric, Request
from geom3d.transport import NoPath

METRICS = (
    Metric("heat_mW_cm2", "ohmic heat at 1 mA/cm²", "mW/cm²", "current² × ionic resistance", 47, KeyFigure("heat")),
)
REQUEST = Request("heat", "The ohmic heat; takes as long as ionic conduction.", needs=("temperature",))


def answer(inquiry):
    """Current² × resistance: 1e-6 A²/cm⁴ × Ω·cm², in mW."""
    try:
        found = inquiry.conduct(inquiry.temperature)
    except NoPath as missing:
        return Measured({"heat_mW_cm2": None}, [f"no heat: {missing}"])
    heat = 1e-3 * found.resistance
    return Measured({"heat_mW_cm2": heat}, (), {} if found.error is None else {"heat_mW_cm2": heat * found.error})
