"""Options: each does something or is refused, and help says what there is."""

from __future__ import annotations

import re

import pytest

import geom3d
from geom3d.cli.app import run
from geom3d.exports import SETTINGS, formats, require_used
from geom3d.exports.stl import USES
from geom3d.rendering import SECTION, VIEWS, turntable

STACK = "trenches-notten-2007"
COMMANDS = ("list", "describe", "measure", "check", "build", "compare", "render", "gallery", "verify")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("measure {} --temperature 60", "temperature: nothing asked for depends on it; give --transport or --request"),
        ("build {} -o o --temperature 60", "temperature: nothing asked for depends on it"),
        ("compare {} -o o.md --temperature 60", "temperature: nothing asked for depends on it"),
        ("build {} -o o --voxel 1", "voxel: the format stl does not heed it; those that do: nrrd, tiff"),
        ("build {} -o o --max-edge 1", "max_edge: the format stl does not heed it; those that do: msh, vtu"),
        ("build {} -o o --pixel 1 --format svg", "pixel: the format svg does not heed it; those that do: png"),
        ("build {} -o o --layer-height 1 --format gds", "layer_height: the format gds does not heed it"),
        ("build {} -o o --unit um --format 3mf --format gds", "unit: none of these formats heeds it; those that do: "),
        ("build {} -o o --unit mm --format glb --dry-run", "unit: the format glb does not heed it; those that do: "),
        ("build {} -o o --transport", "transport: the format stl does not heed it; those that do: vtp; without it, "),
        ("build {} -o o --transport --format vtu --dry-run", "transport: the format vtu does not heed it"),
        ("render {} -o a.svg --size 800 600", "size: a section is a drawing as wide as a journal's column"),
        ("render {} -o a.svg --view section --size 800 600", "size: a section is a drawing"),
        ("compare {} -o a.csv --no-pictures", "no_pictures: only a page (.html) has pictures; got 'a.csv'"),
    ],
)
def test_an_option_that_does_nothing_is_refused(command, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(command.format(STACK).split()) == 1
    assert capsys.readouterr().err.startswith(f"geom3d: {said}")
    assert list(tmp_path.iterdir()) == []


def test_one_format_that_heeds_a_setting_is_enough():
    require_used(("stl", "gds"), ["unit"])
    require_used(("stl", "png"), ["pixel", "layer_height", "unit"])
    with pytest.raises(geom3d.InputError, match="unknown"):
        require_used(("stlx",), ["unit"])
    assert USES == ("unit",)


def test_every_setting_is_heeded_by_some_format_and_can_be_given():
    for key in SETTINGS:
        require_used(formats(), [key])


def test_a_comparison_makes_its_folder(tmp_path, capsys):
    path = tmp_path / "neu ü" / "deep" / "a.md"
    assert run(["compare", STACK, "planar-licoo2-lipon-lithium", "-o", str(path)]) == 0
    assert path.read_text("utf-8").startswith("# ")
    (tmp_path / "file").write_text("")
    assert run(["compare", STACK, "-o", str(tmp_path / "file" / "a.md")]) == 1
    assert "cannot be made" in capsys.readouterr().err
    assert not list((tmp_path / "neu ü" / "deep").glob("*.part*"))


def test_a_picture_makes_its_folder(tmp_path, capsys):
    path = tmp_path / "neu ü" / "deep" / "a.svg"
    assert run(["render", STACK, "-o", str(path)]) == 0
    assert path.read_text("utf-8").lstrip().startswith("<")
    (tmp_path / "file").write_text("")
    assert run(["render", STACK, "-o", str(tmp_path / "file" / "a.svg")]) == 1
    assert f"folder {str(tmp_path / 'file')!r} cannot be made: " in capsys.readouterr().err


def test_nothing_is_made_for_what_is_refused(tmp_path):
    assert run(["render", STACK, "-o", str(tmp_path / "new" / "a.jpg")]) == 1
    assert list(tmp_path.iterdir()) == []


def helped(command: str, capsys) -> str:
    assert run([command, "--help"]) == 0
    return capsys.readouterr().out


def test_help_of_render_names_all_views_and_endings(capsys):
    words = set(re.findall(r"\.?\w+", helped("render", capsys)))
    assert {*VIEWS, SECTION} <= words
    assert {".png", ".svg", *turntable.ENDINGS} <= words


@pytest.mark.parametrize("command", COMMANDS)
def test_help_offers_nothing_that_does_nothing(command, capsys):
    text = helped(command, capsys)
    assert "--empty" not in text
    assert set(re.findall(r"--no-[\w-]+", text)) <= {"--no-pictures", "--no-title", "--no-legend"}
    assert "FLOAT" not in "".join(line for line in text.splitlines() if "--repeat" in line)


@pytest.mark.parametrize("command", ["build", "render"])
@pytest.mark.parametrize("number", ["1.5", "0"])
def test_parts_of_cells_are_refused(command, number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([command, STACK, "-o", "a.svg", "--repeat", number, "1"]) == 1
    assert capsys.readouterr().err.startswith("geom3d: repeat: must be two whole numbers")
