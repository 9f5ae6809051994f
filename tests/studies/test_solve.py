"""One unknown for one target, against closed forms; and targets that cannot be met."""

from __future__ import annotations

import math
import tomllib

import pytest
from shell import command

import geom3d

POSTS = {"architecture": "pillars", "parameters": {"lattice": "hexagonal", "pitch": 10, "diameter": 2, "height": 60}}


def template(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def posts(tmp_path):
    lines = ['title = "posts"', 'architecture = "pillars"', "[parameters]", 'lattice = "hexagonal"']
    return template(tmp_path, "\n".join([*lines, "pitch = 10", "diameter = 2", "height = 60"]))


@pytest.mark.slow
def test_pitch_of_hexagonal_pillars_for_an_area_gain_of_25(posts):
    """One post stands on √3/2 p², and adds the wall π d h."""
    target, near = {"area_gain.scaffold": 25}, (4, 5)
    found = geom3d.solve(posts, "parameters.pitch", target)
    exact = math.sqrt(math.pi * 2 * 60 / (24 * math.sqrt(3) / 2))
    assert found.value == pytest.approx(exact, rel=1e-3)  # chords are that much shorter than their arcs
    assert found.design.measure()["area_gain.scaffold"] == pytest.approx(25, rel=1e-7)
    fine = geom3d.solve(posts, "parameters.pitch", target, {"tolerance": "0.2 nm"}, between=near)
    assert abs(fine.value - exact) < abs(found.value - exact) / 4


def test_depth_of_the_notten_stack_for_300_uAh_cm2():
    """Silicon of 50 nm covers each footprint once, and both walls of a trench."""
    material = geom3d.load("trenches-notten-2007").template.material("silicon", "")
    per_um = material.density_g_cm3 * material.capacity_practical_mAh_g / 10  # µAh/cm² of 1 µm
    depth = (300 / (per_um * 0.05) - 1) * 8 / 2
    found = geom3d.solve("trenches-notten-2007", "parameters.depth", {"capacity_uAh_cm2.cell": 300})
    assert found.value == pytest.approx(depth, rel=1e-6)
    assert found.wanted == 300
    assert found.reached == pytest.approx(300, rel=1e-7)


def test_command_prints_the_value_and_writes_the_template(tmp_path):
    path = tmp_path / "out.toml"
    arguments = ["--vary", "parameters.depth", "--for", "capacity_uAh_cm2.cell=300"]
    ended = command("solve", "trenches-notten-2007", *arguments, "-o", path)
    assert ended.code == 0
    assert "parameters.depth = 24.78" in ended.out
    assert "area gain of the anode" in ended.out
    written = tomllib.loads(path.read_text("utf-8"))
    assert written["parameters"]["width"] == 5
    assert geom3d.load(path).measure()["capacity_uAh_cm2.cell"] == pytest.approx(300, rel=1e-7)
    as_json = command("solve", "trenches-notten-2007", *arguments, "--json")
    assert '"path": "parameters.depth"' in as_json.out


def test_a_target_above_all_says_what_is_closest_and_where(posts):
    with pytest.raises(geom3d.InputError) as caught:
        geom3d.solve(posts, "parameters.pitch", {"area_gain.scaffold": 1000})
    text = str(caught.value)
    assert "1000 cannot be met" in text
    value, place = map(float, text.partition("the closest is ")[2].partition(" µm")[0].split(" at "))
    assert place == pytest.approx(2, rel=1e-4)  # posts touch
    assert value == pytest.approx(1 + math.pi * 2 * 60 / (math.sqrt(3) / 2 * 4), rel=1e-3)
    assert "must be smaller than pitch" in text


def test_between_narrows_the_search(posts):
    target = {"area_gain.scaffold": 25}
    assert geom3d.solve(posts, "parameters.pitch", target, between=("4 µm", 5)).value < 5
    with pytest.raises(geom3d.InputError, match=r"closest is .* at 20 µm"):
        geom3d.solve(posts, "parameters.pitch", target, between=(20, 30))


@pytest.mark.slow
def test_the_search_goes_either_way():
    """Narrow trenches and wide ones; between them the search goes towards the target, wherever it begins."""
    for start in (6, 40):
        found = geom3d.solve(
            "trenches-notten-2007", "parameters.pitch", {"capacity_uAh_cm2.cell": 100}, {"parameters.pitch": start}
        )
        assert found.value == pytest.approx(71.5, rel=1e-3)


def test_start_that_cannot_be_built():
    """Films close trenches of 1 µm; what is left of the wafer is known beforehand."""
    target = {"thickness_equivalent_um.scaffold": 20}
    found = geom3d.solve("trenches-notten-2007", "parameters.width", target, {"parameters.width": 1})
    assert found.value == pytest.approx(8 * (1 - (20 - 5) / 50), rel=1e-6)


def test_whole_numbers():
    comb = {"device": {"width": 960, "length": 800}, "parameters.finger_length": 400}
    some = geom3d.load("comb-sun-2013", {**comb, "parameters.fingers": 7}).measure_only(["footprint_um2"])[
        "footprint_um2"
    ]
    found = geom3d.solve("comb-sun-2013", "parameters.fingers", {"footprint_um2": some}, comb, between=(1, 9))
    assert found.value == 7
    with pytest.raises(geom3d.InputError, match=r"closest is .* at 7"):
        geom3d.solve("comb-sun-2013", "parameters.fingers", {"footprint_um2": some * 1.01}, comb, between=(6, 8))


@pytest.mark.parametrize(
    ("vary", "target", "words"),
    [
        ("parameters.deep", "capacity_uAh_cm2.cell=1", "did you mean 'depth'"),
        ("layers.anodes.thickness", "capacity_uAh_cm2.cell=1", "did you mean 'anode'"),
        ("layers.anode", "capacity_uAh_cm2.cell=1", "is a table"),
        ("layers.anode.material", "capacity_uAh_cm2.cell=1", "takes no numbers"),
        ("parameters.depth", "capacity_uAh_cm2.cel=1", "did you mean 'capacity_uAh_cm2.cell'"),
        ("parameters.depth", "capacity_uAh_cm2.limiting=1", "is a word"),
        ("parameters.depth", "area_gain=1", "is a table"),
        ("parameters.depth", "area_gain.by_layer.nothing=1", "no such number"),
        ("parameters.depth", "transmittance=0.6", "has no value"),
        ("parameters.depth", "capacity_uAh_cm2.cell=nan", "must be a finite number"),
        ("parameters.depth", "capacity_uAh_cm2.cell", "must be a number of the report and its value"),
    ],
)
def test_bad_input_is_one_clear_line(vary, target, words):
    ended = command("solve", "trenches-notten-2007", "--vary", vary, "--for", target)
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_nothing_to_build_in_all_of_a_range():
    with pytest.raises(geom3d.InputError, match="no design can be built"):
        geom3d.solve("trenches-notten-2007", "parameters.width", {"capacity_uAh_cm2.cell": 1}, between=(0.1, 1))
    with pytest.raises(geom3d.InputError, match="must be less than"):
        geom3d.solve("trenches-notten-2007", "parameters.width", {"capacity_uAh_cm2.cell": 1}, between=(2, 1))
