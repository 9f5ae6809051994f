"""Verification: what is independent, what is circular, exact resistances of posts, verdicts."""

from __future__ import annotations

import json
import math

import pytest

import geom3d
from geom3d.architectures import interdigitated_pillars as posts
from geom3d.cell import template as templates
from geom3d.cli.app import run
from geom3d.verification.comparison import FAR, Comparison, Verdict, verdicts, verify

#: Conductance per length and positive post for unit conductivity, by radius over pitch: the reference cases of the project.
EXACT = {
    "checkerboard": {0.10: 1.864226, 0.20: 3.166807, 0.25: 4.086235, 1 / 3: 6.540109, 0.35: 7.286705},
    "alternating_rows": {0.10: 1.546682, 0.20: 2.363477, 0.25: 2.875032},
}
POSTS = {"pattern": "checkerboard", "mounting": "substrate", "pitch": 15.0, "height": 50.0, "plate": 5.0}


def row(**changed):
    usual = {"template": "t", "path": "area_gain.scaffold", "unit": "1", "measured": 2.0, "uncertainty": 0.0}
    return Comparison(**{**usual, "closed": None, "published": None, "note": "", **changed})


@pytest.mark.parametrize(
    ("pattern", "ratio", "exact"), [(p, ratio, value) for p, known in EXACT.items() for ratio, value in known.items()]
)
def test_closed_form_of_the_conductance_between_posts(pattern, ratio, exact):
    pitch, height = 12.0, 40.0
    parameters = posts.Parameters(
        pattern=pattern,
        mounting="substrate",
        pitch=pitch,
        anode_diameter=2 * ratio * pitch,
        cathode_diameter=2 * ratio * pitch,
        height=height,
    )
    # One positive post on every second square of the lattice.
    assert posts.closed_form(parameters).conductance_per_um == pytest.approx(exact * height / (2 * pitch**2), rel=3e-7)


def test_thin_posts_in_a_checkerboard_are_wires_in_squares():
    """A thin wire in the middle of a square of side p: 2π / ln(1.07870 p / 2 radius); two of these are in series."""
    parameters = posts.Parameters(
        **{**POSTS, "pitch": 1.0, "height": 1.0}, anode_diameter=0.002, cathode_diameter=0.002
    )
    assert posts.closed_form(parameters).conductance_per_um == pytest.approx(
        math.pi / math.log(1.07870 / 0.002) / 2, rel=1e-5
    )


def test_posts_without_an_exact_resistance_have_none():
    for changed in ({"pattern": "hexagonal"}, {"mounting": "opposed"}, {"anode_diameter": 9.0}):
        assert posts.closed_form(posts.Parameters(**{**POSTS, **changed})).conductance_per_um is None


def test_other_layers_and_roles_change_the_resistance_and_leave_no_closed_form():
    film = {"name": "lid", "role": "electrolyte", "material": "lipon", "thickness": 1.0}
    described = {"architecture": "interdigitated_pillars", "parameters": {**POSTS}, "layers": [film]}
    assert "ionic_resistance_ohm_cm2" not in {row.path for row in verify(geom3d.design(described))}


def test_what_shares_a_factor_or_code_is_not_independent():
    rows = {row.path: row for row in verify(geom3d.load("planar-efl700a39"))}
    assert rows["capacity_uAh_cm2.cathode"].shared == "charge per volume"
    assert rows["thickness_equivalent_um.cathode"].independent
    assert rows["ionic_resistance_ohm_cm2"].independent
    published = rows["capacity_uAh_cm2.cell"]
    assert (published.independent, published.circular) == (False, True)  # 106.0 gave the thickness of the LiCoO2


#: Six comparisons were circular in the templates that came first: the template's free dimension was chosen from the value.
CIRCULAR = {
    ("comb-sun-2013", "footprint_um2"),
    ("grid-oukassi-2019", "transmittance"),
    ("honeycomb-lei-2020", "area_gain.side_walls"),
    ("microtubes-eustache-2014", "area_gain.scaffold"),
    ("planar-efl700a39", "capacity_uAh_cm2.cell"),
    ("planar-efl700a39", "device.energy_mWh_cm3"),
    ("planar-front-edge", "capacity_uAh_cm2.cell"),
    ("pores-liu-2014", "posts_per_cm2"),
}


