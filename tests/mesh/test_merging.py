"""Flat tetrahedra are taken out of volume meshes, and nothing else changes but by a little."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from kinds import coarse
from rows import numbered
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geom3d.mesh.merging import merged
from geom3d.mesh.volume import SIDES, volume_mesh

pytestmark = pytest.mark.slow  # what merges is compiled in a quarter of a minute
#: A sheet with films on both sides, and bars with edges, whose grid has nodes on its edges; before, 1e-5 was the least in both.
SPONGES = ["sponge-schwarz-p-sheet", "scaffold-crossing-bars"]


@pytest.fixture(scope="module", params=SPONGES)
def meshes(request):
    walls = coarse(request.param).walls()
    return walls, volume_mesh(walls, void=True, keep_walls=True), volume_mesh(walls, void=True)


def mean_ratios(mesh):
    """By another formula than the mesh's own: the singular values of what makes a regular tetrahedron into each."""
    regular = np.array([(1, 0, 0), (0.5, np.sqrt(3) / 2, 0), (0.5, np.sqrt(3) / 6, np.sqrt(2 / 3))]).T
    corners = mesh.points[mesh.tetrahedra]
    stretch = np.linalg.svd((corners[:, 1:] - corners[:, :1]).swapaxes(1, 2) @ np.linalg.inv(regular), compute_uv=False)
    return 3 * np.cbrt(stretch.prod(axis=1)) ** 2 / (stretch**2).sum(axis=1)


def first_period(mesh):
    """For each point the same one in the first period."""
    home = np.arange(len(mesh.points))
    for pairs in mesh.periodic:
        home[pairs[:, 1]] = home[pairs[:, 0]]
    return home


def pieces(mesh):
    """In how many pieces each region is, corners through the period the same."""
    home = first_period(mesh)
    found = []
    for label in range(len(mesh.names) + 1):
        own = np.unique(home[mesh.tetrahedra[mesh.labels == label]], return_inverse=True)[1].reshape(-1, 4)
        ends = np.concatenate([own[:, [0, k]] for k in (1, 2, 3)])
        shape = (own.max(initial=-1) + 1,) * 2
        links = coo_array((np.ones(len(ends)), ends.T), shape=shape)
        found.append(connected_components(links, directed=False)[0] if len(own) else 0)
    return found


def euler(mesh):
    """Euler's number of each region, its faces on the box's sides counted once through the period: how its walls close."""
    home = first_period(mesh)
    found = []
    for label in range(len(mesh.names) + 1):
        own = home[mesh.tetrahedra[mesh.labels == label]]
        count = [len(np.unique(own)), -len(own)]
        for corners, sign in (((0, 1), -1), ((0, 1, 2), 1)):
            several = [own[:, list(c)] for c in itertools.combinations(range(4), len(corners))]
            count.append(sign * (numbered(np.sort(np.concatenate(several), axis=1)).max(initial=-1) + 1))
        found.append(sum(count))
    return found


def test_what_is_flat_is_gone(meshes):
    """Before some have a mean ratio of 1e-5; after none is below 1e-3."""
    _, before, after = meshes
    assert mean_ratios(before).min() < 1e-4
    assert mean_ratios(after).min() > 1e-3
    assert (mean_ratios(after) < 0.02).sum() < (mean_ratios(before) < 0.02).sum() / 2
    assert after.quality()["mean_ratio"]["min"] == pytest.approx(mean_ratios(after).min(), rel=1e-6)


