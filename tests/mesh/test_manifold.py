"""Shells with two triangles at every edge: bodies that touch themselves, counted by hand and by another library."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import manifold3d
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geom3d
from geom3d.mesh import manifold
from geom3d.solids.prisms.outline import Plane, rectangle
from geom3d.solids.prisms.prism import PRISMS, Prism, Prisms

SIZE = (8.0, 6.0)
#: Corners of a square on each side of a cube of edge 1, counter-clockwise from outside.
SIDES = {
    (1, 0, 0): [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)],
    (-1, 0, 0): [(0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0)],
    (0, 1, 0): [(0, 1, 0), (0, 1, 1), (1, 1, 1), (1, 1, 0)],
    (0, -1, 0): [(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)],
    (0, 0, 1): [(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
    (0, 0, -1): [(0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 0)],
}


def cubes(cells: set[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The surface of a heap of unit cubes, with a vertex for each point."""
    number: dict[tuple, int] = {}
    faces = []
    for cell in sorted(cells):
        for step, square in SIDES.items():
            if tuple(np.add(cell, step).tolist()) not in cells:
                a, b, c, d = (number.setdefault(tuple(np.add(cell, corner).tolist()), len(number)) for corner in square)
                faces += [(a, b, c), (a, c, d)]
    return np.array(list(number), dtype=float), np.array(faces, dtype=np.int64)


def uses(faces: np.ndarray) -> Counter:
    """How often each edge is used, by direction."""
    return Counter((a, b) for face in faces.tolist() for a, b in zip(face, face[1:] + face[:1], strict=True))


def fans(faces: np.ndarray) -> dict[int, int]:
    """Number of fans around each vertex: rings that the opposite edges of its triangles form."""
    opposite: dict[int, dict[int, int]] = defaultdict(dict)
    for a, b, c in faces.tolist():
        for corner, start, end in ((a, b, c), (b, c, a), (c, a, b)):
            opposite[corner][start] = end
    found = {}
    for corner, steps in opposite.items():
        left, rings = set(steps), 0
        while left:
            rings += 1
            at = start = next(iter(left))
            while True:
                left.discard(at)
                at = steps[at]
                if at == start:
                    break
        found[corner] = rings
    return found


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def assert_manifold(vertices: np.ndarray, faces: np.ndarray) -> manifold3d.Manifold:
    edges = uses(faces)
    assert set(edges.values()) <= {1}
    assert all((b, a) in edges for a, b in edges)
    assert set(fans(faces).values()) <= {1}
    assert np.array_equal(np.unique(faces), np.arange(len(vertices)))
    mesh = manifold3d.Mesh64(vertices, faces.astype(np.uint64))
    solid = manifold3d.Manifold(mesh)
    assert solid.status() == manifold3d.Error.NoError
    assert solid.volume() == pytest.approx(volume(vertices, faces), rel=1e-9)
    return solid


@pytest.mark.parametrize(
    ("cells", "added", "pieces"),
    [
        ({(0, 0, 0)}, 0, 1),
        ({(0, 0, 0), (1, 1, 0)}, 2, 2),  # two cubes on an edge
        ({(0, 0, 0), (1, 1, 1)}, 1, 2),  # on a corner
        ({(0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 1, 1)}, 3, 2),  # two columns, an edge of two pieces
        ({(0, 0, 0), (1, 1, 0), (2, 0, 0)}, 4, 3),
    ],
)
def test_heaps_by_hand(cells, added, pieces):
    vertices, faces = cubes(cells)
    apart, same = manifold.split_nonmanifold(vertices, faces)
    assert len(apart) == len(vertices) + added
    assert np.array_equal(apart[same], vertices[faces])
    assert len(assert_manifold(apart, same).decompose()) == pieces
    assert volume(apart, same) == pytest.approx(len(cells), rel=1e-12)


def test_sheets_that_meet_at_both_ends_of_an_edge_get_a_vertex_on_it():
    """Two columns that touch, between two plates of one body: at each end a single fan holds all four triangles."""
    plates = {(x, y, z) for x in range(2) for y in range(2) for z in (0, 2)}
    vertices, faces = cubes(plates | {(0, 0, 1), (1, 1, 1)})
    assert Counter(uses(faces).values())[2] == 2
    apart, cut = manifold.split_nonmanifold(vertices, faces)
    assert (len(apart), len(cut)) == (len(vertices) + 1, len(faces) + 2)
    assert apart[-1].tolist() == [1, 1, 1.5]
    assert_manifold(apart, cut)
    assert volume(apart, cut) == pytest.approx(10, rel=1e-12)


