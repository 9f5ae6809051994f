"""The chart of electrolytes: ionic conductivity against temperature, from the material files, by Arrhenius' law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geom3d.comparison.charts import Chart
from geom3d.comparison.drawing import Canvas
from geom3d.comparison.summary import Summary
from geom3d.core.colours import CLASSES, GRID, OTHER
from geom3d.core.errors import InputError
from geom3d.core.files import replacing
from geom3d.core.roles import Role
from geom3d.library.materials import CELSIUS, ZERO_CELSIUS, Material, fitting

#: Temperatures that the chart spans, °C, and those that its upper axis names.
COLDEST, HOTTEST, NAMED = -30.0, 130.0, (-20, 0, 25, 60, 100)
#: Width of the chart, mm: two columns of a journal.
WIDTH = 170
#: Decades per 1000/K of an activation energy of 0.35 eV; it places names, no number depends on it.
USUAL_SLOPE = 1.76


@dataclass(frozen=True)
class Curve:
    """The conductivity of one electrolyte.

    Attributes:
        name, material: of the electrolyte.
        inverse: (n,) 1000 K over the temperature; one point, at 25 °C, where the activation energy is not known.
        conductivity: (n,) S/cm.
    """

    name: str
    material: Material
    inverse: Sequence[float]
    conductivity: Sequence[float]


def curves() -> list[Curve]:
    """Every electrolyte with a known conductivity, the best at 25 °C first."""
    found = []
    for name, material in fitting(Role.ELECTROLYTE).items():
        if material.conductivity_S_cm is None:
            continue
        # A straight line in this chart: its ends are all of it, and the point at 25 °C is what was measured.
        known = material.activation_energy_eV is not None
        celsius = [COLDEST, CELSIUS, HOTTEST] if known else [CELSIUS]
        values = [value for at in celsius if (value := material.conductivity_at(at)) is not None]
        found.append(Curve(name, material, [1000 / (at + ZERO_CELSIUS) for at in celsius], values))
    return sorted(found, key=lambda curve: -(curve.material.conductivity_S_cm or 0.0))


def write_chart(path: Path) -> None:
    """Writes the chart as SVG with real text, or as PNG.

    Raises:
        InputError: an ending that is neither.
        OutputError: a file that cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in (".svg", ".png"):
        raise InputError(f"output: must end in .svg or .png; got {str(path)!r}")
    svg = CHART.svg([], WIDTH) if kind == ".svg" else None
    data = svg.encode() if svg is not None else CHART.png([], WIDTH)
    assert data is not None  # there are shipped electrolytes
    with replacing(path) as file:
        file.write(data)


def _draw(canvas: Canvas, _: Sequence[Summary]) -> bool:
    found = curves()
    canvas.height(150)
    axes = canvas.figure.subplots()
    left, right = (1000 / (celsius + ZERO_CELSIUS) for celsius in (HOTTEST, COLDEST))
    span = right - left
    values = [value for curve in found for value in curve.conductivity]
    low, high = np.log10(min(values)) - 0.3, np.log10(max(values)) + 0.3
    axes.set_xlim(left, right + 0.62 * span)  # names stand on the right
    axes.set_ylim(low, high)
    step = (high - low) / (len(found) + 1)
    order = sorted(found, key=lambda curve: -_rank(curve))
    for row, curve in enumerate(order):
        colour = CLASSES.get(curve.material.kind or "", OTHER)
        logs = np.log10(curve.conductivity)
        axes.plot(curve.inverse, logs, color=colour, linewidth=1.0, zorder=2)
        at = 1000 / (CELSIUS + ZERO_CELSIUS)
        axes.plot(at, np.log10(curve.material.conductivity_S_cm or 0.0), "o", color=colour, markersize=3.2, zorder=3)
        # The leader starts where the curve ends: at the lowest temperature, or at the single point.
        place = high - (row + 1) * step
        ends = (max(curve.inverse), right + 0.05 * span)
        axes.plot(ends, (logs[0], place), color=colour, linewidth=0.4, linestyle=(0, (2, 2)), zorder=1)
        axes.text(right + 0.06 * span, place, _label(curve), fontsize=6.0, va="center", color=colour)
    ticks = np.arange(np.ceil(low), np.floor(high) + 1)
    axes.set_yticks(ticks, [f"10{_raised(int(tick))}" for tick in ticks], fontsize=6.8)
    axes.set_xticks([k for k in (2.6, 2.8, 3.0, 3.2, 3.4, 3.6, 3.8, 4.0) if k <= right])
    axes.tick_params(axis="x", labelsize=6.8, width=0.5)
    axes.set_xlabel("1000 K / temperature", fontsize=7.2, loc="left")
    axes.set_ylabel("ionic conductivity / S cm⁻¹, log scale", fontsize=7.2)
    axes.grid(color=GRID, linewidth=0.5)
    axes.spines[["right"]].set_visible(False)
    above = axes.secondary_xaxis("top")
    above.set_xticks([1000 / (celsius + ZERO_CELSIUS) for celsius in NAMED], [f"{celsius} °C" for celsius in NAMED])
    above.tick_params(labelsize=6.8, width=0.5)
    used = {curve.material.kind or "other": None for curve in found}
    canvas.legend([canvas.patch(CLASSES.get(kind, OTHER), kind) for kind in used])
    return True


def _rank(curve: Curve) -> float:
    """By what names follow each other: where the curve ends; a single point as if its line were as steep as the usual one."""
    ends = max(curve.inverse)
    missing = 1000 / (COLDEST + ZERO_CELSIUS) - ends
    return float(np.log10(curve.conductivity[0])) - USUAL_SLOPE * missing


def _label(curve: Curve) -> str:
    formula = curve.material.formula
    return f"{curve.name}  {formula}" if formula and formula.casefold() != curve.name.casefold() else formula


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


CHART = Chart(
    "electrolytes",
    "Ionic conductivity of solid electrolytes",
    "Lines follow Arrhenius' law from the point at 25 °C, with the activation energy of the material's file; electrolytes "
    "without one are points.",
    _draw,
)
