"""Gaps, aspect ratios, volume fractions, charge in plates and transmittance, by hand and by points in the exact shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import geom3d

#: A battery's layers, from the scaffold outward, of a grid or a flat cell.
FLAT = [
    {"name": "collector", "role": "cathode_collector", "material": "platinum", "thickness": 0.2},
    {"name": "cathode", "role": "cathode", "material": "licoo2", "thickness": 2.0},
    {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": 1.0},
    {"name": "anode", "role": "anode", "material": "lithium", "thickness": 3.0},
]
TRENCH = {"pitch": 8, "width": 5, "depth": 50}


def design(architecture: str, layers=(), materials=None, **parameters):
    return geom3d.design(
        {
            "architecture": architecture,
            "parameters": parameters,
            "layers": list(layers),
            "materials": materials or {},
        }
    )


def coat(name: str, thickness: float) -> dict:
    return {"name": name, "role": "barrier", "material": "titanium-nitride", "thickness": thickness}


def fill(name: str, level: float) -> dict:
    return {"name": name, "role": "encapsulation", "material": "epoxy", "fill_to": level}


def free_width(battery, below_top: float) -> float:
    """Width of what no coat fills across a trench, at a depth, from points in the exact shapes."""
    cell = battery.cell()
    x = (np.arange(80_000) + 0.5) / 80_000 * cell.size[0]
    points = np.column_stack([x, np.full_like(x, 1.0), np.full_like(x, cell.facts.top - below_top)])
    free = [len(cell.names)] + [k for k, r in enumerate(cell.regions) if r.fill_to is not None]
    return float(np.isin(cell.locate(points), free).mean() * cell.size[0])


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        ([coat("a", 0.5), coat("b", 0.3)], 3.4),
        ([coat("a", 0.5), fill("rest", 1.0)], 4.0),
        # A fill up to half of the depth leaves walls on which the next coat grows, too.
        ([coat("a", 0.5), fill("low", -25.0), coat("b", 0.3)], 3.4),
        ([fill("low", -25.0), coat("b", 0.3), coat("c", 0.2)], 4.0),
        # What lies on a fill that covers all narrows no gap.
        ([coat("a", 0.5), fill("rest", 1.0), coat("lid", 2.0)], 4.0),
        ([coat("a", 0.5), fill("low", -25.0), coat("b", 0.3), fill("rest", 2.0), coat("lid", 2.0)], 3.4),
    ],
)
def test_the_gap_that_coats_leave(layers, left):
    battery = design("trenches", layers, **TRENCH)
    assert battery.measure()["gap_left_um"] == pytest.approx(left, abs=1e-9)
    assert free_width(battery, 5.0) == pytest.approx(left, abs=1e-3)


def test_no_film_grows_between_the_fingers_of_a_comb():
    """Its gaps are full of electrolyte; twice the margin is no gap of the structure, but films may not close it."""
    assert geom3d.load("comb-sun-2013").measure()["gap_left_um"] is None
    comb = {"fingers": 2, "margin": 3.0, "gap": 10.0}
    assert design("interdigitated_plates", [coat("lid", 2.9)], **comb).measure()["gap_left_um"] is None
    with pytest.raises(geom3d.InputError, match="close the gap of 6 µm"):
        design("interdigitated_plates", [coat("lid", 3.1)], **comb)


def test_the_bore_of_a_tube_is_harder_to_coat_than_what_lies_around():
    """A round bore has depth over diameter; all openings together would have a third of that."""
    sizes = {"pitch": 2.0, "outer_diameter": 1.0, "inner_diameter": 0.25, "height": 40.0}
    assert design("tubes", **sizes).measure()["equivalent_aspect_ratio"] == pytest.approx(160.0, rel=2e-3)
    # Walls so thick that the space between the tubes is the worse: depth × perimeter / (4 × area).
    wide = {"lattice": "square", "pitch": 10.0, "outer_diameter": 9.9, "inner_diameter": 9.0, "height": 50.0}
    outside = 50 * math.pi * 9.9 / (4 * (100 - math.pi * 9.9**2 / 4))
    assert outside > 50 / 9.0
    assert design("tubes", **wide).measure()["equivalent_aspect_ratio"] == pytest.approx(outside, rel=5e-3)


@pytest.mark.parametrize(
    ("architecture", "parameters", "ratio"),
    [
        ("trenches", TRENCH, 50 / 5 / 2),
        ("pores", {"pitch": 10, "diameter": 6, "depth": 50}, 50 / 6),
        ("honeycomb", {"pitch": 10, "wall": 2, "depth": 50}, 50 / 8),
        (
            "pillars",
            {"lattice": "square", "pitch": 10, "diameter": 5, "height": 50},
            50 * math.pi * 5 / (4 * (100 - 6.25 * math.pi)),
        ),
    ],
)
def test_equivalent_aspect_ratios_of_single_openings(architecture, parameters, ratio):
    found = design(architecture, **parameters).measure()["equivalent_aspect_ratio"]
    assert found == pytest.approx(ratio, rel=1e-3)


def test_opposed_posts_and_posts_on_a_substrate_have_shares_of_the_same_kind():
    """Posts of 10 µm on a checkerboard of 15 µm, 50 µm high: their plates, whatever these do, are left out."""
    sizes = {"pitch": 15, "anode_diameter": 10, "cathode_diameter": 10, "height": 50}
    posts = math.pi * 25 / (2 * 225)
    for plate in (1.0, 20.0):
        opposed = design("interdigitated_pillars", mounting="opposed", tip_gap=5, plate=plate, **sizes).measure()
        shares = opposed["volume_fraction"]
        assert shares["anode"] == pytest.approx(posts * 50 / 55, rel=1e-3)
        assert shares["electrolyte"] == pytest.approx(1 - 2 * posts * 50 / 55, rel=1e-3)
        assert sum(shares.values()) == pytest.approx(1, rel=1e-9)
        deep = plate / (plate + posts * 50)
        for side in ("anode", "cathode"):
            assert opposed[f"capacity_below_features.{side}"] == pytest.approx(deep, rel=1e-3)
    standing = design("interdigitated_pillars", mounting="substrate", plate=20, **sizes).measure()
    assert standing["volume_fraction.anode"] == pytest.approx(posts, rel=1e-3)
    assert standing["volume_fraction.substrate"] == 0
    assert standing["capacity_below_features"] == {"anode": 0.0, "cathode": 0.0}


def test_an_encapsulation_thins_no_share():
    """Neither over trenches nor over a flat stack."""
    films = [coat("a", 0.5)]
    trench = [design("trenches", [*films, *lid], **TRENCH).measure() for lid in ([], [fill("lid", 30.0)])]
    for report in trench:
        assert report["volume_fraction.scaffold"] == pytest.approx(3 / 8, rel=1e-9)
        # On either wall 0.5 µm, and 0.5 µm of 50 on the floor between.
        assert report["volume_fraction.a"] == pytest.approx((2 * 0.5 * 50 + 0.5 * 4) / (8 * 50), rel=1e-9)
    seal = {"name": "seal", "role": "encapsulation", "material": "epoxy", "thickness": 40.0}
    for layers in (FLAT, [*FLAT, seal]):
        shares = design("planar", layers).measure()["volume_fraction"]
        assert shares["cathode"] == pytest.approx(2.0 / 6.2, rel=1e-6)
        assert shares.get("seal", 0.0) == 0
    assert design("planar").measure()["volume_fraction"] is None


def test_shares_are_those_of_points_between_foot_and_top():
    cell = geom3d.load("pillars-coated").cell()
    rng = np.random.default_rng(1)
    low, high = cell.facts.base_z, cell.facts.top
    points = rng.random((200_000, 3)) * [*cell.size[:2], high - low] + [0, 0, low]
    shares = np.bincount(cell.locate(points), minlength=len(cell.names) + 1) / len(points)
    report = geom3d.load("pillars-coated").measure()
    assert list(report["volume_fraction"].values()) == pytest.approx(shares.tolist(), abs=5e-3)


def test_charge_in_the_plate_under_posts_that_are_an_electrode():
    """Posts of silicon of 5 µm on 10 µm, 50 µm high, on a plate of 3 µm of silicon."""
    layers = [
        {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": 0.5},
        {"name": "cathode", "role": "cathode", "material": "licoo2", "fill_to": 4.0},
    ]
    silicon = {"scaffold": {"material": "silicon", "role": "anode"}}
    sizes = {"lattice": "square", "pitch": 10, "diameter": 5, "height": 50, "base": 3}
    report = design("pillars", layers, silicon, **sizes).measure()
    posts = math.pi * 2.5**2 / 100 * 50
    assert report["capacity_below_features.anode"] == pytest.approx(3 / (3 + posts), rel=2e-3)
    assert report["capacity_below_features.cathode"] == 0  # what lies above the posts is no plate
    assert geom3d.load("planar-licoo2-lipon-lithium").measure()["capacity_below_features"] is None


def test_an_opaque_fill_of_a_grid_lets_no_light_through():
    sizes = {"pattern": "square", "pitch": 200, "width": 35}
    clear = {"name": "gel", "role": "encapsulation", "material": "epoxy", "fill_to": 20.0}
    dark = {"name": "counter electrode", "role": "cathode", "material": "licoo2", "fill_to": 20.0}
    open_share = (1 - 35 / 200) ** 2
    assert design("grid", [*FLAT, clear], **sizes).measure()["transmittance"] == pytest.approx(open_share, abs=1e-6)
    report = design("grid", [*FLAT[:1], dark], **sizes).measure()
    assert report["transmittance"] == 0
    assert report["coverage"] == pytest.approx(1 - open_share, abs=1e-6)
    assert [w for w in report.warnings if w.startswith("no light gets through: counter electrode")]
    # An electrode under all of the grid is as dark.
    plate = {"scaffold": {"material": "licoo2", "role": "cathode"}}
    assert design("grid", [clear], plate, **sizes).measure()["transmittance"] == 0
