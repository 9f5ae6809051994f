"""Growth of shapes and bodies, and designs that once failed: the smallest that Hypothesis found for each defect."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import geom3d
from geom3d import architectures
from geom3d.architectures._sponge import SpongeParameters
from geom3d.core.errors import InputError
from geom3d.solids.prisms.outline import Difference, Disc, Nowhere, Plane, Polygon, Strip, hexagon, rectangle
from geom3d.verification.comparison import verify

SHAPES = (
    Disc(3.0, 4.0, 2.0),
    Disc(0.0, 0.0, 0.3, symmetry_order=24),
    Strip(2.0, 3.0),
    rectangle(1.0, 2.0, 4.0, 6.0),
    hexagon(5.0, 5.0, 3.0),
    Polygon(((0.0, 0.0), (6.0, 0.0), (6.0, 2.0), (2.0, 2.0), (2.0, 6.0), (0.0, 6.0))),
    Difference(Plane(), (Disc(5.0, 5.0, 2.0), Disc(1.0, 1.0, 0.5))),
    Difference(Disc(5.0, 5.0, 3.0), (Disc(5.0, 5.0, 2.0),)),
    Plane(),
    Nowhere(),
)
SIZE = (10.0, 10.0)
PRISMATIC = [n for n in architectures.names() if not issubclass(architectures.get(n).Parameters, SpongeParameters)]
lengths = st.floats(-3, 1).map(lambda exponent: 10**exponent)


def same(one, two):
    """Whether two shapes are one, but for the rounding of their lengths."""
    if type(one) is not type(two):
        return False
    for field in fields(one):
        here, there = getattr(one, field.name), getattr(two, field.name)
        if isinstance(here, float):
            equal = math.isclose(here, there, rel_tol=1e-12, abs_tol=1e-12)
        elif isinstance(here, tuple) and field.name == "holes":
            equal = len(here) == len(there) and all(map(same, here, there))
        elif field.name == "outer":
            equal = same(here, there)
        else:
            equal = here == there
        if not equal:
            return False
    return True


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@given(a=lengths, b=lengths, sign=st.sampled_from([1, -1]))
def test_growth_of_a_shape_adds(shape, a, b, sign):
    for gone in (0.3, 0.5, 2.0, 3.0, 1.5, 1.0):  # at these the shape, or a hole, is just about to vanish
        assume(not math.isclose(a + b, gone, rel_tol=1e-9))
    assert same(shape.offset(sign * a).offset(sign * b), shape.offset(sign * (a + b)))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@given(a=lengths, b=lengths, seed=st.integers(0, 2**32 - 1))
def test_a_grown_shape_contains_the_shape(shape, a, b, seed):
    points = np.random.default_rng(seed).random((200, 2)) * SIZE
    small, middle, large = (s.contains(points, SIZE) for s in (shape, shape.offset(a), shape.offset(a + b)))
    assert not (small & ~middle).any()
    assert not (middle & ~large).any()


@pytest.mark.parametrize("name", PRISMATIC)
@given(a=lengths, b=lengths, before=st.just(0.0) | lengths)
def test_growth_of_a_body_adds(name, a, b, before):
    architecture = architectures.get(name)
    base = architecture.build(architecture.Parameters()).film_base
    if before == 0:
        assert base.offset(a).offset(b) == base.offset(a + b)
    one, two = base.offset(before).offset(a).offset(b), base.offset(before).offset(a + b)
    assert [prism.interval for prism in one.prisms] == [pytest.approx(prism.interval) for prism in two.prisms]
    assert [prism.growth for prism in one.prisms] == [pytest.approx(prism.growth) for prism in two.prisms]
    assert [prism.shape for prism in one.prisms] == [prism.shape for prism in two.prisms]


def layer(name, **extent):
    return {"name": name, "role": "barrier", "material": "copper", **extent}


@pytest.mark.parametrize("name", ["planar", "grid"])
def test_bare_flat_scaffold(name):
    """Once divided by the height above the foot, which is zero."""
    assert geom3d.design({"architecture": name}).measure()["area_gain.scaffold"] == pytest.approx(1)


@pytest.mark.parametrize("name", ["pillars", "tubes", "pores", "trenches", "honeycomb"])
def test_fill_up_to_the_very_top(name):
    """The closed form once took the scaffold's bare tops for surface of the fill."""
    design = geom3d.design({"architecture": name, "layers": [layer("fill", fill_to=0.0)]})
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


@pytest.mark.parametrize("name", ["interdigitated_pillars", "interdigitated_plates"])
def test_closed_form_where_a_layer_is_an_electrode(name):
    """It faces the cell's own electrolyte, which the closed form of the bare cell knows nothing of."""
    electrode = {"name": "more", "role": "anode", "material": "germanium", "thickness": 1.0}
    mounting = {"mounting": "substrate"} if name == "interdigitated_pillars" else {}
    design = geom3d.design({"architecture": name, "parameters": mounting, "layers": [electrode]})
    assert all(number.agrees for number in verify(design))
