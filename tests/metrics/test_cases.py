"""Exact results and published figures, from the generated geometry and, apart from it, from closed forms.

Every expected value is written out; formulas here are the textbook ones and share no code with geom3d.
"""

from __future__ import annotations

import itertools
import math

import pytest

import geom3d
from geom3d.library import materials
from geom3d.library.materials import FARADAY_MAH_PER_MOL

FILMS = [
    {"name": "barrier", "role": "anode_collector", "material": "titanium-nitride", "thickness": 0.05},
    {"name": "anode", "role": "anode", "material": "silicon", "thickness": 0.05},
    {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": 0.5},
    {"name": "cathode", "role": "cathode", "material": "licoo2", "thickness": 1.0},
]
THICKNESS = [film["thickness"] for film in FILMS]


def near(value: float, expected: float, relative: float) -> None:
    assert value == pytest.approx(expected, rel=relative)


def battery(architecture: str, layers: list[dict] | None = None, materials: dict | None = None, **parameters):
    return geom3d.design(
        {"architecture": architecture, "parameters": parameters, "layers": layers or [], "materials": materials or {}}
    )


def test_a1_planar():
    report = geom3d.load("planar-licoo2-lipon-lithium").measure()
    near(report["area_gain.cathode"], 1.0, 1e-9)
    near(report["area_gain.anode"], 1.0, 1e-9)
    near(report["capacity_uAh_cm2.cell"], 69.1, 1e-3)
    assert report["capacity_uAh_cm2.limiting"] == "cathode"
    # Resistance of 1 µm = 1e-4 cm over the conductivity; the film's thickness is read off the mesh.
    lipon = materials.find("lipon")
    near(report["thickness_equivalent_um.electrolyte"] * 1e-4 / lipon.conductivity_S_cm, 43.48, 1e-3)
    # Independently: half of the lithium of LiCoO2, 97.873 g/mol.
    near(0.5 * FARADAY_MAH_PER_MOL / 97.873 * 5.05 / 10, 69.1, 1e-3)


def test_a2_square_pillars():
    report = battery("pillars", pitch=10, diameter=5, height=50).measure()
    near(1 + math.pi * 5 * 50 / 100, 8.85398, 1e-6)
    near(report["area_gain.scaffold"], 8.85398, 1e-3)
    near(report["area_gain.side_walls"], 7.85398, 1e-3)


def test_a3_hexagonal_pillars():
    report = battery("pillars", lattice="hexagonal", pitch=4, diameter=2, height=60).measure()
    near(1 + math.pi * 2 * 60 / (math.sqrt(3) / 2 * 16), 28.2070, 1e-5)
    near(report["area_gain.scaffold"], 28.2070, 1e-3)
    near(report["posts_per_cm2"], 7.217e6, 1e-3)
    near(1e8 / (math.sqrt(3) / 2 * 16), 7.217e6, 1e-4)


def test_a4_honeycomb():
    report = battery("honeycomb", pitch=0.4, wall=0.016, depth=25).measure()
    near(1 - (0.384 / 0.4) ** 2, 0.0784, 1e-4)
    near(report["volume_fraction.scaffold"], 0.0784, 1e-3)
    near(report["posts_per_cm2"] * 2.54**2, 4.656e9, 1e-3)
    near(report["area_gain.side_walls"], 240.0, 1e-3)
    near(report["area_gain.scaffold"], 241.0, 1e-3)
    near(4 * 0.384 * 25 / 0.4**2, 240.0, 1e-4)


def pillar_surface(t: float) -> float:
    """Conformal coat with round rims on a square array of pillars: d 5, p 10, h 50, µm² per cell."""
    a, r, h = 100.0, 2.5, 50.0
    side = 2 * math.pi * (r + t) * (h - t)
    return a - math.pi * (r + t) ** 2 + side + math.pi**2 * r * t + 2 * math.pi * t**2 + math.pi * r**2


def trench_surface(t: float) -> float:
    """Conformal coat with round rims on trenches: w 5, p 8, h 50, µm² per µm of length."""
    return (8 - 5) + math.pi * t + 2 * (50 - t) + (5 - 2 * t)


def integral(surface, start: float, stop: float) -> float:
    """Simpson's rule, exact for these polynomials of second degree."""
    return (stop - start) / 6 * (surface(start) + 4 * surface((start + stop) / 2) + surface(stop))


ROUND = {
    "pillars": (
        {"pitch": 10, "diameter": 5, "height": 50},
        pillar_surface,
        100.0,
        [9.0076, 9.1611, 10.6872, 13.6922],
        {"anode": 0.45422, "electrolyte": 4.96272, "cathode": 12.19494},
        {"anode": 378.7, "cathode": 842.7},
    ),
    "trenches": (
        {"pitch": 8, "width": 5, "depth": 50},
        trench_surface,
        8.0,
        [13.4946, 13.4893, 13.4356, 13.3283],
        {"anode": 0.67460, "electrolyte": 6.73122, "cathode": 13.38197},
        {"anode": 562.5, "cathode": 924.7},
    ),
}


@pytest.mark.parametrize("architecture", ROUND)
def test_a5_a7_round_rims_by_formula(architecture):
    _, surface, area, gains, volumes, _ = ROUND[architecture]
    total = 0.0
    for thickness, gain, name in zip(THICKNESS, gains, ["barrier", "anode", "electrolyte", "cathode"], strict=True):
        near(surface(total + thickness) / area, gain, 1e-5)
        if name in volumes:
            near(integral(surface, total, total + thickness) / area, volumes[name], 1e-5)
        total += thickness


@pytest.mark.parametrize("architecture", ROUND)
def test_a5_a7_films_on_the_mesh(architecture):
    """The mesh has square rims and says so; less their excess, also read off the mesh, it meets the round values."""
    parameters, _, _, gains, volumes, capacities = ROUND[architecture]
    report = battery(architecture, FILMS, **parameters).measure()
    assert report["film_edges"] == "square"
    names = [film["name"] for film in FILMS]
    for name, gain in zip(names, gains, strict=True):
        near(report["area_gain.by_layer"][name] - report["rim_excess.area_gain"][name], gain, 1e-3)
    for name, volume in volumes.items():
        excess = report["rim_excess.thickness_equivalent_um"][name]
        square = report["thickness_equivalent_um"][name]
        near(square - excess, volume, 1e-4)
        if name in capacities:
            charge = report["capacity_uAh_cm2"][name]
            near(charge * (square - excess) / square, capacities[name], 5e-3)
        if name != "cathode":
            near(square, volume, 5e-3)  # thin films meet the round values with square rims, too
    assert report["capacity_uAh_cm2.limiting"] == "anode"


def test_a5_square_rims():
    report = battery("pillars", FILMS, pitch=10, diameter=5, height=50).measure()
    near(report["thickness_equivalent_um.cathode"], 12.310, 1e-4)


def test_a5_a7_square_rims_by_formula():
    """A trench keeps its area under square coats: 13.5 × thickness."""
    report = battery("trenches", FILMS, pitch=8, width=5, depth=50).measure()
    near(report["area_gain.scaffold"], 13.5, 1e-9)
    for film in FILMS:
        near(report["thickness_equivalent_um"][film["name"]], 13.5 * film["thickness"], 1e-8)


def test_a6_geometry():
    report = battery(
        "interdigitated_pillars", mounting="substrate", pitch=15, anode_diameter=10, cathode_diameter=10, height=50
    ).measure()
    fraction, side = math.pi * 25 / (2 * 225), math.pi * 10 * 50 / (2 * 225)
    near(fraction, 0.17453, 1e-4)
    near(side, 3.4907, 1e-4)
    for electrode in ("anode", "cathode"):
        near(report["volume_fraction"][electrode], 0.17453, 1e-3)
        near(report["area_gain"][electrode], 3.4907, 1e-3)
        near(report["area_gain"][f"{electrode}_side_walls"], 3.4907, 1e-3)
    near(report["smallest_gap_um"], 5.0, 1e-9)


def test_a10_transmittance():
    for architecture_pattern, expected in (("square", 0.68063), ("lines", 1 - 35 / 200)):
        report = battery("grid", pattern=architecture_pattern, pitch=200, width=35).measure()
        assert report["transmittance"] == pytest.approx(expected, abs=6e-6)
    assert battery("grid", pitch=200, width=35).measure()["transmittance"] == pytest.approx(0.680625, abs=1e-6)
    assert battery("grid", pitch=200, width=35).measure()["coverage"] == pytest.approx(0.319375, abs=1e-6)
    assert pytest.approx(0.680625, abs=1e-12) == (1 - 35 / 200) ** 2
    # The pitch that the published 0.60 would need.
    assert battery("grid", pitch=155.3, width=35).measure()["transmittance"] == pytest.approx(0.60, abs=1e-4)


def test_a10_the_stack_leaves_the_openings_free():
    """The open share, found a second way: points of the floor plan that see no line from above."""
    import numpy as np

    cell = geom3d.load("grid-oukassi-2019").cell()
    steps = (np.arange(400) + 0.5) / 400 * 50.0
    x, y = np.meshgrid(steps, steps)
    at = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, 10.1)])
    open_share = float(np.mean(cell.locate(at) == cell.names.index("encapsulation")))
    assert open_share == pytest.approx(geom3d.load("grid-oukassi-2019").measure()["transmittance"], abs=2e-3)


