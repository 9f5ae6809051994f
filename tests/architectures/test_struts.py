"""Strut lattices and fibres against formulas of crossing cylinders, and against distances found the long way."""

from __future__ import annotations

import math

import numpy as np
import pytest

import geom3d
from geom3d.architectures import fibres, struts
from geom3d.architectures._rods import Rods
from geom3d.architectures._sponge import planes
from geom3d.core.errors import InputError


def bare(**parameters):
    return geom3d.design({"architecture": "struts", "parameters": parameters})


def brute(rods: Rods, points: np.ndarray) -> np.ndarray:
    """The distance to all copies of all axes that are near, one after the other."""
    best = np.full(len(points), np.inf)
    ways = [range(-3, 4), range(-3, 4), range(-2, 4) if rods.layer else (0,)]
    for shift in np.stack(np.meshgrid(*ways), -1).reshape(-1, 3) * [*rods.size, rods.layer]:
        for start, end in np.array(rods.axes):
            along = end - start
            share = np.clip((points - start - shift) @ along / (along @ along), 0, 1)
            best = np.minimum(best, np.linalg.norm(points - start - shift - share[:, None] * along, axis=1))
    return best - rods.radius


@pytest.mark.parametrize("thin", [0.05, 0.283614])
def test_simple_cubic_by_formula(thin):
    """Three crossing cylinders: 3πr² - 8√2 r³ of volume, its derivative of area (reference: 0.0221477, 0.857625; 0.5, 2.61588)."""
    expected = {0.05: (0.0221477, 0.857625), 0.283614: (0.5, 2.61588)}[thin]
    p = struts.Parameters(lattice="simple_cubic", period=1.0, diameter=2 * thin, height=1.0)
    found = struts.closed_form(p).metrics
    assert found["sponge.solid_fraction"] == pytest.approx(expected[0], rel=1e-5)
    assert found["sponge.surface_per_volume_per_um"] == pytest.approx(expected[1], rel=1e-5)
    # Points on rods and balls, which know nothing of the formula.
    rods, _ = struts._rods(p)
    assert rods.area(p.base_z, p.base_z + 1) == pytest.approx(expected[1], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("thin", "expected"), [(0.1, (3 * math.pi * 0.01 - 8 * math.sqrt(2) * 0.001)), (0.283614, 0.5)]
)
def test_the_mesh_of_a_simple_cubic_lattice(thin, expected):
    report = bare(lattice="simple_cubic", period=1.0, diameter=2 * thin, height=1.0).measure()
    assert report["sponge.solid_fraction"] == pytest.approx(expected, rel=5e-3)
    area = 6 * math.pi * thin - 24 * math.sqrt(2) * thin**2
    assert report["sponge.surface_per_volume_per_um"] == pytest.approx(area, rel=5e-3)


@pytest.mark.parametrize("lattice", struts.LATTICES)
def test_the_nearest_axis_is_found(lattice):
    rods, _ = struts._rods(struts.Parameters(lattice=lattice, period=4.0, solid_fraction=0.2, height=6.0))
    points = np.random.default_rng(1).uniform(-5, 12, (300, 3))
    assert rods.at(points) == pytest.approx(brute(rods, points), abs=1e-12)


def test_lengths_of_axes_per_cell():
    """Edges 3a, half diagonals 8 × √3/2 a, face diagonals 6 × √2 a, of the octet twice as many, bonds 16 × √3/4 a."""
    expected = {"simple_cubic": 3, "body_centred": 4 * math.sqrt(3), "face_centred": 6 * math.sqrt(2)}
    expected |= {"octet": 12 * math.sqrt(2), "diamond": 4 * math.sqrt(3)}
    for lattice in struts.LATTICES:
        axes = np.array(struts._axes(lattice, 1.0, 0.0))
        assert np.linalg.norm(axes[:, 1] - axes[:, 0], axis=1).sum() == pytest.approx(expected[lattice])


