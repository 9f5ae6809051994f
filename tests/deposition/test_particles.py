"""Particles over a cell's own surface, against radiosity, closed forms, and themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

import geom3d
from geom3d.deposition import particles
from geom3d.deposition.cavities import Cavity, fluxes, upright
from geom3d.deposition.flight import _leave, _lot, begin
from geom3d.deposition.particles import Surface, band_areas, coverage

HOLE = {"architecture": "pores", "parameters": {"lattice": "square", "pitch": 2, "diameter": 1, "depth": 3}}


def surface(description: dict) -> Surface:
    return Surface.of(geom3d.design(description).walls())


def test_lots_are_those_of_splitmix64():
    """Its published first words from the seed 1234567."""
    words = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    lots = np.array([1234567], dtype=np.uint64)
    assert [_lot(lots) for _ in words] == [(word >> 11) / 2**53 for word in words]


def test_particles_draw_lots_of_their_own():
    firsts = []
    for seed in (1, 2):
        for particle in range(2000):
            lots = np.zeros(1, dtype=np.uint64)
            begin(lots, seed, particle)
            firsts.append(_lot(lots))
    assert len(set(firsts)) == 4000
    assert np.mean(firsts) == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / 4000))


@pytest.mark.parametrize("normal", [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (0.6, 0.0, 0.8), (-1 / 3, 2 / 3, -2 / 3)])
def test_directions_follow_the_cosine_law(normal):
    lots, way = np.array([7], dtype=np.uint64), np.empty(3)
    found = np.empty((20000, 3))
    for n in range(len(found)):
        _leave(lots, *normal, way)
        found[n] = way
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(found)), abs=1e-12)
    up = found @ normal
    assert (up > 0).all()
    # Shares of the half-sphere above a height h of the cosine: 1 - h².
    for height in (0.2, 0.5, 0.9):
        assert (up > height).mean() == pytest.approx(1 - height**2, abs=0.015)
    assert np.linalg.norm((found - up[:, None] * normal).mean(axis=0)) < 0.02


def test_area_between_levels():
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=2.0)
    areas = band_areas(np.asarray(sphere.triangles), 2.0, 0.4, 10)
    assert areas.sum() == pytest.approx(sphere.area, rel=1e-12)
    assert areas == pytest.approx(np.full(10, 2 * math.pi * 2 * 0.4), rel=0.02)  # Archimedes: alike for alike heights
    for k, area in enumerate(areas):
        piece = sphere.slice_plane([0, 0, 2 - 0.4 * k], [0, 0, -1]).slice_plane([0, 0, 2 - 0.4 * (k + 1)], [0, 0, 1])
        assert area == pytest.approx(piece.area, rel=1e-9)


@pytest.mark.parametrize("sticking", [1.0, 0.1, 0.02])
def test_a_hole_by_both_ways(sticking):
    found = coverage(surface(HOLE), sticking, bands=12, most_landings=600_000)
    flux, floor = fluxes(upright("hole", 3.0, 0.5), sticking)
    exact = flux.reshape(12, -1).mean(axis=1)
    # Chords make the wall 0.03 % too long; 13 bands may be off by their errors, one in a thousand by more than 3.3.
    assert (np.abs(found.shares - exact) <= 3.5 * found.errors + 1e-3 * exact).all()
    assert found.floor[0] == pytest.approx(floor, abs=3.5 * found.floor[1])
    assert found.top[:2] == (1, 0)
    assert found.depth == pytest.approx(3.0)
    assert found.areas.sum() == pytest.approx(math.pi * 3, rel=1e-3)
    assert found.error < 0.01


def test_the_error_is_what_the_spread_of_seeds_is():
    shape = surface(HOLE)
    runs = [coverage(shape, 0.1, seed=seed, bands=4, most_landings=1) for seed in range(10)]
    spread = np.std([run.shares for run in runs], axis=0, ddof=1)
    told = np.mean([run.errors for run in runs], axis=0)
    assert (spread < 2 * told).all()
    assert (spread > told / 2).all()


def cone(top: float, foot: float, depth: float, pitch: float, sides: int = 48) -> Surface:
    """A round hole that narrows, in a plate."""
    angles = 2 * np.pi * np.arange(sides) / sides
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    middle = [pitch / 2, pitch / 2]
    upper = np.column_stack([top * ring + middle, np.full(sides, depth)])
    lower = np.column_stack([foot * ring + middle, np.zeros(sides)])
    reach = pitch / 2 / np.abs(ring).max(axis=1)
    border = np.column_stack([reach[:, None] * ring + middle, np.full(sides, depth)])
    points = np.vstack([upper, lower, border, [[*middle, 0.0]]])
    a, b = np.arange(sides), (np.arange(sides) + 1) % sides
    u, v, w, x = a, b, a + sides, b + sides
    faces = [
        np.column_stack([u, x, w]), np.column_stack([u, v, x]),  # wall
        np.column_stack([np.full(sides, 3 * sides), w, x]),  # floor
        np.column_stack([u, a + 2 * sides, b + 2 * sides]), np.column_stack([u, b + 2 * sides, v]),  # flat
    ]  # fmt: skip
    return Surface(points, np.vstack(faces), (pitch, pitch))


@pytest.mark.parametrize("foot", [0.3, 0.62])
def test_a_cone_by_both_ways(foot):
    depths = np.linspace(0, 2.0, 121)
    flux, floor = fluxes(Cavity("hole", depths, 0.5 + (foot - 0.5) * depths / 2), 0.1)
    found = coverage(cone(0.5, foot, 2.0, 2.0), 0.1, bands=8, most_landings=400_000)
    exact = flux.reshape(8, -1).mean(axis=1)
    assert (np.abs(found.shares - exact) <= 3.5 * found.errors + 0.01 * exact).all()
    assert found.floor[0] == pytest.approx(floor, abs=3.5 * found.floor[1] + 0.01 * floor)


def test_the_result_depends_on_the_seed_alone(monkeypatch):
    shape = surface(HOLE)
    one = coverage(shape, 0.3, bands=4, most_landings=60_000)
    monkeypatch.setattr(particles, "PER_TRIANGLE", 3)  # another grid
    monkeypatch.setattr(particles, "threaded", lambda work, starts: map(work, reversed(starts)))  # another order
    again = coverage(shape, 0.3, bands=4, most_landings=60_000)
    assert (one.shares == again.shares).all()
    assert one.floor == again.floor
    other = coverage(shape, 0.3, seed=2, bands=4, most_landings=60_000)
    assert (one.shares != other.shares).all()


def test_the_same_digits_on_every_machine():
    """Of a shape whose corners are short numbers, so that no sine is in it."""
    box = cone(0.5, 0.5, 1.0, 2.0, sides=8)
    found = coverage(
        Surface(np.round(box.vertices * 64) / 64, box.triangles, box.period), 0.25, bands=2, most_landings=1
    )
    assert found.shares.tolist() == [0.5516603711987652, 0.3893833059174034]


def test_the_top_of_a_free_wall_sees_half_of_the_sky():
    """A ridge between wide trenches, line of sight, close below its top."""
    plate = {"architecture": "trenches", "parameters": {"pitch": 8, "width": 6, "depth": 4}}
    found = coverage(surface(plate), 1.0, bands=40, most_landings=400_000)
    assert found.shares[0] == pytest.approx(0.5, abs=4 * found.errors[0] + 0.005)
    assert (np.diff(found.shares[::8]) < 0).all()


def test_a_plain_surface_is_covered_everywhere():
    flat = coverage(surface({"architecture": "planar"}), 0.01)
    assert (flat.mean, flat.least, len(flat.depths), flat.floor) == (1.0, 1.0, 0, None)


def test_a_surface_with_a_hole_in_it_is_refused():
    whole = surface(HOLE)
    down = np.flatnonzero(whole.kinds() != 1)
    broken = Surface(whole.vertices, whole.triangles[down], whole.period)
    with pytest.raises(geom3d.InputError, match="the surface has holes"):
        coverage(broken, 1.0, most_landings=1)


def test_the_surface_is_left_alone():
    shape = surface(HOLE)
    before = shape.vertices.copy(), shape.triangles.copy()
    coverage(shape, 0.5, most_landings=1)
    assert (shape.vertices == before[0]).all()
    assert (shape.triangles == before[1]).all()
