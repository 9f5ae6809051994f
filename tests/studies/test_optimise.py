"""Optimisation: a known optimum, the same designs of the same seed, and more than chance on two objectives."""

from __future__ import annotations

import math

import pytest

import geom3d

pytest.importorskip("optuna")


@pytest.mark.slow
def test_a_known_optimum_within_one_percent(posts, tmp_path):
    """1 + π d h / (d + 3)² has its maximum where d is 3 µm."""
    found = geom3d.optimize(posts, tmp_path, trials=60, jobs=1)
    assert found.best.numbers["area_gain.scaffold"] == pytest.approx(1 + math.pi * 30 / 12, rel=0.01)
    assert found.best.chosen["parameters.diameter"] == pytest.approx(3, rel=0.2)  # it is flat there
    again = geom3d.optimize(posts, tmp_path, trials=60, jobs=1)  # all known: nothing is measured
    assert again.to_csv() == found.to_csv()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_designs_in_any_number_of_processes(posts, monkeypatch):
    one = geom3d.optimize(posts, trials=12, jobs=1, seed=5)
    assert geom3d.optimize(posts, trials=12, jobs=2, seed=5).to_csv() == one.to_csv()
    assert geom3d.optimize(posts, trials=12, jobs=1, seed=6).to_csv() != one.to_csv()


@pytest.mark.slow
def test_constraints_hold_the_best_back(posts):
    """Posts of 1.5 µm at most: the best ones are as wide as they may be."""
    bounded = {**posts, "constraints": {"smallest_feature_um": {"max": 1.5}}}
    found = geom3d.optimize(bounded, trials=60, jobs=1)
    assert 1.2 < found.best.chosen["parameters.diameter"] <= 1.5


def test_bad_input(posts, trenches):
    with pytest.raises(geom3d.InputError, match="objectives: are missing"):
        geom3d.optimize({**posts, "objectives": {}}, jobs=1)
    with pytest.raises(geom3d.InputError, match="vary: is missing"):
        geom3d.optimize({**posts, "vary": {}}, jobs=1)
    with pytest.raises(geom3d.InputError, match="none of an optimisation"):
        geom3d.optimize({**posts, "sampler": {"method": "grid"}}, jobs=1)
    with pytest.raises(geom3d.InputError, match="trials: must be at least 1"):
        geom3d.optimize(posts, trials=0, jobs=1)
