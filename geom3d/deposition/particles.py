"""Monte Carlo on a cell's own surface: particles that fly in from above, land, stay in part, and fly on.

What lands is counted by bands of depth on walls, and apart on the flat at the top and at the floor. Particles come in
batches of fixed size, whose sums are added in their order, so the result depends on the seed alone; their spread gives the standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.errors import InputError
from geom3d.core.progress import bar
from geom3d.deposition import Coverage, require_sticking
from geom3d.deposition.flight import fly, sort_in
from geom3d.mesh.bvh import threaded
from geom3d.mesh.interfaces import InterfaceMesh

#: Bands of depth, as many as a film's table needs.
BANDS = 24
#: Particles of a batch, and batches that are flown at a time.
BATCH, ROUND = 1024, 32
#: Standard error at which it ends, share of the nominal thickness; and landings after which it ends in any case.
ENOUGH, MOST_LANDINGS = 0.007, 3_000_000
#: Coordinates are rounded to this, µm, so that the last digit of a machine's sine sends no particle another way.
UNIT = 2.0**-24
#: A triangle whose normal is so near the axis lies flat; one that lies within this share of the height is at top or floor.
FLAT, NEAR = 0.999, 1e-6
#: More lost particles than this share are a hole in the surface.
LOST = 1e-4
#: Room above the surface where particles begin, share of the cell's size.
LIFT = 1e-6
#: Boxes of a grid per triangle, and the fewest and most of them.
PER_TRIANGLE, BOXES = 2, (4096, 1_000_000)
#: Of the largest extent, a length that is nothing.
NOTHING = 1e-10


@dataclass(frozen=True)
class Surface:
    """What is seen from above: the border between bodies and the empty space, periodic in x and y.

    Attributes:
        vertices: (V, 3) µm.
        triangles: (T, 3), normals into the empty space.
        period: µm.
    """

    vertices: FloatArray
    triangles: IntArray
    period: tuple[float, float]

    @classmethod
    def of(cls, walls: InterfaceMesh, solid: BoolArray | None = None) -> Surface:
        """The surface of some regions towards all others.

        Args:
            walls: of a cell.
            solid: (R + 1,) mask over labels; all regions if None.
        """
        if solid is None:
            solid = np.arange(len(walls.names) + 1) < len(walls.names)
        shown = np.flatnonzero(walls.between(solid, ~solid))
        faces = walls.triangles[shown]
        faces = np.where(solid[walls.back_region[shown], None], faces, faces[:, ::-1])
        return cls(walls.vertices, faces, walls.size[:2])

    @cached_property
    def corners(self) -> FloatArray:
        """(T, 3, 3) of the triangles, rounded, µm."""
        return np.asarray(np.round(self.vertices / UNIT)[self.triangles] * UNIT)

    @cached_property
    def normals(self) -> FloatArray:
        """(T, 3) as long as the triangles' areas, µm²."""
        corners = self.corners
        return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2)

    @cached_property
    def areas(self) -> FloatArray:
        """(T,) µm²."""
        return np.asarray(np.linalg.norm(self.normals, axis=1))

    def levels(self) -> tuple[float, float]:
        """Z of the highest and of the lowest flat that looks up, µm; of the surface's ends where there is none."""
        up = self.normals[:, 2] > FLAT * self.areas
        heights = self.corners[up, :, 2] if up.any() else self.corners[:, :, 2]
        return float(max(heights.max(), self.corners[:, :, 2].max())), float(heights.min())

    def kinds(self) -> IntArray:
        """(T,) 0 for the flat at the top, 1 for that at the floor, -1 for walls and all else."""
        high, low = self.levels()
        up = self.normals[:, 2] > FLAT * self.areas
        near = NEAR * max(high - low, UNIT / NEAR)
        at_top = up & (self.corners[:, :, 2] >= high - near).all(axis=1)
        at_floor = up & (self.corners[:, :, 2] <= low + near).all(axis=1) & ~at_top
        return np.where(at_top, 0, np.where(at_floor, 1, -1))


@dataclass(frozen=True)
class Grid:
    """A surface sorted into boxes, for flights over it; in x and y it is one period.

    Attributes:
        corners: (T, 9) µm.
        low, edge: (3,) lower corner, and edges of a box, µm.
        shape: (3,) boxes in x, y and z.
        starts, inside: (boxes + 1,) where the triangles of each box begin in the list of all.
        near: a length that is nothing, µm.
    """

    corners: FloatArray
    low: FloatArray
    edge: FloatArray
    shape: IntArray
    starts: IntArray
    inside: IntArray
    near: float

    @property
    def period(self) -> FloatArray:
        """(2,) µm."""
        return np.asarray((self.edge * self.shape)[:2])

    @classmethod
    def of(cls, surface: Surface, bottom: float, top: float) -> Grid:
        """The grid of a surface between two heights, µm."""
        corners = np.ascontiguousarray(surface.corners.reshape(-1, 9))
        period = np.round(np.array(surface.period) / UNIT) * UNIT
        lift = LIFT * max(*period.tolist(), top - bottom)
        size = np.array([*period, top - bottom + 2 * lift])
        target = np.clip(PER_TRIANGLE * len(corners), *BOXES)
        shape = np.maximum(np.round(size / np.cbrt(np.prod(size) / target)), 1).astype(np.int64)
        low, edge = np.array([0.0, 0.0, bottom - lift]), size / shape
        starts = np.zeros(int(np.prod(shape)) + 1, dtype=np.int64)
        sort_in(corners, low, edge, shape, starts, np.empty(0, dtype=np.int64))
        starts = np.cumsum(starts)
        inside = np.empty(starts[-1], dtype=np.int64)
        sort_in(corners, low, edge, shape, starts[:-1].copy(), inside)
        return cls(corners, low, edge, shape, starts, inside, NOTHING * float(size.max()))


