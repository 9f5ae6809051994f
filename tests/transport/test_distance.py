"""Distances between electrodes: exact search against brute force, distributions against known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

import geom3d
from geom3d.cli.app import run
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import Nearest
from geom3d.mesh.bvh_kernels import between
from geom3d.transport.distance import FIELD, Electrodes

PLANAR = {
    "architecture": "planar",
    "layers": [
        {"name": "cathode", "role": "cathode", "material": "licoo2", "thickness": 1.0},
        {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": 1.0},
        {"name": "anode", "role": "anode", "material": "lithium", "thickness": 1.0},
    ],
}
POSTS = {"mounting": "substrate", "pitch": 15, "anode_diameter": 10, "cathode_diameter": 10, "height": 50}


def interdigitated(**changes):
    return geom3d.design({"architecture": "interdigitated_pillars", "parameters": {**POSTS, **changes}})


def electrodes(design):
    found = Electrodes.of(design.cell(), design.walls())
    assert found is not None
    return found


def soup(seed, count, size=1.0):
    """Triangles of many sizes, in a box."""
    random = np.random.default_rng(seed)
    corners = random.random((count, 1, 3)) + random.normal(size=(count, 3, 3)) * random.choice(
        [0.01, 0.3], (count, 1, 1)
    )
    return np.clip(corners, 0, 1) * size


def nearest_of(corners, period=None):
    return Nearest(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3), period)


def brute(points, corners, period=None):
    """By trimesh's closest points on every triangle and every copy."""
    steps = (-1, 0, 1) if period else (0,)
    best = np.full(len(points), np.inf)
    for i in steps:
        for j in steps:
            moved = corners + (np.array([i * period[0], j * period[1], 0.0]) if period else 0.0)
            pairs = np.repeat(np.arange(len(points)), len(moved))
            there = trimesh.triangles.closest_point(np.tile(moved, (len(points), 1, 1)), points[pairs])
            found = np.linalg.norm(there - points[pairs], axis=1).reshape(len(points), -1).min(axis=1)
            best = np.minimum(best, found)
    return best


def segments_apart(a, b, c, d):
    """Distance of two segments by minimising over one and clamping over the other (Ericson)."""
    shares = np.linspace(0, 1, 2001)[:, None]
    points = a + shares * (b - a)
    along = np.clip((points - c) @ (d - c) / max((d - c) @ (d - c), 1e-300), 0, 1)[:, None]
    return float(np.linalg.norm(points - c - along * (d - c), axis=1).min())


@pytest.mark.parametrize("count", [1, 3, 7, 60, 500])
@pytest.mark.parametrize("period", [None, (1.0, 1.0), (1.3, 1.0)])
def test_distances_are_those_of_brute_force(count, period):
    corners = soup(count, count)
    points = np.random.default_rng(1).random((300, 3)) * [*(period or (1, 1)), 1.0]
    found = nearest_of(corners, period).distances(points)
    assert found == pytest.approx(brute(points, corners, period), rel=1e-9, abs=1e-12)


def test_distances_beyond_the_limit_are_infinite():
    corners = soup(5, 200)
    points = np.random.default_rng(2).random((400, 3)) * 2
    search = nearest_of(corners)
    exact = search.distances(points)
    limit = np.random.default_rng(3).random(400)
    found = search.distances(points, limit)
    assert np.array_equal(np.isfinite(found), exact <= limit)
    assert np.array_equal(found[exact <= limit], exact[exact <= limit])


def test_distances_far_smaller_than_triangles_keep_their_digits():
    corners = np.array([[[0, 0, 0], [1000, 0, 0], [0, 1000, 0]]], dtype=float)
    heights = 10.0 ** -np.arange(6)
    points = np.column_stack([np.full(6, 300.0), np.full(6, 300.0), heights])
    assert nearest_of(corners).distances(points) == pytest.approx(heights, rel=1e-9)


def test_input_stays_as_it_is():
    corners, points = soup(6, 100), np.random.default_rng(4).random((100, 3))
    kept = corners.copy(), points.copy()
    nearest_of(corners, (1.0, 1.0)).distances(points)
    assert np.array_equal(corners, kept[0])
    assert np.array_equal(points, kept[1])


def test_a_surface_may_reach_over_the_border_of_the_period():
    corners, period = soup(8, 80), (1.0, 1.0)
    moved = corners + np.where(corners.mean(axis=1, keepdims=True) > 0.8, [-1, 0, 0], 0)[:, :, :]
    points = np.random.default_rng(5).random((200, 3))
    assert nearest_of(moved, period).distances(points) == pytest.approx(
        nearest_of(corners, period).distances(points), rel=1e-12, abs=1e-14
    )


