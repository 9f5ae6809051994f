"""A surface that is cut where it has corners leaves no slivers, whose normals would be drawn as a dotted line."""

import numpy as np
import pytest

from geom3d.scene.bodies import _half


@pytest.mark.parametrize("miss", [0.0, 1e-13, -1e-13])
@pytest.mark.parametrize("above", [True, False])
def test_corners_that_miss_the_plane_by_rounding_lie_in_it(miss, above):
    x, y = (part.ravel() for part in np.meshgrid([0.0, 1.0 + miss, 2.0, 3.0], [0.0, 0.5, 1.5], indexing="ij"))
    vertices = np.column_stack([x, y, 0.3 * x + 5.0])
    corner = np.array([3 * k + j for k in range(3) for j in range(2)])
    triangles = np.concatenate(
        [np.column_stack([corner, corner + 3, corner + 4]), np.column_stack([corner, corner + 4, corner + 1])]
    )
    points, kept, source = _half((vertices, triangles, np.arange(len(triangles))), 0, 1.0, above=above)
    assert len(kept) == len(source) == (8 if above else 4)  # whole triangles, none divided
    a, b, c = (points[kept[:, k], :2] for k in range(3))
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert areas.min() == pytest.approx(0.25)
    assert areas.sum() == pytest.approx(3.0 if above else 1.5)


def test_a_quadrangle_with_a_corner_in_the_plane_is_one_triangle():
    vertices = np.array([[0.0, 0, 0], [1.0, 0, 0], [0.0, 1, 0], [-1.0, -1, 0]])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [3, 1, 0]])
    points, kept, source = _half((vertices, triangles, np.array([7, 8, 9])), 0, 0.0, above=True)
    a, b, c = (points[kept[:, k], :2] for k in range(3))
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert sorted(source.tolist()) == [7, 9]
    assert areas.min() > 0
    assert areas.sum() == pytest.approx(0.5 + 0.25)
