"""The materials that come with geom3d: figures, their sources, names; and materials of users."""

from __future__ import annotations

import math
import re
import tomllib
from importlib.resources import files

import pytest

import geom3d
from geom3d.core.errors import InputError
from geom3d.core.roles import COLLECTOR
from geom3d.library import materials
from geom3d.library.catalogue import Catalogue
from geom3d.library.materials import FIGURES, Material

FARADAY = 26801.48  # mAh/mol
FOLDER = files("geom3d.library.materials")


def written(name: str) -> dict:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def planar(material: str, role: str = "anode", **extra):
    layer = {"name": "a", "role": role, "material": material, "thickness": 1.0, **extra}
    return {"architecture": "planar", "layers": [layer]}


@pytest.mark.parametrize("name", materials.shipped())
def test_every_figure_names_its_source(name):
    data = written(name)
    figures = {key for key in data if key in FIGURES}
    assert set(data.get("sources", {})) == figures
    assert "source" not in data, "a source for all figures at once says where none of them comes from"
    material = materials.find(name)
    assert all(material.source_of(key) in material.cited for key in figures)


#: What may stand in brackets behind a DOI: how far the paper was followed. The package's docstring explains each.
FOLLOWED = ("abstract", "as listed in OBELiX", "as quoted elsewhere", "number not confirmed", "not confirmed")
DOI = re.compile(r"doi:10\.\d{4,9}/[!-~]*[A-Za-z0-9] \(([^()]+)\)")


@pytest.mark.parametrize("name", materials.shipped())
def test_every_doi_has_its_form_and_says_how_far_it_was_followed(name):
    data = written(name)
    for text in (data.get("note", ""), *data["sources"].values()):
        found = DOI.findall(text)
        assert len(found) == text.lower().count("doi") == len(re.findall(r"10\.\d{4,9}/", text)), text
        assert set(found) <= set(FOLLOWED), text
    assert all(f"`{words}`" in materials.__doc__ for words in FOLLOWED)


@pytest.mark.parametrize(
    ("name", "edge", "formulas", "mass"),
    [
        ("li6ps5cl", 9.86, 4, 6 * 6.94 + 30.974 + 5 * 32.06 + 35.45),
        ("li5la3bi2o12", 13.07, 8, 5 * 6.94 + 3 * 138.905 + 2 * 208.98 + 12 * 15.999),
        ("li-mg-10", 3.51, 2, 0.9 * 6.94 + 0.1 * 24.305),
        ("li-mg-30", 3.51, 2, 0.7 * 6.94 + 0.3 * 24.305),
    ],
)
def test_densities_from_cubic_cells(name, edge, formulas, mass):
    """Z M / (N a³), edge in Å; Avogadro's number times 1e-24 cm³/Å³ is 0.602214."""
    density = formulas * mass / (0.602214 * edge**3)
    assert materials.find(name).density_g_cm3 == pytest.approx(density, abs=0.02)
    assert f"edge {edge} Å" in written(name)["sources"]["density_g_cm3"]


@pytest.mark.parametrize("name", materials.shipped())
def test_electrodes_say_what_lithium_they_are_made_with_and_anodes_what_heat_they_stand(name):
    material = materials.find(name)
    if set(material.roles) & set(COLLECTOR):
        assert material.lithiated in (0.0, 1.0)
    if "anode" in material.roles and not name.startswith("lvp"):
        assert material.limit_C is not None
    if set(material.roles) & set(COLLECTOR.values()):
        assert material.electronic_range_S_cm[0] >= 1e2


@pytest.mark.parametrize(
    ("name", "lithium", "mass"),
    [
        ("licoo2", 1, 97.873),
        ("nca", 1, 0.8 * 58.693 + 0.15 * 58.933 + 0.05 * 26.982 + 6.94 + 2 * 15.999),
        ("nickel-sulphide", 2, 58.693 + 32.06),
        ("mos2", 1, 95.95 + 2 * 32.06),
        ("li-mg-10", 0.9, 0.9 * 6.94 + 0.1 * 24.305),
        ("li-mg-30", 0.7, 0.7 * 6.94 + 0.3 * 24.305),
        ("germanium", 3.75, 72.630),
        ("tin", 4.4, 118.71),
        ("v2o5", 1, 181.88),
        ("si-o-al", 3.75 * 0.67, 28.085),
        ("silicon-carbon", 0.5 * (3.75 + 28.085 / 72.066), 28.085),
    ],
)
def test_theory_by_faraday(name, lithium, mass):
    """q = z F / M with IUPAC's atomic weights; a LiC6 of 72.066 g/mol is in step with silicon's 28.085."""
    assert materials.find(name).capacity_theoretical_mAh_g == pytest.approx(lithium * FARADAY / mass, rel=1e-3)


