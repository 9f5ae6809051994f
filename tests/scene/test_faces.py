"""Faces of cuts: every one can be filled with triangles, and they have the section's area."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely

import geom3d
from geom3d.mesh.sections import IN_PLANE, section
from geom3d.scene.bodies import cut_faces
from geom3d.scene.faces import GRID, Face, face, trapezoids

FILMS = (("anode", "silicon"), ("electrolyte", "lipon"), ("cathode", "licoo2"))


def filled(opened: Face, label: int) -> float:
    """Area of the triangles of a region, by their vertices in space, all turned alike."""
    vertices, triangles = opened.triangles(label)
    flat = vertices[:, IN_PLANE[opened.normal]]
    one, two = (flat[triangles[:, k]] - flat[triangles[:, 0]] for k in (1, 2))
    doubled = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    assert (doubled <= 1e-12).all() or (doubled >= -1e-12).all()
    return float(np.abs(doubled).sum() / 2)


def areas_up_to(walls, place, normal, end):
    """Area of every region in a plane of one cell, from the border to a place in the plane, by Green's theorem: no polygons."""
    found = section(walls, place, normal)
    (u0, v0), (u1, v1) = (found.points[found.ends[:, k]].T for k in range(2))
    # Divided where the end is crossed; beyond, the segment counts as if it ran along the end.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where((u0 < end) != (u1 < end), (end - u0) / (u1 - u0), 1.0)
    middle = np.minimum(u0 + share * (u1 - u0), end)
    first = (np.minimum(u0, end) + middle) / 2 * share * (v1 - v0)
    second = (middle + np.minimum(u1, end)) / 2 * (1 - share) * (v1 - v0)
    signed = first + second
    count = len(walls.names)
    mine, yours = (np.bincount(s[s >= 0], signed[s >= 0], count + 1) for s in (found.left, found.right))
    return np.abs((mine - yours)[:count])


def check_cuts(design: geom3d.Design) -> int:
    """Every cut of a design has the section's area, and is made of sound polygons; how many faces there were."""
    walls, cell, count = design.walls(), design.cell(), 0
    for cells in ((1, 1), (2, 2), (3, 3)):
        place = cell.middle(cells)
        for opened in cut_faces(walls, cells, place):
            axis = "xy".index(opened.normal)
            period, along = walls.size[axis], walls.size[1 - axis]
            whole, rest = divmod(place[1 - axis], along)
            where = opened.place % period
            expected = whole * areas_up_to(walls, where, opened.normal, np.inf)
            expected += areas_up_to(walls, where, opened.normal, rest)
            for label, area in enumerate(expected):
                length = shapely.length(opened.shapes[label]) if label in opened.shapes else 0.0
                assert filled(opened, label) == pytest.approx(area, rel=1e-9, abs=GRID * (length + 1)), (cells, label)
            assert all(shape.is_valid for shape in opened.shapes.values())
            count += 1
    for normal, share in itertools.product("xy", (0.0, 0.25, 1 / 3, 0.5)):
        where = share * walls.size["xy".index(normal)]
        opened, expected = face(walls, where, normal, 2), 2 * section(walls, where, normal).areas
        for label, shape in opened.shapes.items():
            assert filled(opened, label) == pytest.approx(expected[label], rel=1e-9, abs=GRID * shapely.length(shape))
            assert shape.is_valid
        count += 1
    return count


@pytest.mark.parametrize("name", ["comb-sun-2013", "microtubes-eustache-2014", "trenches-notten-2007"])
def test_cuts_of_prisms_have_the_sections_area(name):
    assert check_cuts(geom3d.load(name)) > 8


def sponge(surface: str, period: float, heights: float, films: tuple[float, ...], fine: float = 10) -> geom3d.Design:
    layers = [
        {"name": role, "role": role, "material": material, "thickness": share * period}
        for (role, material), share in zip(FILMS, films, strict=False)
    ]
    parameters = {"surface": surface, "period": period, "height": heights * period}
    return geom3d.design(
        {"architecture": "tpms", "resolution": period / fine, "parameters": parameters, "layers": layers}
    )


