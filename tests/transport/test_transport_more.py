"""Ionic conduction as users meet it: every template, a second way to the number, the command line, temperatures."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from kinds import features
from scipy.sparse import coo_array
from skfem import Basis, BilinearForm, ElementTetP2, MeshTet, asm, condense, solve
from skfem.helpers import dot, grad

import geom3d
from geom3d.architectures.spheres import Spheres
from geom3d.cell.template import shipped
from geom3d.cli.app import run
from geom3d.solids.fields.field import FIELDS, Field
from geom3d.solids.fields.implicit import ImplicitBody
from geom3d.transport import conduct, contacts_of, prisms, tetrahedra
from geom3d.transport.contacts import Contacts
from geom3d.transport.surface import FIELD
from geom3d.transport.voxels import conduction

#: One template or more of each kind, with edges of voxels that put four or more across the electrolyte: x and y, z, µm; and what keeps the cell small.
VOXELS = {
    "comb-sun-2013": (10, 10, {"parameters.fingers": 2}),
    "grid-yang-2011": (5, 5, {}),
    "honeycomb-kotobuki-2010": (8, 8, {}),
    "interdigitated-pillars-opposed": (1, 1, {"parameters.height": 15}),
    "pillars-coated": (0.12, 0.24, {"parameters.height": 4}),
    "interdigitated-pillars-substrate": (0.75, 1.5, {"parameters.height": 15}),
    "planar-cea-leti-2019": (1, 0.2, {}),
    "planar-efl700a39": (1, 0.2, {}),
    "planar-front-edge": (1, 0.2, {}),
    "planar-licoo2-lipon-lithium": (1, 0.2, {}),
    "planar-lithium-free": (1, 0.2, {}),
    "planar-two-layer-sulfide": (1, 1.1, {}),
    "sponge-gyroid-lto": (0.1, 0.1, {"resolution": 0.3}),
    "sponge-schwarz-p-sheet": (0.2, 0.2, {}),
    "sponge-spheres-lfp": (0.06, 0.06, {}),
    "layout-comb": (1, 1, {}),
    "mcp-nathan-2005": (2, 2, {"parameters.depth": 20, "layers.electrolyte.thickness": 8}),
    "microwires-square": (0.1, 0.1, {"parameters.height": 1, "layers.electrolyte.thickness": 0.4}),
    "trenches-notten-2007": (0.12, 0.24, {"parameters.depth": 10}),
}
#: Cells of few voxels and elements; the others take up to a minute.
QUICK = (
    "planar-efl700a39",
    "planar-licoo2-lipon-lithium",
    "planar-lithium-free",
    "planar-two-layer-sulfide",
    "grid-yang-2011",
)
NONE = {
    "inverse-opal-pikul-2013": "the design has no anode",
    "microtubes-eustache-2014": "the design has no electrolyte",
    "pores-liu-2014": "the design has no electrolyte",
}


#: Walls as made are in test_as_made.py; webs of waves, of rods and from files are solved as those of formulas and of balls are.
ELSEWHERE = (
    "pillars-put-2019",
    "pores-sputtered",
    "scaffold-crossing-bars",
    "sponge-octet-struts",
    "sponge-spinodal-licoo2",
    "tomogram-particles",
    "trenches-as-etched",
)


def load(name, overrides=None):
    """A template; a sponge on a coarse grid."""
    design = geom3d.load(name, overrides)
    web = design.cell().facts.web
    if web is None or "resolution" in (overrides or {}):
        return design
    return geom3d.load(name, {**(overrides or {}), "resolution": 0.66 * min(web.radius, min(web.size) / 8)})


def test_every_kind_of_template_has_its_case():
    """A template that has no case has nothing that another one with a case has not."""
    assert {*VOXELS, *NONE, *ELSEWHERE} <= {*shipped()}
    met = set().union(*(features(name) for name in VOXELS))
    assert {
        name: features(name) - met
        for name in shipped()
        if not features(name) <= met and name not in {*NONE, *ELSEWHERE}
    } == {}


#: Half of the gap between the bounds of prisms and wedges at which refinement ends here, and how far off their middle may be, as if it had gone on.
ROUGH, FEW, NEAR = 1e-2, 15_000, 2.5e-3


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in VOXELS]
)
def test_two_ways_agree(name, monkeypatch):
    """Finite elements on the geometry and finite volumes on voxels, each within its own uncertainty."""
    monkeypatch.setattr(prisms, "ENOUGH", ROUGH)
    monkeypatch.setattr(prisms, "MOST", FEW)
    neighbour_region, upright, overrides = VOXELS[name]
    design = load(name, overrides)
    cell, walls = design.cell(), design.walls()
    coarse = cell.coarser()
    flow = conduct(cell, walls, None if coarse is None else (coarse, coarse.walls()))
    other = conduction(cell, walls, contacts_of(cell), (neighbour_region, neighbour_region, upright))
    near = min(flow.error, NEAR) if coarse is None else flow.error
    assert abs(other.conductance / flow.solution.conductance - 1) <= near + other.error / other.conductance
    assert flow.error < 0.12
    assert other.error < 0.35 * other.conductance
    assert flow.solution.anode.total == pytest.approx(flow.solution.cathode.total, rel=1e-8)


@pytest.mark.parametrize(("name", "reason"), NONE.items())
def test_no_resistance_for_a_reason(name, reason):
    report = load(name).measure(transport=True)
    assert report["ionic_resistance_ohm_cm2"] is None
    assert report["transport.reason"] == reason
    assert any(reason in warning for warning in report.warnings)
    with pytest.raises(geom3d.InputError, match=f"{name}.*transport: {reason}"):
        load(name).transport()


def test_without_being_asked_it_stays_null():
    report = geom3d.load("pillars-coated").measure()
    assert report["ionic_resistance_ohm_cm2"] is None
    assert report["transport"] is None
    assert not [path for path in report["uncertainty"] if path.startswith(("ionic_resistance", "transport"))]


@BilinearForm
def laplace(u, v, w):
    return dot(grad(u), grad(v))


@pytest.mark.slow
def test_a_library_for_finite_elements_finds_the_same():
    """scikit-fem with quadratic elements on the volume mesh, the sides of the box identified."""
    changes = {"parameters.height": 1, "tolerance": 0.01, "layers.electrolyte.thickness": 0.12}
    design = geom3d.load("nanopillars-lethien-2011", changes)
    mesh = design.mesh(0.7, layers=2)
    names = list(design.cell().names)
    label, ends = names.index("electrolyte"), [names.index("anode"), names.index("cathode")]
    kept = mesh.labels == label
    used, corners = np.unique(mesh.tetrahedra[kept], return_inverse=True)
    part = MeshTet(np.ascontiguousarray(mesh.points[used].T), np.ascontiguousarray(corners.reshape(-1, 4).T))
    basis = Basis(part, ElementTetP2())
    matrix = asm(laplace, basis)
    # One unknown for each place, through the period: unknowns of P2 lie at corners and in the middles of edges.
    places = basis.doflocs.T.copy()
    for axis, period in enumerate(mesh.size[:2]):
        places[np.isclose(places[:, axis], period), axis] = 0
    home = np.unique(np.round(places, 7), axis=0, return_inverse=True)[1].ravel()
    symmetry_order = coo_array((np.ones(len(home)), (np.arange(len(home)), home))).tocsr()
    number = np.full(len(mesh.points), -1)
    number[used] = np.arange(len(used))
    fixed = []
    for end in ends:
        faces = np.isin(mesh.back_region, [label, end]) & np.isin(mesh.neighbour_region, [label, end])
        faces &= (mesh.back_region != mesh.neighbour_region) & (number[mesh.interfaces] >= 0).all(axis=1)
        known = {tuple(sorted(face)) for face in number[mesh.interfaces[faces]].tolist()}
        facets = [k for k in part.boundary_facets().tolist() if tuple(sorted(part.facets[:, k].tolist())) in known]
        fixed.append(np.unique(home[basis.get_dofs(np.array(facets)).all()]))
    value = np.zeros(symmetry_order.shape[1])
    value[fixed[1]] = 1
    folded = (symmetry_order.T @ matrix @ symmetry_order).tocsr()
    value = solve(*condense(folded, x=value, D=np.concatenate(fixed)))
    found = float(value @ (folded @ value))
    flow = design.transport()
    low, high = (bound / flow.conductivity for bound in flow.solution.bounds)
    assert low * (1 - 1e-3) < found < high * 1.01
    assert found == pytest.approx(flow.solution.conductance / flow.conductivity, rel=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize(("outer", "share"), [(1.5, 0.2), (1.05, 0.6)], ids=["thick", "thin"])
def test_film_around_a_ball_in_second_order(outer, share):
    """A sampled film: 4π a b / (b - a)."""
    edge, exact = 4.0, 4 * math.pi * outer / (outer - 1)
    web = ImplicitBody(Spheres(((2.1, 2.0, 1.9),), 1.0, (edge, edge), pores=False), (edge, edge), 0.0, math.inf, 1.0)
    solids = [Field(web, -math.inf, (edge, edge)).offset(t) for t in (0.0, outer - 1)]
    for step in (0.2, 0.14, 0.1):
        walls = FIELDS.partition(("ball", "film"), solids, (edge,) * 3, grid_step=step).check()
        solution = tetrahedra.conduction(walls, Contacts({1: 1.0}, [0], [2]), step)
        assert abs(solution.conductance / exact - 1) < share * step**2
        assert solution.anode.area == pytest.approx(4 * math.pi, rel=0.4 * step**2)
        for currents in (solution.anode, solution.cathode):
            assert currents.total == pytest.approx(solution.conductance, rel=1e-8)
            assert currents.figures()["std_over_mean"] < 0.1
            assert currents.figures()["area_share_of_half"] > 0.45


@pytest.mark.slow
def test_a_sponge_shows_its_currents():
    design = load("sponge-schwarz-p-sheet")
    flow = design.transport()
    walls = design.walls_with_current()
    density = walls.fields[FIELD]
    shown = np.isfinite(density)
    assert walls.areas[shown].sum() == pytest.approx(flow.solution.anode.area + flow.solution.cathode.area, rel=1e-9)
    assert (walls.areas * density)[shown].sum() == pytest.approx(walls.areas[shown].sum(), rel=1e-2)
    report = design.measure(transport=True)
    change = report["uncertainty"]["ionic_resistance_ohm_cm2"] / report["ionic_resistance_ohm_cm2"]
    assert change == pytest.approx(flow.error)
    assert any("the ionic resistance is uncertain by" in warning for warning in report.warnings)


def test_temperature_of_one_electrolyte_scales():
    design = geom3d.load("trenches-notten-2007")
    report = design.measure(transport=True, temperature=0)
    factor = math.exp(0.55 / 8.617333e-5 * (1 / 273.15 - 1 / 298.15))
    ratio = report["transport.resistance_ohm_cm2"] / report["ionic_resistance_ohm_cm2"]
    assert ratio == pytest.approx(factor, rel=1e-6)
    assert design.transport(0).resistance == pytest.approx(report["transport.resistance_ohm_cm2"], rel=1e-9)


def test_without_activation_energy_only_room_temperature_is_known():
    design = geom3d.load("planar-lithium-free", {"layers.electrolyte.material": "lison"})
    report = design.measure(transport=True, temperature=40)
    assert report["ionic_resistance_ohm_cm2"] == pytest.approx(1e-4 / 2e-5)
    assert report["transport.resistance_ohm_cm2"] is None
    assert any("no resistance at 40 °C: the material of 'electrolyte'" in warning for warning in report.warnings)


@pytest.mark.parametrize("wrong", [-273.15, 1000, math.nan, math.inf])
def test_temperatures_that_are_none(wrong):
    with pytest.raises(geom3d.InputError, match="temperature: must lie between -100 and 500 °C"):
        geom3d.load("planar-lithium-free").measure(transport=True, temperature=wrong)


@pytest.mark.slow
def test_command_line(capsys, tmp_path):
    assert run(["measure", "planar-two-layer-sulfide", "--transport", "--temperature", "60", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ionic_resistance_ohm_cm2"] == pytest.approx(5.147, rel=1e-3)
    assert data["transport"]["temperature_C"] == 60
    table = tmp_path / "table.csv"
    names = ["planar-lithium-free", "trenches-notten-2007", "microtubes-eustache-2014"]
    assert run(["compare", *names, "--transport", "-o", str(table)]) == 0
    row = next(line for line in table.read_text("utf-8").splitlines() if line.startswith("ionic_resistance_ohm_cm2"))
    assert row.split(",")[1] == "Ω·cm²"
    assert float(row.split(",")[2]) == pytest.approx(43.478, rel=1e-4)
    assert 1.5 < float(row.split(",")[3]) < 1.7
    assert row.split(",")[4] == ""


def test_currents_of_a_cell_without_its_islands_are_refused_before_any_is_solved(tmp_path, monkeypatch):
    monkeypatch.setattr(geom3d.Design, "measure", lambda *_, **__: pytest.fail("nobody needs it"))
    design = geom3d.load("pillars-coated")
    for job in (design.build, design.plan):
        with pytest.raises(geom3d.InputError, match="transport: currents are those of the whole cell"):
            job(tmp_path, transport=True, drop_islands=True)


@pytest.mark.slow
def test_vtp_holds_the_current(tmp_path, monkeypatch):
    import pyvista

    monkeypatch.setattr(prisms, "ENOUGH", 2e-2)
    posts = ["interdigitated-pillars-substrate", "--set", "parameters.height=15"]
    assert run(["build", *posts, "--transport", "--format", "vtp", "-o", str(tmp_path)]) == 0
    (file,) = tmp_path.glob("*.vtp")
    surface = pyvista.read(file)
    density = surface[FIELD]
    shown = np.isfinite(density)
    assert (surface["area_um2"] * density)[shown].sum() == pytest.approx(surface["area_um2"][shown].sum(), rel=1e-9)
