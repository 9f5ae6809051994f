"""Plane sections, and slices as pixels and as drawings, against volumes, exact shapes and an independent reader."""

from __future__ import annotations

import json
import math
import re
import shutil
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from kinds import PRISMATIC
from PIL import Image

import geom3d
from geom3d.exports import Options, png
from geom3d.mesh.sections import Slicer, section
from geom3d.rasters.slices import PixelGrid

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


@cache
def sponge(step: float = 0.4) -> geom3d.Design:
    """A small gyroid with a film, filled up, on a coarse grid."""
    film = {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.3}
    fill = {"name": "fill", "role": "anode", "material": "lithium", "fill_to": 0.5}
    return geom3d.design(
        {
            "architecture": "tpms",
            "parameters": {"period": 4.0, "height": 4.0},
            "layers": [film, fill],
            "resolution": step,
        },
        "gyroid",
    )


def shoelace(ring: np.ndarray) -> float:
    x, y = ring.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def stacks(folder: Path, design: geom3d.Design) -> list[np.ndarray]:
    """(slices, rows, columns) of every region, the lowest row first."""
    found = []
    for name in design.walls().names:
        (path,) = folder.glob(f"*_slices-{name.replace(' ', '-')}_*")
        images = []
        for file in sorted(path.iterdir()):
            with Image.open(file) as image:
                assert image.mode == "1"
                images.append(np.array(image))
        found.append(np.array(images)[:, ::-1])
    return found


def outlines(path: Path) -> tuple[ET.Element, dict[str, list[np.ndarray]], dict[str, list[tuple[float, float]]]]:
    """A drawing, the rings of each group's unit cell and the places where they are used."""
    root = ET.parse(path).getroot()  # noqa: S314
    known = {element.get("id"): element for element in root.iter() if element.get("id")}
    turned = root.find(f"{SVG}g")
    rings, places = {}, {}
    for group in turned.findall(f"{SVG}g"):
        rings[group.get("id")], places[group.get("id")] = [], []
        for row in group.findall(f"{SVG}use"):
            for one in known[row.get(LINK)[1:]]:
                cell = known[one.get(LINK)[1:]]
                places[group.get("id")].append((float(one.get("x")), float(row.get("y"))))
                assert cell.get("fill-rule") == "evenodd"
                parts = re.findall(r"M([^Z]*)Z", cell.get("d"))
                rings[group.get("id")] = [np.array([p.split() for p in part.split("L")], dtype=float) for part in parts]
    return root, rings, places


@pytest.mark.parametrize("name", PRISMATIC)
@pytest.mark.parametrize("normal", ["x", "y", "z"])
def test_areas_of_sections_add_up_to_the_volumes(name, normal):
    """Between two neighbouring vertices a section of prisms changes linearly, or not at all: the midpoint rule is exact."""
    walls = geom3d.load(name).walls()
    slicer = Slicer(walls, normal)
    stops = np.unique(walls.vertices[:, "xyz".index(normal)])
    stops = stops[np.r_[True, np.diff(stops) > 1e-6]]
    found = sum(slicer.at((a + b) / 2).areas * (b - a) for a, b in pairwise(stops.tolist()))
    assert found == pytest.approx(walls.volumes, rel=1e-8, abs=1e-9 * math.prod(walls.size))


@pytest.mark.parametrize("normal", ["x", "y", "z"])
def test_areas_of_sections_of_a_sponge(normal):
    walls = sponge().walls()
    extent = walls.size["xyz".index(normal)]
    slicer = Slicer(walls, normal)
    count = 400
    found = sum(slicer.at((k + 0.5) / count * extent).areas for k in range(count)) * extent / count
    assert found == pytest.approx(walls.volumes, rel=5e-3)


