"""Volume meshes: conforming, periodic, true to the walls, and right for a solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import PRISMATIC, TEMPLATES, UPRIGHT, coarse, one_of_each
from scipy.sparse import coo_array
from skfem import Basis, BilinearForm, ElementTetP1, MeshTet, asm, condense, solve
from skfem.helpers import dot, grad

import geom3d
from geom3d.architectures._structure import StructureFacts
from geom3d.architectures.spheres import Spheres
from geom3d.cell.cell import Cell, Region
from geom3d.core.memory import limited
from geom3d.core.roles import Role
from geom3d.library.materials import find
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.mesh.volume import SIDES, volume_mesh
from geom3d.solids.fields.field import FIELDS, Field
from geom3d.solids.fields.implicit import ImplicitBody
from geom3d.solids.prisms.outline import Disc, Plane
from geom3d.solids.prisms.planmesh import plan_mesh
from geom3d.solids.prisms.prism import Prism, Prisms, z_layers


@BilinearForm
def laplace(u, v, w):
    return dot(grad(u), grad(v))


#: Of walls as made the grid is as fine as their profile needs, and no edge can be asked for.
MADE = {*UPRIGHT} - {*PRISMATIC}
#: Templates that have all that any has, and the most slender one: a pore of 1 : 333, of which a fine mesh has a million. A film's thickness
#: against depth is the same to a mesh, be it measured or predicted.
NAMES = [*(name for name in one_of_each([*TEMPLATES]) if name != "pores-sputtered"), "pores-liu-2014"]
#: Thin films on slender walls need hundreds of thousands of tetrahedra where these are fine: one template stands for them.
LARGE = {"honeycomb-lei-2020", "microtubes-eustache-2014", "microwires-square", "pores-liu-2014"}
#: Each on the coarsest mesh and on a fine one.
CASES = [
    pytest.param((name, fine), marks=[pytest.mark.slow] * (fine and name == "pillars-coated"))
    for name in NAMES
    for fine in (False, True)
    if not (fine and name in {*LARGE, *MADE})
]


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request):
    name, fine = request.param
    design = coarse(name)
    cell = design.cell()
    finer = min(cell.size[:2]) / 5 if cell.step is None else math.sqrt(3) * cell.step
    max_edge = finer if fine else None
    return design.walls(), design.mesh(max_edge, layers=1 + fine, void=True, keep_walls=True), max_edge


def faces_of(mesh):
    """Every face once, as sorted corners, with how many tetrahedra have it and the labels it lies between."""
    every = np.concatenate([np.delete(mesh.tetrahedra, k, axis=1) for k in range(4)])
    every.sort(axis=1)
    order = np.lexsort(every.T)
    every, labels = every[order], np.tile(mesh.labels, 4)[order]
    new = np.r_[True, (every[1:] != every[:-1]).any(axis=1)]
    start = np.flatnonzero(new)
    return every[start], np.diff(np.r_[start, len(every)]), labels[start], labels[np.r_[start[1:], len(every)] - 1]


def test_all_tetrahedra_are_positive_and_fill_the_regions(case):
    walls, mesh, _ = case
    a, b, c, d = (mesh.points[mesh.tetrahedra[:, k]] for k in range(4))
    volumes = np.linalg.det(np.stack([b - a, c - a, d - a], axis=1)) / 6
    assert volumes.min() > 0
    by_region = np.bincount(mesh.labels, weights=volumes, minlength=len(walls.names) + 1)
    assert np.allclose(by_region, walls.volumes, rtol=1e-8, atol=1e-9 * np.prod(walls.size))


def test_no_vertex_hangs(case):
    walls, mesh, _ = case
    corners, uses, one, two = faces_of(mesh)
    assert uses.max() == 2
    single = mesh.points[corners[uses == 1]]
    at_end = (single == 0) | (single == np.asarray(walls.size))
    assert at_end.all(axis=1).any(axis=1).all()  # on one plane of the box with all three corners
    area = np.linalg.norm(np.cross(single[:, 1] - single[:, 0], single[:, 2] - single[:, 0]), axis=1).sum() / 2
    x, y, z = walls.size
    assert area == pytest.approx(2 * (x * y + y * z + z * x), rel=1e-9)
    # Triangles of the mesh are those faces and no others.
    shown = corners[(uses == 1) | (one != two)]
    found = np.sort(mesh.interfaces, axis=1)
    assert np.array_equal(shown[np.lexsort(shown.T)], found[np.lexsort(found.T)])


def test_interfaces_have_the_areas_of_the_walls_and_point_forward(case):
    walls, mesh, _ = case
    expected, found = walls.interfaces(), mesh.interface_areas()
    assert found.keys() == expected.keys()
    for key, area in expected.items():
        assert found[key] == pytest.approx(area, rel=1e-8), key
    # A flux through every shell: the divergence theorem gives the volume again.
    a, b, c = (mesh.points[mesh.interfaces[:, k]] - np.asarray(mesh.size) / 2 for k in range(3))
    flux = np.einsum("ij,ij->i", a, np.cross(b - a, c - a)) / 6
    inner = mesh.front_region != OUTSIDE
    shells = np.bincount(mesh.back_region, flux, len(mesh.names) + 1)
    shells -= np.bincount(mesh.front_region[inner], flux[inner], len(mesh.names) + 1)
    assert np.allclose(shells, walls.volumes, rtol=1e-8, atol=1e-9 * np.prod(mesh.size))


def test_opposite_sides_match(case):
    walls, mesh, _ = case
    for axis, pairs in enumerate(mesh.periodic):
        low, high = mesh.points[pairs[:, 0]], mesh.points[pairs[:, 1]]
        step = np.zeros(3)
        step[axis] = walls.size[axis]
        assert np.array_equal(low + step, high)
        assert len(pairs) == np.count_nonzero(mesh.points[:, axis] == 0)
        back = dict(pairs[:, ::-1].tolist())
        here, there = (np.flatnonzero(mesh.side == 2 * axis + end) for end in (0, 1))
        assert np.array_equal(mesh.periodic_image[mesh.periodic_image[here]], here)
        moved = {
            frozenset(back[v] for v in face): k for k, face in zip(there, mesh.interfaces[there].tolist(), strict=True)
        }
        assert {
            frozenset(f): mesh.periodic_image[k] for k, f in zip(here, mesh.interfaces[here].tolist(), strict=True)
        } == moved


def test_no_edge_is_longer_than_asked(case):
    _, mesh, max_edge = case
    quality = mesh.quality()
    assert 0 < quality["mean_ratio"]["min"] <= quality["mean_ratio"]["median"] <= 1
    if max_edge is not None:
        assert quality["edge_um"]["max"] <= max_edge * (1 + 1e-12)
        pairs = np.concatenate([mesh.tetrahedra[:, [a, b]] for a in range(4) for b in range(a)])
        longest = np.linalg.norm(np.diff(mesh.points[pairs], axis=1), axis=2).max()
        assert longest == pytest.approx(quality["edge_um"]["max"])


def test_sponges_have_the_triangles_of_the_walls():
    """On levels triangle for triangle, corner for corner; on planes at least as many."""
    design = coarse("sponge-schwarz-p-sheet")
    walls, mesh = design.walls(), design.mesh(void=True, keep_walls=True)
    assert len(mesh.interfaces) == len(walls.triangles)

    def keys(points, triangles, back_region, front_region):
        corners = np.sort(points[triangles].view([("", float)] * 3)[..., 0], axis=1)
        flat = (np.ptp(points[triangles], axis=1) == 0).any(axis=1)
        pairs = np.sort(np.column_stack([back_region, front_region]), axis=1)[~flat]
        return sorted(zip(map(tuple, corners[~flat].tolist()), map(tuple, pairs.tolist()), strict=True))

    assert keys(walls.vertices, walls.triangles, walls.back_region, walls.front_region) == keys(
        mesh.points, mesh.interfaces, mesh.back_region, mesh.front_region
    )


def test_edges_shorter_than_the_grid_are_refused():
    design = coarse("sponge-gyroid-lto")
    with pytest.raises(
        geom3d.InputError, match=r"max_edge: a sampled cell's volume mesh is that of its grid.*resolution"
    ):
        design.mesh(design.cell().step)


def test_pieces_that_were_taken_out_cannot_be_meshed():
    walls = coarse("sponge-gyroid-lto").walls()
    with pytest.raises(geom3d.InputError, match="drop_islands: a volume mesh keeps"):
        volume_mesh(walls.without(walls.components.labels == 1))


def test_labels_are_those_of_the_exact_shapes():
    cell = geom3d.load("nanopillars-lethien-2011").cell()
    mesh = cell.mesh(0.5, void=True)
    middle = mesh.points[mesh.tetrahedra].mean(axis=1)
    agree = cell.locate(middle) == mesh.labels
    assert mesh.volumes[agree].sum() > 0.999 * mesh.volumes.sum()  # chords lie within 0.1 % of the radius


def test_void_is_left_out_unless_asked_for():
    design = geom3d.load("microtubes-eustache-2014")
    whole, mesh = design.mesh(void=True), design.mesh()
    void = len(mesh.names)
    assert (whole.labels == void).any()
    assert not (mesh.labels == void).any()
    assert not (mesh.back_region == void).any()
    assert len(np.unique(mesh.tetrahedra)) == len(mesh.points)
    assert np.allclose(mesh.region_volumes()[:-1], whole.region_volumes()[:-1], rtol=1e-12)
    assert mesh.interface_areas() == pytest.approx(whole.interface_areas())
    for pairs, axis in zip(mesh.periodic, (0, 1), strict=True):
        assert np.array_equal(mesh.points[pairs[:, 0], axis], np.zeros(len(pairs)))
        assert np.array_equal(mesh.points[pairs[:, 1], axis], np.full(len(pairs), mesh.size[axis]))


def test_bad_lengths_are_refused():
    design = geom3d.load("pillars-coated")
    for wrong in (0, -1, math.nan, math.inf):
        with pytest.raises(geom3d.InputError, match="max_edge: must be a length"):
            design.mesh(wrong)
    for wrong in (0, 1.5, 101):
        with pytest.raises(geom3d.InputError, match="layers: must be a whole number"):
            design.mesh(layers=wrong)
    for tiny in (1e-3, 0.05):
        with (
            limited("2 GB"),
            pytest.raises(geom3d.InputError, match=r"max_edge: .* tetrahedra of the volume mesh would take"),
        ):
            design.mesh(tiny)


def conductance(mesh, label, low, high, *, periodic=False):
    """Current through one region at unit potential difference and conductivity, µm; the field, and its mesh."""
    kept = mesh.labels == label
    used = np.unique(mesh.tetrahedra[kept])
    number = np.full(len(mesh.points), -1)
    number[used] = np.arange(len(used))
    part = MeshTet(np.ascontiguousarray(mesh.points[used].T), np.ascontiguousarray(number[mesh.tetrahedra[kept]].T))
    matrix = asm(laplace, Basis(part, ElementTetP1()))

    def nodes(other):
        faces = (np.minimum(mesh.back_region, mesh.front_region) == min(label, other)) & (
            np.maximum(mesh.back_region, mesh.front_region) == max(label, other)
        )
        return np.unique(number[mesh.interfaces[faces]])

    low, high = nodes(low), nodes(high)
    assert low.min() >= 0
    assert high.min() >= 0
    if periodic:
        home = np.arange(len(used))
        for pairs in mesh.periodic[::-1]:
            both = number[pairs]
            both = both[(both >= 0).all(axis=1)]
            home[both[:, 1]] = home[both[:, 0]]
        home = home[home]
        symmetry_order = coo_array(
            (np.ones(len(home)), (np.arange(len(home)), home)), shape=(len(home), len(home))
        ).tocsr()
        matrix = (symmetry_order.T @ matrix @ symmetry_order).tocsr()
        low, high = np.unique(home[low]), np.unique(home[high])
        unused = np.setdiff1d(np.arange(len(home)), home)
        low = np.concatenate([low, unused])
    potential = np.zeros(len(used))
    potential[high] = 1
    potential = solve(*condense(matrix, x=potential, D=np.concatenate([low, high])))
    return potential @ (matrix @ potential)


def test_resistance_of_a_planar_cell_is_exact():
    design = geom3d.load("planar-licoo2-lipon-lithium")
    names = list(design.cell().names)
    label = names.index("electrolyte")
    for max_edge, layers in ((None, 1), (None, 3), (2.5, 1)):
        mesh = design.mesh(max_edge, layers=layers)
        found = conductance(mesh, label, label - 1, label + 1)
        thickness = design.walls().volumes[label] / design.walls().footprint
        assert found == pytest.approx(design.walls().footprint / thickness, rel=1e-10)


def coaxial(inner, outer, tolerance, x=2.1):
    """A film around a pillar that goes from bottom to top."""
    size, material = (4.0, 4.0, 0.5), find("lipon")
    bodies = [Disc(x, 1.9, inner), Disc(x, 1.9, outer), Plane()]
    roles = [Role.ANODE, Role.ELECTROLYTE, Role.CATHODE]
    regions = (
        Region(role.value, role, material, Prisms((Prism(body, -math.inf, math.inf),), size[:2]))
        for role, body in zip(roles, bodies, strict=True)
    )
    return Cell(size, tuple(regions), StructureFacts(0.0, size[2], ("anode",)), tolerance)


@pytest.mark.slow
def test_resistance_of_a_film_around_a_pillar_converges_in_second_order():
    outer = 1.4
    exact = 2 * math.pi / math.log(outer) * 0.5
    errors = [
        conductance(coaxial(1.0, outer, 0.08 * h**2).mesh(h, layers=max(2, round(0.8 / h))), 1, 0, 2) / exact - 1
        for h in (0.4, 0.2, 0.1)
    ]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert errors[-1] < 1e-3
    assert (orders > 1.5).all(), (errors, orders)


@pytest.mark.slow
@pytest.mark.parametrize(("outer", "share"), [(1.5, 0.2), (1.05, 0.6)], ids=["thick", "thin"])
def test_resistance_of_a_film_around_a_ball_is_right_in_second_order(outer, share):
    """A sampled film, thinner than the grid's step in one case: 4π a b / (b - a)."""
    edge, exact = 4.0, 4 * math.pi * outer / (outer - 1)
    web = ImplicitBody(Spheres(((2.1, 2.0, 1.9),), 1.0, (edge, edge), pores=False), (edge, edge), 0.0, math.inf, 1.0)
    solids = [Field(web, -math.inf, (edge, edge)).offset(t) for t in (0.0, outer - 1)]
    for step in (0.2, 0.14, 0.1):
        walls = FIELDS.partition(("ball", "film"), solids, (edge,) * 3, grid_step=step).check()
        found = conductance(volume_mesh(walls, void=True), 1, 0, 2)
        assert abs(found / exact - 1) < share * step**2


