"""What the documentation says is what happens: commands and code of README and docs/, tutorials, and the examples in docstrings.

A page is run from top to bottom in a folder of its own: what it says to save is saved, what it says to type is typed, code is run. So a page
may build on itself, and on nothing else.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import io
import json
import pkgutil
import re
import shlex
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

import geom3d
from geom3d.cell import template
from geom3d.cell.template import shipped
from geom3d.cli.app import run
from geom3d.cli.measuring import CANNOT_BE_MADE
from geom3d.metrics import catalogue
from geom3d.scene.stage import has_opengl

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md")))
    if "generated" not in path.parts
}
TUTORIALS = sorted(ROOT.glob("docs/tutorials/*.ipynb"))
MODULES = ["geom3d", *(m.name for m in pkgutil.walk_packages(geom3d.__path__, "geom3d.") if "__main__" not in m.name)]
#: Beginnings of lines that set up, test or build, and are run elsewhere.
ELSEWHERE = (
    "pip install ",
    "python3 ",
    "pytest ",
    "pytest",
    ".venv/bin/pip ",
    ".ci/run",
    "podman ",
    "ruff ",
    "mypy ",
    "lint-imports",
    "codespell",
    "sphinx-build ",
)
#: Commands that go on until they are ended, and are tested where they stand.
ENDLESS = ("app",)
#: Templates that stand for all that are shipped.
FEW = [
    "grid-oukassi-2019",
    "pillars-coated",
    "planar-licoo2-lipon-lithium",
    "trenches-notten-2007",
]
#: Seconds of work that a tutorial may take.
PATIENCE = 10.0


class Block(NamedTuple):
    """A piece of a page.

    Attributes:
        kind: the word behind its fence.
        text: of it.
        file: the name under which the words before it, or its own first line, say to save it; empty where none do.
    """

    kind: str
    text: str
    file: str


def blocks(text):
    found = []
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        before = text[: match.start()].rstrip().rpartition("\n\n")[2]
        names = re.findall(r"`([\w-]+\.toml)`", before) if "ave this as" in before else []
        names = names or re.findall(r"\A# ([\w-]+\.toml)\n", match[2])  # or by its own first line
        found.append(Block(match[1], match[2], names[-1] if names else ""))
    return found


def lines(block):
    """Of a shell, those that go on in the next as one."""
    return [line.strip() for line in block.text.replace("\\\n", " ").splitlines() if line.strip()]


def commands(block):
    typed = [line for line in lines(block) if line.startswith("geom3d ")] if block.kind == "sh" else []
    return [line for line in typed if line.split()[1] not in ENDLESS]


BLOCKS = {name: blocks(text) for name, text in PAGES.items()}
RUN = [name for name, found in BLOCKS.items() if any(commands(block) or block.kind == "python" for block in found)]


def draws(command):
    """Whether a command needs OpenGL; exact sections do without."""
    verb = command.split()[1]
    return verb == "gallery" or (verb == "render" and not re.search(r"\.(svg|pdf)\b", command))


def is_slow(name):
    """Pages that draw, compare, conduct, go through many designs, or take a sponge; the README is always run."""
    typed = [command for block in BLOCKS[name] for command in commands(block)]
    heavy = re.compile(r"^geom3d (compare|coverage|gallery|optimize|solve|sweep|verify)|sponge-|--transport|gyroid")
    return name != "README.md" and any(draws(command) or heavy.search(command) for command in typed)


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * is_slow(n)) for n in RUN])
def test_a_page_does_what_it_says(name, tmp_path, monkeypatch):
    """What goes over all shipped templates goes over a few: tests/cell/test_templates.py verifies every one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(template, "shipped", lambda: FEW)
    names = {}
    for block in BLOCKS[name]:
        if block.kind == "toml":
            tomllib.loads(block.text)
        if block.file:
            Path(block.file).write_text(block.text, "utf-8")
        if block.kind == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, name, "exec"), names)  # noqa: S102
        for command in commands(block):
            if draws(command) and not has_opengl():
                continue
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(shlex.split(command, comments=True)[1:])
            assert code == (CANNOT_BE_MADE if "# exit code 3" in command else 0), f"{command}\n{err.getvalue()}"
            assert out.getvalue(), command


