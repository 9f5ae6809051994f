"""Arrays of cells: one number for a vertex that neighbours share, and one mesh where cells differ in what is left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, compacted, numbers_of
from geom3d.mesh.components import tiled
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh


@dataclass(frozen=True)
class SharedVertices:
    """The vertices of an array, of which neighbours share those on their border.

    Attributes:
        home: (n, 3) different vertices of a cell, those on its upper sides left out for those on its lower sides, µm.
        place: (V,) number of each of the cell's vertices in the cell of column 0 and row 0.
        period: in x and y, µm.
        columns: cells in x.
    """

    home: FloatArray
    place: IntArray
    period: tuple[float, float]
    columns: int

    @classmethod
    def of(cls, walls: InterfaceMesh, columns: int) -> SharedVertices:
        """The vertices of an array of so many cells in x."""
        # A vertex on an upper side of the box is the one on the lower side, one period on.
        home = walls.vertices + 0.0
        on_upper = home[:, :2] == np.asarray(walls.size[:2])
        home[:, :2][on_upper] = 0.0
        side = np.flatnonzero((home[:, :2] == 0).any(axis=1))
        number = np.arange(len(home))
        _, first, inverse = np.unique(home[side], axis=0, return_index=True, return_inverse=True)
        number[side] = side[first][inverse]
        needed, local = compacted(number)
        place = (on_upper[:, 1] * (columns + 1) + on_upper[:, 0]) * len(needed) + local
        return cls(home[needed], place, (walls.size[0], walls.size[1]), columns)

    def shift(self, row: IntArray | int, column: IntArray) -> IntArray:
        """What the numbers of a cell are more than those in column 0 and row 0."""
        return np.asarray((row * (self.columns + 1) + column) * len(self.home))

    def at(self, numbers: IntArray) -> FloatArray:
        """(n, 3) vertices of these (n,) numbers, µm; a multiple of the period is added once, so that all cells agree."""
        tile, of = np.divmod(numbers, len(self.home))
        vertices = self.home[of]
        vertices[:, 0] += tile % (self.columns + 1) * self.period[0]
        vertices[:, 1] += tile // (self.columns + 1) * self.period[1]
        return vertices


def array_without(walls: InterfaceMesh, repeat: tuple[int, int], pieces: BoolArray) -> InterfaceMesh:
    """The walls of an array of cells in one box, with some pieces turned into void.

    Args:
        walls: of one cell, each triangle of which knows its two pieces.
        repeat: cells in x and y: columns, rows.
        pieces: (rows, columns, n) which of the n pieces of every cell become void.
    """
    components = walls.components
    assert components.back_component is not None  # the caller's promise
    assert components.front_component is not None
    columns, rows = repeat
    tiles, triangles = columns * rows, len(walls.triangles)
    row, column = np.divmod(np.arange(tiles)[:, None], columns)
    dropped = pieces.reshape(tiles, -1)
    # Which of the cell's side faces a triangle lies on: -1 for a lower one, 1 for an upper one, in x or y.
    side, vectors = walls.periodic_image >= 0, walls.area_vectors
    along_x = np.abs(vectors[:, 0]) > np.abs(vectors[:, 1])
    step_x = np.where(side & along_x, np.sign(vectors[:, 0]), 0).astype(np.int64)
    step_y = np.where(side & ~along_x, np.sign(vectors[:, 1]), 0).astype(np.int64)
    beyond_x, to_column = np.divmod(column + step_x, columns)
    beyond_y, to_row = np.divmod(row + step_y, rows)
    neighbour = to_row * columns + to_column
    seam = side & (beyond_x == 0) & (beyond_y == 0)
    image = np.where(side, walls.periodic_image, 0)
    front = np.where(walls.front_region == OUTSIDE, 0, components.front_component)
    back_region = np.where(dropped[:, components.back_component], walls.void, walls.back_region)
    beyond = np.where(dropped[:, front] & (walls.front_region != OUTSIDE), walls.void, walls.front_region)
    there = np.where(dropped[neighbour, components.back_component[image]], walls.void, walls.back_region[image])
    front_region = np.where(seam, there, beyond)
    # Both cells have the wall between them; that of the lower one is taken.
    kept = (back_region != front_region) & ~(seam & (step_x + step_y < 0))
    number = np.append(numbers_of(kept.ravel()), -1)
    periodic_image = number[np.where(side & ~seam, neighbour * triangles + image, -1)[kept]]
    shared = SharedVertices.of(walls, columns)
    faces = shared.place[walls.triangles] + shared.shift(row, column)[:, :, None]
    used, faces = compacted(faces[kept])
    parts = tiled(components, repeat)
    labels = np.where(dropped.ravel(), walls.void, parts.labels)
    return InterfaceMesh(
        names=walls.names,
        size=(columns * walls.size[0], rows * walls.size[1], walls.size[2]),
        vertices=shared.at(used),
        triangles=faces,
        back_region=back_region[kept],
        front_region=front_region[kept],
        periodic_image=periodic_image,
        pieces=lambda: replace(parts, labels=labels),
        fields={name: np.tile(values, (tiles, 1))[kept] for name, values in walls.fields.items()},
    )
