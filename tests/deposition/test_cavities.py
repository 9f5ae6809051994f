"""Radiosity in holes and trenches against published tables, another program, and closed forms."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from machball.ballistic import Trench, Via, solve_constant

from geom3d.core.errors import InputError
from geom3d.deposition.cavities import Cavity, coverage, fluxes, upright

#: t / t_flat by tenths of the depth, and on the floor, of a hole of aspect ratio 10, by sticking probability.
TABLES = {
    0.01: ([0.830, 0.691, 0.583, 0.499, 0.432, 0.379, 0.340, 0.311, 0.293, 0.285], 0.288),
    0.1: ([0.556, 0.294, 0.164, 0.094, 0.055, 0.033, 0.021, 0.014, 0.010, 0.010], 0.013),
}
#: Probability, and thickness at middle and foot over that at the top, of three films on the pillars of Put 2019.
PUT = [(2.9e-3, 0.830, 70 / 90), (3.8e-3, 0.790, 40 / 55), (2.6e-3, 0.847, 48 / 60)]


def tenths(flux: np.ndarray) -> np.ndarray:
    return flux.reshape(10, -1).mean(axis=1)


@pytest.mark.parametrize("sticking", TABLES)
def test_a_hole_of_aspect_ratio_10_by_the_table(sticking):
    table, at_floor = TABLES[sticking]
    flux, floor = fluxes(upright("hole", 10.0, 0.5), sticking)
    allowed = 0.02 * np.mean(table)
    assert tenths(flux) == pytest.approx(table, abs=allowed)
    assert floor == pytest.approx(at_floor, abs=allowed)


def test_a_trench_of_the_same_equivalent_aspect_ratio_is_better_off():
    flux, _ = fluxes(upright("trench", 20.0, 0.5), 0.01)
    assert flux[-1] == pytest.approx(0.389, rel=0.005)
    assert flux[-1] > 1.3 * fluxes(upright("hole", 10.0, 0.5), 0.01)[0][-1]


@pytest.mark.parametrize("kind", ["hole", "trench"])
@pytest.mark.parametrize(("ratio", "sticking"), [(2.0, 0.1), (10.0, 0.01), (10.0, 0.1), (20.0, 0.003), (5.0, 1.0)])
def test_against_machball(kind, ratio, sticking):
    """Depth over width, view factors and a chain of chances of its own."""
    bands = 200
    feature = (Via if kind == "hole" else Trench)(ratio, bands)
    grown, _ = solve_constant(feature, sticking)
    areas = np.array([feature.areas[k] for k in feature._growthsections])
    theirs = grown * feature.entryarea / (areas * sticking)
    flux, floor = fluxes(Cavity(kind, np.linspace(0, ratio, bands + 1), np.full(bands + 1, 0.5)), sticking)
    ours = np.append(flux, floor)
    assert ours == pytest.approx(theirs, abs=0.02 * float(theirs.mean()))
    assert ours.mean() == pytest.approx(theirs.mean(), rel=2e-3)


def diffusion(depth: np.ndarray, length: float, sticking: float) -> np.ndarray:
    """The hole of diameter 1 as a diffusion with a sink, closed form."""
    inside = sticking / (1 - sticking / 2)
    k = math.sqrt(3 * inside)
    b = 0.75 * inside / k

    def f(x):
        return np.cosh(k * (length - x)) + b * np.sinh(k * (length - x))

    slope = -k * (math.sinh(k * length) + b * math.cosh(k * length))
    return inside / sticking * f(depth) / (f(0.0) - 2 / 3 * slope)


@pytest.mark.parametrize("ratio", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("sticking", [0.001, 0.01])
def test_against_diffusion_where_that_holds(ratio, sticking):
    cavity = upright("hole", ratio, 0.5)
    flux, _ = fluxes(cavity, sticking)
    guess = diffusion((cavity.depths[1:] + cavity.depths[:-1]) / 2, ratio, sticking)
    assert flux.mean() == pytest.approx(guess.mean(), rel=0.047)
    assert flux[-1] == pytest.approx(guess[-1], rel=0.05)


@pytest.mark.parametrize(("sticking", "middle", "foot"), PUT)
def test_films_on_the_pillars_of_put(sticking, middle, foot):
    """By the equivalent aspect ratio, as if between pillars there were a hole; the probability was fitted to the foot."""
    found = coverage(upright("hole", 7.33, 0.5), sticking, size=(1.0, 1.0))
    assert found.at(7.33) / found.at(0.0) == pytest.approx(foot, rel=0.02)
    assert found.at(7.33 / 2) / found.at(0.0) == pytest.approx(middle, rel=0.01)
    if sticking == 2.9e-3:
        assert found.shares.mean() / found.at(0.0) == pytest.approx(0.847, rel=0.01)


def wall_to_opening(kind: str, ratio: float) -> float:
    """View factor from an element of the wall, so far below the opening over the width, to it: closed forms of Howell's
    catalogue."""
    if kind == "hole":
        return 0.5 * ((2 * ratio**2 + 1) / math.sqrt(ratio**2 + 1) - 2 * ratio)
    return 0.5 * (1 - ratio / math.hypot(ratio, 1.0))


@pytest.mark.parametrize("kind", ["hole", "trench"])
@pytest.mark.parametrize("ratio", [0.25, 1.0, 3.0])
def test_line_of_sight_is_the_view_of_the_opening(kind, ratio):
    found = coverage(upright(kind, ratio, 0.5), 1.0, size=(2.0, 2.0))
    for share in (0.0, 0.25, 0.5, 1.0):
        assert found.at(share * ratio) == pytest.approx(wall_to_opening(kind, share * ratio), abs=1e-3)
    away = 2 * ratio
    floor = 1 / (1 + away**2) if kind == "hole" else 1 / math.hypot(1, away)  # at its middle; less beside it
    assert 0.7 * floor < found.floor[0] < floor
    assert found.top[0] == 1
    assert found.least == pytest.approx(min(wall_to_opening(kind, ratio), found.floor[0]), rel=0.03)


@pytest.mark.parametrize("kind", ["hole", "trench"])
def test_the_error_falls_with_the_square_of_the_bands(kind):
    def foot_and_mean(bands):
        depths = np.linspace(0, 5.0, bands + 1)
        flux, floor = fluxes(Cavity(kind, depths, 0.5 - 0.02 * depths), 0.05)
        return np.array([flux.mean(), floor])

    steps = [foot_and_mean(bands) for bands in (20, 40, 80, 160)]
    one, two, three = (np.abs(b - a) for a, b in pairwise(steps))
    for order in (np.log2(one / two), np.log2(two / three)):
        assert (order > 1.7).all()
        assert (order < 2.3).all()


@pytest.mark.parametrize("kind", ["hole", "trench"])
@pytest.mark.parametrize("slope", [0.0, -0.03, 0.05])
def test_what_comes_in_stays_or_leaves(kind, slope):
    """Without sticking the flux is the same everywhere, as in a gas at rest; with it, less stays than comes in."""
    depths = np.linspace(0, 8.0, 161)
    cavity = Cavity(kind, depths, 0.5 + slope * depths)
    assert cavity.is_open
    flux, floor = fluxes(cavity, 1e-6)
    assert flux == pytest.approx(np.ones(160), abs=5e-4)
    assert floor == pytest.approx(1, abs=5e-4)
    flux, floor = fluxes(cavity, 0.2)
    opening, bottom = ((math.pi * w**2, 2 * w)[kind == "trench"] for w in cavity.half_widths[[0, -1]])
    stays = 0.2 * (flux @ cavity.areas() + floor * bottom) / opening
    assert 0.2 < stays < 1


def test_a_waist_hides_what_lies_below():
    depths = np.linspace(0, 4.0, 41)
    assert Cavity("hole", depths, 1 + 0.1 * np.sin(np.pi * depths / 4)).is_open  # bowed outward
    assert not Cavity("hole", depths, 1 - 0.1 * np.sin(np.pi * depths / 4)).is_open
    assert not Cavity("hole", depths, 1 + 0.02 * np.cos(np.pi * depths)).is_open  # scallops


@pytest.mark.parametrize("sticking", [0.0, -0.1, 1.5, math.nan])
def test_what_is_no_probability_is_refused(sticking):
    with pytest.raises(InputError, match="sticking: must be a probability from 1e-06 to 1"):
        fluxes(upright("hole", 1.0, 0.5), sticking)
