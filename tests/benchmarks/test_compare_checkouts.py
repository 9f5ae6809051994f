"""The comparison of two checkouts sees what differs, and nothing else."""

from __future__ import annotations

import json
from zipfile import ZIP_STORED, ZipFile

import pytest


@pytest.fixture
def script(benchmark_script):
    return benchmark_script("compare_checkouts")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1.0, 1.0 + 5e-13),
        (3, 3.0),
        (True, True),
        (None, None),
        ("surface_per_volume_um.anode is small", "surface_per_volume_per_um.anode is small"),
        ({"a": {"surface_per_volume_um": [1, 2.0]}}, {"a": {"surface_per_volume_per_um": [1, 2.0]}}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_same_values(script, old, new):
    assert list(script.differences(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ({"a": {"b": 1.0}}, {"a": {"b": 1.0 + 2e-12}}, "a.b: 1.000000000002; was 1.0"),
        ({"a": 0.0}, {"a": 1e-300}, "a: 1e-300; was 0.0"),
        ({"a": 1}, {"a": 2}, "a: 2; was 1"),
        ({"a": True}, {"a": 1}, "a: 1; was true"),
        ({"a": 0.0}, {"a": None}, "a: null; was 0.0"),
        ({"a": "x"}, {"a": "y"}, 'a: "y"; was "x"'),
        ({"a": 1}, {}, "a: missing; was 1"),
        ({}, {"a": 1}, "a: new: 1"),
        ({"a": [1, 2]}, {"a": [1]}, "a: 1 entries; were 2: [1]; was [1, 2]"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "a[1]: 3; was 2"),
        ({"surface_per_volume_um": 1}, {"surface_per_volume_um": 1}, "surface_per_volume_per_um: missing; was 1"),
        ({"surface_per_volume_um2": 1}, {}, "surface_per_volume_um2: missing; was 1"),
    ],
)
def test_different_values(script, old, new, text):
    assert next(script.differences(old, new)) == text


def test_added_values_are_named(script, monkeypatch):
    monkeypatch.setattr(script, "ADDED", ("measure.*.share",))
    assert list(script.differences({"measure": {"a": {}}}, {"measure": {"a": {"share": 1}}})) == []
    assert list(script.differences({"measure": {}}, {"measure": {"a": 1}})) == ["measure.a: new: 1"]


def test_files_are_compared_byte_by_byte(script, tmp_path):
    old, new = tmp_path / "old.stl", tmp_path / "new.stl"
    old.write_bytes(b"x" * 100)
    new.write_bytes(b"x" * 100)
    assert list(script.file_differences(old, new)) == []
    new.write_bytes(b"x" * 50 + b"y" + b"x" * 49)
    assert next(script.file_differences(old, new)).startswith("differs from byte 50 on, 100 to 100 bytes")
    new.write_bytes(b"x" * 99)
    assert next(script.file_differences(old, new)).startswith("differs from byte 99 on, 100 to 99 bytes")


def test_json_files_are_compared_by_value(script, tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text('{"report": {"a": 1}, "files": [1]}', "utf-8")
    new.write_text('{ "files": [2], "report": {"a": 2}}', "utf-8")
    assert list(script.file_differences(old, new)) == ["report.a: 2; was 1", "files[0]: 2; was 1"]
    assert list(script.file_differences(old, new, ["report"])) == ["files[0]: 2; was 1"]


def test_archives_are_compared_inside(script, tmp_path):
    paths = tmp_path / "old.3mf", tmp_path / "new.3mf"

    def fill(path, text, **how):
        with ZipFile(path, "w", **how) as archive:
            archive.writestr("model", text)

    fill(paths[0], "a" * 1000)
    fill(paths[1], "a" * 1000, compression=ZIP_STORED, compresslevel=None)
    assert list(script.file_differences(*paths)) == []
    fill(paths[1], "a" * 999 + "b")
    assert next(script.file_differences(*paths)).startswith("model: differs from byte 999 on")


@pytest.fixture
def exit_code(script, tmp_path, monkeypatch, capsys):
    """Runs the script over checkouts; returns its exit code and what it printed."""

    def run(*folders):
        words = ["--formats", "stl", "gds", "--no-transport", "--cache", tmp_path / "cache"]
        monkeypatch.setattr("sys.argv", ["compare_checkouts.py", *map(str, (*folders, *words))])
        return script.main(), capsys.readouterr().out

    return run


def test_two_checkouts_of_one_behaviour(exit_code, make_checkout, tmp_path):
    old, new = (
        make_checkout(tmp_path / "old"),
        make_checkout(tmp_path / "new", **{"1.2": "1.3", "(Geom3dError): pass": "(Geom3dError): ..."}),
    )
    code, text = exit_code(old, new)
    assert code == 0, text
    assert "1 templates" in text
    assert "1 files, 0 differences" in text
    assert "gds" in text  # refused by both
    # The coarsest step that the design takes, and a version that is nobody's.
    values = [json.loads(path.read_text("utf-8"))["values"] for path in (tmp_path / "cache").rglob("values.json")]
    assert [v["measure"]["step"] for v in values] == [0.5, 0.5]
    assert all(path.read_text("utf-8").startswith("solid 0 ") for path in (tmp_path / "cache").rglob("*.stl"))


def test_results_are_kept_by_content(exit_code, make_checkout, tmp_path):
    old, new = make_checkout(tmp_path / "old"), make_checkout(tmp_path / "new")
    assert exit_code(old, new)[0] == 0
    (kept,) = (tmp_path / "cache").rglob("values.json")
    made = kept.stat().st_mtime_ns
    assert exit_code(old, new)[0] == 0
    assert kept.stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('"gain": 2.0', '"gain": 2.000001', "cube: measure.gain: 2.000001; was 2.0"),
        ("solid", "SOLID", "cube: stl/part.stl: differs from byte 0 on"),
        ('if "gds" in formats:', "if False:", "cube: gds: only the old one fails: InputError: no vertical walls"),
        ("def verify", "def moved", "cube: verify: only the new one fails: LookupError: verification: not found"),
        (
            "def walls(self):",
            "def walls(self):\n        import os\n        os._exit(3)\n    def unused(self):",
            "cube: no results of the new checkout",
        ),
        ("part.stl", "body.stl", "cube: stl/part.stl: not written by the new checkout"),
    ],
)
def test_two_checkouts_of_different_behaviour(exit_code, make_checkout, tmp_path, old, new, text):
    code, printed = exit_code(make_checkout(tmp_path / "old"), make_checkout(tmp_path / "new", **{old: new}))
    assert code == 1
    assert text in printed


def test_what_is_no_checkout(script, make_checkout, tmp_path, monkeypatch):
    here = make_checkout(tmp_path / "here")
    monkeypatch.setattr("sys.argv", ["compare_checkouts.py", str(here), str(tmp_path / "none")])
    with pytest.raises(SystemExit, match="no checkout of geom3d"):
        script.main()
    monkeypatch.setattr("sys.argv", ["compare_checkouts.py", str(here), str(here), "--formats", "step"])
    with pytest.raises(SystemExit, match="formats: unknown step; valid: 3mf, glb"):
        script.main()
