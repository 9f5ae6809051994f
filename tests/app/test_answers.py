"""What the page is told of a design: fields with their ranges, numbers, models, files; errors at the field that causes them."""

from __future__ import annotations

import json
import random
import zipfile

import pytest
from kinds import TEMPLATES

import geom3d
from geom3d import architectures
from geom3d.app import answers
from geom3d.app.answers import Desk
from geom3d.app.form import form
from geom3d.app.sources import Sources
from geom3d.cell.commented import plain
from geom3d.cell.template import read_original
from geom3d.core.progress import bar, listening

PILLARS = {"template": "pillars-coated"}


@pytest.fixture(scope="module")
def desk():
    return Desk(Sources({}))


def told(desk, do, source=PILLARS, changes=None, **more):
    """The parts of an answer; each can be sent as JSON."""
    parts = []
    desk.answer({"do": do, "source": source, "changes": changes or {}, **more}, parts.append)
    json.dumps(parts, allow_nan=False)
    return parts


def first(part):
    return {row["path"]: row["value"] for row in part["first"]}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_key_of_a_template_is_a_field_that_begins_with_its_value(desk, name):
    (answer,) = told(desk, "form", {"template": name})
    fields = {field["path"]: field for field in answer["fields"]}
    content = TEMPLATES[name]
    assert {f"parameters.{key}" for key in content.get("parameters", {})} <= fields.keys()
    for layer in content.get("layers", []):
        field = fields[f"layers.{layer['name']}.material"]
        assert field["value"] in {name for _, names in field["options"] for name, _ in names}
    for field in fields.values():
        slider = field["slider"]
        if slider is not None:
            assert slider["low"] < slider["high"]
            assert slider["low"] > 0 or not slider["log"]
            if field["value"] is not None and field["unit"] != "°":
                assert slider["low"] <= field["value"] <= slider["high"], field
            assert field["low"] is None or slider["low"] >= field["low"]
            assert field["high"] is None or slider["high"] <= field["high"]
    # To send every field back as it began changes nothing.
    same = {
        path: field["value"]
        for path, field in fields.items()
        if field["kind"] != "fixed" and field["value"] is not None and not field["needs"]
    }
    original = read_original(name)
    plainly, again = original.draft().template, original.draft(same).template
    assert again.parameters == plainly.parameters
    assert again.layers == plainly.layers or {each.material for each in plainly.layers} != {
        each.material for each in again.layers
    }


@pytest.mark.parametrize(
    "name",
    # Rods and fibres are laid for seconds, and a ball of triangles is cut for seconds.
    [
        pytest.param(n, marks=[pytest.mark.slow] * (n in {"fibres", "struts", "surface"}))
        for n in sorted(dict(architectures.DOOR.usable()))
    ],
)
def test_every_architecture_can_be_begun_with(desk, name):
    (answer,) = told(desk, "form", {"architecture": name})
    wanted = {f"parameters.{key}" for key in architectures.get(name).Parameters.model_fields}
    assert wanted <= {field["path"] for field in answer["fields"]}
    assert all(field["meaning"] for field in answer["fields"] if field["path"] in wanted)
    assert plain(name).startswith(f'title = "{answer["title"]}"')


def test_numbers_are_those_of_measure(desk):
    changes = {"parameters.pitch": 11.5, "layers.electrolyte.thickness": "300 nm", "layers.cathode.material": "limn2o4"}
    parts = told(desk, "design", changes=changes)
    assert [part["kind"] for part in parts] == ["begun", "numbers", "model", "numbers"]
    report = geom3d.load("pillars-coated", changes).measure()
    coarse, final = first(parts[1]), first(parts[3])
    assert set(coarse) < set(final)
    assert final["inter_electrode_distance_um.anode.mean"] > 0
    for path, value in (coarse | final).items():
        assert value == report[path]
    assert final.items() >= coarse.items()
    assert parts[3]["warnings"] == report.warnings
    everything = {row["path"] for _, rows in parts[3]["groups"] for row in rows}
    assert everything == {row.path for row in report.rows() if row.value is not None}
    names = [region["name"] for region in parts[2]["model"]["regions"]]
    assert names == list(geom3d.load("pillars-coated").cell().names)


