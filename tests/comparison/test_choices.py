"""What a comparison shows, by choice: overrides per design, rows, labels, LaTeX; and the same in Python."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from shell import command

import geom3d
from geom3d.core.errors import InputError

FLAT, POSTS = "planar-licoo2-lipon-lithium", "pillars-coated"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cells(path: str) -> dict[str, list[str]]:
    return {row[0]: row[2:] for row in csv.reader(Path(path).read_text("utf-8").splitlines())}


def test_overrides_of_all_designs_and_of_one():
    changes = (
        "--set",
        "capacity_basis=theoretical",
        "--set",
        f"{POSTS}@parameters.pitch=12",
        "--set",
        "3@repeat=[7, 9]",
    )
    assert command("compare", FLAT, POSTS, FLAT, "-o", "t.csv", *changes).code == 0
    found = cells("t.csv")
    assert found["parameters.pitch"] == ["", "12", ""]
    assert set(found["capacity_basis"]) == {"theoretical"}
    assert found["repeat"][2] == "7 × 9" != found["repeat"][0]
    ended = command("compare", FLAT, "-o", "t.csv", "--set", "pilars@repeat=[1, 1]")
    assert ended.code == 1
    assert "no design 'pilars'" in ended.err


def test_rows_in_the_order_asked_for():
    assert command("compare", FLAT, POSTS, "-o", "t.csv", "--rows", "energy_mWh_cm2,area_gain.by_layer").code == 0
    numbers = [key for key in cells("t.csv") if key.startswith(("energy", "area", "capacity_uAh"))]
    assert numbers[0] == "energy_mWh_cm2"
    assert len(numbers) > 1
    assert all(key.startswith("area_gain.by_layer.") for key in numbers[1:])
    ended = command("compare", FLAT, "-o", "t.md", "--rows", "capacity_uAh_cm2.cel")
    assert ended.code == 1
    assert "did you mean 'capacity_uAh_cm2.cell'" in ended.err


def test_labels_are_titles_unless_given():
    designs = [geom3d.load(FLAT), geom3d.load(POSTS)]
    assert geom3d.compare(designs, "t.md") == []
    text = Path("t.md").read_text("utf-8")
    assert f"|  | {designs[0].template.title} | {designs[1].template.title} |" in text
    geom3d.compare(designs, "t.csv")
    assert cells("t.csv")["metric"] == [FLAT, POSTS]
    assert command("compare", FLAT, POSTS, "-o", "t.csv", "--labels", "flat", "--labels", "posts").code == 0
    assert cells("t.csv")["metric"] == ["flat", "posts"]
    geom3d.compare([FLAT, POSTS], "u.md", labels=["flat", "posts"])
    assert "|  | flat | posts | unit |" in Path("u.md").read_text("utf-8")
    for wrong in (["one"], ["same", "same"]):
        with pytest.raises(InputError, match="labels: must be one for each of the 2 designs"):
            geom3d.compare(designs, "t.md", labels=wrong)


def test_a_table_for_latex():
    rows = ["capacity_uAh_cm2.cell", "area_gain.anode"]
    geom3d.compare([FLAT, POSTS], "t.tex", rows=rows, labels=["a & b_1", "posts"])
    lines = Path("t.tex").read_text("utf-8").splitlines()
    report = geom3d.load(POSTS).measure()
    assert lines[1] == r"\begin{tabular}{lrr}"
    assert r" & a \& b\_1 & posts \\" in lines
    capacity = next(line for line in lines if line.startswith("capacity of the cell"))
    assert r"(\textmu{}Ah/cm\textsuperscript{2})" in capacity
    assert capacity.endswith(rf" & {report['capacity_uAh_cm2.cell']:.4g} \\")
    assert lines.index(capacity) < next(k for k, line in enumerate(lines) if line.startswith("area gain of the anode"))
    assert "\n".join(lines).isascii()
    geom3d.compare([FLAT, POSTS], "key.tex")
    assert "limited by" in Path("key.tex").read_text("utf-8")


def test_a_section_in_python_is_that_of_the_command():
    design = geom3d.load(FLAT)
    assert command("render", FLAT, "-o", "command.svg").code == 0
    assert design.section() == Path("command.svg").read_text("utf-8")
    assert design.render("python.svg") == Path("python.svg")
    assert Path("python.svg").read_bytes() == Path("command.svg").read_bytes()
