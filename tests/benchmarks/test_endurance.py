"""Sudden ends and shared folders, a few of each; the benchmark does a hundred."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


@pytest.fixture
def endurance(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("endurance")


@posix
@pytest.mark.slow
def test_a_killed_build_leaves_the_one_or_the_other_and_the_next_clears_up(endurance, capsys):
    assert endurance.kills(3), capsys.readouterr().out


@posix
@pytest.mark.slow
def test_two_builds_into_one_folder_do_not_mix(endurance, capsys):
    assert endurance.together(2), capsys.readouterr().out


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the memory of a process")
def test_memory_stays_flat_over_many_designs(endurance, capsys):
    assert endurance.measures(40), capsys.readouterr().out
