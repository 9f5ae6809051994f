"""Colours stand in one file, tell roles apart, and leave words readable."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

import geom3d
from geom3d.core.colours import PAPER, ROLES, SIDES, colour_of, text_colour
from geom3d.core.roles import Role

PACKAGE = Path(geom3d.__file__).parent
#: The default and the pattern of a material's own colour, and what a message gives as an example of one.
OF_MATERIALS = {"library/materials/__init__.py", "core/validation.py"}


def test_no_other_file_has_colours_of_its_own():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"#[0-9a-fA-F]{6}\b", path.read_text("utf-8"))
    }
    assert found - OF_MATERIALS == {"core/colours.py"}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    shares = [byte / 255 for byte in bytes.fromhex(colour[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return sum(part * c for part, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", [*ROLES.values(), PAPER])
def test_words_are_readable_on_every_colour(colour):
    """WCAG 2 asks for a contrast of 4.5."""
    low, high = sorted([luminance(colour), luminance(text_colour(colour))])
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_every_role_has_a_colour_of_its_own():
    assert set(ROLES) == set(Role)
    for one, two in combinations([*ROLES.values(), PAPER], 2):
        assert sum(abs(a - b) for a, b in zip(bytes.fromhex(one[1:]), bytes.fromhex(two[1:]), strict=True)) > 60
    assert (colour_of("anode"), colour_of("void")) == (SIDES["anode"], PAPER)
