"""Pictures: the content of what is drawn. Skipped only where the machine cannot draw at all."""

from __future__ import annotations

import importlib.util
import subprocess
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import shapely
from PIL import Image

import geom3d
from geom3d import rendering
from geom3d.api import gallery
from geom3d.cli.app import run
from geom3d.core.errors import InputError, OutputError
from geom3d.mesh.sections import section
from geom3d.rendering import TRIANGLES, pictures, shown_cells, turntable, views
from geom3d.rendering.page import Page, round_length
from geom3d.scene.stage import Frame, framed, photograph

REFERENCES = Path(__file__).resolve().parent / "references"
GYROID = ("sponge-gyroid-lto", {"resolution": 0.4})


def pixels(path: Path) -> np.ndarray:
    """(h, w, 3) from 0 to 1."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")) / 255


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])


def taken(design: geom3d.Design, view: str, cells: tuple[int, int], size: tuple[int, int]):
    """The bare picture of a view as (h, w, 3) from 0 to 1, its frame and its scene."""
    shown = views.scene(design, views.VIEWS[view], cells)
    frame = framed(shown.points, shown.camera, size)
    with pictures.staged(design, shown, frame) as stage:
        return photograph(stage, frame) / 255, frame, shown


def seen_as(colours: np.ndarray, materials: list[str]) -> np.ndarray:
    """(n,) the material whose colour, in whatever light, comes nearest to each of (n, 3) colours."""
    table = np.array([rgb(material) for material in materials])
    light = np.linspace(0.6, 1.1, 26)[:, None, None] * table
    off = np.linalg.norm(colours[:, None, None] - np.minimum(light, 1.0)[None], axis=3)
    return off.min(axis=1).argmin(axis=1)


@pytest.mark.slow
@pytest.mark.opengl
@pytest.mark.parametrize("view", ["cut", "top", "exploded", "xray"])
def test_colours_of_the_regions_are_in_the_picture(view, tmp_path):
    """Every view shows all three materials; that from above is cut below the plate that covers all."""
    path = tmp_path / "picture.png"
    design = geom3d.load("interdigitated-pillars-opposed")
    rendering.render(design, path, view=view, repeat=(2, 2), size=(800, 600))
    picture = pixels(path)
    assert picture.shape == (600, 800, 3)
    drawn = picture[45:540, 260:].reshape(-1, 3)
    drawn = drawn[drawn.min(axis=1) < 0.99]
    assert len(drawn) > 0.15 * 495 * 540, "hardly anything was drawn"
    regions = design.cell().regions
    found = np.bincount(seen_as(drawn[::8], [r.material.colour for r in regions]), minlength=3) / len(drawn[::8])
    names = {region.name for region, share in zip(regions, found, strict=True) if share > 0.03}
    assert names == {"anode", "cathode", "electrolyte"}


@pytest.mark.slow
@pytest.mark.opengl
@pytest.mark.parametrize(
    ("source", "cells"),
    [
        (("interdigitated-pillars-opposed", None), (2, 2)),
        (("pillars-coated", None), (2, 1)),
        (GYROID, (2, 2)),
    ],
)
def test_regions_on_the_cut_face_lie_where_the_cell_says(source, cells):
    """Pixel by pixel along lines on both cut faces: the exact shapes say what is there, and in which order."""
    design = geom3d.load(*source)
    cell = design.cell()
    picture, frame, _ = taken(design, "cut", cells, (900, 900))
    x, y = cell.middle(cells)
    colours = [region.material.colour for region in cell.regions]
    checked = alternating = 0
    for height in (0.35, 0.6):
        z = height * cell.top
        share = np.linspace(0.04, 0.9, 1500)
        for points in (
            np.column_stack([share * x, np.full_like(share, y), np.full_like(share, z)]),
            np.column_stack([np.full_like(share, x), share * y, np.full_like(share, z)]),
        ):
            labels = cell.locate(points + np.array([1e-4, 1e-4, 0.0]))
            places = frame.pixels(points)
            # What lies within four pixels of a border is mixed, or covered by its line.
            run_of = np.cumsum(np.r_[0, labels[1:] != labels[:-1]])
            first = np.unique(run_of, return_index=True)[1]
            borders = places[first[1:]]
            clear = np.linalg.norm(places[:, None] - borders[None], axis=2).min(axis=1, initial=np.inf) > 4
            column, row = places[clear].astype(int).T
            found = seen_as(picture[frame.size[1] - 1 - row, column], colours)
            # Platinum here and there has the same colour.
            same = np.array([[a == b for b in colours] for a in colours])
            assert same[found, labels[clear]].mean() > 0.99
            order = [label for label, after in pairwise([*labels[clear], -1]) if label != after]
            alternating += len(order)
            checked += clear.sum()
    assert checked > 1500
    assert alternating >= 8


@pytest.mark.slow
@pytest.mark.opengl
@pytest.mark.parametrize("view", ["front", "top", "cut"])
def test_the_scale_bar_is_as_long_as_the_projection_says(view, tmp_path):
    """Against the object itself: its width in pixels and in µm, found by projecting the corners of its box by hand."""
    design = geom3d.load("interdigitated-pillars-opposed")
    rendering.render(design, tmp_path / "a.png", view=view, repeat=(2, 3), size=(1000, 800))
    dark = pixels(tmp_path / "a.png").max(axis=2) < 0.3
    bar = dark[-20 - 3 : -20 - 1]  # above the margin at the foot
    columns = np.flatnonzero(bar[:, 500:].all(axis=0))
    assert len(columns) == columns[-1] - columns[0] + 1
    drawn = pixels(tmp_path / "a.png")[120:700, 260:].min(axis=2) < 0.97
    width = np.ptp(np.flatnonzero(drawn.any(axis=0))) + 1
    wide, deep = 60.0, 90.0  # two and three periods of 30 µm
    neighbour_region = wide
    if view == "cut":
        # Seen along (-0.75, -1.3), the plane of the picture runs along (1.3, -0.75) in x and y.
        neighbour_region = (1.3 * wide + 0.75 * deep) / np.hypot(1.3, 0.75)
    step = neighbour_region / width
    length = len(columns) * step
    assert length == pytest.approx(round_length(length * 1.05), rel=0.02)
    note = Page((1000, 800), design.template.title, design.cell().regions)
    assert length <= 0.3 * note.panel[2] * step * 1.01


@pytest.mark.parametrize("size", [(1600, 1200), (1200, 900), (640, 480), (320, 240), (500, 900)])
@pytest.mark.parametrize("name", ["pillars-coated", "planar-two-layer-sulfide", "interdigitated-pillars-opposed"])
def test_the_legend_has_room_of_its_own(name, size):
    """Its words, measured as they are drawn, end before the picture begins and above the foot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from geom3d.rendering import page as module

    design = geom3d.load(name)
    page = Page(size, design.template.title, design.cell().regions)
    figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100)
    renderer = FigureCanvasAgg(figure).get_renderer()
    module._legend(figure, page)
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    assert max(box.x1 for box in boxes) <= page.panel[0]
    assert min(box.y0 for box in boxes) >= page.foot - 2
    assert len({round(box.y0, 2) for box in boxes}) == len(boxes)
    assert min(a.y0 - b.y1 for a, b in pairwise(boxes)) > -0.35 * page.line


