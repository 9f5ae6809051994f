"""The answer first: what `measure` and `build` print of a battery, per footprint and in total."""

from __future__ import annotations

import json

import pytest
from shell import command

import geom3d
from geom3d.metrics.answer import answer, in_groups


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_measure_and_build_begin_with_the_answer_and_no_more():
    report = geom3d.load("pillars-coated").measure()
    measured = command("measure", "pillars-coated")
    built = command("build", "pillars-coated", "-o", "o")
    heads = ("area gain of the scaffold", "least distance", "mean distance", "capacity", "limited by", "N/P", "energy")
    places = [measured.out.index(head) for head in heads]
    assert places == sorted(places)
    assert f"{report['capacity_uAh_cm2.cell']:.4g}" in measured.out
    assert len(measured.out.splitlines()) < 20
    assert built.out.startswith(measured.out)
    assert "resistance" not in measured.out


def test_resistance_is_part_of_the_answer_where_it_is_asked_for():
    assert "ionic resistance" in command("measure", "planar-licoo2-lipon-lithium", "--transport").out


def test_all_has_every_number_under_its_group():
    report = geom3d.load("pillars-coated").measure()
    groups = in_groups(report)
    assert sum(len(group.rows) for group in groups) == sum(row.value is not None for row in report.rows())
    assert all(group.title for group in groups)
    out = command("measure", "pillars-coated", "--all").out
    assert all(group.title in out for group in groups)


def test_a_device_gives_numbers_in_total():
    """2 mm × 3 mm is 0.06 cm², and holds 250 × 216 periods of 8 µm × 8 √3 µm."""
    data = json.loads(command("measure", "pillars-coated", "--device", "2 mm x 3 mm", "--json").out)
    assert data["device"]["capacity_mAh"] == pytest.approx(data["capacity_uAh_cm2"]["cell"] * 0.06 / 1000)
    assert data["device"]["energy_mWh"] == pytest.approx(data["energy_mWh_cm2"] * 0.06)
    assert data["device"]["unit_cells"] == 250 * 216
    assert data["device"]["energy_mWh_cm3"] is None
    out = command("measure", "pillars-coated", "--device", "2 mm × 3000 um").out
    total = out[out.index("in total") :]
    assert f"{data['device']['capacity_mAh'] * 1000:.4g}" in total
    assert "µWh" in total
    thick = json.loads(command("measure", "pillars-coated", "--device", "2 mm x 3 mm x 0.1 mm", "--json").out)
    assert thick["device"]["energy_mWh_cm3"] == pytest.approx(data["energy_mWh_cm2"] / 0.01)


@pytest.mark.parametrize(
    ("text", "word"), [("2 mm", "two or three lengths"), ("2 mm x far", "device: "), ("0 x 1", "width")]
)
def test_a_device_that_is_none(text, word):
    ended = command("measure", "pillars-coated", "--device", text)
    assert (ended.code, ended.out) == (1, "")
    assert word in ended.err


def test_a_half_cell_answers_with_its_one_electrode():
    (table,) = answer(geom3d.load("microtubes-eustache-2014").measure())
    assert "capacity of the anode" in [row[0].value for row in table.rows]


def test_a_notebook_begins_with_the_answer():
    html = geom3d.load("planar-efl700a39").measure()._repr_html_()
    assert html.index("capacity") < html.index("in total")