@pytest.mark.parametrize("normal", ["x", "y", "z"])
@pytest.mark.parametrize("name", ["microtubes-eustache-2014", "comb-sun-2013", "sponge"])
def test_rings_close_around_their_region(name, normal):
    design = sponge() if name == "sponge" else geom3d.load(name)
    cell, walls = design.cell(), design.walls()
    axis = "xyz".index(normal)
    for share in (0.137, 0.31, 0.5, 0.713):
        place = share * cell.top if normal == "z" else share * walls.size[axis]
        cut = section(walls, place, normal)
        assert cut.areas.sum() == pytest.approx(math.prod(cut.size), rel=1e-12)
        for label in range(len(walls.names) + 1):
            rings = cut.rings([label])
            assert sum(shoelace(ring) for ring in rings) == pytest.approx(
                cut.areas[label], abs=1e-10 * math.prod(cut.size)
            )
            # A step to the left of the longest side lies in the region.
            for ring in rings:
                sides = np.roll(ring, -1, axis=0) - ring
                k = int(np.hypot(*sides.T).argmax())
                left = np.array([-sides[k, 1], sides[k, 0]]) / np.hypot(*sides[k])
                inside = ring[k] + sides[k] / 2 + 1e-3 * min(cut.size) * left
                if name != "sponge":
                    assert cell.locate(np.insert(inside, axis, place)[None])[0] == label
        solid = cut.rings(list(range(len(walls.names))))
        assert sum(shoelace(ring) for ring in solid) == pytest.approx(cut.areas[:-1].sum(), rel=1e-9)


def test_a_plane_in_a_floor_shows_what_stands_on_it():
    walls = geom3d.load("pillars-coated").walls()
    for level in np.unique(walls.vertices[:, 2])[:-1]:
        assert section(walls, level).areas == pytest.approx(section(walls, level + 1e-3).areas, rel=1e-9)
        assert section(walls, max(level - 1e-9, 0)).areas == pytest.approx(section(walls, level).areas, rel=1e-9)
    for place in (-0.1, walls.size[2], 99.0):
        with pytest.raises(ValueError, match="does not cut the box"):
            section(walls, place)


@pytest.mark.parametrize("normal", ["x", "y", "z"])
@pytest.mark.parametrize("name", ["honeycomb-lei-2020", "sponge"])
def test_many_planes_at_once_cut_the_same_segments(name, normal):
    walls = (sponge() if name == "sponge" else geom3d.load(name)).walls()
    slicer = Slicer(walls, normal)
    places = (np.arange(5) + 0.4321) / 5 * walls.size["xyz".index(normal)]

    def ordered(part, chosen):
        rows = np.column_stack([part.start, part.end, part.left, part.right])[chosen]
        return rows[np.lexsort(rows.T)]

    for first, cut in slicer.blocks(places, 2):
        for plane in range(first, min(first + 2, len(places))):
            one = slicer.at(float(places[plane])).segments
            assert np.array_equal(ordered(cut, cut.plane == plane), ordered(one, slice(None)))


def test_segments_are_counted_before_they_are_cut():
    slicer = Slicer(sponge().walls())
    places = np.linspace(0, 5, 23)
    assert slicer.counts(places).tolist() == [len(slicer.at(place).left) for place in places.tolist()]


@pytest.mark.parametrize(
    "name",
    [
        *("pillars-coated", "trenches-notten-2007", "grid-yang-2011"),
        pytest.param("honeycomb-kotobuki-2010", marks=pytest.mark.slow),
    ],
)
def test_every_pixel_belongs_to_the_region_at_its_centre(name, tmp_path):
    design = geom3d.load(name)
    cell = design.cell()
    pixel, height = min(cell.size[:2]) / 61.3, cell.top / 7.37
    design.build(tmp_path, formats=("png",), repeat=(2, 1), options=Options(pixel=pixel, layer_height=height))
    images = np.array(stacks(tmp_path, design))
    assert images.sum(axis=0).max() == 1
    shown = np.where(images.any(axis=0), images.argmax(axis=0), len(cell.regions))
    z, y, x = ((np.arange(n) + 0.5) * d for n, d in zip(shown.shape, (height, pixel, pixel), strict=True))
    assert x[-1] < 2 * cell.size[0] <= x[-1] + pixel
    assert y[-1] < cell.size[1] <= y[-1] + pixel
    assert z[-1] < cell.top <= z[-1] + height
    points = np.stack([*np.meshgrid(z, y, x, indexing="ij")][::-1], axis=-1).reshape(-1, 3)
    # Circles are drawn as polygons, whose corners leave them by 0.1 % of the radius.
    assert (cell.locate(points).reshape(shown.shape) == shown).mean() > 0.998


