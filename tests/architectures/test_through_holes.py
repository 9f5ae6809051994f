"""Plates with holes open at both ends: films on the wall and both faces, against formulas of their own."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import geom3d
from geom3d.core.errors import InputError
from geom3d.exports import Options
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.mesh.sections import section
from geom3d.verification.comparison import verify

PITCH, WIDE, THICK = 10.0, 6.0, 20.0
COLLECTOR, CATHODE, ELECTROLYTE = 0.2, 0.5, 0.8
FILMS = [
    {"name": "collector", "role": "cathode_collector", "material": "nickel", "thickness": COLLECTOR},
    {"name": "cathode", "role": "cathode", "material": "mos2", "thickness": CATHODE},
    {"name": "electrolyte", "role": "electrolyte", "material": "gel-polymer", "thickness": ELECTROLYTE},
]


def anode(fill_to):
    return {"name": "anode", "role": "anode", "material": "graphite", "fill_to": fill_to}


def plate(*layers, tolerance="0.2 nm", **parameters):
    own = {"lattice": "square", "pitch": PITCH, "diameter": WIDE, "depth": THICK, "base": 0, **parameters}
    lithiated = {"graphite": {"lithiated": 1.0}}
    content = {"architecture": "pores", "parameters": own, "materials": lithiated, "layers": [*layers]}
    return geom3d.design(content if tolerance is None else content | {"tolerance": tolerance})


def solid(grown: float) -> float:
    """Volume of the plate under films, per footprint: a slab with square rims less a narrower cylinder."""
    return (THICK + 2 * grown) * (1 - math.pi * (WIDE / 2 - grown) ** 2 / PITCH**2)


def surface(grown: float) -> float:
    """Its surface per footprint: two faces with a hole in each, and the wall of the hole."""
    radius = WIDE / 2 - grown
    return 2 * (1 - math.pi * radius**2 / PITCH**2) + 2 * math.pi * radius * (THICK + 2 * grown) / PITCH**2


def test_areas_and_volumes_of_an_open_plate():
    """Of a bare plate, and of every film on its wall and both faces."""
    found = plate(*FILMS)
    report, grown = found.measure(), [0.0, *np.cumsum([COLLECTOR, CATHODE, ELECTROLYTE]).tolist()]
    gains, volumes = report["area_gain"], report["thickness_equivalent_um"]
    assert gains["scaffold"] == pytest.approx(surface(0.0), rel=1e-4)
    assert gains["side_walls"] == pytest.approx(math.pi * WIDE * THICK / PITCH**2, rel=1e-4)
    assert volumes["scaffold"] == pytest.approx(solid(0.0), rel=1e-7)
    for film, before, after in zip(FILMS, grown, grown[1:], strict=False):
        assert gains["by_layer"][film["name"]] == pytest.approx(surface(after), rel=1e-4)
        assert volumes[film["name"]] == pytest.approx(solid(after) - solid(before), rel=1e-7)
    # What is open of the hole from end to end; the empty space beyond the films does not count.
    assert volumes["void"] == pytest.approx(THICK + 2 * grown[-1] - solid(grown[-1]), rel=1e-7)
    mos2 = report["capacity_uAh_cm2.cathode_in_all"]
    assert mos2 == pytest.approx(5.06 * 0.8 * 167.4 / 10 * (solid(grown[2]) - solid(grown[1])), rel=1e-6)
    assert report["capacity_below_features.cathode"] == 0.0
    assert found.cell().height == pytest.approx(THICK + 2 * grown[-1])
    assert report["gap_left_um"] == pytest.approx(WIDE - 2 * grown[-1])
    # Half of the depth: a deep hole that is open at both ends is coated as two of half its depth.
    assert report["equivalent_aspect_ratio"] == pytest.approx(THICK / 2 / WIDE, rel=1e-3)


@pytest.mark.parametrize("level", [3.0, 1.0, -4.0])
def test_a_fill_reaches_as_far_beyond_either_face(level):
    """It covers both faces, fills the hole up to amid its films, or leaves both ends open."""
    report = plate(*FILMS, anode(level)).measure()
    grown = COLLECTOR + CATHODE + ELECTROLYTE
    slab, hole = THICK + 2 * level, math.pi * (WIDE / 2 - grown) ** 2 / PITCH**2
    covered = slab - solid(grown) if level > grown else slab * hole
    assert report["thickness_equivalent_um.anode"] == pytest.approx(covered, rel=1e-7)
    assert report["area_gain.by_layer.anode"] == pytest.approx(2.0 if level > grown else 2 * hole, rel=1e-7)
    wall = 2 * math.pi * (WIDE / 2 - grown) * slab / PITCH**2
    facing = surface(grown) if level > grown else wall
    assert report["area_gain.anode"] == pytest.approx(facing, rel=1e-4)
    assert report["short_circuit_um2"] == 0.0
    assert report["connected_fraction.anode"] == (1.0 if level > grown else 0.0)
    assert report["inter_electrode_distance_um.cathode.min"] == pytest.approx(ELECTROLYTE)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"shape": "hexagon", "lattice": "hexagonal"},
        {"shape": "square", "corner_radius": 1.6, "rotation": 20.0},
        {"periods": 2, "jitter": 0.3, "missing": 0.25},
    ],
    ids=lambda given: given.get("shape", "circle"),
)
@pytest.mark.parametrize("level", [2.0, 0.5])
def test_verify_holds_it_against_formulas_for_any_outline(given, level):
    compared = list(verify(plate(*FILMS, anode(level), **given)))
    assert len(compared) > 10
    assert [row.path for row in compared if not row.agrees] == []


def test_films_on_a_fill_go_round_it_on_both_sides():
    cap = {"name": "cap", "role": "encapsulation", "material": "parylene", "thickness": 0.4}
    report = plate(*FILMS, anode(3.0), cap).measure()
    assert report["thickness_equivalent_um.cap"] == pytest.approx(0.8, rel=1e-9)
    found = plate(*FILMS[:1], {**anode(-1.0), "role": "encapsulation", "material": "parylene"}, cap)
    # On both faces of the collector, on the fill in the hole, and on the wall between them, which square rims make longer.
    radius, film = WIDE / 2 - COLLECTOR, 0.4
    step = math.pi * (radius**2 - (radius - film) ** 2) * (1.0 + COLLECTOR)
    assert found.measure()["thickness_equivalent_um.cap"] == pytest.approx(2 * (film + step / PITCH**2), rel=1e-7)


def test_what_a_point_is_in_agrees_with_the_mesh():
    cell = plate(*FILMS, anode(-2.0)).cell()
    points = np.random.default_rng(3).random((200_000, 3)) * cell.size
    counted = np.bincount(cell.locate(points), minlength=len(cell.names) + 1) / len(points) * cell.size[2]
    exact = cell.walls().volumes / cell.footprint
    assert np.abs(counted - exact).max() < 0.06  # four standard deviations of the largest
    middle = cell.size[2] / 2
    mirrored = points * [1, 1, -1] + [0, 0, 2 * middle]
    assert (cell.locate(points) == cell.locate(mirrored)).all()


@pytest.mark.slow
def test_current_crosses_the_film_on_wall_and_faces(monkeypatch):
    """Between a film on the smaller surface alone and one on the larger: a coaxial sleeve and two plates with square rims."""
    monkeypatch.setattr("geom3d.transport.prisms.ENOUGH", 1e-2)
    report = plate(*FILMS, anode(3.0), tolerance=None).measure_only(["ionic_resistance_ohm_cm2"])
    inner, outer = (surface(COLLECTOR + CATHODE + part) for part in (ELECTROLYTE, 0.0))
    kappa, thickness = 1e-3, ELECTROLYTE * 1e-4
    assert thickness / (kappa * outer) < report["ionic_resistance_ohm_cm2"] < thickness / (kappa * inner)


def test_slices_begin_at_the_lower_film(tmp_path):
    found = plate(*FILMS)
    found.build(tmp_path, formats=("svg",), options=Options(layer_height=1.0), unit="um")
    (entry,) = json.loads((tmp_path / "report.json").read_text("utf-8"))["files"]
    assert (entry["drawings"], entry["layer_height_um"]) == (23, 1.0)
    assert entry["first_z_um"] == pytest.approx(found.cell().bottom + 0.5)
    cut = section(found.walls(), entry["first_z_um"], "z")
    assert {*cut.left, *cut.right} - {OUTSIDE, len(found.cell().names)} == {found.cell().names.index("electrolyte")}


def test_processes_take_the_plate_to_lie_on_their_own():
    found = plate(*FILMS)
    report = found.check("micro-sla", scale=50)
    overhang = next(finding for finding in report.findings if finding.rule == "overhang")
    assert overhang.ok  # it rests on its lower film
    assert found.check("sputter").films  # taken as the template has them: what comes from both sides is not predicted
    with pytest.raises(InputError, match=r"coverage: predicts films that come from above"):
        found.coverage(0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parameters": {"backing": 2.0}}, "parameters.backing: nothing lies under a plate"),
        ({"profile": {"sidewall_angle": 88}}, "profile: belongs to structures on a plate"),
        ({"film_edges": "round"}, "film_edges: belongs to structures on a plate"),
        (
            {"film": {"thickness": {"top": 0.3, "bottom": 0.2}}},
            "layers.film.thickness: belongs to structures on a plate",
        ),
        (
            {"film": {"thickness": 0.3, "step_coverage": {"sticking": 0.1}}},
            "layers.film.step_coverage: belongs to structures on a plate",
        ),
        ({"film": {"fill_to": -10.0}}, "layers.film.fill_to: must lie above the middle of the plate, which is 10 µm"),
        ({"film": {"thickness": 3.0}}, "layers.film.thickness: coats of 3 µm in all close the gap of 6 µm"),
        ({"film": {"thickness": 0.3, "material": "nickel", "role": "anode"}}, "cannot serve as anode"),
    ],
)
def test_what_does_not_go_with_it_is_said(change, words):
    change = dict(change)
    film = {"name": "film", "role": "electrolyte", "material": "lipon", **change.pop("film", {"thickness": 0.3})}
    own = {"lattice": "square", "diameter": WIDE, "depth": THICK, "base": 0, **change.pop("parameters", {})}
    with pytest.raises(InputError) as caught:
        geom3d.design({"architecture": "pores", "parameters": own, "layers": [film], **change}).cell()
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
