"""What checks see in sponges, against closed forms, finer grids and the other family."""

from __future__ import annotations

import math

import numpy as np
import pytest

import geom3d
from geom3d.architectures._structure import StructureFacts
from geom3d.architectures.spheres import Spheres
from geom3d.cell.cell import Cell, Region
from geom3d.core.roles import Role
from geom3d.library.materials import find
from geom3d.manufacturability import ASSEMBLY, VOID, sponges
from geom3d.manufacturability.sponges import Sponge
from geom3d.solids.fields.field import Field
from geom3d.solids.fields.implicit import ImplicitBody

EDGE = 4.0
SIZE = (EDGE, EDGE)


class Pillar:
    """The distance to a round post, smooth and periodic."""

    def on_grid(self, x, y, z):
        plane = np.hypot(*(u % EDGE - EDGE / 2 for u in (x[None, :], y[:, None]))) - 0.8
        return np.broadcast_to(plane, (len(z), len(y), len(x)))

    def at(self, points):
        return np.hypot(*(points[:, :2] % EDGE - EDGE / 2).T) - 0.8

    def branches(self, points):
        return None

    def kinks(self, one, other):
        raise AssertionError


def standing(shape, step: float, *, top: float = 5.5, radius: float = 0.2, coats=(), fill=None) -> Sponge:
    """A web on a plate, with coats and a fill."""
    web = ImplicitBody(shape, SIZE, 0.5, top, radius)
    scaffold = Field(web, 0.5, SIZE)
    bodies = [Field(None, 0.5, SIZE), scaffold, *(scaffold.offset(t) for t in np.cumsum(coats).tolist())]
    if fill is not None:
        bodies.append(bodies[-1] | bodies[-1].half_space(fill))
    regions = tuple(Region(f"r{k}", Role.SUBSTRATE, find("gold"), body) for k, body in enumerate(bodies))
    cell = Cell((*SIZE, 7.0), regions, StructureFacts(base_z=0.5, top=top, scaffold=("r1",), web=web), grid_step=step)
    return Sponge(cell, cell.walls() if top > 7 else None)


def made(surface: str, step: float, layers=(), **parameters) -> geom3d.Design:
    body = {"architecture": "tpms", "parameters": {"surface": surface, "period": 4.0, "height": 4.0, **parameters}}
    return geom3d.design({**body, "layers": list(layers), "resolution": step})


def film(name: str, thickness: float) -> dict[str, object]:
    return {"name": name, "role": "electrolyte", "material": "lipon", "thickness": thickness}


@pytest.mark.parametrize(
    ("rise", "step", "error"),
    [(0.0, 0.1, 0.04), (0.6, 0.1, 0.04), pytest.param(0.6, 0.05, 0.012, marks=pytest.mark.slow)],
)
def test_the_neck_of_two_spheres(rise, step, error):
    """Overlapping spheres of radius R at a distance s share a disc of radius √(R² - s²/4)."""
    centres = ((1.3, 2.0, 3.0), (1.3 + math.sqrt(1.3**2 - rise**2), 2.0, 3.0 + rise))
    sponge = standing(Spheres(centres, 0.75, SIZE, pores=False), step)
    neck = sponge.web(0.0, "web")
    assert neck.value == pytest.approx(2 * math.sqrt(0.75**2 - 0.65**2), rel=error)
    middle = np.mean(centres, axis=0)
    assert np.linalg.norm(np.array(neck.at) - middle) < 2 * step
    # Each begins in mid-air, and what hangs on both is on its way up carried.
    islands = sponge.islands()
    assert islands.number == 2
    assert min(abs(islands.at[2] - c[2] + 0.75) for c in centres) <= 1.01 * step


