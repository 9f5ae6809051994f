"""The page around a picture: title, legend, scale bar, insets of thin films, and the scale of colours.

All places are pixels from the page's lower left corner.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geom3d.cell.cell import Region
from geom3d.core.colours import INK, NOTE, PAPER, lighter_colour
from geom3d.core.drawn import drawing
from geom3d.core.roles import Role
from geom3d.rendering.views import Quantity
from geom3d.scene.details import Window
from geom3d.scene.faces import Face, rings
from geom3d.scene.stage import Frame, Image, Scale

DPI = 100
#: Rows of a picture that are worked on at once.
BAND = 256
#: Largest share of the page's width that the legend takes, and letters in its longest line.
LEGEND, LETTERS = 0.3, 24
#: Ground of letters on a picture.
BADGE = {"boxstyle": "square,pad=0.15", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.85}
#: Smallest inset worth drawing, pixels.
SMALLEST = 48


@dataclass(frozen=True)
class Words:
    """Which words a page has, and how large they are at least.

    Attributes:
        title, legend: whether they are there.
        least: size of letters, pixels.
    """

    title: bool = True
    legend: bool = True
    least: float = 0.0


ALL = Words()


@dataclass(frozen=True)
class Page:
    """A page, and the room it has for its parts.

    Attributes:
        size: width and height, pixels.
        title: above all.
        regions: in the order of the legend.
        note: a line at the foot.
        words: which of these are there.
        shades: opacity of each region in the picture, which its swatch has, too; all opaque if empty.
    """

    size: tuple[int, int]
    title: str
    regions: Sequence[Region]
    note: str = ""
    words: Words = ALL
    shades: Sequence[float] = ()

    @property
    def letter(self) -> float:
        """Size of letters, points."""
        return max(4.0, min(self.size[0] / 105, self.size[1] / 75), self.words.least * 72 / DPI)

    @property
    def line(self) -> float:
        """Height of a line, pixels."""
        return self.letter * DPI / 72 * 1.25

    @property
    def margin(self) -> float:
        """Free border, pixels."""
        return 0.02 * self.size[0]

    @cached_property
    def heading(self) -> list[str]:
        """The title in lines that fit."""
        if not self.words.title:
            return []
        letters = max(12, int((self.size[0] - 2 * self.margin) / (1.3 * self.letter * DPI / 72 * 0.56)))
        return textwrap.wrap(self.title, letters, break_long_words=True)[:3]

    @property
    def head(self) -> float:
        """Height of the title, pixels."""
        return self.margin + 1.4 * self.line * len(self.heading) + 0.3 * self.line

    @property
    def foot(self) -> float:
        """Height of the scale bar's strip at the foot, pixels."""
        return self.margin + 2.6 * self.line

    @cached_property
    def entries(self) -> list[list[str]]:
        """Lines of every entry of the legend."""
        return [[*name, *material] for name, material in self.wrapped]

    @cached_property
    def wrapped(self) -> list[tuple[list[str], list[str]]]:
        """Lines of the name and of the material of every entry of the legend; nothing where there is none."""
        room = LEGEND * self.size[0] - self.margin - 1.9 * self.line
        letters = max(8, min(LETTERS, int(room / (self.letter * DPI / 72 * 0.6))))
        regions = self.regions if self.words.legend else ()
        return [(textwrap.wrap(named(r), letters), textwrap.wrap(r.material.title, letters)) for r in regions]

    @cached_property
    def column(self) -> float:
        """Width of the legend's column, pixels."""
        longest = max((len(line) for lines in self.entries for line in lines), default=0)
        wanted = self.margin + 1.9 * self.line + longest * self.letter * DPI / 72 * 0.6
        return min(max(wanted, 0.16 * self.size[0]), LEGEND * self.size[0])

    @property
    def squeeze(self) -> float:
        """By how much the legend's lines are smaller than others, so that it takes no more than 3/5 of the height."""
        lines = sum(len(lines) + 0.6 for lines in self.entries) or 1.0
        return min(1.0, 0.6 * (self.size[1] - self.head - self.foot) / (lines * self.line))

    @property
    def legend_height(self) -> float:
        """Pixels."""
        return sum(len(lines) + 0.6 for lines in self.entries) * self.line * self.squeeze

    @property
    def panel(self) -> tuple[int, int, int, int]:
        """The picture's place: left, bottom, width, height."""
        left, bottom = math.ceil(self.column + self.margin), math.ceil(self.foot)
        right, top = int(self.size[0] - self.margin), int(self.size[1] - self.head)
        return left, bottom, max(right - left, 8), max(top - bottom, 8)

    @property
    def below_legend(self) -> tuple[float, float, float, float]:
        """Room under the legend: left, bottom, width, height."""
        height = self.size[1] - self.head - self.legend_height - self.foot - 0.5 * self.line
        return self.margin, self.foot, self.column - self.margin, max(height, 0.0)

    def insets(self, count: int) -> list[tuple[float, float, float]]:
        """Places for squares under the legend: left, bottom, width; fewer where there is no room."""
        left, bottom, wide, high = self.below_legend
        label = 2.4 * self.line
        for number in range(count, 0, -1):
            side = min(wide, high / number - label, 0.4 * self.size[1])
            if side >= SMALLEST:
                return [(left, bottom + high - (k + 1) * (side + label) + label, side) for k in range(number)]
        return []


