"""What pictures consist of: visible surfaces, cut faces, windows on thin films, and colours that stay apart."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import shapely
from kinds import PRISMATIC

import geom3d
from geom3d.cell.cell import Region
from geom3d.cell.template import shipped
from geom3d.core.roles import Role
from geom3d.library.materials import Material
from geom3d.mesh.sections import section
from geom3d.rendering.views import VIEWS, scene
from geom3d.scene.bodies import bodies, capped, cut_faces
from geom3d.scene.details import windows
from geom3d.scene.faces import face
from geom3d.scene.refined import refined
from geom3d.scene.stage import OBLIQUE, framed
from geom3d.solids.prisms.outline import rectangle
from geom3d.solids.prisms.prism import Prism, Prisms

GYROID = ("sponge-gyroid-lto", {"resolution": 0.4})


def visible_areas(cell, walls, hidden):
    """Area that every region shows to the void, to the cut and to the outside."""
    found = []
    for label in range(len(walls.names)):
        _, index = walls.shell([label])
        beyond = np.where(walls.back_region[index] == label, walls.front_region[index], walls.back_region[index])
        found.append(walls.areas[index[~np.isin(beyond, hidden)]].sum())
    return found


@pytest.mark.parametrize("name", PRISMATIC)
def test_the_cut_shows_what_an_array_without_its_quarter_shows(name, array):
    """The other way: an empty region that takes the quarter is put first in a cell that holds the whole array."""
    cell = geom3d.load(name).cell()
    walls, place = cell.walls(), cell.middle((2, 2))
    many = array(cell, (2, 2))
    corner = Prisms((Prism(rectangle(0.0, 0.0, *place), -math.inf, math.inf),), many.size[:2])
    empty = Region("cutout", Role.ENCAPSULATION, Material(title="cut"), corner)
    whole = replace(many, regions=(empty, *many.regions)).walls()
    expected = visible_areas(cell, whole, range(1, len(whole.names)))[1:]
    found = capped(bodies(walls, (2, 2), cut=place), cut_faces(walls, (2, 2), place))
    assert [body.areas.sum() for body in found] == pytest.approx(expected, rel=1e-5, abs=1e-5 * sum(expected))


@pytest.mark.parametrize("cells", [(1, 1), (2, 2), (3, 2)])
def test_a_cut_sponge_encloses_three_quarters_and_a_bit(cells):
    """The surfaces and the cut faces of a battery without pores are closed: they enclose the box less the quarter."""
    cell = geom3d.load(*GYROID).cell()
    walls, place = cell.walls(), cell.middle(cells)
    volume = 0.0
    for body in bodies(walls, cells, cut=place):
        a, b, c = (body.vertices[body.triangles[:, k]] for k in range(3))
        volume += np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    # The cut faces look towards low y and low x, so that by the divergence theorem each takes a third of place × area.
    for opened, other in zip(cut_faces(walls, cells, place), place, strict=True):
        area = sum(shapely.area(shape) for shape in opened.shapes.values())
        assert area == pytest.approx(other * cell.top, rel=1e-6)
        volume -= opened.place * area / 3
    footprint = cells[0] * cells[1] * cell.footprint - place[0] * place[1]
    assert volume == pytest.approx(footprint * cell.top, rel=1e-6)


def test_copies_of_a_sponge_show_what_the_files_hold():
    """Whole, as many triangles as the assembly's file has; peeled, the bare web of one cell and cut faces beside it."""
    design = geom3d.load(*GYROID)
    walls = design.walls()
    whole = [len(body.triangles) for body in bodies(walls, (2, 3))]
    everything = list(range(len(walls.names)))
    assert sum(whole) == sum(len(faces) * len(columns) for _, columns, faces, _ in walls.tiles(everything, (2, 3)))
    peeled = [len(body.triangles) for body in scene(design, VIEWS["peeled"], (2, 3)).bodies]
    web, film = walls.names.index("scaffold"), walls.names.index("electrolyte")
    assert peeled[web] - whole[web] == np.count_nonzero(walls.between([web], [film])) > 0
    assert peeled[film] == whole[film]  # for each cut face that goes, its twin comes to light


