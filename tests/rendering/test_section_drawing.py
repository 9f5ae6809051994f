"""Sections as vector drawings: exact polygons, dimensions that are where they say, valid SVG of a column's width."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from kinds import PRISMATIC
from PIL import Image

import geom3d
from geom3d import notebook
from geom3d.cli.app import run
from geom3d.mesh.sections import section
from geom3d.rendering import render
from geom3d.rendering.dimensions import dimensions
from geom3d.rendering.section import drawing, in_rows
from geom3d.scene.faces import face

COARSE = {"resolution": 0.4}
SVG = "{http://www.w3.org/2000/svg}"


def loaded(name):
    return geom3d.load(name, COARSE if name == "sponge-gyroid-lto" else None)


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 - our own file


def area(path):
    """Area inside closed rings by the even-odd rule; their windings alternate."""
    total = 0.0
    for ring in path.removeprefix("M").removesuffix("Z").split("ZM"):
        x, y = np.array([point.split() for point in ring.split("L")], dtype=float).T
        total += (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2
    return abs(total)


NAMES = [*PRISMATIC, "sponge-gyroid-lto"]


@pytest.mark.parametrize("name", NAMES)
def test_polygons_have_the_areas_of_the_section(name):
    design = loaded(name)
    cell = design.cell()
    root = parsed(drawing(design, 2))
    exact = section(design.walls(), cell.middle()[1], "y").areas
    main = root.find(f"{SVG}g")  # the details follow
    found = {path.get("data-region"): path for path in main.findall(f"{SVG}path")}
    for label, region in enumerate(cell.regions):
        if exact[label] > 0:
            path = found.pop(region.name)
            assert area(path.get("d")) == pytest.approx(2 * exact[label], rel=1e-5)
            assert path.get("fill") == region.material.colour
    assert not found


@pytest.mark.parametrize("name", NAMES)
def test_a_column_wide_with_words_inside(name):
    root = parsed(drawing(loaded(name)))
    assert root.get("width") == "85mm"
    _, _, width, height = map(float, root.get("viewBox").split())
    assert width == 85
    assert root.get("height") == f"{height:g}mm"
    texts = root.findall(f".//{SVG}text")
    assert {region.name.split()[0] for region in loaded(name).cell().regions} & {
        t.text.split()[0].strip(",") for t in texts
    }
    for text in texts:
        # The mean letter of Helvetica is half as wide as high.
        long = 0.5 * float(text.get("font-size")) * len(text.text)
        start = {"start": 0.0, "middle": -long / 2, "end": -long}[text.get("text-anchor")]
        x, y = float(text.get("x")), float(text.get("y"))
        low, high = (y - start - long, y - start) if text.get("transform") else (x + start, x + start + long)
        assert low >= 0, text.text
        assert high <= (height if text.get("transform") else width), text.text


def boxes(root):
    """(low x, low y, high x, high y) of all words, mm, by the mean letter."""
    found = []
    for text in root.findall(f".//{SVG}text"):
        size = float(text.get("font-size"))
        long = 0.5 * size * len(text.text)
        start = {"start": 0.0, "middle": -long / 2, "end": -long}[text.get("text-anchor")]
        x, y = float(text.get("x")), float(text.get("y"))
        turned = text.get("transform") is not None
        box = (
            (x - 0.7 * size, y - start - long, x, y - start)
            if turned
            else (x + start, y - 0.7 * size, x + start + long, y)
        )
        found.append((text.text, *box))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_words_lie_over_each_other(name):
    found = boxes(parsed(drawing(loaded(name))))
    for k, (one, low_x, low_y, high_x, high_y) in enumerate(found):
        for other, u, v, x, y in found[:k]:
            apart = low_x >= x - 0.05 or u >= high_x - 0.05 or low_y >= y - 0.05 or v >= high_y - 0.05
            assert apart, (one, other)


@pytest.mark.parametrize("name", ["grid-oukassi-2019", "honeycomb-kotobuki-2010", "planar-lithium-free"])
def test_words_stand_beside_what_they_measure(name):
    """As far as they fit: the middle of an upright length's words lies no further from its middle than the words are high."""
    design = loaded(name)
    cell = design.cell()
    shown = face(design.walls(), cell.middle()[1], "y", 2)
    upright = [d for d in dimensions(design, shown, 2.0, {}) if d.upright]
    assert upright
    for row, mark in in_rows(upright, 0.4, (-1.5, 0.4 * cell.top + 1.5)):
        assert row <= 1
        assert abs((mark.start + mark.end) / 2 - (mark.low + mark.high) / 2) <= mark.end - mark.start


