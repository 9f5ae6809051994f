"""The chart of distances between the electrodes: how long they are, and how they are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from geom3d.comparison.drawing import Canvas, column, is_wide, logarithmic, rows_of_designs, three
from geom3d.comparison.summary import Summary
from geom3d.core.colours import BASELINE, INK, SIDES

#: Height of a shape, in rows; distances that differ by less than this share of their mean are one.
TALL, EQUAL = 0.40, 1e-3
#: Shapes against the mean begin and end at so many times the extreme percentiles (5 %, 95 %); longer tails are cut off.
BEYOND = 1.3

Spreads = Mapping[str, Mapping[str, Any]]


def distances(canvas: Canvas, summaries: Sequence[Summary]) -> bool:
    """Draws the chart; False where no design has two electrodes."""
    table: list[Spreads] = [summary.report["inter_electrode_distance_um"] or {} for summary in summaries]
    spreads = [spread for entry in table for spread in entry.values()]
    if not spreads or min(spread["mean"] for spread in spreads) <= 0:
        return False
    wide = is_wide([spread["mean"] for spread in spreads])
    here, against = "distance / µm", "distance / its mean"
    if not wide:
        (shapes,) = rows_of_designs(canvas, summaries, 5.6, here)
    elif canvas.narrow:
        (shapes,) = rows_of_designs(canvas, summaries, 5.6, against)
    else:
        spans, shapes = rows_of_designs(canvas, summaries, 5.6, f"{here}, log scale", against)
        logarithmic(spans, "x")
        for row, entry in enumerate(table):
            for side, spread in entry.items():
                _span(spans, row + (0.16 if side == "cathode" else -0.16), spread, SIDES[side])
    for row, entry in enumerate(table):
        shapes.axhline(row, color=BASELINE, linewidth=0.5, zorder=1)
        for side, spread in entry.items():
            _half_violin(
                shapes, row, 1 if side == "cathode" else -1, spread, SIDES[side], 1 / spread["mean"] if wide else 1.0
            )
    longest = max(spread["p95"] / spread["mean"] if wide else spread["max"] for spread in spreads)
    nearest = min(spread["p05"] / spread["mean"] for spread in spreads) / BEYOND if wide else 0.0
    shapes.set_xlim(nearest, longest * (BEYOND if wide else 1.05))
    means = [" / ".join(three(entry[side]["mean"]) for side in SIDES if side in entry) for entry in table]
    column(shapes, "mean / µm", [mean or "half cell" for mean in means])
    canvas.legend(
        [
            canvas.patch(SIDES["anode"], "from the anode (above)"),
            canvas.patch(SIDES["cathode"], "from the cathode (below)"),
            canvas.marker("tick", INK, "mean"),
        ]
    )
    return True


def _span(axes: Any, where: float, spread: Mapping[str, Any], colour: str) -> None:
    """Least to largest as a thin line, the 5 % to 95 % percentiles as a bar, and the mean."""
    look = {"color": colour, "solid_capstyle": "butt"}
    if spread["min"] > 0:
        axes.plot([spread["min"], spread["max"]], [where, where], linewidth=0.7, zorder=2, **look)
    axes.plot([max(spread["p05"], 1e-9), spread["p95"]], [where, where], linewidth=3.2, zorder=3, **look)
    # However narrow the bar, its colour is seen on both sides of the mean's tick.
    axes.plot(spread["mean"], where, "s", color=colour, markersize=3.2, markeredgewidth=0, zorder=3)
    axes.plot(spread["mean"], where, "|", color=INK, markersize=4.0, markeredgewidth=0.6, zorder=4)


def _half_violin(axes: Any, row: int, up: int, spread: Mapping[str, Any], colour: str, factor: float) -> None:
    """A histogram on one side of a line; where all distances are equal but for rounding, a peg."""
    edges, shares = [factor * edge for edge in spread["histogram"]["edges_um"]], spread["histogram"]["share"]
    mean = factor * spread["mean"]
    if spread["max"] - spread["min"] <= EQUAL * spread["mean"]:
        axes.plot([mean, mean], [row, row + up * TALL], color=colour, linewidth=3.2, solid_capstyle="butt", zorder=2)
    else:
        heights = [row + up * TALL * share / max(shares) for share in shares]
        # Where nearly all is in one narrow bin, a line of its colour keeps it from vanishing under the mean's.
        axes.plot(
            [mean, mean], [row, row + up * TALL * 0.35], color=colour, linewidth=3.2, solid_capstyle="butt", zorder=2
        )
        axes.stairs(heights, edges, baseline=row, fill=True, color=colour, alpha=0.85, linewidth=0, zorder=2)
    axes.plot([mean, mean], [row, row + up * (TALL + 0.05)], color=INK, linewidth=0.5, zorder=3)
