"""A light mesh of a unit cell, to be turned in a page.

Too many triangles are merged: vertices that lie in one box of a grid become one, but only where the same regions meet at
them. So a film's two sides never fall together, however thin it is, and flat faces stay flat. Each region's shell stays
closed, since a closed surface stays closed however its vertices move; so a page can cut it and fill the cut.
"""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geom3d.cell.cell import Cell
from geom3d.core.arrays import FloatArray, IntArray, compacted
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh

#: Triangles of one model at the most, and of all its copies in one view.
MOST_TRIANGLES = 30_000
MOST_SHOWN = 240_000
#: Copies of the cell in either direction.
MOST_COPIES = 6
#: Steps of a coordinate along each edge of the box.
STEPS = 65_535
#: In a model the labels are bytes: the empty space, and what is beyond the box.
VOID, BEYOND = 254, 255


@dataclass(frozen=True)
class Model:
    """Triangles between regions, in few bytes.

    Attributes:
        size: edges of the box up to the top of the highest region, µm.
        copies: how many cells a view shows in x and y, so that the whole is not too slender.
        cut: where a view is cut to begin with, through the middle of posts, as a share of its depth.
        regions: name, role, material and colour of each.
        points: (V, 3) coordinates in 65535ths of the box's edges.
        triangles: (T, 3) indices, the normal points from `back_region` to `front_region`.
        back_region, front_region: (T,) label on either side; VOID and BEYOND are no regions.
    """

    size: tuple[float, float, float]
    copies: tuple[int, int]
    cut: float
    regions: tuple[tuple[str, str, str, str], ...]
    points: NDArray[np.uint16]
    triangles: NDArray[np.uint16] | NDArray[np.uint32]
    back_region: NDArray[np.uint8]
    front_region: NDArray[np.uint8]

    def to_json(self) -> dict[str, Any]:
        """What the page's script reads; arrays are little-endian bytes in base64."""
        keys = ("name", "role", "material", "colour")
        return {
            "size": list(self.size),
            "copies": list(self.copies),
            "cut": self.cut,
            "regions": [dict(zip(keys, region, strict=True)) for region in self.regions],
            "wide": self.triangles.dtype.itemsize == 4,
            "points": _text(self.points),
            "triangles": _text(self.triangles),
            "behind": _text(self.back_region),
            "front": _text(self.front_region),
        }


def model_of(cell: Cell, walls: InterfaceMesh, most: int = MOST_TRIANGLES) -> Model:
    """The model of a unit cell.

    Args:
        cell, walls: the battery.
        most: triangles at the most, where merging can reach that.
    """
    solid = (walls.back_region != walls.void) | ((walls.front_region != walls.void) & (walls.front_region != OUTSIDE))
    vertices, triangles, kept = lighter(walls, np.flatnonzero(solid), most)
    used, triangles = compacted(triangles)
    points = vertices[used]
    size = (walls.size[0], walls.size[1], cell.top)
    steps = np.clip(np.rint(points / size * STEPS), 0, STEPS).astype("<u2")
    copies = _copies(size, len(triangles))
    return Model(
        size=size,
        copies=copies,
        cut=(copies[1] // 3 + cell.axis()[1]) / copies[1],
        regions=tuple((r.name, r.role.value, r.material.title, r.material.colour) for r in cell.regions),
        points=steps,
        triangles=triangles.astype("<u2" if len(points) <= STEPS else "<u4"),
        back_region=_labels(walls.back_region[kept], walls.void),
        front_region=_labels(walls.front_region[kept], walls.void),
    )


def lighter(walls: InterfaceMesh, index: IntArray, most: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Fewer triangles of the same walls.

    Args:
        walls: of the unit cell.
        index: (N,) the triangles that matter; with each region's they hold its whole shell.
        most: triangles at the most, where merging can reach that.

    Returns:
        (V, 3) vertices, µm, (T, 3) triangles, and (T,) the index of each in `walls.triangles`.
    """
    if len(index) <= most:
        return walls.vertices, walls.triangles[index], index
    kinds = _kinds(walls)
    step = math.sqrt(2 * float(walls.areas[index].sum()) / most)
    for _ in range(12):
        vertices, number = _merged(walls.vertices, kinds, step)
        triangles = number[walls.triangles[index]]
        proper = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
        count = int(np.count_nonzero(proper))
        if count <= most:
            break
        step *= max(math.sqrt(count / most), 1.05)
    return vertices, triangles[proper], index[proper]


def _merged(vertices: FloatArray, kinds: IntArray, step: float) -> tuple[FloatArray, IntArray]:
    """The mean of the vertices of each kind in each box of a grid, and (V,) which of them a vertex has become."""
    boxes = np.floor(vertices / step).astype(np.int64)
    boxes -= boxes.min(axis=0)
    wide = boxes.max(axis=0) + 1
    key = ((boxes[:, 0] * wide[1] + boxes[:, 1]) * wide[2] + boxes[:, 2]) * (int(kinds.max()) + 1) + kinds
    _, number, counts = np.unique(key, return_inverse=True, return_counts=True)
    sums = [np.bincount(number, weights=vertices[:, k], minlength=len(counts)) for k in range(3)]
    return np.column_stack(sums) / counts[:, None], number


def _kinds(walls: InterfaceMesh) -> IntArray:
    """(V,) a number for each set of regions and faces of the box that meet at a vertex, and whether a level face does."""
    marks = np.zeros(len(walls.vertices), dtype=np.int64)
    corners = walls.triangles
    for side in (walls.back_region, walls.front_region):
        bits = np.int64(1) << np.where(side == OUTSIDE, walls.void + 1, side).astype(np.int64)
        for k in range(3):
            np.bitwise_or.at(marks, corners[:, k], bits)
    high = walls.vertices[corners, 2]
    level = np.zeros(len(marks), dtype=bool)
    level[corners[high.max(axis=1) == high.min(axis=1)]] = True
    at_face = np.column_stack([walls.vertices <= 0, walls.vertices >= np.asarray(walls.size)])
    extra = np.column_stack([level, at_face]) @ (1 << np.arange(7))
    sets = np.unique(marks, return_inverse=True)[1]
    numbers: IntArray = np.unique(sets * 128 + extra, return_inverse=True)[1]
    return numbers


def _copies(size: tuple[float, float, float], triangles: int) -> tuple[int, int]:
    """Cells in x and y whose array is about as wide as it is high, as far as a browser can draw them."""
    wanted = [max(1, min(MOST_COPIES, round(max(size) / length))) for length in size[:2]]
    while wanted[0] * wanted[1] > 1 and wanted[0] * wanted[1] * triangles > MOST_SHOWN:
        wanted[int(np.argmax(wanted))] -= 1
    return wanted[0], wanted[1]


def _labels(labels: IntArray, void: int) -> NDArray[np.uint8]:
    return np.where(labels == OUTSIDE, BEYOND, np.where(labels == void, VOID, labels)).astype(np.uint8)


def _text(array: NDArray[Any]) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode()