def band_areas(corners: FloatArray, top: float, height: float, bands: int) -> FloatArray:
    """(bands,) area of triangles between levels of equal distance, µm².

    Below a level lies a part of a triangle that grows with the square of the height above its lowest corner, and above its
    middle corner falls short of the whole by the square of the height to its highest.

    Args:
        corners: (T, 3, 3) µm.
        top: z at which the first band begins, µm.
        height: of a band, µm.
        bands: how many; the last one holds what lies deeper, too.
    """
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    low, middle, high = np.sort(corners[:, :, 2], axis=1).T
    above = np.empty((bands + 1,))
    above[0], above[-1] = 0.0, areas.sum()
    for k in range(1, bands):
        z = top - k * height
        with np.errstate(divide="ignore", invalid="ignore"):
            rising = (z - low) ** 2 / ((high - low) * (middle - low))
            falling = 1 - (high - z) ** 2 / ((high - low) * (high - middle))
        share = np.select([z <= low, z >= high, z < middle], [0.0, 1.0, rising], falling)
        above[k] = (areas * (1 - share)).sum()  # not @, which adds in another order on other machines
    return np.diff(above)


def coverage(
    surface: Surface, sticking: float, *, seed: int = 1, bands: int = BANDS, most_landings: int = MOST_LANDINGS
) -> Coverage:
    """The thickness of a film on a surface, by depth.

    Args:
        surface: on which it grows.
        sticking: probability.
        seed: of the lots; the same gives the same result.
        bands: of depth.
        most_landings: after which it ends, whatever the error.

    Raises:
        InputError: a sticking probability that is none, or a surface with holes.
    """
    require_sticking(sticking)
    high, low = surface.levels()
    kinds = surface.kinds()
    if (kinds == 0).all():
        none: FloatArray = np.empty(0)
        area = float(surface.areas.sum())
        return Coverage(none, none, none, none, (1.0, 0.0, area), None, 0.0, sticking, "Monte Carlo")
    depth = high - min(low, float(surface.corners[:, :, 2].min()))
    walls = kinds < 0
    bands = bands if walls.any() else 1
    height = max(depth, UNIT) / bands
    grid = Grid.of(surface, high - depth, high)
    batches: list[FloatArray] = []
    ends = np.zeros(3, dtype=np.int64)
    areas = np.r_[
        band_areas(surface.corners[walls], high, height, bands),
        [float(surface.areas[kinds == k].sum()) for k in range(2)],
    ]
    footprint = float(np.prod(grid.period))
    present = areas > NEAR * footprint
    shares = errors = np.zeros(len(areas))
    with bar("particles", most_landings) as advance:
        while True:
            found = [(np.zeros(bands + 2), np.zeros(3, dtype=np.int64)) for _ in range(ROUND)]
            start = len(batches)

            def work(k: int, found: list[tuple[FloatArray, IntArray]] = found, start: int = start) -> int:
                hits, over = found[k]
                number = (start + k) * BATCH
                fly(
                    number, BATCH, seed, sticking, grid.corners, grid.low, grid.edge, grid.shape, grid.starts,
                    grid.inside, grid.near, kinds, high, height, bands, hits, over,
                )  # fmt: skip
                return k

            for _ in threaded(work, range(ROUND)):
                pass
            batches += [hits for hits, _ in found]
            landed = sum(int(over[0]) for _, over in found)
            for _, over in found:
                ends += over
            advance(landed)
            per = np.stack(batches) * (footprint / BATCH)
            with np.errstate(divide="ignore", invalid="ignore"):
                per = np.where(present, per / areas, 0.0)
            shares = per.mean(axis=0)
            errors = per.std(axis=0, ddof=1) / math.sqrt(len(per))
            # Above the highest flat is nothing but sky.
            shares[-2], errors[-2] = 1.0, 0.0
            if errors.max() <= ENOUGH or ends[0] + landed > most_landings:
                break
    if ends[2] > LOST * len(batches) * BATCH:
        raise InputError(
            f"coverage: {ends[2]} of {len(batches) * BATCH} particles did not come to an end: the surface has holes"
        )
    flats = [(float(shares[-2 + k]), float(errors[-2 + k]), float(areas[-2 + k])) for k in range(2)]
    there = present[:bands] if walls.any() else np.zeros(bands, dtype=bool)
    return Coverage(
        depths=np.asarray((np.flatnonzero(there) + 0.5) * height, dtype=np.float64),
        shares=shares[:bands][there],
        errors=errors[:bands][there],
        areas=areas[:bands][there],
        top=flats[0] if present[-2] else None,
        floor=flats[1] if present[-1] else None,
        depth=depth,
        sticking=sticking,
        way="Monte Carlo",
    )
