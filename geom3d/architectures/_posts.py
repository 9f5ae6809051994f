"""Posts and holes of any outline, in arrays that may be imperfect: what `pillars` and `pores` share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
import scipy
import shapely
from pydantic import Field

from geom3d.architectures import PlateParameters, Size, SizeOrZero, lattice_cell
from geom3d.architectures._structure import Sites
from geom3d.core.arrays import FloatArray, IntArray
from geom3d.solids.prisms.outline import Disc, Polygon

#: Corners by which an ellipse is drawn: its outline is short by 2.5e-5 of its length, its area right.
ELLIPSE = 256
#: Standard deviations at which diameters are cut off.
CUT_OFF = 2.5
#: Posts in one unit cell, at most.
MOST_POSTS = 10_000


class PostParameters(PlateParameters):
    """Parameters of posts or holes: their lattice, their outline, and how imperfect the array is."""

    lattice: Annotated[Literal["square", "hexagonal"], Field(description="arrangement in the plane")] = "square"
    pitch: Annotated[Size, Field(description="distance between the centres of nearest neighbours")] = 10.0
    diameter: Annotated[
        Size,
        Field(description="diameter; of other shapes the size along x before rotation, of a hexagon across its flats"),
    ] = 5.0
    shape: Annotated[
        Literal["circle", "square", "rectangle", "ellipse", "hexagon", "cross"], Field(description="outline")
    ] = "circle"
    width: Annotated[
        Size | None,
        Field(description="of a rectangle or an ellipse across, of a cross's arms; half of diameter if not given"),
    ] = None
    rotation: Annotated[float, Field(ge=-180, le=180, description="of the outline, degrees")] = 0.0
    corner_radius: Annotated[SizeOrZero, Field(description="of the corners of a square, a rectangle or a hexagon")] = (
        0.0
    )
    periods: Annotated[int, Field(ge=1, le=50, description="lattice cells along an edge of the unit cell")] = 1
    jitter: Annotated[
        SizeOrZero, Field(description="largest way by which an axis is off its place; all ways are as likely")
    ] = 0.0
    spread: Annotated[
        float, Field(ge=0, le=0.3, description="standard deviation of sizes as a share; cut off at 2.5 times that")
    ] = 0.0
    missing: Annotated[float, Field(ge=0, le=0.9, description="share that is missing, at random")] = 0.0
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, description="of the random numbers")] = 1


@dataclass(frozen=True)
class Outline:
    """The outline of one post of size 1, and what Steiner's formula needs of it.

    At a distance d beyond it, it encloses area + perimeter d + convex d²; at -d within it, area - perimeter d + sharp d².

    Attributes:
        corners: ((x, y), …) in units of the post's size; empty for a circle.
        radius: by which they are grown, in the same units; of a circle half.
        area, perimeter: of the corners' polygon, in the same units.
        convex, sharp: see above.
        least: smallest width, in the same units.
    """

    corners: tuple[tuple[float, float], ...]
    radius: float
    area: float
    perimeter: float
    convex: float
    sharp: float
    least: float

    def section(self, size: float, growth: float) -> float:
        """Area of a post of that size, grown by a distance, µm²."""
        d = self.radius * size + growth
        bent = self.convex if d >= 0 else self.sharp
        return self.area * size**2 + self.perimeter * size * d + bent * d * d

    def length(self, size: float, growth: float) -> float:
        """Length of that outline, µm."""
        d = self.radius * size + growth
        return self.perimeter * size + 2 * (self.convex if d >= 0 else self.sharp) * d


@dataclass(frozen=True)
class Posts:
    """The posts of one unit cell.

    Attributes:
        size: the period in x and y, µm.
        sites: of their axes, µm.
        sizes: (n,) their diameters, µm.
        outline: of all of them.
        shapes: where they stand.
        gap: smallest distance between two of them, µm.
    """

    size: tuple[float, float]
    sites: Sites
    sizes: tuple[float, ...]
    outline: Outline
    shapes: tuple[Disc | Polygon, ...]
    gap: float

    @property
    def least(self) -> float:
        """The smallest width, µm."""
        return self.outline.least * min(self.sizes)

    @property
    def area(self) -> float:
        """The footprint of the unit cell, µm²."""
        return self.size[0] * self.size[1]

    def section(self, growth: float) -> float:
        """Area of all, grown by a distance, µm²."""
        return sum(self.outline.section(size, growth) for size in self.sizes)

    def length(self, growth: float) -> float:
        """Length of all outlines, grown by a distance, µm."""
        return sum(self.outline.length(size, growth) for size in self.sizes)


@cache
def posts_of(p: PostParameters) -> Posts:
    """The posts that parameters describe.

    Raises:
        InputError: where two of them meet, or keys do not go together.
    """
    p.require(p.diameter < p.pitch, "diameter", f"must be smaller than pitch = {p.pitch:g} µm")
    cell, base, symmetry_order = lattice_cell(p.lattice, p.pitch)
    number = len(base) * p.periods**2
    p.require(number <= MOST_POSTS, "periods", f"must leave at most {MOST_POSTS:,} in one unit cell, here {number:,}")
    size = (p.periods * cell[0], p.periods * cell[1])
    steps = [(i * cell[0], j * cell[1]) for j in range(p.periods) for i in range(p.periods)]
    places = np.array([(x + dx, y + dy) for dx, dy in steps for x, y in base])
    rng = np.random.default_rng(p.seed)
    # All numbers are drawn, whatever is asked for: a seed moves the same posts the same way, however many are missing.
    way, turn = np.sqrt(rng.random(number)) * p.jitter, rng.random(number) * 2 * math.pi
    factor = 1 + p.spread * np.clip(rng.standard_normal(number), -CUT_OFF, CUT_OFF)
    order = rng.permutation(number)
    places = places + np.column_stack([way * np.cos(turn), way * np.sin(turn)])
    kept = np.sort(order[: number - round(p.missing * number)])
    p.require(len(kept) > 0, "missing", "must leave at least one in the unit cell")
    outline = _outline(p)
    sizes = (p.diameter * factor[kept]).tolist()
    sites = tuple((float(x), float(y)) for x, y in places[kept])
    regular = p.jitter == p.spread == p.missing == 0
    shapes = tuple(
        _at(outline, site, s, symmetry_order if regular else 4) for site, s in zip(sites, sizes, strict=True)
    )
    gap = p.pitch - p.diameter if regular and not outline.corners else _gap(shapes, sites, size)
    if not gap > 0:
        key = next((k for k in ("jitter", "spread", "rotation") if getattr(p, k)), "diameter")
        p.require(False, key, "two neighbours meet; take less of it, a smaller diameter or a larger pitch")
    return Posts(size, sites, tuple(sizes), outline, shapes, gap)


def _at(outline: Outline, site: tuple[float, float], size: float, symmetry_order: int) -> Disc | Polygon:
    if not outline.corners:
        return Disc(*site, size / 2, symmetry_order)
    corners = tuple((site[0] + size * x, site[1] + size * y) for x, y in outline.corners)
    return Polygon(corners, outline.radius * size)


def _gap(shapes: tuple[Disc | Polygon, ...], sites: Sites, size: tuple[float, float]) -> float:
    """The smallest distance between two shapes, through the period, µm; 0 or less where they meet."""
    shifts = np.array([(i * size[0], j * size[1]) for i in (0, -1, 1) for j in (0, -1, 1)])
    bare, grown, where = [], [], []
    for shape, site in zip(shapes, sites, strict=True):
        if isinstance(shape, Disc):
            bare.append(shapely.points(*site))
            grown.append(shape.radius)
        else:
            bare.append(shapely.polygons(shape.corners))
            grown.append(shape.distance)
        where.append(site)
    one, radius = np.array(bare), np.array(grown)
    copies = np.concatenate([shapely.transform(one, lambda xy, s=s: xy + s) for s in shifts])
    again = np.tile(radius, len(shifts))
    tree = shapely.STRtree(copies)

    def gaps(first: IntArray, second: IntArray) -> FloatArray:
        other = first != second
        first, second = first[other], second[other]
        return np.asarray(shapely.distance(one[first], copies[second]) - radius[first] - again[second])

    # The gap to the nearest, bare, of any of them is no smaller than the smallest one, which so lies within reach.
    known = float(gaps(*tree.query_nearest(one, exclusive=True)).min())
    reach = max(known + float(radius.max()) * 2, 0.0)
    return float(gaps(*tree.query(one, predicate="dwithin", distance=reach)).min(initial=known))


def _outline(p: PostParameters) -> Outline:
    """The outline of a post of size 1."""
    p.require(p.width is None or p.shape in ("rectangle", "ellipse", "cross"), "width", f"a {p.shape} has one size")
    cornered = p.shape in ("square", "rectangle", "hexagon")
    p.require(p.corner_radius == 0 or cornered, "corner_radius", f"a {p.shape} takes none")
    across = 0.5 if p.width is None else p.width / p.diameter
    if p.shape == "circle":
        return Outline((), 0.5, 0.0, 0.0, math.pi, math.pi, 1.0)
    turn = math.radians(p.rotation)
    if p.shape == "ellipse":
        angle = (np.arange(ELLIPSE) + 0.5) * 2 * math.pi / ELLIPSE
        # Grown so much that the polygon has the ellipse's area.
        scale = math.sqrt(2 * math.pi / ELLIPSE / math.sin(2 * math.pi / ELLIPSE)) / 2
        corners = scale * np.column_stack([np.cos(angle), across * np.sin(angle)])
        long, short = max(1.0, across) / 2, min(1.0, across) / 2
        perimeter = 4 * long * float(scipy.special.ellipe(1 - (short / long) ** 2))
        area = math.pi * across / 4
        return Outline(_turned(corners, turn), 0.0, area, perimeter, math.pi, math.pi, 2 * short)
    if p.shape == "cross":
        p.require(across < 1, "width", f"must be smaller than diameter = {p.diameter:g} µm")
        a, b = 0.5, across / 2
        quarter = [(a, b), (b, b), (b, a)]
        corners = np.array([_quarter_turn(x, y, k) for k in range(4) for x, y in quarter])
        # Eight corners and four notches: Steiner's term of a notch is its square, of a corner a quarter of a disc.
        area, perimeter = 2 * across - across**2, 4.0
        return Outline(_turned(corners, turn), 0.0, area, perimeter, 2 * math.pi - 4, 8 - math.pi, across)
    rounded = p.corner_radius / p.diameter
    if p.shape == "hexagon":
        apothem, wide = 0.5 - rounded, 1.0
        angle = (np.arange(6) + 0.5) * math.pi / 3
        corners = 2 / math.sqrt(3) * apothem * np.column_stack([np.cos(angle), np.sin(angle)])
        area, perimeter, sharp = 2 * math.sqrt(3) * apothem**2, 4 * math.sqrt(3) * apothem, 2 * math.sqrt(3)
    else:
        wide = 1.0 if p.shape == "square" else across
        a, b = 0.5 - rounded, wide / 2 - rounded
        corners = np.array([(a, b), (-a, b), (-a, -b), (a, -b)])
        area, perimeter, sharp = 4 * a * b, 4 * (a + b), 4.0
    p.require(rounded < min(1.0, wide) / 2, "corner_radius", "must be smaller than half of the post's smallest width")
    return Outline(_turned(corners, turn), rounded, area, perimeter, math.pi, sharp, min(1.0, wide))


def _quarter_turn(x: float, y: float, times: int) -> tuple[float, float]:
    for _ in range(times):
        x, y = -y, x
    return x, y


def _turned(corners: FloatArray, turn: float) -> tuple[tuple[float, float], ...]:
    """Corners turned by an angle, rad; by none to the last bit."""
    if turn:
        cosine, sine = math.cos(turn), math.sin(turn)
        corners = corners @ np.array([[cosine, sine], [-sine, cosine]])
    return tuple((float(x), float(y)) for x, y in corners)
