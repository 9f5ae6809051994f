"""The chart of ionic resistances."""

from __future__ import annotations

from collections.abc import Sequence

from geom3d.comparison.drawing import Canvas, column, rows_of_numbers, three
from geom3d.comparison.summary import Summary
from geom3d.core.colours import INK, NEUTRAL, SIDES, WHISKER

#: Colours of the resistance and of its estimate.
TRUE, ESTIMATE = INK, NEUTRAL


def conduction(canvas: Canvas, summaries: Sequence[Summary]) -> bool:
    """Resistance per footprint, beside what the mean distance would make it; and where half of the current flows."""
    found = [summary.report["transport"] for summary in summaries]
    values = [entry["resistance_ohm_cm2"] for entry in found if entry and entry.get("resistance_ohm_cm2")]
    if not values:
        return False
    axes, log = rows_of_numbers(canvas, summaries, 4.6, "ionic resistance × footprint / Ω cm²", values)
    beside = []
    for row, entry in enumerate(found):
        if not entry or not entry.get("resistance_ohm_cm2"):
            beside.append("–")
            continue
        value = entry["resistance_ohm_cm2"]
        estimate = value / entry["to_mean_distance"]
        axes.plot([value, estimate], [row, row], color=WHISKER, linewidth=1.0, zorder=2)
        axes.plot(estimate, row, "|", color=ESTIMATE, markersize=7, markeredgewidth=1.2, zorder=3)
        axes.plot(value, row, "o", color=TRUE, markersize=4.2, markeredgewidth=0, zorder=4)
        shares = [f"{100 * entry['current'][side]['area_share_of_half']:.0f}" for side in SIDES]
        beside.append(f"{three(value)}; {' / '.join(shares)} %")
    column(axes, "Ω cm²; area of half the current", beside)
    axes.set_xlim(*((min(values) / 1.7, max(values) * 1.7) if log else (0, 1.1 * max(values))))
    canvas.legend(
        [canvas.marker("o", TRUE, "resistance"), canvas.marker("tick", ESTIMATE, "estimate: mean distance / mean area")]
    )
    return True
