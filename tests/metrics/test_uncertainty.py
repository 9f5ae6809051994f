"""What is stated beside sampled numbers: none far below its kind, what is left over no better than the rest."""

from __future__ import annotations

import math
import tomllib

import numpy as np
import pytest

import geom3d
from geom3d.metrics import Sample
from geom3d.metrics._uncertainty import of_grid
from geom3d.transport.distance import _noise

#: A fill that agreed by accident on two grids: published by users as 1.79643 ± 0.00042, by random points 1.79884 ± 0.0002.
OPAL = """
title = "t"
architecture = "inverse_opal"
[parameters]
diameter = 0.8
overlap = 0.12
height = 2.5
backing = 0.3
[materials]
backing = { material = "gold", role = "cathode_collector" }
scaffold = { material = "nickel", role = "cathode_collector" }
[[layers]]
name = "cat"
role = "cathode"
material = "mno2"
thickness = 0.04
[[layers]]
name = "el"
role = "electrolyte"
material = "lipon"
thickness = 0.05
[[layers]]
name = "an"
role = "anode"
material = "lithium"
fill_to = 0.4
"""


def opal() -> Sample:
    cell = geom3d.design(tomllib.loads(OPAL)).cell()
    return Sample(cell, None)  # type: ignore[arg-type]  # no walls are needed to tell what follows from what


def test_a_fill_that_agrees_by_accident():
    """Its own change is nought; that of the rest, of which it is the remainder, is not."""
    start = "thickness_equivalent_um"
    values = {f"{start}.backing": 0.3, f"{start}.scaffold": 0.4, f"{start}.cat": 0.2, f"{start}.el": 0.2}
    values |= {f"{start}.an": 1.79643, f"{start}.void": 0.2, "capacity_uAh_cm2.anode": 300.0}
    coarse = values | {f"{start}.scaffold": 0.4012, f"{start}.cat": 0.1984, f"{start}.an": 1.79643 + 1e-7}
    found = of_grid(values, coarse, {}, opal())
    rest = math.hypot(0.0012, 0.0016)
    assert found[f"{start}.an"] == pytest.approx(rest, rel=1e-3)
    assert found[f"{start}.an"] > abs(1.79643 - 1.79884) * 0.8
    assert found[f"{start}.backing"] == 0  # what no grid changes is exact
    lithium = 206.2  # µAh/cm² of 1 µm: 3862 mAh/g × 0.534 g/cm³ / 10
    assert found["capacity_uAh_cm2.anode"] == pytest.approx(rest * lithium, rel=0.01)


def test_areas_of_one_cell_are_alike():
    values = {"area_gain.scaffold": 4.0, "area_gain.anode": 3.0, "area_gain.cathode": 2.0}
    coarse = {"area_gain.scaffold": 4.04, "area_gain.anode": 3.03, "area_gain.cathode": 2.0 + 1e-6}
    found = of_grid(values, coarse, {}, opal())
    assert found["area_gain.scaffold"] == pytest.approx(0.04)
    assert found["area_gain.cathode"] == pytest.approx(0.5 * 2.0 * math.sqrt(2e-4 / 3), rel=0.01)


def test_sampling_noise_covers_what_points_miss():
    """Of 300 draws of 2000 points, figures' errors of more than twice their noise against the exact ones of known distributions."""
    rng = np.random.default_rng(8)
    for draw, exact in (
        (rng.random, {"p05": 0.05, "p50": 0.5, "p95": 0.95}),
        (lambda n: np.sqrt(rng.random(n)), {"p05": 0.05**0.5, "p50": 0.5**0.5, "p95": 0.95**0.5}),
    ):
        beyond = dict.fromkeys(exact, 0)
        for _ in range(300):
            found = np.sort(draw(2000))
            noise = _noise(found, 0.0)
            parts = {"p05": 5, "p50": 50, "p95": 95}
            for part, right in exact.items():
                beyond[part] += abs(np.percentile(found, parts[part]) - right) > 2 * noise[part]
        assert max(beyond.values()) <= 0.12 * 300, beyond
