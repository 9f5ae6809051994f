"""A few random designs of prisms through whatever commands there are: the fuzzer itself runs, and finds nothing."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from geom3d.cli.app import app

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"


@pytest.fixture
def fuzz(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("fuzz")


def test_every_command_and_every_option_is_filled_in(fuzz):
    known = fuzz.commands()
    assert known.keys() | set(fuzz.TELLING) == set(app)
    assert fuzz.unfilled() == []
    assert {"format", "voxel", "repeat"} <= {option.name for option in known["build"]}


@pytest.mark.slow
def test_a_short_run_finds_nothing(fuzz, tmp_path):
    run = fuzz.fuzz(15, webs=0.0, first=0, folder=tmp_path, names=("build", "check"), more=1, most=25)
    assert run.failures == {}
    assert run.total >= 5
    assert run.counts["measure", "done"] >= 1


def test_a_failure_is_found_and_made_small(fuzz, monkeypatch, tmp_path):
    """Where every cell with more than one layer fails, the smallest that is kept has two."""

    class Failing:
        def __init__(self, folder: str) -> None: ...

        def run(self, description, asked, limit):
            bad = len(description.get("layers", ())) > 1
            return [("traceback", ["measure"], "ValueError in x.py: no\n") if bad else ("done", ["measure"], "")]

        def stop(self) -> None: ...

    monkeypatch.setattr(fuzz, "Worker", Failing)
    run = fuzz.fuzz(20, webs=0.0, folder=tmp_path, names=("check",), more=0, most=60)
    ((mark, (description, _, _)),) = run.failures.items()
    assert mark == "traceback: ValueError in x.py: no"
    assert len(description["layers"]) == 2
    (kept,) = tmp_path.glob("*.toml")
    assert kept.read_text("utf-8").startswith(f"# {mark}\n# geom3d measure\n# ValueError in x.py: no\n")
