"""Lengths as people write them: the short way to a factor and the library of units say the same."""

from __future__ import annotations

import subprocess
import sys

import pint
import pytest

from geom3d.core.quantities import USUAL, parse_length

REGISTRY = pint.UnitRegistry()


@pytest.mark.parametrize(("unit", "word"), [(unit, word) for unit, known in USUAL.items() for word in known])
@pytest.mark.parametrize("number", ["1", "0.37", "349.486", "7e-3"])
def test_usual_units_are_those_of_the_library_to_the_last_bit(unit, word, number):
    told = REGISTRY.Quantity(float(number), word).to(unit).magnitude
    try:
        assert parse_length(f"{number} {word}") == told
    except ValueError:
        assert not 1e-4 <= told <= 1e5  # shorter or longer than any that is taken


def test_other_units_are_converted_too():
    assert parse_length("1 inch") == pytest.approx(25400.0)
    assert parse_length("20 angstrom") == pytest.approx(0.002)
    with pytest.raises(ValueError, match="cannot be converted"):
        parse_length("2 kg")


def test_the_library_of_units_is_left_alone_where_nobody_needs_it():
    asked = "import sys; from geom3d.core.quantities import parse_length; parse_length('25 nm'); print('pint' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