def test_islands_of_many_spheres_are_their_lowest_points():
    """Spheres apart from each other, one of them in the plate."""
    centres = ((1.0, 1.0, 2.0), (3.0, 1.0, 3.1), (0.0, 3.0, 4.0), (3.0, 3.0, 0.6))
    assert standing(Spheres(centres, 0.6, SIZE, pores=False), 0.1).islands().number == 3
    # The plate's film and the films of two spheres meet the one above; what the fill covers is carried.
    filled = standing(Spheres(centres, 0.6, SIZE, pores=False), 0.1, coats=(0.05,), fill=2.3)
    assert filled.islands().number == 2
    assert standing(Spheres(centres, 0.6, SIZE, pores=False), 0.1, fill=6.0).islands().number == 0


def test_a_ball_of_void_in_the_web_is_a_closed_cavity():
    centres = ((2.0, 2.0, 3.0), (2.0, 2.0, 5.4))
    web = ImplicitBody(Spheres(centres, 0.8, SIZE, pores=True), SIZE, 0.5, 5.5, 0.2)
    regions = (
        Region("plate", Role.SUBSTRATE, find("gold"), Field(None, 0.5, SIZE)),
        Region("web", Role.SUBSTRATE, find("gold"), Field(web, 0.5, SIZE)),
    )
    cell = Cell((*SIZE, 6.0), regions, StructureFacts(base_z=0.5, top=5.5, scaffold=("web",), web=web), grid_step=0.1)
    cavities = Sponge(cell, cell.walls()).cavities()
    assert (cavities.number, cavities.size) == (1, pytest.approx(4 / 3 * math.pi * 0.8**3, rel=0.01))
    assert np.linalg.norm(np.array(cavities.at) - centres[0]) == pytest.approx(0.8, abs=0.02)


def test_a_post_has_the_same_widths_as_in_the_other_family():
    """Of the pores the widest place is a corner of the cell; their narrowest is between neighbours."""
    sponge = standing(Pillar(), 0.2, top=2.5)
    assert sponge.web(0.0, "web").value == pytest.approx(1.6, rel=0.02)
    assert sponge.pores(0.0, 0.5, 2.5, ()).value == pytest.approx(EDGE - 1.6, rel=0.02)
    coated = standing(Pillar(), 0.2, top=2.5, coats=(0.2, 0.3))
    assert [coated.widths[name].value for name in ("r2", "r3")] == pytest.approx([0.2, 0.3])
    assert coated.widths[ASSEMBLY].value == pytest.approx(2.6, rel=0.02)
    assert coated.widths[VOID].value == pytest.approx(1.4, rel=0.02)
    assert (coated.cell.regions[3].name, coated.widths[VOID].regions) == ("r3", ("r3",))
    filled = standing(Pillar(), 0.2, top=2.5, coats=(0.2,), fill=3.2)
    assert filled.widths["r3"].value == pytest.approx(2.0, rel=0.02)
    assert filled.heights["r3"].value == pytest.approx(3.2 - 2.7)
    assert ASSEMBLY not in filled.widths
    assert filled.heights[ASSEMBLY].value == pytest.approx(3.2)


@pytest.mark.parametrize(("step", "error"), [(0.4, 0.06), (0.15, 0.015)])
def test_throats_of_schwarz_p(step, error):
    """Where cos x = -1 the throat is cos y + cos z = 1, narrowest across its diagonal: 2√2 · period / 6."""
    sponge = Sponge(made("schwarz_p", step).cell(), None)
    expected = 2 * math.sqrt(2) * 4.0 / 6
    assert sponge.web(0.0, "web").value == pytest.approx(expected, rel=error)
    assert sponge.pores(0.0, 1.0, 5.0, ()).value == pytest.approx(expected, rel=error)


@pytest.mark.slow
def test_struts_of_an_inverse_opal():
    """Between three spheres that touch each other: their triangle's circumradius less theirs."""
    design = geom3d.design(
        {"architecture": "inverse_opal", "parameters": {"diameter": 1.0, "overlap": 0.05, "height": 1.2}}
    )
    strut = Sponge(design.cell(), None).web(0.0, "web").value
    assert strut == pytest.approx(2 * (0.95 / math.sqrt(3) - 0.5), rel=0.03)


