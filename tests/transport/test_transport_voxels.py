"""Conduction on voxels against closed forms, with the observed order."""

from __future__ import annotations

import math

import numpy as np
import pytest

import geom3d
from geom3d.transport.contacts import contacts_of
from geom3d.transport.voxels import ANODE, CATHODE, MEDIUM, OTHER, VoxelMedium, flow, flow_in


def ring(step: float) -> tuple[VoxelMedium, dict]:
    """A film between cylinders of radius 1 and 2, in a box of 5."""
    count = round(5 / step)
    places = (np.arange(count) + 0.5) * 5 / count - 2.5
    radius = np.hypot(*np.meshgrid(places, places))[None]
    kinds = np.full(radius.shape, MEDIUM, dtype=np.uint8)
    kinds[radius <= 1], kinds[radius >= 2] = ANODE, CATHODE

    def to(wall):
        return lambda points: np.abs(np.hypot(points[:, 0] - 2.5, points[:, 1] - 2.5) - wall)

    return VoxelMedium(kinds, np.ones(kinds.shape), (5 / count, 5 / count, 1.0)), {ANODE: to(1), CATHODE: to(2)}


def test_coaxial_film_in_second_order():
    exact = 2 * math.pi / math.log(2)
    errors = []
    for step in (0.2, 0.1, 0.05, 0.025):
        found = flow(*ring(step))
        errors.append(abs(found.conductance / exact - 1))
        assert found.balance < 1e-8
    order = math.log2(errors[0] / errors[-1]) / 3
    assert order > 1.6
    assert errors[-1] < 1e-4


def test_stairs_are_of_first_order():
    """Without distances: what the cut at the surface is good for."""
    exact = 2 * math.pi / math.log(2)
    assert abs(flow(ring(0.05)[0]).conductance / exact - 1) > 10 * abs(flow(*ring(0.05)).conductance / exact - 1)


@pytest.mark.parametrize(
    ("share", "effective"),
    [
        *(pytest.param(*pair, marks=pytest.mark.slow) for pair in ((0.1, 0.818177), (0.3, 0.537580), (0.4, 0.425351))),
        (0.2, 0.666531),
    ],
)
def test_square_array_of_insulating_cylinders(share, effective):
    """Effective conductivity across a square array: exact series values."""
    count = 400
    places = (np.arange(count) + 0.5) / count - 0.5
    solid = np.hypot(*np.meshgrid(places, places)) <= math.sqrt(share / math.pi)
    kinds = np.where(solid, OTHER, MEDIUM).astype(np.uint8)[:, None, :]
    end = np.ones((1, 1, count), dtype=np.uint8)
    kinds = np.concatenate([ANODE * end, kinds, CATHODE * end])
    found = flow(VoxelMedium(kinds, np.ones(kinds.shape), (1 / count, 1.0, 1 / count)))
    assert found.conductance == pytest.approx(effective, rel=5e-3)


@pytest.mark.slow
def test_posts_on_a_substrate():
    """A6: posts of both signs, resistance by the series of the checkerboard."""
    parameters = {"mounting": "substrate", "pitch": 15, "anode_diameter": 10, "cathode_diameter": 10, "height": 50}
    design = geom3d.design({"architecture": "interdigitated_pillars", "parameters": parameters})
    cell = design.cell()
    found = flow_in(cell, design.walls(), contacts_of(cell), (0.4, 0.4, 5.0))
    assert 1e-4 * cell.footprint / found.conductance == pytest.approx(59.83, rel=2e-3)


def test_without_a_path_there_is_an_error():
    kinds = np.full((3, 2, 2), OTHER, dtype=np.uint8)
    kinds[0], kinds[2] = ANODE, CATHODE
    with pytest.raises(geom3d.InputError, match="no electrolyte joins the electrodes"):
        flow(VoxelMedium(kinds, np.ones(kinds.shape), (1.0, 1.0, 1.0)))
