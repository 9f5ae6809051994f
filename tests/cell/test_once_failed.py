"""Designs that once failed: the smallest that Hypothesis found for each defect."""

from __future__ import annotations

import pytest

import geom3d
from geom3d.core.errors import InputError


def layer(name, **extent):
    return {"name": name, "role": "barrier", "material": "copper", **extent}


@pytest.mark.parametrize("name", ["planar", "grid"])
def test_bare_flat_scaffold(name):
    """Once divided by the height above the foot, which is zero."""
    assert geom3d.design({"architecture": name}).measure()["area_gain.scaffold"] == pytest.approx(1)


def test_finite_combs_never_touch_through_the_period():
    """Without a margin the bus bars met those of the next device, which made a short circuit of every such design."""
    try:
        design = geom3d.design(
            {"architecture": "interdigitated_plates", "parameters": {"fingers": 1, "margin": 0.0}},
        )
    except InputError:
        return
    assert design.measure()["short_circuit_um2"] == 0


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("pillars", {"pitch": 10, "diameter": 5}),
        ("tubes", {"lattice": "hexagonal"}),
        ("interdigitated_plates", {"fingers": 1}),
    ],
)
def test_coat_on_a_fill_that_covers_all_draws_no_buried_outlines(name, parameters):
    """A thick coat grew the posts under the fill over many periods: time and memory went with its square."""
    counts = [
        len(
            geom3d.design(
                {
                    "architecture": name,
                    "parameters": parameters,
                    "layers": [layer("fill", fill_to=1.0), layer("coat", thickness=thickness)],
                }
            )
            .walls()
            .triangles
        )
        for thickness in (0.01, 150.0)
    ]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("tolerance", "radius"), [(0.02, 6.488), (0.1, 5.205), (0.2, 10.409)])
def test_films_around_corners_nest_whatever_the_tolerance(tolerance, radius):
    """Arcs around one corner once got sides by their own radius: a chord of the outer cut into the inner film."""
    layers = [
        layer("inner", thickness=radius - 0.002),
        layer("thin", thickness=0.004),
        layer("outer", thickness=0.5),
    ]
    description = {"architecture": "interdigitated_plates", "parameters": {"fingers": 1}, "layers": layers}
    report = geom3d.design(description | {"tolerance": tolerance}).measure()
    assert "inner|outer" not in report["interfaces_um2"]