def test_a11_device():
    report = geom3d.load("planar-efl700a39").measure()
    near(0.7e3 / (2.57 * 2.57), 106.0, 5e-3)
    near(report["device.published_capacity_uAh_cm2"], 106.0, 5e-3)
    near(report["device.published_energy_mWh_cm3"], 18.8, 5e-3)
    near(report["capacity_uAh_cm2.cell"], 106.0, 5e-3)
    near(report["device.capacity_mAh"], 0.7, 5e-3)
    near(report["device.energy_mWh_cm3"], 18.8, 5e-3)


def test_a12_microtubes():
    report = geom3d.load("microtubes-eustache-2014").measure()
    near(report["area_gain.anode"] or report["area_gain.by_layer.anode"], 25.0, 1e-2)
    near(200 / report["thickness_equivalent_um.anode"], 53.3, 1e-2)
    full = materials.find("tio2").capacity_uAh_cm2_um("theoretical")
    near(200 / report["thickness_equivalent_um.anode"] / full, 0.41, 1e-2)
    near(200 / (25 * 0.15), 53.3, 1e-2)


@pytest.mark.parametrize(
    ("architecture", "parameters", "gain"),
    [
        ("pores", {"lattice": "hexagonal", "pitch": 10, "diameter": 6, "depth": 40}, None),
        ("pores", {"lattice": "square", "pitch": 10, "diameter": 6, "depth": 40}, 1 + math.pi * 6 * 40 / 100),
        (
            "tubes",
            {"lattice": "square", "pitch": 10, "outer_diameter": 6, "inner_diameter": 4, "height": 40},
            1 + math.pi * (6 + 4) * 40 / 100,
        ),
        ("trenches", {"pitch": 8, "width": 5, "depth": 50}, 1 + 2 * 50 / 8),
        ("honeycomb", {"pitch": 10, "wall": 2, "depth": 30}, 1 + 4 * 8 * 30 / 100),
        ("planar", {}, 1.0),
    ],
)
def test_gain_of_bare_structures(architecture, parameters, gain):
    report = battery(architecture, **parameters).measure()
    expected = 1 + math.pi * 6 * 40 / (math.sqrt(3) / 2 * 100) if gain is None else gain
    near(report["area_gain.scaffold"], expected, 1e-3)


