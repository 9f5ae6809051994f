"""Capacity needs ions, electrons and lithium: cells whose right values follow by hand.

Charges per µm of dense film, from literature values alone: silicon to Li15Si4 3.75 × 26801.48 / 28.085 × 2.33 / 10 = 833.8,
half of LiCoO2's lithium 0.5 × 26801.48 / 97.873 × 5.05 / 10 = 69.14, lithium 26801.48 / 6.94 × 0.534 / 10 = 206.2 µAh/cm².
"""

from __future__ import annotations

import math

import pytest

import geom3d

FARADAY = 26801.48  # mAh/mol
SILICON = 3.75 * FARADAY / 28.085 * 2.33 / 10
LICOO2 = 0.5 * FARADAY / 97.873 * 5.05 / 10
LITHIUM = FARADAY / 6.94 * 0.534 / 10


def near(value, expected, relative=1e-3):
    assert value == pytest.approx(expected, rel=relative)


def film(name, role, material, thickness, **extra):
    return {"name": name, "role": role, "material": material, "thickness": thickness, **extra}


def planar(*films, **more):
    return geom3d.design({"architecture": "planar", "layers": list(films), **more})


COPPER = film("copper", "anode_collector", "copper", 0.2)
LIPON = film("lipon", "electrolyte", "lipon", 0.5)
CATHODE = film("cathode", "cathode", "licoo2", 3.0)
BURIED = film("buried", "anode", "lithium", 5.0)


def charge(design):
    return design.measure()["capacity_uAh_cm2"]


def test_lithium_that_no_ion_can_reach_does_not_count():
    report = planar(BURIED, COPPER, film("silicon", "anode", "silicon", 0.1), LIPON, CATHODE).measure()
    found = report["capacity_uAh_cm2"]
    near(0.1 * SILICON, 83.4)
    near(found["anode"], 0.1 * SILICON)
    near(found["cell"], 83.4)
    assert found["limiting"] == "anode"
    near(found["anode_in_all"], 0.1 * SILICON + 5 * LITHIUM)
    near(found["inventory"], 3 * LICOO2)
    near(report["voltage_V"], 3.5, 1e-9)
    near(report["energy_mWh_cm2"], 83.4 * 3.5 / 1000)
    near(report["counted_fraction.anode"], 0.1 / 5.1, 1e-9)
    assert report["connected_fraction.anode"] == 1.0
    assert any("98 % of the anode is reached by no ion" in warning for warning in report.warnings)
    # What the silicon has no room for: 4.85 nm of lithium per µAh/cm².
    near(1000 / LITHIUM, 4.85)
    near(report["plated_lithium_um"], (3 * LICOO2 - 0.1 * SILICON) * 4.85e-3)


def test_ions_pass_through_an_electrode_of_two_layers_and_not_through_a_barrier():
    silicon = film("silicon", "anode", "silicon", 0.1)
    near(charge(planar(COPPER, BURIED, silicon, LIPON, CATHODE))["anode"], 5 * LITHIUM + 0.1 * SILICON)
    barrier = film("barrier", "barrier", "TiN", 0.05)
    # Electrons do not pass it either: the silicon beyond is the part that loses its collector.
    assert charge(planar(COPPER, BURIED, barrier, silicon, LIPON, CATHODE))["anode"] == 0


def test_electrolyte_that_leads_nowhere_serves_nobody():
    """LiPON that lies under the copper touches the buried lithium, but no cathode."""
    pocket = film("pocket", "electrolyte", "lipon", 0.3)
    found = charge(planar(pocket, BURIED, COPPER, film("silicon", "anode", "silicon", 0.1), LIPON, CATHODE))
    near(found["anode"], 0.1 * SILICON)


def test_a_cathode_behind_a_collector_does_not_count():
    wall = film("platinum", "cathode_collector", "platinum", 0.1)
    behind = film("behind", "cathode", "licoo2", 2.0)
    report = planar(COPPER, film("lithium", "anode", "lithium", 2.0), LIPON, CATHODE, wall, behind).measure()
    near(report["capacity_uAh_cm2.cathode"], 3 * LICOO2)
    near(report["capacity_uAh_cm2.cathode_in_all"], 5 * LICOO2)
    near(report["counted_fraction.cathode"], 0.6, 1e-9)


