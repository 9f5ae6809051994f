"""Pixels filled from segments: by hand, and against the even-odd rule of polygons."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geom3d.core.errors import GeometryError
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.mesh.sections import Segments
from geom3d.rasters.scanlines import Window

SIZE = (6.0, 4.0)


def outline(ring, inside, outside, plane=0):
    """Segments around a region that lies on the left."""
    start = np.array(ring, dtype=float)
    count = len(start)
    return Segments(
        np.full(count, plane), start, np.roll(start, -1, axis=0), np.full(count, inside), np.full(count, outside)
    )


def together(*parts):
    return Segments(*(np.concatenate([getattr(p, key) for p in parts]) for key in Segments.__dataclass_fields__))


BOX = outline([(0, 0), (6, 0), (6, 4), (0, 4)], 1, OUTSIDE)
#: Region 0 in the void, which is 1.
DIAMOND = outline([(1, 2), (3, 0.4), (5, 2), (3, 3.6)], 0, 1)


@pytest.mark.parametrize("kind", [np.int8, np.int16])
def test_a_square_by_hand(kind):
    cut = together(BOX, outline([(2, 1), (4, 1), (4, 3), (2, 3)], 0, 1))
    found = Window((1.0, 1.0), SIZE, range(1), range(4), 6).filled(cut, 1, kind)
    assert found.dtype == kind
    assert found[0].tolist() == [[1] * 6, [1, 1, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1], [1] * 6]


@pytest.mark.parametrize("repeat", [(1, 1), (3, 2)])
@pytest.mark.parametrize("edge", [0.37, 0.25, 1.1])
def test_pixels_are_what_the_polygon_holds(repeat, edge):
    rows, columns = int(SIZE[1] * repeat[1] / edge - 0.5), int(SIZE[0] * repeat[0] / edge - 0.5)
    found = Window((edge, edge), SIZE, range(1), range(rows), columns, repeat).filled(
        together(BOX, DIAMOND), 1, np.int16
    )
    x, y = np.meshgrid((np.arange(columns) + 0.5) * edge % SIZE[0], (np.arange(rows) + 0.5) * edge % SIZE[1])
    diamond = shapely.Polygon(DIAMOND.start)
    inside = shapely.contains_xy(diamond, x, y)
    near = shapely.distance(diamond.boundary, shapely.points(x, y)) < 1e-9
    assert ((found[0] == 0) == inside)[~near].all()
    # Some rows alone are the same as those of the whole.
    part = Window((edge, edge), SIZE, range(1), range(1, rows), columns, repeat)
    assert (part.filled(together(BOX, DIAMOND), 1, np.int16)[0] == found[0][1:]).all()


def test_planes_are_filled_side_by_side():
    other = Segments(*(getattr(BOX, key) if key != "plane" else BOX.plane + 7 for key in Segments.__dataclass_fields__))
    upper = Segments(DIAMOND.plane + 7, DIAMOND.start, DIAMOND.end, DIAMOND.left, DIAMOND.right)
    lower = Segments(*(getattr(BOX, key) if key != "plane" else BOX.plane + 6 for key in Segments.__dataclass_fields__))
    found = Window((0.5, 0.5), SIZE, range(6, 8), range(8), 12).filled(together(other, upper, lower), 1, np.int8)
    alone = Window((0.5, 0.5), SIZE, range(1), range(8), 12).filled(together(BOX, DIAMOND), 1, np.int8)
    assert (found[0] == 1).all()
    assert (found[1] == alone[0]).all()


@pytest.mark.parametrize("kind", [np.int8, np.int16])
def test_an_open_outline_is_an_error(kind):
    opened = Segments(*(getattr(together(BOX, DIAMOND), key)[:-1] for key in Segments.__dataclass_fields__))
    with pytest.raises(GeometryError, match="not closed"):
        Window((0.5, 0.5), SIZE, range(1), range(8), 12).filled(opened, 1, kind)


def test_more_labels_than_seven_bits():
    cut = together(outline([(0, 0), (6, 0), (6, 4), (0, 4)], 200, OUTSIDE), outline(DIAMOND.start, 150, 200))
    window = Window((0.5, 0.5), SIZE, range(1), range(8), 12)
    wide = window.filled(cut, 200, np.int16)
    assert set(np.unique(wide)) == {150, 200}
    assert (window.filled(cut, 200, np.int8).view(np.uint8) == wide).all()