def test_three_wedges_at_one_edge_are_paired_by_the_solid_between_them():
    """Wedges of 40° around a vertical edge, in mixed order of their triangles."""
    rng = np.random.default_rng(3)
    vertices, faces = [(0.0, 0.0, 0.0), (0.0, 0.0, 1.0)], []
    for start in np.radians([10, 130, 250]):
        a, b = ((math.cos(t), math.sin(t), 0.0) for t in (start, start + math.radians(40)))
        n = len(vertices)
        vertices += [a, b]
        faces += [(0, n, 1), (0, 1, n + 1), (n, n + 1, 1), (0, n + 1, n)]
    vertices, faces = np.array(vertices), rng.permutation(np.array(faces))
    apart, same = manifold.split_nonmanifold(vertices, faces)
    assert len(apart) == len(vertices) + 4
    pieces = assert_manifold(apart, same).decompose()
    assert [piece.volume() for piece in pieces] == pytest.approx([math.sin(math.radians(40)) / 6] * 3, rel=1e-9)


@given(filled=st.lists(st.booleans(), min_size=36, max_size=36))
def test_any_heap_of_cubes(filled):
    """Cubes at random touch in every way there is: at edges, at corners, in chains and rings."""
    cells = {(k % 4, k // 4 % 3, k // 12) for k, full in enumerate(filled) if full}
    if not cells:
        return
    vertices, faces = cubes(cells)
    before = vertices.copy(), faces.copy()
    apart, cut = manifold.split_nonmanifold(vertices, faces)
    assert_manifold(apart, cut)
    assert volume(apart, cut) == pytest.approx(len(cells), rel=1e-12)
    assert np.array_equal(vertices, before[0])
    assert np.array_equal(faces, before[1])


def test_open_and_turned_surfaces_are_refused():
    vertices, faces = cubes({(0, 0, 0)})
    turned = faces.copy()
    turned[3] = turned[3, ::-1]
    for broken in (faces[1:], turned):
        with pytest.raises(ValueError, match="closed and oriented"):
            manifold.split_nonmanifold(vertices, broken)


def test_a_surface_of_nothing_is_nothing():
    vertices, faces = manifold.split_nonmanifold(np.zeros((4, 3)), np.zeros((0, 3), dtype=np.int64))
    assert (vertices.shape, faces.shape) == ((0, 3), (0, 3))


def walls_of(*rectangles: tuple[float, ...], high: float = 2.0):
    blocks = Prisms(tuple(Prism(rectangle(*r), -math.inf, high) for r in rectangles), SIZE)
    ground = Prisms((Prism(Plane(), -math.inf, 1.0),), SIZE)
    return PRISMS.partition(("blocks", "ground"), (blocks, ground), (*SIZE, 4.0)).check()


def test_blocks_that_touch_along_an_edge():
    walls = walls_of((1, 1, 3, 3), (3, 3, 5, 5))
    assert walls.edge_uses(walls.shell([0])[0]).max() == 4
    vertices, faces = manifold.region(walls, 0)
    assert len(assert_manifold(vertices, faces).decompose()) == 2
    assert volume(vertices, faces) == pytest.approx(16, rel=1e-12)


def test_blocks_that_touch_only_where_tiles_meet():
    """Two opposite corners of the period: alone they are apart, in the array they touch along an edge."""
    walls = walls_of((0, 0, 2, 2), (6, 4, 8, 6))
    assert walls.edge_uses(walls.shell([0])[0]).max() == 2
    for repeat, pieces in (((1, 1), 2), ((2, 1), 4), ((2, 2), 8), ((5, 3), 30)):
        vertices, faces = manifold.fused(walls, [0], repeat)
        assert len(assert_manifold(vertices, faces).decompose()) == pieces
        assert volume(vertices, faces) == pytest.approx(16 * math.prod(repeat), rel=1e-12)


@pytest.mark.parametrize("repeat", [(1, 1), (3, 1), (1, 2), pytest.param((3, 2), marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "overrides"),
    [("pillars-coated", {}), ("trenches-notten-2007", {}), ("sponge-gyroid-lto", {"resolution": 0.45})],
)
def test_arrays_are_one_body_with_vertices_of_their_own(name, overrides, repeat):
    walls = geom3d.load(name, overrides).walls()
    for label in range(len(walls.names)):
        vertices, faces = manifold.fused(walls, [label], repeat)
        assert len(faces) == manifold.count(walls, [label], repeat)
        assert len(np.unique(vertices, axis=0)) == len(vertices)  # merged wherever tiles share a point
        assert volume(vertices, faces) == pytest.approx(math.prod(repeat) * walls.volumes[label], rel=1e-9)
        edges = uses(faces)
        assert set(edges.values()) == {1}
        assert all((b, a) in edges for a, b in edges)
        extent = np.ptp(vertices, axis=0)[:2]
        assert extent == pytest.approx(np.multiply(repeat, walls.size[:2]), rel=1e-12)
