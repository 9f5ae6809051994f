"""Another distribution adds one thing of each kind: it is installed, appears everywhere, and holds what all must hold."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from outside import ROOT, STACK, code, commands, python

PLUGIN = ROOT / "tests" / "plugin"
RODS = """
title = "Rods"
architecture = "rods"
[parameters]
section = "square"
maker = "A. Nyone"
steps = [[1, 2.5], []]
[[layers]]
name = "anode"
role = "anode"
material = "lto"
thickness = 0.5
[[layers]]
name = "electrolyte"
role = "electrolyte"
material = "lipon"
thickness = 0.5
[[layers]]
name = "cathode"
role = "cathode"
material = "Ex2O3"
thickness = 0.2
[[published]]
metric = "slenderness.cell"
value = 2.22
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A folder into which the distribution is installed, without network."""
    folder = tmp_path_factory.mktemp("site")
    # A copy: nothing is to be left beside the sources.
    source = shutil.copytree(PLUGIN, tmp_path_factory.mktemp("source") / "plugin")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder, source], check=True)
    return folder


def lines_of(text: str) -> dict[str, str]:
    return {line.split()[0]: line for line in text.splitlines() if line.startswith("  ")}


NAMES = ("rods", "split_p", "slenderness", "heat", "xyz", "exampleite", "frost-casting")


@pytest.mark.slow
def test_all_of_it_appears_everywhere(site, tmp_path):
    Path(tmp_path, "rods.toml").write_text(RODS, "utf-8")
    listed, schema, *described, measured, heat, built, compared, hot, page, verified, checked, drawn = commands(
        [site],
        tmp_path,
        "list",
        "schema",
        *(f"describe {name}" for name in NAMES),
        "measure rods.toml --json",
        f"measure {STACK} --request heat --temperature 60 --transport --json",
        "build rods.toml -o o --format xyz --repeat 2 1",
        f"compare rods.toml {STACK} -o all.csv",
        f"compare {STACK} -o heat.csv --request heat",
        f"compare {STACK} rods.toml -o all.html --no-pictures",
        "verify rods.toml",
        "check rods.toml",
        "render rods.toml -o rods.svg",
    )
    assert (listed[0], listed[2]) == (0, "")
    lines = lines_of(listed[1])
    assert all(lines[name].endswith("[distribution geom3d-example 0.1]") for name in NAMES)
    assert "pillars" in lines
    rods = json.loads(schema[1])["definitions"]["geom3d_example__rods__Parameters"]
    assert rods["properties"]["steps"]["items"] == {"type": "array", "items": {"type": "number"}}
    assert "exampleite" in schema[1]
    for name, (ended, out, err) in zip(NAMES, described, strict=True):
        assert (ended, err) == (0, "")
        assert out.startswith(f"{name}: ")
        assert "[distribution geom3d-example 0.1]" in out.splitlines()[0]
    rows = {line.split()[0]: line for line in described[0][1].splitlines() if line.strip()}
    for name, words in {
        "section": "round | square +round",
        "pairs": "true [|] false +false",
        "maker": "text +nobody",
        "batch": "any number +–",
        "steps": r"list of list of any number +\[\[550.0\], \[560.0\]\]",
    }.items():
        assert re.search(words.replace("round | square", "round [|] square"), rows[name]), rows[name]
    assert "on request only, by --request heat" in described[3][1]

    assert (measured[0], measured[2]) == (0, "")
    report = json.loads(measured[1])
    # Plate 1, rods 20 and coats of 2 µm in all, over a pitch of 10 µm.
    assert report["slenderness"]["cell"] == pytest.approx(2.22)
    assert report["slenderness"]["of"]["scaffold"] == pytest.approx(2.1)
    assert report["materials"]["cathode"]["material"] == "Exampleite"
    assert report["capacity_uAh_cm2"]["cathode"] == pytest.approx(report["thickness_equivalent_um"]["cathode"] * 80)
    assert report["heat_mW_cm2"] is None
    report = json.loads(heat[1])
    assert report["heat_mW_cm2"] == pytest.approx(1e-3 * report["transport"]["resistance_ohm_cm2"])
    assert report["transport"]["temperature_C"] == 60

    assert (built[0], built[2]) == (0, "")
    assert sorted(p.name for p in Path(tmp_path, "o").iterdir()) == [
        "report.json",
        *(f"rods_{name}_mm.xyz" for name in ("anode", "cathode", "electrolyte", "scaffold")),
    ]
    assert (compared[0], hot[0], page[0]) == (0, 0, 0)
    rows = {row[0]: row[2:] for row in csv.reader(Path(tmp_path, "all.csv").read_text("utf-8").splitlines())}
    assert rows["parameters.maker"] == ["A. Nyone", ""]
    assert rows["parameters.steps"] == ["[[1.0, 2.5], []]", ""]
    assert rows["parameters.pairs"] == ["false", ""]
    assert float(rows["slenderness.cell"][0]) == pytest.approx(2.22)
    assert "heat_mW_cm2" not in rows
    rows = {row[0]: row[2:] for row in csv.reader(Path(tmp_path, "heat.csv").read_text("utf-8").splitlines())}
    assert float(rows["heat_mW_cm2"][0]) == pytest.approx(1e-3 * 43.48, rel=1e-3)
    key = re.search(r'<table id="key".*?</thead>', Path(tmp_path, "all.html").read_text("utf-8"), re.DOTALL)[0]
    assert ">slenderness</button>" in key
    assert "heat" not in key  # nobody asked for it

    assert (verified[0], verified[2]) == (0, "")
    assert re.search(r"rods +slenderness.cell +2\.22 ", verified[1])
    assert re.search(r"rods +area_gain.scaffold", verified[1])
    assert (checked[0], checked[2]) == (0, "")
    assert "frost-casting" in checked[1]
    assert (drawn[0], drawn[2]) == (0, "")
    assert "width" in Path(tmp_path, "rods.svg").read_text("utf-8")


def test_verify_asks_for_what_was_published(site, tmp_path):
    text = (ROOT / "templates" / f"{STACK}.toml").read_text("utf-8")
    Path(tmp_path, "flat.toml").write_text(f'{text}\n[[published]]\nmetric = "heat_mW_cm2"\nvalue = 0.0435\n', "utf-8")
    ((ended, out, err),) = commands([site], tmp_path, "verify flat.toml")
    assert (ended, err) == (0, "")
    assert re.search(r"flat +heat_mW_cm2 +0\.0434783 +0\.0435 ", out)


def test_the_python_api_knows_it(site, tmp_path):
    text = f"""
        import geom3d
        battery = geom3d.load("{STACK}")
        one = battery.measure(request=["heat"], temperature=60)
        assert battery.measure(request=["heat"], temperature=60) is one
        assert battery.measure()["heat_mW_cm2"] is None
        assert battery.measure(request=["heat"], temperature=25)["heat_mW_cm2"] > 2 * one["heat_mW_cm2"]
        both = battery.measure(request=["heat"], transport=True, temperature=60)
        assert both["heat_mW_cm2"] == one["heat_mW_cm2"] and both["transport.temperature_C"] == 60
        sponge = geom3d.design({{"architecture": "split_p", "resolution": 0.25}})
        assert sponge.measure()["sponge.solid_fraction"] > 0.1
        assert sponge.measure()["uncertainty"]["slenderness.cell"] == 0
        from geom3d.verification.comparison import verify
        found = list(verify(sponge))
        assert len(found) == 3 and all(number.agrees for number in found), found
        try:
            battery.measure(request=["heta"])
        except geom3d.InputError as error:
            assert str(error) == "request: unknown 'heta'; did you mean 'heat'? valid: bending, heat, transport", error
        else:
            raise AssertionError
    """
    code([site], text, tmp_path)


@pytest.mark.slow
def test_it_holds_what_all_must_hold(site, tmp_path):
    """Its posts, its sponge and its format, each in the tests of its kind, which find it."""
    files = (
        "test_properties.py",
        "solids/test_growth.py",
        "architectures/test_sponges.py",
        "plugin/tests/check_round_trips.py",
    )
    options = ["-q", "-n", "0", "-m", "", "-p", "no:cacheprovider", "-rA"]
    options += [
        "-k",
        "rods or (split_p and not honest) or check_round_trips",
        "--rootdir",
        ROOT,
        "-c",
        ROOT / "pyproject.toml",
    ]
    ended = python([site], "-m", "pytest", *options, *(ROOT / "tests" / file for file in files), cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout[-4000:]
    for file in files:
        assert re.search(rf"^PASSED .*{re.escape(file)}::", ended.stdout, flags=re.MULTILINE), file


def test_the_same_from_inside_is_one_file_each(tmp_path, monkeypatch):
    """A copy of the package with the files of the plug-in in its folders: no list has to be kept in step."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # its code would be compiled anew, for a few boxes
    package = shutil.copytree(ROOT / "geom3d", tmp_path / "geom3d", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "templates", package / "templates")
    example = PLUGIN / "geom3d_example"
    for name, folder in {
        "rods.py": "architectures",
        "split_p.py": "architectures",
        "slenderness.py": "metrics",
        "heat.py": "metrics",
        "xyz.py": "exports",
        "materials/exampleite.toml": "library/materials",
        "processes/frost-casting.toml": "library/processes",
    }.items():
        shutil.copy(example / name, package / folder)
    listed, described, planned, wrong = commands(
        [tmp_path],
        tmp_path,
        "list",
        "describe rods",
        f"build {STACK} -o o --format xyz --dry-run",
        f"measure {STACK} --request heta",
    )
    assert {*NAMES, "pillars"} <= lines_of(listed[1]).keys()
    assert "distribution" not in listed[1]
    assert "who grew the rods" in described[1]
    assert f"{STACK}_scaffold_mm.xyz" in planned[1]
    assert "did you mean 'heat'?" in wrong[2]
