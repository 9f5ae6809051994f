"""Our vector drawings as PDF or PNG: the same SVG, drawn by matplotlib, so that all three show the same.

Only what `geom3d.scene.drawing` writes is understood: paths of straight lines, rectangles, circles, polygons, lines, words,
and groups.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from geom3d.core.drawn import drawing

MM, POINTS = 1 / 25.4, 72 / 25.4
#: matplotlib brings letters of its own, the same on every machine; they are wider than those that drawings reckon with.
NARROWER = 0.88
#: Attributes that groups hand down.
INHERITED = ("fill", "stroke", "stroke-width", "fill-rule")

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def printed(svg: str, form: str, dpi: int = 300) -> bytes:
    """A drawing of ours as a file of another form.

    Args:
        svg: the drawing, whose size is in mm.
        form: "pdf" or "png".
        dpi: dots per inch of a PNG, which the file says.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    root = ET.fromstring(svg)  # noqa: S314  # a drawing of ours
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    with drawing(pdf__fonttype=42):
        figure: Any = Figure(figsize=(width * MM, height * MM), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        for order, (element, look, matrix) in enumerate(_drawn(root, {}, IDENTITY)):
            _draw(axes, element, look, matrix, order)
        data = io.BytesIO()
        if form == "pdf":
            title = root.findtext("{http://www.w3.org/2000/svg}title")
            figure.savefig(data, format="pdf", metadata={"Title": title, "Creator": "geom3d", "CreationDate": None})
        else:
            figure.savefig(data, format="png", dpi=dpi, metadata={"Software": None})
    return data.getvalue()


def _drawn(
    parent: ET.Element, look: Mapping[str, str], matrix: Matrix
) -> Iterator[tuple[ET.Element, dict[str, str], Matrix]]:
    """Every element that shows something, with what it inherits."""
    for element in parent:
        mine = {**look, **element.attrib}
        if element.tag.endswith("}g"):
            text = element.get("transform", "")
            numbers = [float(n) for n in text.removeprefix("matrix(").removesuffix(")").split()]
            inner: Matrix = tuple(numbers) if len(numbers) == 6 else matrix  # type: ignore[assignment]
            yield from _drawn(element, {key: mine[key] for key in INHERITED if key in mine}, inner)
        elif not element.tag.endswith("}title"):
            yield element, mine, matrix


def _draw(axes: Any, element: ET.Element, look: Mapping[str, str], matrix: Matrix, order: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle

    def number(key: str) -> float:
        return float(look[key])

    thick = float(look.get("stroke-width", 0)) * abs(matrix[0]) * POINTS
    edge: dict[str, Any] = {
        "linewidth": thick,
        "edgecolor": look.get("stroke", "none"),
        "facecolor": look.get("fill", "black"),
    }
    edge |= {"zorder": order, "joinstyle": "miter"}
    kind = element.tag.rpartition("}")[2]
    if kind == "text":
        _write(axes, element.text or "", look, order)
    elif kind == "line":
        alpha = float(look.get("stroke-opacity", 1))
        ends = [number("x1"), number("x2")], [number("y1"), number("y2")]
        axes.add_line(
            Line2D(*ends, linewidth=thick, color=look["stroke"], alpha=alpha, zorder=order, solid_capstyle="butt")
        )
    elif kind == "rect":
        axes.add_patch(Rectangle((number("x"), number("y")), number("width"), number("height"), **edge))
    elif kind == "circle":
        axes.add_patch(Circle((number("cx"), number("cy")), number("r"), **edge))
    elif kind == "polygon":
        corners = [tuple(map(float, pair.split(","))) for pair in look["points"].split()]
        axes.add_patch(Polygon(corners, closed=True, **(edge | {"linewidth": 0})))
    else:
        axes.add_patch(PathPatch(_path(look["d"], matrix), **edge))


def _path(data: str, matrix: Matrix) -> Any:
    """Closed rings of straight lines; holes run the other way, as shapely's do."""
    from matplotlib.path import Path

    a, b, c, d, e, f = matrix
    rings = []
    for text in data.removeprefix("M").removesuffix("Z").split("ZM"):
        points = np.array([pair.split() for pair in text.split("L")], dtype=float) @ np.array([[a, b], [c, d]])
        points = points + np.array([e, f])
        rings.append(Path(np.vstack([points, points[:1]]), closed=True))
    return Path.make_compound_path(*rings)


def _write(axes: Any, text: str, look: Mapping[str, str], order: int) -> None:
    axes.text(
        float(look["x"]),
        float(look["y"]),
        text,
        fontsize=float(look["font-size"]) * POINTS * NARROWER,
        family="DejaVu Sans",
        color=look["fill"],
        weight=look.get("font-weight", "normal"),
        ha={"start": "left", "middle": "center", "end": "right"}[look["text-anchor"]],
        va="baseline",
        rotation=90 if "transform" in look else 0,
        rotation_mode="anchor",
        zorder=order,
    )
