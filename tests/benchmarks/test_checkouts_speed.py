"""The times of two checkouts are taken in turns, and what has become slower is told."""

from __future__ import annotations

import pytest


@pytest.fixture
def run(benchmark_script, tmp_path, monkeypatch, capsys):
    script = benchmark_script("checkouts_speed")

    def run(old, new, *jobs):
        words = ["checkouts_speed.py", str(old), str(new), "--pairs", "1", "--limit", "1", "--jobs", *jobs]
        monkeypatch.setattr("sys.argv", words)
        return script.main(), capsys.readouterr().out

    return run


def test_what_has_become_slower(run, make_checkout, tmp_path):
    busy = "def measure(self):\n        sum(range(10_000_000))"
    old, new = make_checkout(tmp_path / "old"), make_checkout(tmp_path / "new", **{"def measure(self):": busy})
    code, text = run(old, new, "measure trenches")
    assert code == 1
    assert "slower by more than 100 %: measure trenches" in text
    code, text = run(new, old, "measure trenches")
    assert code == 0
    assert "slower" not in text


def test_commands_run_in_their_checkout(run, make_checkout, tmp_path):
    """Python puts the folder in which it starts before all others: that must not be the one of the script."""
    old = make_checkout(tmp_path / "old")
    assert "│ import" in run(old, make_checkout(tmp_path / "new"), "import")[1]
    broken = make_checkout(tmp_path / "broken", **{'__version__ = "1.2"': 'raise SystemExit("broken on purpose")'})
    with pytest.raises(SystemExit, match="import geom3d: failed\nbroken on purpose"):
        run(old, broken, "import")


def test_jobs_that_are_none(run, make_checkout, tmp_path):
    here = make_checkout(tmp_path / "here")
    with pytest.raises(SystemExit, match="jobs: unknown sing; valid: import, "):
        run(here, here, "sing")
