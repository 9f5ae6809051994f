"""Charts of a comparison, at the widths of a journal's columns, as SVG with real text, and as PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from geom3d.comparison.conduction import conduction
from geom3d.comparison.distances import distances
from geom3d.comparison.drawing import (
    Canvas,
    column,
    rows_of_designs,
    rows_of_numbers,
    three,
)
from geom3d.comparison.scatter import scatter
from geom3d.comparison.summary import Summary
from geom3d.core.colours import EDGE, INK, LABEL, NEUTRAL, REMARK, SIDES, WHISKER, colour_of, text_colour
from geom3d.core.drawn import drawing
from geom3d.core.errors import OutputError
from geom3d.core.files import replacing
from geom3d.core.progress import bar
from geom3d.core.roles import Role
from geom3d.library.products import Product

#: Widths, mm, of one column and of two.
WIDTHS = (85, 170)
#: Dots per inch of PNG files.
RESOLUTION = 300


@dataclass(frozen=True)
class Chart:
    """A kind of chart.

    Attributes:
        name: of its files.
        title: what it shows.
        caption: how to read it.
        draw: draws it on a canvas; False where there is nothing to draw.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[Canvas, Sequence[Summary]], bool]

    def svg(self, summaries: Sequence[Summary], width: float, products: Sequence[Product] = ()) -> str | None:
        """The chart as SVG, or None where there is nothing to draw.

        Args:
            summaries: the designs.
            width: mm.
            products: to hold them against.
        """
        data = self._saved(summaries, width, "svg", products)
        return None if data is None else data.decode()

    def png(self, summaries: Sequence[Summary], width: float, products: Sequence[Product] = ()) -> bytes | None:
        """The chart as PNG, or None where there is nothing to draw."""
        return self._saved(summaries, width, "png", products)

    def _saved(
        self, summaries: Sequence[Summary], width: float, form: str, products: Sequence[Product]
    ) -> bytes | None:
        # No file carries a date.
        with chart_look():
            canvas = Canvas(width, products)
            if not self.draw(canvas, summaries):
                return None
            data = io.BytesIO()
            if form == "svg":
                nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
                canvas.figure.savefig(data, format="svg", metadata=nothing)
            else:
                canvas.figure.savefig(data, format="png", dpi=RESOLUTION, metadata={"Software": None})
            return data.getvalue()


def chart_look() -> AbstractContextManager[None]:
    """Settings of all charts: text stays text, and names of parts depend on nothing but the drawing."""
    return drawing(
        svg__fonttype="none", svg__hashsalt="geom3d", font__size=7.5, axes__linewidth=0.6, axes__axisbelow=True
    )


