"""Pictures: the content of what is drawn. Skipped only where the machine cannot draw at all."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from matplotlib.image import imread

import geom3d
from geom3d import render
from geom3d.errors import InputError, OutputError
from geom3d.template import shipped

needs_opengl = pytest.mark.skipif(not render.has_opengl(), reason="no OpenGL for off-screen drawing on this machine")


PRISMATIC = [name for name in shipped() if geom3d.load(name).cell().facts.web is None]


def test_copies_of_a_sponge_show_what_the_files_hold():
    """Whole, as many triangles as the assembly's file has; peeled, the bare web of one cell and cut faces beside it."""
    walls = geom3d.load("sponge-gyroid-lto", {"resolution": 0.4}).walls()
    whole = [len(faces) for _, faces in render.tiled(walls, (2, 3), peeled=False)]
    everything = list(range(len(walls.names)))
    assert sum(whole) == sum(len(faces) * len(columns) for _, columns, faces, _ in walls.tiles(everything, (2, 3)))
    peeled = [len(faces) for _, faces in render.tiled(walls, (2, 3), peeled=True)]
    web, film = walls.names.index("scaffold"), walls.names.index("electrolyte")
    assert peeled[web] - whole[web] == np.count_nonzero(walls.between([web], [film])) > 0
    assert peeled[film] == whole[film]  # for each cut face that goes, its twin comes to light


@pytest.mark.parametrize("name", PRISMATIC)
def test_an_array_is_its_cell_repeated(name):
    design = geom3d.load(name)
    walls = render.array(design.cell(), (2, 3)).walls()
    assert walls.volumes / 6 == pytest.approx(design.walls().volumes, rel=1e-8, abs=1e-9 * walls.volumes.sum())


@pytest.mark.parametrize("name", PRISMATIC)
def test_the_cut_takes_its_volume_and_nothing_else(name):
    cell = render.array(geom3d.load(name).cell(), (2, 2))
    whole, cut = cell.walls(), render.with_cutout(cell, (2, 2)).walls()
    inner = 0.5 if cell.facts.posts <= 1 else 0.25
    share = ((1 + inner) / 2) ** 2
    assert cut.volumes[0] == pytest.approx(share * np.prod(whole.size), rel=1e-9)
    assert cut.volumes.sum() == pytest.approx(whole.volumes.sum(), rel=1e-9)
    assert (cut.volumes[1:] <= whole.volumes * (1 + 1e-9) + 1e-9).all()


@needs_opengl
@pytest.mark.parametrize("view", render.VIEWS)
def test_colours_of_the_regions_are_in_the_picture(view, tmp_path):
    """Shading changes brightness, not hue: the cut view shows all three materials, the top view the cathode's plate."""
    path = tmp_path / "picture.png"
    design = geom3d.load("interdigitated-pillars-opposed")
    render.render(design, path, view=view, repeat=(2, 2), size=(800, 600))
    picture = imread(path)[:, :, :3]
    assert picture.shape == (600, 800, 3)
    drawn = picture[80:, int(800 * render.LEGEND) + 60 :]
    assert (drawn.min(axis=2) > 0.99).mean() < 0.8, "hardly anything was drawn"
    expected = {
        "cut": {"anode", "cathode", "electrolyte"},
        "iso": {"anode", "cathode", "electrolyte"},
        "top": {"cathode"},
    }
    for region in design.cell().regions:
        colour = np.array([int(region.material.colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        unit = colour / np.linalg.norm(colour)
        length = np.linalg.norm(drawn, axis=2)
        hue = (drawn @ unit) / np.maximum(length, 1e-9)
        share = ((hue > 0.999) & (drawn.max(axis=2) - drawn.min(axis=2) > 0.05)).mean()
        assert (share > 0.005) == (region.name in expected[view]), (region.name, share)


@needs_opengl
def test_no_other_file_is_left(tmp_path):
    render.render(geom3d.load("planar-licoo2-lipon-lithium"), tmp_path / "a.png", size=(200, 150))
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_options_are_checked(tmp_path):
    design = geom3d.load("pillars-coated")
    for options, word in (
        ({"view": "side"}, "cut, iso, top"),
        ({"size": (4, 4)}, "pixels"),
        ({"repeat": (0, 1)}, "unit cells"),
    ):
        with pytest.raises(InputError, match=word):
            render.render(design, tmp_path / "a.png", **options)
    with pytest.raises(InputError, match=r"\.png"):
        render.render(design, tmp_path / "a.jpg")


def test_without_opengl_one_clear_sentence(tmp_path, monkeypatch):
    """As on a machine without Mesa, where the probe dies of a segmentation fault."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], -11))
    with pytest.raises(OutputError, match="libegl1 and libgl1-mesa-dri"):
        render.render(geom3d.load("pillars-coated"), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
