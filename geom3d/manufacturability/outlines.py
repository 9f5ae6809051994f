"""Local widths of plane shapes on a floor plan, through the period, from their exact outlines.

From a point of an outline a disc grows inward until something else stops it. Where it then touches a wall opposite, its
diameter is the width of the shape there; where it touches only the neighbouring side of a corner, it says nothing. So
corners, which no disc fills, do not count as narrow, and wedges of less than 20° do. A shape whose walls face each other
nowhere, such as a triangular post, is as wide as the largest disc in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, owners_of, ranks_of, unique_points
from geom3d.core.progress import bar
from geom3d.mesh.bvh import Nearest
from geom3d.mesh.components import component_numbers
from geom3d.solids.prisms.floorplan import FloorPlan

#: Walls face each other where they lean by less than this.
WEDGE = math.radians(20)
#: By this share of its radius a disc's middle is moved on to see whether it touches a wall there.
NUDGE = 0.01
#: Cosine of the angle from the normal beyond which a point belongs to the start's own wall.
SHALLOW = 0.1
#: Relative error of a distance that a wrong normal makes.
ROUGH = 0.02
#: Relative change of a radius below which it counts as settled.
SAME = 1e-7
#: A disc settles in a few rounds; one that has not by then rolls along a curved wall.
ROUNDS = 60
#: Directions into which discs grow from a corner that juts into the body lie this far apart, radians.
FAN = math.radians(5)
#: Edges that turn by less than this go straight on, radians.
STRAIGHT = 3e-4
#: Starts on a straight line lie no further apart than this share of the period, but none has more than so many.
SPACING, MOST_STARTS = 0.02, 64
#: Edges among which the nearest is looked for, where all are short.
NEIGHBOURS = 4
#: So many starts tell a first width; the others follow in parts of so many.
FEW, MANY = 256, 65536
#: Narrower than this, µm, or than this share of the period, is rounding and no body.
ROUNDING, DIGITS = 1e-5, 5e-8
#: Lines shorter than this share of the period, a hundred steps of its grid, have no direction.
SHORT = 1.5e-9


@dataclass(frozen=True)
class Narrow:
    """The narrowest place of a plane shape.

    Attributes:
        width: µm.
        middle: x, y, µm, within the period.
        across: unit vector from wall to wall.
    """

    width: float
    middle: tuple[float, float]
    across: tuple[float, float]


def narrowest(plan: FloorPlan, mask: BoolArray) -> tuple[Narrow | None, Narrow | None]:
    """The narrowest place inside and outside some faces of a floor plan; None where nothing is narrow.

    Args:
        plan: the faces.
        mask: (F,) which of them.
    """
    edges = _outline(plan, mask)
    if not len(edges):
        return None, None
    most = math.hypot(*plan.size) / 2  # a wider disc would hold a copy of any point of the outline
    ways = _Ways(edges, plan.size)
    starts, normals, inner = _starts(edges, plan.size)
    starts += ways(starts)  # a line that begins with a short edge leads astray by its rounding
    with bar("local widths", 2 * len(starts)) as advance:
        inside, outside = (
            _least(starts[side], normals[side], most, ways, plan.size, advance) for side in (inner, ~inner)
        )
    return inside, outside


def _least(
    starts: FloatArray,
    normals: FloatArray,
    most: float,
    ways: _Ways,
    size: tuple[float, float],
    advance: Callable[[int], None],
) -> Narrow | None:
    """The narrowest place from some starts.

    A few of these tell a width; from all others discs need not grow beyond it, and most are done with a single look.
    """
    rounding = max(ROUNDING, DIGITS * most)
    few = np.zeros(len(starts), dtype=bool)
    few[:: max(1, len(starts) // FEW)] = True
    found = np.full(len(starts), np.inf)
    found[few], faced = _widths(starts[few], normals[few], most, ways)
    advance(int(few.sum()))
    rest = np.flatnonzero(~few)
    for part in np.array_split(rest, 1 + len(rest) // MANY):
        known = float(np.where(found < rounding, np.inf, found).min())
        # Without walls that face each other the largest disc of all counts, and each must be looked at.
        limit = min(most, known / 2 * (1 + ROUGH)) if faced else most
        widths, faces = _widths(starts[part], normals[part], limit, ways, most)
        if faces and not faced:
            found[:] = np.inf  # discs that touch no wall opposite no longer count
            faced = True
        if faces or not faced:
            found[part] = widths
        advance(len(part))
    found[found < rounding] = np.inf
    best = int(np.argmin(found)) if faced else int(np.argmax(np.where(np.isfinite(found), found, -1.0)))
    if not len(found) or not np.isfinite(found[best]):
        return None
    x, y = (starts[best] + found[best] / 2 * normals[best]) % size
    return Narrow(float(found[best]), (float(x), float(y)), (float(normals[best, 0]), float(normals[best, 1])))


def _outline(plan: FloorPlan, mask: BoolArray) -> FloatArray:
    """(S, 2, 2) edges of some faces, the faces on their left."""
    into = mask[plan.left] & ~mask[plan.right]
    back = mask[plan.right] & ~mask[plan.left]
    high, low = mask[plan.seam_faces[:, 0]], mask[plan.seam_faces[:, 1]]
    ends = [
        plan.edges[into],
        plan.edges[back][:, ::-1],
        plan.seam[high & ~low],
        plan.seam_twin[low & ~high][:, ::-1],
    ]
    return plan.points[np.concatenate(ends)]


def _starts(edges: FloatArray, size: tuple[float, float]) -> tuple[FloatArray, FloatArray, BoolArray]:
    """(n, 2) points on outlines, (n, 2) normals there, and (n,) whether these point inside."""
    along = edges[:, 1] - edges[:, 0]
    length = np.linalg.norm(along, axis=1)
    left = np.column_stack([-along[:, 1], along[:, 0]]) / length[:, None]
    before, after = _corners(edges, size)
    angle = np.arctan2(left[:, 1], left[:, 0])
    turn = (angle[after] - angle[before] + math.pi) % (2 * math.pi) - math.pi
    first, whole = _straight(length, before, after, np.abs(turn) < STRAIGHT)
    kept = whole > min(SHORT * max(size), float(whole.max()) / 2)
    first, whole = first[kept], whole[kept]
    # An odd number, so that one is in the middle: in a square or a hexagon only discs from there meet the side opposite.
    count = np.clip(np.ceil(whole / (SPACING * min(size))), 1, MOST_STARTS).astype(np.int64) | 1
    line = owners_of(count)
    share = (ranks_of(count) + 0.5) / count[line]
    edge = first[line]
    points = (edges[edge, 0] + (share * whole[line] / length[edge])[:, None] * along[edge]) % size
    inward = left[edge]
    inner = np.ones(len(points), dtype=bool)
    corners, directions, into = _fans(edges[after, 0], angle[before], turn)
    return (
        np.concatenate([points, points, corners]),
        np.concatenate([inward, -inward, directions]),
        np.concatenate([inner, ~inner, into]),
    )


def _straight(length: FloatArray, before: IntArray, after: IntArray, on: BoolArray) -> tuple[IntArray, FloatArray]:
    """(l,) first edges of straight lines, and (l,) their lengths, µm; lines that come back on themselves stay in pieces.

    Args:
        length: (S,) of the edges.
        before, after: (c,) edges that follow each other.
        on: (c,) whether they go straight on.
    """
    links = np.column_stack([before[on], after[on]])
    part = component_numbers(len(length), links)
    begins = np.ones(len(length), dtype=bool)
    begins[links[:, 1]] = False
    endless = ~np.isin(part, part[begins])
    whole = np.bincount(part, weights=length)[part]
    first = np.flatnonzero(begins | endless)
    return first, np.where(endless, length, whole)[first]


def _fans(at: FloatArray, angle: FloatArray, turn: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Starts at corners: all normals between those of the two edges, on the side into which the corner juts.

    Args:
        at: (c, 2) the corners.
        angle: (c,) of the normal on the left before them.
        turn: (c,) by how much it turns there, to the left if positive.
    """
    points, directions, into = [np.empty((0, 2))], [np.empty((0, 2))], [np.empty(0, dtype=bool)]
    steps = np.ceil(np.abs(turn) / FAN).astype(np.int64)
    for step in range(int(steps.max(initial=0)) + 1):
        chosen = (steps > 1) & (step <= steps)
        normal = angle[chosen] + turn[chosen] * step / steps[chosen]
        # A turn to the right juts into what lies on the left.
        right = turn[chosen] < 0
        points.append(at[chosen])
        directions.append(np.column_stack([np.cos(normal), np.sin(normal)]) * np.where(right, 1.0, -1.0)[:, None])
        into.append(right)
    return np.concatenate(points), np.concatenate(directions), np.concatenate(into)


