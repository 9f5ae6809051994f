"""Checks against processes: widths, overhangs, cavities and islands by closed forms; verdicts of every template."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from kinds import PRISMATIC, SAMPLED, UPRIGHT, coarse, one_of_each

import geom3d
from geom3d import architectures
from geom3d.architectures._structure import StructureFacts
from geom3d.cell.cell import Cell, Region
from geom3d.cli.app import run
from geom3d.core.errors import InputError
from geom3d.core.roles import Role
from geom3d.library import processes
from geom3d.library.materials import find
from geom3d.library.processes import load_process
from geom3d.manufacturability import VOID
from geom3d.manufacturability.measures import measures
from geom3d.manufacturability.outlines import narrowest
from geom3d.manufacturability.plans import LayeredPlan
from geom3d.manufacturability.report import check
from geom3d.metrics import Sample
from geom3d.solids.prisms.floorplan import floor_plan
from geom3d.solids.prisms.outline import Difference, Disc, Plane, Polygon, Strip, rectangle
from geom3d.solids.prisms.prism import Prism, Prisms

#: Parts of the structures' lengths that suit each other in all architectures.
PRISMS = [
    n
    for n in architectures.names()
    if n
    not in (
        "planar",
        "grid",
        "spinodal",
        "tpms",
        "spheres",
        "inverse_opal",
        "image",
        "surface",
        "layout",
        "struts",
        "fibres",
        "formula",
    )
]
BOX = (10.0, 10.0)


def bare(name: str, **parameters: float) -> Cell:
    return geom3d.design({"architecture": name, "parameters": parameters}).cell()


def block(*prisms: Prism, height: float = 8.0) -> Cell:
    """A cell of one region made of prisms."""
    region = Region("block", Role.SUBSTRATE, find("silicon-substrate"), Prisms(prisms, BOX))
    return Cell((*BOX, height), (region,), StructureFacts(base_z=0.0, top=height, scaffold=("block",)))


def looked_at(cell: Cell):
    return measures(Sample(cell, cell.walls()))


def report(cell: Cell, process: str, scale: float = 1.0):
    name, limits = load_process(process)
    return check(cell, looked_at(cell), name, limits, scale)


def finding(of, rule: str):
    return next(f for f in of.findings if f.rule == rule)


@pytest.mark.parametrize("name", PRISMS)
def test_bare_structures_by_their_parameters(name):
    """The narrowest wall and opening are what the architecture knows of itself."""
    cell = bare(name)
    scaffold = looked_at(cell).scaffold
    gap = cell.facts.gap
    if name == "interdigitated_pillars":
        gap = 15.0 - 10.0
    assert scaffold.wall.value == pytest.approx(cell.facts.feature, rel=5e-5)
    assert scaffold.opening.value == pytest.approx(gap, rel=5e-5)


@pytest.mark.parametrize(
    ("name", "parameters", "wall", "opening"),
    [
        ("pillars", {"lattice": "square", "pitch": 9, "diameter": 2.3, "height": 30}, 2.3, 6.7),
        ("pillars", {"lattice": "hexagonal", "pitch": 9, "diameter": 7.1, "height": 30}, 7.1, 1.9),
        ("tubes", {"pitch": 9, "outer_diameter": 6, "inner_diameter": 1.5, "height": 30}, 2.25, 1.5),
        ("tubes", {"pitch": 9, "outer_diameter": 8, "inner_diameter": 7, "height": 30}, 0.5, 1.0),
        ("pores", {"lattice": "square", "pitch": 9, "diameter": 7, "depth": 30}, 2.0, 7.0),
        ("trenches", {"pitch": 9, "width": 7, "depth": 30}, 2.0, 7.0),
        ("honeycomb", {"pitch": 9, "wall": 0.25, "depth": 30}, 0.25, 8.75),
        ("honeycomb", {"pitch": 9, "wall": 5, "depth": 30}, 5.0, 4.0),
    ],
)
def test_walls_and_openings(name, parameters, wall, opening):
    cell = bare(name, **parameters)
    scaffold = looked_at(cell).scaffold
    assert scaffold.wall.value == pytest.approx(wall, rel=5e-5)
    assert scaffold.opening.value == pytest.approx(opening, rel=5e-5)
    # The middle of the wall lies in it and that of the opening beside it, at a height at which both are.
    inside, beside = cell.locate(np.array([scaffold.wall.at, scaffold.opening.at])).tolist()
    assert (cell.names[inside], beside) == ("scaffold", len(cell.names))


def test_a_coarse_tolerance_does_not_blunt_the_measure():
    """Widths are those of circles, whatever polygons the files hold."""
    body = {"architecture": "pillars", "parameters": {"pitch": 20, "diameter": 10, "height": 30}, "tolerance": 0.5}
    report = geom3d.design(body).check("micro-sla")
    assert finding(report, "feature").value == pytest.approx(10, rel=5e-5)
    assert (report.status, finding(report, "feature").from_scale) == ("from scale", 1.0)
    assert [f.rule for f in report.violations] == ["layer"]  # the plate of 1 µm


@pytest.mark.parametrize("name", UPRIGHT)
def test_films_are_as_thin_as_the_template_says(name):
    design = coarse(name)
    if design.cell().family.is_sampled:
        return  # walls with a profile, and films that are uneven
    seen = design._measures
    for layer in design.template.layers:
        if layer.thickness is not None:
            assert seen.heights[layer.name].value == pytest.approx(layer.thickness, rel=1e-6)
            wide = seen.widths.get(layer.name)
            if wide is not None and design.template.architecture != "grid":
                # Where films round corners, both of their sides are polygons.
                cornered = getattr(design.template.parameters, "shape", "circle") != "circle"
                assert wide.value == pytest.approx(layer.thickness, rel=1e-3 if cornered else 5e-5)
    left = design.measure()["gap_left_um"]
    if all(layer.thickness for layer in design.template.layers) and left and VOID in seen.widths:
        assert seen.widths[VOID].value == pytest.approx(left, rel=5e-5)


def test_the_gap_that_films_leave_is_named_by_what_faces_it():
    gap = finding(coarse("trenches-notten-2007").check("drie"), "gap")
    assert gap.value == pytest.approx(5.0)
    gap = finding(coarse("trenches-notten-2007").check("two-photon"), "gap")
    assert (gap.value, gap.regions) == (pytest.approx(1.4), ("cathode collector",))


def test_a_comb():
    report = coarse("comb-sun-2013").check("diw")
    parts = {part.name: part for part in report.parts}
    assert [parts[n].narrowest_um for n in ("anode", "cathode", "electrolyte")] == pytest.approx([60, 60, 50])
    assert finding(report, "gap").value == pytest.approx(2 * 65)
    assert [report.verdict, report.smallest_scale] == ["prints", 0.6]
    # 4 fingers and a bus bar: (4 · 60 · 500 + 830 · 60) · 400 µm³.
    assert parts["anode"].volume_mm3 == pytest.approx((4 * 60 * 500 + 830 * 60) * 400e-9, rel=1e-9)
    assert parts["anode"].mass_g == pytest.approx(parts["anode"].volume_mm3 * 1e-3 * find("lto").density_g_cm3)


@given(
    corners=st.lists(st.tuples(*[st.integers(0, 160)] * 2, *[st.integers(10, 60)] * 2), min_size=2, max_size=3),
)
def test_plane_widths_against_distances(corners):
    """InterfaceMesh of rectangles are their shorter sides, gaps between them their distances through the period."""
    shapes = [rectangle(x / 10, y / 10, (x + w) / 10, (y + h) / 10) for x, y, w, h in corners]
    size = (20.0, 20.0)
    base = [shapely.polygons(shape.corners) for shape in shapes]
    moves = [(i * size[0], j * size[1]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    gaps = [
        shapely.distance(one, shapely.transform(two, lambda xy, m=move: xy + m))
        for k, one in enumerate(base)
        for n, two in enumerate(base)
        for move in moves
        if (k, *move) < (n, 0, 0) or (k == n and move != (0.0, 0.0))
    ]
    assume(min(gaps) > 0.05)
    plan = floor_plan(shapes, size, None)
    inside, outside = narrowest(plan, np.any([plan.masks[s] for s in shapes], axis=0))
    assert inside.width == pytest.approx(min(min(w, h) / 10 for _, _, w, h in corners), rel=1e-6)
    # Corner to corner the directions that are tried lie 5° apart.
    assert min(gaps) * (1 - 1e-6) <= outside.width <= min(gaps) * 1.001


@given(
    x=st.floats(0, 10),
    y=st.floats(0, 10),
    one=st.floats(0.3, 3),
    two=st.floats(0.3, 3),
    tolerance=st.floats(1e-5, 1e-4),
)
def test_gaps_between_circles(x, y, one, two, tolerance):
    gaps = [math.hypot((x - 3 + 5) % 10 - 5, (y - 4 + 5) % 10 - 5) - one - two, 10 - 2 * one, 10 - 2 * two]
    assume(min(gaps) > 0.05)
    discs = [Disc(3, 4, one), Disc(x, y, two)]
    plan = floor_plan(discs, BOX, tolerance)
    inside, outside = narrowest(plan, plan.masks[discs[0]] | plan.masks[discs[1]])
    assert inside.width == pytest.approx(2 * min(one, two), rel=1e-3)
    assert outside.width == pytest.approx(min(gaps), abs=6 * tolerance + 1e-3 * min(gaps))


def test_shapes_without_facing_walls_and_without_any():
    triangle = Polygon(((1, 1), (7, 1), (4, 1 + 3 * math.sqrt(3))))
    plan = floor_plan([triangle], BOX, None)
    assert narrowest(plan, plan.masks[triangle])[0].width == pytest.approx(2 * math.sqrt(3), rel=1e-3)
    plan = floor_plan([Plane()], BOX, None)
    assert narrowest(plan, plan.masks[Plane()]) == (None, None)
    # A wedge counts as narrow as the largest disc at its blunt end, which misses the end by a little.
    wedge = Polygon(((1, 1), (9, 1), (9, 2), (1, 3)))
    plan = floor_plan([wedge], BOX, None)
    assert 1.0 < narrowest(plan, plan.masks[wedge])[0].width < 1.3


def test_heights_are_those_of_storeys():
    cell = block(Prism(Plane(), -math.inf, 1.0), Prism(Strip(5.0, 3.0), 0.0, 4.0), Prism(Plane(), 6.5, 7.0))
    seen = looked_at(cell)
    assert seen.heights["block"].value == pytest.approx(0.5)
    assert seen.heights[VOID].value == pytest.approx(2.5)  # between the wall's top and the upper plate
    assert seen.widths["block"].value == pytest.approx(3.0)
    assert seen.widths[VOID].value == pytest.approx(7.0)


def opposed(**parameters: object) -> Cell:
    """Opposed posts without the electrolyte between them."""
    cell = bare("interdigitated_pillars", mounting="opposed", **parameters)
    return replace(cell, regions=cell.regions[:2])


def test_posts_that_hang_from_a_plate_begin_in_mid_air():
    cell = opposed()
    seen = looked_at(cell)
    assert (seen.islands.number, seen.cavities.number) == (2, 0)
    assert seen.islands.size == pytest.approx(2 * math.pi * 25, rel=1e-6)
    assert seen.islands.at[2] == pytest.approx(10.0)
    # All that looks down is the posts' tips and the plate between the posts: a footprint in all.
    hanging = seen.undersides.beyond(45)
    assert hanging.steepest == pytest.approx(90)
    assert hanging.area == pytest.approx(cell.footprint, rel=1e-6)
    assert (hanging.patches, hanging.free) == (3, 2)
    found = report(cell, "micro-sla")
    assert {f.rule for f in found.never} == {"bridge", "islands"}
    assert found.verdict == "does not print: 2 faces hang free; 2 islands"
    assert (found.smallest_scale, found.status) == (None, "no")
    # Powder carries what hangs.
    assert report(cell, "sls", 100).status == "yes"


def test_posts_embedded_in_solid_electrolyte_are_carried():
    found = coarse("interdigitated-pillars-opposed").check("micro-sla")
    assert [finding(found, rule).value for rule in ("overhang", "bridge", "islands", "cavities")] == [0, 0, 0, 0]
    assert found.smallest_scale == 2.0


def test_a_bridge_is_an_overhang_but_no_island():
    table = block(Prism(Strip(5.0, 3.0), 0.0, 5.0), Prism(Plane(), 5.0, 7.0))
    seen = looked_at(table)
    assert seen.islands.number == 0
    assert seen.undersides.beyond(45).area == pytest.approx(70.0)
    found = report(table, "diw", 100)
    overhang, bridge = finding(found, "overhang"), finding(found, "bridge")
    assert (overhang.value, overhang.ok, overhang.at[2]) == (pytest.approx(70), True, pytest.approx(5.0))
    assert overhang.note == "1 face, 7e+05 µm² per unit cell, up to 90°"
    # Walls 3 µm wide stand 10 µm apart: the plate spans 7 µm between them, magnified.
    assert (bridge.value, bridge.limit, bridge.ok) == (pytest.approx(700), 300, False)
    assert bridge.to_scale == pytest.approx(300 / 7, rel=1e-3)
    assert finding(report(table, "ded", 1), "overhang").from_scale is None  # which bridges nothing


def test_cavities():
    """A closed box traps resin; a channel through the period and a box without lid do not."""
    hole = rectangle(2, 3, 6, 8)
    walls = Prism(Difference(Plane(), (hole,)), 1.0, 4.0)
    floor, lid = Prism(Plane(), -math.inf, 1.0), Prism(Plane(), 4.0, 5.0)
    closed = block(floor, walls, lid)
    seen = looked_at(closed)
    assert (seen.cavities.number, seen.cavities.size) == (1, pytest.approx(4 * 5 * 3))
    x, y, z = seen.cavities.at
    assert 2 < x < 6
    assert 3 < y < 8
    assert z == pytest.approx(2.5)
    assert finding(report(closed, "micro-sla"), "cavities").note == "resin stays in them"
    assert all(f.rule != "cavities" for f in report(closed, "diw").findings)
    assert looked_at(block(floor, walls)).cavities.number == 0
    channel = block(floor, Prism(Strip(5.0, 6.0), 0.5, 4.0), lid)
    assert looked_at(channel).cavities.number == 0


def test_a_part_of_a_layer_that_touches_a_carried_one_is_no_island():
    cell = block(
        Prism(Plane(), -math.inf, 1.0),
        Prism(rectangle(1, 1, 3, 3), 0.0, 5.0),
        Prism(rectangle(1, 1, 9, 3), 3.0, 5.0),  # an arm
        Prism(rectangle(5, 6, 6, 7), 3.0, 5.0),  # a block in mid-air
        Prism(rectangle(7, 6, 8, 7), 2.0, 2.5),  # another
    )
    islands = looked_at(cell).islands
    assert (islands.number, islands.size) == (2, pytest.approx(2.0))


def test_lengths_scale_and_ratios_do_not():
    parameters = {"lattice": "hexagonal", "pitch": 8, "diameter": 3, "height": 40, "base": 4}
    one = geom3d.design({"architecture": "pillars", "parameters": parameters})
    large = {key: value * 25 if isinstance(value, int) else value for key, value in parameters.items()}
    two = geom3d.design({"architecture": "pillars", "parameters": large})
    at_25, other = one.check("sla", 25), two.check("sla")
    for a, b in zip(at_25.findings, other.findings, strict=True):
        assert (a.rule, a.ok) == (b.rule, b.ok)
        assert a.value == pytest.approx(b.value, rel=1e-6)
    for a, b in zip(at_25.parts, other.parts, strict=True):
        assert a.volume_mm3 == pytest.approx(b.volume_mm3, rel=1e-6)
        assert a.mass_g == pytest.approx(b.mass_g, rel=1e-6)
    assert one.check("sla").smallest_scale is None
    assert finding(at_25, "layers").value == math.ceil(44 * 25 / 25)


@pytest.mark.parametrize("name", [*one_of_each(PRISMATIC), *SAMPLED])
def test_every_kind_of_template_and_process_has_a_verdict(name):
    """What is found in a cell is judged alike, be it a post or a sponge's web."""
    design = coarse(name)
    for process in processes.shipped():
        found = design.check(process)
        json.dumps(found.data, allow_nan=False)
        assert found.verdict
        smallest = found.smallest_scale
        if found.status == "nothing":
            assert not found.findings
        elif found.status == "no":
            assert smallest is None
            assert design.check(process, 1e6).status == "no"
        elif smallest:
            assert found.status == ("yes" if smallest <= 1 <= (found.largest_scale or 1) else "from scale")
            assert design.check(process, smallest).status == "yes"
            assert design.check(process, 0.998 * smallest).status == "from scale"
        if found.largest_scale is not None:
            assert design.check(process, found.largest_scale).status == "yes"
            assert design.check(process, 1.002 * found.largest_scale).status == "up to scale"
    ranking = design.check_all(10)
    ranks = [("yes", "from scale", "up to scale", "no", "nothing").index(r.status) for r in ranking.reports]
    assert ranks == sorted(ranks)
    for status in ("yes", "from scale"):
        scales = [r.smallest_scale for r in ranking.reports if r.status == status]
        assert scales == sorted(scales)
    assert len(ranking.reports) == len(processes.shipped())