def test_pixels_of_a_sponge_agree_with_its_exact_shape(tmp_path):
    design = sponge(0.1)
    cell, pixel, height = design.cell(), 0.05, 0.31
    design.build(tmp_path, formats=("png",), repeat=(1, 1), options=Options(pixel=pixel, layer_height=height))
    images = np.array(stacks(tmp_path, design))
    assert images.sum(axis=0).max() == 1
    shown = np.where(images.any(axis=0), images.argmax(axis=0), len(cell.regions))
    z, y, x = ((np.arange(n) + 0.5) * d for n, d in zip(shown.shape, (height, pixel, pixel), strict=True))
    exact = cell.locate(np.stack([*np.meshgrid(z, y, x, indexing="ij")][::-1], axis=-1).reshape(-1, 3)).reshape(
        shown.shape
    )
    assert (exact == shown).mean() > 0.985
    away = np.ones(shown.shape, dtype=bool)
    for axis in (1, 2):
        for step in (-1, 1):
            away &= np.roll(exact, step, axis=axis) == exact
    assert (exact == shown)[away].mean() > 0.999
    assert away.mean() > 0.7


@pytest.mark.parametrize("name", ["interdigitated-pillars-opposed", pytest.param("sponge", marks=pytest.mark.slow)])
def test_white_pixels_converge_to_the_volumes(name, tmp_path):
    design = sponge() if name == "sponge" else geom3d.load(name)
    walls = design.walls()
    lengths = min(walls.size[:2]) / np.array([20.3, 41.7, 83.9, 170.1])
    errors = []
    for k, pixel in enumerate(lengths.tolist()):
        height = walls.size[2] * pixel / 12
        design.build(
            tmp_path / str(k), formats=("png",), repeat=(2, 2), options=Options(pixel=pixel, layer_height=height)
        )
        white = np.array([stack.sum() for stack in stacks(tmp_path / str(k), design)]) / 4
        errors.append(np.abs(white * pixel**2 * height - walls.volumes[:-1]).sum() / walls.volumes[:-1].sum())
    order = np.polyfit(np.log(lengths), np.log(errors), 1)[0]
    assert order > 0.9
    assert errors[-1] < 0.02


@pytest.mark.parametrize("pixel", [0.25, 0.2, 0.23, 8 / 3])
def test_copies_of_the_unit_cell_are_copies_of_its_pixels(pixel, array):
    """Whether a period is a whole number of pixels (8 µm of 0.25 or 0.2 µm) or not, as with the walls of the whole array."""
    design = geom3d.load("pillars-coated", {"parameters.lattice": "square"})
    cell, walls = design.cell(), design.walls()
    many = array(cell, (3, 2)).walls()
    for z in (2.0, 4.4, 21.0, 46.1):
        raster = PixelGrid(walls.size[:2], (3, 2), pixel)
        found = np.concatenate(list(raster.bands(section(walls, z))))
        (whole,) = PixelGrid(many.size[:2], (1, 1), pixel).bands(section(many, z))
        assert found.shape == raster.shape == whole.shape
        # Circles in the larger period lie on a coarser grid: a pixel's centre may just change sides.
        assert np.count_nonzero(found != whole) <= 8
        if pixel in (0.25, 0.2):
            (one,) = PixelGrid(walls.size[:2], (1, 1), pixel).bands(section(walls, z))
            assert np.array_equal(found, np.tile(one, (2, 3)))