def test_licoo2_has_one_value_everywhere_half_of_theory():
    material = materials.find("licoo2")
    assert material.capacity_practical_mAh_g == 136.9
    assert pytest.approx(136.9, abs=0.05) == FARADAY / 97.873 / 2
    assert material.utilisation == 0.5
    for name in ("planar-licoo2-lipon-lithium", "trenches-notten-2007"):
        report = geom3d.load(name).measure()
        charge = report["capacity_uAh_cm2.cathode"] / report["thickness_equivalent_um.cathode"]
        assert charge == pytest.approx(136.9 * 5.05 / 10, rel=1e-9)


@pytest.mark.parametrize("name", ["silicon", "germanium", "tin"])
def test_alloys_that_count_in_full_say_so(name):
    material = materials.find(name)
    assert (written(name)["utilisation"], "utilisation" in material.sources) == (1.0, True)
    report = geom3d.design(planar(name)).measure()
    assert any("set utilisation" in warning for warning in report.warnings)
    tenth = geom3d.design(planar(name, utilisation=0.1)).measure()
    assert tenth["capacity_uAh_cm2.anode"] == pytest.approx(0.1 * report["capacity_uAh_cm2.anode"])
    assert tenth["utilisation.anode"] == pytest.approx(0.1)
    assert tenth.warnings == []
    theory = geom3d.design({**planar(name), "capacity_basis": "theoretical"}).measure()
    assert theory.warnings == []


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Si", "silicon"), ("LiCoO2", "licoo2"), ("LCO", "licoo2"), ("LFP", "lifepo4"), ("Li", "lithium"), ("Pt", "platinum"),
        ("Al2O3", "alumina"), ("LiPON", "lipon"), ("LIPON", "lipon"), ("licoo2", "licoo2"), ("LiNi0.8Co0.15Al0.05O2", "nca"),
        ("tin", "tin"), ("TiN", "titanium-nitride"), ("Sn", "tin"), ("tin-nitride", "titanium-nitride"), ("NiS", "nickel-sulphide"),
    ],
)  # fmt: skip
def test_formulas_are_names(word, name):
    assert materials.find(word) == Material.model_validate(written(name))


def test_names_that_case_alone_tells_apart_are_not_guessed():
    for word in ("TIN", "Tin"):
        assert materials.find(word) is None
        with pytest.raises(
            InputError, match=rf"'{word}' may mean 'tin' \(Tin\) or 'titanium-nitride' \(Titanium nitride\)"
        ):
            geom3d.design(planar(word)).cell()
    folded = [{n.casefold(), *(a.casefold() for a in materials.find(n).aliases)} for n in materials.shipped()]
    words = [word for words in folded for word in words]
    assert {word for word in words if words.count(word) > 1} == {"tin"}


@pytest.mark.parametrize("role", ["barrier", "anode_collector", "cathode_collector"])
def test_tin_where_titanium_nitride_is_usual_says_what_was_taken(role):
    (warning,) = geom3d.design(planar("tin", role)).measure().warnings
    assert warning.startswith("a: the material 'tin' is the metal tin (Sn")
    assert geom3d.design(planar("TiN", role)).measure().warnings == []


@pytest.mark.parametrize("role", ["anode_collector", "cathode_collector"])
@pytest.mark.parametrize("name", ["lipon", "epoxy", "alumina", "lifepo4", "silicon-substrate", "glass"])
def test_what_conducts_no_electrons_is_no_collector(name, role):
    title = materials.find(name).title
    with pytest.raises(InputError) as caught:
        geom3d.design(planar(name, role)).cell()
    text = str(caught.value)
    assert text.startswith(
        f"design: layers.a.material: {title} is not known to conduct electrons and cannot be the {role}; valid: "
    )
    assert {"copper", "gold", "titanium-nitride", "graphite"} <= set(
        text.partition("valid: ")[2].partition(" (")[0].split(", ")
    )