def test_thin_struts_fill_as_much_as_their_cylinders():
    for lattice in struts.LATTICES:
        axes = np.array(struts._axes(lattice, 1.0, 0.0))
        length = np.linalg.norm(axes[:, 1] - axes[:, 0], axis=1).sum()
        radius = struts._rods(struts.Parameters(lattice=lattice, period=1.0, height=1.0, solid_fraction=0.02))[0].radius
        # Crossings are counted more than once, by less than a quarter of so thin struts.
        assert 0.75 * math.pi * radius**2 * length < 0.02 < math.pi * radius**2 * length


@pytest.mark.slow
@pytest.mark.parametrize("orientation", ["isotropic", "in_plane"])
def test_as_many_fibres_as_come_nearest_to_the_share(orientation):
    """Shares of points within the rods' distance, fibre by fibre; whole ones miss by half of the last one at the most."""
    p = fibres.Parameters(diameter=1.0, length=9.0, periods=5, height=3.0, orientation=orientation, seed=11)
    axes, slack = fibres._axes(p, 5.0)
    x, y, z = np.meshgrid(*planes((5.0, 5.0), p.base_z, p.height, p.diameter), indexing="ij")
    points = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    shares = [float((Rods(axes[:n], 0.5, (5.0, 5.0)).at(points) <= 0).mean()) for n in range(1, len(axes) + 1)]
    assert shares == sorted(shares)
    missed = [abs(share - 1 + p.void_fraction) for share in shares]
    assert missed[-1] <= slack + 1e-12
    assert missed[-1] < missed[-2]


def test_fibres_are_as_they_are_asked_for():
    p = fibres.Parameters(
        diameter=1.0, periods=6, height=4.0, length=8.0, void_fraction=0.6, seed=3, orientation="in_plane"
    )
    rods, slack = fibres._rods(p)
    axes = np.array(rods.axes)
    along = axes[:, 1] - axes[:, 0]
    assert np.linalg.norm(along, axis=1) == pytest.approx(8.0)
    assert np.abs(along[:, 2]).max() == 0
    points = np.random.default_rng(2).uniform([0, 0, p.base_z], [6, 6, p.base_z + 4.0], (20_000, 3))
    share = (brute(rods, points[:4000]) <= 0).mean()
    assert share == pytest.approx(0.4, abs=slack + 4 * math.sqrt(0.24 / 4000))
    assert rods.at(points[:500]) == pytest.approx(brute(rods, points[:500]), abs=1e-12)
    turned, _ = fibres._rods(
        fibres.Parameters(diameter=1.0, periods=6, height=4.0, length=8.0, void_fraction=0.6, seed=3)
    )
    ways = np.array(turned.axes)[:, 1] - np.array(turned.axes)[:, 0]
    assert np.abs(ways[:, 2]).max() > 4


def test_a_film_on_struts():
    """Where nothing crosses, a film is a tube: the least distance between the electrodes is its thickness."""
    design = geom3d.design(
        {
            "architecture": "struts",
            "resolution": 0.25,
            "parameters": {"lattice": "simple_cubic", "period": 4.0, "diameter": 1.6, "height": 4.0},
            "materials": {"scaffold": {"material": "lto", "role": "anode"}},
            "layers": [
                {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.2},
                {"name": "fill", "role": "cathode", "material": "licoo2", "fill_to": 0.5},
            ],
        }
    )
    report = design.measure()
    assert report["inter_electrode_distance_um.anode.min"] == pytest.approx(0.2, rel=0.02)
    design.walls().check()


@pytest.mark.parametrize(
    ("architecture", "parameters", "words"),
    [
        ("struts", {"diameter": 1.0, "solid_fraction": 0.2}, "give it or solid_fraction, not both"),
        ("struts", {"diameter": 11.0}, "must be smaller than the struts' length"),
        ("struts", {"lattice": "kelvin"}, "parameters.lattice"),
        ("fibres", {"length": 0.5}, "must be larger than diameter"),
        ("fibres", {"periods": 60, "height": 1000.0, "void_fraction": 0.1}, "height"),
    ],
)
def test_what_goes_not_together_is_said(architecture, parameters, words):
    with pytest.raises(InputError, match=words):
        geom3d.design({"architecture": architecture, "parameters": parameters}).cell()
