"""Ionic resistance between the electrodes, and how evenly current spreads; computed where it is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from geom3d.core.roles import COLLECTOR
from geom3d.library.materials import CELSIUS
from geom3d.metrics import UNCERTAIN, Inquiry, KeyFigure, Measured, Metric, Request
from geom3d.transport import OHM_CM2, NoPath, Transport
from geom3d.transport.electrons import electronic

#: Share of the ionic resistance from which on that of electrons is worth a warning.
SLOW = 0.1
#: Share of the cell voltage that the ohmic drop takes at the areal power that is given.
DROP = 0.1

_FIGURES = (
    ("max_over_mean", "largest", "largest mean over a small triangle; at sharp edges it grows the finer these are"),
    ("p95_over_mean", "95 %", "not exceeded on 95 % of the electrode's surface"),
    ("std_over_mean", "standard deviation", "over the electrode's surface"),
)

METRICS = (
    Metric(
        "ionic_resistance_ohm_cm2",
        "ionic resistance",
        "Ω·cm²",
        "of the electrolyte between the electrodes' surfaces, per footprint, at 25 °C",
        46,
        KeyFigure("ionic resistance"),
    ),
    Metric(
        "transport.resistance_ohm_cm2",
        "ionic resistance at temperature",
        "Ω·cm²",
        "the same at the temperature asked for, by Arrhenius' law",
        46.01,
    ),
    Metric("transport.temperature_C", "temperature", "°C", "of the transport figures", 46.02),
    Metric(
        "transport.to_planar",
        "resistance : planar cell",
        "1",
        "over that of a planar cell whose electrolyte is as thick as the least distance of the electrodes",
        46.03,
    ),
    Metric(
        "transport.to_least_distance",
        "resistance : least distance / surface",
        "1",
        "over the estimate least distance / (conductivity × mean of both electrodes' area gains)",
        46.04,
    ),
    Metric(
        "transport.to_mean_distance",
        "resistance : mean distance / surface",
        "1",
        "over the same estimate with the mean distance of the electrodes",
        46.05,
    ),
    Metric(
        "transport.effective_distance_um",
        "effective distance",
        "µm",
        "conductivity × resistance × mean of both electrodes' area gains: the thickness of a plane electrolyte of that "
        "surface with this resistance",
        46.06,
    ),
    Metric(
        "transport.power_mW_cm2",
        "power at an ohmic drop of 10 %",
        "mW/cm²",
        "delivered per footprint when the electrolyte takes a tenth of the mean cell voltage: 0.09 V² / resistance",
        46.07,
    ),
    *(
        Metric(
            f"transport.electronic_resistance_ohm_cm2.{side}",
            f"electronic resistance of the {side}",
            "Ω·cm²",
            f"between the {side}'s contact and its interface with the electrolyte, through which current passes evenly, per "
            "footprint, at the highest published electronic conductivity: the power that is lost over the square of the "
            "current; nothing where it is below a thousandth of the ionic resistance for certain, or not known",
            46.08 + 0.01 * place,
        )
        for place, side in enumerate(("anode", "cathode"))
    ),
    *(
        Metric(
            f"transport.current.{side}.{part}",
            f"current density on the {side}, {word} : mean",
            "1",
            meaning,
            46.1 + 0.1 * place + 0.01 * rank,
        )
        for place, side in enumerate(("anode", "cathode"))
        for rank, (part, word, meaning) in enumerate(_FIGURES)
    ),
    *(
        Metric(
            f"transport.current.{side}.area_share_of_half",
            f"share of the {side} with half of the current",
            "1",
            "smallest share of its surface that carries half of the current; 0.5 where it is even",
            46.14 + 0.1 * place,
        )
        for place, side in enumerate(("anode", "cathode"))
    ),
)


REQUEST = Request(
    "transport",
    "The ionic resistance and the spread of current; takes seconds, a sponge longer.",
    needs=("temperature",),
)


def answer(inquiry: Inquiry) -> Measured:
    """Resistance at 25 °C, all figures at the temperature asked for; the reason where no current can flow."""
    solve, celsius, known = inquiry.conduct, inquiry.temperature, inquiry.known
    try:
        usual = solve(CELSIUS)
    except NoPath as missing:
        none = {"ionic_resistance_ohm_cm2": None, "transport": {"reason": str(missing)}}
        return Measured(none, [f"no ionic resistance: {missing}"])
    found: Transport | None = None
    reason = None
    try:
        found = solve(celsius)
    except NoPath as missing:
        reason = str(missing)
    transport: dict[str, Any] = {"reason": reason, "temperature_C": celsius}
    transport |= {"resistance_ohm_cm2": None} if found is None else _entry(found, known)
    errors = {"ionic_resistance_ohm_cm2": usual.resistance * usual.error} if usual.error is not None else {}
    if found is not None and found.error is not None:
        least, mean = (_relative(known, part) for part in ("min", "mean"))
        shares = dict.fromkeys(("resistance_ohm_cm2", "effective_distance_um", "power_mW_cm2"), found.error)
        # A ratio is no better known than the distance that it is built on.
        shares |= dict.fromkeys(("to_planar", "to_least_distance"), math.hypot(found.error, least))
        shares["to_mean_distance"] = math.hypot(found.error, mean)
        errors |= {
            f"transport.{key}": transport[key] * share for key, share in shares.items() if transport[key] is not None
        }
    electrons, lost, slow = _electrons(inquiry, usual.resistance)
    transport |= {"electronic_resistance_ohm_cm2": electrons}
    errors |= lost
    notes = [*([] if reason is None else [reason]), *slow]
    if usual.error is not None and usual.error > UNCERTAIN:
        notes.append(f"the ionic resistance is uncertain by {100 * usual.error:.2g} %")
    return Measured({"ionic_resistance_ohm_cm2": usual.resistance, "transport": transport}, notes, errors)


def _relative(known: Mapping[str, Any], part: str) -> float:
    """Relative uncertainty of a figure of the electrodes' distance: that of the side of which less is known."""
    errors, distances = known["uncertainty"] or {}, known["inter_electrode_distance_um"]
    paths = {side: f"inter_electrode_distance_um.{side}.{part}" for side in ("anode", "cathode")}
    return max(float(errors.get(path, 0.0) / distances[side][part]) for side, path in paths.items())