@pytest.mark.parametrize("name", one_of_each(UPRIGHT))
def test_shifting_the_lattice_changes_nothing(name):
    cell, seen = coarse(name).cell(), coarse(name)._measures
    shifted = cell.moved(0.37 * cell.size[0], -0.71 * cell.size[1])
    moved = LayeredPlan.of(shifted, shifted.walls())
    widths = {part: moved.width(mask, part) for part, mask in moved.masks().items()}
    assert {part for part, spot in widths.items() if spot is not None} == set(seen.widths)
    for part, spot in seen.widths.items():
        assert widths[part].value == pytest.approx(spot.value, rel=1e-4)
    assert (moved.islands().number, moved.cavities().number) == (0, 0)


def test_scales_are_written_simply_and_are_enough():
    # 10 µm over 0.05 µm and 0.3 µm over 0.25 µm.
    assert coarse("pillars-coated").check("micro-sla").verdict == "prints from scale 200"
    assert coarse("sponge-gyroid-lto").check("two-photon").verdict == "prints from scale 1.2"


def test_films_and_etches():
    pillars = coarse("pillars-coated").check("ald")
    assert finding(pillars, "feature").value == 0.05
    assert finding(pillars, "feature").regions == ("barrier",)
    ratio = finding(pillars, "aspect_ratio").value
    assert ratio == pytest.approx(coarse("pillars-coated").measure()["equivalent_aspect_ratio"])
    assert ratio == pytest.approx(40 * 3 * math.pi / (4 * (32 * math.sqrt(3) - 2.25 * math.pi)), rel=1e-3)
    assert coarse("comb-sun-2013").check("ald").verdict == "no films to deposit"
    assert coarse("planar-lithium-free").check("drie").verdict == "nothing to etch"
    lei = coarse("honeycomb-lei-2020").check("drie")
    assert finding(lei, "opening_ratio").value == pytest.approx(25 / (0.4 - 0.016), rel=1e-4)
    assert lei.verdict.startswith("cannot be etched: aspect ratio of the structure 65.1, at most 30")
    assert "undercuts" in coarse("interdigitated-pillars-opposed").check("drie").verdict


