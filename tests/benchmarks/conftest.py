"""Small checkouts for the scripts that compare two of them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
PACKAGE = """
from types import SimpleNamespace as Space

__version__ = "1.2"

class Geom3dError(Exception): pass

class InputError(Geom3dError): pass

class Design:
    def __init__(self, name, overrides):
        self.name, self.step = name, overrides.get("resolution")
        if self.step and self.step > 0.5:
            raise InputError("too coarse")
    def cell(self):
        return Space(size=(8.0, 8.0, 10.0), footprint=64.0)
    def walls(self):
        pass
    def measure(self):
        return Space(to_json=lambda: '{"gain": 2.0, "step": %s}' % self.step)
    def check_all(self, scale):
        return Space(to_json=lambda: "{}")
    def build(self, folder, *, formats, transport, options):
        from geom3d.exports import export
        if "gds" in formats:
            raise InputError("no vertical walls")
        folder.mkdir(parents=True)
        (folder / "part.stl").write_text(export(options))

def load(name, overrides):
    return Design(name, overrides)
"""
EXPORTS = """
import geom3d

class Options(dict): pass

def export(options):
    return f"solid {geom3d.__version__} {options}"
"""
VERIFY = "def verify(design): return ()"


def _checkout(folder, **changes):
    """A checkout of a package that answers like ours, some of its texts replaced."""
    for name, text in {"__init__": PACKAGE, "exports": EXPORTS, "verify": VERIFY}.items():
        path = folder / "geom3d" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        for old, new in changes.items():
            text = text.replace(old, new)  # noqa: PLW2901
        path.write_text(text, "utf-8")
    (folder / "templates").mkdir()
    (folder / "templates" / "cube.toml").touch()
    return folder


@pytest.fixture
def make_checkout():
    return _checkout


@pytest.fixture
def benchmark_script(monkeypatch):
    """Imports a script by its name."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module