@cache
def walls_of(name):
    return geom3d.load(name, {"resolution": 0.03} if name.startswith("inverse") else None).walls()


@pytest.mark.parametrize(
    "name", ["pillars-coated", "microtubes-eustache-2014", "comb-sun-2013", "inverse-opal-pikul-2013"]
)
@pytest.mark.parametrize("normal", ["x", "y"])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.3, 0.5])
def test_faces_have_the_areas_of_the_section(name, normal, share):
    """No region is missing and none overlaps another, also where spheres touch and the plane is one of symmetry."""
    walls = walls_of(name)
    place = share * walls.size["xyz".index(normal)]
    exact = section(walls, place, normal).areas
    found = face(walls, place, normal, 3)
    assert set(found.shapes) == set(np.flatnonzero(exact[:-1] > 1e-9 * exact.sum()))
    for one, other in itertools.combinations(found.shapes.values(), 2):
        assert shapely.area(shapely.intersection(one, other)) <= 1e-9 * exact.sum()
    for label, shape in found.shapes.items():
        assert shapely.area(shape) == pytest.approx(3 * exact[label], rel=1e-6, abs=1e-6 * exact.sum())
        vertices, triangles = found.triangles(label)
        a, b, c = (vertices[triangles[:, k]] for k in range(3))
        assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(shapely.area(shape), rel=1e-9)


def test_what_is_clear_hides_nothing_and_shows_the_surfaces_behind_it():
    design = geom3d.load("interdigitated-pillars-opposed")
    walls = design.walls()
    anode, cathode, electrolyte = (walls.names.index(n) for n in ("anode", "cathode", "electrolyte"))
    plain, clear = bodies(walls, (1, 1)), bodies(walls, (1, 1), clear=[electrolyte])
    for label in (anode, cathode):
        gained = clear[label].areas.sum() - plain[label].areas.sum()
        assert gained == pytest.approx(walls.area_between([label], [electrolyte]), rel=1e-9)
    assert clear[electrolyte].areas.sum() == pytest.approx(plain[electrolyte].areas.sum())


def test_finer_triangles_cover_the_same_surface():
    design = geom3d.load("interdigitated-pillars-opposed")
    walls = design.walls()
    chosen = walls.front_region == walls.names.index("electrolyte")
    fine = refined(walls, chosen, 20_000)
    assert len(walls.triangles) < len(fine.triangles) <= 20_000 + len(walls.triangles)
    assert fine.volumes == pytest.approx(walls.volumes, rel=1e-9)
    assert fine.areas.sum() == pytest.approx(walls.areas.sum(), rel=1e-9)
    for label in range(3):
        assert fine.area_between([label], [2]) == pytest.approx(walls.area_between([label], [2]), rel=1e-9, abs=1e-9)


def test_finer_triangles_lie_where_a_field_changes_and_neighbours_match():
    """A field that is even but for a ridge between the posts, which no corner of the plates lies on."""
    walls = geom3d.load("interdigitated-pillars-opposed").walls()
    electrolyte = walls.names.index("electrolyte")
    chosen = walls.front_region == electrolyte
    x, width = 0.31 * walls.size[0], 3.0

    def ridge(points):
        return np.maximum(0.0, 1 - np.abs(points[:, 0] - x) / width)

    fine = refined(walls, chosen, 60_000, ridge)
    mine = np.flatnonzero((fine.front_region == electrolyte) & (fine.periodic_image < 0))
    corners = fine.vertices[fine.triangles[mine]]
    inside = corners[(np.abs(corners[:, :, 0] - x) < width).any(axis=1)]
    assert np.ptp(ridge(corners.reshape(-1, 3)).reshape(-1, 3), axis=1).max() <= 1 / 6
    assert len(inside) > len(corners) / 2
    assert fine.areas.sum() == pytest.approx(walls.areas.sum(), rel=1e-9)
    before = walls.vertices[walls.triangles[chosen & (walls.periodic_image < 0)]]
    # No corner lies amid an edge of a neighbour: the rim is as long as before.
    assert _rim(corners) == pytest.approx(_rim(before), rel=1e-9)
    assert len(before) < len(corners) <= 60_000


