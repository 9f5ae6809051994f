"""Random profiles and stacks: a checked cell whose files are watertight, or one clear error."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), [("trenches", 1), ("pores", 2), ("interdigitated_plates", 3), ("grid", 0)])
def test_random_profiles_give_a_cell_or_a_clear_error(name, seed, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    assert importlib.import_module("random_profiles").trial(name, seed) in ("cell", "error")
