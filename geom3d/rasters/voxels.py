"""Voxels of a unit cell: a label each, and between vertical walls the exact share that every region has of each.

Everything is read off the walls, cut by horizontal planes: labels at centres row by row, shares from the areas in each plane,
whose borders are the same segments.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geom3d.cell.cell import Cell
from geom3d.core import memory
from geom3d.core.arrays import FloatArray, IntArray, spread
from geom3d.core.errors import GeometryError, InputError
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.mesh.sections import Segments, Slicer
from geom3d.rasters.scanlines import Window
from geom3d.solids.grid import rounding_unit, snap

Labels = NDArray[np.uint8]

#: Voxels in all, and in one layer.
MOST_VOXELS, MOST_PIXELS = 2**32, 2**28
#: Bytes that a voxel of the layer in work takes.
PER_PIXEL = 16
#: Voxels, or shares, that are worked on at once.
BLOCK = 2**24
#: Shares closer than this are equal; the earlier region has the voxel then.
TIE = 9


@dataclass(frozen=True)
class VoxelGrid:
    """Boxes of one size over one period, from the cell's bottom to its top.

    Attributes:
        shape: how many in z, y and x: of an array whose layers are level, the lowest first.
        spacing: edges in x, y and z, µm; the period is a whole number of them.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]

    @property
    def count(self) -> int:
        """How many voxels there are."""
        return math.prod(self.shape)

    @property
    def volume(self) -> float:
        """Of one voxel, µm³."""
        return math.prod(self.spacing)

    @property
    def anisotropy(self) -> float:
        """By how much the longest edge exceeds the shortest."""
        return max(self.spacing) / min(self.spacing) - 1

    @property
    def text(self) -> str:
        """The counts in x, y and z, for people."""
        return " × ".join(str(n) for n in reversed(self.shape))


def voxel_grid(cell: Cell, edge: float) -> VoxelGrid:
    """The boxes nearest to cubes of an edge, µm, of which the period is a whole number in x and y, and the height in z.

    Raises:
        InputError: where there are too many, or the cell has more regions than eight bits can tell apart.
    """
    size = (*(float(snap(np.array(s), rounding_unit(max(cell.size[:2])))) for s in cell.size[:2]), _top(cell))
    counts = [max(1, round(length / edge)) for length in size]
    memory.require("voxel", "voxels of a layer", counts[0] * counts[1], PER_PIXEL, "take a larger one")
    if math.prod(counts) > MOST_VOXELS or counts[0] * counts[1] > MOST_PIXELS:
        least = max((math.prod(size) / MOST_VOXELS) ** (1 / 3), (size[0] * size[1] / MOST_PIXELS) ** (1 / 2))
        raise InputError(
            f"voxel: {edge:.4g} µm gives {math.prod(counts):.2g} voxels, {counts[0] * counts[1]:.2g} in a layer; "
            f"at most {MOST_VOXELS:.2g} and {MOST_PIXELS:.2g} fit: take at least {rounded_up(least):g} µm"
        )
    if len(cell.regions) > 255:
        raise InputError(f"voxel: at most 255 regions have a label of their own; got {len(cell.regions)}")
    nx, ny, nz = counts
    return VoxelGrid((nz, ny, nx), (size[0] / nx, size[1] / ny, size[2] / nz))


def voxels(cell: Cell, walls: InterfaceMesh, edge: float) -> tuple[Labels, tuple[float, float, float]]:
    """A label for every voxel of one unit cell.

    Between vertical walls it is the region that has the largest share of the voxel, and the earlier of two equal ones; in
    other cells, such as sponges, the region at the voxel's centre.

    >>> import geom3d
    >>> battery = geom3d.load("pillars-coated")
    >>> labels, spacing = voxels(battery.cell(), battery.walls(), 0.5)
    >>> labels.shape, [round(length, 4) for length in spacing]
    ((93, 28, 16), [0.5, 0.4949, 0.4978])

    Args:
        cell: the unit cell.
        walls: its walls.
        edge: of a voxel, µm; the nearest one is taken of which the period is a whole number.

    Returns:
        (nz, ny, nx) labels as in `walls`, the void last, and a voxel's edges in x, y and z, µm. Voxel [k, j, i] has its
        centre at ((i + ½) x, (j + ½) y, (k + ½) z).

    Raises:
        InputError: where there are too many voxels.
        GeometryError: where the walls are not closed.
    """
    boxes = voxel_grid(cell, edge)
    memory.require(
        "voxel", "voxels at once", boxes.count, 2, "take larger ones, or the files, which are written layer by layer"
    )
    return np.stack(list(layers(cell, walls, boxes))), boxes.spacing


