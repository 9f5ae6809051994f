"""The section as a vector drawing for a journal's column: exact polygons, names, dimensions, magnified films, scale."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import shapely

from geom3d.core.colours import FAINT, INK, NOTE, PAPER
from geom3d.evaluation import Evaluation
from geom3d.rendering.dimensions import Dimension, dimensions, intervals
from geom3d.rendering.page import length_text, round_length
from geom3d.rendering.views import stacked
from geom3d.scene.details import Window, windows
from geom3d.scene.drawing import LETTER, Placed, arrows, document, extent, line, rectangle, words
from geom3d.scene.faces import face

#: Width of a journal's column, margin, size of letters, mm.
COLUMN, MARGIN, SIZE = 85.0, 2.0, 2.3
#: Distance of dimension lines, mm.
LEVEL = 3.4
#: Largest width and height of a section that has its legend aside, and of one that has it below, mm.
ASIDE, BELOW = (36.0, 62.0), (72.0, 50.0)
#: Films thinner than this on paper are magnified; width of their window, mm.
THIN, WINDOW = 0.7, 17.0
#: Most dimensions that run one way.
MOST = 6
#: Arrows stand outside of what is smaller, mm.
SMALL = 2.6


@dataclass
class Sheet:
    """A drawing in the making.

    Attributes:
        parts: of the file.
        bottom: lowest place used, mm.
    """

    parts: list[str] = field(default_factory=list)
    bottom: float = 0.0

    def add(self, text: str, bottom: float = 0.0) -> None:
        """Puts something on the sheet that reaches down to a place, mm."""
        self.parts.append(text)
        self.bottom = max(self.bottom, bottom)


def drawing(design: Evaluation, repeat: int | None = None) -> str:
    """The section of a battery, normal to y, as an SVG file of a journal's column width.

    Args:
        design: the battery.
        repeat: unit cells along it; as many as suit its height if None.
    """
    cell, walls = design.cell(), design.walls()
    period, height = walls.size[0], cell.top
    place = cell.middle((1, 1))[1]
    count = repeat or _count(period, height)
    shown = face(walls, place, "y", count)
    aside = height > 0.45 * count * period
    room = ASIDE if aside else BELOW
    scale = min(room[0] / (count * period), room[1] / height)
    distance = None
    if cell.facts.web is None:
        electrodes = design.sample.electrodes
        distance = None if electrodes is None else electrodes.least(math.inf)
    films = {cell.names.index(name): thickness for name, thickness in cell.films.items()}
    wide = {cell.names[label]: length for label, length in films.items() if length * scale >= THIN}
    found = dimensions(design, shown, distance, wide)
    upright, level = ([d for d in found if d.upright is way] for way in (True, False))

    sheet = Sheet()
    title = textwrap.wrap(design.description.title, int((COLUMN - 2 * MARGIN) / (1.15 * SIZE * LETTER)))
    for k, text in enumerate(title):
        sheet.add(words(MARGIN, MARGIN + 1.15 * SIZE * (1 + 1.2 * k), text, 1.15 * SIZE, bold=True))
    top = MARGIN + 1.15 * SIZE * 1.2 * len(title) + 2.0
    rows = in_rows(upright, scale, (-30.0, height * scale + 1.0))
    left = MARGIN + 1.0 + LEVEL * (1 + max((row for row, _ in rows), default=-1))
    placed = Placed(shown, left, top + height * scale, scale)
    names = dict(enumerate(cell.names))
    colours = {k: region.material.colour for k, region in enumerate(cell.regions)}
    sheet.add("".join(placed.polygons(colours, names)), placed.bottom)
    for row, mark in rows:
        sheet.add(_upright(placed, mark, left - LEVEL * (row + 0.6)), placed.bottom - mark.start)
    right = left + count * period * scale
    thin = {label: thickness for label, thickness in films.items() if thickness * scale < THIN}
    closer = windows(shown, thin, WINDOW * 10, least=8.0)
    order = [label for label in reversed(stacked(walls)) if label in shown.shapes]
    beside = Sheet()
    if aside:
        x = right + 4.0
        y = _legend(beside, design, order, films, (x, top, COLUMN - MARGIN - x))
        for number, window in enumerate(closer):
            y = _window(beside, placed, window, "AB"[number], (x, y + 2.0), films, colours, names)
    limit = right + 2.5 if beside.bottom > placed.bottom else COLUMN - MARGIN
    for row, mark in in_rows(level, scale, (MARGIN - left, limit - left)):
        y = placed.bottom + LEVEL * (row + 0.9)
        sheet.add(_level(placed, mark, y), y + 0.8)
    _scale_bar(sheet, left, right, scale)
    if not aside:
        y, half = sheet.bottom + 3.0, (COLUMN - 2 * MARGIN) / 2
        _legend(beside, design, order, films, (MARGIN, y, half - 2.0))
        for number, window in enumerate(closer):
            y = _window(beside, placed, window, "AB"[number], (MARGIN + half, y), films, colours, names) + 2.0
    sheet.add("".join(beside.parts), beside.bottom)
    notes = [f"section at y = {_length(place)}"]
    notes += [f"least distance of the electrodes {_length(distance)}"] if distance else []
    y = sheet.bottom + 3.4
    sheet.add(words(MARGIN, y, "; ".join(notes), 0.85 * SIZE, colour=NOTE), y + 0.6)
    return document(COLUMN, sheet.bottom + MARGIN, design.description.title, "".join(sheet.parts))


def _count(period: float, height: float) -> int:
    """Unit cells along the section: two or more, so that the pitch is seen, unless they are wide and low."""
    wanted = max(1, min(8, round(0.58 * height / period)))
    return 2 if wanted == 1 and 2 * period < 1.3 * height else wanted


def _legend(
    sheet: Sheet, design: Evaluation, order: Sequence[int], films: dict[int, float], place: tuple[float, float, float]
) -> float:
    """Colours, names, materials and thicknesses from the top down; returns where it ends."""
    x, y, wide = place
    letters = max(8, int((wide - 4.2) / (SIZE * LETTER)))
    for label in order:
        region = design.cell().regions[label]
        text = f"{region.name}, {_length(films[label])}" if label in films else region.name
        sheet.add(rectangle(x, y, 3.0, 1.9, fill=region.material.colour, stroke=INK))
        for k, row in enumerate([*textwrap.wrap(text, letters), *textwrap.wrap(region.material.title, letters)]):
            grey = k >= len(textwrap.wrap(text, letters))
            sheet.add(words(x + 4.2, y + 1.75, row, SIZE, colour=FAINT if grey else INK), y + 2.6)
            y += 1.15 * SIZE
        y += 0.9
    return y


def _text(dimension: Dimension) -> str:
    return f"{dimension.name} {_length(dimension.length)}"


def _length(length: float) -> str:
    """A length that is not broken at the end of a line."""
    return length_text(float(f"{length:.3g}")).replace(" ", "\u00a0")


@dataclass(frozen=True)
class Mark:
    """A dimension and its words along its axis, mm from the section's lower left corner.

    Attributes:
        text: its words.
        low, high: ends of its line.
        start: where its words begin.
        across: place of what it measures on the other axis, µm.
    """

    text: str
    low: float
    high: float
    start: float
    across: float

    @property
    def end(self) -> float:
        """Where its words end."""
        return self.start + extent(self.text, SIZE)

    def meets(self, other: Mark) -> bool:
        """Whether the two cannot stand in one row."""
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
        placed.append(next(free, (len(found) + 1, marks[0])))
    return placed


def _marks(
    dimension: Dimension, span: tuple[float, float], scale: float, limits: tuple[float, float]
) -> Iterator[Mark]:
    """A dimension at one of its places: words between its arrows, or else after or before them."""
    text = _text(dimension)
    low, high = span[0] * scale, span[1] * scale
    wide = extent(text, SIZE)
    gap = 2.6 if high - low < SMALL else 0.9
    starts = [(low + high - wide) / 2] if high - low > wide + 2.0 else [high + gap, low - gap - wide]
    fitting = [start for start in starts if limits[0] <= start and start + wide <= limits[1]]
    # Where nothing fits, as near as the limits allow.
    for start in fitting or [min(max((low + high - wide) / 2, limits[0]), limits[1] - wide)]:
        yield Mark(text, low, high, start, dimension.across)


def _upright(placed: Placed, mark: Mark, x: float) -> str:
    """A dimension line to the left of the section; words run upwards beside it."""
    low, high = placed.bottom - mark.low, placed.bottom - mark.high
    parts = [line(x - 0.6, y, placed.left, y, width=0.08) for y in (low, high)]
    parts.append(arrows(x, low, x, high, outside=low - high < SMALL))
    middle_at = placed.bottom - (mark.start + mark.end) / 2
    parts.append(words(x - (0.5 if _between(mark) else -0.8), middle_at, mark.text, SIZE, anchor="middle", turned=True))
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
    x = placed.left + (mark.start + mark.end) / 2
    anchor = "middle"
    if not _between(mark):  # the words keep their distance from the arrows, however wide the viewer's letters are
        anchor, x = ("start", placed.left + mark.start) if mark.start > mark.high else ("end", placed.left + mark.end)
    parts.append(words(x, y - 0.5 if _between(mark) else y + 0.8, mark.text, SIZE, anchor=anchor))
    return "".join(parts)


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
    place: tuple[float, float],
    films: dict[int, float],
    colours: dict[int, str],
    names: dict[int, str],
) -> float:
    """A magnified part of the section with the thicknesses of its films; returns where it ends."""
    x, y = place
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
    _films(sheet, inner, window, films, names)
    return end


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


def _films(sheet: Sheet, inner: Placed, window: Window, films: dict[int, float], names: dict[int, str]) -> None:
    """Names and thicknesses of the films beside their window, with a line to each."""
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
        room = int((COLUMN - MARGIN - left) / (SIZE * LETTER))
        for row in textwrap.wrap(text, max(room, 6)):
            sheet.add(words(left, at, row, SIZE), at + 0.6)
            at += 1.1 * SIZE
            least = max(least, at)


def _same_row(found: Sequence[tuple[float, float, str]]) -> bool:
    """Whether the films stand side by side, so that a line to each may begin anywhere on its height."""
    return len(found) > 0 and all(abs(y - found[0][1]) < 1e-6 for _, y, _ in found)