def test_the_lattice_may_be_shifted_over_the_seam():
    """The film crosses the seam; with its sides identified it conducts as it did in the middle."""
    whole, cut = (coaxial(1.0, 1.4, 0.002, x).mesh(0.2) for x in (2.0, 0.0))
    assert conductance(cut, 1, 0, 2, periodic=True) == pytest.approx(conductance(whole, 1, 0, 2), rel=2e-3)


def test_films_have_rows_of_tetrahedra_across():
    """On a ray from the pillar's middle the film's edges lie at quarters of its thickness."""
    mesh = coaxial(1.0, 1.05, 1e-3).mesh(0.3, layers=4)
    film = np.unique(mesh.tetrahedra[mesh.labels == 1])
    radius = np.hypot(*(mesh.points[film, :2] - [2.1, 1.9]).T)
    quarters = (radius - 1) / 0.0125
    assert np.abs(quarters - np.round(quarters)).max() < 0.25
    assert set(np.round(quarters)) == {0, 1, 2, 3, 4}


@pytest.mark.slow
@settings(max_examples=5)
@given(
    name=st.sampled_from(UPRIGHT),
    shift=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    share=st.floats(0.2, 2),
    layers=st.integers(1, 4),
)
def test_any_lattice_edge_and_layers(name, shift, share, layers):
    """What always is checked holds, and so does the bound on edges."""
    cell = geom3d.load(name).cell()
    max_edge = share * min(cell.size[:2])
    mesh = cell.moved(shift[0] * cell.size[0], shift[1] * cell.size[1]).mesh(max_edge, layers=layers, void=True)
    assert mesh.quality()["edge_um"]["max"] <= max_edge * (1 + 1e-12)


def test_sides_of_the_box_are_told_apart():
    mesh = geom3d.load("pillars-coated").mesh(void=True)
    x, y, z = mesh.size
    for number, (name, area) in enumerate(zip(SIDES, [y * z, y * z, x * z, x * z, x * y, x * y], strict=True)):
        mine = mesh.side == number
        assert (mesh.front_region[mine] == OUTSIDE).all()
        assert mesh.areas[mine].sum() == pytest.approx(area, rel=1e-9), name


def test_no_triangle_of_a_plan_is_flat_where_long_edges_stand_beside_short_ones():
    """A point in the middle of a circle came to lie on an edge of 150 µm, since only the edges with the nearest middles were asked."""
    cell = geom3d.load("layout-comb").cell()
    plan, _, _ = z_layers([region.solid for region in cell.regions], cell.size, None)
    flat = plan_mesh(plan, max(cell.size[:2]), 1, 1)
    a, b, c = (flat.points[flat.triangles[:, k]] for k in range(3))
    doubled = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert doubled.min() > 1.0
    assert doubled.sum() / 2 == pytest.approx(math.prod(cell.size[:2]), rel=1e-12)
