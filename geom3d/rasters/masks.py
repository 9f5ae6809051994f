"""Lithography masks: the outline of every region over every range of heights in which it does not change.

Outlines are those of the floor plan's faces, so they are exact and neighbours share their corners.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geom3d.cell.cell import Cell, Region
from geom3d.core.arrays import BoolArray, FloatArray, as_complex, half_edges, owners_of, pair_keys, pairs_of, run_starts
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.rasters.plans import layered
from geom3d.solids.prisms.floorplan import FloorPlan, triangulated

#: GDS datatypes: a region as drawn, and its opening, which is the rest of the period.
DRAWN, OPENING = 0, 1


@dataclass(frozen=True)
class Mask:
    """One layer of a mask set.

    Attributes:
        layer: its number, from 1, ascending by region and height.
        datatype: DRAWN, or OPENING for the rest of the period.
        region: whose outline it is.
        low, high: the heights between which the region has that outline, µm.
        area: of its polygons in one period, µm², from the floor plan.
        polygons: (n, 2) corners of each, counter-clockwise, the first not repeated, µm; holes are joined to the outer
            outline by cuts of no width, from corner to corner, so they change no area.
    """

    layer: int
    datatype: int
    region: Region
    low: float
    high: float
    area: float
    polygons: tuple[FloatArray, ...]

    @property
    def positive(self) -> bool:
        """Whether polygons stand where the material is."""
        return self.datatype == DRAWN


def masks(cell: Cell, walls: InterfaceMesh) -> list[Mask]:
    """The masks of a cell of vertical walls.

    A scaffold's region that covers neither nothing nor all has an opening as well: what is etched to make holes in it.

    Args:
        cell, walls: the battery.

    Raises:
        InputError: where walls are not vertical.
    """
    plan, levels, labels = layered(cell.family, cell, walls, cell.chord_tolerance)
    found: list[Mask] = []
    layer = 0
    for label, region in enumerate(cell.regions):
        for low, high, chosen in _runs(labels == label):
            layer += 1
            kinds = [(DRAWN, chosen)]
            if region.name in cell.facts.scaffold and not chosen.all():
                kinds.append((OPENING, ~chosen))
            for datatype, faces in kinds:
                heights = float(levels[low]), float(levels[high])
                area = float(plan.areas[faces].sum())
                found.append(Mask(layer, datatype, region, *heights, area, tuple(_outlines(plan, faces))))
    return found


def _runs(present: BoolArray) -> Iterator[tuple[int, int, BoolArray]]:
    """Yields ranges of z-layers with equal faces: first, end, (F,) faces; empty ones are left out.

    Args:
        present: (S, F) where the region is.
    """
    begins = run_starts(present)
    for low, high in zip(begins.tolist(), [*begins[1:].tolist(), len(present)], strict=True):
        if present[low].any():
            yield low, high, present[low]


def _outlines(plan: FloorPlan, faces: BoolArray) -> Iterator[FloatArray]:
    """Polygons without holes over some faces."""
    united = shapely.orient_polygons(shapely.get_parts(shapely.coverage_union_all(plan.faces[faces])))
    for polygon in united:
        rings = [_straightened(shapely.get_coordinates(ring)[:-1]) for ring in shapely.get_rings(polygon)]
        yield keyholed(rings) if len(rings) > 1 else rings[0]


def _straightened(ring: FloatArray) -> FloatArray:
    """Removes corners inside sides along x or y; on slanting sides rounding may move them, so they stay."""
    before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
    return np.asarray(ring[~((before == ring) & (ring == after)).any(axis=1)])


def keyholed(rings: list[FloatArray]) -> FloatArray:
    """One closed line around a polygon with holes.

    Args:
        rings: (n, 2) corners of its outer outline, then of its holes, which turn the other way.

    Returns:
        (n, 2) corners; cuts from ring to ring are passed once in each direction.
    """
    points = np.concatenate(rings)
    owner = owners_of(np.array([len(ring) for ring in rings]))
    starts = np.searchsorted(owner, np.arange(len(rings)))
    cuts = _cuts(rings, points)
    lengths = np.hypot(*(points[cuts[:, 0]] - points[cuts[:, 1]]).T)
    cuts = cuts[np.argsort(lengths, kind="stable")]
    line = np.arange(len(rings[0]))
    joined = np.zeros(len(rings), dtype=bool)
    joined[0] = True
    while not joined.all():
        reached = joined[owner[cuts]]
        ready = np.flatnonzero(reached[:, 0] != reached[:, 1])
        here, there = cuts[ready[0]] if reached[ready[0], 0] else cuts[ready[0], ::-1]
        new = owner[there]
        joined[new] = True
        size = len(rings[new])
        hole = starts[new] + (there - starts[new] + np.arange(size + 1)) % size
        at = int(np.flatnonzero(line == here)[0])
        line = np.concatenate([line[: at + 1], hole, line[at:]])
    return np.asarray(points[line])


def _cuts(rings: list[FloatArray], points: FloatArray) -> NDArray[np.int64]:
    """(n, 2) corners of different rings that see each other or coincide: the edges of a triangulation do not cross."""
    polygon = shapely.polygons(rings[0], [shapely.linearrings(ring) for ring in rings[1:]])  # of different lengths
    soup, _ = triangulated(np.array([polygon]))
    places = as_complex(np.concatenate([points, soup.reshape(-1, 2)]))
    _, first, index = np.unique(places, return_index=True, return_inverse=True)
    corner = first[index]  # the first of the corners at that place
    triangles = corner[len(points) :].reshape(-1, 3)
    edges = np.column_stack(half_edges(triangles))
    touching = np.column_stack([np.arange(len(points)), corner[: len(points)]])
    owner = owners_of(np.array([len(ring) for ring in rings]))
    ends = np.concatenate([edges, touching])
    links = pairs_of(np.unique(pair_keys(ends[:, 0], ends[:, 1], len(points))), len(points))
    return np.asarray(links[owner[links[:, 0]] != owner[links[:, 1]]])
