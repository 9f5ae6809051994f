"""Compiled distances in the plane: to a polygonal line over height, and to the sides of polygons."""

from __future__ import annotations

import math

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.jit import compiled


@compiled
def _segment_at(heights: FloatArray, z: float) -> int:
    """Number of the segment at a height: of that from point k - 1 to point k; heights beyond the ends belong to no other."""
    first, stop = 0, len(heights) - 1
    while stop - first > 1:
        middle = (first + stop) // 2
        if heights[middle] < z:
            first = middle
        else:
            stop = middle
    return stop


@compiled
def _square_to(d: float, z: float, heights: FloatArray, offsets: FloatArray, k: int) -> float:
    """Squared distance of a point to segment k."""
    rise, run = heights[k] - heights[k - 1], offsets[k] - offsets[k - 1]
    along = ((z - heights[k - 1]) * rise + (d - offsets[k - 1]) * run) / (rise * rise + run * run)
    along = min(max(along, 0.0), 1.0)
    aside, above = d - offsets[k - 1] - along * run, z - heights[k - 1] - along * rise
    return float(aside * aside + above * above)


@compiled
def _least_square(d: float, z: float, heights: FloatArray, offsets: FloatArray, at: int, best: float) -> float:
    """Least squared distance of a point to the line, of those below one that is known: from segment `at` up and down."""
    k = at
    while k < len(heights) and (heights[k - 1] <= z or (heights[k - 1] - z) ** 2 < best):
        best = min(best, _square_to(d, z, heights, offsets, k))
        k += 1
    k = at - 1
    while k > 0 and (heights[k] >= z or (z - heights[k]) ** 2 < best):
        best = min(best, _square_to(d, z, heights, offsets, k))
        k -= 1
    return best


@compiled
def to_wall(
    away: FloatArray,
    z: FloatArray,
    heights: FloatArray,
    offsets: FloatArray,
    capped: bool,
    reach: float,
    found: FloatArray,
) -> None:
    """Signed distances of points to a wall, negative inside, no further than a reach.

    The wall is a polygonal line over height that goes on upright below its lowest and above its highest point. Capped, it ends
    at the highest point in a level face that goes inward, and all points are taken to lie above that or outside.

    Args:
        away: (n,) distance in the plane from the outline at the wall's top, µm, negative inside.
        z: (n,) heights, µm.
        heights: (m,) of the wall's points, ascending.
        offsets: (m,) by how much they stand further out than the outline.
        capped: see above.
        reach: µm.
        found: (n,) is filled.
    """
    last = len(heights) - 1
    low, high = offsets.min(), offsets.max()
    for n in range(len(away)):
        d, h = away[n], z[n]
        over = capped and h > heights[last]
        if d > high + reach or (over and h > heights[last] + reach):
            found[n] = reach
            continue
        if d < low - reach and not over:
            found[n] = -reach
            continue
        at = _segment_at(heights, h)
        share = (h - heights[at - 1]) / (heights[at] - heights[at - 1])
        share = min(max(share, 0.0), 1.0)
        here = offsets[at - 1] + share * (offsets[at] - offsets[at - 1])
        best = (d - here) ** 2
        if over:
            best = (h - heights[last]) ** 2 + max(d - offsets[last], 0.0) ** 2
        best = _least_square(d, h, heights, offsets, at, min(best, reach * reach))
        found[n] = -math.sqrt(best) if d <= here and not over else math.sqrt(best)


@compiled
def to_polygon(points: FloatArray, corners: FloatArray, grown: float, found: FloatArray, side: IntArray) -> None:
    """Signed distances of points in the plane to a polygon, negative inside, and the side that decides.

    Args:
        points: (n, 2) µm.
        corners: (m, 2) counter-clockwise, µm.
        grown: by how much the polygon is grown, corners round, µm.
        found: (n,) is filled.
        side: (n,) is filled with the number of the side to whose line the point lies nearest, of those that it is nearest to.
    """
    count = len(corners)
    for n in range(len(points)):
        x, y = points[n, 0], points[n, 1]
        best, nearest, line, inside = math.inf, 0, math.inf, False
        for k in range(count):
            ax, ay = corners[k, 0], corners[k, 1]
            bx, by = corners[(k + 1) % count, 0] - ax, corners[(k + 1) % count, 1] - ay
            px, py = x - ax, y - ay
            length = bx * bx + by * by
            share = min(max((px * bx + py * by) / length, 0.0), 1.0)
            away = (px - share * bx) ** 2 + (py - share * by) ** 2
            beside = abs(px * by - py * bx) / math.sqrt(length)
            # At a corner both sides are equally near: that whose line is further off sees the point in front of it.
            if away < best * (1 - 1e-12) or (away <= best * (1 + 1e-12) and beside > line):
                best, nearest, line = min(away, best), k, beside
            if (ay > y) != (ay + by > y) and px < (y - ay) * bx / by:
                inside = not inside
        found[n] = (-math.sqrt(best) if inside else math.sqrt(best)) - grown
        side[n] = nearest