def test_blocks_of_rows_make_the_same_image(monkeypatch):
    walls = geom3d.load("pillars-coated").walls()
    raster, cut = PixelGrid(walls.size[:2], (3, 4), 0.13), section(walls, 20.0)
    (whole,) = raster.bands(cut)
    monkeypatch.setattr("geom3d.rasters.slices.BAND", 7 * raster.shape[1])
    blocks = list(raster.bands(cut))
    assert len(blocks) == math.ceil(raster.shape[0] / 7)
    assert np.array_equal(np.concatenate(blocks), whole)


def test_entries_tell_pixel_and_heights_and_files_carry_them(tmp_path):
    design = geom3d.load("trenches-notten-2007")
    options = Options(pixel=0.25, layer_height=0.5)
    design.build(tmp_path / "o ö 日本", formats=("png", "svg"), repeat=(3, 2), scale=100, options=options)
    data = json.loads((tmp_path / "o ö 日本" / "report.json").read_text("utf-8"))
    top = design.cell().top
    for entry in data["files"]:
        folder = tmp_path / "o ö 日本" / entry["file"]
        count = entry.get("images", entry.get("drawings"))
        files = sorted(path.name for path in folder.iterdir())
        assert files == [f"{k:04d}{Path(files[0]).suffix}" for k in range(count)]
        assert count == math.ceil(top / 0.5 - 0.5)
        assert entry["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
        assert (entry["layer_height_um"], entry["first_z_um"]) == (50, 25)
        if "images" in entry:
            assert (entry["width_px"], entry["height_px"], entry["pixel_um"]) == (96, 64, 25)
            with Image.open(folder / "0000.png") as image:
                assert image.size == (96, 64)
                assert image.info["dpi"] == pytest.approx((25_400 / 25,) * 2)
    assert [entry.get("body", "") for entry in data["files"]] == [*design.walls().names, ""]
    assert any("layer height" in note for note in data["warnings"])
    assert len(set(data["warnings"])) == len(data["warnings"])


@pytest.mark.parametrize(("unit", "scale", "factor"), [("mm", 1.0, 1e-3), ("um", 1.0, 1.0), ("mm", 50.0, 0.05)])
def test_drawings_have_the_exact_areas(unit, scale, factor, tmp_path):
    for design in (geom3d.load("pillars-coated"), sponge()):
        walls = design.walls()
        folder = tmp_path / design.source
        options = Options(layer_height=walls.size[2] / 9.3)
        design.build(folder, formats=("svg",), repeat=(3, 2), unit=unit, scale=scale, options=options)
        (drawings,) = folder.glob("*_slices_*")
        for k, path in enumerate(sorted(drawings.iterdir())):
            root, rings, places = outlines(path)
            areas = section(walls, (k + 0.5) * options.layer_height).areas * factor**2
            found = [sum(shoelace(ring) for ring in rings[name.replace(" ", "-")]) for name in walls.names]
            assert found == pytest.approx(areas[:-1], rel=1e-8, abs=1e-12 * walls.footprint * factor**2)
            steps = np.array(walls.size[:2]) * factor
            expected = [(i * steps[0], j * steps[1]) for j in range(2) for i in range(3)]
            for name, used in places.items():
                assert np.array(used) == pytest.approx(np.array(expected)) if rings[name] else not used
            extent = steps * (3, 2)
            assert [float(n) for n in root.get("viewBox").split()] == pytest.approx([0, 0, *extent])
            in_mm = [float(root.get(key).removesuffix("mm")) for key in ("width", "height")]
            assert in_mm == pytest.approx(np.array(walls.size[:2]) * (3, 2) * scale * 1e-3)
            assert root.find(f"{SVG}g").get("transform") == f"matrix(1 0 0 -1 0 {extent[1]:.12g})"


def test_groups_carry_names_and_colours(tmp_path):
    film = {"role": "barrier", "material": "titanium-nitride", "thickness": 0.1}
    names = ["1st film & more", "film²", "film³", "薄膜"]
    post = {"pitch": 8.0, "diameter": 3.0, "height": 4.0}
    design = geom3d.design(
        {"architecture": "pillars", "parameters": post, "layers": [{"name": name, **film} for name in names]}
    )
    design.build(tmp_path, formats=("svg",), options=Options(layer_height=2.0))
    root, rings, _ = outlines(next(tmp_path.glob("*_slices_*")) / "0001.svg")
    assert list(rings) == ["scaffold", "_1st-film---more", "film-", "film--3", "薄膜"]
    groups = root.find(f"{SVG}g").findall(f"{SVG}g")
    assert [group.findtext(f"{SVG}title").split(":")[0] for group in groups] == ["scaffold", *names]
    assert [group.get("fill") for group in groups] == [r.material.colour for r in design.cell().regions]


def test_a_folder_is_replaced_whole_and_only_that(tmp_path, monkeypatch):
    design, options = geom3d.load("planar-licoo2-lipon-lithium"), Options(pixel=1.0, layer_height=0.5)

    def build(**change):
        design.build(tmp_path, formats=("png", "svg"), options=options, **change)

    build()
    fresh = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    folders = [path for path in tmp_path.iterdir() if path.is_dir()]
    for folder in folders:
        (folder / "9999.png").write_bytes(b"of a higher device")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_bytes(b"mine")
    build()
    again = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert again == fresh | {Path("mine/notes.txt"): b"mine"}

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(geom3d.OutputError, match=r"folder '.*slices.*' cannot be written: No space left on device"):
            build()
    assert {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == again
    shutil.rmtree(folders[0])
    folders[0].write_bytes(b"a file of that name")
    with pytest.raises(geom3d.OutputError, match="something that is no folder has its name"):
        build()
    assert folders[0].read_bytes() == b"a file of that name"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("plain", [10**9, 0])
def test_no_folder_is_larger_than_told(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(png, "PLAIN", plain)
    for design in (*map(geom3d.load, ("pillars-coated", "honeycomb-lei-2020", "grid-yang-2011")), sponge()):
        size = design.walls().size
        for repeat in ((1, 1), (5, 7)):
            requested = {"formats": ("png", "svg"), "repeat": repeat}
            requested["options"] = Options(pixel=min(size[:2]) / 80, layer_height=size[2] / 20)
            folder = tmp_path / f"{design.source} {repeat}"
            planned = design.plan(folder, **requested)
            design.build(folder, **requested)
            for name, most in planned.items():
                assert sum(path.stat().st_size for path in (folder / name).iterdir()) <= most


REFUSED = [
    (
        "png",
        {"layer_height": 1.0},
        r"pixel: slices need it; got none; a quarter of the smallest feature is 0.01 µm$",
    ),
    ("png", {"pixel": 1.0}, r"layer_height: slices need it; got none; .* is 0.01 µm$"),
    ("svg", {}, r"layer_height: slices need it; got none; .* is 0.01 µm$"),
    (
        "png",
        {"pixel": 1e-3, "layer_height": 1.0},
        "pixel: must give images of 1 to 2,147,483,648 pixels .* has 160,000 × 277,128 pixels of 0.001 µm",
    ),
    ("png", {"pixel": 1e3, "layer_height": 1.0}, "pixel: must give images of 1 to .* has 0 × 0 pixels of 1000 µm"),
    ("png", {"pixel": 1.0, "layer_height": 1e-4}, r"layer_height: must give 1 to 100,000 slices .*; got 0.0001 µm"),
    ("svg", {"layer_height": 100.0}, r"layer_height: must give 1 to .* got 100 µm \(0 slices\)"),
]


@pytest.mark.parametrize(("kind", "options", "message"), REFUSED)
def test_what_gives_no_slices_or_too_many_is_refused(kind, options, message, tmp_path):
    design = geom3d.load("pillars-coated")
    for act in (design.plan, design.build):
        with pytest.raises(geom3d.InputError, match=message):
            act(tmp_path / "o", formats=(kind,), repeat=(20, 20), options=Options(**options))
    assert not (tmp_path / "o").exists()
