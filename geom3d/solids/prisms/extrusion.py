"""Tetrahedra of prismatic cells: every triangle of the plan × every layer, cut in three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, half_edges, inverse_of, owners_of, pair_keys
from geom3d.mesh.volume import require_tetrahedra
from geom3d.solids.grid import rounding_unit, snap
from geom3d.solids.prisms.floorplan import FloorPlan
from geom3d.solids.prisms.grading import GRADING, PLACES, pieces, splits
from geom3d.solids.prisms.planmesh import Flat, plan_mesh

#: The three tetrahedra of a prism over corners 0, 1, 2, with 3, 4, 5 above them: its diagonals rise from the lower number.
OF_A_PRISM = np.array([(0, 1, 2, 5), (0, 1, 5, 4), (0, 4, 5, 3)])


@dataclass(frozen=True)
class Extrusion:
    """Fills a prismatic cell with tetrahedra.

    Attributes:
        plan: the outlines.
        levels: (S + 1,) heights of the floors, µm.
        labels: (S, F) by layer in z and face.
    """

    plan: FloorPlan
    levels: FloatArray
    labels: IntArray
    sampled: ClassVar[bool] = False

    def tetrahedra(self, max_edge: float | None, layers: int) -> tuple[FloatArray, IntArray, IntArray]:
        """Points (P, 3), µm, tetrahedra (N, 4) and the label of each (N,); the void is filled, too.

        Args:
            max_edge: no edge is longer, µm; None for the plan's own triangles and layers in z in one layer.
            layers: in every layer in z, and rows of triangles across films, at least.

        Raises:
            InputError: where there would be too many.
        """
        flat, heights, z_layer = self._parts(max_edge, layers)
        corners, odd = _ranked(flat)
        number = len(flat.points)
        above = np.arange(len(heights))[:, None] * number
        points = np.column_stack([np.tile(flat.points, (len(heights), 1)), np.repeat(heights, number)])
        prisms = np.concatenate([corners, corners + number], axis=1)[:, OF_A_PRISM]  # (T, 3, 4)
        prisms[odd] = prisms[odd][:, :, [1, 0, 2, 3]]
        tetrahedra = (prisms[None] + above[:-1, :, None, None]).reshape(-1, 4)
        return points, tetrahedra, np.repeat(self.labels[z_layer][:, flat.face].ravel(), 3)

    def most(self, max_edge: float | None, layers: int) -> tuple[int, int, int]:
        """How many points, tetrahedra and triangles there are, the void's included."""
        flat, heights, z_layer = self._parts(max_edge, layers)
        key = pair_keys(*half_edges(flat.triangles), len(flat.points))
        order = np.argsort(key)
        same = key[order][1:] == key[order][:-1]
        face = np.repeat(flat.face, 3)[order]
        walls = len(key) - 2 * int(np.count_nonzero(same & (face[1:] == face[:-1])))
        floors = len(flat.triangles) * len(self.levels)
        return (
            len(flat.points) * len(heights),
            3 * len(flat.triangles) * len(z_layer),
            floors + 2 * walls * len(z_layer),
        )

    def _parts(self, max_edge: float | None, layers: int) -> tuple[Flat, FloatArray, IntArray]:
        """Triangles of the plan, and heights and layers in z of layers."""
        # Of a triangle and a layer, each as long as this, the diagonal is as long as allowed.
        longest = None if max_edge is None else max_edge / np.sqrt(2)
        heights, z_layer = layers_of(self.levels, longest, layers)
        key = "layers" if max_edge is None else "max_edge"
        remedy = "take fewer layers, a longer edge, or a larger tolerance, which gives curves fewer chords"
        if longest is not None:  # equilateral triangles of this edge; there will be more
            x, y = self.plan.size
            require_tetrahedra(key, 3 * len(z_layer) * 2.3 * x * y / longest**2, remedy)
        flat = plan_mesh(self.plan, longest, layers, len(z_layer))
        require_tetrahedra(key, 3 * len(flat.triangles) * len(z_layer), remedy)
        return flat, heights, z_layer


def _ranked(flat: Flat) -> tuple[IntArray, IntArray]:
    """(T, 3) corners in an order that is the same through the period, and which triangles then turn clockwise.

    Neighbours cut the side of a prism along the same diagonal, since both take the order of its two ends.
    """
    rank = inverse_of(np.lexsort((flat.points[:, 1], flat.points[:, 0], flat.home)))
    order = np.argsort(rank[flat.triangles], axis=1)
    odd = np.flatnonzero((order[:, 1] - order[:, 0]) % 3 == 2)
    return np.take_along_axis(flat.triangles, order, axis=1), odd


def layers_of(levels: FloatArray, longest: float | None, layers: int) -> tuple[FloatArray, IntArray]:
    """Heights (Z + 1,) of the layers' floors, and (Z,) the layer in z of each; thicker with the distance from thin ones."""
    thick = np.diff(levels)
    own = thick / layers if longest is None else np.minimum(thick / layers, longest)
    requested = np.repeat(own[:, None], len(PLACES), axis=1)
    if longest is not None:
        places = levels[:-1, None] + PLACES * thick[:, None]
        at_level = np.minimum(np.r_[own, np.inf], np.r_[np.inf, own])
        graded = (at_level + GRADING * np.abs(places[..., None] - levels)).min(axis=2)
        requested = np.minimum(graded, longest)
    count, so_far = pieces(thick, requested)
    counts = np.maximum(np.ceil(count * (1 - 1e-9)).astype(np.int64), layers)
    z_layer, share = splits(so_far, counts)
    inner = snap(levels[z_layer] + share * thick[z_layer], rounding_unit(float(levels[-1])))
    heights = np.sort(np.concatenate([levels, inner]))
    return heights, owners_of(counts)
