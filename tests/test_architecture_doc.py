"""The documents name what there is: files, functions, rooms in order, and the way of a thickness into a file."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import geom3d
from geom3d.exports.stl import RECORD
from geom3d.library import processes
from geom3d.solids.prisms import floorplan, prism

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    if "generated" not in path.parts and path.name != "CHANGELOG.md"
}
ARCHITECTURE, GLOSSARY = DOCUMENTS["docs/architecture.md"], DOCUMENTS["docs/glossary.md"]
QUOTED = {name: re.findall(r"`([^`\n]+)`", text) for name, text in DOCUMENTS.items()}
#: Groups of entry points look like names of modules.
GROUPS = {f"geom3d.{word}" for word in ("architectures", "metrics", "exporters", "materials", "processes")}
NAMES = sorted({word for words in QUOTED.values() for word in words if re.fullmatch(r"geom3d(\.\w+)+", word)} - GROUPS)
FOLDERS = ("geom3d", "templates", "tests", "benchmarks", "docs", ".ci")
FILES = sorted(
    {word for words in QUOTED.values() for word in words if word.split("/")[0] in FOLDERS and "NAME" not in word}
    - {"geom3d"}
)
#: Names of the pages that are read off the program.
MADE = set(re.findall(r'^    "([\w-]+)": \w+,$', (ROOT / "docs" / "_pages.py").read_text("utf-8"), flags=re.MULTILINE))
WALK = ARCHITECTURE[ARCHITECTURE.index("## A walk") : ARCHITECTURE.index("## The contracts")]
STEPS = re.findall(r"^\d+\. \*\*(\w+)\.\*\* (.*?)(?=^\d+\. |\n\n)", WALK, flags=re.MULTILINE | re.DOTALL)
#: Thickness of the films below the electrolyte and of the electrolyte, µm.
BELOW, THICKNESS = 0.1, 0.5


def resolved(name):
    """What a dotted name leads to; a field of a dataclass leads to its class."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise AssertionError(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_exists(name):
    assert resolved(name) is not None


@pytest.mark.parametrize("name", FILES)
def test_every_file_exists(name):
    assert (ROOT / name.split()[0]).exists()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    folder = (ROOT / document).parent
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", DOCUMENTS[document]):
        # Pages that are read off the program are made when the pages are built, which checks links to them.
        made = "generated/" in target and target.rpartition("/")[2].removesuffix(".md") in MADE
        assert target.startswith("https://") or made or (folder / target).is_file(), target


def test_there_is_much_to_check():
    assert len(NAMES) >= 40
    assert len(FILES) >= 12
    assert len(STEPS) >= 10


def test_rooms_are_those_of_the_import_contract():
    """Every room stands in the table once, none before one that it imports from."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (contract for contract in contracts if contract["type"] == "layers")
    floors = [[room.strip().removeprefix("geom3d.") for room in floor.split("|")] for floor in contract["layers"]]
    height = {room: -k for k, floor in enumerate(floors) for room in floor}
    table = ARCHITECTURE[ARCHITECTURE.index("## The rooms") : ARCHITECTURE.index("## A walk")]
    rooms = re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)
    assert sorted(rooms) == sorted(height)
    assert [height[room] for room in rooms] == sorted(height.values())


def test_every_room_of_the_package_stands_in_the_table():
    package = Path(geom3d.__file__).parent
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    rooms |= {path.stem for path in package.glob("*.py")} - {"__init__", "__main__", "_version"}
    assert rooms == set(re.findall(r"^\| `(\w+)` \|", ARCHITECTURE, flags=re.MULTILINE))


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_door_is_described(group):
    assert f'[project.entry-points."{group}"]' in ARCHITECTURE


def test_the_walk_is_true(tmp_path):
    """The functions of the walk are called, in its order, each in the room that its step names."""
    floorplan._floor_plan.cache_clear()  # earlier tests may have drawn the same
    prism._z_layers.cache_clear()
    codes, order = {}, []
    for room, text in STEPS:
        for name in re.findall(r"`(geom3d\.[\w.]+)`", text):
            assert name.split(".")[1] == room, name
            code = inspect.unwrap(resolved(name)).__code__
            codes[code] = name
            order.append(name)
    called = []

    def watch(frame, event, _):
        if event == "call" and (name := codes.pop(frame.f_code, None)):
            called.append(name)

    sys.setprofile(watch)
    try:
        geom3d.load("trenches-notten-2007").build(tmp_path, repeat=(1, 1))
    finally:
        sys.setprofile(None)
    assert called == order


def test_the_figures_of_the_walk_are_true(tmp_path):
    """The electrolyte lies between two walls that are as far from the ridge as the walk says, to the last bit of the file."""
    battery = geom3d.load("trenches-notten-2007", {"parameters.width": 5})
    battery.build(tmp_path, repeat=(1, 1), unit="um")
    (path,) = tmp_path.glob("*_electrolyte_um.stl")
    data = np.fromfile(path, dtype=RECORD, offset=84)
    upright = np.abs(data["normal"][:, 0]) > 0.5
    ridge = (8 - 5) / 2  # the trench of 5 µm lies in the middle of the period of 8 µm
    walls = np.unique(data["corners"][upright][..., 0])
    for wall in (ridge + BELOW, ridge + BELOW + THICKNESS):
        assert np.float32(wall) in walls
    assert f"{BELOW:g} µm thick in all" in WALK
    assert f"{BELOW:g} + {THICKNESS:g} µm" in WALK


def test_classes_of_processes_are_those_of_the_glossary():
    rows = re.findall(r"^\| [\w ]+ \([A-Z]{3}\) \| ([\w ]+) \| (.+) \|$", GLOSSARY, flags=re.MULTILINE)
    said = {name: kind for kind, names in rows for name in re.findall(r"`([\w-]+)`", names)}
    limits = {name: processes.find(name) for name in processes.shipped()}
    assert said == {name: p.kind for name, p in limits.items() if p.family == "printing"}