def test_cuts_of_a_sponge_have_the_sections_area():
    """Its cut goes through the level top of the web where films begin: holes touch the border there."""
    assert check_cuts(sponge("gyroid", 6, 2, (0.03, 0.05))) > 8


SURFACES = ("gyroid", "schwarz_p", "diamond")
SIZES = ((5.0, 2.0), (6.0, 1.5), (7.3, 2.0))
#: One, two or three of them. Every surface meets all of them, each at a size of its own.
STACKS = ((0.02,), (0.03, 0.06), (0.025, 0.05, 0.07))
SPONGES = [
    (surface, *size, STACKS[(k + n) % len(STACKS)])
    for n, surface in enumerate(SURFACES)
    for k, size in enumerate(SIZES)
]


@pytest.mark.slow
@pytest.mark.parametrize(("surface", "period", "heights", "films"), SPONGES)
def test_no_cut_of_a_sponge_fails(surface, period, heights, films):
    check_cuts(sponge(surface, period, heights, films, fine=12 if surface == "diamond" else 10))


@pytest.mark.slow
def test_the_cut_that_ended_a_comparison():
    """Its cut goes through holes that touch the border: GEOS gave up one polygon, and came to no end in the sound one.

    It was five periods high; the holes are those of each.
    """
    films = {"anode_collector": 0.05, "anode": 0.1, "electrolyte": 0.3, "cathode": 0.4, "cathode_collector": 0.05}
    layers = [
        {"name": role, "role": role, "material": material, "thickness": thickness}
        for (role, thickness), material in zip(
            films.items(), ("titanium-nitride", "silicon", "lipon", "licoo2", "platinum"), strict=True
        )
    ]
    parameters = {"surface": "gyroid", "period": 6, "height": 6}
    design = geom3d.design({"architecture": "tpms", "parameters": parameters, "layers": layers})
    assert check_cuts(design) > 8


def test_a_hole_that_touches_the_border_of_a_cut_leaves_polygons():
    """The rectangle ends where a hole's corner is; clip_by_rect makes a ring of it that touches itself."""
    diamond = shapely.Polygon(
        [(0, 0), (6, 0), (6, 6), (0, 6)],
        [[(3, 2), (2, 3), (3, 4), (4, 3)], [(4.5, 2), (5, 1.5), (4.5, 1), (4, 1.5)]],
    )
    opened = Face("y", 0.0, {0: shapely.multipolygons([diamond])})
    kept = opened.clipped((0.0, 0.0), (4.0, 6.0))
    assert kept.shapes[0].is_valid
    assert filled(kept, 0) == pytest.approx(24 - 2)


RING = [(0, 0), (4, 0), (4, 3), (2, 3), (3, 2), (1, 2), (2, 3), (0, 3)]


def test_a_ring_that_touches_itself_is_filled():
    """A ring that touches itself, as the one that ended a comparison once."""
    star = shapely.Polygon(RING)
    assert not star.is_valid
    opened = Face("x", 1.0, {3: shapely.multipolygons([star])})
    assert filled(opened, 3) == pytest.approx(12 - 1)


@pytest.mark.parametrize("turn", [0, 30, 90])
def test_trapezoids_fill_polygons_with_holes(turn):
    shape = shapely.union_all(
        [
            shapely.box(0, 0, 5, 5).difference(shapely.Point(2, 2).buffer(1.5)).difference(shapely.box(4, 1, 4.5, 4)),
            shapely.Point(2, 2).buffer(0.7),
            shapely.box(7, 1, 8, 9),
        ]
    )
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = shapely.transform(shape, lambda p: p @ rotation.T)
    triangles = shapely.polygons(trapezoids(turned))
    assert shapely.area(triangles).sum() == pytest.approx(turned.area, rel=1e-12)
    assert shapely.union_all(triangles, grid_size=1e-9).symmetric_difference(turned).area < 1e-6