def test_steps_lead_to_the_surface_and_wrap():
    corners, period = soup(9, 60), (1.0, 1.3)
    points = np.random.default_rng(6).random((200, 3)) * [1.0, 1.3, 1.0]
    search = nearest_of(corners, period)
    steps = search.steps(points)
    assert search.distances(points + steps) == pytest.approx(0, abs=1e-12)
    assert search.steps(points + np.array([3.0, -2.6, 0.0])) == pytest.approx(steps, abs=1e-12)


def test_without_triangles_everything_is_out_of_reach():
    assert np.isinf(Nearest(np.zeros((0, 3)), np.zeros((0, 3), dtype=int)).distances(np.zeros((2, 3)))).all()


def test_code_that_cannot_be_kept_is_compiled_all_the_same():
    scope = {}
    exec("def doubled(x):\n    return 2 * x", scope)  # noqa: S102 (a function without a file)
    assert compiled(scope["doubled"])(2.5) == 5.0


def test_triangles_without_area_are_their_edges():
    corners = np.array([[[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[5, 5, 5], [5, 5, 5], [5, 5, 5]]], dtype=float)
    points = np.array([[1.5, 1, 0], [5, 5, 7]], dtype=float)
    assert nearest_of(corners).distances(points) == pytest.approx([1, 2], rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_distance_of_two_triangles(seed):
    one, other = soup(seed, 40), soup(seed + 10, 40) + np.array([0, 0, 1.05])
    found = [math.sqrt(between(*pair)) for pair in zip(one.reshape(-1, 9), other.reshape(-1, 9), strict=True)]
    for k in range(40):
        ways = [brute(one[k], other[k : k + 1]).min(), brute(other[k], one[k : k + 1]).min()]
        ways += [
            segments_apart(one[k][i], one[k][i - 1], other[k][j], other[k][j - 1]) for i in range(3) for j in range(3)
        ]
        assert found[k] <= min(ways) + 1e-12  # which are too long by up to (step of a share)²
        assert found[k] == pytest.approx(min(ways), rel=1e-5)


@pytest.mark.parametrize(
    "design",
    [interdigitated(), pytest.param(interdigitated(mounting="opposed", tip_gap=3), marks=pytest.mark.slow)],
)
def test_least_distance_is_that_of_all_pairs_of_triangles(design):
    both = electrodes(design)
    one, other = both.anode.corners, both.cathode.corners
    least = math.inf
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            moved = other + np.array([i * design.cell().size[0], j * design.cell().size[1], 0.0])
            first, second = np.divmod(np.arange(len(one) * len(moved)), len(moved))
            pairs = zip(one[first].reshape(-1, 9), moved[second].reshape(-1, 9), strict=True)
            least = min(least, math.sqrt(min(between(*pair) for pair in pairs)))
    assert both.least(1e3) == pytest.approx(least, rel=1e-9)


def test_least_distance_of_crossed_edges_is_found():
    """Two ridges that face each other at right angles: no corner is near the place."""
    roof = np.array([[[-1, -1, 1], [1, -1, 1], [0, 0, 0.0]]])
    ridge = np.array([[[0, -9, 0], [0, 9, 0], [3, 0, 9]], [[0, -9, 0], [0, 9, 0], [-3, 0, 9]]], dtype=float)
    cross = np.array([[[-8, 0, -1], [9, 0, -1], [0, 3, -9]], [[-8, 0, -1], [9, 0, -1], [0, -3, -9]]], dtype=float)
    from geom3d.transport.distance import ElectrodeSurface

    one, other = (ElectrodeSurface(np.arange(len(c)), nearest_of(c)) for c in (ridge, cross))
    assert Electrodes(one, other).least(50.0) == pytest.approx(1.0, rel=1e-12)
    assert Electrodes(ElectrodeSurface(np.arange(1), nearest_of(roof)), other).least(50.0) == pytest.approx(
        1.0, rel=1e-12
    )


def test_a1_planar():
    report = geom3d.design(PLANAR).measure()
    for side in ("anode", "cathode"):
        spread = report[f"inter_electrode_distance_um.{side}"]
        assert [spread[k] for k in ("min", "mean", "max", "p05", "p50", "p95")] == pytest.approx([1] * 6, rel=1e-9)
        assert spread["std"] < 1e-9
        assert sum(spread["histogram"]["share"]) == pytest.approx(1)


def test_a6_checkerboard():
    expected = {"min": 5.000, "mean": 5.704, "p50": 5.556, "max": 6.997, "std": 0.607}
    report = interdigitated().measure()
    for side in ("anode", "cathode"):
        spread = report[f"inter_electrode_distance_um.{side}"]
        for part, value in expected.items():
            assert spread[part] == pytest.approx(value, rel=5e-3), part
        assert spread["sampling_error"] <= 2e-3
    # By another way: the distance between circles is that of the centres' lattice less a radius.
    angle = (np.arange(200_000) + 0.5) / 200_000 * math.pi / 4
    exact = np.hypot(15 - 5 * np.cos(angle), 5 * np.sin(angle)) - 5
    assert report["inter_electrode_distance_um.anode.mean"] == pytest.approx(exact.mean(), rel=2e-3)
    assert report["inter_electrode_distance_um.anode.p95"] == pytest.approx(np.percentile(exact, 95), rel=2e-3)


def test_equal_posts_of_both_signs_have_equal_distances():
    report = interdigitated(mounting="opposed").measure()["inter_electrode_distance_um"]
    for part in ("min", "mean", "p50", "std", "max"):
        assert report["anode"][part] == pytest.approx(report["cathode"][part], rel=5e-3)


@pytest.mark.parametrize("name", ["pillars-coated", "trenches-notten-2007"])
def test_a_conformal_film_is_as_thick_everywhere_but_at_its_square_edges(name):
    design, film = geom3d.load(name), 0.5
    both = electrodes(design)
    points = both.anode.sample(20_000)
    z = points[:, 2]
    # On the side walls, above the corner at their foot.
    sides = points[(z > z.min() + film) & (z < z.max() - 1e-6)]
    assert len(sides) > 10_000
    found = both.cathode.search.distances(sides)
    assert found.std() < 1e-3 * found.mean()
    assert found.mean() == pytest.approx(film, rel=1e-3)
    # At the rim of the outer surface, and in the corner at the foot of the inner one, the diagonal of a square.
    for spread in design.measure()["inter_electrode_distance_um"].values():
        assert spread["max"] == pytest.approx(math.sqrt(2) * film, rel=0.01)
        assert spread["p95"] == pytest.approx(film, rel=2e-3)


@pytest.mark.slow
def test_film_on_a_sheet_gyroid():
    film = {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.3}
    rest = {"name": "rest", "role": "cathode", "material": "licoo2", "fill_to": 1.0}
    design = geom3d.design(
        {
            "architecture": "tpms",
            "parameters": {"surface": "gyroid", "kind": "sheet", "period": 8, "solid_fraction": 0.3, "height": 8},
            "materials": {"scaffold": {"material": "lto", "role": "anode"}},
            "resolution": 0.25,
            "layers": [film, rest],
        }
    )
    report = design.measure()
    for side in ("anode", "cathode"):
        spread = report[f"inter_electrode_distance_um.{side}"]
        assert spread["p50"] == pytest.approx(0.3, rel=5e-3)
        assert spread["min"] == pytest.approx(0.3, rel=1e-9)  # a parallel film is as thick as it is
        assert spread["min_on_mesh"] == pytest.approx(0.3, rel=0.25)  # facets, in creases that the coarse grid cuts off
        assert spread["min_on_mesh"] <= spread["p05"] <= spread["p50"] <= spread["p95"] <= spread["max"]
    assert report["uncertainty"]["inter_electrode_distance_um.anode.mean"] > 0


def test_concentric_spheres():
    """The worst case for trees of upright boxes: all of the outer sphere is almost equally far."""
    inner, outer = (trimesh.creation.icosphere(5, r) for r in (1.0, 2.0))
    search = Nearest(np.asarray(outer.vertices), np.asarray(outer.faces, dtype=np.int64))
    found = search.distances(np.asarray(inner.vertices))
    assert found.max() <= 1 + 1e-12
    assert found.min() > 1 - 2 * (1 - math.cos(0.04))
    some = np.arange(0, len(inner.vertices), 499)
    assert found[some] == pytest.approx(brute(inner.vertices[some], np.asarray(outer.triangles)), rel=1e-9)


@pytest.mark.parametrize("shift", [(3.7, 0.0), (8.0, -11.3)])
def test_a_shift_of_the_lattice_changes_nothing(shift):
    cell = interdigitated(mounting="opposed", cathode_diameter=6).cell()
    moved = cell.moved(*shift)
    one, other = (Electrodes.of(c, c.walls()) for c in (cell, moved))
    assert one is not None
    assert other is not None
    for here, there in zip(one.spreads().values(), other.spreads().values(), strict=True):
        assert there.least == pytest.approx(here.least, rel=1e-6)
        assert there.mean == pytest.approx(here.mean, rel=1e-3)
        assert there.p95 == pytest.approx(here.p95, rel=3e-3)


def test_scale():
    """Twice the lengths, twice the distances."""
    one = interdigitated(mounting="opposed").measure()["inter_electrode_distance_um"]["anode"]
    twice = {"pitch": 30, "anode_diameter": 20, "cathode_diameter": 20, "height": 100, "tip_gap": 10, "plate": 10}
    two = interdigitated(mounting="opposed", **twice).measure()["inter_electrode_distance_um"]["anode"]
    for part in ("min", "mean", "max", "std", "p05", "p50", "p95"):
        assert two[part] == pytest.approx(2 * one[part], rel=1e-6)


def test_samples_stand_for_equal_shares():
    surface = electrodes(interdigitated(mounting="opposed")).anode
    areas, middles = surface.areas, surface.corners.mean(axis=1)
    points = surface.sample(80_000)
    exact = areas @ middles / areas.sum()
    assert points.mean(axis=0) == pytest.approx(exact, rel=1e-3)
    a, b, c = surface.corners.transpose(1, 0, 2)
    squares = ((a + b) ** 2 + (b + c) ** 2 + (c + a) ** 2) / 12  # exact over a triangle
    assert (points**2).mean(axis=0) == pytest.approx(areas @ squares / areas.sum(), rel=3e-3)


def test_half_cells_have_none_and_lithium_free_cells_have_the_collectors():
    assert geom3d.load("microtubes-eustache-2014").measure()["inter_electrode_distance_um"] is None
    assert geom3d.load("planar-lithium-free").measure()["inter_electrode_distance_um.anode.mean"] == pytest.approx(1.0)


def test_without_electrolyte_the_bare_surfaces_count():
    bare = {
        "architecture": "interdigitated_plates",
        "parameters": {"anode_width": 5, "cathode_width": 5, "gap": 5, "height": 20},
        "materials": {"electrolyte": {"material": "epoxy", "role": "encapsulation"}},
    }
    spread = geom3d.design(bare).measure()["inter_electrode_distance_um.anode"]  # the tops, side by side
    assert [spread[k] for k in ("min", "mean", "max")] == pytest.approx([5.0, 6.25, 7.5], rel=1e-3)
    stacked = [{"name": "lid", "role": "cathode", "material": "licoo2", "thickness": 1.0}]
    assert geom3d.design({**PLANAR, "layers": stacked}).measure()["inter_electrode_distance_um"] is None


def test_field_is_the_distance_of_the_triangles():
    design = interdigitated(mounting="opposed")
    walls = design.walls_with_distance()
    field, both = walls.fields[FIELD], electrodes(design)
    mine = np.isfinite(field)
    assert mine.sum() == len(both.anode.index) + len(both.cathode.index)
    mean = np.average(field[both.anode.index], weights=walls.areas[both.anode.index])
    assert mean == pytest.approx(design.measure()["inter_electrode_distance_um.anode.mean"], rel=3e-3)
    assert FIELD not in design.walls().fields


def test_vtp_file_carries_regions_and_distances(tmp_path):
    pyvista = pytest.importorskip("pyvista")
    folder = tmp_path / "mit Leerzeichen und µ"
    assert run(["build", "pillars-coated", "-o", str(folder), "--format", "vtp", "--unit", "um"]) == 0
    design = geom3d.load("pillars-coated")
    walls = design.walls_with_distance()
    path = folder / "pillars-coated_walls_um.vtp"
    assert path.stat().st_size <= design.plan(formats=("vtp",), unit="um")[path.name]
    read = pyvista.read(path)
    assert read.n_cells == len(walls.triangles)
    assert read.area == pytest.approx(walls.areas.sum(), rel=1e-9)
    assert np.array_equal(read.cell_data[FIELD], walls.fields[FIELD], equal_nan=True)
    assert list(read.field_data["regions"]) == [*walls.names, "void", "outside"]
    front_region = read.cell_data["front"]
    assert np.array_equal(np.where(front_region == len(walls.names) + 1, -1, front_region), walls.front_region)
