"""Functions over arrays of indices, each against a few lines of plain Python."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geom3d.core.arrays import (
    area_vectors,
    as_complex,
    compacted,
    half_edges,
    in_turn,
    inverse_of,
    numbers_of,
    owners_of,
    pair_keys,
    pairs_of,
    places_among,
    ranks_of,
    run_starts,
    spread,
    tetrahedron_volumes,
    triangle_areas,
    unique_pairs,
    unique_points,
)

SMALL = st.integers(0, 7)
LISTS = st.lists(SMALL, max_size=12)
PAIRS = st.lists(st.tuples(SMALL, SMALL), max_size=12)


def indices(values, *shape):
    return np.array(values, dtype=np.int64).reshape(shape or -1)


def test_areas_and_normals_of_triangles():
    vertices = np.array([[0.0, 0, 0], [3, 0, 0], [0, 4, 0], [0, 0, 2]])
    triangles = indices([0, 1, 2, 0, 2, 1, 0, 1, 3], 3, 3)
    assert area_vectors(vertices, triangles).tolist() == [[0, 0, 6], [0, 0, -6], [0, -3, 0]]
    assert triangle_areas(vertices, triangles).tolist() == [6, 6, 3]
    a, b, c = np.random.default_rng(0).normal(size=(3, 3))
    heron = [math.dist(a, b), math.dist(b, c), math.dist(c, a)]
    half = sum(heron) / 2
    area = math.sqrt(half * math.prod(half - side for side in heron))
    assert triangle_areas(np.array([a, b, c]), indices([0, 1, 2], 1, 3)) == pytest.approx(area)


def test_volumes_of_tetrahedra_have_a_sign():
    a, b, c, d = np.array([[[0.0, 0, 0]], [[2, 0, 0]], [[0, 3, 0]], [[0, 0, 4]]])
    assert tetrahedron_volumes(a, b, c, d).tolist() == [4]
    assert tetrahedron_volumes(b, a, c, d).tolist() == [-4]


def test_half_edges_go_around_each_triangle():
    start, end = half_edges(indices([5, 6, 7, 1, 2, 3], 2, 3))
    assert list(zip(start.tolist(), end.tolist(), strict=True)) == [(5, 6), (6, 7), (7, 5), (1, 2), (2, 3), (3, 1)]


@given(PAIRS)
def test_pairs_have_one_number_in_either_order(pairs):
    one, other = indices(pairs, -1, 2).T
    keys = pair_keys(one, other, 8)
    assert (keys == pair_keys(other, one, 8)).all()
    assert pairs_of(keys, 8).tolist() == [sorted(pair) for pair in pairs]


def test_numbers_of_pairs_do_not_overflow():
    big = np.array([2_000_000_000], dtype=np.int32)
    assert pair_keys(big, big - 1, 2_000_000_001).tolist() == [1_999_999_999 * 2_000_000_001 + 2_000_000_000]


@given(PAIRS)
def test_unique_pairs_are_ordered_ones(pairs):
    assert unique_pairs(indices(pairs, -1, 2), 8).tolist() == [list(pair) for pair in sorted(set(pairs))]


@given(LISTS, LISTS)
def test_places_among_keys(keys, wanted):
    known = sorted(set(keys))
    expected = [known.index(value) if value in known else -1 for value in wanted]
    assert places_among(indices(known), indices(wanted)).tolist() == expected
    assert places_among(indices(known), indices(wanted, -1, 1)).shape == (len(wanted), 1)


@given(st.lists(st.booleans(), max_size=12))
def test_numbers_of_the_chosen(mask):
    expected = [sum(mask[:k]) if chosen else -1 for k, chosen in enumerate(mask)]
    assert numbers_of(np.array(mask, dtype=bool)).tolist() == expected


@given(st.lists(st.tuples(SMALL, SMALL, SMALL), max_size=8))
def test_compacted_indices_lead_back(rows):
    given_ = indices(rows, -1, 3)
    used, numbers = compacted(given_)
    assert used.tolist() == sorted({value for row in rows for value in row})
    assert used[numbers].tolist() == given_.tolist()


@given(st.permutations(range(7)))
def test_the_inverse_of_an_order_undoes_it(order):
    values = np.arange(7) * 10
    assert values[indices(order)][inverse_of(indices(order))].tolist() == values.tolist()


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_runs_begin_where_entries_or_rows_change(values):
    expected, at = [], 0
    for _, run in groupby(values):
        expected.append(at)
        at += len(list(run))
    assert run_starts(np.array(values)).tolist() == expected
    assert run_starts(np.column_stack([np.zeros(len(values)), values])).tolist() == expected


@given(LISTS)
def test_runs_of_so_many(counts):
    expected = [(owner, rank) for owner, count in enumerate(counts) for rank in range(count)]
    found = zip(owners_of(indices(counts)).tolist(), ranks_of(indices(counts)).tolist(), strict=True)
    assert list(found) == expected


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), max_size=8))
def test_whole_numbers_between_two(pairs):
    owner, number = spread(*indices(pairs, -1, 2).T)
    expected = [(k, value) for k, (begin, stop) in enumerate(pairs) for value in range(begin, stop)]
    assert list(zip(owner.tolist(), number.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=1, max_size=12))
def test_points_of_the_plane(points):
    flat = np.array(points) / 2
    found, number = unique_points(flat)
    assert [tuple(point) for point in (found * 2).tolist()] == sorted(set(points))
    assert (found[number] == flat).all()
    assert (np.argsort(as_complex(flat), kind="stable") == np.lexsort((flat[:, 1], flat[:, 0]))).all()


@given(LISTS)
def test_indices_in_the_order_of_their_first_appearance(values):
    assert in_turn(indices(values)).tolist() == list(dict.fromkeys(values))
