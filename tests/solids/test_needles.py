"""A web with a waist thinner than its grid: a film keeps its two faces apart there, and the report says what it lost."""

from __future__ import annotations

import math

import numpy as np
import pytest

import geom3d
from geom3d.architectures.spheres import Spheres
from geom3d.mesh.bvh import Nearest
from geom3d.solids.fields.field import FIELDS, Field
from geom3d.solids.fields.implicit import ImplicitBody


def test_a_film_around_a_needle_does_not_vanish():
    """Three spheres of radius 1 leave a waist of 0.006 on a grid of 0.06: between its nodes, but for nodes on split edges."""
    size, film = (2.1, 2.1), 0.02
    shift = np.random.default_rng(0).random((5, 3))[4] * 0.06
    turns = [0.3 + k * 2 * math.pi / 3 for k in range(3)]
    middles = [(1.05 + 1.006 * math.cos(a), 1.05 + 1.006 * math.sin(a)) for a in turns]
    centres = tuple(((x + shift[0]) % size[0], (y + shift[1]) % size[1], 0.25 + float(shift[2])) for x, y in middles)
    web = Field(ImplicitBody(Spheres(centres, 1.0, size, True), size, 0.0, math.inf, 0.25), -math.inf, size)
    walls = FIELDS.partition(("web", "film"), [web, web.offset(film)], (*size, 0.5), grid_step=0.06)
    inner, outer = (walls.triangles[walls.between([label], [label + 1])] for label in (0, 1))
    # Electrodes that meet in a point are a short: where only nodes on split edges lay in the web, they did.
    assert Nearest(walls.vertices, inner, size).least(walls.vertices[outer], 1.0) > 0.02 * film


@pytest.mark.slow
def test_the_least_distance_is_the_films_thickness_and_what_the_mesh_lacks_is_said():
    design = geom3d.design(
        {
            "architecture": "inverse_opal",
            "parameters": {"diameter": 1.0, "height": 1.2},
            "materials": {"scaffold": {"material": "nickel", "role": "cathode_collector"}},
            "layers": [
                {"name": "cathode", "role": "cathode", "material": "licoo2", "thickness": 0.02},
                {"name": "one", "role": "electrolyte", "material": "lipon", "thickness": 0.01},
                {"name": "two", "role": "electrolyte", "material": "lipon", "thickness": 0.02},
                {"name": "anode", "role": "anode", "material": "lithium", "fill_to": 0.5},
            ],
            "resolution": 0.045,
        }
    )
    report = design.measure()
    distance, errors = report["inter_electrode_distance_um"], report["uncertainty"]
    for side in ("anode", "cathode"):
        assert abs(distance[side]["min"] - 0.03) < 1e-12
        short = 0.03 - distance[side]["min_on_mesh"]
        assert abs(errors[f"inter_electrode_distance_um.{side}.min"] - short) < 1e-12
    assert short > 0.05 * 0.03
    (said,) = [warning for warning in report.warnings if "come as near as" in warning]
    assert "the film of 0.03 µm" in said
