"""Plane widths in cells of unusual proportions: long and slender, and large with small parts."""

from __future__ import annotations

import pytest

import geom3d
from geom3d.manufacturability import VOID, outlines
from geom3d.manufacturability.plans import LayeredPlan


def widths(architecture: str, moved: tuple[float, float] = (0.0, 0.0), **parameters: float) -> dict[str, float]:
    cell = geom3d.design({"architecture": architecture, "parameters": parameters}).cell().moved(*moved)
    plan = LayeredPlan.of(cell, cell.walls())
    found = {part: plan.width(mask, part) for part, mask in plan.masks().items()}
    return {part: spot.value for part, spot in found.items() if spot is not None}


def test_a_comb_far_longer_than_wide():
    """No more copies of the outlines are needed than of a square one: 0.31 µm × 100 mm."""
    comb = {"fingers": 3, "finger_length": 1e5, "anode_width": 0.01, "cathode_width": 0.01, "gap": 0.01}
    found = widths("interdigitated_plates", bus_width=1, margin=0.1, **comb)
    for part in ("anode", "cathode", "electrolyte"):
        assert found[part] == pytest.approx(0.01, abs=2e-6)
    assert found[VOID] == pytest.approx(0.2, abs=2e-6)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (-12499.5, -18763.306398393648)])
def test_a_honeycomb_cut_next_to_its_corners(moved):
    """The border of the period cuts off half a µm of walls of 6 mm, whose direction rounding then spoils."""
    found = widths("honeycomb", moved, pitch=1e4, wall=1, depth=1)
    assert found["scaffold"] == pytest.approx(1, rel=1e-5)
    assert found[VOID] == pytest.approx(9999, rel=1e-5)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (37123.4, -8000.3)])
def test_a_small_post_in_a_large_cell(moved):
    found = widths("pillars", moved, lattice="square", pitch=1e5, diameter=0.1, height=1)
    assert found["scaffold"] == pytest.approx(0.1, rel=1e-4)
    assert found[VOID] == pytest.approx(1e5 - 0.1, rel=1e-6)


def test_what_is_looked_at_grows_with_the_outlines_and_no_faster(monkeypatch):
    """Most starts of a comb are done with one look: once a few have told a width, discs need not grow beyond it."""
    asked: list[int] = []
    look = outlines._Ways.__call__
    monkeypatch.setattr(
        outlines._Ways, "__call__", lambda ways, points: asked.append(len(points)) or look(ways, points)
    )
    per_start = []
    for fingers in (20, 80):
        cell = geom3d.design({"architecture": "interdigitated_plates", "parameters": {"fingers": fingers}}).cell()
        plan = LayeredPlan.of(cell, cell.walls())
        mask = next(row for row in plan.masks()["electrolyte"] if 0 < row.sum() < row.size)
        asked.clear()
        inside, _ = outlines.narrowest(plan.plan, mask)
        assert inside.width == pytest.approx(20, rel=1e-6)
        per_start.append(sum(asked) / asked[0])
    assert per_start[1] < 6
    assert per_start[1] < 1.5 * per_start[0]