def fractions(cell: Cell, walls: InterfaceMesh, edge: float) -> tuple[FloatArray, tuple[float, float, float]]:
    """The exact share that each region of a cell of vertical walls has of every voxel.

    Args:
        cell: the unit cell.
        walls: its walls.
        edge: of a voxel, µm; the nearest one is taken of which the period is a whole number.

    Returns:
        (R + 1, nz, ny, nx) shares, the void last; they add up to 1 in every voxel, and times its volume to the region's.
        And a voxel's edges in x, y and z, µm.

    Raises:
        InputError: where walls are not vertical, or there are too many voxels.
    """
    boxes = voxel_grid(cell, edge)
    regions = len(walls.names) + 1
    if not cell.family.vertical_walls:
        raise InputError(
            f"voxel: shares are exact between vertical walls only; this cell is made of {cell.family.name}"
        )
    memory.require("voxel", f"voxels with {regions} shares each", boxes.count, 16 * regions, "take larger ones")
    z_layers = _ZLayers(cell, walls, boxes)
    found = np.empty((regions, *boxes.shape))
    for k, overlaps in enumerate(z_layers.overlaps):
        found[:, k] = z_layers.shares(overlaps, range(boxes.shape[1]))
    return found, boxes.spacing


def layers(cell: Cell, walls: InterfaceMesh, boxes: VoxelGrid) -> Iterator[Labels]:
    """The (ny, nx) labels of one level layer of voxels after the other, from the bottom; see `voxels`."""
    return _by_share(cell, walls, boxes) if cell.family.vertical_walls else by_centre(walls, boxes)


