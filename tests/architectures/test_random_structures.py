"""Random files of a user's own, broken ones among them: a structure or one clear error. The benchmark runs 200 of each kind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import random_structures

#: Webs that are found by sampling take their time: some of them stand for all.
SOME = {"fibres": 2, "formula": 6, "struts": 3, "surface": 10}


@pytest.mark.parametrize("kind", random_structures.KINDS)
def test_random_files_are_built_or_refused(kind):
    found = {random_structures.outcome(kind, seed, measure=False) for seed in range(SOME.get(kind, 25))}
    assert {came for _, came in found} <= {"built", "refused"}
