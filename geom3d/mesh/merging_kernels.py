"""Corners of tetrahedra that lie close together become one: what is compiled.

The mesh closes on itself through the period. A corner has one number wherever it is seen from, and a tetrahedron that reaches over
the seam says for each of its corners in which period it sees it: 1 for the next one in x, 2 in y. The tetrahedra at a
corner are a chain of slots, 4 × tetrahedron + place in it, so that the chains of corners that become one are tied together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.jit import compiled

#: Corners that become one at once, and tetrahedra around them, at most.
CORNERS, SLOTS = 16, 400
#: The mark of no cluster, no corner, and how many there are at first. Plain numbers would be types of their own, for which what
#: they are handed to would be compiled again.
NO_CLUSTER: Any = np.int64(-1)
NO_CORNER: Any = np.int64(-1)
EMPTY: Any = np.int64(0)
#: The flattest tetrahedron around a merged corner is rounder by this factor than the one for whose sake it was merged.
GAIN = 1.2


class Knit(NamedTuple):
    """A mesh whose corners can be merged.

    Attributes:
        points: (P, 3) places of the corners, µm.
        corners: (N, 4) of each tetrahedron.
        shifts: (N, 4) the period in which it sees them.
        labels: (N,) its region.
        planes: (P,) faces of the box in which a corner lies: 1 for both across x, 2 across y, 4 bottom, 8 top.
        size: (3,) edges of the box, µm.
        first, last: (P,) ends of a corner's chain of slots; -1 where it has none.
        following: (4 N,) the next slot in its chain; -1 at the end.
        six: (N,) six times the volume of each tetrahedron, µm³.
        alive: (N,) tetrahedra that are still there.
        new: (P,) corners that others became.
    """

    points: FloatArray
    corners: IntArray
    shifts: IntArray
    labels: IntArray
    planes: IntArray
    size: FloatArray
    first: IntArray
    last: IntArray
    following: IntArray
    six: FloatArray
    alive: BoolArray
    new: BoolArray


class Cluster(NamedTuple):
    """Corners that are to become one of them, and room for what is found of them.

    Attributes:
        corners: (CORNERS,) their numbers.
        shifts: (CORNERS, 2) periods in x and y from the first to each.
        regions: (CORNERS, labels) whether a region is around each.
        chosen: (1,) place here of the one that stays.
        place: (P,) CORNERS × number of the cluster in which a corner was last + its place there.
        slots: (SLOTS,) of the tetrahedra around those that do not stay.
        at: (4, 3) places of the corners of one tetrahedron, µm.
        held, change: (labels,) six times the volume around them by region, and by how much it changes, µm³.
    """

    corners: IntArray
    shifts: IntArray
    regions: BoolArray
    chosen: IntArray
    place: IntArray
    slots: IntArray
    at: FloatArray
    held: FloatArray
    change: FloatArray


@compiled
def corner(knit: Knit, cluster: Cluster, mark: int, t: int, j: int) -> tuple[int, int, int, int]:
    """What corner j of a tetrahedron becomes: its number, the period in which it is seen, and 1 if it is of the cluster.

    With a mark that no cluster has it stays what it is.
    """
    w, x, y = knit.corners[t, j], knit.shifts[t, j] & 1, knit.shifts[t, j] >> 1
    i = cluster.place[w] - mark * CORNERS
    if i < 0 or i >= CORNERS:
        return w, x, y, 0
    k = cluster.chosen[0]
    x += cluster.shifts[k, 0] - cluster.shifts[i, 0]
    y += cluster.shifts[k, 1] - cluster.shifts[i, 1]
    return cluster.corners[k], x, y, 1


@compiled
def placed(knit: Knit, cluster: Cluster, mark: int, t: int) -> bool:
    """Writes down where the corners of a tetrahedron are, those of the cluster of that mark as what they become.

    False where that is not to be: a corner amid the box, which is seen in one period only, would be seen in another.
    """
    at = cluster.at
    for j in range(4):
        w, x, y, _ = corner(knit, cluster, mark, t, j)
        if x < 0 or x > knit.planes[w] & 1 or y < 0 or y > knit.planes[w] >> 1 & 1:
            return False
        at[j, 0] = knit.points[w, 0] + x * knit.size[0]
        at[j, 1] = knit.points[w, 1] + y * knit.size[1]
        at[j, 2] = knit.points[w, 2]
    return True


@compiled
def six_volumes(at: FloatArray) -> float:
    """Six times the volume of a tetrahedron, with its sign."""
    ax, ay, az = at[1, 0] - at[0, 0], at[1, 1] - at[0, 1], at[1, 2] - at[0, 2]
    bx, by, bz = at[2, 0] - at[0, 0], at[2, 1] - at[0, 1], at[2, 2] - at[0, 2]
    cx, cy, cz = at[3, 0] - at[0, 0], at[3, 1] - at[0, 1], at[3, 2] - at[0, 2]
    return float(ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx))


@compiled
def edge_squares(at: FloatArray) -> tuple[float, float]:
    """The sum of the squares of a tetrahedron's edges, and the largest."""
    squares, longest = 0.0, 0.0
    for a in range(4):
        for b in range(a):
            square = (at[a, 0] - at[b, 0]) ** 2 + (at[a, 1] - at[b, 1]) ** 2 + (at[a, 2] - at[b, 2]) ** 2
            squares += square
            longest = max(longest, square)
    return squares, longest


