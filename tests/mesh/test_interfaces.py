"""The hub: interfaces, seams, shells, tiling, and that its checks find what they are for."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import geom3d
from geom3d.core.errors import GeometryError
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.solids.prisms.floorplan import floor_plan
from geom3d.solids.prisms.outline import Difference, Disc, Plane, Polygon, Strip, hexagon, rectangle, repeated
from geom3d.solids.prisms.prism import PRISMS, Prism, Prisms

SIZE = (8.0, 6.0)


def block(shape, low=-math.inf, high=math.inf, size=SIZE):
    return Prisms((Prism(shape, low, high),), size)


def partition(*solids, height=4.0, size=SIZE):
    names = tuple(f"r{k}" for k in range(len(solids)))
    return PRISMS.partition(names, solids, (*size, height)).check()


@pytest.fixture
def walls():
    return geom3d.load("pillars-coated").walls()


def test_two_blocks_by_hand():
    walls = partition(block(rectangle(1, 1, 4, 3), high=2.0), block(Plane(), high=1.0))
    assert walls.volumes == pytest.approx([12.0, 8 * 6 - 6, 8 * 6 * 4 - 12 - 42])
    assert walls.interfaces() == pytest.approx({(0, 1): 10.0 * 1, (0, 2): 6 + 10.0 * 1, (1, 2): 8 * 6 - 6.0})
    assert walls.area_between([0], [1, 2]) == pytest.approx(26.0)


def test_an_interface_on_the_seam_of_the_period_counts_once():
    """One strip ends exactly where the period does: that wall has no triangle inside the box."""
    seam = partition(block(Strip(2.0, 4.0)), block(Plane()))
    inside = partition(block(Strip(3.0, 4.0)), block(Plane()))
    assert seam.interfaces() == pytest.approx(inside.interfaces())
    assert inside.interfaces() == pytest.approx({(0, 1): 2 * 6 * 4})


def test_a_disc_over_a_corner_is_the_disc_in_the_middle():
    corner = partition(block(Disc(0.0, 0.0, 2.0)), block(Plane()))
    middle = partition(block(Disc(4.0, 3.0, 2.0)), block(Plane()))
    assert corner.volumes == pytest.approx(middle.volumes, rel=1e-9)
    assert corner.interfaces()[0, 1] == pytest.approx(middle.interfaces()[0, 1], rel=1e-9)
    assert middle.volumes[0] == pytest.approx(math.pi * 4 * 4, rel=1e-9)  # a polygon of equal area


def test_overlapping_discs_by_monte_carlo():
    discs = Prisms(
        tuple(Prism(Disc(x, y, 1.5), -math.inf, math.inf) for x, y in ((1, 1), (2.5, 1.2), (7.6, 5.5))), SIZE
    )
    walls = partition(discs, block(Plane()))
    points = np.random.default_rng(7).uniform(0, 1, (400_000, 3)) * [*SIZE, 4.0]
    assert walls.volumes[0] / np.prod(walls.size) == pytest.approx(discs.contains(points).mean(), abs=3e-3)


def test_area_vectors_of_a_shell_cancel(walls):
    for label in range(len(walls.names) + 1):
        faces, index = walls.shell([label])
        sign = np.where(walls.back_region[index] == label, 1.0, -1.0)
        assert np.abs((walls.area_vectors[index] * sign[:, None]).sum(axis=0)).max() < 1e-9
        assert len(faces) == len(index)


def test_shells_of_all_regions_use_every_triangle_twice_or_face_the_outside(walls):
    uses = np.zeros(len(walls.triangles), dtype=int)
    for label in range(len(walls.names) + 1):
        uses[walls.shell([label])[1]] += 1
    assert np.array_equal(uses, np.where(walls.front_region == OUTSIDE, 1, 2))


def test_tiles_add_up(walls):
    """A tiled body has as many triangles as its copies less the seams that cancel."""
    labels = [0]
    one = len(walls.shell(labels)[0])
    index = walls.shell(labels)[1]
    periodic_image = walls.periodic_image[index]
    seam = (periodic_image >= 0) & (walls.back_region[index] == 0) & (walls.back_region[periodic_image] == 0)
    normal = np.abs(walls.area_vectors[index])
    in_x = int((seam & (normal[:, 0] > normal[:, 1])).sum())
    in_y = int((seam & (normal[:, 0] < normal[:, 1])).sum())
    assert in_x > 0
    assert in_y > 0
    for nx, ny in ((1, 1), (2, 1), (3, 2), (4, 4)):
        count = sum(len(faces) * len(run) for _, run, faces, _ in walls.tiles(labels, (nx, ny)))
        assert count == nx * ny * one - (nx - 1) * ny * in_x - nx * (ny - 1) * in_y


def break_triangle(walls):
    return replace(
        walls,
        triangles=np.delete(walls.triangles, 100, axis=0),
        back_region=np.delete(walls.back_region, 100),
        front_region=np.delete(walls.front_region, 100),
        periodic_image=np.full(len(walls.periodic_image) - 1, -1),
    )


def move_vertex(walls):
    vertices = walls.vertices.copy()
    inner = walls.triangles[np.flatnonzero(walls.front_region != OUTSIDE)[0], 0]
    vertices[inner] += [0, 0, 0.01]
    return replace(walls, vertices=vertices)


def flip_triangle(walls):
    triangles = walls.triangles.copy()
    triangles[50] = triangles[50, ::-1]
    return replace(walls, triangles=triangles)


def swap_labels(walls):
    back_region = walls.back_region.copy()
    back_region[back_region == 0] = 1
    return replace(walls, back_region=back_region)


def cross_twins(walls):
    periodic_image = walls.periodic_image.copy()
    side = np.flatnonzero(periodic_image >= 0)
    periodic_image[side[:2]] = periodic_image[side[1::-1]]
    return replace(walls, periodic_image=periodic_image)


@pytest.mark.parametrize("damage", [break_triangle, move_vertex, flip_triangle, swap_labels, cross_twins])
def test_check_finds_damage(walls, damage):
    with pytest.raises(GeometryError) as caught:
        damage(walls).check()
    assert caught.value.walls is not None


def test_floor_plan_fills_its_period():
    shapes = [
        Disc(1.0, 1.0, 1.2),
        Disc(1.0, 1.0, 0.7),
        hexagon(5.0, 3.0, 2.5),
        Difference(Disc(4, 0, 2), (Disc(4, 0, 1),)),
    ]
    plan = floor_plan(shapes, SIZE, None)
    assert plan.areas.sum() == pytest.approx(48.0, rel=1e-12)
    assert plan.areas[plan.masks[shapes[2]]].sum() == pytest.approx(math.sqrt(3) / 2 * 2.5**2, rel=1e-9)
    ring = plan.masks[shapes[3]]
    only_ring = plan.areas[ring].sum()
    assert only_ring == pytest.approx(math.pi * 3, rel=1e-6)


def test_border_vertices_pair_up_exactly():
    plan = floor_plan([Disc(0.1, 0.2, 1.7), Disc(7.3, 5.9, 0.9)], SIZE, None)
    for axis in (0, 1):
        low = np.sort(plan.points[plan.points[:, axis] == 0, 1 - axis])
        high = np.sort(plan.points[plan.points[:, axis] == plan.size[axis], 1 - axis])
        assert np.array_equal(low, high)


def test_polygon_growth_is_rounded_and_shrinkage_sharp():
    """Steiner: a convex polygon grown by t has A + P t + π t²; shrunk, a square stays a square."""
    square = rectangle(2, 2, 4, 4)
    grown, shrunk = square.offset(0.5), square.offset(-0.5)
    assert isinstance(grown, Polygon)
    assert isinstance(shrunk, Polygon)
    assert grown.exact(400).area == pytest.approx(4 + 8 * 0.5 + math.pi * 0.25, rel=1e-4)
    assert shrunk.exact(8).area == pytest.approx(1.0, rel=1e-12)
    assert square.offset(-1.5).primitives() is not None
    assert not square.offset(-1.5).contains(np.array([[3.0, 3.0]]), SIZE).any()


def test_copies_of_a_plate_with_holes_keep_their_holes():
    sieve = Difference(Plane(), (Disc(1, 1, 0.5),))
    (plate,) = repeated(sieve, [(0, 0), (2, 0)])
    at = np.array([[1.0, 1.0], [3.0, 1.0], [2.0, 1.0]])
    assert plate.contains(at, (4.0, 2.0)).tolist() == [False, False, True]


def test_walls_are_not_cut_where_nothing_meets_them():
    """The bottom of a wafer is two triangles, whatever stands on it; a post's side is one ring of quads per film."""
    design = geom3d.load("pillars-coated", {"parameters.lattice": "square"})
    walls = design.walls()
    scaffold = walls.names.index("scaffold")
    bottom = (walls.front_region == OUTSIDE) & (walls.area_vectors[:, 2] < 0)
    assert np.count_nonzero(bottom) == 2
    side = walls.between([scaffold], [walls.names.index("barrier")]) & walls.upright
    assert np.count_nonzero(side) == 2 * 72


def test_edges_of_a_shell_with_holes_are_counted_by_region():
    """Against a count of every edge in plain Python, of a mesh that has lost some triangles and has others twice."""
    walls = geom3d.load("trenches-notten-2007").walls()
    rng = np.random.default_rng(3)
    index = np.sort(rng.choice(len(walls.triangles), len(walls.triangles) - 5))
    torn = replace(
        walls,
        triangles=walls.triangles[index],
        back_region=walls.back_region[index],
        front_region=walls.front_region[index],
        periodic_image=np.full(len(index), -1),
        pieces=lambda: walls.components,
    )
    counts = []
    for label in range(len(walls.names) + 1):
        net = Counter()
        for triangle in torn.shell([label])[0].tolist():
            for a, b in zip(triangle, [*triangle[1:], triangle[0]], strict=True):
                net[min(a, b), max(a, b)] += 1 if a < b else -1
        counts.append(sum(1 for uses in net.values() if uses))
    assert sum(counts) > 20
    assert torn._open_edges().tolist() == counts
    assert not walls._open_edges().any()