def _electrons(inquiry: Inquiry, ionic: float) -> tuple[dict[str, float | None], dict[str, float], list[str]]:
    """Electronic resistance of either electrode, its uncertainty by path, and a sentence where it matters."""
    cell, walls = inquiry.sample.cell, inquiry.sample.walls
    values: dict[str, float | None] = {}
    errors: dict[str, float] = {}
    notes = []
    for role in COLLECTOR:
        known = inquiry.sample.electrons
        if (role, ionic) not in known:  # whatever the temperature of the electrolyte
            known[role, ionic] = electronic(cell, walls, role, ionic)
        found = known[role, ionic]
        values[role.value] = None if found is None else found.resistance
        if found is None:
            continue
        if found.error is not None:
            errors[f"transport.electronic_resistance_ohm_cm2.{role.value}"] = found.resistance * found.error
        if found.resistance > SLOW * ionic:
            used = {cell.regions[k].material.title: value for k, value in found.conductivity.items()}
            named = ", ".join(f"{title} {value:.2g} S/cm" for title, value in used.items())
            notes.append(
                f"electrons meet {found.resistance:.2g} Ω·cm² in the {role.value} ({named} at best) beside "
                f"{ionic:.2g} Ω·cm² for ions: it needs a conductive additive, or a collector nearby"
            )
    return values, errors, notes


def _entry(found: Transport, known: Mapping[str, Any]) -> dict[str, Any]:
    distances = known["inter_electrode_distance_um"]
    sides = ("anode", "cathode")
    planar = OHM_CM2 / found.conductivity  # of 1 µm, Ω·cm²
    least = min(distances[side]["min"] for side in sides)
    mean = sum(distances[side]["mean"] for side in sides) / 2
    voltage = known["voltage_V"]
    solution = found.solution
    bounds = found.bounds
    return {
        "resistance_ohm_cm2": found.resistance,
        "bounds_ohm_cm2": None if bounds is None else list(bounds),
        "conductivity_S_cm": found.conductivity,
        "to_planar": found.resistance / (planar * least),
        "to_least_distance": found.resistance * found.gain / (planar * least),
        "to_mean_distance": found.resistance * found.gain / (planar * mean),
        "effective_distance_um": found.effective_distance,
        "power_mW_cm2": None if voltage is None else 1000 * DROP * (1 - DROP) * voltage**2 / found.resistance,
        "current": {
            side: currents.figures() for side, currents in zip(sides, (solution.anode, solution.cathode), strict=True)
        },
        "current_balance": abs(solution.anode.total / solution.cathode.total - 1),
        "method": solution.way,
        "unknowns": solution.unknowns,
    }