@pytest.mark.opengl
@pytest.mark.parametrize(
    "name",
    [
        "pillars-coated",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("honeycomb-lei-2020", "trenches-notten-2007")),
    ],
)
def test_films_too_thin_for_the_picture_are_magnified(name):
    """Every film has three pixels in the picture, or is in an inset, where it has four."""
    design = geom3d.load(name)
    names = design.cell().names
    shown = views.scene(design, views.VIEWS["cut"], rendering.shown_cells(design, None))
    page = pictures.page_of(design, shown, (1200, 900))
    frame = framed(shown.points, shown.camera, page.panel[2:])
    found = pictures.magnified(design, shown, frame, page)
    side = page.insets(len(found))[0][2]
    assert len(page.insets(len(found))) == len(found)
    for layer in design.template.layers:
        if layer.thickness is not None and layer.thickness / frame.step < pictures.THIN:
            holding = [w for w in found if names.index(layer.name) in w.face.clipped(w.low, w.high).shapes]
            assert holding, layer.name
            assert max(layer.thickness / window.width * side for window in holding) >= 2.5


@pytest.mark.slow
@pytest.mark.opengl
def test_distances_have_the_colours_of_the_scale(tmp_path):
    """Between flat walls it is the gap everywhere; among round posts, it grows from the gap to what the report says."""
    design = geom3d.load("interdigitated-pillars-opposed", {"parameters.height": 20})
    shown = views.scene(design, views.VIEWS["distance"], (1, 1))
    report = design.measure()["inter_electrode_distance_um"]
    assert shown.scale.low == pytest.approx(report["anode"]["min"], rel=2e-2)
    # A share of 2 % lies beyond the scale at either end: its end lies near the 95 % percentile, and below the largest.
    tail, most = (max(report[name][key] for name in ("anode", "cathode")) for key in ("p95", "max"))
    assert 0.9 * tail < shown.scale.high < most
    assert shown.quantity.title == "distance from either electrode to the other"
    rendering.render(design, tmp_path / "a.png", view="distance", repeat=(1, 1), size=(800, 600))
    picture = pixels(tmp_path / "a.png")[100:500, 260:].reshape(-1, 3)
    from matplotlib import colormaps

    low = np.array(colormaps["viridis"](0.0)[:3])
    assert (np.linalg.norm(picture - low, axis=1) < 0.15).mean() > 0.01