def test_the_lines_of_a_length_cross_no_pore():
    """They begin at the foot of the posts, and so run through the plate alone."""
    design = loaded("pillars-coated")
    cell = design.cell()
    facts = cell.facts
    shown = face(design.walls(), cell.middle()[1], "y", 3)
    films = sum(cell.films.values())
    for found in dimensions(design, shown, 0.5, {}):
        if not found.upright:
            assert facts.base_z <= found.across <= facts.base_z + films + 0.05 * (facts.top - facts.base_z)


def test_a_section_as_pdf_and_png(tmp_path):
    design = loaded("trenches-notten-2007")
    for name in ("a.pdf", "a.png", "a.svg"):
        render(design, tmp_path / name, view="section", width=120, dpi=200)
    pdf = (tmp_path / "a.pdf").read_bytes()
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    root = parsed((tmp_path / "a.svg").read_text("utf-8"))
    _, _, width, height = map(float, root.get("viewBox").split())
    assert width == 120
    assert [float(n) for n in box.groups()] == pytest.approx([width * 72 / 25.4, height * 72 / 25.4], abs=0.1)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert picture.size[0] == pytest.approx(120 / 25.4 * 200, abs=1)
        table = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for region in design.cell().regions:  # each has its swatch at least
        colour = [int(region.material.colour[k : k + 2], 16) for k in (1, 3, 5)]
        assert (table == colour).all(axis=1).sum() > 50, region.name
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pdf", "a.png", "a.svg"]


def test_without_title_and_legend():
    design = loaded("pillars-coated")
    with_all, bare = (parsed(drawing(design, **look)) for look in ({}, {"title": False, "legend": False}))
    titles = [region.material.title for region in design.cell().regions]
    texts = [{text.text for text in root.findall(f".//{SVG}text")} for root in (with_all, bare)]
    assert {design.description.title, titles[0]} <= texts[0]
    assert not texts[1] & {design.description.title, *titles}
    assert float(bare.get("viewBox").split()[3]) < float(with_all.get("viewBox").split()[3])


def test_the_legend_says_the_role_that_a_name_does_not():
    text = " ".join(t.text for t in parsed(drawing(loaded("honeycomb-kotobuki-2010"))).findall(f".//{SVG}text"))
    assert "scaffold (electrolyte)" in text
    assert "backing (anode)" in text
    assert "cathode (cathode)" not in text


def test_the_scale_bar_is_as_long_as_it_says():
    design = loaded("pillars-coated")
    root = parsed(drawing(design))
    bar = root.find(f".//{SVG}g[@id='scale']")
    scale = float(root.find(f"{SVG}g").get("transform").removeprefix("matrix(").split()[0])
    length = float(bar.get("data-length-um"))
    assert float(bar.find(f"{SVG}rect").get("width")) == pytest.approx(length * scale, rel=1e-4)
    assert bar.find(f"{SVG}text").text == f"{length:g} µm"
    # The scale itself: the section's polygons are 46.3 µm high, up to the collector's top.
    assert 46.3 * scale <= 62.001


