"""The flat thin-film cell: the reference for every gain."""

from __future__ import annotations

from geom3d.architectures import PlateParameters, scaffold_structure
from geom3d.architectures._structure import Profile, Structure

#: Edge of the square unit cell, µm; no metric depends on it.
EDGE = 10.0


class Parameters(PlateParameters):
    """Parameters of the flat cell."""


def build(parameters: Parameters) -> Structure:
    """A plate."""
    return scaffold_structure(parameters, (EDGE, EDGE), 0.0, ())


def closed_form(parameters: Parameters) -> Profile:
    """A flat surface."""
    return Profile(EDGE**2, parameters.base_z, 0.0, lambda _: 0.0, lambda _: 0.0)