def test_the_command(capsys):
    assert run(["check", "pillars-coated", "--process", "micro-sla", "--scale", "50"]) == 3
    text = capsys.readouterr().out
    assert "(micro-sla) at scale 50: prints from scale 200" in text
    assert re.search(r"2\.5 µm +≥ 10 µm +violated +≥ 200", text)
    assert max(map(len, text.splitlines()[2:])) <= 80
    assert run(["check", "pillars-coated", "--process", "micro-sla", "--scale", "200"]) == 0
    capsys.readouterr()
    assert run(["check", "pillars-coated", "--json", "--process", "micro-sla"]) == 3
    data = json.loads(capsys.readouterr().out)
    assert data["violations"] == ["feature", "layer"]
    assert data["process"]["class"] == "photopolymerization"
    assert data["smallest_scale"] == 200
    assert run(["check", "comb-sun-2013"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[2:])) <= 80
    names = [line.split()[0] for line in lines if line.split()]
    assert names.index("two-photon") < names.index("sputter")
    assert run(["check", "comb-sun-2013", "--process", "all", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["processes"]) == 15
    assert run(["check", "comb-sun-2013", "--process", "magic"]) == 1
    assert "no shipped process 'magic'" in capsys.readouterr().err
    assert run(["list"]) == 0
    assert "Projection micro-stereolithography (photopolymerization)" in capsys.readouterr().out


def test_reports_show_in_a_notebook():
    one = coarse("pillars-coated").check("micro-sla")
    assert "<td>violated</td>" in one._repr_html_()
    assert "prints from scale 200" in str(one)
    assert "<td>micro-sla</td>" in coarse("pillars-coated").check_all()._repr_html_()


def test_words_of_a_template_are_no_markup_in_a_notebook():
    title, name = "<b>&'\" {{ 7 * 6 }}</table>", "<i>&'x"
    layer = {"name": name, "role": "cathode", "material": "licoo2", "thickness": 1}
    design = geom3d.design({"title": title, "architecture": "planar", "layers": [layer]})
    for report in (design.check("micro-sla"), design.check_all()):
        shown = report._repr_html_()
        assert not re.search("<[bi]>&", shown)
        assert shown.count("<table>") == shown.count("</table>") == len(report.tables())
        assert title in unescape(shown)
    assert f"<td>{name}</td>" in unescape(design.check("micro-sla")._repr_html_())


def test_checking_leaves_the_cell_alone():
    cell = bare("pillars")
    before = cell.walls().volumes.copy()
    LayeredPlan.of(cell, cell.walls()).masks()
    looked_at(cell)
    assert (cell.walls().volumes == before).all()


def test_masses_are_those_of_the_print_material(capsys):
    """A demonstrator of one material weighs its volume times that density."""
    design = coarse("comb-sun-2013")
    printed = design.check("fdm", 50, material="pmma")
    density = find("pmma").density_g_cm3
    for part in printed.parts:
        assert part.mass_g == pytest.approx(part.volume_mm3 * 1e-3 * density)
    assert printed.data["print_material"] == find("pmma").title
    assert design.check("fdm", 50).parts[-1].mass_g != pytest.approx(printed.parts[-1].mass_g)
    assert run(["check", "comb-sun-2013", "--process", "fdm", "--scale", "50", "--material", "pmma"]) in (0, 3)
    assert f"masses as printed in {find('pmma').title}" in capsys.readouterr().out
    with pytest.raises(InputError, match="material: unknown material 'pla'"):
        design.check("fdm", 50, material="pla")