def test_dimensions_are_where_they_say():
    """By the exact shapes: the ends of every length lie on borders of regions, and its middle inside what it measures."""
    design = loaded("pillars-coated")
    cell, walls = design.cell(), design.walls()
    y = cell.middle()[1]
    shown = face(walls, y, "y", 3)
    found = {d.name: d for d in dimensions(design, shown, 0.5, {"electrolyte": 0.5})}
    assert set(found) == {"pitch", "diameter", "electrolyte = distance", "height", "base"}
    for span in found["diameter"].spans:
        assert span[1] - span[0] == pytest.approx(3.0, rel=5e-3)
        labels = cell.locate(np.array([[x, y, found["diameter"].across] for x in np.linspace(*span, 9)[1:-1]]))
        assert {cell.names[k] for k in labels} == {"scaffold"}
        just_out = cell.locate(np.array([[x, y, 24.0] for x in (span[0] - 0.02, span[1] + 0.02)]))
        assert {cell.names[k] for k in just_out} == {"barrier"}
    low, high = found["height"].spans[0]
    assert (low, high) == pytest.approx((cell.facts.base_z, cell.facts.top))
    for low, high in found["electrolyte = distance"].spans:
        assert cell.names[cell.locate(np.array([[(low + high) / 2, y, 24.0]]))[0]] == "electrolyte"
    assert all(high - low == pytest.approx(8.0) for low, high in found["pitch"].spans)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "pillars-coated",
            ["pitch 8", "diameter 3", "height 40", "base 4", "barrier 50", "anode 0.1", "cathode collector"],
        ),
        ("interdigitated-pillars-opposed", ["pitch 15", "anode diameter 10", "tip gap 5", "plate 5", "distance 5"]),
        ("trenches-notten-2007", ["pitch 8", "width 5", "depth 50", "cathode 1"]),
        ("comb-sun-2013", ["anode width 60", "gap", "height 400"]),
        ("grid-oukassi-2019", ["pitch 50", "width 11.2", "distance 2", "base 10"]),
        ("grid-yang-2011", ["pitch 200", "width 35"]),
        ("sponge-gyroid-lto", ["period 5", "height 10", "backing 1"]),
        ("honeycomb-lei-2020", ["pitch 0.4", "wall 16", "depth 25", "electrolyte 60"]),
    ],
)
def test_lengths_of_the_template_are_drawn(name, words):
    text = " ".join(t.text for t in parsed(drawing(loaded(name))).findall(f".//{SVG}text")).replace("\u00a0", " ")
    assert [word for word in words if word not in text] == []


def test_a_section_needs_no_opengl_and_is_the_same_each_time(tmp_path, monkeypatch, capsys):
    def dead(*arguments, **options):
        raise AssertionError("nothing may be probed")

    monkeypatch.setattr(subprocess, "run", dead)
    paths = [tmp_path / "Schnitt µ 1.svg", tmp_path / "zwei.svg"]
    for path in paths:
        assert run(["render", "pillars-coated", "-o", str(path)]) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert capsys.readouterr().out.splitlines() == [str(path) for path in paths]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_odd_names_make_valid_files(tmp_path):
    layers = [
        {"name": "a<b & c", "role": "anode", "material": "silicon", "thickness": 0.1},
        {"name": "Elektrolyt ü", "role": "electrolyte", "material": "lipon", "thickness": 0.3},
        {"name": "rest", "role": "cathode", "material": "licoo2", "fill_to": 1.0},
    ]
    design = geom3d.design({"title": "<Titel> & so", "architecture": "pillars", "layers": layers})
    render(design, tmp_path / "a.svg")
    root = parsed((tmp_path / "a.svg").read_text("utf-8"))
    assert {path.get("data-region") for path in root.findall(f".//{SVG}path")} >= {
        layer["name"] for layer in layers[:2]
    }
    html = design.cell()._repr_html_()
    assert "a&lt;b &amp;" in html
    assert "a<b" not in html


@pytest.mark.parametrize("name", ["pillars-coated", "sponge-gyroid-lto"])
def test_cells_show_themselves_in_notebooks(name):
    """A row for every region with its sizes, and the section as a drawing with every region it meets."""
    design = loaded(name)
    cell, walls = design.cell(), design.walls()
    html = design._repr_html_()
    svg = parsed(html[html.index("<svg") : html.index("</svg>") + 6])
    exact = section(walls, cell.middle()[1], "y").areas
    drawn = {path.get("data-region"): area(path.get("d")) for path in svg.findall(f".//{SVG}path")}
    shares = {name: exact[k] / exact[:-1].sum() for k, name in enumerate(cell.names) if exact[k] > 0}
    assert {k: v / sum(drawn.values()) for k, v in drawn.items()} == pytest.approx(shares, rel=1e-2)
    for label, region in enumerate(cell.regions):
        assert region.material.colour in html
        assert f"{walls.volumes[label] / walls.footprint:.4g} µm" in html
        assert f"{walls.volumes[label] / walls.footprint:.4g} µm" in cell._repr_html_()
    assert notebook.to_html(cell, walls) in html


def test_a_fine_sponge_is_not_built_to_be_shown():
    cell = geom3d.load("sponge-spinodal-licoo2", {"resolution": 0.05}).cell()
    html = cell._repr_html_()
    assert "from z" not in html
    assert "LiPON" in html


def test_a_bare_grid_has_a_section_without_a_warning():
    """Its lines carry nothing: a body that is nowhere. Found by the fuzzer."""
    assert "<svg" in drawing(geom3d.design({"architecture": "grid", "layers": []}), None)
