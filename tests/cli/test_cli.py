"""The command line as its users meet it: what it prints where, what it writes, and how it ends."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from kinds import PRISMATIC, SAMPLED, TEMPLATES, one_of_each
from shell import command as geom3d

from geom3d.api import load as geom3d_load
from geom3d.architectures import pillars
from geom3d.cell import template as templates

ROOT = Path(__file__).resolve().parents[2]
#: Parameters by architecture, as the page on the design names them.
PARAMETERS = {
    "planar": "",
    "pillars": "lattice pitch diameter height",
    "tubes": "lattice pitch outer_diameter inner_diameter height",
    "pores": "lattice pitch diameter depth",
    "trenches": "pitch width depth",
    "honeycomb": "pitch wall depth",
    "interdigitated_pillars": "pattern mounting pitch anode_diameter cathode_diameter height tip_gap plate",
    "interdigitated_plates": "anode_width cathode_width gap height fingers finger_length bus_width margin",
    "grid": "pattern pitch width",
}
PLAIN = 'architecture = "pillars"\n'
COAT = 'role = "cathode"\nmaterial = "licoo2"\nthickness = 1\n'
ANODE = '[[layers]]\nname = "a"\nrole = "anode"\nmaterial = "lto"\nthickness = 0.5\n'
SHORT = f'{PLAIN}[[layers]]\nname = "c"\n{COAT}{ANODE}'
STACK = "planar-licoo2-lipon-lithium"
RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
posix = pytest.mark.skipif(os.name != "posix", reason="signals, pipes and devices of POSIX")


def process(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "geom3d", *map(str, arguments)]
    return subprocess.run(command, capture_output="stdout" not in options, encoding="utf-8", check=False, **options)


def in_folder(folder: str | Path) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def strict(text: str) -> dict:
    """Reads JSON, and no NaN or infinity."""
    return json.loads(text, parse_constant=pytest.fail)


def said(warnings):
    return "".join(f"geom3d: warning: {text}\n" for text in warnings)


@cache
def report(*arguments: object) -> dict:
    ended = geom3d("measure", *arguments, "--json")
    data = strict(ended.out)
    assert (ended.code, ended.err) == (0, said(data["warnings"]))
    return data


def triangles(path: Path) -> np.ndarray:
    """Reads a binary STL; its size must be what its header says."""
    data = path.read_bytes()
    count = int.from_bytes(data[80:84], "little")
    assert len(data) == 84 + 50 * count
    return np.frombuffer(data, dtype=RECORD, offset=84)["corners"].astype(np.float64)


def volume(corners: np.ndarray) -> float:
    a, b, c = (corners[:, k] - corners.mean(axis=(0, 1)) for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_list_names_all_there_is():
    ended = geom3d("list")
    lines = ended.out.splitlines()
    heads = [lines.index(head) for head in ("Architectures", "Templates", "Materials")]
    assert (ended.code, ended.err, heads) == (0, "", sorted(heads))
    listed = {line.split()[0] for line in lines if line.startswith("  ")}
    assert listed >= {
        *PARAMETERS,
        *TEMPLATES,
        *(path.stem for path in (ROOT / "geom3d/library/materials").glob("*.toml")),
    }
    assert all(content["title"] in ended.out for content in TEMPLATES.values())


@pytest.mark.parametrize("architecture", PARAMETERS)
def test_describe_tells_unit_range_default_and_meaning(architecture):
    ended = geom3d("describe", architecture)
    assert (ended.code, ended.err) == (0, "")
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines() if line.strip()}
    for name in PARAMETERS[architecture].split():
        words = rows[name]
        if "…" in words:
            at = words.index("…")
            low, high, default = (float(words[k]) for k in (at - 1, at + 1, at + 2))
            assert low <= default <= high
            assert words[1] == ("0" if name == "fingers" else "µm")
        else:
            end = max(k for k, word in enumerate(words) if word == "|") + 2  # "a | b | c", then the default
            assert words[end] in words[1:end:2]
            at = end - 2
        assert len(words) > at + 4, "no meaning"
    assert "regions of its own: " in ended.out


@pytest.mark.parametrize("name", [*PRISMATIC, *SAMPLED])
def test_json_has_every_key_of_the_contract(name):
    step = geom3d_load(name).cell().step
    data, given = report(name, *([] if step is None else ["--set", f"resolution={1.6 * step}"])), TEMPLATES[name]
    assert (data["title"], data["architecture"]) == (given["title"], given["architecture"])
    assert data["repeat"] == given["repeat"]
    assert data["footprint_um2"] > 0
    gains = data["area_gain"]
    assert {"scaffold", "anode", "cathode", "side_walls", "by_layer"} <= gains.keys()
    layers = [layer["name"] for layer in given.get("layers", [])]
    assert list(gains["by_layer"]) == layers
    assert all(area > 0 and pair.count("|") == 1 for pair, area in data["interfaces_um2"].items())
    assert data["thickness_equivalent_um"].keys() == data["volume_fraction"].keys() >= {*layers, "void"}
    assert sum(data["volume_fraction"].values()) == pytest.approx(1)
    charge = data["capacity_uAh_cm2"]
    assert {"anode", "cathode", "cell", "limiting", "n_to_p"} <= charge.keys()
    if charge["anode"] and charge["cathode"]:
        assert charge["cell"] == min(charge["anode"], charge["cathode"]) == charge[charge["limiting"]]
        assert charge["n_to_p"] == pytest.approx(charge["anode"] / charge["cathode"])
        assert data["energy_mWh_cm2"] > 0
    for share in (data["connected_fraction"]["anode"], data["connected_fraction"]["cathode"]):
        # A film closes pores of a tomogram.
        assert share is None or share == pytest.approx(1, abs=1e-5 if given["architecture"] == "image" else 1e-6)
    assert "ionic_resistance_ohm_cm2" in data
    for side in (data["inter_electrode_distance_um"] or {}).values():
        assert {"min", "mean", "max", "std", "p05", "p50", "p95"} <= side.keys()
    assert (data["transmittance"] is not None) == (given["architecture"] == "grid")
    assert data["short_circuit_um2"] == 0
    known = (
        "N/P of ",
        "on the mesh the electrodes come as near",
        "uncertain by more than",
        "the web's solid fraction is",
        "charged, the electrodes take",
        "discharged, the electrodes take",
    )
    amid = ("Li15Si4", "does not reach its collector")
    assert all(text.startswith(known) or any(words in text for words in amid) for text in data["warnings"])


def test_table_shows_the_numbers_of_the_json():
    data, ended = report("pillars-coated"), geom3d("measure", "pillars-coated", "--all")
    assert (ended.code, ended.err) == (0, said(data["warnings"]))
    assert ended.out.startswith("Coated pillars, counter-electrode in the rest\n")
    for title, value, unit in [
        ("footprint of the unit cell", data["footprint_um2"], "µm²"),
        ("area gain of the scaffold", data["area_gain"]["scaffold"], ""),
        ("area gain after layer: cathode collector", data["area_gain"]["by_layer"]["cathode collector"], ""),
        ("capacity of the cell", data["capacity_uAh_cm2"]["cell"], "µAh/cm²"),
        ("interface: anode|electrolyte", data["interfaces_um2"]["anode|electrolyte"], "µm²"),
    ]:
        assert re.search(
            rf"^ {re.escape(title)} +{re.escape(f'{value:.4g}')} *{unit} *(± [\d.e-]+ *)?$", ended.out, re.MULTILINE
        )


@pytest.mark.parametrize("name", ["film [licoo2]", "[bold]", "film :smile:", "薄膜 1"])
def test_table_shows_names_of_layers_as_they_are(name):
    Path("t.toml").write_text(f'{PLAIN}[[layers]]\nname="{name}"\n{COAT}', "utf-8")
    assert f"area gain after layer: {name} " in geom3d("measure", "t.toml", "--all").out


def test_short_circuit_is_allowed_but_loud():
    Path("short.toml").write_text(SHORT, "utf-8")
    for arguments in (("measure", "short.toml", "--json"), ("build", "short.toml", "-o", "o")):
        ended = geom3d(*arguments)
        assert ended.code == 0
        assert re.match(r"geom3d: warning: SHORT CIRCUIT: .* touch over [\d.e+]+ µm²", ended.err)
    written = strict(Path("o/report.json").read_text("utf-8"))["report"]
    assert written["short_circuit_um2"] > 0
    assert "SHORT CIRCUIT" in written["warnings"][0]
    assert written == strict(geom3d("measure", "short.toml", "--json").out)


@pytest.mark.parametrize("unit", ["mm", "um"])
def test_build_writes_a_file_per_region_and_the_assembly(unit):
    folder = Path("out ö é 日本/x y")
    ended = geom3d("build", "pillars-coated", "-o", folder, "--repeat", 2, 3, "--unit", unit, "--scale", 4)
    data = strict((folder / "report.json").read_text("utf-8"))
    bodies = ["scaffold", *(layer["name"] for layer in TEMPLATES["pillars-coated"]["layers"]), "assembly"]
    names = [f"pillars-coated_{body.replace(' ', '-')}_{unit}_x4.stl" for body in bodies]
    assert (ended.code, ended.err) == (0, said(data["report"]["warnings"]))
    assert in_folder(folder) == sorted([*names, "report.json"])
    assert ended.out.splitlines()[-len(names) - 1 :] == [str(folder / name) for name in [*names, "report.json"]]
    assert (data["repeat"], data["unit"], data["scale"], data["warnings"]) == ([2, 3], unit, 4, [])
    assert data["report"] == report("pillars-coated") | {"repeat": [2, 3]}
    assert [(entry["file"], entry["body"]) for entry in data["files"]] == list(zip(names, bodies, strict=True))
    per_um = 4 * (1e-3 if unit == "mm" else 1)
    cells, thickness = 6 * data["report"]["footprint_um2"], data["report"]["thickness_equivalent_um"]
    for entry in data["files"]:
        corners = triangles(folder / entry["file"])
        assert (len(corners), entry["bytes"]) == (entry["triangles"], (folder / entry["file"]).stat().st_size)
        expected = sum(thickness.values()) if entry["body"] == "assembly" else thickness[entry["body"]]
        assert volume(corners) == pytest.approx(expected * cells * per_um**3, rel=1e-4)
    low, high = corners.min(axis=(0, 1)) / per_um, corners.max(axis=(0, 1)) / per_um
    assert high - low == pytest.approx([16, 24 * np.sqrt(3), 46.3], rel=1e-6)


def test_build_with_transport_reports_what_it_solved():
    """The files show currents, so the report beside them has their numbers, of the same unit cells."""
    ended = geom3d("build", STACK, "-o", "o", "--repeat", 2, 3, "--format", "vtp", "--transport")
    data = strict(Path("o/report.json").read_text("utf-8"))
    assert data["repeat"] == data["report"]["repeat"] == [2, 3]
    assert data["report"] == report(STACK, "--transport") | {"repeat": [2, 3]}
    assert data["report"]["ionic_resistance_ohm_cm2"] > 0
    assert "ionic resistance" in ended.out
    assert ended.err == ""


def test_a_missing_option_is_named_with_its_value():
    for form, text in (("tiff", ": --voxel 0.1\n"), ("svg", ": --layer-height 0.05\n"), ("png", ": --pixel ")):
        ended = geom3d("build", STACK, "-o", "o", "--format", form)
        assert (ended.code, ended.out) == (1, "")
        assert text in ended.err


def test_build_replaces_its_own_files_whole_and_leaves_others_alone():
    assert geom3d("build", STACK, "-o", "o", "--format", "stl").code == 0
    fresh = {path.name: path.read_bytes() for path in Path("o").iterdir()}
    for name in fresh:
        Path("o", name).write_bytes(b"old" * 1_000_000)
    others = {"notes.txt": b"mine", f"{STACK}_anode_um.stl": b"of another unit", ".hidden": b"\0"}
    for name, content in others.items():
        Path("o", name).write_bytes(content)
    assert geom3d("build", STACK, "-o", "o").code == 0
    assert {path.name: path.read_bytes() for path in Path("o").iterdir()} == fresh | others


def test_build_gives_every_layer_a_file_of_its_own():
    layers = "".join(f'[[layers]]\nname = "{name}"\n{COAT.replace("1", "0.1")}' for name in ("film 1", "film-1"))
    Path("t.toml").write_text(PLAIN + layers, "utf-8")
    ended = geom3d("build", "t.toml", "-o", "o")
    # An error that names the two would do as well.
    assert "film 1" in ended.err if ended.code else len(in_folder("o")) == 5


@pytest.mark.slow
def test_compare_as_csv_has_a_column_for_every_kind_of_template():
    # Columns of what is sampled are like others, and take their time.
    compared = {name: TEMPLATES[name] for name in one_of_each(PRISMATIC)}
    ended = geom3d("compare", *compared, "-o", "all.csv")
    assert (ended.code, ended.out, ended.err) == (0, "all.csv\n", "")
    rows = list(csv.reader(Path("all.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["metric", "unit", *compared]
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert len(cells) == len(rows) - 1
    for name, given in compared.items():
        charge = report(name)["capacity_uAh_cm2"]["cell"]
        assert cells["capacity_uAh_cm2.cell"][name] == ("" if charge is None else str(charge))
        assert float(cells["footprint_um2"][name]) == report(name)["footprint_um2"]
        for key, value in given["parameters"].items():
            if isinstance(value, list):  # of tables, which show their defaults
                assert len(json.loads(cells[f"parameters.{key}"][name])) == len(value)
                continue
            assert cells[f"parameters.{key}"][name] == (f"{value:g}" if isinstance(value, float) else str(value))


def test_compare_as_markdown_has_a_column_for_every_template():
    Path("short.toml").write_text('title = "a | b"\n' + SHORT, "utf-8")
    ended = geom3d("compare", STACK, "comb-sun-2013", "short.toml", "-o", "Report.MD")
    text = Path("Report.MD").read_text("utf-8")
    assert (ended.code, ended.out) == (0, "Report.MD\n")
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    assert rows[0][1:] == [f" {TEMPLATES[STACK]['title']} ", " Printed comb after Sun 2013 ", " a \\| b ", " unit "]
    assert {len(row) for row in rows} == {5, 4}  # the numbers have a unit, the parameters have none
    assert "SHORT CIRCUIT" in text
    assert TEMPLATES["comb-sun-2013"]["source"] in text


def test_verify_agrees_with_a_line_per_number():
    """On a few templates; the command of docs/theory/verification.md is run on all of them."""
    few = [STACK, "comb-sun-2013", "trenches-notten-2007", "grid-oukassi-2019"]
    ended = geom3d("verify", *few)
    assert ended.code == 0
    # What is said of numbers that no formula tells is left out.
    warnings = said(f"{name}: {text}" for name in few for text in report(name)["warnings"]).splitlines()
    assert {line for line in warnings if "N/P" in line} <= set(ended.err.splitlines()) <= set(warnings)
    lines = [line for line in ended.out.splitlines() if line.split() and line.split()[0] in few]
    keys = [re.split(r" {2,}", line.strip())[:2] for line in lines]
    assert len({tuple(key) for key in keys}) == len(keys)
    for name in few:
        paths = {path for template, path in keys if template == name}
        assert paths >= {entry["metric"] for entry in TEMPLATES[name].get("published", [])}
        assert len(paths) >= 3


@pytest.mark.slow
def test_of_all_templates_at_once_sponges_are_sampled_in_longer_steps(monkeypatch):
    monkeypatch.setattr(templates, "shipped", lambda: [STACK, "sponge-gyroid-lto"])
    quick, full = (json.loads(geom3d("verify", *flags, "--json").out) for flags in ([], ["--full"]))
    assert all(verdict["agrees"] for verdict in [*quick, *full])
    assert quick[0] == full[0]
    assert quick[1]["rows"] != full[1]["rows"]


def test_verify_of_one_template_shows_only_that_and_fails_where_numbers_deviate(monkeypatch):
    assert "trenches" not in geom3d("verify", STACK).out
    coarse = f"tolerance = 2.5\n{PLAIN}[parameters]\npitch = 80\ndiameter = 50\n"
    Path("coarse.toml").write_text(coarse, "utf-8")
    # Coarse circles are off by much, and said to be.
    assert geom3d("verify", "coarse.toml").code == 0
    right = pillars.closed_form

    def wrong(parameters):
        found = right(parameters)
        return replace(found, perimeter=lambda t: 1.01 * found.perimeter(t))

    monkeypatch.setattr(pillars, "closed_form", wrong)
    Path("plain.toml").write_text(PLAIN, "utf-8")
    ended = geom3d("verify", "plain.toml")
    assert ended.code == 1
    assert re.fullmatch(r"geom3d: \d+ numbers deviate by more than 0.001 from their closed form\n", ended.err)


@pytest.mark.parametrize(
    ("key", "value", "path", "expected"),
    [
        ("parameters.pitch", "12", "footprint_um2", 12**2 * np.sqrt(3)),
        ("parameters.pitch", "12 um", "footprint_um2", 12**2 * np.sqrt(3)),
        ("parameters.pitch", '"0.012 mm"', "footprint_um2", 12**2 * np.sqrt(3)),
        ("parameters.lattice", "square", "footprint_um2", 64),
        ("layers.cathode collector.thickness", "700 nm", "thickness_equivalent_um.cathode collector", 0.7),
        ("layers.cathode.fill_to", "5", "thickness_equivalent_um.cathode", 33.86964),
        ("title", "a = b", "title", "a = b"),
        ("repeat", "[7, 9]", "repeat", [7, 9]),
        ("materials.scaffold", "glass", "materials.scaffold.material", "Borosilicate glass"),
        ("layers.anode.material", "lto", "materials.anode.material", "Lithium titanate spinel"),
        ("layers.anode.name", "negative", "materials.negative.role", "anode"),
    ],
)
def test_set_overrides_any_key(key, value, path, expected):
    found = report("pillars-coated", "--set", "source=me", "--set", f"{key}={value}")
    assert found["source"] == "me"
    for part in path.split("."):
        found = found[part]
    assert found == (pytest.approx(expected) if isinstance(expected, int | float) else expected)


def test_a_fill_becomes_a_coat_and_a_coat_a_fill():
    coat = report("pillars-coated", "--set", "layers.cathode.thickness=0.5")
    assert coat["area_gain"]["by_layer"]["cathode"] > coat["area_gain"]["by_layer"]["electrolyte"] > 1
    fill = report("pillars-coated", "--set", "layers.electrolyte.fill_to=1", "--set", "layers.cathode.thickness=1")
    assert fill["area_gain"]["by_layer"]["electrolyte"] == pytest.approx(1)
    assert fill["thickness_equivalent_um"]["cathode"] == pytest.approx(1)


def test_set_of_the_basis_changes_the_charge_by_the_ratio_of_the_materials_figures():
    practical, theory = (report(STACK, "--set", f"capacity_basis={b}") for b in ("practical", "theoretical"))
    ratio = theory["capacity_uAh_cm2"]["cathode"] / practical["capacity_uAh_cm2"]["cathode"]
    assert ratio == pytest.approx(273.8 / 136.9)


def test_set_of_the_tolerance_changes_the_mesh_and_not_the_volume():
    coarse, fine = (report("pillars-coated", "--set", f"tolerance={t}") for t in ("0.05", "0.0005"))
    exact = (np.pi * 3 * 40 * 2 + 64 * np.sqrt(3)) / (64 * np.sqrt(3))
    errors = [abs(data["area_gain"]["scaffold"] / exact - 1) for data in (coarse, fine)]
    assert errors[1] < errors[0] / 3
    thickness = [data["thickness_equivalent_um"]["scaffold"] for data in (coarse, fine)]
    assert thickness[0] == pytest.approx(thickness[1], rel=1e-9)


MINE = 'roles = ["cathode"]\ndensity_g_cm3 = 2.0\ncapacity_practical_mAh_g = 50.0\npotential_V = 3.0\n'


@pytest.mark.parametrize("beside", [False, True])
def test_materials_of_the_user(beside):
    folder = Path("a folder")
    folder.mkdir()
    text = f'{PLAIN}[[layers]]\nname = "c"\n{COAT.replace("licoo2", "my oxide")}'
    if beside:
        Path(folder, "my oxide.toml").write_text(MINE, "utf-8")
    else:
        text += f'[materials."my oxide"]\n{MINE}'
    Path(folder, "t.toml").write_text(text, "utf-8")
    data = report(folder.resolve() / "t.toml")
    assert data["materials"]["c"] == {"role": "cathode", "material": "my oxide"}
    thickness = data["thickness_equivalent_um"]["c"]
    assert data["capacity_uAh_cm2"]["cathode"] == pytest.approx(thickness * 2.0 * 50.0 / 10)


# Misspelt on purpose, from here
WRONG_USAGE = f"""nonsense → nonsense; mesure {STACK} → "measure"; measure → template; measure {STACK} more → more;
    measure {STACK} --nonsense → --nonsense; measure {STACK} --set → --set; describe → name; list formats more → more;
    build {STACK} → --output; build {STACK} -o → -o; build {STACK} -o o --repeat 2 → --repeat;
    build {STACK} -o o --repeat a b → --repeat; build {STACK} -o o --scale big → --scale; compare {STACK} → --output;
    compare -o t.md → template; verify {STACK} --set a=b → --set"""
# to here


@pytest.mark.parametrize("case", [case.strip() for case in WRONG_USAGE.split(";")])
def test_wrong_usage_exits_with_2(case):
    line, word = case.split(" → ")
    ended = geom3d(*line.split())
    assert (ended.code, ended.out, in_folder(".")) == (2, "", [])
    assert ended.err.startswith("geom3d: ")
    assert word in ended.err
    assert len(ended.err.splitlines()) <= 2


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["measure", "nothing"], 1), (["nonsense"], 2)])
def test_exit_code_of_the_process(arguments, code):
    ended = process(*arguments)
    assert ended.returncode == code
    assert bool(ended.stdout) == (code == 0)
    assert ended.stderr.startswith("geom3d: ") == (code > 0)


@pytest.mark.parametrize("start", ["import geom3d", "from geom3d.cli.app import run; run(['--help'])"])
def test_start_up_loads_nothing_heavy(start):
    heavy = ["numpy", "scipy", "shapely", "trimesh", "pyvista", "vtk", "pint", "pydantic"]
    code = f"{start}; import sys; print('loaded', *(set({heavy}) & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout.splitlines()[-1] == "loaded"


@posix
@pytest.mark.parametrize("arguments", [["measure", STACK, "--json"], ["list"], ["--help"]])  # plain text, a table, help
def test_reader_that_stops_reading_is_no_crash(arguments):
    read, write = os.pipe()
    os.close(read)
    ended = process(*arguments, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.slow
@posix
def test_interrupt_leaves_no_unfinished_file():
    Path("o").mkdir()
    old = Path("o/pillars-coated_scaffold_mm.stl")
    old.write_bytes(b"old")
    command = [sys.executable, "-m", "geom3d", "build", "pillars-coated", "-o", "o", "--repeat", "80", "80"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as child:
        deadline = time.monotonic() + 30
        while len(in_folder("o")) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(in_folder("o")) == 2, "the work has not begun"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, in_folder("o")) == (130, "", [old.name])
    with old.open("rb") as file:  # the whole of a file that was written after all would be in the report of the failure
        assert file.read(4) == b"old"
    assert err.startswith("geom3d: interrupted")
