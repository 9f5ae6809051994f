"""Which pieces run through the period: against a search in a cover that is larger than any chain can wind."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from geom3d.mesh.components import Union, component_numbers, endless


def by_cover(links, shifts, count):
    """Joined to a copy of itself in an array that closes on itself after more tiles than all links together can step."""
    wide = 1 + int(np.abs(shifts).sum())
    tiles = np.arange(wide * wide)
    x, y = tiles % wide, tiles // wide
    parts = []
    for (one, two), (dx, dy) in zip(links, shifts, strict=True):
        there = (x + dx) % wide + (y + dy) % wide * wide
        parts.append(np.column_stack([tiles * count + one, there * count + two]))
    label = component_numbers(wide * wide * count, np.concatenate(parts)).reshape(-1, count)
    return (label[1:] == label[0]).any(axis=0)


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed):
    random = np.random.default_rng(seed)
    count, number = int(random.integers(1, 9)), int(random.integers(1, 11))
    links = random.integers(0, count, size=(number, 2))
    shifts = random.integers(-2, 3, size=(number, 2)) * (random.random((number, 1)) < 0.5)
    assert endless(links, shifts, count).tolist() == by_cover(links, shifts, count).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_graphs_that_wind_nowhere(seed):
    """Shifts that are differences of places: each piece is one body, however far its links reach."""
    random = np.random.default_rng(seed)
    place = random.integers(-3, 4, size=(30, 2))
    links = random.integers(0, 30, size=(60, 2))
    shifts = place[links[:, 1]] - place[links[:, 0]]
    assert not endless(links, shifts, 30).any()
    # One link that leads one tile further, and all that hangs together with it is endless.
    shifts[0, 1] += 2
    part = component_numbers(30, links)
    assert endless(links, shifts, 30).tolist() == (part == part[links[0, 0]]).tolist()


@pytest.mark.parametrize("winding", [(1, 0), (2, 0), (0, -2), (2, 2), (4, -6), (3, 0), (0, 1000)])
def test_a_chain_that_winds_any_number_of_times(winding):
    """A chain of five pieces, of which the last leads to a copy of the first; a sixth stands alone, a seventh hangs on."""
    links = np.array([[0, 1], [2, 1], [2, 3], [3, 4], [4, 0], [6, 3]])
    shifts = np.zeros((6, 2), dtype=int)
    shifts[4] = winding
    assert endless(links, shifts, 7).tolist() == [True] * 5 + [False, True]


def test_windings_that_cancel():
    links = np.array([[0, 1], [1, 0], [0, 1]])
    assert not endless(links, np.array([[2, 1], [-2, -1], [2, 1]]), 2).any()
    assert endless(links, np.array([[2, 1], [-2, -1], [2, -1]]), 2).all()


def test_a_piece_may_be_linked_to_itself():
    assert endless(np.array([[1, 1], [0, 0]]), np.array([[0, 2], [0, 0]]), 3).tolist() == [False, True, False]


def test_no_links():
    none = np.empty((0, 2), dtype=np.int64)
    assert endless(none, none, 3).tolist() == [False] * 3
    assert endless(none, none, 0).tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_parts_are_those_of_a_search_in_the_order_of_their_first_pieces(seed):
    random = np.random.default_rng(seed)
    count, number = int(random.integers(1, 200)), int(random.integers(0, 200))
    links = random.integers(0, count, size=(number, 2))
    graph = scipy.sparse.coo_array((np.ones(number), (links[:, 0], links[:, 1])), shape=(count, count))
    expected = scipy.sparse.csgraph.connected_components(graph, directed=False)[1]
    assert component_numbers(count, links).tolist() == expected.tolist()
    union = Union(count)  # bit by bit, the other way round
    for one, other in links[::-1].tolist():
        union.join(np.array([other]), np.array([one]))
    assert union.numbers().tolist() == expected.tolist()
