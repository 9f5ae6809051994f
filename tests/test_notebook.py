"""What a notebook shows of a design: regions, numbers and a model to be turned, complete in itself; and the plotter."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from importlib.util import find_spec

import numpy as np
import pytest
from chromium import Browser, program
from PIL import Image, ImageColor

import geom3d

NAME = "pillars-coated"
#: Looks for the centre of the canvas, so that a click lands on the model.
CANVAS = "document.querySelector('canvas')"


@pytest.fixture(scope="module")
def shown():
    return geom3d.load(NAME)._repr_html_()


@pytest.fixture(scope="module")
def inner(shown):
    """The page in the frame."""
    return html.unescape(re.search(r'<iframe [^>]*srcdoc="([^"]*)"', shown)[1])


def test_it_shows_regions_numbers_and_a_model(shown):
    design = geom3d.load(NAME)
    report = design.measure()
    for region in design.cell().regions:
        assert f">{region.name}</td>" in shown
    assert f"{report['capacity_uAh_cm2.cell']:.4g}" in shown
    assert "<svg" in shown
    assert shown.count("<iframe") == 1
    assert "sandbox=" in shown
    assert len(shown) < 700_000  # a notebook keeps it


def test_the_model_in_it_is_that_of_the_cell(inner):
    """Unpacked here: the shells of the regions enclose their volumes."""
    packed = re.findall(r'await unpacked\("([A-Za-z0-9+/=]+)"\)', inner)
    three, viewer, model = (gzip.decompress(base64.b64decode(text)).decode() for text in packed)
    assert three.startswith("/* three.js\n\n")
    assert "geom3dViewer" in viewer
    told = json.loads(model)
    design = geom3d.load(NAME)
    points = np.frombuffer(base64.b64decode(told["points"]), "<u2").reshape(-1, 3) / 65535 * told["size"]
    kind = "<u4" if told["wide"] else "<u2"
    triangles = np.frombuffer(base64.b64decode(told["triangles"]), kind).reshape(-1, 3)
    behind, front = (np.frombuffer(base64.b64decode(told[key]), np.uint8) for key in ("behind", "front"))
    a, b, c = points[triangles].transpose(1, 0, 2)
    parts = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    walls = design.walls()
    for label, name in enumerate(design.cell().names):
        volume = parts[behind == label].sum() - parts[front == label].sum()
        assert volume == pytest.approx(walls.volumes[label], rel=2e-2), name


def test_nothing_is_loaded(shown, inner):
    assert not re.search(r'(src|href)="(?!data:)', shown.replace('srcdoc="', ""))
    assert "default-src 'none'" in inner


@pytest.mark.slow
@pytest.mark.skipif(program() is None, reason="Chromium is not installed")
def test_the_model_can_be_turned_in_a_browser(shown, inner, tmp_path):
    """In the frame it is drawn; alone, for the frame lets nobody look in, it turns, and complains of nothing."""
    page, alone = tmp_path / "cell.html", tmp_path / "alone.html"
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body>{shown[shown.index("<iframe") :]}</body>', "utf-8")
    alone.write_text(inner, "utf-8")
    wanted = [np.array(ImageColor.getrgb(region.material.colour)) for region in geom3d.load(NAME).cell().regions]
    with Browser(900, 600) as browser:
        browser.open(alone)
        browser.run(
            "new Promise((done) => { const wait = () => document.querySelector('canvas') ? done(1) : setTimeout(wait, 20); wait(); })"
        )
        first = browser.run(f"{CANVAS}.toDataURL()")
        browser.run(f"{CANVAS}.focus()")
        browser.press("ArrowLeft", 37)
        browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert browser.run(f"{CANVAS}.toDataURL()") != first
        assert browser.errors == []
        browser.open(page)
        for _ in range(100):
            browser.run("new Promise((done) => setTimeout(done, 100))")
            (tmp_path / "seen.png").write_bytes(browser.picture())
            seen = np.asarray(Image.open(tmp_path / "seen.png").convert("RGB"), float).reshape(-1, 3)
            # Lit faces are lighter or darker than the colour itself, caps are close to it.
            near = [np.count_nonzero(np.abs(seen - colour).max(axis=1) < 40) for colour in wanted]
            if sum(count > 200 for count in near) >= 3:
                break
        else:
            raise AssertionError(near)
        assert browser.errors == []
        assert [url for url in browser.requests if url.startswith("http")] == []


@pytest.mark.opengl
@pytest.mark.slow
def test_a_plotter_shows_itself_in_a_notebook():
    """In a real kernel: a view served to this machine where trame is installed, else a picture. .ci/run installs both and runs it."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.v4.new_notebook()
    code = "import geom3d; battery = geom3d.load('planar-efl700a39'); battery.plot(window_size=(200, 150))"
    notebook.cells = [nbformat.v4.new_code_cell(code), nbformat.v4.new_code_cell("battery")]
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    plotted = next(output for output in notebook.cells[0].outputs if "data" in output)
    (design,) = notebook.cells[1].outputs
    if find_spec("trame") is None:
        assert "image/png" in plotted.data
    else:
        assert '<iframe src="http://localhost:' in plotted.data["text/plain"]
    assert "<iframe" in design.data["text/html"]
