"""Films given by their process: each is computed on the shape that the films before it leave."""

from __future__ import annotations

import numpy as np
import pytest

import geom3d
from geom3d.deposition import Coverage
from geom3d.deposition.cavities import Cavity, coverage, fluxes, upright
from geom3d.deposition.film import NODES, film_of

SPUTTER = {"process": "sputter"}


def layer(name, role, material, thickness, step_coverage=None):
    found = {"name": name, "role": role, "material": material, "thickness": thickness}
    return found if step_coverage is None else {**found, "step_coverage": step_coverage}


def trench(*layers, depth=10.0, **more):
    parameters = {"pitch": 8, "width": 5, "depth": depth}
    return geom3d.design({"architecture": "trenches", "parameters": parameters, "layers": list(layers), **more})


def test_a_film_has_the_thickness_that_radiosity_gives():
    cell = trench(layer("c", "cathode", "licoo2", 0.2, {"sticking": 0.1})).cell()
    (region,) = cell.layers
    flux, floor = fluxes(upright("trench", 10.0, 2.5), 0.1)
    middles = (np.arange(len(flux)) + 0.5) * 10 / len(flux)
    assert region.coverage.way == "radiosity"
    for depth in (1.0, 4.0, 9.0):
        assert float(region.film.at(depth)) == pytest.approx(0.2 * np.interp(depth, middles, flux), rel=0.01)
    assert region.film.top == region.thickness == 0.2
    assert region.film.floor == pytest.approx(0.2 * floor, rel=1e-3)
    assert len(region.film.depths) <= NODES + 3


def test_the_volume_is_that_of_the_coverage():
    """Thickness over the bare surface, and as much more as a rim and round corners add: a part of the film's square."""
    design = trench(layer("c", "cathode", "licoo2", 0.1, {"sticking": 0.1}))
    (region,) = design.cell().layers
    walls = region.coverage
    area = walls.areas.sum() + walls.top[2] + walls.floor[2]
    assert area / design.cell().footprint == pytest.approx(1 + 2 * 10 / 8, rel=1e-6)
    volume = design.walls().volumes[1] / design.cell().footprint
    assert volume == pytest.approx(0.1 * walls.mean * area / design.cell().footprint, rel=0.02)
    even = trench(layer("c", "cathode", "licoo2", 0.1), film_edges="round").walls()
    assert volume < 0.8 * even.volumes[1] / design.cell().footprint


def test_the_second_film_grows_on_the_first():
    cell = trench(
        layer("one", "cathode_collector", "platinum", 0.5, {"sticking": 0.02}),
        layer("two", "cathode", "licoo2", 0.2, {"sticking": 0.1}),
    ).cell()
    one, two = cell.layers
    # The trench that the first leaves: narrowed by its table, its top and its floor raised; straight from the rim to the top.
    depth = 10.0 + one.film.top - one.film.floor
    depths = np.linspace(0, depth, 241)
    wall = depths[depths > 2 * one.film.top]
    narrowed = np.polynomial.Polynomial.fit(wall[:3], 2.5 - one.film.at(wall[:3] - one.film.top), 1)(depths)
    narrowed[depths > 2 * one.film.top] = 2.5 - one.film.at(wall - one.film.top)
    flux, floor = fluxes(Cavity("trench", depths, narrowed), 0.1)
    alone, _ = fluxes(upright("trench", 10.0, 2.5), 0.1)
    assert two.coverage.floor[0] == pytest.approx(floor, rel=0.01)
    assert two.coverage.at(depth / 2) == pytest.approx(np.interp(depth / 2, depths[1:] - depths[1] / 2, flux), rel=0.01)
    assert two.coverage.at(10.0) < 0.95 * alone[-1]


@pytest.mark.slow
def test_pillars_are_covered_by_particles_and_as_the_bare_cell_says():
    parameters = {"pitch": 8, "diameter": 4, "height": 8}
    coat = layer("c", "cathode", "licoo2", 0.2, SPUTTER)
    made = geom3d.design({"architecture": "pillars", "parameters": parameters, "layers": [coat]})
    (region,) = made.cell().layers
    del coat["step_coverage"]
    even = geom3d.design({"architecture": "pillars", "parameters": parameters, "layers": [coat]})
    (film,) = even.coverage(process="sputter").films
    assert region.coverage.way == "Monte Carlo"
    for depth in (1.0, 4.0, 7.0):  # of prisms and of a field: two meshes
        assert region.coverage.at(depth) == pytest.approx(film.coverage.at(depth), abs=0.02)
    assert made.measure()["thickness_equivalent_um.c"] < 0.6 * even.measure()["thickness_equivalent_um.c"]


