"""Templates with a wall profile, uneven films and round rims: what is said of bad ones, and that all that follows works."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
import trimesh

import geom3d
from geom3d import architectures
from geom3d.core.errors import InputError
from geom3d.exports import Options
from geom3d.solids.fields.upright import UPRIGHT
from geom3d.verification.closed_form import closed_form
from geom3d.verification.comparison import verify

SMALL = {
    "pillars": {"pitch": 8, "diameter": 3, "height": 6},
    "tubes": {"pitch": 8, "outer_diameter": 5, "inner_diameter": 3, "height": 6},
    "pores": {"pitch": 8, "diameter": 4, "depth": 6},
    "trenches": {"pitch": 8, "width": 4, "depth": 6},
    "honeycomb": {"pitch": 8, "wall": 3, "depth": 6},
}
PAIRS = {
    "interdigitated_pillars": {
        "mounting": "substrate",
        "pitch": 6,
        "anode_diameter": 3,
        "cathode_diameter": 3,
        "height": 6,
    },
    "interdigitated_plates": {"anode_width": 3, "cathode_width": 3, "gap": 2, "height": 6},
}
FILMS = (0.1, 0.2)


def layers(*thicknesses):
    return [
        {"name": name, "role": "barrier", "material": "tin-nitride", "thickness": thickness}
        for name, thickness in zip(("one", "two", "three"), thicknesses, strict=False)
    ]


def described(architecture, parameters, **more):
    return geom3d.design({"architecture": architecture, "parameters": parameters, **more})


@pytest.mark.parametrize("name", SMALL)
def test_straight_walls_as_fields_agree_with_prisms_less_the_excess_of_their_rims(name):
    prisms = described(name, SMALL[name], layers=layers(*FILMS)).measure()
    fields = described(name, SMALL[name], layers=layers(*FILMS), film_edges="round").measure()
    assert (prisms["film_edges"], fields["film_edges"]) == ("square", "round")
    assert fields["rim_excess"] is None
    for kind in ("thickness_equivalent_um", "area_gain"):
        for region in ("scaffold", "one", "two"):
            path = f"{kind}.{region}" if kind != "area_gain" or region == "scaffold" else f"{kind}.by_layer.{region}"
            excess = 0.0 if region == "scaffold" else prisms[f"rim_excess.{kind}.{region}"]
            slack = math.hypot(*((report["uncertainty"] or {}).get(path, 0.0) for report in (prisms, fields)))
            # Chords of prisms and fields, and the corners of honeycombs that no second-order term knows.
            assert fields[path] == pytest.approx(prisms[path] - excess, abs=slack + 2e-3 * abs(prisms[path])), path


@pytest.mark.parametrize("name", PAIRS)
def test_straight_posts_and_plates_as_fields_are_those_of_prisms(name):
    prisms, fields = (described(name, PAIRS[name], **more).measure() for more in ({}, {"film_edges": "round"}))
    for path in (
        "area_gain.anode",
        "area_gain.cathode",
        "thickness_equivalent_um.anode",
        "thickness_equivalent_um.electrolyte",
    ):
        assert fields[path] == pytest.approx(prisms[path], rel=2e-3)
    assert fields["inter_electrode_distance_um.anode.min"] == pytest.approx(
        prisms["inter_electrode_distance_um.anode.min"], rel=5e-3
    )


@pytest.mark.parametrize("name", PAIRS)
def test_tilted_posts_and_plates_come_nearer_to_one_another(name):
    fields = described(name, PAIRS[name], profile={"sidewall_angle": 88}).measure()
    foot = 6 * math.tan(math.radians(2))
    gap = PAIRS[name].get("gap", 3)
    assert fields["inter_electrode_distance_um.anode.min"] == pytest.approx(gap - 2 * foot, rel=5e-3)
    assert fields["smallest_gap_um"] == pytest.approx(gap - 2 * foot)


def test_the_width_at_the_foot_tells_the_tilt():
    holes = described("trenches", SMALL["trenches"], profile={"bottom_width": 3.5})
    posts = described("pillars", SMALL["pillars"], profile={"bottom_width": 3.5})
    assert holes.cell().facts.wall.slope == pytest.approx(0.25 / 6)
    assert posts.cell().facts.wall.slope == pytest.approx(0.25 / 6)
    assert holes.cell().facts.gap == pytest.approx(3.5)


@pytest.mark.parametrize("name", ["trenches", "pillars"])
def test_verify_knows_tilted_walls_under_even_films(name):
    design = described(name, SMALL[name], layers=layers(*FILMS), profile={"sidewall_angle": 88.5})
    found = {row.path for row in verify(design) if row.closed is not None}
    known = closed_form(design.cell())
    assert {"area_gain.scaffold", "area_gain.by_layer.two", "thickness_equivalent_um.one"} <= set(known)
    report = design.measure()
    for path, value in known.items():
        assert report[path] == pytest.approx(value, rel=2e-3), path
    assert found == set(known)


def test_locate_agrees_with_the_mesh():
    design = described(
        "pillars",
        SMALL["pillars"],
        layers=layers({"top": 0.3, "bottom": 0.2}, 0.2),
        profile={"sidewall_angle": 88, "bow": 0.1},
    )
    mesh = design.mesh(void=True)
    middles = mesh.points[mesh.tetrahedra].mean(axis=1)
    volumes = mesh.volumes if hasattr(mesh, "volumes") else None
    labels = design.cell().locate(middles)
    wrong = labels != mesh.labels
    weight = np.abs(
        np.einsum(
            "ij,ij->i",
            np.cross(
                mesh.points[mesh.tetrahedra[:, 1]] - mesh.points[mesh.tetrahedra[:, 0]],
                mesh.points[mesh.tetrahedra[:, 2]] - mesh.points[mesh.tetrahedra[:, 0]],
            ),
            mesh.points[mesh.tetrahedra[:, 3]] - mesh.points[mesh.tetrahedra[:, 0]],
        )
    )
    assert volumes is None or len(volumes)
    assert weight[wrong].sum() < 2e-3 * weight.sum()


@pytest.mark.parametrize("pattern", ["square", "lines", "hexagonal"])
def test_the_stack_on_the_lines_of_a_grid_widens_towards_its_foot(pattern):
    lines = {"pattern": pattern, "pitch": 20, "width": 4}
    straight = described("grid", lines, layers=layers(1.0, 0.5)).measure()
    tilted = described("grid", lines, layers=layers(1.0, 0.5), profile={"sidewall_angle": 60}).measure()
    slope = 1 / math.tan(math.radians(60))
    form = architectures.get("grid").closed_form(architectures.get("grid").Parameters(**lines))
    across = form.perimeter(0) / form.area
    for name, low, high in (("two", 0.0, 0.5), ("one", 0.5, 1.5)):
        wider = slope * (low + high) / 2 * across * (high - low)
        grown = tilted[f"thickness_equivalent_um.{name}"] - straight[f"thickness_equivalent_um.{name}"]
        assert grown == pytest.approx(wider, rel=0.07)  # corners take away in second order


def test_a_shifted_lattice_has_the_same_numbers():
    design = described("pores", SMALL["pores"], layers=layers(0.2), profile={"sidewall_angle": 88})
    cell = design.cell()
    here, there = cell.walls(), cell.moved(1.7, 0.9).walls()
    assert there.volumes == pytest.approx(here.volumes, rel=2e-3)


@pytest.mark.parametrize(
    ("architecture", "more", "words"),
    [
        ("trenches", {"profile": {"sidewall_angle": 60}}, ["profile", "meets its neighbour", "depth of"]),
        ("pillars", {"profile": {"bow": 1.6}}, ["profile", "cut through", "depth of"]),
        ("trenches", {"profile": {"sidewall_angle": 89, "bottom_width": 3}}, ["profile", "not both"]),
        ("trenches", {"profile": {"scallop": {"pitch": 1, "depth": 0.6}}}, ["profile.scallop", "at most half"]),
        ("trenches", {"profile": {"scallop": {"pitch": 9, "depth": 0.6}}}, ["profile.scallop.pitch", "depth of 6"]),
        ("trenches", {"profile": {"foot_radius": 4, "rim_radius": 3}}, ["profile.foot_radius", "rim_radius"]),
        ("trenches", {"profile": {"table": [[1, 0], [1, 0.1]]}}, ["profile", "ascend"]),
        ("trenches", {"profile": {"tilt": 1}}, ["profile.tilt", "unknown key", "sidewall_angle"]),
        ("trenches", {"profile": {"sidewall_angle": 20}}, ["profile.sidewall_angle", "at least 45"]),
        ("planar", {"profile": {"sidewall_angle": 89}}, ["profile", "no upright walls"]),
        ("tpms", {"profile": {"sidewall_angle": 89}}, ["profile", "upright walls"]),
        ("interdigitated_pillars", {"profile": {"sidewall_angle": 89}}, ["profile", "one plate"]),
        ("trenches", {"film_edges": "square", "profile": {"bow": 0.1}}, ["film_edges", "square"]),
        ("trenches", {"film_edges": "sharp"}, ["film_edges", "square"]),
        (
            "trenches",
            {"layers": layers({"top": 1.2, "middle": 2.1, "bottom": 1.5})},
            ["layers.one.thickness", "close the gap", "depth of"],
        ),
        ("trenches", {"layers": layers({"top": 1.2})}, ["layers.one.thickness", "bottom is missing"]),
        ("trenches", {"layers": layers({"top": 1.2, "foot": 1})}, ["layers.one.thickness", "unknown key 'foot'"]),
        ("trenches", {"layers": layers([[0, 0.2], [7, 0.1]])}, ["layers.one.thickness", "within the structure's 6"]),
        ("trenches", {"layers": layers([[0, 0.2], [0, 0.1]])}, ["layers.one.thickness", "ascend"]),
        ("trenches", {"layers": layers([0.2, 0.1])}, ["layers.one.thickness", "[depth, thickness]"]),
        ("trenches", {"layers": layers([[0, -1.0]])}, ["layers.one.thickness", "greater than 0"]),
        ("trenches", {"film_edges": "round", "tolerance": 0.1}, ["tolerance", "no meaning"]),
        ("trenches", {"film_edges": "round", "resolution": 3.0}, ["resolution", "at most"]),
    ],
)
def test_bad_input_is_one_clear_message(architecture, more, words):
    with pytest.raises(InputError) as caught:
        described(architecture, SMALL.get(architecture, {}), **more)
    for word in words:
        assert word in str(caught.value)
    assert str(caught.value).count("\n") <= 1


def test_a_film_that_thins_with_depth_leaves_the_foot_of_a_tapered_trench_open():
    tapered = {"profile": {"bottom_width": 2.4}}
    with pytest.raises(InputError, match="at a depth of"):
        described("trenches", SMALL["trenches"], layers=layers(1.45), **tapered)
    open_ = described("trenches", SMALL["trenches"], layers=layers({"top": 1.45, "bottom": 0.9}), **tapered)
    left = open_.measure()["gap_left_um"]
    depths = np.linspace(0, 6 - 0.9, 601)
    expected = (4 - 1.6 * depths / 6 - 2 * np.interp(depths, [0, 3, 6], [1.45, 1.175, 0.9])).min()
    assert left == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_files_of_a_tapered_array_are_watertight_and_masks_show_the_top(tmp_path):
    design = geom3d.design(
        {
            "architecture": "pores",
            "repeat": [2, 1],
            "parameters": SMALL["pores"],
            "profile": {"sidewall_angle": 88, "scallop": {"pitch": 1.5, "depth": 0.1}},
            "layers": layers({"top": 0.3, "bottom": 0.2}, 0.2),
        }
    )
    written = design.build(tmp_path, formats=("stl", "gds"), unit="um", options=Options())
    walls = design.walls()
    for path in written:
        if path.suffix == ".stl" and "assembly" not in path.name:
            body = trimesh.load(path)
            name = path.stem.split("_")[-2]
            assert body.is_watertight
            assert body.volume == pytest.approx(2 * walls.volumes[walls.names.index(name)], rel=1e-5)
    table = next(path for path in written if path.suffix == ".csv")
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    drawn = next(row for row in rows if row["region"] == "scaffold" and row["polarity"] == "negative")
    assert float(drawn["area_um2_per_cell"]) == pytest.approx(2 * math.pi * 4, rel=1e-4)
    assert "sidewall angle 88°" in drawn["wall"]
    assert "scallops of pitch 1.5" in drawn["wall"]


def test_ideal_and_as_made_side_by_side(tmp_path):
    design = described(
        "trenches", SMALL["trenches"], layers=layers({"top": 0.3, "bottom": 0.2}), profile={"sidewall_angle": 88}
    )
    ideal = design.ideal()
    assert ideal is not None
    assert ideal.ideal() is None
    assert ideal.cell().family is not UPRIGHT
    assert ideal.cell().films == {"one": 0.3}
    notes = geom3d.compare([design], tmp_path / "c.csv", as_made=True, rows=["area_gain.scaffold"])
    text = (tmp_path / "c.csv").read_text()
    assert not [note for note in notes if "failed" in note]
    assert "area_gain.scaffold" in text
    assert "profile.sidewall_angle" in text
    assert "design-ideal" in text
    with pytest.raises(InputError, match="as_made"):
        geom3d.compare([ideal], tmp_path / "d.csv", as_made=True)


@pytest.mark.parametrize("name", [name for name in architectures.names() if name not in {**SMALL, **PAIRS, "grid": {}}])
def test_architectures_without_upright_walls_on_one_plate_say_so(name):
    with pytest.raises(InputError, match="profile: "):
        described(name, {}, profile={"sidewall_angle": 89.5})


def test_check_takes_what_etching_leaves_for_granted():
    trench = described(
        "trenches", SMALL["trenches"], profile={"sidewall_angle": 89, "scallop": {"pitch": 1, "depth": 0.1}}
    )
    report = trench.check("drie")
    assert "undercut" not in [finding.rule for finding in report.violations]
    section = trench.section()
    assert "89°" in section
