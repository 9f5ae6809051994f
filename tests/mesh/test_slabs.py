"""Volumes below a level, by points that are located in the exact shapes, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

import geom3d
from geom3d.mesh.slabs import volumes_below, volumes_between


def test_below_everything_and_above():
    walls = geom3d.load("pillars-coated").walls()
    assert volumes_below(walls, 0.0) == pytest.approx(np.zeros(len(walls.volumes)), abs=1e-9)
    assert volumes_below(walls, walls.size[2]) == pytest.approx(walls.volumes, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("level", [0.3, 1.0, 1.7, 2.9])
def test_volumes_of_a_web_are_shares_of_points(level):
    design = geom3d.design(
        {
            "architecture": "tpms",
            "parameters": {"period": 4.0, "height": 3.0, "solid_fraction": 0.4},
            "resolution": 0.25,
            "layers": [{"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.2}],
        }
    )
    cell, walls = design.cell(), design.walls()
    rng = np.random.default_rng(7)
    points = rng.random((60_000, 3)) * [*cell.size[:2], level]
    shares = np.bincount(cell.locate(points), minlength=len(cell.names) + 1) / len(points)
    found = volumes_below(walls, level)
    assert found / found.sum() == pytest.approx(shares, abs=0.01)
    assert found.sum() == pytest.approx(walls.footprint * level, rel=1e-9)
    assert volumes_between(walls, level, 3.0) == pytest.approx(volumes_below(walls, 3.0) - found, abs=1e-9)
