"""The largest distance, against closed forms and against points without number."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

import geom3d
from geom3d.mesh.bvh import Nearest
from geom3d.mesh.farthest import LARGER, farthest
from geom3d.transport.distance import Electrodes, ElectrodeSurface


def surface(mesh: trimesh.Trimesh, period: tuple[float, float] | None = None) -> ElectrodeSurface:
    faces = np.asarray(mesh.faces, dtype=np.int64)
    return ElectrodeSurface(np.arange(len(faces)), Nearest(np.asarray(mesh.vertices), faces, period))


def between(one: ElectrodeSurface, other: ElectrodeSurface) -> tuple[float, float]:
    """The largest distance that is found, at the point that is named, and its bound."""
    found = farthest(one.search.vertices, one.search.triangles[one.order], other.search)
    assert other.search.distances(np.array([found.at]))[0] == pytest.approx(found.reached, rel=1e-9)
    return found.reached, found.bound


def largest(design) -> tuple[float, float]:
    report = design.measure()
    return tuple(report[f"inter_electrode_distance_um.{side}.max"] for side in ("anode", "cathode"))


def coated(architecture: str, film: float, **parameters):
    return geom3d.design(
        {
            "architecture": architecture,
            "parameters": parameters,
            "materials": {"scaffold": {"material": "silicon", "role": "anode"}},
            "layers": [
                {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": film},
                {"name": "cathode", "role": "cathode", "material": "licoo2", "fill_to": 5.0},
            ],
        }
    )


@pytest.mark.parametrize("film", [0.01, 0.5])
def test_a_square_rim_is_the_diagonal_however_small_its_share_of_the_surface(film):
    """The film lies over a rim as a square of its thickness: √2 t, on a line that no sample need meet."""
    for found in largest(coated("trenches", film, pitch=8, width=5, depth=50)):
        assert found == pytest.approx(math.sqrt(2) * film, rel=1e-6)


def test_corners_of_hexagonal_holes():
    """At the foot of an edge of 120° the film's inner corner lies t / cos 30° away in the plane, and t above the floor."""
    film = 0.06
    anode, cathode = largest(coated("honeycomb", film, pitch=0.4, wall=0.1, depth=2))
    inner = film * math.sqrt(1 + 4 / 3)
    assert max(anode, cathode) == pytest.approx(inner, rel=2e-3)
    assert min(anode, cathode) == pytest.approx(math.sqrt(2) * film, rel=2e-3)


def test_a_plane_under_a_point():
    """Of a tilted triangle it is a corner; of a plane under a pit's corners it is found inside of triangles as well."""
    flat = trimesh.Trimesh([[-50, -50, 0], [50, -50, 0], [0, 80, 0]], [[0, 1, 2]], process=False)
    tilted = trimesh.Trimesh([[0, 0, 1], [4, 0, 2], [0, 4, 3.5]], [[0, 1, 2]], process=False)
    found, bound = between(surface(tilted), surface(flat))
    assert (found, bound) == pytest.approx((3.5, 3.5))
    # Two far points above the ends of a long bar: what lies between them is the farthest, and no corner.
    bar = trimesh.Trimesh([[0, 0, 0], [20, 0, 0], [10, 1e-3, 0]], [[0, 1, 2]], process=False)
    ends = trimesh.util.concatenate(
        [trimesh.creation.icosphere(3, 1.0).apply_translation([x, 0, 0]) for x in (-2.0, 22.0)]
    )
    found, bound = between(surface(bar), surface(ends))
    assert found <= 11.0 + 1e-6 <= bound * (1 + 1e-3)
    assert found == pytest.approx(11.0, rel=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_random_surfaces_against_many_points(seed):
    """Bodies in a period, some across its border; the oracle is another program's distance to all copies."""
    rng = np.random.default_rng(seed)
    period = np.array([8.0, 6.0, np.inf])
    one, two = (
        trimesh.util.concatenate(
            [
                trimesh.creation.icosphere(1, 0.6)
                .apply_scale(rng.random(3) + 0.3)
                .apply_translation(rng.random(3) * [8, 6, 4])
                for _ in range(2)
            ]
        )
        for _ in range(2)
    )
    found, bound = between(surface(one, (8.0, 6.0)), surface(two, (8.0, 6.0)))
    copies = trimesh.util.concatenate(
        [two.copy().apply_translation([i * 8.0, j * 6.0, 0]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    )
    here = np.concatenate([trimesh.sample.sample_surface(one, 500, seed=seed)[0], one.vertices])
    home = here - np.where(np.isinf(period), 0.0, np.floor(here / period) * np.where(np.isinf(period), 0.0, period))
    triangles = np.asarray(copies.triangles)
    flat = trimesh.triangles.closest_point(
        np.tile(triangles, (len(home), 1, 1)), np.repeat(home, len(triangles), axis=0)
    )
    ways = np.linalg.norm(flat - np.repeat(home, len(triangles), axis=0), axis=1)
    expected = ways.reshape(len(home), -1).min(axis=1).max()
    assert expected - 1e-9 <= bound <= found * (1 + LARGER) * (1 + 1e-12)
    assert found == pytest.approx(expected, rel=0.02)


def test_cost_is_bounded_and_the_bound_holds(monkeypatch):
    monkeypatch.setattr("geom3d.mesh.farthest.MOST_LOOKS", 300)
    posts = geom3d.load("interdigitated-pillars-opposed")
    both = Electrodes.of(posts.cell(), posts.walls())
    found, bound = between(both.anode, both.cathode)
    monkeypatch.undo()
    exact, _ = between(both.anode, both.cathode)
    assert found <= exact * (1 + 1e-9)
    assert exact <= bound * (1 + 1e-9)