def named(region: Region) -> str:
    """A region's name in a legend, with its role where the name does not say it: "scaffold (electrolyte)"."""
    role = region.role.value.replace("_", " ")
    said = role in region.name.lower() or (region.own and region.role is Role.SUBSTRATE)
    return region.name if said else f"{region.name} ({role})"


def round_length(most: float) -> float:
    """The largest length of the form 1, 2 or 5 × 10ⁿ that is no longer.

    >>> [round_length(most) for most in (0.7, 3.0, 49.0, 50.0)]
    [0.5, 2.0, 20.0, 50.0]
    """
    power = 10.0 ** math.floor(math.log10(most) + 1e-12)
    return next(k * power for k in (5.0, 2.0, 1.0) if k * power <= most * (1 + 1e-9))


def length_text(length: float) -> str:
    """A length for people: nm below 0.1 µm."""
    return f"{length * 1000:.4g} nm" if length < 0.1 else f"{length:.4g} µm"


def inches(size: tuple[int, int]) -> tuple[float, float]:
    """A figure's size from its pixels: a little more, lest rounding takes one away."""
    wide, high = ((count + 1e-6) / DPI for count in size)
    return wide, high


@drawing()
def compose(
    page: Page,
    picture: Image,
    frame: Frame,
    *,
    windows: Sequence[Window] = (),
    colours: dict[int, str] | None = None,
    marked: bool = False,
    quantity: Quantity | None = None,
    scale: Scale | None = None,
    transparent: bool = False,
) -> Image:
    """Sets a picture into its page.

    Args:
        page: its words.
        picture: (h, w, 3 or 4) of the size of the page's panel.
        frame: of the picture.
        windows: places to be magnified.
        colours: of the regions by label.
        marked: whether the windows' places are shown in the picture.
        quantity, scale: of the colours, if they stand for numbers.
        transparent: without the white of the page.

    Returns:
        (h, w, 3), or (h, w, 4) where transparent.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches(page.size), dpi=DPI, facecolor="none")
    canvas: Any = FigureCanvasAgg(figure)
    letter, line, margin = page.letter, page.line, page.margin
    for k, text in enumerate(page.heading):
        y = page.size[1] - margin - 1.4 * line * k
        figure.text(margin, y, text, fontsize=1.3 * letter, va="top", color=INK, transform=None)
    _legend(figure, page)
    left, bottom, wide, _ = page.panel
    _bar(figure, page, left, wide, frame.step)
    figure.text(margin, margin, page.note, fontsize=0.85 * letter, va="bottom", color=NOTE, transform=None)
    if quantity is not None and scale is not None:
        _colour_bar(figure, page, quantity, scale)
    marks = [_corners(page, frame.pixels(window.corners) + np.array([left, bottom])) for window in windows]
    for k, (window, place) in enumerate(zip(windows, page.insets(len(windows)), strict=False)):
        _inset(figure, page, "ABCD"[k], window, place, colours or {})
        if marked:
            others = [mark for mark in marks if mark is not marks[k]]
            _mark(figure, page, "ABCD"[k], marks[k], others)
    # The words are drawn on nothing and laid over the picture, so that marks lie on it.
    stream = io.BytesIO()
    canvas.print_rgba(stream)
    over = np.frombuffer(stream.getvalue(), dtype=np.uint8).reshape(page.size[1], page.size[0], 4)
    under = np.zeros((page.size[1], page.size[0], 4), dtype=np.uint8)
    if not transparent:
        under[:] = 255
    top = page.size[1] - bottom - picture.shape[0]
    under[top : top + picture.shape[0], left : left + wide] = _opaque(picture)
    found = _laid_over(under, over)
    return found if transparent else np.ascontiguousarray(found[:, :, :3])


def _opaque(picture: Image) -> Image:
    if picture.shape[2] == 4:
        return picture
    return np.concatenate([picture, np.full((*picture.shape[:2], 1), 255, dtype=np.uint8)], axis=2)


def _laid_over(under: Image, over: Image) -> Image:
    """One picture on another, each (h, w, 4)."""
    found = np.empty_like(under)
    for first in range(0, len(under), BAND):  # of a large picture, not all as numbers at once
        top, low = over[first : first + BAND], under[first : first + BAND]
        a, b = top[:, :, 3:].astype(float) / 255, low[:, :, 3:].astype(float) / 255
        alpha = a + b * (1 - a)
        colour = (top[:, :, :3] * a + low[:, :, :3] * b * (1 - a)) / np.maximum(alpha, 1e-9)
        found[first : first + BAND] = np.round(np.concatenate([colour, 255 * alpha], axis=2))
    return found


def rectangle(x: float, y: float, width: float, height: float, **look: Any) -> Any:
    """A rectangle from its lower left corner, in pixels."""
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import IdentityTransform

    return Rectangle((x, y), width, height, transform=IdentityTransform(), **look)


def _legend(figure: Any, page: Page) -> None:
    line, letter = page.line * page.squeeze, page.letter * page.squeeze
    y = page.size[1] - page.head
    shades = page.shades or [1.0] * len(page.regions)
    for region, shade, (name, material) in zip(page.regions, shades, page.wrapped, strict=False):
        look = {"facecolor": lighter_colour(region.material.colour, 1 - shade), "edgecolor": INK, "linewidth": 0.6}
        figure.add_artist(rectangle(page.margin, y - 0.95 * line, 1.4 * line, 0.85 * line, **look))
        for k, text in enumerate([*name, *material]):
            figure.text(
                page.margin + 1.9 * line,
                y - (k + 0.15) * line,
                text,
                fontsize=letter,
                va="top",
                color=INK if k < len(name) else NOTE,
                transform=None,
            )
        y -= (len(name) + len(material) + 0.6) * line


def _bar(figure: Any, page: Page, left: float, wide: float, step: float) -> None:
    """The scale bar at the foot of the picture: a round length, to the pixel."""
    length = round_length(0.3 * wide * step)
    pixels = length / step
    right = page.size[0] - page.margin
    thick = max(2, round(0.22 * page.line))
    bottom = round(page.margin)
    start = round(right - pixels)
    figure.add_artist(rectangle(start, bottom, pixels, thick, facecolor=INK, linewidth=0, antialiased=False))
    figure.text(
        start + pixels / 2,
        bottom + thick + 0.2 * page.line,
        f"{length:g} µm",
        fontsize=page.letter,
        ha="center",
        va="bottom",
        color=INK,
        transform=None,
    )


def _colour_bar(figure: Any, page: Page, quantity: Quantity, scale: Scale) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    left, bottom, _, high = page.below_legend
    title = textwrap.wrap(quantity.title + ("" if quantity.unit == "1" else f", {quantity.unit}"), LETTERS)
    high = min(high - (len(title) + 1.5) * page.line, 0.5 * page.size[1])
    if high < 3 * page.line:
        return
    w, h = page.size
    axes = figure.add_axes((left / w, (bottom + 0.5 * page.line) / h, 1.2 * page.line / w, high / h))
    mapping = ScalarMappable(Normalize(scale.low, scale.high), scale.colours)
    bar = figure.colorbar(mapping, cax=axes, extend="both", extendfrac=0.03)
    bar.ax.tick_params(labelsize=page.letter, colors=INK, width=0.6)
    bar.outline.set_linewidth(0.6)
    for k, text in enumerate(reversed(title)):
        y = bottom + high + (1.0 + k) * page.line
        figure.text(left, y, text, fontsize=page.letter, va="bottom", color=INK, transform=None)


def _inset(
    figure: Any, page: Page, name: str, window: Window, place: tuple[float, float, float], colours: dict[int, str]
) -> None:
    """A magnified part of a cut face, with its own scale bar."""
    left, bottom, side = place
    w, h = page.size
    axes = figure.add_axes((left / w, bottom / h, side / w, side / h))
    paint_face(axes, window.face.clipped(window.low, window.high), colours)
    axes.set_xlim(window.low[0], window.high[0])
    axes.set_ylim(window.low[1], window.high[1])
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(INK)
        spine.set_linewidth(1.0)
    length = round_length(0.5 * window.width)
    pixels = length / window.width * side
    thick = max(2, round(0.18 * page.line))
    y = bottom - 0.75 * page.line
    figure.add_artist(rectangle(left, y, pixels, thick, facecolor=INK, linewidth=0))
    figure.text(
        left + pixels + 0.4 * page.line, y + thick / 2, length_text(length), fontsize=0.9 * page.letter, va="center",
        color=INK, transform=None,
    )  # fmt: skip
    figure.text(
        left + 0.4 * page.line, bottom + side - 0.4 * page.line, name, fontsize=page.letter, va="top", color=INK,
        weight="bold", bbox=BADGE, transform=None,
    )  # fmt: skip


def paint_face(axes: Any, face: Face, colours: dict[int, str]) -> None:
    """Fills the regions of a face."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for label, shape in face.shapes.items():
        if label in colours and not shape.is_empty:
            path = Path.make_compound_path(*(Path(ring, closed=True) for ring in rings(shape)))
            axes.add_patch(PathPatch(path, facecolor=colours[label], edgecolor=colours[label], linewidth=0.2))


