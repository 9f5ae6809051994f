"""The floor plan as a triangulation fit for a solver: small enough triangles, and rows of them across films.

Outlines are split evenly, facing outlines of a film alike, so that a film is a strip of matched pieces however thin it is.
Wide faces get points inside, finer towards fine outlines. Seams of the period are split alike on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geom3d.core.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_complex,
    half_edges,
    owners_of,
    pair_keys,
    places_among,
    ranks_of,
    unique_points,
)
from geom3d.mesh.components import component_numbers
from geom3d.mesh.volume import require_tetrahedra
from geom3d.solids.fields.film_layers import with_rows
from geom3d.solids.grid import rounding_unit, snap
from geom3d.solids.prisms.delaunay import KEPT, Triangulation
from geom3d.solids.prisms.floorplan import FloorPlan, triangulated, turned
from geom3d.solids.prisms.grading import GRADING, PLACES, pieces, splits

SQRT_2 = 2**0.5
#: Distances that are taken at once.
AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Flat:
    """A triangulated plan.

    Attributes:
        points: (P, 2) µm.
        triangles: (T, 3) counter-clockwise.
        face: (T,) face of the floor plan that each lies in.
        home: (P,) for each point the one at the same place on the low sides of the period.
    """

    points: FloatArray
    triangles: IntArray
    face: IntArray
    home: IntArray


def plan_mesh(plan: FloorPlan, longest: float | None, rows: int, layers: int) -> Flat:
    """Triangles over the plan.

    Args:
        plan: the outlines.
        longest: no edge is longer, µm; None for the plan's own triangles.
        rows: of triangles across films.
        layers: of tetrahedra to be made of each triangle.

    Raises:
        InputError: where there would be too many tetrahedra.
    """
    points, triangles, face = plan.points, plan.triangles, plan.face
    outline = np.zeros(len(points), dtype=bool)
    outline[plan.edges] = True
    if longest is not None:
        # Equilateral triangles of this edge; there will be more.
        count = 3 * layers * 2.3 * plan.size[0] * plan.size[1] / longest**2
        require_tetrahedra("max_edge", count, "take a longer one")
        points, triangles, face, outline = _refined(plan, longest, rows)
    home = _home(points, plan.size)
    if rows > 1:
        outline[home[outline]] = True
        points, triangles, face = with_rows(points, triangles, face, outline[home], rows, plan.size)
        home = _home(points, plan.size)
    return Flat(points, triangles, face, home)


def _home(points: FloatArray, size: tuple[float, float]) -> IntArray:
    """(P,) for each point the one at the same place on the low sides of the period."""
    place = np.where(points == np.asarray(size), 0.0, points)
    order = np.argsort(as_complex(points), kind="stable")
    return np.asarray(order[np.searchsorted(as_complex(points)[order], as_complex(place))])


def _refined(plan: FloorPlan, longest: float, rows: int) -> tuple[FloatArray, IntArray, IntArray, BoolArray]:
    """Points, triangles, their faces, and which points lie on outlines."""
    # Of a piece of outline and a piece across the film, as long as that, the diagonal is as long as allowed.
    counts = _pieces(plan, longest / SQRT_2 if rows > 1 else longest)
    ends = plan.points[plan.edges]
    lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) / counts
    edge = owners_of(counts - 1)
    share = (ranks_of(counts - 1) + 1) / counts[edge]
    sources = np.concatenate([plan.points[plan.edges.ravel()], _between(ends[edge], share)])
    sizes = np.minimum(np.concatenate([np.repeat(lengths, 2), lengths[edge]]), longest)

    seam, seam_share = _seam_splits(plan, sources, sizes, longest, rows)
    count = len(plan.edges)
    edges = np.concatenate([plan.edges, plan.seam, plan.seam_twin])
    split = np.concatenate([edge, seam + count, seam + count + len(plan.seam)])
    shares = np.concatenate([share, seam_share, seam_share])
    soup, face = triangulated(_with_points(plan, edges, split, shares))
    points, index = unique_points(soup)
    triangles = turned(index.reshape(-1, 3), soup)

    step = rounding_unit(max(plan.size))
    places = np.searchsorted(
        as_complex(points), as_complex(np.concatenate([sources[: 2 * count], snap(sources[2 * count :], step)]))
    )
    outline = np.zeros(len(points), dtype=bool)
    outline[places] = True
    requested = _requested_sizes(points, sources, sizes, longest, plan.size)
    np.minimum.at(requested, places, sizes)
    mesh = Triangulation(points, np.array(triangles), face, requested)
    mesh.legalise()
    mesh.face = np.where(_strips(mesh, outline, longest, rows), KEPT + mesh.face, mesh.face)
    mesh.refine(longest)
    fixed = len(points)
    mesh.points[fixed:] = snap(mesh.points[fixed:], step)
    outline = np.append(outline, np.zeros(len(mesh.points) - fixed, dtype=bool))
    return mesh.points, mesh.triangles, mesh.face % KEPT, outline


def _pieces(plan: FloorPlan, longest: float) -> IntArray:
    """(E,) pieces into which each edge between two faces is split; the same for edges that face each other in a film."""
    ends = plan.points[plan.edges]
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    counts: IntArray = np.ceil(length / longest * (1 - 1e-9)).astype(np.int64)
    if not len(counts):
        return counts
    facing = _facing(plan, length)
    group = component_numbers(len(counts), facing)
    most = np.zeros(len(counts), dtype=np.int64)
    np.maximum.at(most, group, counts)
    return np.asarray(np.maximum(most[group], 1))


def _facing(plan: FloorPlan, length: FloatArray) -> IntArray:
    """(n, 2) edges on either side of a strip that is narrower than they are long: two triangles with a common diagonal."""
    count = len(plan.points)
    keys = pair_keys(*half_edges(plan.triangles), count).reshape(-1, 3)
    known = pair_keys(plan.edges[:, 0], plan.edges[:, 1], count)
    order = np.argsort(known)
    place = places_among(known[order], keys)
    edge = np.where(place >= 0, order[place], -1)  # of each side of each triangle, -1 within a face
    single = np.count_nonzero(edge >= 0, axis=1) == 1
    own = edge.max(axis=1)
    flat = keys.ravel()
    by_key = np.argsort(flat, kind="stable")
    same = np.flatnonzero(flat[by_key][1:] == flat[by_key][:-1])
    one, two = by_key[same] // 3, by_key[same + 1] // 3
    good = single[one] & single[two] & (edge.ravel()[by_key[same]] < 0)
    pairs = np.column_stack([own[one[good]], own[two[good]]])
    middle = plan.points[plan.edges].mean(axis=1)
    apart = (plan.edges[pairs[:, 0], :, None] != plan.edges[pairs[:, 1], None, :]).all(axis=(1, 2))
    near = np.linalg.norm(middle[pairs[:, 0]] - middle[pairs[:, 1]], axis=1) < length[pairs].min(axis=1)
    return np.asarray(pairs[apart & near])


def _strips(mesh: Triangulation, outline: BoolArray, longest: float, rows: int) -> BoolArray:
    """(T,) triangles of films: between two outlines, and rows make them no longer than their piece of outline is."""
    fixed = (mesh.beside() < 0).reshape(-1, 3)
    start, end = np.roll(mesh.triangles, -1, axis=1), np.roll(mesh.triangles, -2, axis=1)
    lines = fixed & outline[start] & outline[end]
    group = component_numbers(len(mesh.points), np.column_stack([start[lines], end[lines]]))
    length = np.linalg.norm(mesh.points[start] - mesh.points[end], axis=2)
    base = np.where(fixed, length, np.inf).min(axis=1)
    neighbour_region = np.where(fixed, 0.0, length).max(axis=1)
    foot = np.take_along_axis(start, fixed.argmax(axis=1)[:, None], axis=1)[:, 0]
    tip = np.take_along_axis(mesh.triangles, fixed.argmax(axis=1)[:, None], axis=1)[:, 0]
    between = (lines.sum(axis=1) == 1) & (fixed.sum(axis=1) == 1) & outline[tip] & (group[foot] != group[tip])
    return np.asarray(between & (neighbour_region <= np.minimum(rows * base, longest)))


def _between(ends: FloatArray, share: FloatArray) -> FloatArray:
    return np.asarray(ends[:, 0] + share[:, None] * (ends[:, 1] - ends[:, 0]))


def _requested_sizes(
    points: FloatArray, sources: FloatArray, sizes: FloatArray, longest: float, size: tuple[float, float]
) -> FloatArray:
    """(n,) wished edge at points: as fine as at the nearest outlines, growing with the distance through the period."""
    found = np.full(len(points), longest)
    if not len(sources):
        return found
    step = max(1, AT_ONCE // len(sources))
    for start in range(0, len(points), step):
        away = np.abs(points[start : start + step, None] - sources)
        away = np.minimum(away, np.asarray(size) - away)
        requested = (sizes + GRADING * np.hypot(away[..., 0], away[..., 1])).min(axis=1)
        found[start : start + step] = np.minimum(requested, longest)
    return found


def _seam_splits(
    plan: FloorPlan, sources: FloatArray, sizes: FloatArray, longest: float, rows: int
) -> tuple[IntArray, FloatArray]:
    """(n,) seam edges, and the shares of their length at which they are split, from where they start."""
    ends = plan.points[plan.seam_twin]
    places = ends[:, :1] + PLACES[:, None] * (ends[:, 1:] - ends[:, :1])
    requested = _requested_sizes(places.reshape(-1, 2), sources, sizes, longest, plan.size).reshape(places.shape[:2])
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    count, so_far = pieces(length, requested)
    counts = np.ceil(np.maximum(count, length / longest) * (1 - 1e-9))
    outline = np.zeros(len(plan.points), dtype=bool)
    outline[plan.edges] = True
    film = (outline[plan.seam_twin] | outline[plan.seam]).all(axis=1)
    film &= (count <= rows) & (length <= longest)  # rows will split it
    return splits(so_far, np.where(film, 1, np.maximum(counts, 1)).astype(np.int64))


def _with_points(plan: FloorPlan, edges: IntArray, split: IntArray, shares: FloatArray) -> shapely.Geometry:
    """The plan's faces with further points on their edges.

    Args:
        plan: the faces.
        edges: (E, 2) all edges of faces.
        split, shares: (n,) edge and share of its length, for every new point.
    """
    order = np.lexsort((shares, split))
    split, shares = split[order], shares[order]
    new = snap(_between(plan.points[edges[split]], shares), rounding_unit(max(plan.size)))
    # What lies on a side of the box stays there.
    for axis in (0, 1):
        level = plan.points[edges[split], axis]
        new[:, axis] = np.where(level[:, 0] == level[:, 1], level[:, 0], new[:, axis])
    first = np.searchsorted(split, np.arange(len(edges)))
    count = np.diff(np.append(first, len(split)))

    rings, owner = shapely.get_rings(plan.faces, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    index = np.searchsorted(as_complex(plan.points), as_complex(corners))
    here = np.flatnonzero(ring[1:] == ring[:-1])  # every edge of a ring, by its first corner
    key = pair_keys(edges[:, 0], edges[:, 1], len(plan.points))
    by_key = np.argsort(key)
    edge = by_key[np.searchsorted(key[by_key], pair_keys(index[here], index[here + 1], len(plan.points)))]
    forward = edges[edge, 0] == index[here]
    pieces = count[edge]
    rank, of = ranks_of(pieces), owners_of(pieces)
    taken = first[edge[of]] + np.where(forward[of], rank, pieces[of] - 1 - rank)
    # Each edge gives its first corner and then its new points; rings close themselves.
    out = np.repeat(corners[here], pieces + 1, axis=0)
    inner = np.ones(len(out), dtype=bool)
    inner[np.cumsum(pieces + 1) - pieces - 1] = False
    out[inner] = new[taken]
    return shapely.polygons(shapely.linearrings(out, indices=np.repeat(ring[here], pieces + 1)), indices=owner)
