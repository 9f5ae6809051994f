"""Prismatic bodies: plane shapes between two heights, and the partition of a box by them.

Growing a prism by t grows its outline by t and widens its interval by t, so the rim of a film is square.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise
from typing import Literal

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, compacted, run_starts, unique_pairs
from geom3d.mesh.components import Components, component_numbers
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.mesh.patches import Patches
from geom3d.solids.grid import rounding_unit, snap
from geom3d.solids.prisms.extrusion import Extrusion
from geom3d.solids.prisms.floorplan import FloorPlan, floor_plan
from geom3d.solids.prisms.outline import Plane, Shape


@dataclass(frozen=True)
class Prism:
    """A plane shape between two heights.

    Attributes:
        shape: its outline before growth.
        low, high: z before growth, µm; infinite where the box shall cut it.
        growth: by how much it has been grown, µm. Kept apart, so that growth adds exactly.
        flat: True where films lie on top only and never on the side walls.
    """

    shape: Shape
    low: float
    high: float
    growth: float = 0.0
    flat: bool = False

    @property
    def outline(self) -> Shape:
        """The outline after growth."""
        return self.shape if self.flat or self.growth == 0 else self.shape.offset(self.growth)

    @property
    def interval(self) -> tuple[float, float]:
        """Lowest and highest z after growth, µm."""
        return self.low - self.growth, self.high + self.growth


@dataclass(frozen=True)
class Prisms:
    """A union of prisms, periodic in x and y.

    Attributes:
        prisms: the parts; they may overlap.
        size: the period in x and y, µm.
    """

    prisms: tuple[Prism, ...]
    size: tuple[float, float]

    @property
    def family(self) -> PrismFamily:
        """Prisms."""
        return PRISMS

    def offset(self, thickness: float) -> Prisms:
        """The body under a conformal film; outlines with rounded corners, rims square."""
        return replace(self, prisms=tuple(replace(p, growth=p.growth + thickness) for p in self.prisms))

    def moved(self, dx: float, dy: float) -> Prisms:
        """The body shifted in the plane, µm."""
        return replace(self, prisms=tuple(replace(p, shape=p.shape.moved(dx, dy)) for p in self.prisms))

    def raised(self, dz: float) -> Prisms:
        """The body shifted along z, µm."""
        return replace(self, prisms=tuple(replace(p, low=p.low + dz, high=p.high + dz) for p in self.prisms))

    def contains(self, points: FloatArray) -> BoolArray:
        """(n,) whether the (n, 3) points lie in the exact body, circles taken as circles."""
        inside = np.zeros(len(points), dtype=bool)
        for prism in self.prisms:
            low, high = prism.interval
            level = (points[:, 2] >= low) & (points[:, 2] <= high)
            inside[level] |= prism.outline.contains(points[level, :2], self.size)
        return inside

    def half_space(self, level: float) -> Prisms:
        """Everything below a height, µm."""
        return self.slab(-math.inf, level)

    def slab(self, low: float, high: float) -> Prisms:
        """Everything between two heights, µm."""
        return Prisms((Prism(Plane(), low, high),), self.size)

    def bounds_z(self) -> tuple[float, float]:
        """Lowest and highest z, µm."""
        intervals = [prism.interval for prism in self.prisms]
        return min(low for low, _ in intervals), max(high for _, high in intervals)

    def __or__(self, other: Prisms) -> Prisms:
        return replace(self, prisms=tuple(dict.fromkeys(self.prisms + other.prisms)))


class PrismFamily:
    """The family of prisms: exact, with vertical walls and square rims."""

    name = "prisms"
    is_sampled = False
    film_edges: Literal["square", "round"] = "square"
    vertical_walls = True

    def require(self, solid: Prisms, grid_step: float) -> None:
        """Any chord tolerance will do, until a circle is drawn."""

    def step(self, solids: Sequence[Prisms], size: tuple[float, float, float], requested: float | None) -> None:
        """Prisms are sampled on no grid."""

    def partition(
        self,
        names: tuple[str, ...],
        solids: Sequence[Prisms],
        size: tuple[float, float, float],
        *,
        chord_tolerance: float | None = None,
        grid_step: float | None = None,
    ) -> InterfaceMesh:
        """The walls of the partition in which the first body that contains a point owns it.

        Args:
            names: one per body.
            solids: the bodies, the first wins.
            size: the box, µm.
            chord_tolerance: µm; None for 0.1 % of each circle's radius.
            grid_step: has no meaning for prisms.
        """
        return _walls(names, *z_layers(solids, size, chord_tolerance))


PRISMS = PrismFamily()


def z_layers(
    solids: Sequence[Prisms], size: tuple[float, float, float], chord_tolerance: float | None
) -> tuple[FloorPlan, FloatArray, IntArray]:
    """The partition of a box as one floor plan for all layers in z.

    Args:
        solids: the bodies, the first wins.
        size: the box, µm.
        chord_tolerance: µm; None for 0.1 % of each circle's radius.

    Returns:
        the plan, heights (S + 1,) of the floors, µm, and (S, F) the label in each layer in z of each of the plan's faces.
    """
    return _z_layers(tuple(solids), size, chord_tolerance)


@lru_cache(maxsize=2)
def _z_layers(
    solids: tuple[Prisms, ...], size: tuple[float, float, float], chord_tolerance: float | None
) -> tuple[FloorPlan, FloatArray, IntArray]:
    """The partition; kept, for walls, metrics, masks and voxels of one cell read the same plan one after the other."""
    plan = floor_plan((p.outline for s in solids for p in s.prisms), size[:2], chord_tolerance)
    levels, labels = _labelled(plan, solids, size[2])
    levels.flags.writeable = labels.flags.writeable = False
    return plan, levels, labels


def _labelled(plan: FloorPlan, solids: Sequence[Prisms], height: float) -> tuple[FloatArray, IntArray]:
    """Heights (S + 1,) of the floors, and the label of each (layer in z, face); equal neighbours are merged."""
    step = rounding_unit(height)
    marks = [z for solid in solids for prism in solid.prisms for z in prism.interval if math.isfinite(z)]
    marks_on_grid = snap(np.array([0.0, height, *marks]), step)
    top = float(marks_on_grid[1])
    levels = np.unique(np.clip(marks_on_grid, 0.0, top))
    labels = np.full((len(levels) - 1, len(plan.areas)), len(solids))
    for label in reversed(range(len(solids))):
        for prism in solids[label].prisms:
            low, high = (round(z / step) * step if math.isfinite(z) else z for z in prism.interval)
            within = (levels[:-1] >= low) & (levels[1:] <= high)
            labels[np.ix_(within, plan.masks[prism.outline])] = label
    new = run_starts(labels)
    return np.r_[levels[:-1][new], levels[-1]], labels[new]


def _walls(names: tuple[str, ...], plan: FloorPlan, levels: FloatArray, labels: IntArray) -> InterfaceMesh:
    """Every triangle between two labels: floors over the plan's faces, side walls on its edges."""
    count = len(plan.points)
    floors, under, over = _floors(plan, labels)
    used = np.zeros(len(levels) * count, dtype=bool)
    used[floors] = True
    sides, back_region, front_region, rim = _side_walls(plan, labels, used.reshape(len(levels), count))

    triangles = np.concatenate([floors, sides])
    inner = len(triangles) - 2 * rim
    periodic_image = np.full(len(triangles), -1)
    periodic_image[inner : inner + rim] = np.arange(inner + rim, inner + 2 * rim)
    periodic_image[inner + rim :] = np.arange(inner, inner + rim)
    kept, index = compacted(triangles)
    return InterfaceMesh(
        names=names,
        size=(plan.size[0], plan.size[1], float(levels[-1])),
        vertices=np.column_stack([plan.points[kept % count], levels[kept // count]]),
        triangles=index,
        back_region=np.concatenate([under, back_region]),
        front_region=np.concatenate([over, front_region]),
        periodic_image=periodic_image,
        pieces=partial(chunks_of, plan, levels, labels),
        filling=Extrusion(plan, levels, labels),
    )


def _floors(plan: FloorPlan, labels: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Level walls, each over all faces between the same two labels at once.

    Args:
        plan: its triangles.
        labels: (S, F) by layer in z and face.

    Returns:
        (T, 3) vertex numbers (level × P + point), and (T,) labels behind and in front.
    """
    count = len(plan.points)
    beyond = np.full((1, labels.shape[1]), OUTSIDE)
    stack = np.vstack([beyond, labels, beyond])
    parts: list[tuple[IntArray, IntArray, IntArray]] = []
    for level, (below, above) in enumerate(pairwise(stack)):
        between = np.where(below != above, (below + 1) * (labels.max() + 2) + above + 1, -1)
        for kind in np.unique(between[between >= 0]):
            chosen = between == kind
            corners = plan.triangulate(chosen) + level * count
            first = int(np.argmax(chosen))
            back, fore = below[first], above[first]
            if back == OUTSIDE:  # the bottom of the box: its normal points down, out of it
                corners, back, fore = corners[:, ::-1], fore, back
            parts.append((corners, np.full(len(corners), back), np.full(len(corners), fore)))
    floors, back_region, front_region = (np.concatenate(part) for part in zip(*parts, strict=True))
    return floors, back_region, front_region


def _side_walls(plan: FloorPlan, labels: IntArray, used: BoolArray) -> tuple[IntArray, IntArray, IntArray, int]:
    """Side walls, each in one piece from where it begins to where it ends or something else meets it.

    Args:
        plan: its edges, and the pairs of edges on the seams of the period.
        labels: (S, F) by layer in z and face.
        used: (S + 1, P) which vertices floors have at which level.

    Returns:
        (T, 3) vertex numbers (level × P + point), (T,) labels behind and in front, and how many triangles the high
        side faces of the box have; they come last except for their periodic images on the low side faces, in the same order.
    """
    z_layers, count, seams = len(labels), len(plan.points), len(plan.seam)
    ends = np.concatenate([plan.edges, plan.seam, plan.seam_twin])
    outside = np.full((z_layers, 2 * seams), OUTSIDE)
    back = labels[:, np.concatenate([plan.left, plan.seam_faces[:, 0], plan.seam_faces[:, 1]])]
    fore = np.hstack([labels[:, plan.right], outside])
    wall = back != fore
    # Levels at which a wall simply goes on; of the two sides of a seam, only where both do.
    on = np.zeros((z_layers + 1, len(ends)), dtype=bool)
    on[1:-1] = wall[:-1] & wall[1:] & (back[:-1] == back[1:]) & (fore[:-1] == fore[1:])
    high, low = slice(len(ends) - 2 * seams, len(ends) - seams), slice(len(ends) - seams, len(ends))
    on[:, high] = on[:, low] = on[:, high] & on[:, low]
    present = np.zeros_like(on)
    present[:-1] |= wall
    present[1:] |= wall

    # A wall must be cut where a vertex on it is used, and so must the walls that go on from that cut.
    level, edge = np.nonzero(present & ~on)
    used[level, ends[edge, 0]] = used[level, ends[edge, 1]] = True
    level, edge = np.nonzero(on)
    along = ends[edge] + (level * count)[:, None]
    every = np.repeat(np.arange(z_layers + 1) * count, 2 * seams)
    through = np.column_stack([plan.seam.ravel(), plan.seam_twin.ravel()])
    links = np.concatenate([along, np.tile(through, (z_layers + 1, 1)) + every[:, None]])
    group = component_numbers(used.size, links)
    used = np.bincount(group, weights=used.ravel())[group].reshape(used.shape) > 0

    cut = present & (~on | used[:, ends[:, 0]])
    stops = np.where(cut, np.arange(z_layers + 1)[:, None], z_layers + 1)
    stops = np.minimum.accumulate(stops[::-1], axis=0)[::-1]
    z_layer, edge = np.nonzero(wall & cut[:-1])
    parts = []
    for low_side, chosen in ((False, edge < low.start), (True, edge >= low.start)):
        at, of = z_layer[chosen], edge[chosen]
        if not low_side:  # the inner walls first, then the high side faces
            order = np.argsort(of >= high.start, kind="stable")
            at, of = at[order], of[order]
        a, b = (ends[of] + (at * count)[:, None]).T
        rise = (stops[at + 1, of] - at) * count
        halves = (
            ([b, a, b + rise], [a, a + rise, b + rise]) if low_side else ([a, b, b + rise], [a, b + rise, a + rise])
        )
        quads = np.stack([np.column_stack(half) for half in halves], axis=1).reshape(-1, 3)
        parts.append((quads, np.repeat(back[at, of], 2), np.repeat(fore[at, of], 2)))
    triangles, back_region, front_region = (np.concatenate(pair) for pair in zip(*parts, strict=True))
    return triangles, back_region, front_region, len(parts[1][0])


def chunks_of(plan: FloorPlan, levels: FloatArray, labels: IntArray) -> Components:
    """The graph of layers in z × faces."""
    z_layers, faces = labels.shape
    number = np.arange(z_layers * faces).reshape(z_layers, faces)
    beside = unique_pairs(np.column_stack([plan.left, plan.right]), faces)
    step = np.column_stack([plan.seam_axis == 0, plan.seam_axis == 1]).astype(np.int64)
    through = np.unique(np.hstack([plan.seam_faces, step]), axis=0)
    links = np.concatenate(
        [
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
            np.stack([number[:, beside[:, 0]].ravel(), number[:, beside[:, 1]].ravel()], axis=1),
            np.stack([number[:, through[:, 0]].ravel(), number[:, through[:, 1]].ravel()], axis=1),
        ]
    )
    shifts = np.zeros_like(links)
    shifts[len(links) - z_layers * len(through) :] = np.tile(through[:, 2:], (z_layers, 1))
    at_end = np.zeros(labels.shape, dtype=bool)
    at_end[[0, -1]] = True
    return Components(labels.ravel(), np.outer(np.diff(levels), plan.areas).ravel(), links, shifts, at_end.ravel())


def patches_of(
    names: tuple[str, ...], solids: Sequence[Prisms], size: tuple[float, float, float], chord_tolerance: float | None
) -> Patches:
    """The areas between regions, by their plan: faces at the floors, edges times the height of their layer in z.

    Args:
        names: one per body.
        solids: the bodies, the first wins.
        size: the box, µm.
        chord_tolerance: µm; None for 0.1 % of each circle's radius.
    """
    plan, levels, labels = z_layers(solids, size, chord_tolerance)
    count, heights = len(names) + 1, np.diff(levels)
    ends = np.concatenate([plan.edges, plan.seam])
    lengths = np.linalg.norm(plan.points[ends[:, 0]] - plan.points[ends[:, 1]], axis=1)
    one, two = np.concatenate([np.column_stack([plan.left, plan.right]), plan.seam_faces]).T
    level = _between(labels[:-1], labels[1:], np.broadcast_to(plan.areas, labels[1:].shape), count)
    upright = _between(labels[:, one], labels[:, two], np.outer(heights, lengths), count)
    # Two rows of a table of pairs: level areas, then upright ones.
    kind, pair = np.nonzero(np.stack([level, upright]))
    return Patches(
        names=names,
        size=(plan.size[0], plan.size[1], float(levels[-1])),
        back_region=pair // count,
        neighbour_region=pair % count,
        areas=np.stack([level, upright])[kind, pair],
        upright=kind == 1,
        volumes=np.asarray(
            np.bincount(labels.ravel(), weights=np.outer(heights, plan.areas).ravel(), minlength=count),
            dtype=np.float64,
        ),
        components=chunks_of(plan, levels, labels),
    )


def _between(one: IntArray, two: IntArray, areas: FloatArray, count: int) -> FloatArray:
    """(count²,) area between every two different labels, by lower × count + higher."""
    apart = one != two
    low, high = np.minimum(one, two)[apart], np.maximum(one, two)[apart]
    return np.asarray(np.bincount(low * count + high, weights=areas[apart], minlength=count * count))
