"""The processes that come with geom3d, and files of users."""

from __future__ import annotations

import math

import pytest

import geom3d
from geom3d.core.errors import InputError
from geom3d.library import processes
from geom3d.library.processes import Process, load_process


def test_what_is_known_of_each():
    """Printing processes have layers, those that bury the part in something trap it, and every figure has a source."""
    for name in processes.shipped():
        process = processes.find(name)
        assert (process.layer_height is None) == (process.family != "printing")
        assert (process.min_gap is None) == (process.family == "deposition")
        assert process.source
        assert process.note
    assert processes.find("sla").trapped == "resin"
    assert processes.find("sls").trapped == "powder"
    assert processes.find("fdm").trapped is None
    assert [n for n in processes.shipped() if processes.find(n).carries and processes.find(n).layer_height] == [
        "binder-jet",
        "lom",
        "sls",
    ]
    assert processes.find("unknown") is None


def test_processes_and_files_of_users(tmp_path):
    assert len(processes.shipped()) == 15
    families = {processes.find(name).family for name in processes.shipped()}
    assert families == {"printing", "etching", "deposition"}
    path = tmp_path / "my pröcess.toml"
    path.write_text('class = "photopolymerization"\nmin_feature = "25 µm"\nmax_overhang_deg = 30\n', "utf-8")
    name, mine = load_process(path)
    assert (name, mine.title, mine.min_feature, mine.layer_height) == ("my pröcess", "my pröcess", 25.0, None)
    assert geom3d.load("comb-sun-2013").check(path).verdict == "prints"
    for text, message in (
        ("min_feature = 1", "class: is missing"),
        ('class = "magic"\nmin_feature = 1', "class: must be one of 'material extrusion', "),
        ('class = "silicon etch"\nmin_feature = -1', "min_feature: must be greater than 0; got -1"),
        ('class = "silicon etch"\nmin_feature = 1\nmin_gaps = 2', "min_gaps: unknown key; did you mean 'min_gap'?"),
        ("class =", "not valid TOML"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(InputError) as caught:
            load_process(path)
        assert str(caught.value).startswith(f"process: {path}: ")
        assert message in str(caught.value)
    with pytest.raises(InputError, match="no file and no shipped process 'microsla'; did you mean 'micro-sla'"):
        load_process("microsla")
    with pytest.raises(InputError, match="scale: must be a number from 1e-6 to 1e9; got nan"):
        geom3d.load("comb-sun-2013").check("diw", math.nan)
    assert isinstance(mine, Process)
