"""Distance from one electrode's surface to the other's: how large it is, and how it varies."""

from __future__ import annotations

from typing import Any

from geom3d.metrics import KeyFigure, Measured, Metric, Sample
from geom3d.transport.distance import STEADY, THIN, Spread

_LEAST = (
    "over all points of both surfaces; the film's thickness where coats of electrolyte alone part the electrodes, and what "
    "the mesh falls short of it is its uncertainty"
)
_PARTS = (
    ("min", "least", _LEAST),
    ("mean", "mean", "mean over the electrode's surface"),
    ("max", "largest", "largest found; at square rims and corners of a film up to √2 of its thickness"),
    ("std", "standard deviation", "over the electrode's surface"),
    ("p05", "5 %", "not exceeded on 5 % of the electrode's surface"),
    ("p50", "median", "not exceeded on half of the electrode's surface"),
    ("p95", "95 %", "not exceeded on 95 % of the electrode's surface"),
    ("min_on_mesh", "least on the mesh", "exact for the mesh, over all points of both surfaces"),
)
#: A least distance on the mesh of more than this multiple of the film is none of the film.
BEYOND = 1.05

METRICS = tuple(
    Metric(
        f"inter_electrode_distance_um.{side}.{part}",
        f"distance from the {side}, {word}",
        "µm",
        "straight, through the period, from the surface that faces the electrolyte (bare in a cell without one) to the "
        f"nearest point of the other electrode's; {meaning}",
        45 + 0.1 * place + 0.01 * rank,
        KeyFigure(f"{word} distance") if side == "anode" and part in ("min", "mean") else None,
    )
    for place, side in enumerate(("anode", "cathode"))
    for rank, (part, word, meaning) in enumerate(_PARTS)
)


def measure(sample: Sample) -> Measured:
    """The distribution on either electrode; nothing for a half cell."""
    if sample.electrodes is None:
        return Measured({"inter_electrode_distance_um": None})
    film = sample.cell.film_between
    spreads = sample.electrodes.spreads(film)
    least = spreads["anode"].least
    if film is not None and least > BEYOND * film:  # where the two bodies show they do not face each other
        film = None
    warnings = [
        f"the mean distance from the {side} still moved by {100 * spread.error:.2g} % at {spread.points:,} points"
        for side, spread in spreads.items()
        if spread.error > STEADY
    ]
    if film is not None and least < (1 - THIN) * film:
        share = max(spread.thin or 0.0 for spread in spreads.values())
        warnings.append(
            f"on the mesh the electrodes come as near as {least:.3g} µm, {100 * (1 - least / film):.2g} % less than the film of "
            f"{film:.4g} µm between them, and nearer than {100 * (1 - THIN):g} % of it on {_percent(share)} of their surfaces: "
            "creases and needles of the web are finer than its grid"
        )
    start = "inter_electrode_distance_um"
    own = {f"{start}.{side}.{part}": noise for side, spread in spreads.items() for part, noise in spread.noise.items()}
    if film is not None:
        own |= {f"{start}.{side}.min": abs(film - least) for side in spreads}
    entries = {side: _entry(spread, film) for side, spread in spreads.items()}
    return Measured({start: entries}, tuple(warnings), own)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share else "less than 0.01 %"


def _entry(spread: Spread, film: float | None) -> dict[str, Any]:
    return {
        "min": spread.least if film is None else film,
        "min_on_mesh": spread.least,
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