@pytest.mark.slow
@pytest.mark.opengl
def test_current_crowds_where_the_report_says(tmp_path):
    design = geom3d.load("trenches-notten-2007")
    shown = views.scene(design, views.VIEWS["current"], (1, 1))
    current = design.measure(transport=True)["transport"]["current"]
    most = max(current[side]["max_over_mean"] for side in ("anode", "cathode"))
    assert 1.0 < shown.scale.high <= 1.01 * most
    assert 0 <= shown.scale.low < 1.0
    rendering.render(design, tmp_path / "a.png", view="current", repeat=(1, 1), size=(400, 300))
    assert len(np.unique(pixels(tmp_path / "a.png")[40:260, 130:].reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("grid-oukassi-2019", "xray"),
        ("interdigitated-pillars-opposed", "xray"),
        ("pillars-coated", "cut"),
        ("honeycomb-kotobuki-2010", "cut"),
    ],
)
def test_what_would_hide_all_else_is_seen_through(name, view):
    design = geom3d.load(name)
    assert views.default_view(design) == view
    shown = views.scene(design, views.VIEWS["xray"], (1, 1))
    for region, paint in zip(design.cell().regions, shown.paints, strict=True):
        hides = region.role in {"encapsulation"} | ({"electrolyte"} if "grid" not in name else set())
        assert (paint.opacity < 1) >= hides, region.name
    assert {1.0} < {paint.opacity for paint in shown.paints}


@pytest.mark.parametrize("name", ["pillars-coated", "planar-licoo2-lipon-lithium", "interdigitated-pillars-opposed"])
def test_regions_are_moved_wholly_apart(name):
    """No two share a range of heights, unless they stand in different piles, side by side in the picture."""
    shown = views.scene(geom3d.load(name), views.VIEWS["exploded"], (2, 2))
    spans = []
    for body in shown.bodies:
        across = body.vertices @ shown.camera.axes[0]
        spans.append((across.min(), across.max(), body.vertices[:, 2].min(), body.vertices[:, 2].max()))
    for k, (left, right, low, high) in enumerate(spans):
        for left2, right2, low2, high2 in spans[:k]:
            assert left >= right2 or left2 >= right or low > high2 or low2 > high


def test_from_above_one_sees_below_the_cap():
    """At half the height there are the post, its films and the fill, with the areas of the section there."""
    design = geom3d.load("pillars-coated")
    shown = views.scene(design, views.VIEWS["top"], (2, 1))
    facts = design.cell().facts
    assert shown.remark == f"cut at z = {(facts.base_z + facts.top) / 2:.4g} µm"
    exact = 2 * section(design.walls(), (facts.base_z + facts.top) / 2, "z").areas[:-1]
    assert [body.areas.sum() for body in shown.bodies] == pytest.approx(exact.tolist(), rel=1e-5)
    flat = views.scene(geom3d.load("planar-licoo2-lipon-lithium"), views.VIEWS["top"], (1, 1))
    assert not flat.remark