def by_centre(walls: InterfaceMesh, boxes: VoxelGrid) -> Iterator[Labels]:
    """The labels at the voxels' centres, layer by layer; a centre on a wall belongs to what lies beyond it.

    Raises:
        GeometryError: where the walls are not closed.
    """
    nz, ny, nx = boxes.shape
    step_x, step_y, step_z = boxes.spacing
    heights = np.asarray((np.arange(nz) + 0.5) * step_z, dtype=np.float64)
    block = max(1, BLOCK // (ny * (nx + 1)))
    for first, cut in Slicer(walls).blocks(heights, block):
        planes = range(first, min(first + block, nz))
        window = Window((step_x, step_y), walls.size[:2], planes, range(ny), nx)
        try:
            yield from window.filled(cut, walls.void, np.int8).view(np.uint8)
        except GeometryError as error:
            raise GeometryError(str(error), walls) from None


def _by_share(cell: Cell, walls: InterfaceMesh, boxes: VoxelGrid) -> Iterator[Labels]:
    """The labels of largest share, layer by layer."""
    _, ny, nx = boxes.shape
    z_layers = _ZLayers(cell, walls, boxes)
    rows = max(1, BLOCK // 4 // (nx * (len(walls.names) + 1)))
    known: tuple[tuple[int, float], ...] = ()
    page = np.empty((ny, nx), dtype=np.uint8)
    for overlaps in z_layers.overlaps:
        if overlaps != known:
            page, known = np.empty((ny, nx), dtype=np.uint8), overlaps
            for start in range(0, ny, rows):
                block = range(start, min(start + rows, ny))
                page[start : block.stop] = np.round(z_layers.shares(overlaps, block), TIE).argmax(axis=0)
        yield page


class _ZLayers:
    """A cell of vertical walls between the heights at which anything begins or ends: the same plan throughout each layer in z.

    Attributes:
        overlaps: of each layer of voxels the layers in z in it, with their shares of the layer.
    """

    def __init__(self, cell: Cell, walls: InterfaceMesh, boxes: VoxelGrid) -> None:
        nz, _, _ = boxes.shape
        self._boxes, self._regions = boxes, len(walls.names) + 1
        levels = np.unique(walls.vertices[:, 2])
        levels = levels[levels <= _top(cell)]
        marks = np.arange(nz + 1) * boxes.spacing[2]
        marks[-1] = levels[-1]
        first = np.searchsorted(levels, marks[:-1], side="right") - 1
        last = np.searchsorted(levels, marks[1:], side="left")
        layer, z_layer = spread(first, last)
        inside = np.minimum(levels[z_layer + 1], marks[layer + 1]) - np.maximum(levels[z_layer], marks[layer])
        shares = (inside / np.diff(marks)[layer]).tolist()
        ends = np.cumsum(last - first).tolist()
        pairs = list(zip(z_layer.tolist(), shares, strict=True))
        self.overlaps = [tuple(pairs[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        middles = (levels[:-1] + levels[1:]) / 2
        self._plans = [_pieces(cut, boxes) for _, cut in Slicer(walls).blocks(middles, 1)]

    def shares(self, overlaps: tuple[tuple[int, float], ...], rows: range) -> FloatArray:
        """(R + 1, rows, nx) share of each region in the voxels of some rows of a layer.

        By Green's theorem the area of a region in a pixel is the integral along its border of the distance from the
        pixel's right side, as far as that lies beyond the border, over dy: a piece of border counts in its own pixel with its
        distance, and in all pixels on its right with their whole width.
        """
        nx = self._boxes.shape[2]
        step_x, step_y, _ = self._boxes.spacing
        shape = (self._regions, len(rows), nx)
        found = np.zeros(shape)
        for z_layer, weight in overlaps:
            piece = self._plans[z_layer]
            mine = (piece.row >= rows.start) & (piece.row < rows.stop)
            height = piece.rise[mine] * (weight / step_y)
            at = (piece.row[mine] - rows.start) * nx + piece.column[mine]
            for label, sign in ((piece.left[mine], -1.0), (piece.right[mine], 1.0)):
                inner = label != OUTSIDE
                place = label[inner] * (len(rows) * nx) + at[inner]
                whole = np.bincount(place, weights=sign * height[inner], minlength=found.size).reshape(shape)
                part = np.bincount(
                    place, weights=(sign * height * piece.before[mine] / step_x)[inner], minlength=found.size
                )
                found += np.cumsum(whole, axis=2) - part.reshape(shape)
        return found


@dataclass(frozen=True)
class _Pieces:
    """Segments cut at the borders of the pixels.

    Attributes:
        row, column: (n,) the pixel.
        rise: (n,) by how much y grows, µm.
        before: (n,) distance of the middle from the pixel's left side, µm.
        left, right: (n,) labels beside it.
    """

    row: IntArray
    column: IntArray
    rise: FloatArray
    before: FloatArray
    left: IntArray
    right: IntArray


def _pieces(cut: Segments, boxes: VoxelGrid) -> _Pieces:
    _, ny, nx = boxes.shape
    segments = np.arange(len(cut.start))
    owners, places = [segments, segments], [np.zeros(len(segments)), np.ones(len(segments))]
    for axis, step in enumerate(boxes.spacing[:2]):
        here, there = cut.start[:, axis], cut.end[:, axis]
        low, high = np.minimum(here, there), np.maximum(here, there)
        owner, line = spread(np.floor(low / step).astype(np.int64) + 1, np.ceil(high / step).astype(np.int64))
        owners.append(owner)
        places.append(np.clip((line * step - here[owner]) / (there - here)[owner], 0, 1))
    owner, share = np.concatenate(owners), np.concatenate(places)
    order = np.lexsort((share, owner))
    owner, share = owner[order], share[order]
    one = np.flatnonzero(owner[1:] == owner[:-1])
    owner = owner[one]
    start, way = cut.start[owner], (cut.end - cut.start)[owner]
    middle = start + way * ((share[one] + share[one + 1]) / 2)[:, None]
    column, row = (
        np.clip(np.floor(middle[:, axis] / boxes.spacing[axis]).astype(np.int64), 0, count - 1)
        for axis, count in enumerate((nx, ny))
    )
    rise = way[:, 1] * (share[one + 1] - share[one])
    return _Pieces(row, column, rise, middle[:, 0] - column * boxes.spacing[0], cut.left[owner], cut.right[owner])


def _top(cell: Cell) -> float:
    """Z of the cell's top on the grid of all coordinates, µm."""
    return float(snap(np.array(cell.top), rounding_unit(cell.size[2])))


def rounded_up(value: float) -> float:
    """The next number of two digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit * (1 - 1e-12)) * unit
