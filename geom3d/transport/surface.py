"""Walls of a stack of wedges: finer triangles on the same shapes, each with a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, compacted
from geom3d.mesh.components import Components
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.transport.plan import SIDES, Plan

#: Name of the field on `InterfaceMesh`.
FIELD = "current_density_over_mean"
#: Triangles, labels behind and in front, and numbers.
Part = tuple[IntArray, IntArray, IntArray, FloatArray]


def surface(
    walls: InterfaceMesh, plan: Plan, heights: FloatArray, labels: IntArray, values: FloatArray
) -> InterfaceMesh:
    """The walls of the same cell with the triangles of a plan and the layers' floors.

    Args:
        walls: of the cell.
        plan: its triangles.
        heights: (Z + 1,) of the layers' floors, µm.
        labels: (Z, T) region of each wedge.
        values: (Z, T, 5) for the faces of each wedge: three sides, bottom and top; nan for none.
    """
    inner, near, far = _sides(plan, labels, values)
    parts = [_floors(plan, labels, values), inner, near, far]
    triangles, back_region, front_region, field = (np.concatenate(part) for part in zip(*parts, strict=True))
    periodic_image = np.full(len(triangles), -1)
    count = len(near[0])
    if count:
        periodic_image[-2 * count : -count] = np.arange(len(periodic_image) - count, len(periodic_image))
        periodic_image[-count:] = np.arange(len(periodic_image) - 2 * count, len(periodic_image) - count)
    used, index = compacted(triangles)

    def pieces() -> Components:
        return replace(walls.components, back_component=None, front_component=None)

    return InterfaceMesh(
        names=walls.names,
        size=walls.size,
        vertices=np.column_stack([plan.points[used % len(plan.points)], heights[used // len(plan.points)]]),
        triangles=index,
        back_region=back_region,
        front_region=front_region,
        periodic_image=periodic_image,
        pieces=pieces,
        filling=walls.filling,
        fields={FIELD: field},
    )


def _floors(plan: Plan, labels: IntArray, values: FloatArray) -> Part:
    beyond = np.full((1, labels.shape[1]), OUTSIDE)
    under, over = np.vstack([beyond, labels]), np.vstack([labels, beyond])
    level, triangle = np.nonzero(under != over)
    below, above = under[level, triangle], over[level, triangle]
    corners = plan.triangles[triangle] + (level * len(plan.points))[:, None]
    lowest = below == OUTSIDE  # the bottom of the box: its normal points down, out of it
    corners[lowest] = corners[lowest, ::-1]
    last = len(labels) - 1
    field = _either(
        np.where(level > 0, values[level - 1, triangle, 4], np.nan),
        np.where(level <= last, values[np.minimum(level, last), triangle, 3], np.nan),
    )
    return corners, np.where(lowest, above, below), np.where(lowest, OUTSIDE, above), field


def _sides(plan: Plan, labels: IntArray, values: FloatArray) -> tuple[Part, Part, Part]:
    """Upright walls within the box, those on the sides of the box, and their twins one period on."""
    one, two = plan.pairs
    ends = plan.triangles[:, SIDES].reshape(-1, 2)
    here, there = np.sort(ends[one], axis=1), np.sort(ends[two], axis=1)
    seam = (here != there).any(axis=1)

    def quads(layer: IntArray, side: IntArray, *, turned: bool) -> IntArray:
        a, b = (ends[side] + (layer * len(plan.points))[:, None]).T
        rise = len(plan.points)
        halves = ([a, b, a + rise], [b, b + rise, a + rise]) if turned else ([a, b, b + rise], [a, b + rise, a + rise])
        return np.stack([np.column_stack(half) for half in halves], axis=1).reshape(-1, 3)

    def part(layer: IntArray, side: IntArray, front_region: IntArray, field: FloatArray, *, turned: bool) -> Part:
        back_region = labels[layer, side // 3]
        return (
            quads(layer, side, turned=turned), np.repeat(back_region, 2), np.repeat(front_region, 2), np.repeat(field, 2),
        )  # fmt: skip

    def at(layer: IntArray, side: IntArray) -> FloatArray:
        return np.asarray(values[layer, side // 3, side % 3])

    first, second = one[~seam], two[~seam]
    layer, pair = np.nonzero(labels[:, first // 3] != labels[:, second // 3])
    first, second = first[pair], second[pair]
    inner = part(layer, first, labels[layer, second // 3], _either(at(layer, first), at(layer, second)), turned=False)
    layer = np.repeat(np.arange(len(labels)), np.count_nonzero(seam))
    first, second = (np.tile(side[seam], len(labels)) for side in (one, two))
    outside = np.full(len(layer), OUTSIDE)
    # Of two triangles that are one through the period the first has the number, as it counts for an interface.
    near = part(layer, first, outside, _either(at(layer, first), at(layer, second)), turned=False)
    far = part(layer, second, outside, np.full(len(layer), np.nan), turned=True)
    return inner, near, far


def _either(one: FloatArray, other: FloatArray) -> FloatArray:
    """Numbers of which at most one is there."""
    return np.where(np.isnan(one), other, one)