def test_on_the_flat_nothing_changes():
    layers = [layer("c", "cathode", "licoo2", 0.2, SPUTTER)]
    plain = geom3d.design({"architecture": "planar", "layers": layers})
    assert plain.cell().family.film_edges == "square"
    assert plain.measure()["thickness_equivalent_um.c"] == pytest.approx(0.2)
    assert plain.cell().layers[0].coverage is None


def test_what_covers_all_is_even():
    """After a fill up to above the walls, the surface is flat."""
    fill = {"name": "f", "role": "cathode", "material": "licoo2", "fill_to": 1.0}
    cell = trench(
        layer("e", "electrolyte", "lipon", 0.3), fill, layer("t", "cathode_collector", "platinum", 0.2, SPUTTER)
    ).cell()
    assert cell.layers[-1].film is None
    assert cell.layers[-1].coverage.mean == 1.0


def test_a_table_never_crosses_zero_and_ends_at_the_floor():
    steep = Coverage(
        np.array([0.5, 1.5, 2.5]), np.array([0.1, 1e-3, 0.0]), np.zeros(3), np.ones(3), (1.0, 0.0, 1.0), (0.0, 0.0, 1.0), 3.0, 1.0, "x"
    )  # fmt: skip
    film = film_of(steep, 0.2, 3.0, 0.0)
    assert min(film.thicknesses) > 0
    assert film.floor > 0
    assert film.depths[-1] == 3.0
    assert film.depths[0] == 0.0


@pytest.mark.parametrize(
    ("step_coverage", "words"),
    [
        ({}, "needs either sticking (a probability) or process"),
        ({"sticking": 0.1, "process": "sputter"}, "needs either sticking (a probability) or process"),
        ({"sticking": 0}, "layers.c.step_coverage.sticking: must be"),
        ({"sticking": 2}, "layers.c.step_coverage.sticking: must be"),
        ({"process": "ald"}, "layers.c.step_coverage.process: 'ald' has no sticking probability of its own"),
        ({"process": "magic"}, "layers.c.step_coverage.process: no file and no shipped process 'magic'"),
        ({"stick": 0.1}, "layers.c.step_coverage.stick: unknown key; did you mean 'sticking'?"),
    ],
)
def test_what_cannot_be_is_said(step_coverage, words):
    with pytest.raises(geom3d.InputError) as caught:
        trench(layer("c", "cathode", "licoo2", 0.2, step_coverage))
    assert words in str(caught.value)


def test_only_one_thickness_has_a_coverage():
    uneven = layer("c", "cathode", "licoo2", {"top": 0.2, "bottom": 0.1}, SPUTTER)
    with pytest.raises(geom3d.InputError, match="step_coverage makes a table of one thickness"):
        trench(uneven)
    fill = {"name": "f", "role": "cathode", "material": "licoo2", "fill_to": 1.0, "step_coverage": SPUTTER}
    with pytest.raises(geom3d.InputError, match="step_coverage makes a table of one thickness"):
        trench(fill)
    with pytest.raises(geom3d.InputError, match=r"layers.c.step_coverage: belongs to architectures of upright walls"):
        geom3d.design({"architecture": "tpms", "layers": [layer("c", "anode", "lto", 0.01, SPUTTER)]})


def test_the_template_tells_what_is_made_and_what_is_assumed():
    design = trench(
        layer("one", "cathode_collector", "platinum", 0.1),
        layer("two", "cathode", "licoo2", 0.4, SPUTTER),
        layer("three", "electrolyte", "lipon", 0.1),
        depth=15.0,
    )
    report = design.measure()
    (warning,) = [w for w in report.warnings if w.startswith("two: at its thinnest place its process leaves")]
    assert warning.endswith("of an even film's volume)")
    assert report["film_coverage.mean"].keys() == {"two"}
    assert report["film_coverage.least.two"] == design.cell().regions[2].coverage.least
    films = {film.name: film for film in design.check("sputter").films}
    assert [film.taken_as for film in films.values()] == ["conformal", "predicted", "conformal"]
    (told,) = design.coverage().films
    assert told.name == "two"
    assert told.coverage is design.cell().regions[2].coverage


def test_coverage_is_left_alone_by_a_shift():
    design = trench(layer("c", "cathode", "licoo2", 0.2, {"sticking": 0.1}))
    moved = design.cell().moved(1.0, 0.5)
    assert moved.regions[1].film == design.cell().regions[1].film


def test_cavities_of_templates_are_the_same_by_both_names():
    size = (6.0, 6.0)
    one = coverage(upright("hole", 8.0, 2.0), 0.05, size=size)
    cell = geom3d.design(
        {
            "architecture": "pores",
            "parameters": {"lattice": "square", "pitch": 6, "diameter": 4, "depth": 8},
            "layers": [layer("c", "cathode", "licoo2", 0.2, {"sticking": 0.05})],
        }
    ).cell()
    assert cell.layers[0].coverage.mean == pytest.approx(one.mean, rel=1e-3)
