"""Overhangs: faces that look down, the patches that are too steep, and how far these span between what carries them.

A patch is a set of faces steeper than a process can make that hang together, through the period as well. It is carried along
those of its edges from which the body goes on downward: a wall below a ceiling, a gentler slope below a steep one. Where it goes
on upward, as at the rim of a ledge, nothing does. A bridge between two walls spans twice the way from its middle to
either; so twice the largest distance, in the plane, from a patch's points to an edge that carries it is its span, and a ledge
counts as a bridge of twice its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, half_edges, owners_of, run_starts
from geom3d.mesh.bvh import Nearest
from geom3d.mesh.components import component_numbers
from geom3d.mesh.farthest import farthest
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh

#: Faces may be steeper than the limit by so much, degrees.
SLACK_DEG = 0.1
#: A downward face of less than this share of the mean one's area has a direction that is rounding.
SLIVER = 1e-9
#: A face goes down from an edge where its direction away from it falls by more than this per length.
FALLS = 1e-6
#: Relative distance from the border of the box within which a vertex lies on it.
BORDER = 1e-12
#: Patches that are looked at together.
BATCH = 64


@dataclass(frozen=True)
class Overhangs:
    """What of a body is steeper than a process can make.

    Attributes:
        patches: how many faces hang together.
        area: of all of them, µm² in one unit cell.
        steepest: degrees from the vertical.
        at: x, y, z of the middle of the largest face, µm.
        span: of the widest that is carried anywhere, µm.
        span_at: its point furthest from what carries it.
        free: how many are carried nowhere.
        free_at: the middle of the largest face of those.
    """

    patches: int = 0
    area: float = 0.0
    steepest: float = 0.0
    at: tuple[float, float, float] | None = None
    span: float = 0.0
    span_at: tuple[float, float, float] | None = None
    free: int = 0
    free_at: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Undersides:
    """The surface of a body, the build plate left out, and which of its faces look down.

    Attributes:
        size: of the unit cell in x and y, µm.
        corners: (F, 3, 3) of its triangles, µm.
        areas: (F,) µm².
        angles: (F,) degrees from the vertical, 90 for a level ceiling; 0 for what does not look down.
        half: (h,) half-edges at which a face looks down: 3 t + k is side k of triangle t,
        edge: (h,) the number of the edge there, the same for all that meet in it,
        carries: (h,) whether the body goes on downward from that edge in this triangle, or stands on the plate.
    """

    size: tuple[float, float]
    corners: FloatArray
    areas: FloatArray
    angles: FloatArray
    half: IntArray
    edge: IntArray
    carries: BoolArray

    @classmethod
    def of(cls, walls: InterfaceMesh, body: BoolArray, *, smooth: bool) -> Undersides:
        """The surface of a body.

        Args:
            walls: of the cell.
            body: (R + 1,) mask of the labels that belong to it.
            smooth: whether directions are means over the faces around, since those of slivers of a sampled wall say nothing.
        """
        faces, index = walls.shell(body)
        image = walls.periodic_image[index]
        seam = (image >= 0) & body[walls.back_region[image]]  # the body goes on through the period
        faces, index = faces[~seam], index[~seam]
        sign = np.where(body[walls.back_region[index]], 1.0, -1.0)
        vectors, areas = sign[:, None] * walls.area_vectors[index], walls.areas[index]
        plate = (walls.front_region[index] == OUTSIDE) & (walls.periodic_image[index] < 0) & (vectors[:, 2] < 0)
        if not plate.any() and len(
            faces
        ):  # what does not reach down to the bottom of the box rests on its lowest faces
            heights = walls.vertices[faces, 2]
            plate = (heights == heights.min()).all(axis=1) & (vectors[:, 2] < 0)
        number, tile = _wrapped(walls)
        directions = vectors
        if smooth and len(faces):
            around = [
                np.bincount(number[faces].ravel(), np.repeat(np.where(plate, 0.0, vectors[:, k]), 3), len(number))
                for k in range(3)
            ]
            directions = np.column_stack(around)[number[faces]].sum(axis=1)
        lengths = np.linalg.norm(directions, axis=1)
        down = (vectors[:, 2] < 0) & ~plate
        down &= areas > SLIVER * (areas[down].mean() if down.any() else 0.0)
        rise = np.where(down, -directions[:, 2], 0.0)
        angles = np.degrees(np.arcsin(np.clip(rise / np.where(lengths > 0, lengths, 1.0), 0, 1)))
        return cls(
            walls.size[:2], walls.vertices[faces], areas, angles,
            *_edges(faces, number, tile, down, walls.vertices, plate),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Undersides: {np.count_nonzero(self.angles)} of {len(self.angles)} triangles look down>"

    def __bool__(self) -> bool:
        return bool((self.angles > 0).any())

    @property
    def _face(self) -> IntArray:
        """(h,) triangle of each half-edge."""
        return self.half // 3

    @property
    def footprint(self) -> float:
        """Area of the unit cell in the plane, µm²."""
        return self.size[0] * self.size[1]

    @cached_property
    def _known(self) -> dict[float, Overhangs]:
        return {}

    def beyond(self, limit: float) -> Overhangs:
        """What is steeper than a limit, degrees from the vertical."""
        if limit not in self._known:
            self._known[limit] = self._beyond(limit)
        return self._known[limit]

    def _beyond(self, limit: float) -> Overhangs:
        steep = self.angles > limit + SLACK_DEG
        if not steep.any():
            return Overhangs()
        face, edges = self._face, int(self.edge[-1]) + 1
        mine = steep[face]
        # Of all steep faces at an edge the first is linked to each of the others.
        first = np.full(edges, -1)
        first[self.edge[mine][::-1]] = face[mine][::-1]
        links = np.column_stack([first[self.edge[mine]], face[mine]])
        patch = np.full(len(steep), -1)
        patch[steep] = np.unique(component_numbers(len(steep), links)[steep], return_inverse=True)[1]
        count = int(patch.max()) + 1
        holds = np.zeros(edges, dtype=bool)
        holds[self.edge[~mine & self.carries]] = True
        rim = self.half[mine & holds[self.edge]]
        carried = np.zeros(count, dtype=bool)
        carried[patch[rim // 3]] = True
        areas = np.where(steep, self.areas, 0.0)
        free = np.where(carried[patch], 0.0, areas)
        span, span_at = self._span(np.where(carried[patch], patch, -1), patch[rim // 3], self._sides(rim))
        return Overhangs(
            patches=count,
            area=float(areas.sum()),
            steepest=float(self.angles.max()),
            at=self._middle(areas),
            span=span,
            span_at=span_at,
            free=int(np.count_nonzero(~carried)),
            free_at=self._middle(free) if free.any() else None,
        )

    def _sides(self, half: IntArray) -> FloatArray:
        """(n, 2, 2) the ends of half-edges in the plane, µm."""
        face, side = np.divmod(half, 3)
        return np.stack([self.corners[face, side, :2], self.corners[face, (side + 1) % 3, :2]], axis=1)

    def _middle(self, areas: FloatArray) -> tuple[float, float, float]:
        """The middle of the triangle of the largest area, µm."""
        x, y, z = self.corners[int(np.argmax(areas))].mean(axis=0).tolist()
        return x, y, z

    def _span(
        self, patch: IntArray, owner: IntArray, sides: FloatArray
    ) -> tuple[float, tuple[float, float, float] | None]:
        """Twice the largest distance in the plane from patches to their own edges that carry, µm, and where it is.

        Args:
            patch: (F,) number of the patch of each triangle; -1 for what is not looked at.
            owner: (s,) number of the patch of each edge.
            sides: (s, 2, 2) ends of the edges, µm.
        """
        members = np.flatnonzero(patch >= 0)
        if not len(members):
            return 0.0, None
        flat = self.corners[:, :, :2]
        longest = np.linalg.norm(flat[members] - np.roll(flat[members], 1, axis=1), axis=2).max(axis=1)
        # No point of a patch is further from an edge of it than all its triangles are long together.
        most = np.bincount(patch[members], longest)
        best, at = 0.0, None
        turn = np.argsort(-most, kind="stable")
        order = np.full(len(most), -1)
        order[turn] = np.arange(len(turn))
        for begin in range(0, int(np.count_nonzero(most)), BATCH):
            if most[turn[begin]] <= best:
                break
            some = members[(order[patch[members]] >= begin) & (order[patch[members]] < begin + BATCH)]
            mine = (order[owner] >= begin) & (order[owner] < begin + BATCH)
            # Each patch on a floor of its own, so far from the others that its own edges are the nearest; the edges as walls
            # on that floor, whose nearest points are on their feet.
            apart = 4 * (self.size[0] + self.size[1])
            ends = sides[mine]
            floors = (order[owner[mine]] - begin) * apart
            feet = np.concatenate([ends, np.repeat(floors[:, None, None], 2, axis=1)], axis=2)
            tops = feet[:, 1] + np.column_stack(
                [np.zeros((len(ends), 2)), np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)]
            )
            walls = Nearest(
                np.concatenate([feet[:, 0], feet[:, 1], tops]), np.arange(3 * len(ends)).reshape(3, -1).T, self.size
            )
            level = np.repeat(((order[patch[some]] - begin) * apart)[:, None, None], 3, axis=1)
            points = np.concatenate([flat[some], level], axis=2).reshape(-1, 3)
            found = farthest(points, np.arange(len(points)).reshape(-1, 3), walls, best)
            if found.at is not None:
                best, at = found.reached, (some, found.at)
        if at is None:
            return 2 * best, None
        some, (x, y, _) = at
        nearest = some[np.linalg.norm(flat[some].mean(axis=1) - [x, y], axis=1).argmin()]
        return 2 * best, (x, y, float(self.corners[nearest, :, 2].mean()))


def _edges(
    faces: IntArray, number: IntArray, tile: IntArray, down: BoolArray, vertices: FloatArray, plate: BoolArray
) -> tuple[IntArray, IntArray, BoolArray]:
    """Half-edges that meet where a face looks down, the numbers of their edges, ascending, and which of them carry.

    Args:
        faces: (F, 3) vertices.
        number, tile: of every vertex, as `_wrapped` gives them.
        down, plate: (F,) which faces look down, and which lie on the build plate.
        vertices: (V, 3) µm.
    """
    start, end = half_edges(faces)
    one, other = number[start], number[end]
    step = tile[end] - tile[start]
    turned = one > other
    step[turned] *= -1
    code = (step[:, 0] + 1) * 3 + step[:, 1] + 1
    code = np.where(one == other, np.minimum(code, 8 - code), code)  # an edge as long as the period
    keys = (np.minimum(one, other) * len(vertices) + np.maximum(one, other)) * 9 + code
    wanted = np.isin(keys, np.unique(keys[np.repeat(down, 3)]))
    half = np.flatnonzero(wanted)
    half = half[np.argsort(keys[half], kind="stable")]
    if not len(half):
        return half, half, np.empty(0, dtype=bool)
    begins = run_starts(keys[half])
    edge = owners_of(np.diff(np.r_[begins, len(half)]))
    face, side = np.divmod(half, 3)
    a, b, c = (vertices[faces[face, (side + k) % 3]] for k in range(3))
    along = b - a
    share = np.einsum("ij,ij->i", c - a, along) / np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
    away = c - a - share[:, None] * along
    falls = away[:, 2] < -FALLS * np.linalg.norm(away, axis=1)
    return half, edge, falls | plate[face]


def _wrapped(walls: InterfaceMesh) -> tuple[IntArray, IntArray]:
    """(V,) a number for every vertex, the same where two are one through the period, and (V, 2) the tile it lies in."""
    vertices, size = walls.vertices, np.asarray(walls.size[:2])
    tile = (vertices[:, :2] >= size * (1 - BORDER)).astype(np.int64)
    number = np.arange(len(vertices))
    border = np.flatnonzero((tile > 0).any(axis=1) | (vertices[:, :2] <= size * BORDER).any(axis=1))
    if len(border):
        home = vertices[border].copy()
        home[:, :2] = np.where((tile[border] > 0) | (home[:, :2] <= size * BORDER), 0.0, home[:, :2])
        order = np.lexsort(home.T)
        begins = run_starts(home[order])
        number[border[order]] = np.repeat(border[order][begins], np.diff(np.r_[begins, len(order)]))
    return number, tile
