"""The chart of capacity against distance: a numbered point for every design, and a key of the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from geom3d.comparison.drawing import Canvas, is_wide, logarithmic, short
from geom3d.comparison.summary import Summary
from geom3d.core.colours import ABSENT, GRID, INK, LEADER, NEUTRAL, SIDES, WHISKER

#: Where a number may stand beside its point, in units of its own size, the best first.
AROUND = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
PLACES = [(far * x, far * y) for far in (1.0, 1.7, 2.5) for x, y in AROUND]

Box = tuple[float, float, float, float]


def scatter(canvas: Canvas, summaries: Sequence[Summary]) -> bool:
    """Draws the chart; False where no design has both numbers."""
    points = []
    for number, summary in enumerate(summaries, 1):
        spread, charge = summary.report["inter_electrode_distance_um"], summary.report["capacity_uAh_cm2"]
        if spread and charge["cell"] and spread["anode"]["mean"] > 0:
            points.append((number, spread["anode"], charge["cell"], charge["limiting"]))
    if not points:
        return False
    columns = 1 if canvas.narrow else 2
    key = math.ceil(len(summaries) / columns) * 2.9
    plot = 0.78 * canvas.width if canvas.narrow else 0.56 * canvas.width
    canvas.height(plot + 14 + key)
    axes, below = canvas.figure.subplots(2, 1, height_ratios=(plot, key))
    xs, ys = [spread["mean"] for _, spread, _, _ in points], [charge for _, _, charge, _ in points]
    _axis(axes, "x", xs, "mean distance from anode to cathode / µm")
    ys += [product.capacity_uAh_cm2 for product in canvas.products]
    _axis(axes, "y", ys, "capacity of the cell / µAh cm⁻²")
    canvas.product_lines(axes, "y")
    axes.grid(color=GRID, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    for _, spread, charge, limiting in points:
        axes.plot([max(spread["p05"], 1e-9), spread["p95"]], [charge, charge], color=WHISKER, linewidth=1.0, zorder=2)
        marker = "o" if limiting == "anode" else "s"
        colour = SIDES.get(limiting, NEUTRAL)
        axes.plot(spread["mean"], charge, marker, color=colour, markersize=4.6, markeredgewidth=0, zorder=3)
    canvas.legend(
        [
            canvas.marker("o", SIDES["anode"], "the anode limits"),
            canvas.marker("s", SIDES["cathode"], "the cathode limits"),
        ]
    )
    shown = {number for number, *_ in points}
    _key(below, summaries, shown, columns)
    canvas.figure.canvas.draw()  # fixes the layout, so that numbers know where their points are
    canvas.figure.set_layout_engine("none")
    _number(axes, points)
    return True


def _axis(axes: Any, which: str, values: list[float], label: str) -> None:
    low, high = min(values), max(values)
    limits, name = (axes.set_xlim, axes.set_xlabel) if which == "x" else (axes.set_ylim, axes.set_ylabel)
    wide = is_wide(values)
    if wide:
        logarithmic(axes, which)
    limits(*((low / 2, high * 2) if wide else (0, 1.15 * high)))
    name(label, fontsize=7.2)
    axes.tick_params(labelsize=6.8, width=0.5)


def _key(axes: Any, summaries: Sequence[Summary], shown: set[int], columns: int) -> None:
    """The names that belong to the numbers; in grey those without a point."""
    rows = math.ceil(len(summaries) / columns)
    axes.set_axis_off()
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    for k, summary in enumerate(summaries):
        colour, remark = (INK, "") if k + 1 in shown else (ABSENT, " (no point)")
        column, row = divmod(k, rows)
        axes.text(
            column + 0.03, row + 0.5, f"{k + 1}", ha="right", va="center", fontsize=6.4, color=colour, in_layout=False
        )
        axes.text(
            column + 0.05, row + 0.5, short(summary) + remark, va="center", fontsize=6.4, color=colour, in_layout=False
        )


def _number(axes: Any, points: Sequence[tuple[int, dict[str, float], float, str]]) -> None:
    """Writes each number beside its point where it covers no other point or number."""
    where = axes.transData.transform([(spread["mean"], charge) for _, spread, charge, _ in points])
    scale = axes.figure.dpi / 72
    wide, high, taken = 8.0 * scale, 7.0 * scale, [(x, y, 3.0 * scale, 3.0 * scale) for x, y in where]
    for _, spread, charge, _ in points:  # whiskers
        (left, y), (right, _) = axes.transData.transform([(max(spread[end], 1e-9), charge) for end in ("p05", "p95")])
        taken.append(((left + right) / 2, y, right - left, 1.0))
    for (number, spread, charge, _), (x, y) in zip(points, where, strict=True):
        spots = [(x + right * wide, y + up * high, wide, high) for right, up in PLACES]
        covered = [round(sum(_overlap(spot, other) for other in taken), 6) for spot in spots]
        k = covered.index(min(covered))
        taken.append(spots[k])
        far = {"arrowstyle": "-", "color": LEADER, "linewidth": 0.4, "shrinkA": 3, "shrinkB": 2}
        axes.annotate(
            str(number), (spread["mean"], charge), (PLACES[k][0] * wide / scale, PLACES[k][1] * high / scale),
            textcoords="offset points", ha="center", va="center", fontsize=6.8, color=INK, zorder=4,
            arrowprops=far if max(map(abs, PLACES[k])) > 1 else None,
        )  # fmt: skip


def _overlap(one: Box, two: Box) -> float:
    """Area that two boxes share; a box is its middle, width and height."""
    wide = (one[2] + two[2]) / 2 - abs(one[0] - two[0])
    high = (one[3] + two[3]) / 2 - abs(one[1] - two[1])
    return max(0.0, wide) * max(0.0, high)