def _corners(page: Page, corners: Any) -> Any:
    """(4, 2) corners of a frame around a magnified place, not smaller than can be seen, pixels."""
    centre = corners.mean(axis=0)
    least = 0.9 * page.line
    if np.ptp(corners, axis=0).max() >= least:
        return corners
    return centre + least / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def _mark(figure: Any, page: Page, name: str, corners: Any, others: Sequence[Any]) -> None:
    """A frame around a magnified place, with its letter where no other frame is."""
    from matplotlib.patches import Polygon
    from matplotlib.transforms import IdentityTransform

    for colour, width in ((PAPER, 3.0), (INK, 1.2)):
        figure.add_artist(
            Polygon(corners, closed=True, fill=False, edgecolor=colour, linewidth=width, transform=IdentityTransform())
        )
    x, y = corners.max(axis=0)
    side, gap = "left", 0.25 * page.line
    for other in others:
        away = other.mean(axis=0) - corners.mean(axis=0)
        if 0 < away[0] < 3 * page.line and abs(away[1]) < 2 * page.line:
            side, gap, x = "right", -gap, corners[:, 0].min()
    figure.text(
        x + gap, y, name, fontsize=page.letter, va="bottom", ha=side, weight="bold", color=INK, bbox=BADGE,
        transform=None,
    )  # fmt: skip
