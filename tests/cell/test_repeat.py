"""One rule of unit cells, for templates, files and pictures."""

from __future__ import annotations

import pytest

import geom3d
from geom3d.cell.repeat import MOST_CELLS, checked_repeat
from geom3d.rendering import render

WRONG = [(0, 1), (1, -1), (1.5, 1), (MOST_CELLS + 1, 1), (1, 2, 3), (2,), (float("nan"), 1)]


@pytest.mark.parametrize("repeat", [(1, 1), (2.0, 3), (MOST_CELLS, MOST_CELLS)])
def test_whole_numbers_are_kept(repeat):
    found = checked_repeat(repeat)
    assert found == repeat
    assert all(type(n) is int for n in found)


@pytest.mark.parametrize("repeat", WRONG, ids=str)
def test_what_is_none_is_refused_everywhere(repeat, tmp_path):
    design = geom3d.load("planar-licoo2-lipon-lithium")
    words = f"repeat: must be two whole numbers from 1 to {MOST_CELLS}; got "
    for work in (
        lambda: checked_repeat(repeat),
        lambda: design.plan(tmp_path, repeat=repeat),
        lambda: design.build(tmp_path, repeat=repeat),
        lambda: render(design, tmp_path / "a.svg", repeat=repeat),
    ):
        with pytest.raises(geom3d.InputError) as caught:
            work()
        assert str(caught.value).startswith(words)
    with pytest.raises(geom3d.InputError, match=r"repeat"):
        geom3d.load("planar-licoo2-lipon-lithium", {"repeat": list(repeat)})
    assert list(tmp_path.iterdir()) == []
