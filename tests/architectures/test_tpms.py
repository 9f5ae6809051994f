"""Nodal surfaces that came later, against their areas by another way."""

from __future__ import annotations

import numpy as np
import pytest

import geom3d

#: Their functions, written once more: in phases of one period.
FUNCTIONS = {
    "i_wp": lambda x, y, z: (
        2 * (np.cos(x) * np.cos(y) + np.cos(y) * np.cos(z) + np.cos(z) * np.cos(x))
        - (np.cos(2 * x) + np.cos(2 * y) + np.cos(2 * z))
    ),
    "neovius": lambda x, y, z: 3 * (np.cos(x) + np.cos(y) + np.cos(z)) + 4 * np.cos(x) * np.cos(y) * np.cos(z),
}


def area_by_needles(function) -> float:
    """Area per period squared by Crofton's formula: lines of random direction meet a surface S/(2V) times per length.

    A second program's way: no triangle, no slope, only changes of sign along lines.
    """
    random = np.random.default_rng(0)
    lines, points = 60_000, 96
    start = random.random((lines, 3)) * 2 * np.pi
    way = random.standard_normal((lines, 3))
    way /= np.linalg.norm(way, axis=1)[:, None]
    along = np.linspace(0.0, 2 * np.pi, points)
    x, y, z = (start[:, k, None] + way[:, k, None] * along for k in range(3))
    met = np.count_nonzero(np.diff(function(x, y, z) > 0, axis=1))
    return 2 * met / lines


@pytest.mark.slow
@pytest.mark.parametrize("surface", FUNCTIONS)
def test_areas_of_i_wp_and_neovius(surface):
    parameters = {"surface": surface, "level": 0.0, "period": 4.0, "height": 4.0}
    design = geom3d.design({"architecture": "tpms", "parameters": parameters, "resolution": 0.1})
    found = design.measure_only(["sponge.surface_per_volume_per_um"])["sponge.surface_per_volume_per_um"] * 4.0
    assert found == pytest.approx(area_by_needles(FUNCTIONS[surface]), rel=0.01)
