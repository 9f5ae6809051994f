"""Labels at the centres of pixels, row by row, from the segments between regions.

The segments around a region close, so along a row the label changes at every segment that it crosses, from that on one side
to that on the other. The steps are added up in any order: no sorting, no tie that could go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import FloatArray, IntArray, spread
from geom3d.core.errors import GeometryError
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.mesh.sections import Segments


@dataclass(frozen=True)
class Window:
    """Pixels over an array of unit cells, whose lower left corner is the origin.

    Attributes:
        edges: of a pixel in x and y, µm.
        size: the period in x and y, µm.
        planes: numbers of the planes.
        rows: of pixels, counted from the bottom.
        columns: of pixels, from the left.
        repeat: unit cells in x and y.
    """

    edges: tuple[float, float]
    size: tuple[float, float]
    planes: range
    rows: range
    columns: int
    repeat: tuple[int, int] = (1, 1)

    def filled(self, cut: Segments, void: int, kind: type[np.int8 | np.int16]) -> NDArray[np.int8 | np.int16]:
        """(planes, rows, columns) label at the centre of each pixel; a centre on a wall belongs to what lies beyond it.

        Args:
            cut: what planes cut out of one unit cell.
            void: the highest label.
            kind: of the labels; those beyond its range come as what they are modulo that.

        Raises:
            GeometryError: where the segments are not closed.
        """
        shape = (len(self.planes), len(self.rows), self.columns + 1)
        labels = np.zeros(shape, dtype=kind)
        (width, height), (step_x, step_y) = self.size, self.edges
        (ax, ay), (bx, by) = cut.start.T, cut.end.T
        first, last = ((self.rows[k] + 0.5) * step_y // height for k in (0, -1))
        # A centre on the border of two tiles may be given to either by rounding; the one beyond finds no row then.
        for tile in range(max(0, int(first) - 1), min(self.repeat[1], int(last) + 2)):
            # The rows between the ends of each segment; both neighbours at an end have it bit by bit, so none is missed.
            begin, stop = (
                np.clip(_first(y + tile * height, step_y), self.rows.start, self.rows.stop) for y in (ay, by)
            )
            hit, row = spread(np.minimum(begin, stop), np.maximum(begin, stop))
            centre = (row + 0.5) * step_y
            if tile:
                centre -= tile * height
            share = np.clip((centre - ay[hit]) / (by - ay)[hit], 0.0, 1.0)
            x = ax[hit] + share * (bx - ax)[hit]
            # Steps of the label, in whole numbers that may overflow on the way: the sum is right all the same.
            change = np.where(stop > begin, cut.right - cut.left, cut.left - cut.right).astype(kind)[hit]
            line = ((cut.plane - self.planes.start) * shape[1] - self.rows.start)[hit] + row
            for column in range(self.repeat[0]):
                place = np.minimum(_first(x + column * width if column else x, step_x), self.columns)
                np.add.at(labels.reshape(-1), line * shape[2] + place, change)
        np.cumsum(labels, axis=2, dtype=kind, out=labels)
        found = labels[..., :-1] + kind(OUTSIDE)
        unsigned = found.view(np.uint8 if kind is np.int8 else np.uint16)
        if labels[..., -1].any() or unsigned.max(initial=0) > void:
            raise GeometryError("a row of pixels enters a region and does not leave it: the walls are not closed")
        return found


def _first(places: FloatArray, step: float) -> IntArray:
    """Number of the first pixel whose centre lies at or beyond each place."""
    return np.ceil(places / step - 0.5).astype(np.int64)
