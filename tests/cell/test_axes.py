"""Pictures are cut through the middle of a post, hole, trench or line: its width in the section is its own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

import geom3d
from geom3d import architectures
from geom3d.scene.faces import face

#: Architecture, parameters, which region fills the post or hole (None for the void), its width in the section normal to y, and in
#: that normal to x; infinite where it runs through the period.
CASES = [
    *(
        (name, {"lattice": lattice, "pitch": 10.0, **own}, region, width, width)
        for lattice in ("square", "hexagonal")
        for name, own, region, width in (
            ("pillars", {"diameter": 4.0, "height": 6.0}, "scaffold", 4.0),
            ("pores", {"diameter": 7.0, "depth": 6.0}, None, 7.0),
            ("tubes", {"outer_diameter": 7.0, "inner_diameter": 3.0, "height": 6.0}, None, 3.0),
        )
    ),
    *(
        (
            "interdigitated_pillars",
            {"pattern": pattern, "mounting": mounting, "pitch": 15.0, "anode_diameter": 10.0, "cathode_diameter": 8.0},
            "anode",
            10.0,
            10.0,
        )
        for pattern in ("checkerboard", "alternating_rows", "hexagonal")
        for mounting in ("opposed", "substrate")
    ),
    # A hexagon stands on a corner: across y it measures between flats, along y between corners.
    ("honeycomb", {"pitch": 10.0, "wall": 2.0, "depth": 6.0}, None, 8.0, 16.0 / math.sqrt(3)),
    ("trenches", {"pitch": 8.0, "width": 5.0, "depth": 6.0}, None, 5.0, math.inf),
    ("grid", {"pattern": "square", "pitch": 20.0, "width": 6.0}, None, 14.0, 14.0),
    ("grid", {"pattern": "lines", "pitch": 20.0, "width": 6.0}, "line", 6.0, math.inf),
    ("grid", {"pattern": "hexagonal", "pitch": 20.0, "width": 6.0}, None, 14.0, 28.0 / math.sqrt(3)),
    ("interdigitated_plates", {"anode_width": 30.0, "cathode_width": 20.0, "gap": 5.0}, "anode", 30.0, math.inf),
    (
        "interdigitated_plates",
        {
            "anode_width": 30.0,
            "cathode_width": 20.0,
            "gap": 5.0,
            "fingers": 2,
            "finger_length": 100.0,
            "bus_width": 10.0,
        },
        "cathode",
        20.0,
        100.0 + 10.0,
    ),
]
#: A flat cell, and sponges that have no regular pores.
WITHOUT = {"fibres", "formula", "image", "planar", "spheres", "spinodal", "surface", "tpms"}


def made(architecture, parameters):
    template = {"architecture": architecture, "parameters": parameters}
    if architecture == "grid":
        template["layers"] = [{"name": "line", "role": "anode", "material": "lto", "thickness": 2.0}]
    return geom3d.design(template)


def crossed(found, label, place, height):
    """The line that a section shows of a region, or of the void, at a height around a place."""
    line = shapely.LineString([(0.0, height), (found.bounds[2], height)])
    solid = shapely.union_all([shapely.intersection(line, shape) for shape in found.shapes.values()])
    shown = line.difference(solid.buffer(1e-6)) if label is None else line.intersection(found.shapes[label])
    shown = shapely.line_merge(shown)
    [part] = [p for p in shapely.get_parts(shown) if p.distance(shapely.Point(place, height)) < 1e-6]
    return part


@pytest.mark.parametrize(
    ("architecture", "parameters", "region", "across", "along"),
    CASES,
    ids=[f"{name}-{'-'.join(str(v) for v in p.values() if isinstance(v, str))}" for name, p, *_ in CASES],
)
@pytest.mark.parametrize("repeat", [(1, 1), (2, 3)])
def test_a_section_shows_posts_and_holes_as_wide_as_they_are(architecture, parameters, region, across, along, repeat):
    design = made(architecture, parameters)
    cell, walls = design.cell(), design.walls()
    facts, place = cell.facts, cell.middle(repeat)
    height = (facts.base_z + facts.top) / 2 + (1.0 if architecture == "grid" else 0.0)
    if repeat != (1, 1) and region == "cathode":
        region, across = "anode", 30.0  # in even numbers of devices another finger is nearest the array's middle
    label = None if region is None else cell.names.index(region)
    for axis, normal, width in ((1, "y", across), (0, "x", along)):
        other = 1 - axis
        within = place[axis] - repeat[axis] // 2 * cell.size[axis]
        # Three periods, so that what crosses a border is whole.
        found = face(walls, within, normal, 3)
        here = cell.size[other] + place[other] - repeat[other] // 2 * cell.size[other]
        part = crossed(found, label, here, height)
        low, _, high, _ = part.bounds
        if math.isinf(width):
            assert high - low == pytest.approx(3 * cell.size[other], rel=1e-6)
        else:
            assert high - low == pytest.approx(width, rel=3e-3)
            if (architecture, normal) != ("interdigitated_plates", "x"):  # a finger of a comb goes on as its bus bar
                assert (low + high) / 2 == pytest.approx(here, abs=2e-3 * width)


def test_every_architecture_has_its_sites():
    assert {name for name, *_ in CASES} | {"inverse_opal", "layout", "struts"} | WITHOUT == set(architectures.names())


def test_an_opal_is_cut_through_its_lowest_pores():
    cell = geom3d.design({"architecture": "inverse_opal", "parameters": {"diameter": 1.0, "height": 1.5}}).cell()
    x, y = cell.middle()
    line = np.linspace(x - 0.499, x + 0.499, 21)
    # The first layer touches the floor but for the overlap: half a spacing above it lie the pores' centres.
    z = np.full_like(line, cell.facts.base_z + cell.size[0] / 2)
    inside = cell.locate(np.column_stack([line, np.full_like(line, y), z]))
    assert (inside == len(cell.names)).all()


@pytest.mark.parametrize(
    ("architecture", "parameters"), [(name, parameters) for name, parameters, *_ in CASES], ids=str
)
def test_sites_move_with_the_lattice(architecture, parameters):
    cell = made(architecture, parameters).cell()
    moved = cell.moved(3.7, -2.9)
    assert len(moved.facts.sites) == len(cell.facts.sites) >= max(1, cell.facts.posts)
    z = (cell.facts.base_z + cell.facts.top) / 2 + (1.0 if architecture == "grid" else 0.0)
    one, two = (c.locate(np.array([[x, y, z] for x, y in c.facts.sites])) for c in (cell, moved))
    assert (one == two).all()
    assert all(0 <= x < cell.size[0] and 0 <= y < cell.size[1] for x, y in moved.facts.sites)


def test_a_flat_cell_is_cut_in_its_middle():
    cell = geom3d.design({"architecture": "planar"}).cell()
    assert cell.middle((3, 2)) == (15.0, 15.0)
