"""Closed forms beside the mesh: two ways to one number, for designs where once they were not."""

from __future__ import annotations

import pytest

import geom3d
from geom3d.verification.closed_form import closed_form
from geom3d.verification.comparison import verify


def test_closed_form_is_not_the_mesh():
    """The closed form of A2 carries no chord error: the two ways are two."""
    posts = {"pitch": 10, "diameter": 5, "height": 50}
    design = geom3d.design({"architecture": "pillars", "parameters": posts})
    assert closed_form(design.cell())["area_gain.scaffold"] == pytest.approx(8.853981633974483, rel=1e-14)
    assert design.measure()["area_gain.scaffold"] > 8.8539817


@pytest.mark.parametrize("name", ["pillars", "tubes", "pores", "trenches", "honeycomb"])
def test_fill_up_to_the_very_top(name):
    """The closed form once took the scaffold's bare tops for surface of the fill."""
    fill = {"name": "fill", "role": "barrier", "material": "copper", "fill_to": 0.0}
    design = geom3d.design({"architecture": name, "layers": [fill]})
    assert all(number.agrees for number in verify(design))


@pytest.mark.parametrize("name", ["interdigitated_pillars", "interdigitated_plates"])
@pytest.mark.parametrize(
    ("region", "role", "material"),
    [("anode", "barrier", "copper"), ("electrolyte", "barrier", "copper"), ("cathode", "anode", "germanium")],
)
def test_closed_form_where_regions_have_unusual_roles(name, region, role, material):
    """The closed form once went by names where the measurement goes by roles."""
    design = geom3d.design({"architecture": name, "materials": {region: {"role": role, "material": material}}})
    assert all(number.agrees for number in verify(design))


@pytest.mark.parametrize("name", ["interdigitated_pillars", "interdigitated_plates"])
def test_closed_form_where_a_layer_is_an_electrode(name):
    """It faces the cell's own electrolyte, which the closed form of the bare cell knows nothing of."""
    electrode = {"name": "more", "role": "anode", "material": "germanium", "thickness": 1.0}
    mounting = {"mounting": "substrate"} if name == "interdigitated_pillars" else {}
    design = geom3d.design({"architecture": name, "parameters": mounting, "layers": [electrode]})
    assert all(number.agrees for number in verify(design))