def test_ionic_resistance_where_it_is_asked_for(desk):
    source = {"template": "planar-licoo2-lipon-lithium"}
    without, with_it = (first(told(desk, "design", source, transport=way)[-1]) for way in (False, True))
    assert with_it.keys() - without.keys() == {"ionic_resistance_ohm_cm2"}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"parameters.pitch": 2}, "parameters.diameter", "must be smaller than pitch = 2 µm; got 3"),
        ({"parameters.pitch": -1}, "parameters.pitch", "must be at least 0.001"),
        ({"parameters.pitch": "3 bananas"}, "parameters.pitch", "unknown unit bananas"),
        ({"parameters.lattice": "round"}, "parameters.lattice", "must be one of"),
        ({"layers.electrolyte.thickness": 4}, "layers.electrolyte.thickness", "close the gap"),
        ({"layers.cathode.fill_to": -50}, "layers.cathode.fill_to", "must lie above the floor"),
        ({"layers.cathode.material": "lipon"}, "layers.cathode.material", "must be a material"),
        ({"layers.cathode.utilisation": 3}, "layers.cathode.utilisation", "must be at most 1"),
        ({"materials.backing": "silicon"}, "materials.backing", "not a region of this architecture"),
        ({"profile.sidewall_angle": 60}, "profile.sidewall_angle", ""),
        ({"tolerance": -1}, "tolerance", "must be greater than 0"),
        ({"repeat": [0, 1]}, "repeat", "must be"),
        ({"layers.cathode.fill_to": -42}, "layers.cathode.fill_to", ""),
    ],
)
def test_an_error_is_said_at_its_field(desk, changes, field, words):
    error = told(desk, "design", changes=changes)[-1]
    assert (error["kind"], error["field"]) == ("error", field) or (
        # A key of a table that excludes others is said of the table.
        error["field"] is not None and error["field"].startswith(f"{field.split('.')[0]}.")
    )
    assert words in error["message"]
    assert "pillars-coated" not in error["message"]


@pytest.mark.parametrize(
    ("source", "changes", "words"),
    [
        ({"template": "none"}, {}, "unknown 'none'"),
        ({"template": "../templates/pillars-coated.toml"}, {}, "unknown"),
        ({"architecture": "_rods"}, {}, "unknown"),
        ({}, {}, "must be"),
        (None, {}, "must be"),
        (PILLARS, {"layers.anode.material": "/etc/passwd.toml"}, "must be a material"),
        ({"architecture": "image"}, {"parameters.file": "/etc/passwd"}, "cannot be changed here"),
        (PILLARS, {"user_materials": 1}, "cannot be changed here"),
        (PILLARS, {"layers.anode.step_coverage": 1}, "cannot be changed here"),
        (PILLARS, {"parameters.pitch": {"a": 1}}, "must be a number"),
        (PILLARS, {"parameters.pitch": [1, 2]}, "must be a number"),
        (PILLARS, {"title": "x" * 2001}, "at most 2000 characters"),
        (PILLARS, {f"k{k}": 1 for k in range(201)}, "at most 200 keys"),
        (PILLARS, [1], "must be a table"),
    ],
)
def test_what_no_page_sends_is_refused(desk, source, changes, words):
    (error,) = told(desk, "design", source, changes)
    assert error["kind"] == "error"
    assert words in error["message"]


def test_a_design_that_would_fill_the_memory_is_refused(desk, monkeypatch):
    source = {"template": "sponge-gyroid-lto"}
    (error,) = told(desk, "design", source, {"resolution": 0.001})  # by the core
    assert error["field"] == "resolution"
    monkeypatch.setattr(answers, "MOST_NODES", 1000)
    (error,) = told(desk, "design", source)  # by the page
    assert (error["kind"], error["field"]) == ("error", "resolution")
    assert "take at least" in error["message"]


def test_files_that_would_fill_the_disk_are_refused(desk, tmp_path):
    (error,) = told(desk, "file", changes={"repeat": [20000, 5]}, file="stl", folder=str(tmp_path))
    assert (error["kind"], error["field"]) == ("error", "repeat")
    assert list(tmp_path.iterdir()) == []


CHANGED = {"parameters.height": 20, "repeat": [2, 1]}


@pytest.mark.parametrize("kind", ["stl", "3mf"])
def test_files_are_those_of_build(desk, tmp_path, kind):
    (part,) = told(desk, "file", changes=CHANGED, file=kind, folder=str(tmp_path / "page"))
    built = {
        path.name: path.read_bytes()
        for path in geom3d.load("pillars-coated", CHANGED).build(tmp_path / "built", formats=(kind,))
    }
    if kind == "3mf":
        assert (tmp_path / part["path"]).read_bytes() == built[part["name"]]
        return
    with zipfile.ZipFile(part["path"]) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == built
    assert len(found) > 5


def test_a_saved_template_is_the_design(desk, tmp_path):
    (part,) = told(desk, "file", changes=CHANGED, file="toml", folder=str(tmp_path))
    here, there = geom3d.load("pillars-coated", CHANGED), geom3d.load(part["path"])
    assert there.measure().data == here.measure().data
    assert part["name"] == "pillars-coated.toml"


