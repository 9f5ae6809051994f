"""Lithography masks, read back by KLayout and gdstk, against volumes that come from the triangles."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from xml.etree import ElementTree as ET

import gdstk
import klayout.db as kdb
import numpy as np
import pytest
import shapely
from kinds import PRISMATIC, UPRIGHT, coarse, one_of_each

import geom3d
from geom3d.exports import gds
from geom3d.rasters.masks import keyholed, masks

FORMATS = ("gds", "oas")


def built(design: geom3d.Design, folder: Path, **options) -> dict[str, tuple[kdb.Layout, list[dict[str, str]]]]:
    """Layout and table of layers by format."""
    design.build(folder, formats=FORMATS, **options)
    found = {}
    for suffix in FORMATS:
        (path,), (table,) = folder.glob(f"*_masks_*.{suffix}"), folder.glob(f"*_{suffix}-layers_*.csv")
        layout = kdb.Layout()
        layout.read(str(path))
        with table.open(encoding="utf-8", newline="") as file:
            found[suffix] = layout, list(csv.DictReader(file))
    return found


def report(folder: Path) -> dict:
    return json.loads((folder / "report.json").read_text("utf-8"))


def layer_of(layout: kdb.Layout, row: dict[str, str]) -> int:
    return layout.find_layer(int(row["layer"]), int(row["datatype"]))


def unit_cell(layout: kdb.Layout) -> kdb.Cell:
    return layout.cell(f"{layout.top_cell().name}_cell")


def region(cell: kdb.Cell, layer: int) -> kdb.Region:
    return kdb.Region(cell.begin_shapes_rec(layer)).merged()


@pytest.mark.parametrize("name", PRISMATIC)
def test_areas_times_heights_are_the_volumes(name, tmp_path):
    design = geom3d.load(name)
    walls = design.walls()
    device = 6 * walls.footprint
    for layout, rows in built(design, tmp_path, repeat=(3, 2)).values():
        volumes = dict.fromkeys(walls.names, 0.0)
        assert len(rows) == len(layout.layer_infos()) == len({(row["layer"], row["datatype"]) for row in rows})
        for row in rows:
            layer = layer_of(layout, row)
            area = region(unit_cell(layout), layer).area() * layout.dbu**2
            assert area == pytest.approx(float(row["area_um2_per_cell"]), rel=1e-6)
            assert area / walls.footprint == pytest.approx(float(row["share"]), rel=1e-6)
            assert region(layout.top_cell(), layer).area() * layout.dbu**2 == pytest.approx(6 * area, rel=1e-6)
            if row["polarity"] == "positive":
                volumes[row["region"]] += area * (float(row["z_to_um"]) - float(row["z_from_um"]))
        assert list(volumes.values()) == pytest.approx(walls.volumes[:-1], rel=1e-6)
        assert layout.top_cell().bbox().area() * layout.dbu**2 == pytest.approx(device, rel=1e-6)
    assert report(tmp_path)["warnings"] == []


def test_a_region_is_one_layer_where_its_outline_does_not_change(tmp_path):
    """The pillar goes through the layers in z in which the films begin; its opening is the rest of the period."""
    (_, rows), _ = built(geom3d.load("pillars-coated"), tmp_path).values()
    columns = ("layer", "datatype", "z_from_um", "z_to_um", "polarity")
    assert [tuple(row[c] for c in columns) for row in rows if row["region"] == "scaffold"] == [
        ("1", "0", "0", "4", "positive"),
        ("2", "0", "4", "44", "positive"),
        ("2", "1", "4", "44", "negative"),
    ]
    post, opening = (float(row["area_um2_per_cell"]) for row in rows[1:3])
    assert post == pytest.approx(2 * math.pi * 1.5**2, rel=1e-8)
    assert post + opening == pytest.approx(64 * math.sqrt(3), rel=1e-8)
    assert all(row["polarity"] == "positive" for row in rows if row["region"] != "scaffold")


@pytest.mark.parametrize("name", ["honeycomb-lei-2020", "pillars-coated", "interdigitated-pillars-opposed"])
def test_all_layers_at_one_height_fill_the_array_without_seams(name, tmp_path):
    design = geom3d.load(name)
    facts = design.cell().facts
    middle = (facts.base_z + facts.top) / 2
    for layout, rows in built(design, tmp_path, repeat=(4, 3)).values():
        here = [r for r in rows if r["datatype"] == "0" and float(r["z_from_um"]) <= middle < float(r["z_to_um"])]
        parts = [region(layout.top_cell(), layer_of(layout, row)) for row in here]
        whole = kdb.Region()
        for part in parts:
            whole += part
        merged = whole.merged()
        assert merged.count() == 1
        assert merged.is_box()
        assert sum(part.area() for part in parts) == pytest.approx(merged.area(), rel=1e-12)  # nowhere two at once


def test_the_opening_is_what_the_region_leaves(tmp_path):
    for layout, rows in built(geom3d.load("honeycomb-kotobuki-2010"), tmp_path, repeat=(2, 2)).values():
        openings = [row for row in rows if row["datatype"] == "1"]
        assert openings
        for row in openings:
            drawn = region(layout.top_cell(), layout.find_layer(int(row["layer"]), 0))
            rest = region(layout.top_cell(), layer_of(layout, row))
            assert (kdb.Region(layout.top_cell().bbox()) ^ (drawn + rest)).is_empty()
            assert (drawn & rest).is_empty()


@pytest.mark.parametrize("repeat", [(1, 1), (1, 5), (300, 200), (40_000, 2)])
def test_the_array_is_a_reference_and_costs_nothing(repeat, tmp_path):
    design = geom3d.load("trenches-notten-2007")
    for suffix, (layout, _) in built(design, tmp_path, repeat=repeat).items():
        top = layout.top_cell()
        assert sum(one.size() for one in top.each_inst()) == math.prod(repeat)
        assert sum(1 for _ in top.each_inst()) <= 2  # the format counts to 32,767
        assert top.bbox().width() * layout.dbu == pytest.approx(repeat[0] * 8.0, rel=1e-9)
        assert top.bbox().height() * layout.dbu == pytest.approx(repeat[1] * 8.0, rel=1e-9)
        assert top.bbox().p1 == kdb.Point(0, 0)
        assert max(top.bbox().width(), top.bbox().height()) <= 2**31 - 1
        assert next(tmp_path.glob(f"*.{suffix}")).stat().st_size < 4000
        assert not any(top.shapes(layer).size() for layer in layout.layer_indexes())


def test_gdstk_reads_the_same_areas(tmp_path):
    tables = built(geom3d.load("microtubes-eustache-2014"), tmp_path, repeat=(7, 3))
    for suffix, read in (("gds", gdstk.read_gds), ("oas", gdstk.read_oas)):
        library = read(next(tmp_path.glob(f"*.{suffix}")))
        (top,) = library.top_level()
        assert library.unit == pytest.approx(1e-6)
        areas = top.area(True)
        for row in tables[suffix][1]:
            area = areas.pop((int(row["layer"]), int(row["datatype"])))
            assert area == pytest.approx(21 * float(row["area_um2_per_cell"]), rel=1e-6)
        assert not areas


@pytest.mark.parametrize("scale", [0.5, 1000.0])
def test_scale_magnifies_and_unit_has_no_meaning(scale, tmp_path):
    design = geom3d.load("trenches-notten-2007")
    for layout, rows in built(design, tmp_path, repeat=(2, 2), scale=scale, unit="mm").values():
        assert layout.top_cell().bbox().width() * layout.dbu == pytest.approx(16 * scale, rel=1e-9)
        wall = next(row for row in rows if (row["layer"], row["datatype"]) == ("2", "0"))
        assert float(wall["area_um2_per_cell"]) == pytest.approx(3 * 8 * scale**2)
        assert float(wall["z_to_um"]) - float(wall["z_from_um"]) == pytest.approx(50 * scale)
    assert all(
        entry["file"].endswith((".csv", ".lyp")) or "_um_x" in entry["file"] for entry in report(tmp_path)["files"]
    )


@pytest.mark.slow
def test_polygons_with_more_corners_than_gds_holds_are_cut(tmp_path):
    post = {"pitch": 1200.0, "diameter": 1000.0, "height": 5.0, "lattice": "square"}
    film = {"name": "film", "role": "barrier", "material": "titanium-nitride", "thickness": 2.0}
    design = geom3d.design(
        {"architecture": "pillars", "parameters": post, "layers": [film], "tolerance": 1e-4}, "large"
    )
    most = {}
    for suffix, (layout, rows) in built(design, tmp_path, repeat=(2, 2)).items():
        most[suffix] = max(s.polygon.num_points() for k in layout.layer_indexes() for s in unit_cell(layout).shapes(k))
        ring = next(r for r in rows if r["region"] == "film" and float(r["z_to_um"]) - float(r["z_from_um"]) > 2.5)
        area = region(unit_cell(layout), layer_of(layout, ring)).area() * layout.dbu**2
        assert area == pytest.approx(math.pi * (502**2 - 500**2), rel=1e-6)
    assert most["gds"] <= 4094
    assert most["oas"] > 8190


def squares(*corners: tuple[float, float, float]) -> list[np.ndarray]:
    """The square from 0 to 10 with square holes of (x, y, width)."""
    rings = [np.array([(0.0, 0), (10, 0), (10, 10), (0, 10)])]
    return rings + [np.array([(x, y), (x, y + w), (x + w, y + w), (x + w, y)]) for x, y, w in corners]


@pytest.mark.parametrize(
    "rings",
    [
        squares((4, 4, 2)),
        squares((1, 1, 2), (5, 1, 2), (1, 5, 2), (5, 5, 2), (8, 8, 1)),
        squares((2, 2, 3), (5, 5, 3)),  # the holes touch at a corner
        squares((3, 3, 2), (5.5, 3, 2), (3, 5.5, 2), (5.5, 5.5, 2)),
        [*squares((2, 2, 3)), np.array([(6.0, 6), (6, 8), (8, 6)])],  # holes of four corners and of three
    ],
)
def test_keyholes_change_no_area_and_add_no_corner(rings):
    line = keyholed(rings)
    polygon = shapely.Polygon(rings[0], rings[1:])
    assert gds._area(line) == pytest.approx(polygon.area, rel=1e-12)
    assert {tuple(p) for p in line.tolist()} == {tuple(p) for ring in rings for p in ring.tolist()}
    drawn = kdb.Region(kdb.Polygon([kdb.Point(*(round(1000 * v) for v in p)) for p in line], True))
    drawn.merged_semantics = True
    exact = kdb.Region()
    for ring in rings:
        exact ^= kdb.Region(kdb.Polygon([kdb.Point(*(round(1000 * v) for v in p)) for p in ring]))
    assert (drawn.merged() ^ exact).is_empty()


def test_outlines_are_counter_clockwise_and_areas_those_of_the_floor_plan():
    design = geom3d.load("microtubes-eustache-2014")
    for mask in masks(design.cell(), design.walls()):
        areas = [gds._area(polygon) for polygon in mask.polygons]
        assert min(areas) > 0
        assert sum(areas) == pytest.approx(mask.area, rel=1e-9)


def test_files_are_the_same_whenever_they_are_written(tmp_path):
    design = geom3d.load("pillars-coated")
    for folder in ("one", "two"):
        design.build(tmp_path / folder, formats=FORMATS)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 7
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    stamp = gdstk.gds_timestamp(next((tmp_path / "one").glob("*.gds")))
    assert stamp.replace(tzinfo=None) == gds.DATE.replace(tzinfo=None)


@pytest.mark.parametrize("name", one_of_each(UPRIGHT))
def test_no_file_is_larger_than_told(name, tmp_path):
    design = coarse(name)
    planned = design.plan(tmp_path, formats=FORMATS)
    design.build(tmp_path, formats=FORMATS)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir() if path.name != "report.json"}
    assert sizes.keys() == planned.keys()
    assert all(size <= planned[file] for file, size in sizes.items())
    assert {entry["file"]: entry["bytes"] for entry in report(tmp_path)["files"]} == sizes


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_sponge_has_no_masks(suffix, tmp_path):
    design = geom3d.design(
        {"architecture": "tpms", "parameters": {"period": 4, "height": 4}, "resolution": 0.4}, "gyroid"
    )
    for act in (design.plan, design.build):
        with pytest.raises(geom3d.InputError) as caught:
            act(tmp_path / "o", formats=(suffix,))
        assert str(caught.value).startswith(f"format: {suffix} masks need vertical walls; gyroid is a sponge; valid: ")
        assert "stl" in str(caught.value)
    assert not (tmp_path / "o").exists()


def test_the_database_unit_is_the_finest_that_fits_and_its_rounding_is_told(tmp_path):
    design = geom3d.load("honeycomb-lei-2020")  # films of 10 nm
    units = {}
    for count in (1, 12, 1000, 50_000):
        folder = tmp_path / str(count)
        layout, _ = built(design, folder, repeat=(count, count))["gds"]
        data = report(folder)
        units[count] = data["files"][0]["database_unit_um"]
        assert units[count] == pytest.approx(layout.dbu)
        assert layout.top_cell().bbox().height() <= 2**31 - 1 < 10 * count * design.cell().size[1] / units[count]
        noted = [note for note in data["warnings"] if "database unit" in note]
        assert bool(noted) == (count > 12)
        assert not noted or any("(cathode collector)" in note for note in noted)
    assert units == {1: 1e-9, 12: 1e-8, 1000: 1e-6, 50_000: 1e-4}


def test_names_colours_and_sources_in_the_layer_properties(tmp_path):
    template = tmp_path / "Säulen & <日本>.toml"
    text = 'architecture = "pillars"\n[[layers]]\nname = "film, α & β"\nrole = "barrier"\nmaterial = "titanium-nitride"\nthickness = 0.1\n'
    template.write_text(text, "utf-8")
    design = geom3d.load(template)
    for suffix, (layout, rows) in built(design, tmp_path / "o ö 日本").items():
        assert layout.top_cell().name.isascii()
        (path,) = (tmp_path / "o ö 日本").glob(f"*_{suffix}-layers_um.lyp")
        found = ET.parse(path).getroot().findall("properties")  # noqa: S314
        assert [p.findtext("source") for p in found] == [f"{r['layer']}/{r['datatype']}@1" for r in rows]
        colours = {r.name: r.material.colour for r in design.cell().regions}
        for entry, row in zip(found, rows, strict=True):
            assert entry.findtext("fill-color") == colours[row["region"]]
            opening = " opening" if row["polarity"] == "negative" else ""
            title = f"{row['region']}{opening}, z {float(row['z_from_um']):.6g} to {float(row['z_to_um']):.6g} µm"
            assert entry.findtext("name") == title
        shown = [row for entry, row in zip(found, rows, strict=True) if entry.findtext("visible") == "true"]
        assert {row["region"] for row in shown} == {"scaffold", "film, α & β"}


def test_a_file_cut_short_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    design = geom3d.load("trenches-notten-2007")
    monkeypatch.setattr(gds, "END", b"another end")
    with pytest.raises(
        geom3d.OutputError, match=r"trenches-notten-2007_masks_um\.gds' cannot be written: it is cut short"
    ):
        design.build(tmp_path, formats=("gds",))
    assert list(tmp_path.iterdir()) == []
