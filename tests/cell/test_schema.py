"""The schema by which editors check a template: Taplo, which they build on, says what geom3d says, and at the same place."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from shell import command

from geom3d import architectures
from geom3d.architectures import names
from geom3d.cell.commented import commented
from geom3d.cell.describe import limits, regions
from geom3d.cell.schema import DIRECTIVE, FILE_NAME, schema_text
from geom3d.cell.template import load_template, shipped, text_of
from geom3d.core.errors import InputError

TAPLO = shutil.which("taplo", path=str(Path(sys.executable).parent)) or shutil.which("taplo")
TEMPLATE = """#:schema ./geom3d.schema.json
title = "Mine"
architecture = "trenches"
repeat = [2, 2]
[parameters]
pitch = 12
width = "7 µm"
depth = 30.0
[profile]
sidewall_angle = "89 deg"
scallop = { pitch = 1, depth = "100 nm" }
[materials]
scaffold = "silicon-substrate"
[materials.mine]
roles = ["cathode"]
density_g_cm3 = 5
lithiated = true
colour = "#c00"
class = "oxide"
[materials.licoo2]
capacity_practical_mAh_g = 140
[[layers]]
name = "anode"
role = "anode"
material = "lithium"
thickness = { top = "0.1 µm", bottom = 0.1 }
[[layers]]
name = "electrolyte"
role = "electrolyte"
material = "lipon"
thickness = [[0, 0.5], ["20 µm", "440 nm"]]
[[layers]]
name = "cathode"
role = "cathode"
material = "mine"
fill_to = "2 um"
[device]
width = "2 mm"
length = 2000
capacity = "10 µAh"
"""
#: What is written for what, the line at which Taplo must show it, and words of what it says.
# Misspelt on purpose, from here
WRONG = {
    "key of a parameter": ("depth = 30.0", "dept = 30.0", "dept = 30.0", "'dept' was unexpected"),
    "parameter of another architecture": ("depth = 30.0", "diameter = 3", "diameter = 3", "'diameter' was unexpected"),
    "parameter out of range": ("depth = 30.0", "depth = -3", "depth = -3", "-3 is less than the minimum of 0.001"),
    "parameter as text": ("depth = 30.0", 'depth = "deep"', 'depth = "deep"', "does not match"),
    "key of the template": ("repeat = [2, 2]", "repeats = [2, 2]", 'title = "Mine"', "'repeats' was unexpected"),
    "count": ("repeat = [2, 2]", "repeat = [2, 0]", "repeat = [2, 0]", "0 is less than the minimum of 1"),
    "architecture": ('"trenches"', '"trench"', 'architecture = "trench"', "is not one of"),
    "role": ('role = "anode"', 'role = "anod"', 'role = "anod"', "is not one of"),
    "key of a layer": ('fill_to = "2 um"', "fill_to = 2\nfil = 1", "fil = 1", "'fil' was unexpected"),
    "thickness of a layer": ("bottom = 0.1 }", "botom = 0.1 }", "botom = 0.1 }", "'botom' was unexpected"),
    "both a coat and a fill": ('fill_to = "2 um"', "fill_to = 2\nthickness = 1", "thickness = 1", "oneOf"),
    "region": ('scaffold = "sil', 'scafold = "sil', 'scafold = "sil', 'is not of type "object"'),
    "figure of a material": ("density_g_cm3 = 5", "density = 5", "density = 5", "'density' was unexpected"),
    "angle of the walls": ('"89 deg"', "20", "sidewall_angle = 20", "20 is less than the minimum of 45"),
    "key of the device": ("length = 2000", "lenght = 2000", "lenght = 2000", "'lenght' was unexpected"),
}
# to here


@cache
def written_once():
    return schema_text()


def lint(folder, *, text=None):
    """Exit code and words of Taplo on all templates of a folder."""
    if TAPLO is None:
        pytest.skip("taplo is not installed")
    (folder / FILE_NAME).write_text(written_once(), "utf-8")
    if text is not None:
        (folder / "mine.toml").write_text(text, "utf-8")
    files = sorted(folder.glob("*.toml"))
    ended = subprocess.run(
        [TAPLO, "lint", "--no-auto-config", *files], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    return ended.returncode, ended.stderr


def test_every_shipped_template_is_valid(tmp_path):
    """Those of every architecture that `new` writes, too."""
    quick = [name for name in names() if name not in ("fibres", "image", "spinodal", "struts", "surface")]
    for name in shipped():
        (tmp_path / f"{name}.toml").write_text(f"{DIRECTIVE}\n{text_of(name)}", "utf-8")
    for name in quick:
        (tmp_path / f"new-{name}.toml").write_text(f"{DIRECTIVE}\n{commented(name)}", "utf-8")
    code, words = lint(tmp_path)
    assert (code, "error" in words) == (0, False), words
    assert f"found files total={len(shipped()) + len(quick)} " in words


def test_what_may_be_written_is_valid(tmp_path):
    code, words = lint(tmp_path, text=TEMPLATE)
    assert code == 0, words
    (tmp_path / "mine.toml").write_text(TEMPLATE.replace('"89 deg"', "89"), "utf-8")
    assert load_template(tmp_path / "mine.toml").parameters.depth == 30


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_shown_where_it_stands(what, tmp_path):
    right, wrong, place, words = WRONG[what]
    text = TEMPLATE.replace(right, wrong, 1)
    assert text != TEMPLATE
    code, said = lint(tmp_path, text=text)
    number = next(k for k, line in enumerate(text.splitlines(), 1) if place in line)
    lines = re.findall(r"mine\.toml:(\d+):", said)
    assert code == 1
    assert words in said
    assert str(number) in lines, said
    with pytest.raises(InputError):  # and geom3d refuses it as well
        load_template(tmp_path / "mine.toml")


def test_parameters_have_the_range_and_the_words_of_describe():
    """Read off the models in another way: the limits that bad input is made from, and the lines of `new`."""
    schema = json.loads(written_once())
    count = 0
    for rule in schema["allOf"]:
        name = rule["if"]["properties"]["architecture"]["enum"][0]
        parts = rule["then"]["properties"]
        shown = schema["definitions"][parts["parameters"]["$ref"].rpartition("/")[2]]
        model = architectures.get(name).Parameters
        assert list(shown["properties"]) == list(model.model_fields)
        assert shown["additionalProperties"] is False
        for key, info in model.model_fields.items():
            part = shown["properties"][key]
            assert (info.description or "") in part["description"]
            low, high = limits(info)
            if "number" in part.get("type", ()) and info.metadata:
                count += 1
                assert part.get("minimum", part.get("exclusiveMinimum", -float("inf"))) == low
                assert part.get("maximum", float("inf")) == high
        own = {words.partition(" (")[0] for words in regions(architectures.get(name))}
        assert set(parts["materials"]["properties"]) == own
    assert count > 50


def test_new_writes_the_schema_beside_the_template(tmp_path):
    (tmp_path / "one").mkdir()
    assert command("new", "trenches", "-o", tmp_path / "one" / "mine.toml").code == 0
    assert (tmp_path / "one" / "mine.toml").read_text("utf-8").startswith(f"{DIRECTIVE}\n")
    written = tmp_path / "one" / FILE_NAME
    assert written.read_text("utf-8") == written_once()
    # One that another version wrote is replaced, anything else is not.
    written.write_text('{"title": "geom3d template", "old": 1}', "utf-8")
    assert command("new", "pillars", "-o", tmp_path / "one" / "other.toml").code == 0
    assert written.read_text("utf-8") == written_once()
    written.write_text('{"title": "my own"}', "utf-8")
    ended = command("new", "pillars", "-o", tmp_path / "one" / "third.toml")
    assert (ended.code, written.read_text("utf-8")) == (1, '{"title": "my own"}')
    assert FILE_NAME in ended.err
    assert not (tmp_path / "one" / "third.toml").exists()


def test_schema_is_printed_or_written(tmp_path):
    printed = command("schema")
    assert (printed.code, printed.err, printed.out) == (0, "", written_once())
    path = tmp_path / FILE_NAME
    assert command("schema", "-o", path).out == f"{path}\n"
    assert path.read_text("utf-8") == written_once()


def test_a_solved_template_keeps_the_line_for_editors(tmp_path):
    wanted = ("solve", "trenches-notten-2007", "--vary", "parameters.depth", "--for", "area_gain.scaffold=5", "-o")
    assert command(*wanted, tmp_path / "plain.toml").code == 0
    assert DIRECTIVE not in (tmp_path / "plain.toml").read_text("utf-8")
    (tmp_path / FILE_NAME).write_text(written_once(), "utf-8")
    assert command(*wanted, tmp_path / "solved.toml").code == 0
    assert (tmp_path / "solved.toml").read_text("utf-8").startswith(f"{DIRECTIVE}\n")
    code, words = lint(tmp_path)
    assert code == 0, words
