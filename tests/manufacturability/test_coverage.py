"""Films of a cell as a process makes them: tables, charts and files of the command."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from shell import command

import geom3d
from geom3d.deposition.cavities import fluxes, upright
from geom3d.manufacturability.coverage import body_before

NOTTEN = "trenches-notten-2007"


def test_each_film_grows_on_the_shape_that_the_films_before_it_leave():
    report = geom3d.load(NOTTEN).coverage(0.01)
    assert [film.name for film in report.films] == ["barrier", "anode", "electrolyte", "cathode", "cathode collector"]
    grown = 0.0
    for film in report.films:
        flux, floor = fluxes(upright("trench", 50.0, 2.5 - grown), 0.01)
        assert film.coverage.way == "radiosity"
        assert film.coverage.at(50.0) == pytest.approx(flux[-1], rel=3e-3)
        assert film.coverage.floor[0] == pytest.approx(floor, rel=3e-3)
        grown += film.nominal
    means = [film.coverage.mean for film in report.films]
    assert means == sorted(means, reverse=True)


def test_a_cavity_is_measured_on_the_body():
    cell = geom3d.load(NOTTEN).cell()
    grown = 0.0
    for label, region in enumerate(cell.regions):
        if region.thickness is None:
            continue
        cavity = body_before(cell, label).cavity()
        assert cavity.kind == "trench"
        assert cavity.depths[-1] == pytest.approx(50.0, abs=1e-6)
        assert cavity.half_widths == pytest.approx(np.full_like(cavity.depths, 2.5 - grown), abs=1e-6)
        grown += region.thickness
    pores = geom3d.load("pores-liu-2014").cell()
    cavity = body_before(pores, 1).cavity()
    assert (cavity.kind, cavity.half_widths[0]) == ("hole", pytest.approx(0.075, abs=1e-6))


def test_areas_are_those_of_the_surface():
    design = geom3d.load(NOTTEN)
    (film,) = design.coverage(0.01, films=["barrier"]).films
    area = film.coverage.areas.sum() + film.coverage.top[2] + film.coverage.floor[2]
    assert area / design.cell().footprint == pytest.approx(1 + 2 * 50 / 8, rel=1e-6)


def test_pillars_by_particles():
    (film,) = geom3d.load("pillars-coated").coverage(process="sputter", films=["electrolyte"]).films
    found = film.coverage
    assert (found.way, found.sticking) == ("Monte Carlo", 1.0)
    assert found.at(0.0) == pytest.approx(0.5, abs=0.02)
    assert 0.005 < found.at(found.depth) < 0.03
    assert found.error <= 0.007
    walls = found.shares @ found.areas / found.areas.sum()
    assert walls == pytest.approx(0.11, abs=0.015)  # an independent calculation, of the bare pillars


def test_flat_films_are_whole():
    report = geom3d.load("planar-licoo2-lipon-lithium").coverage(process="sputter")
    assert report.films
    assert {film.coverage.mean for film in report.films} == {1.0}
    assert all(len(film.told()) == 1 for film in report.films)


def test_the_command_prints_thickness_against_depth(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = command("coverage", NOTTEN, "--sticking", "0.01", "--film", "electrolyte")
    assert said.code == 0
    assert "electrolyte: 0.5 µm, sticking probability 0.01, by radiosity" in said.out
    assert "flat top" in said.out
    assert "floor" in said.out
    data = json.loads(command("coverage", NOTTEN, "--sticking", "0.01", "--film", "electrolyte", "--json").out)
    (film,) = data["films"]
    assert film["thickness_um"] == pytest.approx([0.5 * share for share in film["share"]])
    for name in ("c.svg", "c.png", "c.csv", "c.json"):
        assert command("coverage", NOTTEN, "--sticking", "0.01", "--film", "electrolyte", "-o", name).code == 0
    assert "electrolyte, s = 0.01" in (tmp_path / "c.svg").read_text("utf-8")
    assert json.loads((tmp_path / "c.json").read_text("utf-8")) == data
    with (tmp_path / "c.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + len(film["share"]) + 2
    assert float(rows[2][3]) == pytest.approx(film["share"][0], rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "coverage: no film says step_coverage in the template; give sticking or process"),
        (["--sticking", "0.1", "--process", "sputter"], "give either sticking or process"),
        (["--sticking", "0"], "sticking: must be a probability from 1e-06 to 1 (1 is line of sight); got 0"),
        (["--sticking", "nan"], "sticking: must be a probability"),
        (["--process", "lpcvd"], "process: 'lpcvd' has no sticking probability of its own"),
        (["--process", "drie"], "process: 'drie' deposits no film"),
        (["--process", "magic"], "no shipped process 'magic'"),
        (["--sticking", "0.1", "--film", "anod"], "film: no film 'anod'; did you mean 'anode'?"),
        (["--sticking", "0.1", "-o", "a.txt"], "output: must end in one of .svg, .png, .csv, .json; got 'a.txt'"),
    ],
)
def test_what_cannot_be_is_said(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = command("coverage", NOTTEN, *arguments)
    assert said.code == 1
    assert words in said.err
    assert not list(tmp_path.iterdir())


def test_a_process_of_ones_own_may_have_a_sticking_probability(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('class = "film deposition"\nmin_feature = 0.01\nsticking = 0.02\n', encoding="utf-8")
    one = geom3d.load(NOTTEN).coverage(process=file, films=["barrier"]).films[0].coverage
    other = geom3d.load(NOTTEN).coverage(0.02, films=["barrier"]).films[0].coverage
    assert (one.sticking, one.mean) == (0.02, other.mean)


def test_bare_structures_have_no_films():
    with pytest.raises(geom3d.InputError, match="coverage: the design has no coats"):
        geom3d.load("pores-liu-2014").coverage(0.01)
