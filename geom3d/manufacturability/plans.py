"""Measures of a cell of vertical walls: in the plane by its outlines, along z by its layers in z."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray, FloatArray, IntArray, run_starts
from geom3d.manufacturability import ASSEMBLY, VOID, Count, Place, Spot, least
from geom3d.manufacturability.outlines import Narrow, narrowest
from geom3d.mesh.components import Components, component_numbers, endless
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.rasters.plans import layered, outlines_at
from geom3d.solids.prisms.floorplan import FloorPlan
from geom3d.solids.prisms.outline import Disc, Strip
from geom3d.solids.prisms.prism import Prisms, chunks_of

#: Chord tolerance as a share of the smallest radius, or half the smallest gap: a circle of that radius has 351 sides, whose
#: flats lie 1.3e-5 too close; and as a share of the largest radius at the least, so that it has no more than 1814 sides.
FINE, FINEST = 4e-5, 1.5e-6
#: Depths at which outlines of walls with a profile are looked at, beside those of its narrowest and widest place.
DEPTHS = 5
#: Shares of the footprint below which a face is rounding.
SLIVER = 1e-12


@dataclass(frozen=True)
class LayeredPlan:
    """Layers in z over a floor plan; where exact outlines are known, they are drawn finely.

    Attributes:
        cell: which is measured.
        plan: its faces.
        levels: (S + 1,) heights of the floors, µm.
        labels: (S, F) region of each layer in z and face.
    """

    cell: Cell
    plan: FloorPlan
    levels: FloatArray
    labels: IntArray

    @classmethod
    def of(cls, cell: Cell, walls: InterfaceMesh) -> LayeredPlan:
        """The plan of a cell of upright walls; of a profile it takes the outlines at some depths."""
        solids = [region.solid for region in cell.regions if isinstance(region.solid, Prisms)]
        wall = cell.facts.wall
        if wall is not None:
            depths = np.linspace(0.0, wall.depth, DEPTHS) if not wall.is_straight else np.zeros(1)
            extremes = [wall.curve[0][k] for k in (wall.curve[1].argmin(), wall.curve[1].argmax())]
            chosen = np.unique([*depths.tolist(), *extremes]) if not wall.is_straight else depths
            return cls(cell, *outlines_at(cell, chosen.tolist(), None))
        return cls(cell, *layered(cell.family, cell, walls, _tolerance(cell, solids)))

    def masks(self) -> dict[str, BoolArray]:
        """(S, F) where every region, the assembly and the void are."""
        void = len(self.cell.regions)
        regions = {name: self.labels == k for k, name in enumerate(self.cell.names)}
        return {**regions, ASSEMBLY: self.labels != void, VOID: self.labels == void}

    @cached_property
    def _shapes(self) -> dict[bytes, tuple[Narrow | None, Narrow | None]]:
        return {}

    def _narrowest(self, mask: BoolArray) -> tuple[Narrow | None, Narrow | None]:
        """Inside and outside a shape; what is known of a shape is known of the rest of the plane."""
        for key, turned in ((mask.tobytes(), False), ((~mask).tobytes(), True)):
            if key in self._shapes:
                inside, outside = self._shapes[key]
                return (outside, inside) if turned else (inside, outside)
        return self._shapes.setdefault(mask.tobytes(), narrowest(self.plan, mask))

    def width(self, mask: BoolArray, name: str = "") -> Spot | None:
        """The narrowest place, in the plane, of a body; None where it spreads without end.

        Args:
            mask: (S, F) the body.
            name: of its region; where there is none, it is a gap, and named by what lies on either side.
        """
        spots = []
        begins = run_starts(mask)
        for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(mask)], strict=True):
            found = self._narrowest(mask[begin])[0]
            if found is not None:
                z = float(self.levels[begin] + self.levels[end]) / 2
                spots.append(Spot(found.width, (*found.middle, z), (name,) if name else self._sides(found, z)))
        return least(list(spots))

    def _sides(self, found: Narrow, z: float) -> tuple[str, ...]:
        """Names of what lies on either side of a gap."""
        reach = found.width / 2 * (1 + 1e-3)
        points = [
            [found.middle[0] + s * found.across[0], found.middle[1] + s * found.across[1], z] for s in (-reach, reach)
        ]
        labels = self.cell.locate(np.array(points)).tolist()
        return tuple(dict.fromkeys(self.cell.names[k] for k in labels if 0 <= k < len(self.cell.names)))

    def height(self, mask: BoolArray, name: str) -> Spot | None:
        """The thinnest place of a body along z.

        Args:
            mask: (S, F) the body.
            name: of its region; of the void, what lies open to the top does not count.
        """
        column = mask & (self.plan.areas > SLIVER * self.cell.footprint)
        none = np.zeros((1, mask.shape[1]), dtype=bool)
        # By columns, so that the n-th beginning belongs to the n-th end.
        face, begin = np.nonzero((column & ~np.vstack([none, column[:-1]])).T)
        end = np.nonzero((column & ~np.vstack([column[1:], none])).T)[1]
        if name == VOID:
            closed = end < len(mask) - 1
            face, begin, end = face[closed], begin[closed], end[closed]
        if not len(face):
            return None
        heights = self.levels[end + 1] - self.levels[begin]
        thinnest = np.flatnonzero(heights <= heights.min() * (1 + 1e-9))
        best = thinnest[np.argmax(self.plan.areas[face[thinnest]])]
        middle = float(self.levels[begin[best]] + self.levels[end[best] + 1]) / 2
        return Spot(float(heights[best]), self._place(int(face[best]), middle), (name,))

    def _place(self, face: int, z: float) -> Place:
        """A point of a face, µm."""
        point = shapely.point_on_surface(self.plan.faces[face])
        return float(point.x), float(point.y), z

    @cached_property
    def _graph(self) -> Components:
        return chunks_of(self.plan, self.levels, self.labels)

    def cavities(self) -> Count:
        """Parts of the void that reach neither the outside nor the device's edge."""
        closed, part = closed_parts(self._graph, len(self.cell.regions))
        volumes = np.where(closed, self._graph.volumes, 0.0)
        return self._counted(closed, part, volumes, middle=True)

    def islands(self) -> Count:
        """Parts of a layer in z with nothing below; the lowest of all rest on what the process builds on."""
        solid = (self.labels != len(self.cell.regions)).ravel()
        faces = self.labels.shape[1]
        links = self._graph.links
        level = (links[:, 0] // faces == links[:, 1] // faces) & solid[links].all(axis=1)
        part = component_numbers(len(solid), links[level])
        below = np.r_[np.ones(faces, dtype=bool), solid[:-faces]]
        # The lowest of all rests on what the process builds on, even where the box goes on below it.
        lowest = int(np.argmax(solid)) // faces
        below[lowest * faces : (lowest + 1) * faces] = True
        carried = solid & below
        hanging = solid & ~np.isin(part, np.unique(part[carried]))
        areas = np.where(hanging, np.tile(self.plan.areas, len(self.labels)), 0.0)
        return self._counted(hanging, part, areas, middle=False)

    def _counted(self, chosen: BoolArray, part: IntArray, sizes: FloatArray, *, middle: bool) -> Count:
        """Counts parts that have been chosen, and finds the largest."""
        total = float(sizes.sum())
        if total <= SLIVER * self.cell.footprint:
            return Count(0, 0.0, None)
        of_part = np.bincount(part, weights=sizes)
        largest = int(np.argmax(np.where(chosen & (part == of_part.argmax()), sizes, -1.0)))
        z_layer, face = divmod(largest, self.labels.shape[1])
        low, high = self.levels[z_layer : z_layer + 2].tolist()
        return Count(int(np.count_nonzero(of_part)), total, self._place(face, (low + high) / 2 if middle else low))


def closed_parts(components: Components, void: int) -> tuple[BoolArray, IntArray]:
    """(n,) which pieces are void and shut off from the outside, and (n,) the number of the part each belongs to.

    A part is open where it reaches the top or the bottom of the box, or runs through the period: it ends at the device's
    edge.
    """
    empty = components.labels == void
    inner = empty[components.links].all(axis=1)
    part = component_numbers(len(empty), components.links[inner])
    opened = components.at_end | endless(components.links[inner], components.shifts[inner], len(empty))
    return empty & ~np.isin(part, np.unique(part[empty & opened])), part


def _tolerance(cell: Cell, solids: list[Prisms]) -> float | None:
    """Chord tolerance with which widths are measured, µm; None where nothing is round."""
    parts = [part for solid in solids for prism in solid.prisms for part in prism.outline.primitives()]
    discs = [part.radius for part in parts if isinstance(part, Disc)]
    rounded = [part.distance for part in parts if not isinstance(part, Disc | Strip) and part.distance > 0]
    if not discs:
        return cell.chord_tolerance
    requested = max(FINE * min(*discs, cell.facts.gap / 2), FINEST * max(discs + rounded))
    return requested if cell.chord_tolerance is None else min(requested, cell.chord_tolerance)