def _corners(edges: FloatArray, size: tuple[float, float]) -> tuple[IntArray, IntArray]:
    """(c,) edges that end where (c,) others begin, through the period; where outlines cross there are none."""
    ends = np.concatenate([edges[:, 0], edges[:, 1]]) % size  # exact: all lie on a grid that divides the period
    number = unique_points(ends)[1]
    begin, end = number[: len(edges)], number[len(edges) :]
    single = (np.bincount(begin, minlength=len(number)) == 1) & (np.bincount(end, minlength=len(number)) == 1)
    first = np.full(len(number), -1)
    first[begin] = np.arange(len(edges))
    before = np.flatnonzero(single[end])
    return before, first[end[before]]


def _widths(
    starts: FloatArray, inward: FloatArray, limit: float, ways: _Ways, most: float | None = None
) -> tuple[FloatArray, bool]:
    """(n,) local widths, and whether these are of walls that face each other.

    They are infinite where nothing is met within the limit, or no wall faces the start; where no wall faces any start, the
    diameter of every disc that is held.

    Args:
        starts: (n, 2) points on walls, µm.
        inward: (n, 2) unit normals into the shape.
        limit: radius up to which discs grow, µm.
        ways: knows all walls.
        most: radius of the largest disc that there can be, µm; the limit if None.
    """
    radius = np.full(len(starts), limit)
    active = np.arange(len(starts))
    rough = max(ROUNDING, DIGITS * (limit if most is None else most)) / 10
    for _ in range(ROUNDS):
        if not len(active):
            break
        centre = starts[active] + radius[active, None] * inward[active]
        touched = ways(centre) + radius[active, None] * inward[active]  # from the start
        square = np.einsum("ij,ij->i", touched, touched)
        along = np.einsum("ij,ij->i", touched, inward[active])
        # The disc that touches the start and goes through the nearest point. What lies behind the start, or in the wall's
        # own plane but for its roughness, is not in its way.
        ahead = along > np.maximum(SHALLOW * np.sqrt(square), rough)
        fits = np.where(ahead, square / np.where(ahead, 2 * along, 1.0), np.inf)
        shrinks = fits < radius[active] * (1 - SAME)
        active, fits = active[shrinks], fits[shrinks]
        radius[active] = fits
    held = np.flatnonzero(radius < limit)
    found = np.full(len(starts), np.inf)
    starts, inward, radius = starts[held], inward[held], radius[held]
    # A little way on from its middle the wall opposite is nearer by nearly as much, where the disc touches it; half-way
    # back the start is the nearest point, unless its normal is wrong.
    opposite, own = (
        np.linalg.norm(ways(starts + (share * radius)[:, None] * inward), axis=1) for share in (1 + NUDGE, 0.5)
    )
    touches = own >= 0.5 * radius * (1 - ROUGH)
    faces = touches & (opposite <= radius * (1 - NUDGE * math.cos(WEDGE)) * (1 + 10 * SAME))
    if faces.any():
        found[held[faces]] = (1 + NUDGE) * radius[faces] + opposite[faces]
        return found, True
    found[held[touches]] = 2 * radius[touches]
    return found, False


