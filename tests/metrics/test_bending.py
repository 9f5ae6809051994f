"""Bending of flat stacks against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from shell import command

import geom3d
from geom3d.library.materials import find

GLASS, POLYIMIDE, COPPER = (find(name) for name in ("glass", "polyimide", "copper"))


def plane(material):
    return material.young_GPa / (1 - material.poisson**2)


def plates(substrate, thickness, *films):
    """Films of a material and a thickness, µm, on a substrate."""
    layers = [
        {"name": f"f{k}", "role": "barrier", "material": material, "thickness": t}
        for k, (material, t) in enumerate(films)
    ]
    return geom3d.design(
        {
            "architecture": "planar",
            "parameters": {"base": thickness},
            "materials": {"scaffold": substrate},
            "layers": layers,
        }
    )


@pytest.mark.parametrize("film", [0.1, 5.0, 40.0])
@pytest.mark.parametrize(("below", "above"), [("polyimide", "copper"), ("glass", "polyimide")])
def test_a_film_on_a_foil(film, below, above):
    """Suo et al., Appl. Phys. Lett. 74 (1999) 1177: the strain of the film's upper face, by ratios of thickness and modulus."""
    foil, radius = 25.0, 5000.0
    report = plates(below, foil, (above, film)).measure(request=["bending"], radius=radius)
    eta, chi = film / foil, plane(find(above)) / plane(find(below))
    top = (film + foil) / (2 * radius) * (1 + 2 * eta + chi * eta**2) / ((1 + eta) * (1 + chi * eta))
    axis = film + foil - top * radius
    assert report["flexibility.neutral_axis_um"] == pytest.approx(axis, rel=1e-9)
    at_foot = abs(foil - axis) / radius
    assert report["bending.strain_percent.f0"] == pytest.approx(100 * max(top, at_foot), rel=1e-9)
    assert report["bending.strain_percent.scaffold"] == pytest.approx(
        100 * max(axis, abs(foil - axis)) / radius, rel=1e-9
    )
    assert report["bending.radius_mm"] == 5.0


def test_a_symmetric_stack_has_its_axis_in_the_middle():
    report = plates("polyimide", 25.0, ("copper", 3.0), ("glass", 7.0), ("copper", 3.0), ("polyimide", 25.0)).measure()
    assert report["flexibility.neutral_axis_um"] == pytest.approx(31.5, rel=1e-12)
    radii = {
        "polyimide": 31.5 / (POLYIMIDE.failure_strain_percent / 100),
        "copper": 6.5 / (COPPER.failure_strain_percent / 100),
        "glass": 3.5 / (GLASS.failure_strain_percent / 100),
    }
    worst = max(radii, key=radii.__getitem__)
    assert worst == "glass"
    assert report["flexibility.smallest_radius_mm"] == pytest.approx(radii[worst] / 1000, rel=1e-12)
    assert report["flexibility.weakest"] == "f1"


def test_the_axis_is_where_no_force_is_left():
    """By cutting the stack into a thousand slices: their stresses add up to nothing."""
    design = plates("polyimide", 12.0, ("copper", 2.0), ("glass", 5.0), ("pdms", 30.0))
    axis = design.measure()["flexibility.neutral_axis_um"]
    faces = np.cumsum([0, 12.0, 2.0, 5.0, 30.0])
    names = ["polyimide", "copper", "glass", "pdms"]
    z = (np.arange(49000) + 0.5) * 1e-3
    stress = np.array([plane(find(n)) for n in names])[np.searchsorted(faces, z) - 1] * (z - axis)
    assert abs(stress.sum()) < 1e-6 * np.abs(stress).sum()


def test_the_best_axis_is_the_best():
    """By trying every height."""
    design = plates("glass", 20.0, ("copper", 2.0), ("silicon-nitride", 1.0), ("polyimide", 30.0))
    found = design.measure()["flexibility"]
    faces = np.cumsum([0, 20.0, 2.0, 1.0, 30.0])
    limits = np.array(
        [find(n).failure_strain_percent / 100 for n in ("glass", "copper", "silicon-nitride", "polyimide")]
    )
    tried = np.linspace(0, 53, 53001)
    reach = np.maximum(np.abs(faces[:-1] - tried[:, None]), np.abs(faces[1:] - tried[:, None]))
    needed = (reach / limits).max(axis=1)
    assert found["best_neutral_axis_um"] == pytest.approx(tried[needed.argmin()], abs=1e-3)
    assert found["smallest_radius_at_best_mm"] == pytest.approx(needed.min() / 1000, rel=1e-3)
    assert found["smallest_radius_mm"] > found["smallest_radius_at_best_mm"]


def grid(width):
    line = {"name": "line", "role": "cathode_collector", "material": "copper", "thickness": 4.0}
    parameters = {"pattern": "square", "pitch": 100, "width": width, "base": 25}
    return geom3d.design(
        {"architecture": "grid", "parameters": parameters, "materials": {"scaffold": "polyimide"}, "layers": [line]}
    )


def test_lines_of_a_grid_resist_with_what_they_cover():
    report = grid(20).measure()
    covered = 1 - 0.8**2
    parts = np.array([25 * plane(POLYIMIDE), 4 * covered * plane(COPPER)])
    axis = parts @ [12.5, 27] / parts.sum()
    assert report["flexibility.neutral_axis_um"] == pytest.approx(axis, rel=1e-6)
    assert report["uncertainty"]["flexibility.neutral_axis_um"] == pytest.approx(axis - 12.5, rel=1e-6)


def test_the_radius_is_asked_for_on_the_command_line():
    said = command("measure", "planar-two-layer-sulfide", "--bending", "5mm", "--json")
    assert said.code == 0
    assert "bent to a radius of 5 mm, more than the failure strain is asked of cathode" in said.err
    assert '"radius_mm": 5.0' in said.out
    for radius, words in (("0", "radius: must be a length of more than nothing"), ("wide", "bending: ")):
        said = command("measure", "planar-two-layer-sulfide", "--bending", radius)
        assert said.code == 1
        assert words in said.err
    said = command("measure", "planar-two-layer-sulfide", "--request", "bending")
    assert said.code == 1
    assert "bending: needs a radius of curvature" in said.err


def test_strains_scale_with_the_curvature_and_each_radius_is_its_own():
    design = plates("polyimide", 25.0, ("copper", 3.0))
    one = design.measure(request=["bending"], radius=5000)
    other = design.measure(request=["bending"], radius=2500)
    assert other["bending.strain_percent.f0"] == pytest.approx(2 * one["bending.strain_percent.f0"])
    assert one["bending.of_failure.f0"] == pytest.approx(
        one["bending.strain_percent.f0"] / COPPER.failure_strain_percent
    )
    assert design.measure()["bending"] is None


def test_what_cannot_be_bent_says_so():
    posts = geom3d.load("pillars-coated").measure(request=["bending"], radius=5000)
    assert posts["flexibility"] is None
    assert any("strains are known of flat cells only" in warning for warning in posts.warnings)
    unknown = plates("polyimide", 25.0, ("mno2", 1.0)).measure(request=["bending"], radius=5000)
    assert any("Young's modulus is not known of" in warning for warning in unknown.warnings)
