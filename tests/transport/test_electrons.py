"""Electronic resistance of electrodes against exact solutions: films in series, and a post fed from its foot."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy
from scipy.special import jn_zeros

import geom3d
from geom3d.core.roles import Role
from geom3d.transport import electrons, prisms
from geom3d.transport.electrons import electronic

#: Largest current density over its mean from which on current is said to crowd: between thin films and posts side by side.
CROWDED = 2.5

OXIDE = {
    "title": "oxide",
    "roles": ["anode"],
    "density_g_cm3": 3.5,
    "capacity_practical_mAh_g": 150.0,
    "lithiated": False,
    "potential_V": 1.5,
}


def film(name, role, material, thickness):
    return {"name": name, "role": role, "material": material, "thickness": thickness}


def planar(*anode, **materials):
    layers = [
        film("copper", "anode_collector", "copper", 0.2),
        *(film(f"anode {k}", "anode", name, thickness) for k, (name, thickness) in enumerate(anode)),
        film("lipon", "electrolyte", "lipon", 1.0),
        film("cathode", "cathode", "licoo2", 1.0),
    ]
    known = {name: {**OXIDE, **extra} for name, extra in materials.items()}
    return geom3d.design({"architecture": "planar", "layers": layers, "materials": known})


def posts(diameter, height, sigma, pitch=10.0):
    return geom3d.design(
        {
            "architecture": "interdigitated_pillars",
            "parameters": {
                "mounting": "substrate",
                "pitch": pitch,
                "anode_diameter": diameter,
                "cathode_diameter": diameter,
                "height": height,
                "plate": 2.0,
            },
            "materials": {
                "anode": {"material": "oxide"},
                "substrate": {"material": "silicon-doped"},
                "oxide": {**OXIDE, "electronic_conductivity_S_cm": sigma},
            },
        }
    )


def fed_from_its_foot(radius, height, sigma):
    """Mean potential over the side of a cylinder through which a current of 1 leaves evenly; 0 at its foot, closed on top.

    C (r²/2 - z² + 2hz) is harmonic, leaves evenly at r = a and not at z = h. What it is too much at the foot, C r²/2, is taken
    off by C (a²/4 + Σ 2a²/j² J0(j r/a)/J0(j) cosh(j (h-z)/a)/cosh(j h/a)), j the zeros of J1, through which nothing leaves.
    """
    j = jn_zeros(1, 400)
    ends = (2 * radius**3 / (j**3 * height) * np.tanh(j * height / radius)).sum()
    return (radius**2 / 4 + 2 * height**2 / 3 - ends) / (2 * math.pi * radius**2 * height * sigma)


def test_a_plane_film_is_its_thickness_over_conductivity():
    sample = planar(("oxide", 3.0), oxide={"electronic_conductivity_S_cm": 2e-9}).sample
    found = electronic(sample.cell, sample.walls, Role.ANODE, 43.0)
    assert found.resistance == pytest.approx(3e-4 / 2e-9, rel=1e-9)


def test_the_highest_published_conductivity_counts_and_films_add_up():
    sample = planar(
        ("one", 3.0),
        ("two", 0.5),
        one={"electronic_conductivity_S_cm": [1e-12, 2e-9]},
        two={"electronic_conductivity_S_cm": 1e-10},
    ).sample
    found = electronic(sample.cell, sample.walls, Role.ANODE, 43.0)
    assert found.resistance == pytest.approx(3e-4 / 2e-9 + 0.5e-4 / 1e-10, rel=1e-9)


@pytest.mark.parametrize(("diameter", "height"), [(6.0, 25.0), (8.0, 3.0)])
def test_a_post_fed_from_its_foot(diameter, height):
    """A slender post, of which h / (3 σ × section) is nearly all, and a stub, of which it is not half."""
    sample = posts(diameter, height, 1e-9).sample
    found = electronic(sample.cell, sample.walls, Role.ANODE, 50.0)
    # Per footprint: every second post is an anode.
    exact = 1e-4 * 2 * 10.0**2 * fed_from_its_foot(diameter / 2, height, 1e-9)
    assert found.resistance == pytest.approx(exact, rel=0.03)
    assert abs(found.resistance - exact) <= found.error * exact


def test_a_slender_post_is_a_third_of_its_length_over_its_section():
    assert fed_from_its_foot(1.0, 400.0, 2.0) == pytest.approx(400.0 / (3 * math.pi * 2.0), rel=1e-4)


@pytest.mark.slow
def test_posts_of_lto_stand_out_beside_lipon(monkeypatch):
    monkeypatch.setattr(prisms, "ENOUGH", 9.5e-3)  # half of the gap between the bounds
    monkeypatch.setattr(electrons, "MOST", 40_000)
    report = geom3d.load("interdigitated-pillars-opposed", {"tolerance": 0.1}).measure(transport=True)
    ionic = report["ionic_resistance_ohm_cm2"]
    found = report["transport.electronic_resistance_ohm_cm2"]
    assert 50 < ionic < 60
    # h / (3 σ × share of the section) of the posts, less what leaves through the floor of their plate.
    posts_alone = 50e-4 / (3 * 1e-9 * math.pi * 10.0**2 / 4 / 15.0**2 / 2)
    assert 0.5 * posts_alone < found["anode"] < posts_alone
    # The same shape of LiCoO2, at 1e-2 S/cm at best.
    assert found["cathode"] == pytest.approx(found["anode"] * 1e-7, rel=0.02)
    (warning,) = (text for text in report.warnings if text.startswith("electrons meet"))
    assert "in the anode (Lithium titanate" in warning
    assert "1e-09 S/cm at best) beside 53 Ω·cm²" in warning
    # Between posts ions crowd where these are nearest; in the film of test_currents_on_finer_walls they do not.
    assert report["transport.current.anode.max_over_mean"] > CROWDED
    assert report["transport.current.anode.area_share_of_half"] < 0.42
    assert report["uncertainty"]["ionic_resistance_ohm_cm2"] < 0.01 * ionic


def test_what_does_not_matter_or_is_not_known_is_not_looked_for():
    sample = planar(("oxide", 3.0), oxide={"electronic_conductivity_S_cm": 10.0}).sample
    assert electronic(sample.cell, sample.walls, Role.ANODE, 43.0) is None
    assert electronic(sample.cell, sample.walls, Role.ANODE, 1e-9).resistance == pytest.approx(3e-5, rel=1e-9)
    unknown = planar(("oxide", 3.0), oxide={}).sample
    assert electronic(unknown.cell, unknown.walls, Role.ANODE, 43.0) is None
    report = geom3d.load("planar-lithium-free").measure(transport=True)
    assert report["transport.electronic_resistance_ohm_cm2.anode"] is None
    assert not [text for text in report.warnings if text.startswith("electrons meet")]


@pytest.mark.slow
def test_a_sponge_fed_from_its_backing_on_voxels():
    """A second way: the web of voxels, as finite volumes, into which every face towards the electrolyte brings as much."""
    design = geom3d.load("sponge-gyroid-lto", {"resolution": 0.2, "parameters.height": 5.0})
    cell = design.cell()
    sigma = cell.regions[cell.labels(Role.ANODE)[0]].material.electronic_range_S_cm[1]
    found = electronic(cell, design.walls(), Role.ANODE, 1.0)
    shape = np.round(np.array(cell.size) / 0.125).astype(int)
    step = np.array(cell.size) / shape
    centres = np.stack(
        np.meshgrid(*((np.arange(n) + 0.5) * h for n, h in zip(shape, step, strict=True)), indexing="ij"), -1
    )
    label = cell.locate(centres.reshape(-1, 3)).reshape(shape)
    anode, other, metal = (
        np.isin(label, cell.labels(Role(role))) for role in ("anode", "electrolyte", "anode_collector")
    )
    number = np.cumsum(anode).reshape(shape) - 1
    count = int(anode.sum())
    matrix, load = scipy.sparse.coo_array((count, count)).tocsr(), np.zeros(count)
    for axis in range(3):
        for way in (1, -1):
            beside = np.roll(np.arange(anode.size).reshape(shape), -way, axis)
            inside = np.ones(shape, dtype=bool)
            if axis == 2:
                inside[:, :, -1 if way == 1 else 0] = False
            face, along = np.prod(step) / step[axis], step[axis]
            both = anode & anode.ravel()[beside] & inside
            rows, columns = number[both], number.ravel()[beside[both]]
            weight = sigma * face / along
            matrix += scipy.sparse.coo_array((np.full(len(rows), weight), (rows, rows)), (count, count)).tocsr()
            matrix -= scipy.sparse.coo_array((np.full(len(rows), weight), (rows, columns)), (count, count)).tocsr()
            fed = number[anode & metal.ravel()[beside] & inside]
            matrix += scipy.sparse.coo_array((np.full(len(fed), 2 * weight), (fed, fed)), (count, count)).tocsr()
            np.add.at(load, number[anode & other.ravel()[beside] & inside], face)
    load /= load.sum()
    joined = load > 0
    potential = scipy.sparse.linalg.spsolve(matrix.tocsc(), load)
    voxels = 1e-4 * cell.size[0] * cell.size[1] * float(load[joined] @ potential[joined])
    assert found.resistance == pytest.approx(voxels, rel=0.05)
