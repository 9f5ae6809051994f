"""What the documentation says is what happens: README's commands and code, and the examples in docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import geom3d
from geom3d.cell.template import shipped
from geom3d.cli.app import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
MODULES = ["geom3d", *(m.name for m in pkgutil.walk_packages(geom3d.__path__, "geom3d.") if "__main__" not in m.name)]
COMMANDS = [
    line.strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.startswith("geom3d ")
]


def marks(command: str) -> list[pytest.MarkDecorator]:
    """What draws needs OpenGL, but for exact sections; what draws, conducts, meshes volumes, or takes a sponge or all templates is slow."""
    verb, drawn = command.split()[1], ".svg" not in command
    slow = (
        verb in ("compare", "gallery", "optimize", "solve", "sweep", "verify")
        or "sponge-" in command
        or "--format msh" in command
        or "--transport" in command
    )
    opengl = verb in ("gallery", "render") and drawn
    return [pytest.mark.slow] * (slow or opengl) + [pytest.mark.opengl] * opengl


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_some_docstrings_have_examples():
    finder = doctest.DocTestFinder()
    count = sum(len(t.examples) for n in MODULES for t in finder.find(importlib.import_module(n)))
    assert count >= 5


@pytest.mark.parametrize("command", [pytest.param(c, marks=marks(c), id=c.partition("#")[0].strip()) for c in COMMANDS])
def test_commands_of_the_readme(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(next(text for kind, text in BLOCKS if kind == "toml"), "utf-8")
    assert run(shlex.split(command, comments=True)[1:]) == 0
    assert capsys.readouterr().out


OWN = (ROOT / "docs" / "own_structure.md").read_text("utf-8")
OWN_FILES = dict(re.findall(r"^```toml\n# (\S+\.toml)\n(.*?)^```", OWN, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("command", re.findall(r"^geom3d .*$", OWN, flags=re.MULTILINE))
def test_commands_on_structures_of_ones_own(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(command, comments=True)[1:]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", OWN_FILES)
def test_templates_of_structures_of_ones_own_are_cells(name, tmp_path):
    (tmp_path / name).write_text(OWN_FILES[name], "utf-8")
    cell = geom3d.load(tmp_path / name).cell()
    assert f"`{cell.description.architecture}`" in OWN
    assert cell.facts.top > cell.facts.base_z


def test_there_are_commands_and_code_in_the_readme():
    assert len(COMMANDS) >= 7
    assert {"sh", "toml", "python"} <= {kind for kind, _ in BLOCKS}


@pytest.mark.parametrize("code", [text for kind, text in BLOCKS if kind == "python"])
def test_code_of_the_readme(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102


def test_the_two_commands():
    """One line that does the main job with nothing but venv and pip, one that runs the tests by a script that sets all up."""
    made, installed, built = next(line for line in README.splitlines() if "-m venv" in line).split(" && ")
    assert made == "python3 -m venv .venv"
    assert installed == ".venv/bin/pip install -c constraints.txt ."
    assert built.startswith(".venv/bin/geom3d build ")
    assert shlex.split(built)[2] in shipped()
    assert re.findall(r"^python3 \.ci/start\.py (.*)$", README, flags=re.MULTILINE) == ["pytest"]


def test_pictures_of_the_readme_exist():
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_readme_opens_with_words_a_picture_and_the_commands():
    assert README.index("![") < README.index("python3 -m venv") < README.index("python3 .ci/start.py pytest")


def test_every_template_stands_in_the_readme():
    assert [name for name in shipped() if f"`{name}`" not in README] == []
