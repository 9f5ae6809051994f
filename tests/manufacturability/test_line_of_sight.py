"""How much of a film from straight above gets down a wall, by counting rays."""

from __future__ import annotations

import numpy as np
import pytest

import geom3d
from geom3d.library.processes import load_process
from geom3d.manufacturability.line_of_sight import in_hole, in_trench

RATIOS = [0.1, 0.5, 1.0, 1.95, 5.0]


def rays(count: int = 1200) -> tuple[np.ndarray, np.ndarray]:
    """Directions from a wall whose normal is x, z up, evenly in cos² of the polar angle: as a diffuse flux arrives."""
    u, v = (np.arange(count) + 0.5) / count, (np.arange(count) + 0.5) / count
    polar, around = np.meshgrid(np.arcsin(np.sqrt(u)), 2 * np.pi * v, indexing="ij")
    x, y, z = np.cos(polar), np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around)
    return np.stack([x.ravel(), y.ravel(), z.ravel()]), np.full(x.size, 1 / x.size)


@pytest.mark.parametrize("ratio", RATIOS)
def test_half_way_down_a_trench(ratio):
    """Of a trench of width 1 the equivalent aspect ratio is half its depth: a ray that rises enough before it is across."""
    (x, _, z), weights = rays()
    out = z > ratio * x  # it gains depth / 2 = ratio over a way of 1
    assert in_trench(ratio) == pytest.approx(weights[out].sum(), rel=2e-2, abs=2e-4)


@pytest.mark.parametrize("ratio", RATIOS)
def test_half_way_down_a_round_hole(ratio):
    """Of a hole of diameter 1 it is its depth: a ray meets the wall again after cos / (cos² + sin²) of the diameter."""
    (x, y, z), weights = rays()
    away = x / (x**2 + y**2)
    out = z * away > ratio / 2
    assert in_hole(ratio) == pytest.approx(weights[out].sum(), rel=2e-2, abs=2e-4)


def test_ends():
    assert in_trench(0.0) == in_hole(0.0) == 0.5  # a wall that stands free sees half of the sky
    assert in_hole(1e4) == pytest.approx(1e-12, rel=1e-6)  # as 1 / ratio³
    assert in_trench(1e4) == pytest.approx(0.25e-8, rel=1e-4)


def verdict(design) -> str:
    return design.check("sputter").verdict


def trench(depth: float):
    coat = {"name": "coat", "role": "cathode", "material": "licoo2", "thickness": 0.1}
    return geom3d.design(
        {"architecture": "trenches", "parameters": {"pitch": 8, "width": 5, "depth": depth}, "layers": [coat]}
    )


def test_what_line_of_sight_cannot_coat_is_refused():
    assert load_process("sputter")[1].max_aspect_ratio == 1
    assert verdict(trench(9.9)) == "films can be deposited"
    assert verdict(trench(10.1)).startswith("films cannot be deposited: equivalent aspect ratio")
    # An independent calculation found 0.11 of the nominal thickness as the mean over the wall; half-way down it is less.
    pillars = geom3d.load("pillars-coated")
    assert verdict(pillars).endswith(
        "(straight from above 5.5 to 6.4 % of the nominal thickness gets half-way down a wall)"
    )
    (finding,) = [f for f in pillars.check("sputter").findings if f.rule == "aspect_ratio"]
    ratio = finding.value
    depths = (np.arange(4000) + 0.5) / 4000 * 2 * ratio  # of a trench of width 1
    assert np.mean([in_trench(depth) for depth in depths]) == pytest.approx(0.11, abs=0.005)
    assert not [f for f in pillars.check("ald").findings if "straight" in f.note]