@pytest.mark.parametrize(
    ("figures", "allowed"),
    [
        ({}, False), ({"electronic_conductivity_S_cm": 0.9}, False), ({"electronic_conductivity_S_cm": [0.1, 1e4]}, False),
        ({"electronic_conductivity_S_cm": 1.0}, True), ({"electronic_conductivity_S_cm": [2.0, 3.0]}, True),
        ({"roles": ["anode_collector"]}, True),
    ],
)  # fmt: skip
def test_collectors_of_the_user(figures, allowed):
    described = {**planar("mine", "anode_collector"), "materials": {"mine": figures}}
    if allowed:
        assert geom3d.design(described).cell().names == ("scaffold", "a")
    else:
        with pytest.raises(InputError, match="electronic_conductivity_S_cm of at least 1"):
            geom3d.design(described).cell()


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"lithiated": 1.5}, "materials.m.lithiated: must be at most 1"),
        ({"lithiated": "yes"}, "materials.m.lithiated: must be a number"),
        ({"utilisation": 0.5}, "utilisation is a share of capacity_theoretical_mAh_g, which is missing"),
        ({"utilisation": 0.0, "capacity_theoretical_mAh_g": 9.0}, "utilisation: must be at least 1e-06"),
        ({"utilisation": 0.5, "capacity_practical_mAh_g": 9.0}, "give one of them"),
        ({"electronic_conductivity_S_cm": [2.0, 1.0]}, "must be a number, or a range"),
        ({"sources": {"densty": "a book"}}, "'densty' is no figure of a material; did you mean 'density_g_cm3'?"),
        ({"limit_C": -300.0}, "materials.m.limit_C: must be greater than -273.15"),
    ],
)
def test_figures_that_are_none(figures, message):
    with pytest.raises(InputError) as caught:
        geom3d.design({**planar("m"), "materials": {"m": figures}})
    assert message in str(caught.value)


def test_lithiated_as_yes_or_no_and_practical_from_utilisation():
    made = Material(title="m", capacity_theoretical_mAh_g=200.0, utilisation=0.4, lithiated=True)
    assert (made.lithiated, made.capacity_practical_mAh_g) == (1.0, pytest.approx(80.0))
    assert Material(title="m", capacity_theoretical_mAh_g=200.0, capacity_practical_mAh_g=50.0).utilisation == 0.25
    assert Material(title="m", lithiated=False).lithiated == 0.0


@pytest.mark.parametrize(("role", "material"), [("electrolyte", "lipon"), ("barrier", "TiN")])
def test_utilisation_belongs_to_electrodes(role, material):
    with pytest.raises(InputError, match=f"utilisation belongs to electrodes, not to the role {role}"):
        geom3d.design(planar(material, role, utilisation=0.5)).cell()


def test_a_composite_whose_use_is_not_known_asks_for_it():
    with pytest.raises(InputError, match="or state its utilisation"):
        geom3d.design(planar("Si-O-Al")).cell()
    report = geom3d.design(planar("Si-O-Al", utilisation=0.5)).measure()
    assert report["capacity_uAh_cm2.anode"] == pytest.approx(0.5 * 0.67 * 3578.6 * 2.4 / 10, rel=1e-4)


def test_conductivity_at_other_temperatures_by_hand():
    """LiPON at 60 °C: 2.3e-6 × exp(0.55 eV / k × (1/298.15 - 1/333.15))."""
    factor = math.exp(0.55 / 8.617333e-5 * (1 / 298.15 - 1 / 333.15))
    assert factor == pytest.approx(9.48, abs=0.01)
    assert materials.find("lipon").conductivity_at(60) == pytest.approx(2.3e-6 * factor, rel=1e-6)
    assert materials.find("lipon-b").conductivity_at(60) is None


@pytest.mark.parametrize(
    ("material", "limit", "survives"),
    [
        ("lithium", 180.5, "no"),
        ("tin", 231.9, "no"),
        ("li-mg-10", 206.0, "no"),
        ("silicon", 1414.0, "yes"),
        ("lvp-anode", None, None),
    ],
)
def test_anodes_that_outlive_soldering(material, limit, survives):
    """Lead-free reflow peaks at 260 °C; lithium melts at 180.5, tin at 231.9 °C."""
    report = geom3d.design(planar(material)).measure()
    assert (report["solder.anode_limit_C"], report["solder.anode_survives"]) == (limit, survives)


def test_lithium_free_cells_may_be_soldered_before_their_first_charge():
    assert geom3d.load("planar-lithium-free").measure()["solder.anode_survives"] == "before the first charge"


def test_case_is_overlooked_in_the_whole_catalogue_only_where_one_is_left(tmp_path):
    for name, text in {
        "tin": 'title = "a"',
        "nitride": 'title = "b"\naliases = ["TiN"]',
        "gold": 'title = "c"',
    }.items():
        (tmp_path / f"{name}.toml").write_text(text)
    catalogue = Catalogue("material", Material, lambda: tmp_path, "geom3d.nothing")
    titles = {name: found and found.title for name in ("tin", "TiN", "TIN", "Gold") for found in [catalogue.find(name)]}
    assert titles == {"tin": "a", "TiN": "b", "TIN": None, "Gold": "c"}
    assert catalogue.meant_by("TIN") == ["nitride", "tin"]