def test_regions_and_walls_are_as_large_as_before(meshes):
    """Within less than the grid's own error; what is flat between regions stays as it is."""
    walls, _, after = meshes
    assert np.allclose(after.region_volumes(), walls.volumes, rtol=5e-4, atol=1e-9 * np.prod(walls.size))
    areas, expected = after.interface_areas(), walls.interfaces()
    assert areas.keys() == expected.keys()
    for pair, area in expected.items():
        assert areas[pair] == pytest.approx(area, rel=5e-3), pair
    for side, name in enumerate(SIDES):
        edges = np.delete(walls.size, side // 2)
        assert after.areas[after.side == side].sum() == pytest.approx(edges.prod(), rel=1e-9), name


def test_regions_hang_together_as_before(meshes):
    _, before, after = meshes
    assert pieces(after) == pieces(before)
    assert euler(after) == euler(before)


def test_the_mesh_has_no_gaps(meshes):
    """Every face twice or on the box, opposite sides alike, all of the box filled."""
    walls, _, after = meshes
    every = np.sort(np.concatenate([np.delete(after.tetrahedra, k, axis=1) for k in range(4)]), axis=1)
    number = numbered(every)
    uses = np.bincount(number)[number]
    assert uses.max() == 2
    rim = after.points[every[uses == 1]]
    assert ((rim == 0) | (rim == np.asarray(walls.size))).all(axis=1).any(axis=1).all()
    assert after.volumes.min() > 0
    assert after.volumes.sum() == pytest.approx(np.prod(walls.size), rel=1e-12)
    for axis, pairs in enumerate(after.periodic):
        low, high = after.points[pairs[:, 0]], after.points[pairs[:, 1]]
        assert np.array_equal(np.delete(low, axis, axis=1), np.delete(high, axis, axis=1))
        assert len(pairs) == (after.points[:, axis] == 0).sum()


def test_corners_stay_where_they_are_or_go(meshes):
    _, before, after = meshes
    old, new = ({tuple(point) for point in mesh.points.tolist()} for mesh in (before, after))
    assert new < old


def block(n, seed=0):
    """A periodic box of n³ bricks of six tetrahedra each, whose inner corners are moved at random, in two regions."""
    rng = np.random.default_rng(seed)
    at = np.arange(n + 1)
    points = np.stack(np.meshgrid(at, at, at, indexing="ij"), -1).reshape(-1, 3).astype(float)
    number = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
    cells = []
    for order in itertools.permutations(range(3)):
        path = np.zeros((4, 3), dtype=int)
        for k, axis in enumerate(order):
            path[k + 1 :, axis] += 1
        corners = np.column_stack([number[x : n + x, y : n + y, z : n + z].ravel() for x, y, z in path])
        cells.append(corners if np.linalg.det(np.diff(path, axis=0)) > 0 else corners[:, [0, 1, 3, 2]])
    tetrahedra = np.concatenate(cells)
    labels = (points[tetrahedra][:, :, 2].mean(axis=1) > n / 2).astype(int)
    inner = ((points > 0) & (points < n) & (points[:, 2:] != n / 2)).all(axis=1)
    points[inner] += rng.uniform(-0.15, 0.15, (inner.sum(), 3)) * bool(seed)
    periodic = []
    for axis in (0, 1):
        low, high = np.flatnonzero(points[:, axis] == 0), np.flatnonzero(points[:, axis] == n)
        periodic.append(np.column_stack([low, high]))
    return points, tetrahedra, labels, (float(n),) * 3, tuple(periodic)


def six_volumes(points, tetrahedra):
    a, b, c, d = (points[tetrahedra[:, k]] for k in range(4))
    return np.linalg.det(np.stack([b - a, c - a, d - a], axis=1))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(1, 10**6))
def test_a_needle_in_a_block_goes_and_the_block_stays_full(seed):
    """A corner is drawn nearly all the way to a neighbour: what is between becomes needles, and goes."""
    points, tetrahedra, labels, size, periodic = block(4, seed)
    rng = np.random.default_rng(seed)
    inner = np.flatnonzero(((points > 0) & (points < size[0]) & (points[:, 2:] != size[2] / 2)).all(axis=1))
    u = rng.choice(inner)
    neighbours = np.setdiff1d(tetrahedra[(tetrahedra == u).any(axis=1)], [u])
    points[u] += (1 - 1e-5) * (points[rng.choice(neighbours)] - points[u])
    before = six_volumes(points, tetrahedra)
    assume(before.min() > 0)
    assert before.min() < 1e-3
    found, cells, own = merged(points, tetrahedra, labels, size, periodic, None)
    after = six_volumes(found, cells)
    assert after.min() > 1e-3
    assert after.sum() == pytest.approx(6 * np.prod(size), rel=1e-12)
    assert np.bincount(own, after) == pytest.approx(np.bincount(labels, before), rel=1e-9)