@compiled
def shape(knit: Knit, cluster: Cluster, t: int) -> tuple[float, float, float]:
    """Mean ratio with the sign of the volume, six times the volume, and the square of the longest edge of a tetrahedron."""
    placed(knit, cluster, NO_CLUSTER, t)
    six = six_volumes(cluster.at)
    squares, longest = edge_squares(cluster.at)
    return np.sign(six) * 12 * np.cbrt(0.5 * abs(six)) ** 2 / squares, six, longest


@compiled
def ratios(knit: Knit, cluster: Cluster, chosen: IntArray) -> FloatArray:
    """(n,) mean ratios of tetrahedra; 1 for those that are gone."""
    found = np.ones(len(chosen))
    for n in range(len(chosen)):
        if knit.alive[chosen[n]]:
            found[n] = shape(knit, cluster, chosen[n])[0]
    return found


@compiled
def chain(knit: Knit, cluster: Cluster) -> None:
    """Fills in the chains of slots and the volumes."""
    for t in range(len(knit.six)):
        knit.six[t] = shape(knit, cluster, t)[1]
    for slot in range(len(knit.following)):
        u = knit.corners[slot >> 2, slot & 3]
        if knit.first[u] < 0:
            knit.first[u] = slot
        else:
            knit.following[knit.last[u]] = slot
        knit.last[u] = slot


@compiled
def around(knit: Knit, u: int, slots: IntArray, count: int) -> int:
    """Writes the slots of living tetrahedra at a corner behind the first `count`; their end, or -1 where there is no room."""
    slot = knit.first[u]
    while slot >= 0:
        if knit.alive[slot >> 2]:
            if count == len(slots):
                return -1
            slots[count] = slot
            count += 1
        slot = knit.following[slot]
    return count


@compiled
def grow(knit: Knit, cluster: Cluster, mark: int, t: int, a: int, b: int, square: float) -> int:
    """Gathers the corners near corner a of a tetrahedron; how many, 0 where there are too many.

    Args:
        knit, cluster: the mesh, and what is filled in.
        mark: the cluster's number.
        t, a, b: the tetrahedron and its corner; with b not negative the two corners of it, and no others.
        square: of the distance from a within which edges are followed, µm².
    """
    u = knit.corners[t, a]
    cluster.corners[0] = u
    cluster.shifts[0, 0], cluster.shifts[0, 1] = 0, 0
    cluster.place[u] = mark * CORNERS
    n, i = 1, 0
    while i < n:
        count = around(knit, cluster.corners[i], cluster.slots, EMPTY)
        if count < 0:
            return 0
        cluster.regions[i, :] = False
        for m in range(count):
            s, k = cluster.slots[m] >> 2, cluster.slots[m] & 3
            cluster.regions[i, knit.labels[s]] = True
            for j in range(4):
                w = knit.corners[s, j]
                if cluster.place[w] >= mark * CORNERS or (b >= 0 and (s != t or j != b)):
                    continue
                x = cluster.shifts[i, 0] + (knit.shifts[s, j] & 1) - (knit.shifts[s, k] & 1)
                y = cluster.shifts[i, 1] + (knit.shifts[s, j] >> 1) - (knit.shifts[s, k] >> 1)
                far = (knit.points[w, 0] + x * knit.size[0] - knit.points[u, 0]) ** 2
                far += (knit.points[w, 1] + y * knit.size[1] - knit.points[u, 1]) ** 2
                far += (knit.points[w, 2] - knit.points[u, 2]) ** 2
                if far <= square:
                    if n == CORNERS:
                        return 0
                    cluster.corners[n] = w
                    cluster.shifts[n, 0], cluster.shifts[n, 1] = x, y
                    cluster.place[w] = mark * CORNERS + n
                    n += 1
        i += 1
    return n


