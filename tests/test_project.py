"""Rules that hold for the code as a whole."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kinds import QUICK

import geom3d
from geom3d.cell.template import shipped

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "geom3d"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def test_no_machine_path_or_registry_is_named():
    suspicious = re.compile(r"/(root|home|work|tmp)/\w|python" + r"hosted|pypi\." + r"org|npm" + r"js")
    for path in [*ROOT.glob("*.*"), *MODULES, *(ROOT / "templates").glob("*"), *PACKAGE.glob("*/*.toml")]:
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt"}:
            assert not suspicious.search(path.read_text("utf-8")), path


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests_of_its_own(room):
    assert list((ROOT / "tests" / room).glob("**/test_*.py")), f"tests/{room} is missing, or holds no test"


def test_words_are_spelt_as_in_dictionaries():
    command = [sys.executable, "-m", "codespell_lib"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_continuous_integration_begins_with_the_readmes_tests_and_leaves_nothing_out():
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    steps = re.findall(r'^step "[^"]+" (.+)$', text, flags=re.MULTILINE)
    kinds = ("ruff check .", "ruff format --check .", "mypy --strict geom3d", "lint-imports", "codespell")
    assert steps[:2] == ["python3 .ci/start.py pytest", "slow_tests"]
    assert steps[-len(kinds) - 1 :] == [*kinds, "oldest"]
    assert '-m "slow or network"' in text


@pytest.mark.parametrize("name", shipped())
def test_tests_with_a_template_are_slow_but_for_a_few_of_prisms(name, request):
    """This test itself is marked by its template, as all others are."""
    sampled = geom3d.load(name).cell().step is not None
    slow = request.node.get_closest_marker("slow") is not None
    assert slow == (name not in QUICK)
    assert slow or not sampled


def test_only_the_command_line_speaks_of_its_flags():
    flag = re.compile(r"(^|[\s`'(\"])--[a-z]")
    for path in MODULES:
        if PACKAGE / "cli" in path.parents:
            continue
        texts = [n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)]
        assert [text for text in texts if isinstance(text, str) and flag.search(text)] == [], path
