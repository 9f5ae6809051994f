"""Overhangs by area and span, by closed forms; and by another way, distances in the plane that another program finds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geom3d
from geom3d.architectures._structure import StructureFacts
from geom3d.cell.cell import Cell, Region
from geom3d.core.roles import Role
from geom3d.library.materials import find
from geom3d.library.processes import load_process
from geom3d.manufacturability.overhangs import Overhangs, Undersides
from geom3d.solids.prisms.outline import Difference, Disc, Plane, Strip, rectangle
from geom3d.solids.prisms.prism import Prism, Prisms

BOX = (20.0, 12.0)
INF = math.inf


def hanging(*prisms: Prism, moved: tuple[float, float] = (0.0, 0.0), height: float = 9.0) -> Overhangs:
    """What looks down in a block of prisms."""
    region = Region("block", Role.SUBSTRATE, find("silicon-substrate"), Prisms(prisms, BOX).moved(*moved))
    facts = StructureFacts(base_z=0.0, top=height, scaffold=("block",))
    walls = Cell((*BOX, height), (region,), facts, chord_tolerance=1e-3).walls()
    return Undersides.of(walls, np.array([True, False]), smooth=False).beyond(45)


FLOOR, LID = Prism(Plane(), -INF, 1.0), Prism(Plane(), 5.0, 6.0)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (7.0, 0.0), (11.3, -4.1)])
def test_a_plate_on_walls_spans_from_wall_to_wall_wherever_the_border_runs(moved):
    found = hanging(FLOOR, Prism(Strip(10.0, 6.0), 0.0, 5.5), LID, moved=moved)
    assert (found.patches, found.free) == (1, 0)
    assert found.area == pytest.approx(14 * 12)
    assert found.span == pytest.approx(14, rel=1e-3)
    x, _, z = found.span_at
    assert (x - moved[0] + 1) % 20 == pytest.approx(1, abs=0.05)  # half-way between the wall and its copy
    assert z == pytest.approx(5.0)


def test_a_plate_on_posts_spans_to_the_middle_of_four():
    """Posts of 4 µm on 20 µm × 12 µm: the middle is half a diagonal from their axes."""
    found = hanging(FLOOR, Prism(Disc(10, 6, 2), 0.0, 5.5), LID)
    assert found.area == pytest.approx(240 - 4 * math.pi, rel=1e-3)
    assert found.span == pytest.approx(math.hypot(20, 12) - 4, rel=2e-3)


def test_the_lid_of_a_closed_box_spans_its_shorter_side():
    found = hanging(FLOOR, Prism(Difference(Plane(), (rectangle(3, 2, 17, 7),)), 0.0, 5.5), LID)
    assert (found.area, found.span) == (pytest.approx(70), pytest.approx(5, rel=1e-3))


def test_a_ledge_counts_twice_and_what_hangs_free_is_told_apart():
    arm = Prism(rectangle(2, 4, 9, 6), 3.0, 5.0)
    post = Prism(rectangle(2, 4, 4, 6), 0.0, 5.0)
    found = hanging(FLOOR, post, arm)
    assert (found.patches, found.free, found.area) == (1, 0, pytest.approx(10))
    assert found.span == pytest.approx(2 * 5, rel=1e-3)
    found = hanging(FLOOR, post, arm, Prism(rectangle(12, 4, 15, 8), 3.0, 5.0))
    assert (found.patches, found.free, found.area) == (2, 1, pytest.approx(22))
    assert found.free_at[2] == pytest.approx(3.0)
    assert found.span == pytest.approx(10, rel=1e-3)


def test_nothing_hangs_from_what_stands():
    assert hanging(FLOOR, Prism(Disc(5, 5, 2), 0.0, 4.0)) == Overhangs()


@given(
    posts=st.lists(
        st.tuples(st.integers(1, 15), st.integers(1, 9), st.integers(1, 3), st.integers(1, 2)), min_size=1, max_size=3
    )
)
def test_spans_of_a_plate_on_posts_against_distances_by_another_program(posts):
    """Points of a fine grid in the plane, to the nearest copy of any post by GEOS."""
    shapes = [rectangle(x, y, x + w, y + h) for x, y, w, h in posts]
    found = hanging(FLOOR, *(Prism(shape, 0.0, 5.5) for shape in shapes), LID)
    ground = shapely.union_all(
        [
            shapely.box(x + i, y + j, x + w + i, y + h + j)
            for x, y, w, h in posts
            for i in (-20, 0, 20)
            for j in (-12, 0, 12)
        ]
    )
    x, y = np.meshgrid(np.linspace(0, 20, 81), np.linspace(0, 12, 49))
    expected = 2 * shapely.distance(shapely.points(x.ravel(), y.ravel()), ground).max()
    step = 2 * math.hypot(0.125, 0.125)
    assert expected * (1 - 1e-3) - 1e-9 <= found.span <= expected + step


def gyroid(period: float, steps: float, **more: float):
    return geom3d.design(
        {
            "architecture": "tpms",
            "parameters": {"surface": "gyroid", "period": period, "solid_fraction": 0.5, "height": period, **more},
            "resolution": period / steps,
        }
    )


@pytest.mark.slow
def test_crowns_of_a_gyroid_are_whole_whatever_its_grid():
    """Slivers of a sampled wall, whose directions say nothing, neither cut a patch in pieces nor carry it."""
    coarse, fine = (gyroid(10.0, steps)._measures.undersides for steps in (25, 60))
    for limit in (30, 45, 60):
        one, two = coarse.beyond(limit), fine.beyond(limit)
        assert (one.free, two.free) == (0, 0)
        assert one.area == pytest.approx(two.area, rel=0.03)
        assert one.span == pytest.approx(two.span, rel=0.12)
    assert (coarse.beyond(45).patches, fine.beyond(45).patches) == (4, 4)


@pytest.mark.parametrize(("process", "verdict"), [("fdm", "prints"), ("sls", "prints"), ("ded", "does not print")])
def test_a_gyroid_of_struts_of_8_mm(process, verdict):
    design = gyroid(8000 / 0.424, 25, backing=1000.0)
    report = design.check(process)
    found = {finding.rule: finding for finding in report.findings}
    assert found["feature"].value == pytest.approx(8000, rel=0.05)
    assert report.verdict.partition(":")[0] == verdict
    if process == "fdm":
        assert found["bridge"].value < found["bridge"].limit == load_process("fdm")[1].max_bridge
        assert report.largest_scale == pytest.approx(found["bridge"].limit / found["bridge"].value, rel=1e-3)
        larger = design.check("fdm", 3 * report.largest_scale)
        assert (larger.status, larger.verdict) == ("up to scale", f"prints up to scale {report.largest_scale:.6g}")


def test_rules_that_exclude_each_other_are_both_named():
    """A backing of 1 µm is thick enough from scale 100 on; the crowns are not too wide up to a smaller one."""
    report = gyroid(8000 / 0.424, 25, backing=1.0).check("fdm")
    assert (report.status, report.smallest_scale, report.largest_scale) == ("no", None, None)
    assert report.verdict.startswith("does not print: thinnest part along z needs scale 100 or more, longest bridge ")
    assert report.verdict.endswith(" or less")
    assert report.decisive.rule == "bridge"
    assert report.data["status"] == "no"