@pytest.mark.parametrize("kind", ["network", "sheet"])
def test_a_gyroid_on_a_coarse_grid_and_a_finer_one(kind):
    spots = []
    for step in (0.3, 0.1):
        sponge = Sponge(made("gyroid", step, kind=kind, solid_fraction=0.4).cell(), None)
        spots.append((sponge.web(0.0, "web"), sponge.pores(0.0, 1.0, 5.0, ())))
    for coarse, fine in zip(*spots, strict=True):
        assert abs(coarse.value - fine.value) <= coarse.uncertainty + fine.uncertainty
        assert fine.uncertainty < 0.1 * fine.value


@pytest.mark.slow
def test_a_wall_too_thin_for_any_grid_is_not_overlooked(monkeypatch):
    monkeypatch.setattr(sponges, "MOST_NODES", 100_000)
    sponge = Sponge(made("schwarz_p", 0.45, kind="sheet", solid_fraction=0.02).cell(), None)
    thin = sponge.web(0.0, "web")
    assert 0.02 < thin.value == thin.uncertainty
    assert thin.value - thin.uncertainty < 0.02 * 4 / 2.35


def test_films_narrow_the_pores_and_their_thickness_is_theirs():
    layers = [film("inner", 0.1), film("outer", 0.15)]
    bare, coated = (Sponge(made("gyroid", 0.2, few).cell(), None) for few in ([], layers))
    assert coated.widths["inner"].value == pytest.approx(0.1)
    assert coated.heights["outer"].value == pytest.approx(0.15)
    assert coated.widths[VOID].value == pytest.approx(bare.widths[VOID].value - 0.5)
    assert coated.widths[ASSEMBLY].value == pytest.approx(bare.widths[ASSEMBLY].value + 0.5)


def test_a_bare_gyroid_overhangs():
    design = made("gyroid", 0.3)
    found = {f.rule: f for f in design.check("two-photon").findings}
    # Points next to the surface, weighted by the function's slope, are spread evenly over it.
    x, y, z = np.random.default_rng(1).random((3, 1_000_000)) * 2 * math.pi
    near = np.abs(np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x)) < 0.1
    x, y, z = x[near], y[near], z[near]
    rise = np.cos(z) * np.cos(x) - np.sin(y) * np.sin(z)
    other = np.cos(x) * np.cos(y) - np.sin(z) * np.sin(x), np.cos(y) * np.cos(z) - np.sin(x) * np.sin(y)
    slope = np.sqrt(rise**2 + other[0] ** 2 + other[1] ** 2)
    seen = made("gyroid", 0.1)._measures
    for limit in (30, 45, 60):
        steep = slope[-rise > slope * math.sin(math.radians(limit))].sum() / slope[rise < 0].sum()
        down = seen.undersides.areas[seen.undersides.angles > 0].sum()
        found_share = seen.undersides.beyond(limit).area / down
        assert found_share == pytest.approx(steep, abs=0.015)
    assert found["cavities"].value == 0
    assert found["gap"].value == pytest.approx(design._measures.scaffold.opening.value)
    assert design.check("sls", 1e4).status == "yes"
    assert design.check("drie").status == "no"


def test_the_equivalent_aspect_ratio_of_pores():
    """Depth over four times the pores' volume per wall area, which for straight pores is depth × perimeter / (4 × area)."""
    design = made("gyroid", 0.2, [film("film", 0.2)], height=8.0)
    ratio = design._measures.equivalent_aspect_ratio
    report = design.measure()
    void = 1 - report["sponge.solid_fraction"]
    assert ratio == pytest.approx(8.0 * report["sponge.surface_per_volume_per_um"] / (4 * void), rel=1e-9)
    # The gyroid has about 3.09 period² of surface in a period.
    assert ratio == pytest.approx(8.0 * 3.09 / 4.0 / (4 * 0.5), rel=0.02)
    assert design.check("sputter").status == "no"
    assert design.check("lpcvd").status == "yes"
