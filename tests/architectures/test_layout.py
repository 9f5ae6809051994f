"""Layouts of a user's own as prisms: units, hierarchy, holes, round trips, and broken files."""

from __future__ import annotations

import csv
from pathlib import Path

import gdstk
import numpy as np
import pytest

import geom3d
from geom3d.architectures import layout
from geom3d.core.errors import InputError

POST = {"layer": 1, "region": "posts", "top": 5.0}


def save(path: Path, *cells: gdstk.Cell, unit: float = 1e-6) -> Path:
    library = gdstk.Library(unit=unit, precision=unit / 1000)
    library.add(*cells)
    library.write_gds(path) if path.suffix == ".gds" else library.write_oas(path)
    return path


def design(path: Path | str, masks=(POST,), **parameters) -> geom3d.Design:
    given = {"file": str(path), "masks": list(masks), **parameters}
    materials = {mask["region"]: "silicon-substrate" for mask in masks}
    return geom3d.design({"architecture": "layout", "parameters": given, "materials": materials})


def refusal(path: Path | str, masks=(POST,), **parameters) -> str:
    with pytest.raises(InputError) as caught:
        design(path, masks, **parameters)
    text = str(caught.value)
    assert len(text.splitlines()) <= 2
    return text


def square(name: str, side: float = 2.0) -> gdstk.Cell:
    return gdstk.Cell(name).add(gdstk.rectangle((0, 0), (side, side), 1))


@pytest.mark.parametrize("suffix", ["gds", "oas"])
def test_references_are_expanded_and_units_kept(tmp_path, suffix):
    """Twelve posts of 2 µm in an array of references, in a file whose unit is the nanometre."""
    top = gdstk.Cell("top").add(gdstk.Reference(square("post", 2000.0), columns=4, rows=3, spacing=(5000.0, 6000.0)))
    path = save(tmp_path / f"posts.{suffix}", top, *top.dependencies(True), unit=1e-9)
    cell = design(path, margin=1.0)
    report = cell.measure()
    assert cell.cell().size[:2] == pytest.approx((19.0, 16.0))
    footprint = 19.0 * 16.0
    assert report["thickness_equivalent_um.posts"] * footprint == pytest.approx(12 * 4 * 5.0)
    assert report["area_gain.scaffold"] * footprint == pytest.approx(footprint + 12 * 8 * 5.0)
    assert cell.cell().facts.gap == pytest.approx(2.0)  # through the margins; within it is 3


def test_slits_draw_holes_and_overlaps_count_once(tmp_path):
    """A ring of 6 µm with a hole of 2 µm drawn through a slit, and a square over one of its corners."""
    ring = [(0, 0), (6, 0), (6, 6), (0, 6), (0, 3), (2, 3), (2, 4), (4, 4), (4, 2), (2, 2), (2, 3), (0, 3)]
    top = gdstk.Cell("top").add(gdstk.Polygon(ring, 1), gdstk.rectangle((0, 0), (1, 1), 1))
    report = design(save(tmp_path / "ring.gds", top), margin=1.0).measure()
    assert report["thickness_equivalent_um.posts"] * 64 == pytest.approx(32 * 5.0)
    assert report["area_gain.scaffold"] * 64 == pytest.approx(64 + (24 + 8) * 5.0)


def test_holes_in_a_plate_and_several_heights(tmp_path):
    masks = (
        {"layer": 1, "region": "frame", "top": 4.0, "holes": True},
        {"layer": 2, "region": "lid", "bottom": 4.0, "top": 5.0},
    )
    top = gdstk.Cell("top").add(gdstk.rectangle((1, 1), (3, 3), 1), gdstk.rectangle((0, 0), (1, 4), 2))
    report = design(save(tmp_path / "holes.gds", top), masks, period=[4.0, 4.0]).measure()
    assert report["thickness_equivalent_um.frame"] == pytest.approx(4.0 * 12 / 16)
    assert report["thickness_equivalent_um.lid"] == pytest.approx(4 / 16)