def test_chord_tolerance_converges():
    """The perimeter of a polygon of equal area is π²/(6 N²) too long: second order in N, first in the tolerance."""
    errors = []
    for tolerance in (0.02, 0.005, 0.00125):
        design = geom3d.design(
            {
                "architecture": "pillars",
                "tolerance": tolerance,
                "parameters": {"pitch": 10, "diameter": 5, "height": 50},
            }
        )
        errors.append(design.measure()["area_gain.side_walls"] / (math.pi * 5 * 50 / 100) - 1)
    orders = [math.log(a / b) / math.log(4) for a, b in itertools.pairwise(errors)]
    assert all(0.8 < order < 1.2 for order in orders), errors
    assert all(error > 0 for error in errors)


def test_theoretical_capacities():
    """q = z F / M, with molar masses from IUPAC's atomic weights, g/mol."""
    for name, lithium, mass in (
        ("licoo2", 1, 97.873),
        ("lifepo4", 1, 157.757),
        ("lto", 3, 459.09),
        ("silicon", 3.75, 28.085),
        ("graphite", 1, 72.066),
        ("lithium", 1, 6.94),
        ("tio2", 1, 79.866),
    ):
        near(materials.find(name).capacity_theoretical_mAh_g, lithium * FARADAY_MAH_PER_MOL / mass, 1e-3)