def test_the_sides_of_the_box_cut_posts_through_their_middle():
    """Near the rim their films would look like stripes. Nothing else about the battery changes."""
    design = geom3d.load("pillars-coated")
    moved = views.centred(design)
    (px, _), reach = design.cell().size[:2], 1.5 + sum(design.cell().films.values())
    away = [min(x, px - x) for x, _ in moved.cell().facts.sites]
    assert all(far < 1e-9 or far >= reach for far in away)
    assert any(1e-9 < min(x, px - x) < reach for x, _ in design.cell().facts.sites)
    assert moved.walls().volumes == pytest.approx(design.walls().volumes, rel=1e-9)
    trenches = geom3d.load("trenches-notten-2007")
    assert views.centred(trenches) is trenches


def test_slender_cells_are_shown_in_greater_number():
    design = geom3d.load("honeycomb-lei-2020")
    cells, cell = rendering.shown_cells(design, None), design.cell()
    assert cells == (20, 19)
    assert cells[0] * cell.size[0] > 0.3 * cell.top
    assert rendering.shown_cells(design, (2, 2)) == (2, 2)
    assert rendering.shown_cells(geom3d.load("pillars-coated"), None) == (6, 4)


@pytest.mark.opengl
def test_a_half_cell_has_no_distances(tmp_path):
    with pytest.raises(InputError, match="both electrodes"):
        rendering.render(geom3d.load("microtubes-eustache-2014"), tmp_path / "a.png", view="distance")


@pytest.mark.opengl
def test_a_title_is_no_formula_and_no_setting_of_the_user_counts(tmp_path, monkeypatch):
    """What stands between two dollars may be anything, and letters may be missing in every font."""
    design = geom3d.design({"title": r"for $\frac{$ 薄", "architecture": "planar"})
    look = {"size": (640, 480), "view": "cut"}
    rendering.render(design, tmp_path / "a.png", **look)
    monkeypatch.setitem(mpl.rcParams, "font.family", ["monospace"])
    monkeypatch.setitem(mpl.rcParams, "text.color", "red")
    rendering.render(design, tmp_path / "b.png", **look)
    assert np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))


@pytest.mark.opengl
def test_a_picture_on_paper(tmp_path):
    """85 mm at 200 dpi, and the file says so; without title and legend the picture has all the width."""
    design = geom3d.load("planar-licoo2-lipon-lithium")
    for name, look in (("a", {}), ("b", {"title": False, "legend": False}), ("c", {"camera": (0, 1)})):
        rendering.render(design, tmp_path / f"{name}.png", width=85, dpi=200, **look)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (669, 502)
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
    all_of_it, bare, turned = (pixels(tmp_path / f"{name}.png") for name in "abc")
    assert (all_of_it[:40].min(axis=2) < 0.5).any()
    assert not (bare[:15].min(axis=2) < 0.5).any()
    assert np.abs(turned - all_of_it).mean() > 0.01


@pytest.mark.opengl
def test_a_transparent_picture_has_nothing_behind_it(tmp_path):
    design = geom3d.load("planar-licoo2-lipon-lithium")
    for name, transparent in (("a", True), ("b", False)):
        rendering.render(design, tmp_path / f"{name}.png", size=(400, 300), transparent=transparent)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGBA"
        clear = np.asarray(picture).astype(float) / 255
    assert clear[0, 0, 3] == clear[-1, 0, 3] == clear[150, 390, 3] == 0
    assert (clear[..., 3] == 1).mean() > 0.1
    # On white it is the other picture.
    on_white = clear[..., :3] * clear[..., 3:] + 1 - clear[..., 3:]
    assert np.abs(on_white - pixels(tmp_path / "b.png")).mean() < 0.01