class _Ways:
    """Steps to the nearest of some edges, which repeat with a period."""

    def __init__(self, edges: FloatArray, size: tuple[float, float]) -> None:
        self._edges, self._size = edges, np.array(size)
        self._middles: scipy.spatial.cKDTree | None = None
        lengths = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
        if lengths.max() <= SPACING * min(size):
            # In the middle of a circle all its edges are equally near, which a tree of edges takes longer over.
            self._middles = scipy.spatial.cKDTree(edges.mean(axis=1) % self._size, boxsize=size)
            return
        # As walls on the plane: what is nearest to a point of the plane is on their feet.
        feet = np.concatenate([edges, np.zeros((len(edges), 2, 1))], axis=2)
        tops = feet[:, 1] + np.column_stack([np.zeros((len(edges), 2)), lengths])
        corners = np.concatenate([feet[:, 0], feet[:, 1], tops])
        self._tree = Nearest(corners, np.arange(len(corners)).reshape(3, -1).T, size)

    def __call__(self, points: FloatArray) -> FloatArray:
        points = points % self._size
        if self._middles is None:
            return self._tree.steps(np.column_stack([points, np.zeros(len(points))]))[:, :2]
        # Of short edges the nearest is among those of the nearest middles.
        few = np.arange(1, min(NEIGHBOURS, len(self._edges)) + 1)
        edges = self._edges[self._middles.query(points, few)[1]]
        shift = np.rint((edges.mean(axis=2) - points[:, None]) / self._size) * self._size
        steps = _steps(points[:, None], edges - shift[:, :, None])
        best = np.einsum("ijk,ijk->ij", steps, steps).argmin(axis=1)
        return np.asarray(steps[np.arange(len(points)), best])


def _steps(points: FloatArray, edges: FloatArray) -> FloatArray:
    """(…, 2) the step from each of (…, 2) points to the nearest point of its own of (…, 2, 2) edges."""
    start, along = edges[..., 0, :], edges[..., 1, :] - edges[..., 0, :]
    share = np.einsum("...i,...i->...", points - start, along) / np.einsum("...i,...i->...", along, along)
    return np.asarray(start + np.clip(share, 0, 1)[..., None] * along - points)
