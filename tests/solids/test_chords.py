"""Chords in the place of arcs: the exact circle lies within what is stated of areas, sections and distances."""

from __future__ import annotations

import math

import numpy as np
import pytest

import geom3d
from geom3d.solids.prisms.chords import chords_of
from geom3d.solids.prisms.outline import Disc, Polygon
from geom3d.solids.prisms.prism import Prism, Prisms


def pillars(**more):
    film = {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.5}
    rest = {"name": "rest", "role": "cathode", "material": "licoo2", "fill_to": 1.0}
    return geom3d.design(
        {
            "architecture": "pillars",
            "parameters": {"pitch": 10.0, "diameter": 5.0, "height": 50.0},
            "materials": {"scaffold": {"material": "lto", "role": "anode"}},
            "layers": [film, rest],
            **more,
        }
    )


@pytest.mark.parametrize("tolerance", [None, 0.02])
def test_areas_of_round_pillars(tolerance):
    report = pillars(**({} if tolerance is None else {"tolerance": tolerance})).measure()
    errors = report["uncertainty"]
    for path, exact in (
        ("area_gain.scaffold", 1 + math.pi * 5 * 50 / 100),
        ("area_gain.side_walls", math.pi * 5 * 50 / 100),
        ("area_gain.anode_side_walls", math.pi * 5 * 50 / 100),
        ("area_gain.by_layer.film", 1 + math.pi * 6 * 50 / 100),
        ("interfaces_um2.film|rest", 100 + math.pi * 6 * 50),
    ):
        off = abs(report[path] - exact)
        assert 0.2 * errors[path] < off <= errors[path], path
    # Polygons have their circles' areas: nothing is uncertain of a volume.
    assert report["thickness_equivalent_um.film"] == pytest.approx(
        (100 * 0.5 + math.pi * (3**2 - 2.5**2) * 50) / 100, rel=1e-6
    )
    assert "thickness_equivalent_um.film" not in errors


def test_least_distance_of_round_pillars_is_the_film():
    report = pillars().measure()
    for side in ("anode", "cathode"):
        path = f"inter_electrode_distance_um.{side}"
        assert report[f"{path}.min"] == 0.5
        short = 0.5 - report[f"{path}.min_on_mesh"]
        assert 0 < short == pytest.approx(report["uncertainty"][f"{path}.min"])
        # At the rim the films' corner is √2 away.
        assert abs(report[f"{path}.max"] - math.sqrt(0.5)) <= report["uncertainty"][f"{path}.max"]


@pytest.mark.slow
def test_ratios_to_the_least_distance_are_no_better_known_than_it_is():
    report = pillars().measure(transport=True)
    least = "inter_electrode_distance_um.anode.min"
    for path in ("transport.to_planar", "transport.to_least_distance"):
        assert report["uncertainty"][path] / report[path] >= report["uncertainty"][least] / report[least] > 0


def test_straight_walls_have_no_chords():
    film = {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.2}
    design = geom3d.design(
        {"architecture": "trenches", "parameters": {}, "layers": [film]},
    )
    assert design.measure()["uncertainty"] is None


@pytest.mark.parametrize("shape", [Disc(5, 5, 2.0), Polygon(((4, 4), (6, 4), (6, 6), (4, 6)), 1.5)])
@pytest.mark.parametrize("tolerance", [None, 0.03])
def test_bounds_hold_for_what_is_drawn(shape, tolerance):
    """Length, distance and area of the outline that the partition shows against the exact curve."""
    solid = Prisms((Prism(shape, -math.inf, math.inf),), (10.0, 10.0))
    chords = chords_of([solid], tolerance)
    walls = solid.family.partition(("one",), [solid], (10.0, 10.0, 1.0), chord_tolerance=tolerance)
    length = float(walls.areas[walls.between([0], [1])].sum())
    exact = 2 * math.pi * 2 if isinstance(shape, Disc) else 8 + 2 * math.pi * 1.5
    area = math.pi * 4 if isinstance(shape, Disc) else 4 + 8 * 1.5 + math.pi * 1.5**2
    assert 0 < abs(length / exact - 1) <= chords.length
    assert abs(float(walls.volumes[0]) - area) <= chords.sections[0] + 1e-4 * area * isinstance(shape, Disc)
    corners = walls.vertices[walls.triangles[walls.between([0], [1])]]
    spots = np.concatenate([corners.reshape(-1, 3), corners.mean(axis=1)])[:, :2] - 5
    # From the disc's centre, or from the square that the rounded corners go around.
    inner, radius = (0.0, 2.0) if isinstance(shape, Disc) else (1.0, 1.5)
    away = np.hypot(*np.maximum(np.abs(spots) - inner, 0).T) - radius
    assert np.abs(away).max() <= chords.sagitta + 1e-6
