"""Swelling of electrodes, the room for it, and films that are thinner than what is known to work."""

from __future__ import annotations

import pytest

import geom3d
from geom3d.library.materials import find

#: µAh/cm² per µm of dense material: mAh/g × g/cm³ / 10.
LITHIUM = 3861.9 * 0.534 / 10


def planar(*layers, **more):
    names = ("anode", "electrolyte", "cathode")
    stack = [{"name": n, "role": n, **layer} for n, layer in zip(names, layers, strict=True)]
    return geom3d.design({"architecture": "planar", "layers": stack, **more}).measure()


def of(material, thickness, **more):
    return {"material": material, "thickness": thickness, **more}


def test_silicon_against_licoo2():
    """The anode limits: all of it is used, and so much of the cathode as it takes."""
    report = planar(of("silicon", 0.1), of("lipon", 1), of("licoo2", 4))
    share = (0.1 * 3578.6 * 2.33) / (4 * 136.9 * 5.05)
    found = report["swelling"]
    assert (found["state"], found["room_um"]) == ("charged", None)
    assert found["anode"]["percent"] == pytest.approx(280)
    assert found["anode"]["um"] == pytest.approx(0.28)
    assert found["cathode"]["percent"] == pytest.approx(2 * share)
    assert found["cathode"]["um"] == pytest.approx(4 * 0.02 * share)


def test_what_is_not_used_does_not_swell():
    half = planar(of("silicon", 0.1, utilisation=0.5), of("lipon", 1), of("licoo2", 4))
    assert half["swelling.anode.percent"] == pytest.approx(140)
    spare = planar(of("silicon", 1.0), of("lipon", 1), of("licoo2", 1))
    assert spare["swelling.anode.percent"] == pytest.approx(280 * 136.9 * 5.05 / (3578.6 * 2.33))
    assert spare["swelling.cathode.percent"] == pytest.approx(2)
    theory = planar(of("silicon", 1.0), of("lipon", 1), of("licoo2", 1), capacity_basis="theoretical")
    assert theory["swelling.cathode.percent"] == pytest.approx(4)  # twice the lithium of which the file speaks


def test_lithium_grows_by_what_is_plated():
    report = planar(of("lithium", 2), of("lipon", 1), of("licoo2", 4))
    assert report["swelling.anode.um"] == pytest.approx(4 * 136.9 * 5.05 / 10 / LITHIUM)
    assert report["swelling.anode.percent"] == pytest.approx(50 * report["swelling.anode.um"])
    free = geom3d.load("planar-lithium-free").measure()
    assert free["swelling.anode.um"] == pytest.approx(free["plated_lithium_um"])
    assert free["swelling.anode.percent"] is None


def test_a_cell_that_is_made_charged_changes_when_it_is_discharged():
    report = planar(of("lithium", 2), of("lipon", 1), of("v2o5", 1))
    assert report["swelling.state"] == "discharged"
    assert report["swelling.cathode.percent"] == pytest.approx(10)
    assert report["swelling.anode.um"] == pytest.approx(-147 * 3.36 / 10 / LITHIUM)


def test_a_range_is_an_uncertainty():
    report = planar(of("lithium", 2), of("lipon", 1), of("nmc111", 1))
    assert report["swelling.cathode.percent"] == pytest.approx(-3)
    assert report["uncertainty"]["swelling.cathode.percent"] == pytest.approx(2)
    assert report["uncertainty"]["swelling.cathode.um"] == pytest.approx(0.02)


def filled(fill_to=None, last=0.1):
    layers = [
        {"name": "a", "role": "anode", "material": "silicon", "thickness": 0.2},
        {"name": "e", "role": "electrolyte", "material": "lipon", "thickness": 0.5},
        {"name": "c", "role": "cathode", "material": "licoo2", **({"thickness": last} if fill_to is None else {"fill_to": fill_to})},
    ]  # fmt: skip
    parameters = {"pitch": 8, "width": 5, "depth": 20}
    return geom3d.design({"architecture": "trenches", "parameters": parameters, "layers": layers}).measure()


def test_where_there_is_no_room_a_warning_says_so():
    full = filled(fill_to=2)
    assert full["swelling.room_um"] == 0
    (warning,) = [w for w in full.warnings if "than as made" in w]
    assert full["swelling.anode.percent"] == pytest.approx(
        280 * full["capacity_uAh_cm2.cell"] / full["capacity_uAh_cm2.anode"]
    )
    assert f"the anode {full['swelling.anode.percent']:+.3g} %, the cathode +2 %" in warning
    assert warning.endswith("the room for it is none: all of the structure is filled")
    half = filled(last=0.1)
    width = 5 - 2 * 0.8
    assert half["swelling.room_um"] == pytest.approx(width * 20 / 8, rel=1e-6)
    assert not [w for w in half.warnings if "than as made" in w]


def test_what_is_not_known_is_not_guessed():
    report = planar(of("lithium", 1), of("lipon", 1), of("mos2", 1))
    assert "cathode" not in report["swelling"]
    assert report["swelling.anode.um"] < 0
    alone = geom3d.design({"architecture": "planar", "layers": [{"name": "c", "role": "cathode", **of("licoo2", 1)}]})
    assert alone.measure()["swelling"] == {"room_um": None}


def test_ranges_of_materials_must_rise():
    layer = {"name": "c", "role": "cathode", "material": "x", "thickness": 1}
    figures = {"roles": ["cathode"], "density_g_cm3": 4.0, "capacity_practical_mAh_g": 100.0}
    with pytest.raises(
        geom3d.InputError, match=r"volume_change_percent: must be a number, or a range \[lowest, highest\]"
    ):
        geom3d.design(
            {
                "architecture": "planar",
                "layers": [layer],
                "materials": {"x": {**figures, "volume_change_percent": [5, 1]}},
            }
        )


@pytest.mark.parametrize(("nm", "warned"), [(10, True), (15, False), (100, False)])
def test_films_below_their_practical_thickness_are_named(nm, warned):
    report = planar(of("silicon", 0.1), of("lipon", f"{nm} nm"), of("licoo2", 1))
    assert report["practical_thickness.electrolyte"] == pytest.approx(nm / 15)
    found = [
        w for w in report.warnings if w.startswith("electrolyte: a film of 10 nm of Lithium phosphorus oxynitride")
    ]
    assert bool(found) == warned
    assert all(
        "thinner than the 15 nm that are known to work (films of 15 nm by sputtering insulate: Put" in w for w in found
    )
    assert find("licoo2").min_thickness_um is None
    assert "cathode" not in report["practical_thickness"]


@pytest.mark.parametrize(("thickness", "told"), [(0.049, True), (0.5, False), (0.9, True)])
def test_a_ratio_of_the_electrodes_out_of_all_proportion_is_named(thickness, told):
    """0.3, 3 and more than 10 as capacity of the anode over that of the cathode."""
    report = planar(of("silicon", thickness), of("lipon", 1), of("licoo2", 1 if thickness < 0.9 else 0.5))
    assert any(w.startswith("N/P of") for w in report.warnings) == told
