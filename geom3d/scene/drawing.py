"""Vector drawings of faces: filled polygons in µm, and lines and words in mm, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import shapely

from geom3d.core.colours import INK, PAPER
from geom3d.scene.faces import Face, rings

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
#: Mean width of a letter, as a share of its size, on the safe side.
LETTER = 0.54


@dataclass(frozen=True)
class Placed:
    """Where a face lies on paper; x runs to the right and y down, mm.

    Attributes:
        face: what is drawn.
        left, bottom: of its lower left corner, mm.
        scale: mm on paper per µm.
        low: (u, v) of the face at that corner, µm.
    """

    face: Face
    left: float
    bottom: float
    scale: float
    low: tuple[float, float] = (0.0, 0.0)

    def at(self, u: float, v: float) -> tuple[float, float]:
        """The place on paper of a point of the face, mm."""
        return self.left + (u - self.low[0]) * self.scale, self.bottom - (v - self.low[1]) * self.scale

    def polygons(self, colours: Mapping[int, str], names: Mapping[int, str], digits: int = 12) -> Iterator[str]:
        """The regions, filled; coordinates are the design's, in µm, with so many digits."""
        x, y = self.at(0.0, 0.0)
        yield f'<g transform="matrix({self.scale:.12g} 0 0 {-self.scale:.12g} {x:.12g} {y:.12g})" fill-rule="evenodd" '
        # A line of the region's own colour closes the hair gaps that viewers leave between neighbours.
        yield f'stroke-width="{0.03 / self.scale:.4g}" stroke-linejoin="round">\n'
        # Thin regions last, so that the lines of their neighbours do not cover them.
        for label in sorted(self.face.shapes, key=lambda k: -shapely.area(self.face.shapes[k])):
            colour = colours[label]
            yield f'<path class="region" data-region={quoteattr(names[label])} fill="{colour}" stroke="{colour}" d="'
            yield outline(self.face.shapes[label], digits)
            yield f'"><title>{escape(names[label])}</title></path>\n'
        yield "</g>\n"


def outline(shape: shapely.Geometry, digits: int) -> str:
    """Polygons as the data of an SVG path."""
    parts = [
        "M" + "L".join(f"{u:.{digits}g} {v:.{digits}g}" for u, v in ring[:-1].tolist()) + "Z" for ring in rings(shape)
    ]
    return "".join(parts)


def line(
    x: float, y: float, x2: float, y2: float, *, width: float = 0.12, colour: str = INK, halo: bool = False
) -> str:
    """A straight line; with a halo it stays visible on any ground."""
    ends = f'x1="{x:.4g}" y1="{y:.4g}" x2="{x2:.4g}" y2="{y2:.4g}"'
    under = f'<line {ends} stroke="{PAPER}" stroke-width="{width + 0.25:.4g}" stroke-opacity="0.8"/>\n' if halo else ""
    return f'{under}<line {ends} stroke="{colour}" stroke-width="{width:.4g}"/>\n'


def words(
    x: float, y: float, text: str, size: float, *, anchor: str = "start", turned: bool = False, colour: str = INK,
    bold: bool = False,
) -> str:  # fmt: skip
    """Words that begin, end or are centred at a point of their base line; turned ones run upwards."""
    turn = f' transform="rotate(-90 {x:.5g} {y:.5g})"' if turned else ""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.5g}" y="{y:.5g}" font-size="{size:.3g}" fill="{colour}" text-anchor="{anchor}"{weight}{turn}>'
        f"{escape(text)}</text>\n"
    )


def rectangle(
    x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none", region: str | None = None
) -> str:
    """A rectangle from its upper left corner; one that stands for a region says so."""
    name = "" if region is None else f"data-region={quoteattr(region)} "
    return (
        f'<rect {name}x="{x:.5g}" y="{y:.5g}" width="{width:.5g}" height="{height:.5g}" fill="{fill}" stroke="{stroke}" '
        'stroke-width="0.15"/>\n'
    )


def extent(text: str, size: float) -> float:
    """Width of words, mm, on the safe side."""
    return len(text) * size * LETTER


def arrows(x: float, y: float, x2: float, y2: float, *, outside: bool) -> str:
    """A dimension line along an axis with arrows at both ends, which point outwards or, from outside, inwards."""
    length = max(abs(x2 - x), abs(y2 - y))
    dx, dy = (x2 - x) / length, (y2 - y) / length
    parts = []
    if outside:
        for px, py, sign in ((x, y, -1), (x2, y2, 1)):
            parts += [line(px, py, px + sign * 2.0 * dx, py + sign * 2.0 * dy), _head(px, py, -sign * dx, -sign * dy)]
        parts.append(line(x, y, x2, y2))
    else:
        parts += [line(x, y, x2, y2), _head(x, y, -dx, -dy), _head(x2, y2, dx, dy)]
    return "".join(parts)


def _head(x: float, y: float, dx: float, dy: float, length: float = 1.1) -> str:
    """An arrow's head with its tip at a point."""
    bx, by = x - length * dx, y - length * dy
    wx, wy = -0.17 * length * dy, 0.17 * length * dx
    corners = f"{x:.5g},{y:.5g} {bx + wx:.5g},{by + wy:.5g} {bx - wx:.5g},{by - wy:.5g}"
    return f'<polygon points="{corners}" fill="{INK}"/>\n'


def document(width: float, height: float, title: str, body: str) -> str:
    """An SVG file of a size in mm."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" version="1.1" '
        f'width="{width:.5g}mm" height="{height:.5g}mm" viewBox="0 0 {width:.5g} {height:.5g}" '
        f'font-family="{FONT}">\n<title>{escape(title)}</title>\n{body}</svg>\n'
    )


def sketch(face: Face, colours: Mapping[int, str], names: Mapping[int, str], *, most: float = 60.0) -> str:
    """A small drawing of a face without words, for a page: an `<svg>` element no wider and no higher than so many mm."""
    low_u, low_v, high_u, high_v = face.bounds
    scale = most / max(high_u - low_u, high_v - low_v)
    width, height = (high_u - low_u) * scale, (high_v - low_v) * scale
    placed = Placed(face, 0.0, height, scale, (low_u, low_v))
    size = f'width="{width:.5g}mm" height="{height:.5g}mm" viewBox="0 0 {width:.5g} {height:.5g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{"".join(placed.polygons(colours, names, 5))}</svg>'