@pytest.mark.parametrize("name", PAGES)
def test_nothing_in_a_page_looks_like_a_command_and_is_not_run(name):
    for block in BLOCKS[name]:
        assert block.kind in ("sh", "toml", "python", "console", "text"), block.kind
        if block.kind == "sh":
            rest = [line for line in lines(block) if not line.startswith(("geom3d ", "#"))]
            assert [line for line in rest if not line.startswith(ELSEWHERE)] == []


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
@pytest.mark.slow
def test_a_tutorial_runs_and_does_not_keep_one_waiting(path, tmp_path, monkeypatch):
    """In this process; the build of the pages runs it as a notebook."""
    monkeypatch.chdir(tmp_path)
    content = json.loads(path.read_text("utf-8"))
    names, begun = {}, time.process_time()
    for cell in content["cells"]:
        assert cell.get("outputs", []) == []  # stored without results
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), path.name, "exec"), names)  # noqa: S102
    assert time.process_time() - begun < PATIENCE


def test_there_are_tutorials():
    assert len(TUTORIALS) == 4
    words = [json.loads(path.read_text("utf-8"))["cells"] for path in TUTORIALS]
    assert all(sum(cell["cell_type"] == "code" for cell in cells) >= 4 for cells in words)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_some_docstrings_have_examples():
    finder = doctest.DocTestFinder()
    count = sum(len(t.examples) for n in MODULES for t in finder.find(importlib.import_module(n)))
    assert count >= 5


def test_there_are_commands_and_code_in_the_pages():
    typed = [command for found in BLOCKS.values() for block in found for command in commands(block)]
    assert len(typed) >= 60
    verbs = {command.split()[1] for command in typed}
    known = {
        name
        for (name,) in (
            re.findall(r"^## geom3d (\S+)$", line)
            for line in _reference().splitlines()
            if line.startswith("## geom3d ")
        )
    }
    assert verbs >= known - {"--install-completion", *ENDLESS}
    assert {"sh", "toml", "python"} <= {block.kind for block in BLOCKS["README.md"]} | {"toml"}


def _reference():
    from geom3d.cli.app import app

    return app.generate_docs(output_format="markdown")


def test_pages_that_are_read_off_the_program_hold_all_there_is(tmp_path):
    """Those of `docs/_pages.py`; what is found another way stands in them, and a page that is no longer made goes."""
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "old.md").write_text("old", "utf-8")
    module.write(tmp_path)
    found = {path.stem: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert set(found) == set(module.PAGES)
    package = Path(geom3d.__file__).parent

    def of(folder, ending):
        return [path.stem for path in (package / folder).glob(f"*.{ending}") if not path.stem.startswith("_")]

    wanted = {
        "architectures": [f"## {name}\n" for name in of("architectures", "py")],
        "materials": [f"| `{name}` |" for name in of("library/materials", "toml")],
        "processes": [f"## {name}\n" for name in of("library/processes", "toml")],
        "formats": [f"## {name}\n" for name in of("exports", "py")],
        "numbers": [f"| `{metric.path}` |" for metric in catalogue()],
        "gallery": [f"{path.stem}.png" for path in ROOT.glob("renders/*.png") if path.stem in shipped()],
        "template-keys": ["| `thickness` |", "| `sidewall_angle` |", "`[[layers]]`"],
        "commands": ["## geom3d cite", "## geom3d schema"],
    }
    assert set(wanted) == set(found)
    for name, parts in wanted.items():
        assert [part for part in parts if part not in found[name]] == [], name
        assert parts
    # Tables have as many cells in every row as in their head, whatever the words in them.
    for name, text in found.items():
        for table in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, (name, table)


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


def test_the_readme_is_short_and_leads_to_the_pages():
    """A reader finds each promise: every link leads to a page, and every how-to page can be reached."""
    assert len(README.split()) < 700
    links = re.findall(r"\]\(([^)#]+\.(?:md|cff))\)", README)
    assert len(links) > 15
    assert all((ROOT / link).is_file() for link in links)
    index = PAGES["docs/how-to/index.md"]
    pages = [path.name for path in ROOT.glob("docs/how-to/*.md") if path.name != "index.md"]
    assert [page for page in pages if f"]({page})" not in index] == []


def test_every_template_stands_in_its_table():
    table = PAGES["docs/templates.md"]
    assert [name for name in shipped() if f"`{name}`" not in table] == []
