"""The section as a vector drawing for a journal's column: exact polygons, names, dimensions, magnified films, scale."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations

import shapely

from geom3d.cell.cell import Cell
from geom3d.core.colours import FAINT, INK, NOTE, PAPER
from geom3d.evaluation import Evaluation
from geom3d.rendering.dimensions import Dimension, dimensions, intervals
from geom3d.rendering.page import length_text, named, round_length
from geom3d.rendering.views import stacked
from geom3d.scene.details import Window, windows
from geom3d.scene.drawing import LETTER, Placed, arrows, document, extent, line, rectangle, words
from geom3d.scene.faces import face

#: Width of a journal's column, margin, size of letters, mm.
COLUMN, MARGIN, SIZE = 85.0, 2.0, 2.3
#: Distance of dimension lines below the section, height of a line of words, mm.
LEVEL, LINE = 3.4, 1.15 * SIZE
#: Largest width and height of a section that has its legend aside, and of one that has it below, mm, in a column's width.
ASIDE, BELOW = (36.0, 62.0), (72.0, 50.0)
#: Least width of a legend aside, mm.
LEGEND = 29.0
#: Films thinner than this on paper are magnified; width of their window, mm; so much more it needs for words.
THIN, WINDOW, BESIDE = 0.7, 17.0, 11.5
#: Pieces of the arc of an angle.
ARC = 16
#: Most dimensions that run one way.
MOST = 6
#: Arrows stand outside of what is smaller, and reach so far, mm.
SMALL, OUT = 2.6, 2.2
#: Where words of an upright dimension may stand beside their line, from its middle, mm.
SHIFTS = (0.0, 1.2, -1.2, 2.4, -2.4, 3.6, -3.6)
#: Widths that a drawing may have, mm.
WIDTHS = (60.0, 400.0)


@dataclass
class Sheet:
    """A drawing in the making.

    Attributes:
        width: mm.
        parts: of the file.
        bottom: lowest place used, mm.
    """

    width: float
    parts: list[str] = field(default_factory=list)
    bottom: float = 0.0

    def add(self, text: str, bottom: float = 0.0) -> None:
        """Puts something on the sheet that reaches down to a place, mm."""
        self.parts.append(text)
        self.bottom = max(self.bottom, bottom)


def drawing(
    design: Evaluation, repeat: int | None = None, *, width: float = COLUMN, title: bool = True, legend: bool = True
) -> str:
    """The section of a battery, normal to y, as an SVG file.

    Args:
        design: the battery.
        repeat: unit cells along it; as many as suit its height if None.
        width: of the drawing, mm; that of a journal's column if left out.
        title, legend: whether they are drawn.
    """
    cell, walls = design.cell(), design.walls()
    period, height = walls.size[0], cell.height
    place = cell.middle((1, 1))[1]
    count = repeat or _count(period, height, pitch=cell.facts.pattern is not None)
    shown = face(walls, place, "y", count)
    aside = height > 0.45 * count * period
    larger = width / COLUMN
    room = (ASIDE[0] * larger, ASIDE[1] * min(larger, 1.6)) if aside else (BELOW[0] * larger, BELOW[1] * larger)
    scale = min(room[0] / (count * period), room[1] / height)
    electrodes = design.sample.electrodes if cell.facts.web is None else None
    distance = None if electrodes is None else electrodes.least(math.inf)
    films = {cell.names.index(name): thickness for name, thickness in cell.films.items()}
    wide = {cell.names[label]: length for label, length in films.items() if length * scale >= THIN}
    found = dimensions(design, shown, distance, wide)
    upright, level = ([d for d in found if d.upright is way] for way in (True, False))

    sheet, beside = Sheet(width), Sheet(width)
    top = _heading(sheet, design.description.title) if title else MARGIN + 0.5
    reserved = MARGIN + (4.0 + LEGEND if aside else 0.0)
    scale, rows, lefts = _fitted(upright, (count * period, height), scale, width - MARGIN - reserved)
    left = MARGIN + lefts[-1]
    placed = Placed(shown, left, top + cell.top * scale, scale)  # whose lower corner is at z = 0
    names = dict(enumerate(cell.names))
    colours = {k: region.material.colour for k, region in enumerate(cell.regions)}
    sheet.add("".join(placed.polygons(colours, names)), placed.bottom)
    for row, mark in rows:
        sheet.add(_upright(placed, mark, left - lefts[row] - 1.2), placed.bottom - mark.start)
    right = left + count * period * scale
    thin = {label: thickness for label, thickness in films.items() if thickness * scale < THIN}
    closer = windows(shown, thin, WINDOW * 10, least=8.0)
    order = [label for label in reversed(stacked(walls)) if label in shown.shapes] if legend else []
    x = right + 4.0
    ends = _legend(beside, design, order, films, (x, top, width - MARGIN - x)) if aside else top
    lowest = ends + (WINDOW + 5.0 if len(closer) == 1 else 0.0)
    limit = right + 2.5 if aside and lowest > placed.bottom else width - MARGIN
    drawn = [
        (placed.bottom + LEVEL * (row + 0.9), mark)
        for row, mark in in_rows(level, scale, (MARGIN - left, limit - left))
    ]
    for y, mark in drawn:
        sheet.add(_level(placed, mark, y), y + 0.8)
    for y, mark in drawn:  # on top, so that no line strikes them out
        sheet.add(_level_words(placed, mark, y))
    sheet.add(_angle(placed, cell), placed.bottom)
    _scale_bar(sheet, left, right, scale)
    low = sheet.bottom + 2.0
    if not aside:
        _legend(beside, design, order, films, (MARGIN, low + 1.0, width / 2 - MARGIN - 2.0))
    spots = _spots(width, low, (x, ends, right) if aside else None, single=len(closer) == 1, legend=bool(order))
    for number, (window, spot) in enumerate(zip(closer, spots, strict=False)):
        _window(beside, placed, window, "AB"[number], spot, films, colours, names)
    sheet.add("".join(beside.parts), beside.bottom)
    note = f"section at y = {_length(place)}"
    note += f"; least distance of the electrodes {_length(distance)}" if distance else ""
    y = sheet.bottom + 3.4
    sheet.add(words(MARGIN, y, note, 0.85 * SIZE, colour=NOTE), y + 0.6)
    return document(width, sheet.bottom + MARGIN, design.description.title, "".join(sheet.parts))


def _spots(
    width: float, low: float, aside: tuple[float, float, float] | None, *, single: bool, legend: bool
) -> list[tuple[float, float, float]]:
    """Where windows may stand: the left border, the top and the right border of each with its words, mm.

    Args:
        width: of the sheet.
        low: where the section ends with its dimensions.
        aside: where the legend begins from the left and ends below, and where the section ends on the right, if they stand
            side by side.
        single: whether there is one window only.
        legend: whether there is a legend.
    """
    middle = width / 2
    top = low if aside is None else max(low, aside[1])
    halves = [(MARGIN, top, middle - 2.0), (middle, top, width - MARGIN)]
    if aside is None and legend:  # one above the other, beside the legend
        return [(middle, low + 1.0 + k * (WINDOW + 5.0), width - MARGIN) for k in range(2)]
    if aside is None or not single:  # two have a row of their own below all else
        return halves
    x, ends, right = aside
    spots = sorted([(x, ends + 2.0, width - MARGIN), (MARGIN, low, right)], key=lambda spot: spot[1])
    return [spot for spot in spots if spot[2] - spot[0] >= WINDOW + BESIDE] or halves


def _heading(sheet: Sheet, title: str) -> float:
    """The title in lines that fit; returns where the section begins."""
    size = 1.15 * SIZE
    lines = textwrap.wrap(title, int((sheet.width - 2 * MARGIN) / (size * LETTER)))
    for k, text in enumerate(lines):
        sheet.add(words(MARGIN, MARGIN + size * (1 + 1.2 * k), text, size, bold=True))
    return MARGIN + size * 1.2 * len(lines) + 2.0


def _fitted(
    upright: Sequence[Dimension], size: tuple[float, float], scale: float, room: float
) -> tuple[float, list[tuple[int, Mark]], list[float]]:
    """The scale at which a section and its upright dimensions fit side by side, the rows of these, and their places.

    Args:
        upright: dimensions.
        size: of the section, µm.
        scale: the largest, mm on paper per µm.
        room: for both, mm.
    """
    while True:
        rows = in_rows(upright, scale, (-1.5, size[1] * scale + 1.5))
        lefts = _lefts(rows)
        over = lefts[-1] + size[0] * scale - room
        if over <= 0.01:
            return scale, rows, lefts
        scale = max(scale - over / size[0], 0.5 * scale)


def _count(period: float, height: float, *, pitch: bool) -> int:
    """Unit cells along the section: two or more, so that the pitch is seen, unless they are wide and low.

    Args:
        period: µm.
        height: µm.
        pitch: whether it shall be seen however wide and low they are.
    """
    wanted = max(1, min(16, round(0.58 * height / period)))
    return 2 if wanted == 1 and (pitch or 2 * period < 1.3 * height) else wanted


def _legend(
    sheet: Sheet, design: Evaluation, order: Sequence[int], films: dict[int, float], place: tuple[float, float, float]
) -> float:
    """Colours, names, roles, materials and thicknesses from the top down; returns where it ends."""
    x, y, wide = place
    letters = max(8, int((wide - 4.2) / (SIZE * LETTER)))
    for label in order:
        region = design.cell().regions[label]
        name = named(region)
        thick = _length(films[label]) if label in films else ""
        if region.film is not None:
            thick = "\u2009…\u2009".join(_length(length) for length in (region.film.thinnest, region.film.thickest))
        rows = textwrap.wrap(f"{name}, {thick}" if thick else name, letters)
        # A long word stays whole: letters are reckoned on the safe side.
        material = textwrap.wrap(region.material.title, letters, break_long_words=False)
        sheet.add(rectangle(x, y, 3.0, 1.9, fill=region.material.colour, stroke=INK, region=region.name))
        for k, row in enumerate([*rows, *material]):
            sheet.add(words(x + 4.2, y + 1.75, row, SIZE, colour=FAINT if k >= len(rows) else INK), y + 2.6)
            y += LINE
        y += 0.9
    return y


def _angle(placed: Placed, cell: Cell) -> str:
    """The angle between a tilted wall and the wafer, drawn in the solid at the foot of one; nothing of upright walls."""
    facts = cell.facts
    if facts.wall is None or not facts.wall.slope:
        return ""
    shapes = [
        placed.face.shapes[k] for k, name in enumerate(cell.names) if name in facts.scaffold and k in placed.face.shapes
    ]
    place = facts.base_z + 1e-3 * facts.wall.depth
    spans = [span for shape in shapes for span in intervals(shape, place, upright=False)]
    low_u, _, high_u, _ = placed.face.bounds
    ends = [(x, side, high - low) for low, high in spans for x, side in ((high, 1), (low, -1)) if low_u < x < high_u]
    if not ends:
        return ""
    x, side, wide = max(ends, key=lambda end: (end[2], end[1]))
    radius = min(4.0, 0.45 * wide * placed.scale, 0.45 * facts.wall.depth * placed.scale)
    u, v = placed.at(x, facts.base_z)
    turn = math.radians(facts.wall.angle)
    turns = [turn * k / ARC for k in range(ARC + 1)]
    arc = [(u - side * radius * math.cos(each), v - radius * math.sin(each)) for each in turns]
    text = f"{facts.wall.angle:.4g}°"
    return (
        line(u, v, u - side * 1.15 * radius, v, halo=True)
        + "".join(line(*start, *stop) for start, stop in pairwise(arc))
        + words(u - side * 0.5 * wide * placed.scale, v - radius - 0.8, text, SIZE, anchor="middle")
    )


def _text(dimension: Dimension) -> str:
    return f"{dimension.name} {_length(dimension.length)}"


def _length(length: float) -> str:
    """A length that is not broken at the end of a line."""
    return length_text(float(f"{length:.3g}")).replace(" ", "\u00a0")


@dataclass(frozen=True)
class Mark:
    """A dimension and its words along its axis, mm from the section's lower left corner.

    Attributes:
        words: its lines of words.
        low, high: ends of its line.
        start, end: between which its words stand.
        across: place of what it measures on the other axis, µm.
        upright: whether it runs along z.
        breadth: of its words across the axis.
    """

    words: tuple[str, ...]
    low: float
    high: float
    start: float
    end: float
    across: float
    upright: bool
    breadth: float = LINE

    @property
    def turned(self) -> bool:
        """Whether words of an upright dimension run upwards, as they do where they fit between its arrows."""
        return self.upright and len(self.words) == 1

    @property
    def reach(self) -> tuple[float, float]:
        """Between which its line and arrows lie."""
        out = OUT if self.high - self.low < SMALL else -0.01
        return self.low - out, self.high + out

    def meets(self, other: Mark) -> bool:
        """Whether the two cannot stand in one row."""
        if self.upright:  # words stand beside the line: lines may meet no line, and words no words
            lines = self.reach[0] < other.reach[1] and other.reach[0] < self.reach[1]
            return lines or (self.start < other.end + 0.1 and other.start < self.end + 0.1)
        mine, yours = ((min(m.low - 2.2, m.start - 0.6), max(m.high + 2.2, m.end + 0.6)) for m in (self, other))
        return mine[0] < yours[1] and yours[0] < mine[1]

    def crosses(self, nearer: Mark) -> bool:
        """Whether its lines run through the words of a mark in a row nearer to the section."""
        return any(nearer.start - 0.3 < x < nearer.end + 0.3 for x in (self.low, self.high))


def in_rows(found: Sequence[Dimension], scale: float, limits: tuple[float, float]) -> list[tuple[int, Mark]]:
    """Each dimension with the number of its row, from the section outwards: no line meets another, or words.

    Args:
        found: dimensions that run one way.
        scale: mm on paper per µm.
        limits: between which words must stay, mm from the section's lower left corner.
    """
    # The order in which they are placed decides how many rows it takes.
    tries = [_in_turn(order, scale, limits) for order in permutations(found[:MOST])]
    best = min(tries, key=lambda placed: sum(row for row, _ in placed))
    used = sorted({row for row, _ in best})
    return [(used.index(row), mark) for row, mark in best]


def _in_turn(found: Sequence[Dimension], scale: float, limits: tuple[float, float]) -> list[tuple[int, Mark]]:
    """The dimensions in the first rows that are free."""
    placed: list[tuple[int, Mark]] = []
    for dimension in found:
        marks = [mark for span in dimension.spans for mark in _marks(dimension, span, scale, limits)]
        free = (
            (row, mark)
            for row in range(len(found) + 1)
            for mark in marks
            if not any(
                (r == row and mark.meets(other))
                or (r < row and mark.crosses(other))
                or (r > row and other.crosses(mark))
                for r, other in placed
            )
        )
        # Where every row would be crossed, far out: another order does better, if there is one.
        placed.append(next(free, (len(found) + 1 + len(placed), marks[0])))
    return placed


def _marks(
    dimension: Dimension, span: tuple[float, float], scale: float, limits: tuple[float, float]
) -> Iterator[Mark]:
    """A dimension at one of its places: words between its arrows, or else beside its line, or after or before it."""
    text = _text(dimension)
    low, high = span[0] * scale, span[1] * scale
    middle, wide = (low + high) / 2, extent(text, SIZE)
    between = high - low > wide + 2.0
    if dimension.upright and not between:
        rows = (*textwrap.wrap(dimension.name, 10), _length(dimension.length))
        tall, breadth = LINE * len(rows), max(extent(row, SIZE) for row in rows)
        for shift in SHIFTS:
            start = min(max(middle + shift - tall / 2, limits[0]), limits[1] - tall)
            yield Mark(rows, low, high, start, start + tall, dimension.across, upright=True, breadth=breadth)
        return
    gap = 2.6 if high - low < SMALL else 0.9
    starts = [high + gap, low - gap - wide]
    if between:
        starts = [middle - wide / 2, *((low + 1.0, high - 1.0 - wide) if not dimension.upright else ())]
    fitting = [start for start in starts if limits[0] <= start and start + wide <= limits[1]]
    # Where nothing fits, as near as the limits allow.
    for start in fitting or [min(max(middle - wide / 2, limits[0]), limits[1] - wide)]:
        yield Mark((text,), low, high, start, start + wide, dimension.across, dimension.upright)


def _lefts(rows: Sequence[tuple[int, Mark]]) -> list[float]:
    """Where each row of upright dimensions begins to the left of the section, and where the last ends, mm."""
    found = [0.0]
    for number in range(1 + max((row for row, _ in rows), default=-1)):
        found.append(found[-1] + 2.2 + max(mark.breadth for row, mark in rows if row == number))
    return found


def _upright(placed: Placed, mark: Mark, x: float) -> str:
    """A dimension line to the left of the section; words run upwards beside it, or stand level where it is short."""
    low, high = placed.bottom - mark.low, placed.bottom - mark.high
    parts = [line(x - 0.6, y, placed.left, y, width=0.08) for y in (low, high)]
    parts.append(arrows(x, low, x, high, outside=low - high < SMALL))
    if mark.turned:
        parts.append(words(x - 0.5, (low + high) / 2, mark.words[0], SIZE, anchor="middle", turned=True))
        return "".join(parts)
    y = placed.bottom - mark.end
    for k, row in enumerate(mark.words):
        parts.append(words(x - 0.8, y + LINE * (k + 0.8), row, SIZE, anchor="end"))
    return "".join(parts)


def _between(mark: Mark) -> bool:
    """Whether words stand between the arrows, and so beside the line."""
    return mark.start < mark.high and mark.end > mark.low


def _level(placed: Placed, mark: Mark, y: float) -> str:
    """A dimension line below the section, with lines up to where the length is."""
    low, high = placed.left + mark.low, placed.left + mark.high
    height = placed.at(0.0, mark.across)[1]
    parts = [line(x, height, x, y + 0.6, width=0.08, halo=True) for x in (low, high)]
    parts.append(arrows(low, y, high, y, outside=high - low < SMALL))
    return "".join(parts)


def _level_words(placed: Placed, mark: Mark, y: float) -> str:
    """The words of a dimension below the section, on white where they stand above its line."""
    x, text = placed.left + (mark.start + mark.end) / 2, mark.words[0]
    if _between(mark):
        wide = 0.9 * extent(text, SIZE)
        under = rectangle(x - wide / 2, y - 0.5 - 0.8 * SIZE, wide, 0.8 * SIZE, fill=PAPER)
        return under + words(x, y - 0.5, text, SIZE, anchor="middle")
    # The words keep their distance from the arrows, however wide the viewer's letters are.
    anchor, x = ("start", placed.left + mark.start) if mark.start > mark.high else ("end", placed.left + mark.end)
    return words(x, y + 0.8, text, SIZE, anchor=anchor)


def _scale_bar(sheet: Sheet, left: float, right: float, scale: float) -> None:
    length = round_length(0.6 * (right - left) / scale)
    y = sheet.bottom + 1.6
    sheet.add(f'<g id="scale" data-length-um="{length:g}">\n')
    sheet.add(rectangle(left, y, length * scale, 0.6, fill=INK))
    sheet.add(words(left + length * scale + 1.0, y + 1.1, f"{length:g} µm", SIZE) + "</g>\n", y + 1.6)


def _window(
    sheet: Sheet,
    placed: Placed,
    window: Window,
    name: str,
    place: tuple[float, float, float],
    films: dict[int, float],
    colours: dict[int, str],
    names: dict[int, str],
) -> float:
    """A magnified part of the section with the thicknesses of its films; returns where it ends.

    Its place is its left border, its top, and the right border of its words.
    """
    x, y, limit = place
    scale = WINDOW / window.width
    inner = Placed(window.face.clipped(window.low, window.high), x, y + WINDOW, scale, window.low)
    sheet.add(f'<g class="detail">\n{"".join(inner.polygons(colours, names))}</g>\n')
    sheet.add(rectangle(x, y, WINDOW, WINDOW, fill="none", stroke=INK), y + WINDOW)
    sheet.add(words(x + WINDOW + 1.0, y + SIZE * 0.9, name, SIZE, bold=True))
    length = round_length(0.5 * window.width)
    sheet.add(rectangle(x, y + WINDOW + 1.0, length * scale, 0.5, fill=INK))
    end = y + WINDOW + 2.4
    sheet.add(words(x + length * scale + 0.8, y + WINDOW + 1.9, length_text(length), 0.9 * SIZE), end)
    _mark(sheet, placed, window, name)
    lowest = _films(sheet, inner, window, films, names, limit)
    return max(end, lowest)


def _mark(sheet: Sheet, placed: Placed, window: Window, name: str) -> None:
    """A frame around the magnified place, not smaller than can be seen."""
    u, v = ((low + high) / 2 for low, high in zip(window.low, window.high, strict=True))
    side = max(window.width * placed.scale, 1.4)
    x, y = placed.at(u, v)
    for colour, width in ((PAPER, 0.45), (INK, 0.18)):
        sheet.add(
            f'<rect x="{x - side / 2:.5g}" y="{y - side / 2:.5g}" width="{side:.5g}" height="{side:.5g}" fill="none" '
            f'stroke="{colour}" stroke-width="{width}"/>\n'
        )
    sheet.add(rectangle(x + side / 2 + 0.25, y - side / 2 - 0.4, 1.9, 2.3, fill=PAPER))
    sheet.add(words(x + side / 2 + 0.4, y - side / 2 + 1.5, name, SIZE, bold=True))


def _films(
    sheet: Sheet, inner: Placed, window: Window, films: dict[int, float], names: dict[int, str], limit: float
) -> float:
    """Names and thicknesses of the films beside their window, with a line to each; returns where they end."""
    middle_u, middle_v = ((low + high) / 2 for low, high in zip(window.low, window.high, strict=True))
    found: list[tuple[float, float, str]] = []
    for label, thickness in films.items():
        shape = inner.face.shapes.get(label)
        if shape is None or shapely.is_empty(shape):
            continue
        for upright, place in ((True, middle_u), (False, middle_v)):
            spans = [
                s for s in intervals(shape, place, upright=upright) if abs(s[1] - s[0] - thickness) < 0.02 * thickness
            ]
            if spans:
                at = sum(spans[0]) / 2
                u, v = (place, at) if upright else (at, place)
                found.append((*inner.at(u, v), f"{names[label]} {_length(thickness)}"))
                break
    # From the right to the left and from the top down, so that no line crosses another.
    found.sort(key=lambda entry: (round(entry[1], 3), -entry[0]))
    left, top = inner.left + WINDOW + 1.2, inner.bottom - WINDOW + 2.2 * SIZE
    least = top
    for x, y, text in found:
        at = max(y + 0.35 * SIZE, least)
        least = at + 1.2 * SIZE
        level = min(at - 0.35 * SIZE, inner.bottom - 0.3)
        start = y if abs(level - y) > 0 and _same_row(found) is False else level
        sheet.add(line(x, start, left - 0.3, at - 0.35 * SIZE, width=0.1, halo=True))
        sheet.add(f'<circle cx="{x:.5g}" cy="{start:.5g}" r="0.3" fill="{INK}" stroke="{PAPER}" stroke-width="0.1"/>\n')
        room = int((limit - left) / (SIZE * LETTER))
        for row in textwrap.wrap(text, max(room, 6)):
            sheet.add(words(left, at, row, SIZE), at + 0.6)
            at += 1.1 * SIZE
            least = max(least, at)
    return least - SIZE if found else 0.0


def _same_row(found: Sequence[tuple[float, float, str]]) -> bool:
    """Whether the films stand side by side, so that a line to each may begin anywhere on its height."""
    return len(found) > 0 and all(abs(y - found[0][1]) < 1e-6 for _, y, _ in found)
