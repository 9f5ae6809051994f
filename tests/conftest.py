"""Shared settings of the tests."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings

from geom3d.solids.prisms.outline import repeated
from geom3d.solids.prisms.prism import Prisms

_CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
settings.register_profile("ci", max_examples=20, derandomize=True, **_CALM)
#: Of distributions that are tested on the way.
settings.register_profile("few", max_examples=4, derandomize=True, **_CALM)
settings.register_profile("medium", max_examples=200, **_CALM)
#: `HYPOTHESIS_PROFILE=long pytest tests/test_properties.py`: the run whose figures are reported.
settings.register_profile("long", max_examples=500, **_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def _array(cell, repeat):
    """A cell of prisms that holds several periods of another: a way of its own to what copies of its walls show."""
    x, y, z = cell.size
    size = (repeat[0] * x, repeat[1] * y)
    shifts = [(i * x, j * y) for i in range(repeat[0]) for j in range(repeat[1])]
    regions = []
    for region in cell.regions:
        prisms = [replace(p, shape=shape) for p in region.solid.prisms for shape in repeated(p.shape, shifts)]
        regions.append(replace(region, solid=Prisms(tuple(prisms), size)))
    return replace(cell, size=(*size, z), regions=tuple(regions))


@pytest.fixture(scope="session")
def array():
    return _array
