"""The page of a study holds its charts, pictures and table; templates of its best designs go on to a comparison."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from shell import command

import geom3d
from geom3d.library.products import products
from geom3d.studies.charts import charts
from geom3d.studies.report import page
from geom3d.studies.results import templates_in
from geom3d.studies.shipped import shipped
from geom3d.studies.space import designs
from geom3d.studies.study import load_study
from geom3d.studies.sweep import own_numbers


@pytest.fixture
def found(trenches):
    return geom3d.sweep(trenches, jobs=1)


@pytest.mark.slow
def test_page_holds_charts_pictures_table_and_reasons(found):
    text = page(found)
    assert re.findall(r'<figure id="chart-(\w+)">', text) == [
        "frontier",
        "parallel",
        "effects",
        "interaction",
        "feasibility",
    ]
    assert text.count('<article class="card">') == len(found.frontier)
    assert text.count("<tr>") == len(found.frontier) + 1
    assert "20 can be built and 16 keep to all constraints" in text
    assert "<b>5</b> × parameters.width: must be smaller than pitch" in text
    assert not re.search(r'(src|href)="(?!#|data:)', text)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_the_strongest_effect_is_that_of_the_depth(found):
    """The energy of these trenches depends on their depth alone."""
    effects = next(chart for chart in charts(found) if chart.name == "effects")
    assert effects.svg.index("100 % of the variance") < effects.svg.index("0 % of the variance")
    assert "depth" in effects.svg


def test_nothing_feasible_is_a_page_as_well(trenches):
    none = {**trenches, "vary": {"parameters.depth": [20, 40]}, "constraints": {"area_gain.anode": {"min": 1000}}}
    results = geom3d.sweep(none, jobs=1)
    assert results.best is None
    assert "0 keep to all constraints" in page(results)


def test_titles_are_text_not_markup(trenches):
    evil = {**trenches, "title": "<script>alert(1)</script>", "vary": {"parameters.depth": [20]}}
    text = page(geom3d.sweep(evil, jobs=1))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_compare_takes_the_frontier_of_a_folder(found, tmp_path):
    found.write(tmp_path, report=False)
    names = templates_in(tmp_path)
    assert len(names) == len(found.frontier)
    ended = command("compare", tmp_path, "planar-efl700a39", "-o", tmp_path / "out.csv", "--rows", "energy_mWh_cm2")
    assert ended.code == 0
    text = (tmp_path / "out.csv").read_text("utf-8")
    for k in found.frontier:
        assert f"{found['energy_mWh_cm2'][k]:.5g}"[:5] in text
    (tmp_path / "empty").mkdir()
    ended = command("compare", tmp_path / "empty", "-o", tmp_path / "out.csv")
    assert ended.code == 1
    assert "holds no best.toml" in ended.err


@pytest.mark.slow
def test_products_are_lines_in_charts(tmp_path):
    folder = tmp_path / "charts"
    words = ["compare", "planar-efl700a39", "trenches-notten-2007", "-o", tmp_path / "out.md", "--charts", folder]
    assert command(*words, "--products").code == 0
    for chart in ("capacity", "capacity-distance"):
        texts = [path.read_text("utf-8") for path in folder.glob(f"{chart}_170mm.svg")]
        assert texts
        assert all(product.name in texts[0] for product in products())
    refused = command("compare", "planar-efl700a39", "-o", tmp_path / "out.md", "--products")
    assert (refused.code, "stand in charts" in refused.err) == (1, True)


def test_charge_and_energy_of_products():
    """By hand from their data sheets: 0.7 mAh and 3.9 V on 25.7 mm × 25.7 mm × 0.22 mm; 5 µAh on 1.7 mm × 2.25 mm."""
    known = {product.name: product for product in products()}
    assert known["EFL700A39"].capacity_uAh_cm2 == pytest.approx(700 / 2.57**2)
    assert known["EFL700A39"].energy_mWh_cm3 == pytest.approx(0.7 * 3.9 / (2.57**2 * 0.022))
    assert known["CBC005"].capacity_uAh_cm2 == pytest.approx(5 / (0.17 * 0.225))
    assert known["CBC005"].energy_mWh_cm3 is None


@pytest.mark.parametrize("name", shipped())
def test_shipped_studies_can_be_run(name):
    """All of their designs can be described, and the first template of each has all numbers."""
    study = load_study(name)
    every = list(designs(study))
    assert 20 <= len(every) <= 500
    assert not [candidate.problem for candidate in every if candidate.problem]
    assert len({candidate.key for candidate in every}) == len(every)
    numbers = own_numbers(study, study.branches[0])
    assert numbers is not None
    assert set(study.plan.objectives) <= {path for path, value in numbers.items() if value is not None}


def test_templates_that_are_written_are_whole(found):
    assert found.best is not None
    written = tomllib.loads(found.template(found.best))
    assert written["parameters"]["depth"] == found.best.overrides["parameters.depth"]
    energy = geom3d.design(written).measure()["energy_mWh_cm2"]
    assert energy == pytest.approx(found.best.numbers["energy_mWh_cm2"], rel=1e-12)


@pytest.mark.slow
def test_the_study_of_the_documentation():
    """It can be run as it stands, and finds designs that run long enough."""
    text = (Path(__file__).resolve().parents[2] / "docs/how-to/studies.md").read_text("utf-8")
    study = re.search(r"^```toml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert study is not None
    results = geom3d.sweep(tomllib.loads(study[1]), jobs=1)
    assert len(results.rows) == 12
    assert results.best is not None
    assert results.best.numbers["runtime_h"] > 24