def test_two_sides_of_a_thin_film_stay_apart():
    """A film of 1e-4 of a step across the block: all its tetrahedra are flat, and none may go."""
    points, tetrahedra, _, size, periodic = block(4)
    level = points[tetrahedra][:, :, 2]
    labels = np.where(level.max(axis=1) <= 2, 0, np.where(level.min(axis=1) >= 3, 2, 1))
    points[points[:, 2] == 3, 2] = 2 + 1e-4
    found, cells, own = merged(points, tetrahedra, labels, size, periodic, None)
    volumes = np.bincount(own, six_volumes(found, cells)) / 6
    assert volumes == pytest.approx([32, 16e-4, 32 - 16e-4], rel=1e-9)


def test_a_neck_is_not_cut():
    """A rod of one region, 1e-4 of a step wide amid its length, stays one piece."""
    points, tetrahedra, _, size, periodic = block(4)
    inside = (np.abs(points[tetrahedra][:, :, :2].mean(axis=1) - 1.5) < 0.5).all(axis=1)
    waist = (points[:, 2] == 2) & ((points[:, :2] == 1) | (points[:, :2] == 2)).all(axis=1)
    points[waist, :2] = 1.5 + 1e-4 * (points[waist, :2] - 1.5)
    assert six_volumes(points, tetrahedra).min() > 0
    found, cells, own = merged(points, tetrahedra, inside.astype(int), size, periodic, None)
    rod = cells[own == 1]
    ends = np.concatenate([rod[:, [0, k]] for k in (1, 2, 3)])
    links = coo_array((np.ones(len(ends)), ends.T), shape=(len(found),) * 2)
    part = connected_components(links, directed=False)[1]
    foot, head = (part[rod[found[rod][:, :, 2] == z]] for z in (0, size[2]))
    assert np.intersect1d(foot, head).size
    # More than a corner: some tetrahedron of the rod reaches through each height.
    assert ((found[rod][:, :, 2].min(axis=1) < 2) & (found[rod][:, :, 2].max(axis=1) == 2)).any()
    sliced = np.abs(found[rod][:, :, 2] - 2) < 1e-12
    assert sliced.sum(axis=1).max() == 3  # a triangle in the waist


def test_nothing_is_done_where_nothing_is_flat():
    points, tetrahedra, labels, size, periodic = block(3)
    found, cells, own = merged(points, tetrahedra, labels, size, periodic, None)
    assert found is points
    assert cells is tetrahedra
    assert own is labels


def test_edges_stay_below_the_longest_that_is_asked_for():
    walls = coarse("sponge-gyroid-lto").walls()
    before = volume_mesh(walls, void=True, keep_walls=True)
    longest = before.quality()["edge_um"]["max"]
    found, cells, _ = merged(before.points, before.tetrahedra, before.labels, walls.size, before.periodic, longest)
    for a, b in itertools.combinations(range(4), 2):
        assert np.linalg.norm(found[cells[:, a]] - found[cells[:, b]], axis=1).max() <= longest * (1 + 1e-9)
    assert len(cells) < len(before.tetrahedra)


def test_with_regions_by_the_hundred():
    """More regions than a machine word has bits."""
    points, tetrahedra, _, size, periodic = block(5, 3)
    labels = np.arange(len(tetrahedra)) // 6 % 125
    found, cells, own = merged(points, tetrahedra, labels, size, periodic, None)
    assert six_volumes(found, cells).sum() == pytest.approx(6 * np.prod(size), rel=1e-12)
    assert len(np.unique(own)) == 125
