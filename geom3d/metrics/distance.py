"""Distance from one electrode's surface to the other's: how large it is, and how it varies."""

from __future__ import annotations

from typing import Any

from geom3d.metrics import KeyFigure, Measured, Metric, Sample
from geom3d.transport.distance import STEADY, Spread

_PARTS = (
    ("min", "least", "exact, over all points of both surfaces"),
    ("mean", "mean", "mean over the electrode's surface"),
    ("max", "largest", "largest found; at square rims and corners of a film up to √2 of its thickness"),
    ("std", "standard deviation", "over the electrode's surface"),
    ("p05", "5 %", "not exceeded on 5 % of the electrode's surface"),
    ("p50", "median", "not exceeded on half of the electrode's surface"),
    ("p95", "95 %", "not exceeded on 95 % of the electrode's surface"),
)

METRICS = tuple(
    Metric(
        f"inter_electrode_distance_um.{side}.{part}",
        f"distance from the {side}, {word}",
        "µm",
        "straight, through the period, from the surface that faces the electrolyte (bare in a cell without one) to the "
        f"nearest point of the other electrode's; {meaning}",
        45 + 0.1 * place + 0.01 * rank,
        KeyFigure("mean distance") if (side, part) == ("anode", "mean") else None,
    )
    for place, side in enumerate(("anode", "cathode"))
    for rank, (part, word, meaning) in enumerate(_PARTS)
)


def measure(sample: Sample) -> Measured:
    """The distribution on either electrode; nothing for a half cell."""
    if sample.electrodes is None:
        return Measured({"inter_electrode_distance_um": None})
    spreads = sample.electrodes.spreads()
    warnings = tuple(
        f"the mean distance from the {side} still moved by {100 * spread.error:.2g} % at {spread.points:,} points"
        for side, spread in spreads.items()
        if spread.error > STEADY
    )
    return Measured(
        {"inter_electrode_distance_um": {side: _entry(spread) for side, spread in spreads.items()}}, warnings
    )


def _entry(spread: Spread) -> dict[str, Any]:
    return {
        "min": spread.least,
        "mean": spread.mean,
        "max": spread.most,
        "std": spread.std,
        "p05": spread.p05,
        "p50": spread.p50,
        "p95": spread.p95,
        "histogram": {"edges_um": spread.edges.tolist(), "share": spread.shares.tolist()},
        "sampling_error": spread.error,
        "points": spread.points,
    }