def test_without_electrolyte_there_is_no_cell():
    report = planar(COPPER, BURIED, film("rubber", "encapsulation", "epoxy", 0.5), CATHODE).measure()
    found = report["capacity_uAh_cm2"]
    assert (found["cell"], found["limiting"], found["reason"]) == (None, None, "there is no electrolyte")
    assert (report["voltage_V"], report["energy_mWh_cm2"], report["plated_lithium_um"]) == (None, None, None)
    near(found["anode"], 5 * LITHIUM)  # in a liquid it would take part
    assert "the cell has no capacity: there is no electrolyte" in report.warnings


def test_shorted_cells_hold_nothing():
    report = planar(COPPER, BURIED, CATHODE, film("lid", "electrolyte", "lipon", 1.0)).measure()
    found = report["capacity_uAh_cm2"]
    assert (found["cell"], found["reason"]) == (None, "the electrodes are shorted")
    assert report["short_circuit_um2"] > 0
    assert "the cell has no capacity: the electrodes are shorted" in report.warnings


@pytest.mark.parametrize("free", [False, True])
def test_without_lithium_there_is_no_charge(free):
    """V2O5 and germanium are both made without lithium; so is a lithium-free cell with V2O5."""
    anode = [] if free else [film("germanium", "anode", "germanium", 1.0, utilisation=0.5)]
    report = planar(COPPER, *anode, LIPON, film("cathode", "cathode", "v2o5", 3.0)).measure()
    found = report["capacity_uAh_cm2"]
    assert (found["cell"], found["limiting"], found["inventory"]) == (0.0, "lithium", 0.0)
    assert (report["plated_lithium_um"], report["energy_mWh_cm2"]) == (0.0, 0.0)
    assert any("no part of the cell holds lithium as made" in warning for warning in report.warnings)
    near(found["cathode"], 3 * FARADAY / 181.88 * 3.36 / 10, 4e-3)


def test_a_lithium_free_cell_plates_all_of_the_cathodes_lithium():
    report = planar(COPPER, LIPON, CATHODE).measure()
    near(report["capacity_uAh_cm2.cell"], 3 * LICOO2)
    near(report["capacity_uAh_cm2.inventory"], 3 * LICOO2)
    near(report["plated_lithium_um"], 3 * LICOO2 / LITHIUM)
    near(report["voltage_V"], 3.9, 1e-9)


def test_lithium_of_the_anode_is_the_inventory_of_a_cathode_without():
    found = charge(planar(COPPER, film("lithium", "anode", "lithium", 1.0), LIPON, film("c", "cathode", "v2o5", 10.0)))
    near(found["inventory"], LITHIUM)
    near(found["cell"], LITHIUM)
    assert found["limiting"] == "anode"


@pytest.mark.parametrize(("share", "limiting"), [(0.3, "lithium"), (1.0, "cathode")])
def test_lithiated_in_part(share, limiting):
    """Charge, theory and lithium of a user's cathode, 3 µm × 2 g/cm³ × 50 mAh/g / 10 = 30 µAh/cm², beside 83.4 of silicon."""
    figures = {"roles": ["cathode"], "density_g_cm3": 2.0, "capacity_practical_mAh_g": 50.0, "lithiated": share}
    mine = film("c", "cathode", "mine", 3.0)
    design = planar(COPPER, film("silicon", "anode", "silicon", 0.1), LIPON, mine, materials={"mine": figures})
    found = charge(design)
    near(found["cell"], 30 * share, 1e-9)
    assert found["limiting"] == limiting


def test_lithium_that_is_not_known_is_said():
    figures = {"roles": ["cathode"], "density_g_cm3": 2.0, "capacity_practical_mAh_g": 50.0, "potential_V": 3.0}
    design = planar(
        COPPER, film("s", "anode", "lto", 1.0), LIPON, film("c", "cathode", "mine", 3.0), materials={"mine": figures}
    )
    report = design.measure()
    found = report["capacity_uAh_cm2"]
    assert (found["inventory"], report["plated_lithium_um"], found["limiting"]) == (None, None, "cathode")
    near(found["cell"], 30, 1e-9)
    (warning,) = report.warnings
    assert "the material of 'c' has no `lithiated`" in warning