@compiled
def choose(knit: Knit, cluster: Cluster, n: int, chosen: int) -> int:
    """Lets all corners of a cluster become the chosen one, and gathers their slots but not its own; how many there are.

    0 where one of them has around it what the chosen one has not, as on the other side of a thin film, or where
    there are too many.
    """
    cluster.chosen[0] = chosen
    for i in range(n):
        if knit.planes[cluster.corners[i]] & ~knit.planes[cluster.corners[chosen]]:
            return 0
        for label in range(len(cluster.held)):
            if cluster.regions[i, label] and not cluster.regions[chosen, label]:
                return 0
    count = 0
    for i in range(n):
        if i != chosen:
            count = around(knit, cluster.corners[i], cluster.slots, count)
            if count < 0:
                return 0
    return count


@compiled
def gone(knit: Knit, cluster: Cluster, mark: int, t: int) -> bool:
    """Whether two corners of a tetrahedron become one."""
    inside = 0
    for j in range(4):
        inside += cluster.place[knit.corners[t, j]] >= mark * CORNERS
    return inside > 1


@compiled
def moved(knit: Knit, cluster: Cluster, mark: int, count: int, floor: float, limits: FloatArray) -> float:
    """The least mean ratio around a cluster once its corners are one; 0 where that may not be.

    Args:
        knit, cluster, mark: the mesh, the cluster and its number.
        count: slots that are gathered.
        floor: a mean ratio up to which it may not be.
        limits: (2,) the square of the longest edge that may be, µm²; share of a region's volume there that it may gain or lose.
    """
    cluster.held[:] = 0
    cluster.change[:] = 0
    least, flattest = 1.0, np.inf
    for m in range(count):
        t, k = cluster.slots[m] >> 2, cluster.slots[m] & 3
        # Each tetrahedron once, at the first of its corners that goes.
        first = True
        for j in range(k):
            i = cluster.place[knit.corners[t, j]] - mark * CORNERS
            first = first and (i < 0 or i == cluster.chosen[0])
        if not first:
            continue
        label = knit.labels[t]
        cluster.held[label] += knit.six[t]
        cluster.change[label] -= knit.six[t]
        if gone(knit, cluster, mark, t):
            continue
        if not placed(knit, cluster, mark, t):
            return 0.0
        six = six_volumes(cluster.at)
        if not six > 0:
            return 0.0
        squares, longest = edge_squares(cluster.at)
        if longest > limits[0]:
            return 0.0
        cluster.change[label] += six
        # Roots take their time: the flattest by what is under the root, but for rounding.
        cube = squares * squares * squares
        if six * six < flattest * cube * (1 + 1e-12):
            ratio = 12 * np.cbrt(0.5 * six) ** 2 / squares
            if ratio <= floor:
                return 0.0
            least, flattest = min(least, ratio), min(flattest, six * six / cube)
    for label in range(len(cluster.held)):
        if abs(cluster.change[label]) > limits[1] * cluster.held[label]:
            return 0.0
    return least


@compiled
def root(part: IntArray, one: int) -> int:
    """The first of all that hang together with one."""
    while part[one] != one:
        one = part[one]
    return one


@compiled
def single(part: IntArray, kind: IntArray) -> bool:
    """Whether of each kind there is one part."""
    for a in range(len(part)):
        for b in range(a):
            if part[a] == a and part[b] == b and kind[a] == kind[b]:
                return False
    return True


@compiled
def sheets(start: IntArray, end: IntArray, kind: IntArray) -> bool:
    """Whether the triangles of each wall at a corner are one fan: no edge has more than two, and all hang together.

    Args:
        start, end: the other two corners of each triangle; more may follow.
        kind: (n,) which wall each is of.
    """
    piece = np.arange(len(kind))
    for a in range(len(kind)):
        at_start, at_end = 0, 0
        for b in range(len(kind)):
            if b != a and kind[b] == kind[a]:
                meets_start = start[b] == start[a] or end[b] == start[a]
                meets_end = start[b] == end[a] or end[b] == end[a]
                at_start += meets_start
                at_end += meets_end
                if meets_start or meets_end:
                    p, q = root(piece, a), root(piece, b)
                    piece[max(p, q)] = min(p, q)
        if at_start > 1 or at_end > 1:
            return False
    return single(piece, kind)


