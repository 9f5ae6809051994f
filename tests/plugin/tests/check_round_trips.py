"""Round trips of what this distribution adds; `tests/test_plugin.py` runs this file where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from round_trip import round_trip

import geom3d

STACK = [
    {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": 0.1},
    {"name": "cathode", "role": "cathode", "material": "exampleite", "fill_to": 0.5},
]
DESIGNS = {
    "rods": {"architecture": "rods", "parameters": {"section": "square", "pairs": True}, "layers": STACK},
    "split_p": {"architecture": "split_p", "layers": STACK, "resolution": 0.25},
}


def by_xyz(folder, names):
    """Volumes by the divergence theorem, from the numbers of the file alone."""
    found = {}
    for name in names:
        a, b, c = np.loadtxt(next(folder.glob(f"*_{name}_um.xyz"))).reshape(-1, 3, 3).transpose(1, 0, 2)
        found[name] = float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)
    return found, 2


def by_stl(folder, names):
    """Volumes of the shipped exporter's files."""
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    found = {}
    for name in names:
        data = next(folder.glob(f"*_{name}_um.stl")).read_bytes()
        a, b, c = np.frombuffer(data, record, offset=84)["corners"].astype(float).transpose(1, 0, 2)
        found[name] = float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)
    return found, 2


@pytest.mark.parametrize("name", DESIGNS)
def test_its_architectures_in_a_shipped_format_and_in_its_own(name, tmp_path):
    battery = geom3d.design(DESIGNS[name], name)
    round_trip(battery, "xyz", by_xyz, tmp_path / "xyz", relative=1e-8)
    round_trip(battery, "stl", by_stl, tmp_path / "stl")


def test_a_shipped_design_in_its_format(tmp_path):
    round_trip(geom3d.load("trenches-notten-2007"), "xyz", by_xyz_of_words, tmp_path / "xyz", relative=1e-8)


def by_xyz_of_words(folder, names):
    found, cells = by_xyz(folder, [name.replace(" ", "-") for name in names])
    return dict(zip(names, found.values(), strict=True)), cells
