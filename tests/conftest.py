"""Shared settings of the tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
settings.register_profile("ci", max_examples=20, derandomize=True, **_CALM)
settings.register_profile("medium", max_examples=200, **_CALM)
#: `HYPOTHESIS_PROFILE=long pytest tests/test_properties.py`: the run whose figures are reported.
settings.register_profile("long", max_examples=500, **_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
