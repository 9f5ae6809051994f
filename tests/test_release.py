"""What is handed out is complete: the wheel, the archive of sources, and the files that say how to cite, build and report."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import geom3d
from geom3d.cell.citations import DEVELOPERS
from geom3d.cell.template import shipped

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
#: Files of the package that nobody asks for.
WASTE = {"__pycache__", ".DS_Store"}


def built(kind, folder):
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.iterdir()
    return file


@pytest.mark.slow
def test_the_wheel_is_complete_and_works_alone(tmp_path):
    with zipfile.ZipFile(built("wheel", tmp_path / "dist")) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        there = {
            p.relative_to(ROOT).as_posix()
            for p in (ROOT / "geom3d").rglob("*")
            if p.is_file() and not WASTE & {*p.parts}
        }
        assert names == there | {f"geom3d/templates/{name}.toml" for name in shipped()}
        (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        told = email.message_from_bytes(wheel.read(metadata))
        assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())
        wheel.extractall(tmp_path / "site")  # noqa: S202 - the one that was just built
    assert (told["Name"], told["Version"], told["License-Expression"]) == ("geom3d", geom3d.__version__, "MIT")
    assert set(told.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"])
    assert "```sh" in told.get_payload()  # the README
    # Files that are read at run time: templates, materials, processes, examples, studies. Nothing is measured, for
    # what is compiled at its first use would be compiled anew.
    code = (
        "import geom3d; from geom3d.cli.app import run; print(geom3d.__file__); "
        "assert run(['list']) == 0; assert run(['show', 'transparent-grid']) == 0; assert run(['schema', '-o', 's.json']) == 0; "
        "print(geom3d.load('layout-comb').walls().names); assert run(['cite', 'pillars-coated', '-o', 's.bib']) == 0"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(str(tmp_path / "site"))
    assert "('anode', 'cathode', 'substrate', 'electrolyte'" in ended.stdout
    assert (tmp_path / "s.json").stat().st_size > 100_000


@pytest.mark.slow
def test_the_archive_of_sources_holds_all_that_tests_and_pages_need(tmp_path):
    with tarfile.open(built("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "tests/test_docs.py",
        ".ci/run",
        "CITATION.cff",
        "SECURITY.md",
        "Containerfile",
        ".github/workflows/ci.yml",
    ):
        assert name in names, name
    for folder in ("docs", "templates", "renders", "geom3d/library/materials"):
        for path in (ROOT / folder).iterdir():
            assert path.is_dir() or path.relative_to(ROOT).as_posix() in names, path


def test_the_citation_is_of_this_version():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (told["cff-version"], told["type"]) == ("1.2.0", "software")
    assert (told["version"], told["license"]) == (geom3d.__version__, PROJECT["license"])
    assert told["authors"] == [{"name": DEVELOPERS}]
    assert told["title"].lower() == f"geom3d: {PROJECT['description'].lower()}"


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_forms_of_issues_have_what_a_form_needs(form):
    told = yaml.safe_load(form.read_text("utf-8"))
    if form.stem == "config":
        assert told == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= set(told)
    asked = [part for part in told["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked) >= 3
    assert all(part["attributes"]["label"] for part in asked)
    assert any(part.get("validations", {}).get("required") for part in asked)


def test_the_workflow_does_what_continuous_integration_does():
    told = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    runs = [step["run"] for job in told["jobs"].values() for step in job["steps"] if "run" in step]
    ci = (ROOT / ".ci/run").read_text("utf-8")
    assert "bash .ci/run" in runs
    (docs,) = (run for run in runs if run.startswith("sphinx-build"))
    assert docs.removesuffix(" docs build/docs") in ci
    assert "[docs]" in " ".join(runs)
    assert any("hatchling build" in run for run in runs)
    assert told["permissions"] == {"contents": "read"}


def test_the_container_installs_as_the_readme_does():
    text = (ROOT / "Containerfile").read_text("utf-8")
    start = (ROOT / ".ci/start.py").read_text("utf-8")
    (packages,) = re.findall(r"SYSTEM_PACKAGES = \((.*)\)", start)
    for name in re.findall(r'"([\w-]+)"', packages):
        assert f" {name}" in text
    assert "-c /source/constraints.txt /source" in text
    version = re.search(r"FROM python:([\d.]+)-slim", text)[1]
    low = PROJECT["requires-python"].removeprefix(">=")
    assert tuple(map(int, version.split("."))) >= tuple(map(int, low.split(".")))
    assert [line for line in text.splitlines() if line.startswith("ENTRYPOINT")] == ['ENTRYPOINT ["geom3d"]']
