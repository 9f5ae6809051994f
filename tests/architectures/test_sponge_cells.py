"""Sponges' cells whose answer is known: a post in both families, a ball afloat, two bodies as one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geom3d.architectures._structure import StructureFacts
from geom3d.architectures.spheres import Spheres
from geom3d.cell.cell import Cell, Region
from geom3d.cell.islands import without_islands
from geom3d.core.errors import InputError
from geom3d.core.roles import Role
from geom3d.library.materials import find
from geom3d.solids.fields.field import FIELDS, Field
from geom3d.solids.fields.implicit import ImplicitBody, Union
from geom3d.solids.prisms.outline import Disc
from geom3d.solids.prisms.prism import PRISMS, Prism, Prisms


class Pillar:
    """The distance to a round post, smooth and periodic."""

    def __init__(self, radius, pitch):
        self.radius, self.pitch = radius, pitch

    def on_grid(self, x, y, z):
        plane = np.hypot(*(u % self.pitch - self.pitch / 2 for u in (x[None, :], y[:, None]))) - self.radius
        return np.broadcast_to(plane, (len(z), len(y), len(x)))

    def at(self, points):
        return np.hypot(*(points[:, :2] % self.pitch - self.pitch / 2).T) - self.radius

    def branches(self, points):
        return None

    def kinks(self, one, other):
        raise AssertionError


@pytest.mark.slow
def test_one_cell_as_prism_and_as_field():
    """A post through the whole height with two coats: no rims, so both families describe the same body."""
    pitch, radius, height, coats = 10.0, 2.5, 6.0, (0.0, 0.4, 1.0)
    names = ("post", "inner", "outer")
    prism = Prisms((Prism(Disc(5.0, 5.0, radius), -math.inf, math.inf),), (pitch, pitch))
    exact = PRISMS.partition(names, [prism.offset(t) for t in coats], (pitch, pitch, height)).check()
    web = ImplicitBody(Pillar(radius, pitch), (pitch, pitch), 0.0, math.inf, radius)
    field = Field(web, -math.inf, (pitch, pitch))
    errors = []
    for step in (0.25, 0.125):
        walls = FIELDS.partition(
            names, [field.offset(t) for t in coats], (pitch, pitch, height), grid_step=step
        ).check()
        assert walls.volumes == pytest.approx(exact.volumes, rel=1.6e-2 * (step / 0.25) ** 2)
        assert walls.interfaces() == pytest.approx(exact.interfaces(), rel=1e-2 * (step / 0.25) ** 2)
        errors.append(walls.volumes / exact.volumes - 1)
    assert np.abs(errors[1]).max() < 0.4 * np.abs(errors[0]).max()


def islands_cell() -> Cell:
    """A slab of electrode with one ball of it afloat in the electrolyte, all of it inside a thin coat."""
    size = (4.0, 4.0)
    balls = Spheres(((2.0, 2.0, 3.0), (2.0, 2.0, -0.2)), 0.6, size, pores=False)
    web = ImplicitBody(balls, size, 0.5, 5.0, 0.2)
    field = Field(web, 0.5, size)
    lico, lipon = find("licoo2"), find("lipon")
    regions = (
        Region("collector", Role.CATHODE_COLLECTOR, find("platinum"), Field(None, 0.3, size)),
        Region("scaffold", Role.CATHODE, lico, field),
        Region("film", Role.ELECTROLYTE, lipon, field.offset(0.03)),
    )
    facts = StructureFacts(base_z=0.5, top=5.0, scaffold=("scaffold",), web=web)
    return Cell((*size, 5.0), regions, facts, grid_step=0.1)


def test_islands_are_found_and_dropped():
    cell = islands_cell()
    solids = [region.solid for region in cell.regions]
    with pytest.raises(InputError, match="the web is not connected"):
        cell.walls()
    division = FIELDS.partition(
        cell.names, [Field(None, 0.3, (4.0, 4.0)), *(_endless(s) for s in solids[1:])], cell.size, grid_step=0.1
    )
    walls = division.check()
    ball = 4 / 3 * math.pi * 0.6**3
    pieces = walls.components.volumes[walls.components.labels == 1]
    assert np.abs(pieces / ball - 1).min() < 0.05
    left, _, notes = without_islands(cell, walls)
    assert [note.split(" were")[0] for note in notes] == ["islands of scaffold", "islands of film"]
    assert walls.volumes[1] - left.volumes[1] == pytest.approx(ball, rel=0.05)
    # The film around the ball is thinner than a third of a step, and yet found to be one piece of its own.
    film = 4 / 3 * math.pi * (0.63**3 - 0.6**3)
    assert walls.volumes[2] - left.volumes[2] == pytest.approx(film, rel=0.1)
    left.check()
    assert left.volumes.sum() == pytest.approx(walls.volumes.sum(), rel=1e-12)


def _endless(solid: Field) -> Field:
    web = ImplicitBody(solid.core.shape, solid.size, 0.5, math.inf, 0.2)
    return Field(web, solid.base, solid.size, solid.growth)


def test_union_of_two_webs_is_that_of_all_spheres():
    size, centres = (4.0, 4.0), ((1.5, 2.0, 2.0), (2.4, 2.0, 2.2))
    both = Spheres(centres, 0.7, size, pores=False)
    one, two = (
        Field(ImplicitBody(Spheres((c,), 0.7, size, False), size, 0.0, math.inf, 0.2), -math.inf, size) for c in centres
    )
    union = one | two
    assert isinstance(union.core.shape, Union)
    walls = FIELDS.partition(("web",), [union], (*size, 4.0), grid_step=0.1).check()
    expected = FIELDS.partition(
        ("web",), [Field(ImplicitBody(both, size, 0.0, math.inf, 0.2), -math.inf, size)], (*size, 4.0), grid_step=0.1
    )
    assert walls.volumes == pytest.approx(expected.volumes, rel=1e-3)
    assert walls.interfaces()[0, 1] == pytest.approx(expected.interfaces()[0, 1], rel=2e-3)
    with pytest.raises(ValueError, match="share one core"):
        FIELDS.partition(("one", "two"), [one, two], (*size, 4.0), grid_step=0.1)
    with pytest.raises(ValueError, match="only before growth"):
        one.offset(0.1) | two
