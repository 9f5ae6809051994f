"""The smallest gap of an imperfect array, found without looking at all pairs."""

from __future__ import annotations

import itertools
import math
import tracemalloc

import numpy as np
import pytest
import shapely
from shapely.affinity import translate

from geom3d.architectures import _posts, pillars
from geom3d.core.errors import InputError
from geom3d.solids.prisms.outline import Disc


def gap_of_all_pairs(shapes, size):
    """Pair by pair, through the period."""
    bare = [
        (shapely.Point(s.x, s.y), s.radius) if isinstance(s, Disc) else (shapely.Polygon(s.corners), s.distance)
        for s in shapes
    ]
    steps = list(itertools.product((-1, 0, 1), repeat=2))
    return min(
        one.distance(translate(other, i * size[0], j * size[1])) - here - there
        for (a, (one, here)), (b, (other, there)) in itertools.product(enumerate(bare), repeat=2)
        for i, j in steps
        if (a, i, j) != (b, 0, 0)
    )


@pytest.mark.parametrize("shape", ["circle", "square", "hexagon", "cross", "ellipse"])
def test_the_gap_is_that_of_the_closest_pair(shape, monkeypatch):
    found, plain = [], _posts._gap

    def both(shapes, sites, size):
        gap = plain(shapes, sites, size)
        found.append((gap, gap_of_all_pairs(shapes, size)))
        return gap

    monkeypatch.setattr(_posts, "_gap", both)
    draw = np.random.default_rng(len(shape))
    for seed in range(8):
        wide = draw.uniform(1, 8)
        keys = {"shape": shape, "pitch": 10, "diameter": wide, "periods": int(draw.choice([1, 2])), "seed": seed}
        keys |= {"jitter": draw.uniform(0, 3), "spread": draw.uniform(0, 0.3), "missing": float(draw.choice([0, 0.5]))}
        keys |= {"width": 0.6 * wide} if shape in ("cross", "ellipse") else {}
        try:
            _posts.posts_of(pillars.Parameters(**keys, lattice=str(draw.choice(["square", "hexagonal"]))))
        except InputError as error:
            assert "two neighbours meet" in str(error)  # noqa: PT017
    assert len(found) == 8
    for gap, expected in found:
        assert gap == pytest.approx(expected, abs=1e-9) or max(gap, expected) <= 0
    assert max(gap for gap, _ in found) > 0


def test_the_gap_of_thousands_takes_no_room_for_all_pairs():
    p = pillars.Parameters(pitch=10, diameter=5, periods=40, spread=0.1, seed=77)
    tracemalloc.start()
    try:
        posts = _posts.posts_of(p)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(posts.sites) == 1600
    assert 0 < posts.gap < 5
    assert peak < 30e6 < math.prod((1600, 1600, 16))
