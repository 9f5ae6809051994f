"""What charts share: a canvas of a given width, and rows of designs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from geom3d.comparison.summary import Summary
from geom3d.core.colours import BAND, EDGE, GRID, LABEL, LEADER, PAPER
from geom3d.library.products import Product

#: A logarithmic axis is used where the largest value is more than this many times the smallest.
WIDE = 30.0
#: Longest name that charts write out, and those of one column.
LONGEST, NARROW = 34, 28
MM = 1 / 25.4


class Canvas:
    """A figure of a given width; whoever draws on it says how high it is.

    Attributes:
        width: mm.
        products: to hold designs against, where a chart has an axis for them.
    """

    def __init__(self, width: float, products: Sequence[Product] = ()) -> None:
        self.width = width
        self.products = tuple(products)

    def product_lines(self, axes: Any, which: str) -> None:
        """A line for the charge per area of each product, at its place on an axis of charge, with its name."""
        for product in sorted(self.products, key=lambda product: product.capacity_uAh_cm2):
            at = product.capacity_uAh_cm2
            look = {"color": LEADER, "linewidth": 0.7, "linestyle": (0, (3, 2)), "zorder": 1}
            words = {"fontsize": 5.6, "color": LABEL}
            if which == "x":
                axes.axvline(at, **look)
                place, where, side = (at, 0.99), ("data", "axes fraction"), {"rotation": 90, "va": "top"}
            else:
                axes.axhline(at, **look)
                place, where, side = (0.995, at), ("axes fraction", "data"), {"va": "bottom"}
            # Charts with few rows are low: names may reach out of them, and take no room from the axes.
            axes.annotate(product.name, place, xycoords=where, ha="right", **side, **words).set_in_layout(False)

    @cached_property
    def figure(self) -> Any:
        """The figure, drawn without any screen."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure: Any = Figure(figsize=(self.width * MM, 3.0), layout="constrained", facecolor=PAPER)
        FigureCanvasAgg(figure)
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03)
        return figure

    @property
    def narrow(self) -> bool:
        """Whether it is as wide as one column only."""
        return self.width < 120

    def height(self, mm: float) -> None:
        """Sets the height, mm."""
        self.figure.set_figheight(mm * MM)

    def legend(self, handles: list[Any]) -> None:
        """A legend above the axes, in as many columns as fit."""
        columns = 2 if self.narrow else min(len(handles), 5)
        rows = math.ceil(len(handles) / columns)
        if rows > 2:  # the rows of designs keep their height
            self.height(self.figure.get_figheight() / MM + 3.2 * (rows - 2))
        self.figure.legend(
            handles=handles, loc="outside upper left", ncols=columns, frameon=False,
            fontsize=6.8, handlelength=1.2, handletextpad=0.5, columnspacing=1.2, borderaxespad=0.1,
        )  # fmt: skip

    def patch(self, colour: str, label: str) -> Any:
        """An entry of a legend: a field of colour."""
        from matplotlib.patches import Patch

        return Patch(facecolor=colour, edgecolor=EDGE, linewidth=0.3, label=label)

    def marker(self, kind: str, colour: str, label: str) -> Any:
        """An entry of a legend: a marker, a ring or a tick."""
        from matplotlib.lines import Line2D

        looks: dict[str, dict[str, Any]] = {
            "ring": {"marker": "o", "markerfacecolor": "none", "markersize": 7},
            "tick": {"marker": "|", "markersize": 7},
        }
        look = looks.get(kind, {"marker": kind, "markersize": 4.5, "markeredgewidth": 0})
        return Line2D([], [], color=colour, linestyle="", label=label, **look)


def rows_of_designs(canvas: Canvas, summaries: Sequence[Summary], height: float, *labels: str) -> list[Any]:
    """Axes side by side with one row per design, the first on top.

    Args:
        canvas: to draw on.
        summaries: the designs.
        height: of one row, mm.
        labels: of each axis of values.
    """
    count = len(summaries)
    canvas.height(count * height + 22)
    panels = list(canvas.figure.subplots(1, len(labels), sharey=True, squeeze=False)[0])
    for axes, label in zip(panels, labels, strict=True):
        axes.set_ylim(count - 0.45, -0.55)
        axes.set_yticks(
            range(count),
            [f"{short(e, NARROW if canvas.narrow else LONGEST)}  {k}" for k, e in enumerate(summaries, 1)],
            fontsize=6.8,
        )
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=6.8, width=0.5)
        # In a narrow column the label is wider than the axis: it may run under the names.
        axes.set_xlabel(label, fontsize=7.2, loc="right")
        axes.grid(axis="x", color=GRID, linewidth=0.5)
        axes.spines[["top", "right", "left"]].set_visible(False)
        for row in range(1, count, 2):  # bands lead the eye from the name to the value
            axes.axhspan(row - 0.5, row + 0.5, color=BAND, linewidth=0, zorder=0)
    return panels


def rows_of_numbers(
    canvas: Canvas, summaries: Sequence[Summary], height: float, label: str, values: Sequence[float]
) -> tuple[Any, bool]:
    """Axes with one row per design, and whether they are logarithmic, as values that span much want them."""
    log = is_wide(values)
    (axes,) = rows_of_designs(canvas, summaries, height, label + (", log scale" if log else ""))
    if log:
        logarithmic(axes, "x")
    return axes, log


def column(axes: Any, head: str, texts: Sequence[str]) -> None:
    """Words at the right of each row, under a heading."""
    look = {"fontsize": 6.2, "color": LABEL}
    axes.text(1.015, -0.6, head, transform=axes.get_yaxis_transform(), va="bottom", **look)
    for row, text in enumerate(texts):
        axes.text(1.015, row, text, transform=axes.get_yaxis_transform(), va="center", **look)


def logarithmic(axes: Any, which: str) -> None:
    """Makes an axis logarithmic, with plain numbers at its ticks."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: three(value)))
    axis.set_minor_formatter(NullFormatter())


def short(summary: Summary, longest: int = LONGEST) -> str:
    """Name of a design; very long ones lose their middle."""
    name = summary.label
    return name if len(name) <= longest else f"{name[: longest // 2]}…{name[-longest // 2 + 1 :]}"


def three(value: float) -> str:
    """Three significant digits, without powers of ten where they can be spared."""
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    text = f"{round(value, digits):,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_wide(values: Sequence[float]) -> bool:
    """Whether positive values span so much that only a logarithmic axis shows them all."""
    return max(values) > WIDE * min(values)
