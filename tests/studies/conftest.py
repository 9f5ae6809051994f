"""Studies of prisms, as small as they can be while they can still fail."""

from __future__ import annotations

import pytest


@pytest.fixture
def trenches():
    """Thirty designs of trenches, ten of which cannot be built: films close the narrowest, and the widest meet."""
    return {
        "title": "trenches",
        "template": "trenches-notten-2007",
        "vary": {
            "parameters": {
                "width": {"from": 3.5, "to": 9, "steps": 6},
                "depth": {"from": "10 µm", "to": 100, "steps": 5, "scale": "log"},
            }
        },
        "objectives": {"energy_mWh_cm2": "maximise", "equivalent_aspect_ratio": "minimise"},
        "constraints": {"area_gain.anode": {"max": 20}},
    }


@pytest.fixture
def posts():
    """Posts with a gap of 3 µm between them: the area gain 1 + π d h / (d + 3)² is largest where d is 3 µm."""
    return {
        "title": "posts",
        "template": "pillars-coated",
        "set": {"layers": [], "parameters.height": 30, "parameters.lattice": "square"},
        "vary": {"parameters.diameter": {"from": 0.5, "to": 20}},
        "derive": {"parameters.pitch": "parameters.diameter + 3"},
        "objectives": {"area_gain.scaffold": "maximise"},
    }