@compiled
def walls(
    knit: Knit, cluster: Cluster, mark: int, now: int, v: int, slots: IntArray, count: int, area: FloatArray
) -> bool:
    """Adds up the walls at a corner, and tells whether each of them and each region is one piece there.

    A wall that touches itself, or a region that hangs on by the corner alone, comes about where corners of two walls become
    one, or those of two sides of a neck.

    Args:
        knit, cluster, mark: the mesh, the cluster and its number.
        now: the same number for corners as they become, NO_CLUSTER for as they are.
        v: the corner.
        slots, count: its slots.
        area: (1,) twice the area of walls at the cluster, µm²; a triangle of two of its corners is met from both, so half of it
            is added.
    """
    faces, regions = 3 * count, len(cluster.held)
    low, high, tetrahedron = np.empty(faces, np.int64), np.empty(faces, np.int64), np.empty(faces, np.int64)
    size = np.empty(faces)
    label, total, n = np.empty(count, np.int64), 0, 0
    for m in range(count):
        t, k = slots[m] >> 2, slots[m] & 3
        if now == mark and gone(knit, cluster, mark, t):
            continue
        label[n] = knit.labels[t]
        _, own_x, own_y, _ = corner(knit, cluster, now, t, k)
        for out in range(4):
            if out == k:
                continue
            key, shared = -1, 1
            for j in range(4):
                if j in (k, out):
                    continue
                w, x, y, _ = corner(knit, cluster, now, t, j)
                x, y = x - own_x, y - own_y
                shared += cluster.place[w] >= mark * CORNERS
                row = 0 if key < 0 else 1
                cluster.at[row, 0] = knit.points[w, 0] + x * knit.size[0] - knit.points[v, 0]
                cluster.at[row, 1] = knit.points[w, 1] + y * knit.size[1] - knit.points[v, 1]
                cluster.at[row, 2] = knit.points[w, 2] - knit.points[v, 2]
                own = 9 * w + 3 * (x + 1) + y + 1
                low[total], high[total] = min(key, own), max(key, own)
                key = own
            one, two = cluster.at[0], cluster.at[1]
            square = (one[1] * two[2] - one[2] * two[1]) ** 2 + (one[2] * two[0] - one[0] * two[2]) ** 2
            size[total] = np.sqrt(square + (one[0] * two[1] - one[1] * two[0]) ** 2) / shared
            tetrahedron[total] = n
            total += 1
        n += 1
    # Faces between tetrahedra of one region tie it together, others are walls.
    part, count = np.arange(n), 0
    start, end, kind = np.empty(total, np.int64), np.empty(total, np.int64), np.empty(total, np.int64)
    for a in range(total):
        for b in range(a):
            if low[a] == low[b] and high[a] == high[b]:
                p, q = tetrahedron[a], tetrahedron[b]
                if label[p] == label[q]:
                    p, q = root(part, p), root(part, q)
                    part[max(p, q)] = min(p, q)
                else:
                    start[count], end[count] = low[a], high[a]
                    kind[count] = min(label[p], label[q]) * regions + max(label[p], label[q])
                    area[0] += size[a]
                    count += 1
    return single(part, label) and sheets(start, end, kind[:count])


@compiled
def holds(knit: Knit, cluster: Cluster, mark: int, n: int, count: int, share: float, slots: IntArray) -> bool:
    """Whether regions and walls stay as they hang together, and walls as large as they are but for a share.

    Args:
        knit, cluster, mark, n: the mesh, the cluster, its number and its size.
        count: slots that are gathered.
        share: of the walls' area around the cluster by which it may change.
        slots: (2 SLOTS,) room.
    """
    chosen, own, area, before = cluster.chosen[0], 0, np.zeros(1), 0.0
    # What is at each corner now, and last what will be at the chosen one.
    for i in range(n + 1):
        after = i == n
        own = around(knit, cluster.corners[chosen if after else i], slots, EMPTY)
        if own < 0:
            return False
        if after:
            before, area[0] = area[0], 0.0
            for m in range(count):
                slots[own + m] = cluster.slots[m]
            own += count
        whole = walls(
            knit,
            cluster,
            mark,
            mark if after else NO_CLUSTER,
            cluster.corners[chosen if after else i],
            slots,
            own,
            area,
        )
        if after and not whole:
            return False
    for label in range(len(cluster.held)):
        kept = False
        for m in range(own):
            t = slots[m] >> 2
            kept = kept or (knit.labels[t] == label and not gone(knit, cluster, mark, t))
        if kept != cluster.regions[chosen, label]:
            return False
    return bool(abs(area[0] - before) <= share * before)


