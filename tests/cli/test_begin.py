"""The first hour: templates to begin with, what has a name, and changing a single figure."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from shell import command

import geom3d
from geom3d import architectures
from geom3d.cell.commented import MEANINGS, commented
from geom3d.cell.description import Device, Published
from geom3d.cell.template import Layer, Template, shipped, text_of
from geom3d.core.errors import InputError
from geom3d.core.validation import fields_of
from geom3d.library import materials, processes
from geom3d.library.materials import find

PLANAR = "planar-licoo2-lipon-lithium"
#: Webs whose new templates take their time, and those that are measured in some seconds.
SPONGES = {"fibres", "image", "inverse_opal", "spheres", "spinodal", "surface", "tpms"}
WEBS = {"formula", "struts"}


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in WEBS else n for n in architectures.names()]
)
def test_a_new_template_of_every_architecture_is_a_battery(name):
    ended = command("new", name, "-o", "mine.toml")
    assert (ended.code, ended.out, ended.err) == (0, "mine.toml\ngeom3d.schema.json\n", "")
    text = Path("mine.toml").read_text("utf-8")
    design = geom3d.load("mine.toml")
    for key in architectures.get(name).Parameters.model_fields:
        line = next(k for k, line in enumerate(text.splitlines()) if line.startswith((f"{key} =", f"# {key} =")))
        assert text.splitlines()[line - 1].startswith("# "), key
    if name not in SPONGES:  # which take their time
        report = design.measure()
        assert report["capacity_uAh_cm2.cell"] > 0
        # Of a web the report tells how uncertain its grid leaves the thinnest films.
        told = "uncertain by more than 1 % at a grid step"
        assert [warning for warning in report.warnings if name not in WEBS or not warning.startswith(told)] == []


@pytest.mark.parametrize("name", shipped())
def test_comments_change_nothing_of_a_template(name):
    text = commented(name)
    assert tomllib.loads(text) == tomllib.loads(text_of(name))
    assert set(text_of(name).splitlines()) <= set(text.splitlines())


def test_every_key_of_a_template_has_a_meaning():
    hidden = {"parameters", "materials", "layers", "published", "device", "name", "user_materials", "profile"}
    assert set(MEANINGS[""]) == set(fields_of(Template)) - hidden
    for table, model in (("layers", Layer), ("device", Device), ("published", Published)):
        assert set(MEANINGS[table]) == set(model.model_fields)


def test_new_replaces_nothing_unless_told():
    Path("mine.toml").write_text("mine", "utf-8")
    ended = command("new", "planar", "-o", "mine.toml")
    assert (ended.code, Path("mine.toml").read_text("utf-8")) == (1, "mine")
    assert "--force" in ended.err
    assert command("new", "planar", "-o", "mine.toml", "--force").code == 0
    assert command("measure", "mine.toml").code == 0
    assert "did you mean 'planar'" in command("new", "planer", "-o", "x.toml").err


@pytest.mark.parametrize("name", [PLANAR, "licoo2", "micro-sla", "micro_sla"])
def test_show_gives_the_file(name):
    ended = command("show", name)
    assert (ended.code, ended.err) == (0, "")
    title = tomllib.loads(ended.out)["title"]
    known = [materials.find(name), processes.find(name)]
    assert title in [thing.title for thing in known if thing] or ended.out == text_of(name)


def test_list_of_one_kind_and_as_json():
    everything = json.loads(command("list", "--json").out)
    assert list(everything) == ["architectures", "templates", "materials", "processes", "metrics", "formats", "studies"]
    for kind, entries in everything.items():
        lines = command("list", kind).out.splitlines()
        assert lines[0] == kind.capitalize()
        assert [line.split()[0] for line in lines[1:]] == [entry["name"] for entry in entries]
        assert all(entry["title"] for entry in entries)
    ended = command("list", "material")
    assert ended.code == 1
    assert "did you mean 'materials'" in ended.err


def test_describe_and_verify_as_json():
    (found,) = json.loads(command("describe", "trenches", "--json").out)
    assert {p["name"] for p in found["parameters"]} == set(architectures.get("trenches").Parameters.model_fields)
    (figures,) = json.loads(command("describe", "licoo2", "--json").out)
    assert figures["figures"]["density_g_cm3"] == find("licoo2").density_g_cm3
    (verdict,) = json.loads(command("verify", PLANAR, "--json").out)
    assert (verdict["agrees"], verdict["numbers"]) == (True, len(verdict["rows"]))
    numbers = verdict["rows"]
    gain = next(entry for entry in numbers if entry["path"] == "area_gain.scaffold")
    assert gain["closed"] == gain["measured"] == 1
    assert all(entry["agrees"] for entry in numbers)


def test_hyphen_and_underscore_are_alike():
    one, other = (command("describe", name).out for name in ("interdigitated_pillars", "interdigitated-pillars"))
    assert one == other != ""
    design = geom3d.design({"architecture": "interdigitated-pillars"})
    assert design.template.architecture == "interdigitated_pillars"
    assert geom3d.load("pillars_coated").template.name == "pillars-coated"
    assert find("titanium_nitride") == find("titanium-nitride")
    assert geom3d.load(PLANAR).check("two_photon").name == "two-photon"


def test_a_parameter_without_its_table_is_named_with_it():
    ended = command("measure", "trenches-notten-2007", "--set", "depth=80")
    assert (ended.code, ended.out) == (1, "")
    assert "depth: unknown key; did you mean parameters.depth?" in ended.err


def test_one_figure_of_a_shipped_material():
    changes = {"materials.licoo2.colour": "#c00", "materials.licoo2.capacity_practical_mAh_g": 140}
    usual, changed = geom3d.load(PLANAR), geom3d.load(PLANAR, changes)
    layer = next(region for region in changed.cell().regions if region.name == "cathode").material
    shipped_one = find("licoo2")
    assert (layer.colour, layer.capacity_practical_mAh_g) == ("#cc0000", 140)
    assert (layer.title, layer.density_g_cm3) == (shipped_one.title, shipped_one.density_g_cm3)
    assert layer.source_of("capacity_practical_mAh_g") == "stated in the template"
    assert layer.utilisation == pytest.approx(140 / layer.capacity_theoretical_mAh_g)
    ratio = changed.measure()["capacity_uAh_cm2.cathode"] / usual.measure()["capacity_uAh_cm2.cathode"]
    assert ratio == pytest.approx(140 / shipped_one.capacity_practical_mAh_g)
    assert find("licoo2") == shipped_one


def test_names_of_materials_may_hold_dots_and_aliases_are_found():
    design = geom3d.load(
        PLANAR, {"layers.electrolyte.material": "argyrodite-cl1.5", "materials.argyrodite-cl1.5.colour": "#00ff00"}
    )
    assert next(r for r in design.cell().regions if r.name == "electrolyte").material.colour == "#00ff00"
    alias = find("lipon").aliases
    for name in alias[:1]:
        design = geom3d.load(PLANAR, {f"materials.{name}.colour": "#00f"})
        assert next(r for r in design.cell().regions if r.name == "electrolyte").material.colour == "#0000ff"


def test_a_wrong_figure_of_a_material_is_named():
    with pytest.raises(InputError, match=r"materials\.licoo2\.colour: must be a colour such as"):
        geom3d.load(PLANAR, {"materials.licoo2.colour": "red"})
    with pytest.raises(InputError, match=r"materials\.licoo2\.density: unknown key; did you mean 'density_g_cm3'"):
        geom3d.load(PLANAR, {"materials.licoo2.density": 5})


def test_a_material_by_its_path(tmp_path):
    folder = tmp_path / "my materials"
    folder.mkdir()
    text = 'roles = ["cathode"]\ndensity_g_cm3 = 2.0\ncapacity_practical_mAh_g = 50.0\npotential_V = 3.0\n'
    (folder / "oxide.toml").write_text(text, "utf-8")
    for path in ("my materials/oxide.toml", folder / "oxide.toml"):
        found = geom3d.load(PLANAR, {"layers.cathode.material": str(path)}).measure()
        thickness = found["thickness_equivalent_um.cathode"]
        assert found["capacity_uAh_cm2.cathode"] == pytest.approx(thickness * 2.0 * 50.0 / 10)
    # Beside the template goes before the working folder.
    Path("t.toml").write_text(text_of(PLANAR).replace('"licoo2"', '"my materials/oxide.toml"'), "utf-8")
    assert geom3d.load(tmp_path / "t.toml").measure()["capacity_uAh_cm2.cathode"] > 0
    with pytest.raises(InputError, match=r"material .none\.toml.: no such file"):
        geom3d.load(PLANAR, {"layers.cathode.material": "none.toml"})


def test_wrong_usage_points_to_the_help_of_the_command():
    assert command("measure", "--nonsense").err.splitlines()[-1] == "Try `geom3d measure --help`."
    assert command("nonsense").err.splitlines()[-1] == "Try `geom3d --help`."


def test_shells_can_complete():
    from geom3d.cli.app import app

    script = app.generate_completion(shell="bash")  # noqa: S604 - the name of a shell
    assert "measure" in script
    assert "--install-completion" in command("--help").out