@pytest.mark.slow
@pytest.mark.opengl
def test_a_turntable_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(turntable, "COUNT", 4)
    path = tmp_path / "Dreh ö.gif"
    rendering.render(geom3d.load("comb-sun-2013"), path, view="iso", size=(240, 180), turn=True)
    frames = []
    with Image.open(path) as film:
        assert film.n_frames == 4
        assert film.info["loop"] == 0
        for k in range(4):
            film.seek(k)
            frames.append(np.asarray(film.convert("RGB")).astype(float) / 255)
    assert all((frame[0, 0] == 1).all() for frame in frames)
    for one, other in pairwise(frames):
        assert np.abs(one[30:140, 80:] - other[30:140, 80:]).mean() > 0.02
        assert np.array_equal(one[:, :50], other[:, :50])  # the legend stands still
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.slow
@pytest.mark.opengl
@pytest.mark.skipif(importlib.util.find_spec("imageio_ffmpeg") is None, reason="imageio-ffmpeg is not installed")
def test_a_film_has_all_its_pictures(tmp_path, monkeypatch):
    import imageio_ffmpeg

    monkeypatch.setattr(turntable, "COUNT", 6)
    rendering.render(geom3d.load("comb-sun-2013"), tmp_path / "ä b.mp4", size=(241, 180), turn=True)
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "ä b.mp4"))
    assert frames == 6
    assert seconds == pytest.approx(6 / turntable.RATE, abs=0.1)