def _rim(corners):
    """Length of the edges that belong to one triangle only, by place."""
    ends, places = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    places = places.reshape(-1, 3)
    edges = np.sort(np.concatenate([places[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1)
    known, uses = np.unique(edges, axis=0, return_counts=True)
    return np.linalg.norm(np.diff(ends[known[uses == 1]], axis=1), axis=2).sum()


@pytest.mark.parametrize("gap", [0.2, 1.0])
def test_windows_lie_clear_of_each_other(gap):
    """Films on both sides of a narrow wall: two windows that would meet are laid apart, where there is room."""
    cathode = {"name": "cathode", "role": "cathode", "material": "licoo2", "thickness": gap}
    thin = {"name": "thin", "role": "anode_collector", "material": "titanium-nitride", "thickness": 0.02}
    collector = {"name": "collector", "role": "cathode_collector", "material": "platinum", "thickness": 0.03}
    described = {
        "architecture": "trenches",
        "parameters": {"pitch": 8.0, "width": 4.0, "depth": 20.0},
        "layers": [thin, cathode, collector],
    }
    design = geom3d.design(described)
    cell, walls = design.cell(), design.walls()
    films = {cell.names.index(name): value for name, value in (("thin", 0.02), ("collector", 0.03))}
    found = windows(face(walls, cell.middle()[1], "y", 3), films, 100.0)
    assert {"thin", "collector"} <= {cell.names[k] for window in found for k in window.face.shapes}
    assert not any(one.near(other) for one, other in itertools.combinations(found, 2))


@pytest.mark.parametrize("name", ["pillars-coated", "pillars-imec-mno2", "honeycomb-lei-2020", "trenches-notten-2007"])
def test_windows_show_thin_films_wide_enough(name):
    """In a window, each film is where the cell's exact shapes say it is, and several pixels wide."""
    design = geom3d.load(name)
    cell, walls = design.cell(), design.walls()
    films = {cell.names.index(layer.name): layer.thickness for layer in design.template.layers if layer.thickness}
    y = cell.middle()[1]
    found = windows(face(walls, y, "y", 3), films, 200.0, most=3)
    seen = set()
    for window in found:
        assert min(films[k] for k in films if k in window.face.shapes) / window.width * 200 >= 0.4
        u, v = (np.linspace(low, high, 80) for low, high in zip(window.low, window.high, strict=True))
        grid = np.array([[a, y, b] for a in u for b in v])
        counts = np.bincount(cell.locate(grid), minlength=len(cell.names) + 1)
        seen |= {k for k in films if counts[k] > 10}
    assert seen == set(films)


@pytest.mark.parametrize("size", [(300, 200), (200, 300)])
def test_a_frame_just_holds_its_points(size):
    points = np.random.default_rng(1).random((50, 3)) * [3, 5, 2]
    frame = framed(points, OBLIQUE, size)
    spots = frame.pixels(points)
    assert (spots >= 0).all()
    assert (spots <= size).all()
    assert (np.ptp(spots, axis=0) / size).max() == pytest.approx(0.96, abs=1e-9)


#: Linear RGB as people without one kind of cone see it (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHT = {
    "all": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour, sight):
    """CIE L*a*b* under D65."""
    c = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    t = TO_XYZ @ np.clip(SIGHT[sight] @ linear, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_lab_of_known_colours():
    assert lab("#ffffff", "all") == pytest.approx([100, 0, 0], abs=0.02)
    assert lab("#ff0000", "all") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", shipped())
def test_colours_of_one_template_stay_apart(name, sight):
    """CIE 1976 colour difference of any two materials, also for readers who do not tell red from green."""
    materials = {region.material.title: region.material.colour for region in geom3d.load(name).cell().regions}
    for one, other in itertools.combinations(materials, 2):
        difference = np.linalg.norm(lab(materials[one], sight) - lab(materials[other], sight))
        assert difference >= 15, (one, other, difference)
