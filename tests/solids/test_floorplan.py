"""What GEOS gives up is a clear error."""

import numpy as np
import pytest
import shapely

from geom3d.core.errors import GeometryError
from geom3d.solids.prisms.floorplan import triangulated


def test_a_polygon_that_cannot_be_triangulated_is_a_clear_error():
    crossed = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(GeometryError, match=r"outlines cannot be triangulated .* change a length slightly"):
        triangulated(np.array([crossed]))