@compiled
def merge(knit: Knit, cluster: Cluster, mark: int, n: int, count: int) -> None:
    """Makes the corners of a cluster one; tetrahedra that had two of them are gone."""
    for m in range(count):
        t = cluster.slots[m] >> 2
        if gone(knit, cluster, mark, t):
            knit.alive[t] = False
    for m in range(count):
        t, k = cluster.slots[m] >> 2, cluster.slots[m] & 3
        if knit.alive[t]:
            w, x, y, _ = corner(knit, cluster, mark, t, k)
            knit.corners[t, k], knit.shifts[t, k] = w, x + 2 * y
            knit.six[t] = shape(knit, cluster, t)[1]
    v = cluster.corners[cluster.chosen[0]]
    for i in range(n):
        u = cluster.corners[i]
        if u != v:
            knit.following[knit.last[v]] = knit.first[u]
            knit.last[v] = knit.last[u]
            knit.first[u], knit.last[u] = -1, -1
    knit.new[v] = True


@compiled
def gather(knit: Knit, cluster: Cluster, mark: int, t: int, way: int, radii: FloatArray, square: float) -> int:
    """Gathers what one of the ways would merge for the sake of a tetrahedron; how many corners, 0 where it is no way.

    The first 16 ways are one corner becoming another, the others what is near a corner, radius by radius.
    """
    a, b = way % 4, way // 4
    if a == b:
        return 0
    n = grow(knit, cluster, mark, t, a, b, np.inf) if b < 4 else 0
    if b >= 4:
        n = grow(knit, cluster, mark, t, a, NO_CORNER, radii[b - 4] ** 2 * square)
    return n if n > 1 else 0


@compiled
def tried(
    knit: Knit,
    cluster: Cluster,
    mark: int,
    n: int,
    way: int,
    least: FloatArray,
    best: int,
    floor: float,
    limits: FloatArray,
) -> int:
    """Fills in the least mean ratios for a way, by which corner stays; the place of the largest one so far.

    Args:
        knit, cluster, mark, n: the mesh, the cluster, its number and its size.
        way: that has been gathered; of two corners the other one is to stay, since its own turn comes.
        least: (ways × CORNERS,) those of all ways so far.
        best: place of the largest one of the ways before.
        floor, limits: as for `moved`.
    """
    least[way * CORNERS : (way + 1) * CORNERS] = 0
    for chosen in range(1 if way < 16 else 0, n):
        count = choose(knit, cluster, n, chosen)
        here = way * CORNERS + chosen
        if count > 0:
            least[here] = moved(knit, cluster, mark, count, floor, limits)
            if least[here] > least[best]:
                best = here
    return best


@compiled
def round_off(
    knit: Knit, cluster: Cluster, mark: int, flat: IntArray, sought: float, limits: FloatArray, radii: FloatArray
) -> int:
    """Merges corners of flat tetrahedra, in the way that leaves the flattest one around roundest; the last cluster's number.

    Args:
        knit, cluster: the mesh and room to work in.
        mark: number of the last cluster.
        flat: (n,) tetrahedra.
        sought: mean ratio from which on one is left as it is.
        limits: as for `moved`.
        radii: of clusters, as shares of a tetrahedron's longest edge; before them two of its corners are tried.
    """
    slots = np.empty(2 * SLOTS, np.int64)
    ways = 4 * (4 + len(radii))
    least = np.zeros(ways * CORNERS)
    for t in flat:
        if not knit.alive[t]:
            continue
        now, _, square = shape(knit, cluster, t)
        # As soon as some way is round enough the roundest is looked at closely, and taken if it holds.
        reached, best, done = 0, 0, now >= sought
        while not done:
            good = reached > 0 and least[best] > GAIN * now
            enough = good and least[best] >= sought and reached >= 16 and reached % 4 == 0
            if reached == ways and not good:
                break
            mark += 1
            if reached < ways and not enough:
                n = gather(knit, cluster, mark, t, reached, radii, square)
                best = tried(knit, cluster, mark, n, reached, least, best, GAIN * now, limits)
                reached += 1
                continue
            n = gather(knit, cluster, mark, t, best // CORNERS, radii, square)
            count = choose(knit, cluster, n, best % CORNERS)
            done = holds(knit, cluster, mark, n, count, limits[1], slots)
            if done:
                merge(knit, cluster, mark, n, count)
            least[best] = 0
            best = int(np.argmax(least[: reached * CORNERS]))
    return mark