def write_charts(summaries: Sequence[Summary], folder: Path, products: Sequence[Product] = ()) -> list[Path]:
    """Writes every chart at both widths as SVG and PNG.

    Args:
        summaries: the designs.
        folder: made if it is missing.
        products: to hold them against.

    Raises:
        OutputError: a folder or file that cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"folder {str(folder)!r} cannot be made: {error.strerror}") from None
    paths = []
    with bar("charts", len(CHARTS) * len(WIDTHS)) as advance:
        for chart in CHARTS:
            for width in WIDTHS:
                svg, png = chart.svg(summaries, width, products), chart.png(summaries, width, products)
                for suffix, data in (("svg", None if svg is None else svg.encode()), ("png", png)):
                    if data is not None:
                        path = folder / f"{chart.name}_{width}mm.{suffix}"
                        with replacing(path) as file:
                            file.write(data)
                        paths.append(path)
                advance(1)
    return paths


def _area_gain(canvas: Canvas, summaries: Sequence[Summary]) -> bool:
    kinds = [("anode", SIDES["anode"]), ("cathode", SIDES["cathode"]), ("side walls", NEUTRAL)]
    keys = [label.replace(" ", "_") for label, _ in kinds]
    table = [[summary.report["area_gain"][key] for key in keys] for summary in summaries]
    values = [value for row in table for value in row if value]
    if not values:
        return False
    axes, log = rows_of_numbers(canvas, summaries, 6.6, "area / footprint", values)
    start, height = (1.0 if log else 0.0), 0.26
    for place, (label, colour) in enumerate(kinds):
        for row, line in enumerate(table):
            value = line[place]
            if value is None:
                continue
            where = row + (place - 1) * (height + 0.02)
            if value > 0:
                axes.barh(where, value - start, height, left=start, color=colour, label=None if row else label)
            beside = max(value, start)
            axes.annotate(
                three(value) if value else "0",
                (beside, where),
                (2, 0),
                textcoords="offset points",
                va="center",
                fontsize=5.6,
                color=LABEL,
            )
    axes.axvline(1.0, color=INK, linewidth=0.7, zorder=3)
    low, high = min(*values, 1.0), max(values)
    axes.set_xlim(*((low / 1.6, high * 2.2) if log else (0, 1.12 * max(high, 1.0))))
    canvas.legend([canvas.patch(colour, label) for label, colour in kinds])
    return True


def _capacity(canvas: Canvas, summaries: Sequence[Summary]) -> bool:
    table = [summary.report["capacity_uAh_cm2"] for summary in summaries]
    values = [entry[side] for entry in table for side in SIDES if entry[side]]
    if not values:
        return False
    values += [product.capacity_uAh_cm2 for product in canvas.products]
    axes, log = rows_of_numbers(canvas, summaries, 4.6, "capacity per footprint / µAh cm⁻²", values)
    for row, entry in enumerate(table):
        both = [entry[side] for side in SIDES if entry[side]]
        if len(both) == 2:
            axes.plot(both, [row, row], color=WHISKER, linewidth=1.2, zorder=2)
        for side, marker in (("anode", "o"), ("cathode", "s")):
            if entry[side]:
                axes.plot(entry[side], row, marker, color=SIDES[side], markersize=4.2, markeredgewidth=0, zorder=3)
        if entry["cell"]:
            axes.plot(entry["cell"], row, "o", markerfacecolor="none", markeredgecolor=INK, markersize=7.6, zorder=4)
    canvas.product_lines(axes, "x")
    limits = [_why(e["reason"]) if e["cell"] is None else f"{three(e['cell'])} {e['limiting']}" for e in table]
    column(axes, "cell, limited by", limits)
    axes.set_xlim(*((min(values) / 1.7, max(values) * 1.7) if log else (0, 1.06 * max(values))))
    canvas.legend(
        [
            canvas.marker("o", SIDES["anode"], "anode"),
            canvas.marker("s", SIDES["cathode"], "cathode"),
            canvas.marker("ring", INK, "cell: the electrode that limits"),
        ]
    )
    return True


def _why(reason: str) -> str:
    """In a word or two, why a cell has no capacity."""
    return reason.partition(":")[0].removeprefix("there is ").removeprefix("the electrodes are ")


def _volume_fractions(canvas: Canvas, summaries: Sequence[Summary]) -> bool:
    table = [_by_role(summary) for summary in summaries]
    roles = [role for role in [*Role, "void"] if any(shares.get(role) for shares in table)]
    if not roles:
        return False
    (axes,) = rows_of_designs(
        canvas, summaries, 4.8, "share of volume / %" if canvas.narrow else "share of the structure's volume / %"
    )
    for row, shares in enumerate(table):
        left = 0.0
        for role in roles:
            share = 100 * shares.get(role, 0.0)
            if share > 0:
                colour = colour_of(role)
                axes.barh(row, share, 0.72, left=left, color=colour, edgecolor=EDGE, linewidth=0.3, clip_on=False)
                if share >= (5 if canvas.width > 100 else 9):
                    axes.text(
                        left + share / 2,
                        row,
                        f"{share:.0f}",
                        ha="center",
                        va="center",
                        fontsize=5.8,
                        color=text_colour(colour),
                    )
            left += share
        if not shares:
            axes.text(1, row, "no structure above the base", va="center", fontsize=6, color=REMARK)
    axes.set_xlim(0, 100)
    axes.get_xticklabels()[-1].set_ha("right")  # "100" ends with the axis, and within the column
    axes.grid(visible=False)
    canvas.legend([canvas.patch(colour_of(role), str(role).replace("_", " ")) for role in roles])
    return True


def _by_role(summary: Summary) -> dict[str, float]:
    """Volume fraction of each role, and of the void; nothing where the report has none."""
    shares: dict[str, float] = {}
    for region, share in (summary.report["volume_fraction"] or {}).items():
        known = summary.report["materials"].get(region)
        role = "void" if known is None else known["role"]
        shares[role] = shares.get(role, 0.0) + share
    return shares if math.fsum(shares.values()) > 0 else {}


#: All charts, in the order of the page.
CHARTS = (
    Chart(
        "area-gain",
        "Area gain",
        "Interface of either electrode with the electrolyte, and the upright part of the bare structure's surface (not defined "
        "in sponges), per footprint. The line marks 1, a flat film as large as the chip.",
        _area_gain,
    ),
    Chart(
        "capacity",
        "Capacity per footprint",
        "Capacity of the connected material of either electrode. The ring marks the electrode that limits the cell; its value "
        "stands on the right.",
        _capacity,
    ),
    Chart(
        "distance",
        "Distance between the electrodes",
        "Straight distance from each electrode's surface to the nearest point of the other's. Shapes are histograms, each "
        "scaled to its tallest bin; a peg means that the distance is the same everywhere. Bars span the 5 % to 95 % percentiles, "
        "thin lines least to largest. Where the designs differ by orders of magnitude, the shapes stand against each design's "
        "mean.",
        distances,
    ),
    Chart(
        "capacity-distance",
        "Capacity against mean distance",
        "Upper left is what 3D designs aim for: much charge, short ways. Whiskers span the 5 % to 95 % percentiles of "
        "the distance from the anode. Half cells have no point.",
        scatter,
    ),
    Chart(
        "resistance",
        "Ionic resistance",
        "Of the electrolyte between the electrodes, times the footprint; shown where conduction was asked for. The "
        "tick is what the mean distance over the area would give. The shares of the anode's and the cathode's surface that carry the upper half of the "
        "current are 50 % where it spreads evenly.",
        conduction,
    ),
    Chart(
        "volume-fractions",
        "Volume fractions",
        "What the volume between the structure's foot and its top is made of, by role; layers of the same role are added up.",
        _volume_fractions,
    ),
)