def test_n_to_p_of_the_published_trenches():
    """Silicon 50 nm beside LiCoO2 1 µm in trenches: 0.05 × 833.8 / 69.14 = 0.603."""
    near(0.05 * SILICON / LICOO2, 0.603)
    report = geom3d.load("trenches-notten-2007").measure()
    near(report["capacity_uAh_cm2.n_to_p"], 0.603)
    # 13.5 of wall per footprint, whose rims are square.
    plated = 13.5 * (LICOO2 - 0.05 * SILICON) * 4.85e-3
    near(report["plated_lithium_um"], plated)
    assert any(text.startswith("N/P of 0.603") and "plates 1.8 µm of lithium" in text for text in report.warnings)


def test_an_anode_far_too_large_is_said():
    """1 µm of silicon, 833.8, beside 83 nm of LiCoO2, 5.75 µAh/cm²."""
    thickness = SILICON / LICOO2 / 145
    silicon = film("silicon", "anode", "silicon", 1.0, utilisation=1.0)
    report = planar(COPPER, silicon, LIPON, film("c", "cathode", "licoo2", thickness)).measure()
    near(report["capacity_uAh_cm2.n_to_p"], 145)
    (warning,) = report.warnings
    assert warning.startswith("N/P of 145: the cathode can use 0.69 % of the anode")


def test_thin_lithium_under_a_cathode_that_brings_its_own():
    """0.1 µm of lithium counts as the limit; with what is plated on it the cell holds all of the cathode."""
    report = planar(COPPER, film("lithium", "anode", "lithium", 0.1), LIPON, CATHODE).measure()
    found = report["capacity_uAh_cm2"]
    near(found["cell"], 0.1 * LITHIUM)
    near(found["with_plating"], 3 * LICOO2)
    near(report["plated_lithium_um"], 3 * LICOO2 / LITHIUM)


def test_the_bare_surface_of_a_half_cell_is_its_area():
    """Microtubes without electrolyte: 1 + π (do + di) h / A of the coated tubes, once 0.0 without a word."""
    grown = 0.03 + 0.15
    area = math.sqrt(3) / 2 * 25
    report = geom3d.load("microtubes-eustache-2014").measure()
    near(report["area_gain.anode"], 1 + math.pi * (3.5 + 2 * grown + 2.0 - 2 * grown) * 30 / area)
    assert report["capacity_uAh_cm2.reason"] == "half cell: there is no cathode"
    assert geom3d.load("microtubes-eustache-2014").measure().warnings == []


def test_a_half_cell_in_an_electrolyte_says_what_is_missing():
    report = planar(film("p", "cathode_collector", "platinum", 0.2), CATHODE, LIPON).measure()
    found = report["capacity_uAh_cm2"]
    assert (found["cell"], found["reason"]) == (None, "half cell: there is no anode")
    near(found["cathode"], 3 * LICOO2)
    assert report["area_gain.cathode"] == 1.0


def test_a_margin_takes_charge_and_cells_from_a_device():
    """1 mm × 2 mm with 0.1 mm of margin: 0.8 mm × 1.8 mm of battery, in cells of 10 µm × 10 µm."""
    bare = {"device": {"width": "1 mm", "length": "2 mm", "thickness": "0.1 mm"}}
    square = {"parameters.lattice": "square", "parameters.pitch": 10}
    whole = geom3d.load("pillars-coated", {**square, **bare}).measure()["device"]
    edged = geom3d.load("pillars-coated", {**square, "device": {**bare["device"], "margin": "100 µm"}}).measure()[
        "device"
    ]
    assert whole["unit_cells"] == 100 * 200
    assert whole["area_share"] == pytest.approx(1)
    assert edged["unit_cells"] == 80 * 180
    assert edged["area_share"] == pytest.approx(0.8 * 0.9)
    for key in ("capacity_mAh", "energy_mWh", "energy_mWh_cm3"):
        assert edged[key] == pytest.approx(whole[key] * 0.8 * 0.9)
    with pytest.raises(geom3d.InputError, match="leaves nothing of the device"):
        geom3d.load("pillars-coated", {"device": {**bare["device"], "margin": "0.5 mm"}})