def test_without_a_writer_of_films_one_clear_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(turntable.importlib.util, "find_spec", lambda name: None)
    assert run(["render", "pillars-coated", "-o", str(tmp_path / "a.mp4"), "--turntable"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "geom3d: no MP4: imageio-ffmpeg is not installed; pip install 'geom3d[video]', or write a .gif"
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.opengl
def test_a_gallery_leaves_out_a_picture_that_fails(tmp_path, monkeypatch, capsys):
    real = pictures.shot

    def shot(design, *arguments, **options):
        if design.source == "trenches-notten-2007":
            raise shapely.GEOSException("no way out")
        return real(design, *arguments, **options)

    monkeypatch.setattr(pictures, "shot", shot)
    names = ["planar-licoo2-lipon-lithium", "trenches-notten-2007"]
    assert run(["gallery", *names, "-o", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert sorted(Path(line).name for line in out.splitlines()) == ["gallery.png", f"{names[0]}.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gallery.png", f"{names[0]}.png"]
    title = geom3d.load(names[1]).description.title
    assert f"warning: no picture of {title!r}: it failed with GEOSException: no way out" in err


@pytest.mark.slow
@pytest.mark.opengl
def test_a_gallery_of_two(tmp_path):
    names = ["planar-licoo2-lipon-lithium", "trenches-notten-2007"]
    written = gallery(tmp_path / "neu ü", names).paths
    files = [*(f"{name}.png" for name in names), f"{names[1]}-peeled.png", "gallery.png"]
    assert [path.name for path in written] == files
    whole, peeled = pixels(written[1]), pixels(written[2])
    assert (np.abs(whole - peeled).max(axis=2) > 0.2).mean() > 0.02
    assert all(path.stat().st_size < 300_000 for path in written)
    assert pixels(written[0]).shape == (900, 1200, 3)
    assert (pixels(written[-1])[100:300].min(axis=2) < 0.9).mean() > 0.1


@pytest.mark.opengl
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[pytest.mark.slow] * (path.stem != "pillars-coated_cut"), id=path.stem)
        for path in sorted(REFERENCES.glob("*.png"))
    ],
)
def test_pictures_look_as_they_did(path, tmp_path):
    """References are made by `geom3d render TEMPLATE --view VIEW --size 320 240 --repeat 2 2 -o tests/references/TEMPLATE_VIEW.png`,
    the sponge's with `--set resolution=0.4`. Drivers differ in single pixels: compared are blocks of four by four.
    """
    name, view = path.stem.split("_")
    design = geom3d.load(*GYROID) if name == GYROID[0] else geom3d.load(name)
    rendering.render(design, tmp_path / "new.png", view=view, repeat=(2, 2), size=(320, 240))

    def blocks(file: Path) -> np.ndarray:
        return pixels(file).reshape(60, 4, 80, 4, 3).mean(axis=(1, 3))

    off = np.abs(blocks(tmp_path / "new.png") - blocks(path)).max(axis=2)
    assert off.mean() < 0.01
    assert (off > 0.12).mean() < 0.005


def test_there_are_references():
    assert len(list(REFERENCES.glob("*.png"))) >= 6


@pytest.mark.opengl
def test_the_same_picture_each_time(tmp_path):
    for name in "ab":
        rendering.render(geom3d.load("planar-licoo2-lipon-lithium"), tmp_path / f"{name}.png", size=(200, 150))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png"]  # no other file is left
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.opengl
def test_a_plotter_holds_the_regions():
    design = geom3d.load("interdigitated-pillars-opposed")
    stage = design.plot(repeat=(2, 1), off_screen=True, window_size=(300, 300))
    picture = stage.screenshot(return_img=True)
    bounds = stage.bounds
    stage.close()
    assert (picture.min(axis=2) < 240).mean() > 0.2
    assert np.ptp(bounds[:2]) == pytest.approx(60.0)


def test_options_are_checked(tmp_path):
    design = geom3d.load("pillars-coated")
    for options, word in (
        ({"view": "side"}, "cut, distance, exploded, front"),
        ({"size": (4, 4)}, "pixels"),
        ({"repeat": (0, 1)}, "two whole numbers"),
        ({"repeat": (1.5, 1)}, "two whole numbers"),
        ({"repeat": (101, 1)}, "up to 100 unit cells"),
        ({"camera": (10, 90)}, "between -90 and 90"),
        ({"width": 10}, "between 60 and 400 mm"),
        ({"dpi": 1}, "from 30 to 2400"),
        ({"view": "section", "camera": (0, 10)}, "seen from the front"),
        ({"turn": True}, r"\.gif or \.mp4"),
        ({"turn": True, "transparent": True}, "background"),
    ):
        with pytest.raises(InputError, match=word):
            rendering.render(design, tmp_path / "a.png", **options)
    with pytest.raises(InputError, match=r"\.png"):
        rendering.render(design, tmp_path / "a.jpg")
    with pytest.raises(InputError, match=r"\.svg, \.pdf or \.png"):
        rendering.render(design, tmp_path / "a.jpg", view="section")
    for options in ({"view": "cut"}, {"transparent": True}, {"turn": True}):
        with pytest.raises(InputError, match=r"section|svg"):
            rendering.render(design, tmp_path / "a.svg", **options)
    assert list(tmp_path.iterdir()) == []


def test_without_opengl_one_clear_sentence(tmp_path, monkeypatch, request):
    """As on a machine without Mesa, where the probe dies of a segmentation fault; sections and tables still come."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], -11))
    rendering.has_opengl.cache_clear()
    request.addfinalizer(rendering.has_opengl.cache_clear)
    design = geom3d.load("pillars-coated")
    for draw in (
        lambda: rendering.render(design, tmp_path / "a.png"),
        lambda: rendering.render(design, tmp_path / "a.gif", turn=True),
        lambda: gallery(tmp_path / "folder"),
        design.plot,
    ):
        with pytest.raises(OutputError, match="libegl1 and libgl1-mesa-dri"):
            draw()
    assert list(tmp_path.iterdir()) == []
    rendering.render(design, tmp_path / "a.svg")
    assert "<svg" in design._repr_html_()


@pytest.mark.parametrize(
    ("most", "length"), [(0.7, 0.5), (1.0, 1.0), (1.99, 1.0), (49.9, 20.0), (7e3, 5e3), (3e-3, 2e-3)]
)
def test_round_lengths(most, length):
    assert round_length(most) == pytest.approx(length)


def test_views_turn_with_the_camera():
    """A quarter turn shows what was on the right in front."""
    camera = views.VIEWS["front"].camera
    points = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    frame = Frame(camera.turned(np.pi / 2), np.zeros(3), (100, 100), 1.0)
    assert frame.pixels(points) == pytest.approx(np.array([[50.0, 50.0], [51.0, 50.0]]))


def test_a_slender_design_of_many_triangles_is_not_repeated_for_ever():
    """Found by the fuzzer: imperfect pores in a plate ten thousand times as thick as wide took minutes of edges."""
    pores = {"base": 30_000.0, "pitch": 1.0, "diameter": 0.2, "depth": 1.0, "periods": 6, "jitter": 0.01}
    found = {}
    for name, changed in (("plain", {"periods": 1, "jitter": 0.0}), ("many", {})):
        design = geom3d.design({"architecture": "pores", "parameters": pores | changed})
        x, y = shown_cells(design, None)
        found[name] = x
        assert x * y * len(design.walls().triangles) <= TRIANGLES
    assert found["plain"] == 20 > found["many"]
