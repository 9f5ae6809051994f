"""Formulas of users: the same as shipped sponges where they are the same function, and refused in one line where they are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geom3d
from geom3d.architectures import formula
from geom3d.architectures._expression import read
from geom3d.core.errors import InputError

GYROID = formula.Parameters.model_fields["expression"].default
P = "cos(2*pi*x/4) + cos(2*pi*y/4) + cos(2*pi*z/4)"


def made(architecture, **parameters):
    return geom3d.design({"architecture": architecture, "resolution": 0.3, "parameters": parameters})


def test_a_gyroid_as_a_formula_is_the_shipped_one():
    own = made("formula", height=5.0, level=0.2).measure()
    shipped = made("tpms", surface="gyroid", period=5.0, height=5.0, level=0.2).measure()
    for path in ("sponge.solid_fraction", "area_gain.scaffold", "thickness_equivalent_um.scaffold"):
        assert own[path] == pytest.approx(shipped[path], rel=1e-9)


def test_schwarz_p_by_solid_fraction():
    own = made("formula", expression=P, period_x=4.0, period_y=4.0, height=4.0, solid_fraction=0.4).measure()
    shipped = made("tpms", surface="schwarz_p", period=4.0, height=4.0, solid_fraction=0.4).measure()
    # The level is found on bricks of another size.
    assert own["sponge.solid_fraction"] == pytest.approx(shipped["sponge.solid_fraction"], rel=1e-4)
    assert own["area_gain.scaffold"] == pytest.approx(shipped["area_gain.scaffold"], rel=1e-4)


@pytest.mark.slow
def test_a_ball_is_a_ball():
    """One in each period, cut at its foot and its top: a spherical zone of height h has the area 2πRh and πh (R² - h²/12)."""
    x, y = (f"(5/pi*atan(tan(pi*{u}/5)))**2" for u in "xy")
    own = geom3d.design(
        {
            "architecture": "formula",
            "parameters": {"expression": f"{x} + {y} + (z - 1.5)**2", "level": 4.0, "height": 3.0},
            "resolution": 0.1,
        }
    ).measure()
    assert own["sponge.solid_fraction"] == pytest.approx(math.pi * 3 * (4 - 9 / 12) / 75, rel=2e-3)
    assert own["sponge.surface_per_volume_per_um"] == pytest.approx(2 * math.pi * 2 * 3 / 75, rel=2e-3)


@pytest.mark.slow
def test_crossing_square_bars_keep_their_edges():
    """Bars |u| < a along x, y and z, by min, max and abs: volume 12 a² p - 16 a³ of a cell, to second order, edges and all."""
    u = "abs(atan(tan(pi*({v}-2)/4)))*4/pi"
    x, y, z = (f"({u.format(v=v)})" for v in "xyz")
    bars = f"min(max({x}, {y}), max({y}, {z}), max({z}, {x}))"
    a, p = 0.7, 4.0
    report = geom3d.design(
        {
            "architecture": "formula",
            "resolution": 0.17,
            "parameters": {"expression": bars, "period_x": p, "period_y": p, "height": p, "level": a},
        }
    ).measure()
    volume = 12 * a**2 * p - 16 * a**3
    area = 24 * a * (p - 2 * a)
    assert report["sponge.solid_fraction"] == pytest.approx(volume / p**3, rel=5e-3)
    assert report["sponge.surface_per_volume_per_um"] == pytest.approx(area / p**3, rel=5e-3)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("__import__('os').system('true')", "character 1: unknown function"),
        ("9**9**9", "must have a finite value everywhere; got inf"),
        ("99999999999**99999999999", "must have a finite value everywhere; got inf"),
        ("cos(2*pi*x/5) + ", "no formula: invalid syntax, at character"),
        ("cos(2*pi*x/5) + foo", "character 17: unknown name"),
        ("cos(2*pi*x/5) + si(y)", "character 17: unknown function"),
        ("cos(2*pi*x/5).real", "only numbers"),
        ("[x for x in y]", "only numbers"),
        ("(lambda: x)()", "unknown function"),
        ("cos(2*pi*x/5, y)", "cos takes 1 arguments, not 2"),
        ("max(x)", "max takes two or more arguments"),
        ("cos(*x)", "plain arguments"),
        ("'x'", "must be a number"),
        ("True", "must be a number"),
        ("x", "period_x: the expression must repeat"),
        ("sin(2*pi*x/5) + y", "period_y: the expression must repeat"),
        ("log(cos(2*pi*x/5))", "must have a finite value everywhere; got nan"),
        ("3", "must change with x, y or z; got 3 everywhere"),
        ("3 + sin(2*pi*x/5)", "must lie between the least and the largest value"),
        ("(" * 300 + "x" + ")" * 300, "no formula"),
        ("1+" * 900 + "1", "must have at most 400 parts"),
        ("x" * 3000, "must have at most 2,000 characters"),
        ("", "no formula"),
        ("x\0", "no formula"),
    ],
)
def test_what_is_no_formula_is_said_in_one_line(expression, words):
    with pytest.raises(InputError) as caught:
        geom3d.design({"architecture": "formula", "parameters": {"expression": expression}}).cell()
    message = str(caught.value)
    assert words in message
    assert "parameters." in message
    assert len(message.splitlines()) == 1


def test_values_are_those_of_python():
    text = "max(abs(x) - 1, 2 * y**2, -z) + hypot(x, y) / exp(z) - atan2(y, x + 3) * sqrt(4 + tanh(z))"
    x, y, z = np.random.default_rng(1).uniform(-2, 2, (3, 50))
    expected = [
        max(abs(a) - 1, 2 * b**2, -c)
        + math.hypot(a, b) / math.exp(c)
        - math.atan2(b, a + 3) * math.sqrt(4 + math.tanh(c))
        for a, b, c in zip(x, y, z, strict=True)
    ]
    assert read(text, "f")(x, y, z) == pytest.approx(expected, rel=1e-12)


def test_kinks_lie_where_the_branch_changes():
    found = read("min(abs(x), y)", "f")
    one, other = np.array([[-1.0, 5.0, 0.0], [2.0, 1.0, 0.0]]), np.array([[3.0, 5.0, 0.0], [2.0, 4.0, 0.0]])
    assert (found.branches(one) != found.branches(other)).all()
    assert found.kinks(one, other) == pytest.approx([0.25, 1 / 3], abs=1e-12)


@given(st.text(st.sampled_from("xyz0123456789+-*/().,e pisncoabmxq'[]_=<>:"), max_size=60))
def test_any_text_is_a_formula_or_one_clear_line(text):
    values, message = None, ""
    try:
        values = read(text, "expression")(np.ones(3), np.ones(3), np.ones(3))
    except InputError as error:
        message = str(error)
    assert (values is None) == bool(message)
    assert len(message.splitlines()) <= 1


def test_parameters_of_a_level_and_of_a_share_exclude_each_other():
    with pytest.raises(InputError, match="give it or solid_fraction, not both"):
        formula._shape(formula.Parameters(level=0.1, solid_fraction=0.4))
    assert formula._shape(formula.Parameters())[1] == pytest.approx(5 / (2 * math.pi * math.sqrt(2)), rel=0.1)


@pytest.mark.parametrize("middle", [(2.0, 2.0), (2.05, 2.05), (2.05, 1.95)])
def test_a_square_column_keeps_its_edges(middle):
    """Where its diagonal runs along the nodes of the grid, too: distances are steeper outside of an edge than inside."""
    x, y = (f"abs(atan(tan(pi*({v}-{place})/4)))*4/pi" for v, place in zip("xy", middle, strict=True))
    column = made("formula", expression=f"max({x}, {y})", period_x=4.0, period_y=4.0, height=2.0, level=0.7)
    report = column.measure()
    assert report["sponge.surface_per_volume_per_um"] == pytest.approx(4 * 1.4 / 16, rel=1e-9)
    assert report["sponge.solid_fraction"] == pytest.approx(1.4**2 / 16, rel=1e-9)