def test_report_and_section_as_files(desk, tmp_path):
    for kind, wanted in (("json", "measure"), ("svg", "section")):
        (part,) = told(desk, "file", changes=CHANGED, file=kind, folder=str(tmp_path))
        found = getattr(geom3d.load("pillars-coated", CHANGED), wanted)()
        assert (tmp_path / part["name"]).read_text("utf-8") == (found.to_json() if kind == "json" else found)
    assert told(desk, "section", changes=CHANGED)[0]["svg"] == found
    # The page colours regions by these names.
    assert found.count('data-region="electrolyte"') >= 2


@pytest.mark.slow
def test_a_page_beside_the_reference(desk, tmp_path, monkeypatch):
    monkeypatch.setattr("geom3d.rendering.has_opengl", lambda: False)  # pictures take their time
    source = {"template": "planar-licoo2-lipon-lithium"}
    changes, against = {"layers.cathode.thickness": 3}, {"source": source, "changes": {}}
    (part,) = told(desk, "file", source, changes, file="html", folder=str(tmp_path), against=against)
    text = (tmp_path / part["name"]).read_text("utf-8")
    assert "planar-licoo2-lipon-lithium, changed" in text


def test_a_users_own_file_is_read_again_for_every_design(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('architecture = "trenches"\n[parameters]\npitch = 9\n', "utf-8")
    desk = Desk(Sources({"mine.toml": file}))
    source = {"template": "mine.toml"}
    before = first(told(desk, "design", source)[-1])["area_gain.scaffold"]
    file.write_text('architecture = "trenches"\n[parameters]\npitch = 18\n', "utf-8")
    after = first(told(desk, "design", source)[-1])["area_gain.scaffold"]
    assert (before - 1) == pytest.approx(2 * (after - 1))
    file.write_text('architecture = "trenches"\n[parameters]\npitch = 2\n', "utf-8")
    assert told(desk, "design", source)[-1]["field"] == "parameters.width"
    (answer,) = told(desk, "form", source)  # wrong as it is, it can be mended in the page
    assert "parameters.pitch" in {field["path"] for field in answer["fields"]}


def test_bars_are_told_to_whoever_listens_and_can_end_the_work():
    heard = []
    with listening(lambda text, share: heard.append((text, share))):
        with bar("walls", 4) as advance:
            advance(1)
            advance(3)
        with bar("designs", None) as advance:
            advance(1)
    assert heard == [("walls", 0.0), ("walls", 0.25), ("walls", 1.0), ("designs", None), ("designs", None)]

    def enough(text, share):
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), listening(enough), bar("walls", 2) as advance:
        advance(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "pillars-coated",
        "trenches-notten-2007",
        "honeycomb-lei-2020",
        "interdigitated-pillars-opposed",
        "microtubes-eustache-2014",
    ],
)
def test_twenty_moves_of_sliders(name):
    """Five times twenty are a hundred: each gives numbers, or says at which field it cannot."""
    desk, source, chance = Desk(Sources({})), {"template": name}, random.Random(name)  # noqa: S311
    (answer,) = told(desk, "form", source)
    paths = {field["path"] for field in answer["fields"]}
    sliders = [
        field for field in answer["fields"] if field["slider"] and field["group"] != "walls" and not field["further"]
    ]
    assert len(sliders) >= 4
    changes, good = {}, 0
    for _ in range(20):
        field = chance.choice(sliders)
        low, high, share = field["slider"]["low"], field["slider"]["high"], chance.random()
        value = low * (high / low) ** share if field["slider"]["log"] else low + share * (high - low)
        value = round(value) if field["kind"] == "whole" else float(f"{value:.3g}")
        last = told(desk, "design", source, {**changes, field["path"]: value})[-1]
        if last["kind"] == "error":
            assert last["field"] in paths, last
            assert last["message"]
        else:
            assert last["kind"] == "numbers"
            assert last["final"]
            changes[field["path"]] = value
            good += 1
    assert good >= 5
    report = geom3d.load(name, changes).measure()
    assert first(told(desk, "design", source, changes)[-1])["area_gain.scaffold"] == report["area_gain.scaffold"]


def test_forms_tell_unit_and_meaning():
    fields = {field.path: field for field in form(read_original("pillars-coated"))}
    pitch = fields["parameters.pitch"]
    assert (pitch.unit, pitch.value, pitch.low, pitch.high) == ("µm", 8.0, 1e-3, 1e5)
    assert "nearest" in pitch.meaning
    assert fields["layers.barrier.thickness"].value == 0.05
    assert fields["layers.cathode.material"].role == "cathode"
