"""Sweeps: complete, resumable, the same however they were run."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from shell import command

import geom3d
from geom3d.cell.written import toml_text
from geom3d.studies.store import FILE, Row, Store
from geom3d.studies.study import make_study
from geom3d.studies.sweep import signature


def rows_in(folder):
    with sqlite3.connect(folder / FILE) as file:
        return dict(file.execute("SELECT key, numbers FROM designs"))


def test_a_grid_holds_all_designs_and_says_why_some_cannot_be_built(trenches):
    found = geom3d.sweep(trenches, jobs=1)
    assert len(found.rows) == 30
    assert sum(not row.ok for row in found.rows) == 10
    assert all("close the gap" in m or "smaller than pitch" in m for m in found["message"] if m)
    # One design by the ordinary way, and the energy of trenches by their area: silicon covers every wall.
    chosen = next(k for k, row in enumerate(found.rows) if row.ok)
    design = geom3d.load("trenches-notten-2007", found.rows[chosen].overrides)
    assert found["energy_mWh_cm2"][chosen] == pytest.approx(design.measure()["energy_mWh_cm2"], rel=1e-12)
    gains = [1 + 2 * depth / 8 for depth in found["parameters.depth"]]
    energy = {round(gain, 6): value for gain, value in zip(gains, found["energy_mWh_cm2"], strict=True) if value}
    ratio = {value / gain for gain, value in energy.items()}
    assert max(ratio) == pytest.approx(min(ratio), rel=1e-6)


def test_feasible_designs_keep_to_constraints_and_the_frontier_is_not_dominated(trenches):
    found = geom3d.sweep(trenches, jobs=1)
    points = list(zip(found["energy_mWh_cm2"], found["equivalent_aspect_ratio"], strict=True))
    gain = found["area_gain.anode"]
    good = [k for k in range(30) if gain[k] is not None and gain[k] <= 20]
    assert [k for k in range(30) if found.feasible[k]] == good

    def beaten(k):  # by more than rounding
        return any(points[j][0] > points[k][0] * (1 - 1e-9) and points[j][1] < points[k][1] * (1 - 1e-9) for j in good)

    assert sorted(found.frontier) == [k for k in good if not beaten(k)]
    assert found.best is found.rows[found.frontier[0]]


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_where_it_was(trenches, tmp_path):
    """Neither a row is lost nor one doubled, and the table is that of an undisturbed run, to the last digit."""
    path = tmp_path / "study.toml"
    path.write_text(toml_text(trenches), "utf-8")
    words = [sys.executable, "-m", "geom3d", "sweep", str(path), "-o", str(tmp_path / "out"), "--jobs", "1"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None and not ((tmp_path / "out" / FILE).is_file() and rows_in(tmp_path / "out")):
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    before = rows_in(tmp_path / "out")
    assert 0 < len(before) <= 30
    resumed = geom3d.sweep(path, tmp_path / "out", jobs=1)
    after = rows_in(tmp_path / "out")
    assert before.items() <= after.items()
    assert len(after) == 30
    assert resumed.to_csv() == geom3d.sweep(trenches, jobs=1).to_csv()


def test_what_is_known_is_not_measured_again(trenches, tmp_path, monkeypatch):
    few = {**trenches, "vary": {"parameters.depth": [20, 40]}}
    first = geom3d.sweep(few, tmp_path, jobs=1)
    monkeypatch.setattr("geom3d.studies.engine.batch", None)
    assert geom3d.sweep(few, tmp_path, jobs=1).to_csv() == first.to_csv()


def test_shards_come_to_the_whole(trenches, tmp_path):
    """Two parts in two runs with one store; the parts share no design."""
    one = geom3d.sweep(trenches, tmp_path, jobs=1, shard=(1, 2))
    assert 0 < len(one.rows) < 30
    both = geom3d.sweep(trenches, tmp_path, jobs=1, shard=(2, 2))
    assert both.to_csv() == geom3d.sweep(trenches, jobs=1).to_csv()


@pytest.mark.parametrize("method", ["latin-hypercube", "sobol"])
def test_points_fill_their_ranges(trenches, method):
    """In each of as many slices of a range as there are points there is one; the same seed gives the same."""
    from geom3d.studies.space import points

    study = make_study({**trenches, "sampler": {"method": method, "count": 16, "seed": 3}})
    found = list(points(study, study.branches[0]))
    again = list(points(study, study.branches[0]))
    assert found == again
    width = sorted(int((point["parameters.width"] - 3.5) / 5.5 * 16) for point in found)
    depth = sorted(int(math.log(point["parameters.depth"] / 10) / math.log(10) * 16) for point in found)
    assert width == depth == list(range(16))


def test_a_list_of_designs_and_whole_films(trenches):
    films = [{"material": "silicon", "thickness": 0.05}, {"material": "germanium", "thickness": "0.1 µm"}]
    study = {
        "template": "trenches-notten-2007",
        "vary": {"layers.anode": films},
        "record": ["capacity_uAh_cm2.anode", "capacity_uAh_cm2.limiting"],
    }
    found = geom3d.sweep(study, jobs=1)
    other = geom3d.load(
        "trenches-notten-2007", {"layers.anode.material": "germanium", "layers.anode.thickness": 0.1}
    ).measure()
    assert found["capacity_uAh_cm2.anode"][1] == pytest.approx(other["capacity_uAh_cm2.anode"], rel=1e-12)
    assert found["layers.anode"][1] == "material = germanium; thickness = 0.1 µm"
    assert found["capacity_uAh_cm2.limiting"] == ["anode", other["capacity_uAh_cm2.limiting"]]
    designs = [{"parameters.depth": 20, "parameters.width": 6}, {"parameters.depth": 40}]
    listed = {**trenches, "vary": {}, "sampler": {"designs": designs}}
    assert geom3d.sweep(listed, jobs=1)["parameters.depth"] == [20, 40]


def test_several_templates_with_keys_of_their_own():
    study = {
        "templates": [
            {"template": "pillars-coated", "label": "posts", "vary": {"parameters.height": [20, 40]}},
            {"template": "trenches-notten-2007", "vary": {"parameters.depth": [20, 40]}},
        ],
        "objectives": {"area_gain.scaffold": "maximise"},
    }
    found = geom3d.sweep(study, jobs=1)
    assert found["template"] == ["posts", "posts", "trenches-notten-2007", "trenches-notten-2007"]
    assert found["parameters.height"] == [20, 40, None, None]
    assert all(found.feasible)


def test_device_check_and_run(trenches):
    """A chip of 2 mm × 1 mm with a margin of 0.1 mm draws 1 µW: its energy over that is how long it runs."""
    fits = {"width": "2 mm", "length": "1 mm", "thickness": "60 µm", "margin": "100 µm"}
    asked = {"check": "drie", "fits": fits, "power": "1 µW", "duration": "1 day"}
    study = {
        **trenches,
        "vary": {"parameters.depth": [20, 50, 100]},
        "constraints": asked,
        "record": ["energy_mWh_cm2"],
    }
    study["objectives"] = {"runtime_h": "maximise"}
    found = geom3d.sweep(study, jobs=1)
    area = (0.2 - 0.02) * (0.1 - 0.02)  # cm²
    hours = [energy * area / 1e-3 for energy in found["energy_mWh_cm2"]]
    assert found["runtime_h"] == pytest.approx(hours, rel=1e-9)
    thickness = [geom3d.load("trenches-notten-2007", row.overrides).cell().top for row in found.rows]
    assert found["fits.thickness_um"] == thickness
    broken = [len(geom3d.load("trenches-notten-2007", row.overrides).check("drie").violations) for row in found.rows]
    assert found["check.violations"] == broken
    keeps = [h >= 24 and t <= 60 and not b for h, t, b in zip(hours, thickness, broken, strict=True)]
    assert found["feasible"] == keeps
    assert len(set(keeps)) == 2


def test_files_of_a_study(trenches, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(toml_text({**trenches, "vary": {"parameters.depth": [20, 40]}}), "utf-8")
    ended = command("sweep", path, "-o", tmp_path / "out", "--jobs", 1, "--no-report")
    assert ended.code == 0
    assert "2 designs, 2 can be built, 2 keep to all constraints" in ended.out
    best = geom3d.load(tmp_path / "out" / "best.toml").measure()
    data = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert data["designs"][1]["energy_mWh_cm2"] == pytest.approx(best["energy_mWh_cm2"], rel=1e-12)
    first = tomllib.loads((tmp_path / "out" / "frontier" / "01.toml").read_text("utf-8"))
    assert first["parameters"]["depth"] == 40
    table = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "out" / "results.parquet")
    assert table.column("energy_mWh_cm2").to_pylist() == [d["energy_mWh_cm2"] for d in data["designs"]]
    frame = geom3d.sweep(path, tmp_path / "out", jobs=1).to_frame()
    assert list(frame["parameters.depth"]) == [20, 40]


def test_a_store_of_another_study_is_refused(trenches, tmp_path):
    study = make_study(trenches)
    Store(tmp_path / FILE, signature(study), study.title).close()
    other = {**trenches, "objectives": {"area_gain.anode": "maximise"}}
    with pytest.raises(geom3d.InputError, match=r"holds another study \(trenches\)"):
        geom3d.sweep(other, tmp_path, jobs=1)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / FILE).write_text("no store at all, but text that is long enough to be looked at" * 9)
    with pytest.raises(geom3d.InputError, match="is no store of a study"):
        geom3d.sweep(trenches, tmp_path / "bad", jobs=1)


def test_a_full_disk_is_one_clear_line(tmp_path):
    store = Store(tmp_path / FILE, "signature")
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    row = Row("key", "label", {}, {}, {}, "x" * 100_000)
    with pytest.raises(geom3d.OutputError, match="disk is full"):
        store.add([row])
    store.close()
    assert Store(tmp_path / FILE, "signature").count() == 0


def test_a_row_that_is_there_stays(tmp_path):
    store = Store(tmp_path / FILE, "signature")
    store.add([Row("key", "label", {}, {}, {"a": 1.0})])
    other = Store(tmp_path / FILE, "signature")
    other.add([Row("key", "label", {}, {}, {"a": 2.0}), Row("more", "label", {}, {}, {})])
    assert store.rows(["key"])["key"].numbers == {"a": 1.0}
    assert store.count() == 2


WRONG = [
    ({"vary": {"parameters.deep": [1]}}, "did you mean 'depth'"),
    ({"tmplate": "x"}, "tmplate: unknown key; did you mean 'template'"),
    ({"template": "trenches-noten-2007"}, "did you mean 'trenches-notten-2007'"),
    ({"vary": {"parameters.depth": {"from": 5, "to": 2}}}, "from must be less than to"),
    ({"vary": {"parameters.depth": {"from": 5, "to": 20}}}, "a grid needs steps"),
    ({"vary": {"parameters.depth": {"from": 5, "to": 1e9, "steps": 3}}}, "must be at most 100000"),
    ({"vary": {"parameters.depth": {"from": 5, "to": 9, "stepz": 3}}}, "stepz"),
    ({"vary": {"parameters.depth": []}}, "must be a list of values, or a range"),
    ({"vary": {"parameters.depth": ["deep"]}}, "must be a length"),
    ({"constraints": {"area_gain.anode": {"min": 5, "max": 2}}}, "min 5 is more than max 2"),
    ({"constraints": {"area_gain.anod": {"min": 5}}}, "did you mean 'area_gain.anode'"),
    ({"constraints": {"check": "dri"}}, "drie"),
    ({"constraints": {"power": "1 µW"}}, "power and duration are those of a device"),
    ({"objectives": {"energy": "maximise"}}, "objectives.energy: no number of the report"),
    ({"objectives": {"energy_mWh_cm2": "more"}}, "must be one of 'maximise' or 'minimise'"),
    ({"objectives": {"transmittance": "maximise"}}, "has no value for trenches-notten-2007"),
    ({"objectives": {"capacity_uAh_cm2.limiting": "maximise"}}, "is a word"),
    ({"derive": {"parameters.width": "parameters.depth / 2"}}, "is varied, too"),
    ({"derive": {"parameters.pitch": "__import__('os')"}}, "unknown function"),
    ({"derive": {"parameters.pitch": "parameters.pitch + 1", "parameters.base": "1"}}, "in a circle"),
    ({"sampler": {"method": "sobol"}}, "sampler.count: is missing"),
    ({"sampler": {"method": "tpe"}}, "none of a sweep"),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=[words for _, words in WRONG])
def test_bad_input_is_one_clear_line(trenches, change, words, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(toml_text({**trenches, **change}), "utf-8")
    ended = command("sweep", path, "-o", tmp_path / "out", "--jobs", 1, "--no-report")
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert ended.err.count("\n") <= 2
    assert not list(tmp_path.glob("out/results*"))


def test_options_are_checked(trenches, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(toml_text(trenches), "utf-8")
    for words, message in ((("--shard", "3/2"), "shard"), (("--shard", "x"), "shard"), (("--jobs", "0"), "jobs")):
        ended = command("sweep", path, "-o", tmp_path / "out", *words)
        assert ended.code == 1
        assert message in ended.err
    missing = command("sweep", tmp_path / "none.toml", "-o", tmp_path)
    assert missing.code == 1
    assert "no such file" in missing.err
    assert Path(tmp_path / "none.toml").exists() is False
