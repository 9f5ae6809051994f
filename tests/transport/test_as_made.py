"""Ionic conduction through films of uneven thickness on tilted walls, by tetrahedra and by voxels."""

from __future__ import annotations

import pytest

import geom3d
from geom3d.transport.contacts import contacts_of
from geom3d.transport.voxels import flow_in

PARAMETERS = {"pitch": 4, "width": 2.6, "depth": 4}


def trench(profile, electrolyte):
    films = [
        ("anode", "anode", "silicon", 0.1),
        ("electrolyte", "electrolyte", "lipon", electrolyte),
        ("cathode", "cathode", "licoo2", 0.2),
    ]
    description = {
        "architecture": "trenches",
        "parameters": PARAMETERS,
        "layers": [
            {"name": name, "role": role, "material": material, "thickness": thickness}
            for name, role, material, thickness in films
        ],
    }
    return geom3d.design(description | ({"profile": profile} if profile else {}))


@pytest.mark.slow
def test_tetrahedra_and_voxels_agree_and_the_ideal_trench_conducts_better_and_more_evenly():
    made = trench({"sidewall_angle": 86}, {"top": 0.3, "middle": 0.33, "bottom": 0.38})
    ideal = made.ideal()
    report, best = made.measure(transport=True), ideal.measure(transport=True)
    resistance = report["ionic_resistance_ohm_cm2"]
    cell = made.cell()
    found = flow_in(cell, made.walls(), contacts_of(cell), (0.02, 4.0, 0.02))
    assert 1e-4 * cell.footprint / found.conductance == pytest.approx(resistance, rel=1e-2)
    assert resistance > 1.02 * best["ionic_resistance_ohm_cm2"]
    there, here = (found["transport.current.anode"] for found in (report, best))
    assert there["area_share_of_half"] < 0.97 * here["area_share_of_half"]
    assert there["p95_over_mean"] > 1.05 * here["p95_over_mean"]
