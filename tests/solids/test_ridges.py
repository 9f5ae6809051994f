"""Ridges of a distance: between walls, where closed forms tell them, and beside one, where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from geom3d.mesh.bvh import Nearest
from geom3d.solids.fields.ridges import with_ridges
from geom3d.solids.grid import Grid

PERIOD = (4.0, 4.0)


def walls(*places: float) -> Nearest:
    """Upright walls at places in x, through the period."""
    corners = [(x, y, z) for x in places for y, z in ((0, -9), (4, -9), (4, 9), (0, 9))]
    triangles = [(4 * k + a, 4 * k + b, 4 * k + c) for k in range(len(places)) for a, b, c in ((0, 1, 2), (0, 2, 3))]
    return Nearest(np.array(corners, dtype=float), np.array(triangles, dtype=np.int64), PERIOD)


def ridges(surface: Nearest, levels: list[float], step: float = 0.37):
    planes = np.linspace(0, 4, round(4 / step) + 1)
    grid = Grid(planes, planes, np.linspace(0, 1, 4))
    i, j, _ = grid.places(np.arange(grid.strides[2] * len(grid.z)))
    nodes = np.flatnonzero((i < len(planes) - 1) & (j < len(planes) - 1))
    steps = surface.steps(grid.points(nodes))
    return with_ridges(surface, grid, nodes, steps, np.array(levels), 0.03, 0.05)


def test_half_way_between_two_walls():
    """The walls at 1.3 and 2.9 have a ridge of 0.8 at 2.1, and through the period one of 1.2 at 0.1 = 4.1."""
    lattice, heights = ridges(walls(1.3, 2.9), [0.75, 1.15])
    x = lattice.places[:, 0]
    ridge = np.array([0.1, 2.1, 4.1])[np.abs(x[:, None] - [0.1, 2.1, 4.1]).argmin(axis=1)]
    # Aslant the nearest points move along the walls from one end of an edge to the other; two rounds find the ridge.
    assert x == pytest.approx(ridge, abs=1e-3)
    assert heights == pytest.approx(np.where(ridge == 2.1, 0.8, 1.2) - np.abs(x - ridge), abs=1e-9)
    # Every edge across the ridge has its node: four of the seven that a node has upwards, with those on the copies of planes.
    assert np.count_nonzero(ridge == 2.1) == 12 * 4 + 11 * 4 + 12 * 3 + 11 * 3


def test_a_level_that_does_not_meet_a_ridge_gets_no_nodes():
    assert not len(ridges(walls(1.3, 2.9), [0.3])[1])


def test_one_wall_has_none_beside_it():
    """Half a period away it meets itself, at 3.3 at a distance of 2."""
    assert not len(ridges(walls(1.3), [0.2, 0.5, 1.1])[1])
    lattice, heights = ridges(walls(1.3), [1.9])
    assert lattice.places[:, 0] == pytest.approx(3.3, abs=1e-3)
    assert heights == pytest.approx(2.0, abs=1e-3)