@pytest.mark.parametrize(("name", "suffix"), [("pillars", "gds"), ("honeycomb", "oas"), ("pores", "gds")])
def test_prisms_come_back_from_their_masks(tmp_path, name, suffix):
    original = geom3d.design({"architecture": name})
    original.build(tmp_path, formats=(suffix,))
    (path,), (table,) = tmp_path.glob(f"*.{suffix}"), tmp_path.glob("*.csv")
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    base = original.cell().facts.base_z
    masks = [
        {
            "layer": int(row["layer"]),
            "datatype": int(row["datatype"]),
            "region": row["region"],
            "bottom": max(0.0, float(row["z_from_um"]) - base),
            "top": float(row["z_to_um"]) - base,
        }
        for row in rows
        if float(row["z_to_um"]) > base and row["polarity"] == "positive"
    ]
    x, y = original.cell().size[:2]
    library = (gdstk.read_gds if suffix == "gds" else gdstk.read_oas)(path)
    unit_cell = next(cell.name for cell in library.cells if cell.name.endswith("_cell"))
    back = design(path, masks, cell=unit_cell, period=[x, y], plate=base).measure()
    there = original.measure()
    assert back["area_gain.scaffold"] == pytest.approx(there["area_gain.scaffold"], rel=1e-5)
    volume = back["thickness_equivalent_um.scaffold"] + back["thickness_equivalent_um.substrate"]
    assert volume == pytest.approx(there["thickness_equivalent_um.scaffold"], rel=1e-5)


def test_films_follow_the_outlines(tmp_path):
    """A coat around a square post: its corners are round in the plane, as a buffer's are."""
    path = save(tmp_path / "post.gds", square("post", 4.0))
    film = {"name": "film", "role": "barrier", "material": "tin-nitride", "thickness": 0.5}
    given = {"file": str(path), "masks": [POST], "margin": 3.0}
    materials = {"posts": "silicon-substrate"}
    report = geom3d.design(
        {"architecture": "layout", "parameters": given, "materials": materials, "layers": [film]}
    ).measure()
    area = 100.0
    section = 16 + 16 * 0.5 + np.pi * 0.25
    volume = area * 0.5 + section * 5.0 - 16 * 5.0 + 0.0
    assert report["thickness_equivalent_um.film"] * area == pytest.approx(volume, rel=1e-3)


def test_references_in_a_circle_are_refused(tmp_path):
    a, b = square("a"), square("b")
    a.add(gdstk.Reference(b))
    b.add(gdstk.Reference(a, (1, 1)))
    path = save(tmp_path / "circle.gds", a, b)
    assert "refer to each other in a circle: a → b → a" in refusal(path)


def test_a_hierarchy_that_grows_without_end_is_refused_before_it_is_expanded(tmp_path):
    cells = [square("c0")]
    for k in range(12):
        cells.append(
            gdstk.Cell(f"c{k + 1}").add(gdstk.Reference(cells[-1], columns=30, rows=30, spacing=(3.0**k, 3.0**k)))
        )
    text = refusal(save(tmp_path / "huge.gds", *cells))
    assert "corners with all its references" in text


def test_what_cannot_be_built_is_refused_in_one_line(tmp_path):
    path = save(tmp_path / "two.gds", square("one"), square("two"))
    assert "parameters.cell: must be given, the file has 2 top cells" in refusal(path)
    assert "did you mean 'one'" in refusal(path, cell="onee")
    path = save(tmp_path / "one.gds", square("one"))
    assert "nothing on layer 7/0; did you mean '1/0'?" in refusal(path, [{"layer": 7, "top": 1.0, "region": "posts"}])
    assert "half a period beyond" in refusal(save(tmp_path / "wide.gds", square("one", 20.0)), period=[5.0, 5.0])
    lost = gdstk.Cell("top").add(gdstk.Reference("nowhere"))
    assert "Missing reference" in refusal(save(tmp_path / "lost.gds", lost))
    assert "no cells" in refusal(save(tmp_path / "none.gds"))
    with pytest.raises(InputError, match="top must lie above bottom"):
        geom3d.design({"architecture": "layout", "parameters": {"masks": [{"layer": 1, "bottom": 2, "top": 1}]}})


def test_broken_files_are_refused(tmp_path):
    content = save(tmp_path / "one.gds", square("one")).read_bytes()
    oasis = save(tmp_path / "one.oas", square("one")).read_bytes()
    (tmp_path / "cut.gds").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.gds").write_bytes(b"nothing of the kind")
    (tmp_path / "text.oas").write_bytes(b"nothing of the kind")
    (tmp_path / "empty.gds").write_bytes(b"")
    (tmp_path / "length.gds").write_bytes(content[:6] + b"\xff\xff" + content[8:])
    for name in ("cut.gds", "text.gds", "text.oas", "empty.gds", "length.gds"):
        assert "cannot be read" in refusal(tmp_path / name), name
    assert oasis.startswith(b"%SEMI-OASIS")


def test_the_closed_form_is_the_areas_of_the_polygons():
    report = geom3d.design({"architecture": "layout"}).measure()
    known = layout.closed_form(layout.Parameters()).metrics
    names = {f"thickness_equivalent_um.{name}" for name in ("scaffold", "substrate")}
    assert known.keys() == names | {"area_gain.scaffold", "area_gain.side_walls"}
    for key, value in known.items():
        assert report[key] == pytest.approx(value, rel=1e-9)