def test_circular_comparisons_of_shipped_templates_name_the_chosen_dimension():
    found = set()
    for name in templates.shipped():
        cell = geom3d.load(name).cell()
        for published in cell.description.published:
            if published.chosen:
                found.add((name, published.metric))
                place, key = published.chosen.split(".")[:2]
                assert key in (cell.description.lengths if place == "parameters" else {r.name for r in cell.layers})
    assert found == CIRCULAR


@pytest.mark.parametrize(
    ("name", "metric", "literature", "geometry", "within"),
    [
        # 1 - ((0.4 - 0.016) / 0.4)² of the honeycomb, and 150 nm × 50 µm times 2e9 per cm².
        ("pores-liu-2014", "volume_fraction.void", 0.3534, math.pi / 4 * 0.15**2 * 20, 1e-3),
        ("planar-front-edge", "capacity_uAh_cm2.cell", 1000 / (2.5 * 2.0), 2.893 * 69.133, 1e-3),
        ("planar-cea-leti-2019", "capacity_uAh_cm2.cell", 890.0, 20 * 69.133, 1e-3),
        ("grid-oukassi-2019", "capacity_uAh_cm2.cell", 150 / 4.0, (1 - (1 - 11.25 / 50) ** 2) * 0.1 * 833.8, 2e-3),
    ],
)
def test_literature(name, metric, literature, geometry, within):
    design = geom3d.load(name)
    (published,) = (p.value for p in design.description.published if p.metric == metric)
    assert published == pytest.approx(literature, rel=1e-4)
    assert design.measure()[metric] == pytest.approx(geometry, rel=within)


def test_a_pore_of_150_nm_and_50_um_holds_0_884_fl():
    report = geom3d.load("pores-liu-2014").measure()
    void = report["volume_fraction.void"] * 50.0  # µm³ per µm², and 1 µm³ is 1 fL
    assert void / (report["posts_per_cm2"] * 1e-8) == pytest.approx(0.884, rel=1e-3)


def test_relative_density_of_the_honeycomb():
    design = geom3d.load("honeycomb-lei-2020")
    solid = design.measure()["thickness_equivalent_um.scaffold"] - design.description.lengths["base"]
    assert solid / 25.0 == pytest.approx(0.0784, rel=1e-3)
    assert 0.0784 in {p.value for p in design.description.published}


def test_verdicts():
    rows = [
        row(closed=2.0004, path="a"),
        row(closed=2.0, path="b", shared="charge per volume"),
        row(published=1.0, path="c", reason="porous"),
        row(published=1.0, path="d"),
        row(published=2.1, path="e"),
        row(published=2.0, path="f", chosen="parameters.width"),
        row(template="u", closed=1.0, path="g"),
        row(template="v", published=2.0, path="h"),
    ]
    one, two, three = verdicts(rows)
    assert [v.template for v in (one, two, three)] == ["t", "u", "v"]
    assert (len(one.rows), len(one.independent), one.text) == (6, 1, "agrees")
    assert one.worst_percent == pytest.approx(100 * 0.0004 / 2.0004)
    assert one.published == [
        "c +1e+02 % (porous)",
        "d +1e+02 % (no reason is known)",
        "e -4.8 %",
        "f +0 % (circular: parameters.width was chosen to give it)",
    ]
    assert (two.agrees, two.text, two.worst_percent) == (False, "disagrees: g", 100.0)
    assert three == Verdict("v", (rows[-1],))
    assert (three.text, three.worst_percent) == ("nothing independent to hold it against", None)


def test_far_published_values_of_shipped_prisms_have_a_reason():
    for name in templates.shipped():
        design = geom3d.load(name)
        if design.cell().family.is_sampled or not design.description.published:
            continue
        report = design.measure()
        for published in design.description.published:
            far = abs(report[published.metric] / published.value - 1) > FAR
            assert not far or published.reason, (name, published.metric)


def test_json_and_table(capsys):
    assert run(["verify", "planar-efl700a39", "pores-liu-2014", "--json"]) == 0
    planar, pores = json.loads(capsys.readouterr().out)
    assert (planar["template"], planar["agrees"], pores["numbers"]) == ("planar-efl700a39", True, len(pores["rows"]))
    (found,) = (row for row in planar["rows"] if row["path"] == "capacity_uAh_cm2.cell")
    assert found["circular"]
    assert found["from_published"] == pytest.approx(found["measured"] / 106.0 - 1, abs=1e-15)
    assert run(["verify", "planar-efl700a39"]) == 0
    text = capsys.readouterr().out
    assert "circular: layers.cathode.thickness was chosen to give it" in text
    assert "charge per volume" in text
