"""Growth of shapes and bodies of prisms: what grows twice grows by the sum, and holds what it was."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geom3d import architectures
from geom3d.architectures._sponge import WebParameters
from geom3d.solids.prisms.outline import Difference, Disc, Nowhere, Plane, Polygon, Strip, hexagon, rectangle

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
PRISMATIC = [n for n in architectures.names() if not issubclass(architectures.get(n).Parameters, WebParameters)]
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
