"""What is asked for alone comes to the same as in the whole report, with less work."""

from __future__ import annotations

import math

import pytest

import geom3d
from geom3d.mesh.patches import Patches
from geom3d.metrics._patches import patches

LIGHT = (
    "area_gain",
    "interfaces_um2",
    "short_circuit_um2",
    "capacity_uAh_cm2",
    "energy_mWh_cm2",
    "connected_fraction",
    "equivalent_aspect_ratio",
    "transmittance",
)
TEMPLATES = (
    "planar-lithium-free",
    "trenches-notten-2007",
    "pillars-coated",
    "microtubes-eustache-2014",
    "grid-oukassi-2019",
    "comb-sun-2013",
    "interdigitated-pillars-opposed",
)


def leaves(value, path=""):
    if isinstance(value, dict):
        return {k: v for key, part in value.items() for k, v in leaves(part, f"{path}.{key}").items()}
    return {path: value}


@pytest.mark.parametrize("name", TEMPLATES)
def test_areas_and_charge_without_triangles(name):
    """By the plan's faces and edges on one side, by triangles on the other."""
    design = geom3d.load(name)
    light = leaves(design.measure_only(LIGHT).data)
    assert "sample" not in design.__dict__  # no walls were made
    by_triangles = geom3d.load(name)
    by_triangles.walls()
    whole = leaves(by_triangles.measure_only(LIGHT).data)
    assert light.keys() == whole.keys()
    for path, value in whole.items():
        assert light[path] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value), path


def test_patches_of_trenches_by_hand():
    """Silicon behind 0.1 µm of films on walls 50 µm high, two for each period of 8 µm."""
    cell = geom3d.load("trenches-notten-2007").cell()
    found = patches(cell.family, cell)
    assert isinstance(found, Patches)
    anode, electrolyte = cell.names.index("anode"), cell.names.index("electrolyte")
    assert found.area_between([anode], [electrolyte]) / found.footprint == pytest.approx(1 + 2 * 50 / 8)
    assert found.volumes.sum() == pytest.approx(math.prod(cell.size), rel=1e-9)


def test_nothing_else_is_measured(monkeypatch):
    """Distances take most of a report's time: areas do not wait for them."""
    monkeypatch.setattr("geom3d.metrics.distance.measure", None)
    design = geom3d.load("pillars-coated")
    report = design.measure_only(["area_gain.scaffold", "thickness_equivalent_um.anode"])
    assert "inter_electrode_distance_um" not in report
    assert report["thickness_equivalent_um.anode"] > 0


def test_a_sponge_has_triangles_alone():
    cell = geom3d.load("sponge-gyroid-lto").cell()
    assert patches(cell.family, cell) is None


def test_a_region_without_room_is_said():
    with pytest.raises(geom3d.InputError, match="has no volume"):
        geom3d.load("pillars-coated", {"layers.cathode.fill_to": -39.8}).measure_only(["area_gain"])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("capacity", "did you mean"),
        ("area_gain.anod", "did you mean 'area_gain.anode'"),
        ("", "no number of the report"),
    ],
)
def test_wrong_paths(path, words):
    with pytest.raises(geom3d.InputError, match=words):
        geom3d.load("planar-efl700a39").measure_only([path])


def test_what_is_on_request_is_computed():
    design = geom3d.load("planar-licoo2-lipon-lithium")
    assert design.measure_only(["ionic_resistance_ohm_cm2"])["ionic_resistance_ohm_cm2"] == pytest.approx(
        43.48, rel=1e-3
    )


@pytest.mark.parametrize("name", ["sponge-gyroid-lto", "tomogram-particles", "pillars-coated"])
def test_uncertainties_of_what_is_asked_are_those_of_the_whole_report(name):
    """Figures of one kind are judged together: alone, the tomogram's surface would seem eight times as certain."""
    step = geom3d.load(name).cell().step
    given = {} if step is None else {"resolution": 1.9 * step}
    paths = ["area_gain.scaffold", "thickness_equivalent_um.scaffold", "sponge.surface_per_volume_per_um"][
        : 3 if step else 2
    ]
    few = geom3d.load(name, given).measure_only(paths, uncertainty=True)
    whole = geom3d.load(name, given).measure()
    assert "inter_electrode_distance_um" not in few
    assert {path: few[path] for path in paths} == {path: whole[path] for path in paths}
    known = {path: error for path, error in whole["uncertainty"].items() if not path.startswith("inter_electrode")}
    assert all(few["uncertainty"].get(path) == known.get(path) for path in paths)
