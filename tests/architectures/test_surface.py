"""Triangle meshes of a user's own as a web: films on a ball and a torus, sharp edges, round trips, and broken meshes."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path

import manifold3d
import numpy as np
import pytest
import pyvista
import trimesh

import geom3d
from geom3d.architectures import _meshes, surface
from geom3d.core.errors import InputError
from geom3d.solids.fields.field import FIELDS, Field
from geom3d.solids.fields.implicit import ImplicitBody


def save(path: Path, mesh: trimesh.Trimesh) -> Path:
    mesh.export(path)
    return path


def design(path: Path | str, layers=(), **parameters) -> geom3d.Design:
    return geom3d.design({"architecture": "surface", "parameters": {"file": str(path), **parameters}, "layers": layers})


def refusal(path: Path | str, **parameters) -> str:
    with pytest.raises(InputError) as caught:
        design(path, **parameters)
    text = str(caught.value)
    assert len(text.splitlines()) <= 2
    return text


def film_volumes(path: Path, films: list[float], step: float) -> tuple[float, list[float]]:
    """Volume of the bare body and of each film on it, in empty space, µm³."""
    p = surface.Parameters(file=str(path), periodic=False, margin=2.0, backing=3.0)
    facets, height = (placed := surface._placed(p)).facets, placed.height
    core = ImplicitBody(facets, facets.size, p.base_z, math.inf, 1.0)
    solids, grown = [Field(core, -math.inf, facets.size)], 0.0
    for film in films:
        grown += film
        solids.append(Field(core, -math.inf, facets.size, grown))
    names = tuple(f"layer {k}" for k in range(len(solids)))
    walls = FIELDS.partition(names, solids, (*facets.size, p.base_z + height + 3.0), grid_step=step).check()
    volumes = walls.volumes.tolist()
    return volumes[0], volumes[1:-1]


@pytest.mark.slow
def test_films_on_a_ball_have_steiners_volumes(tmp_path):
    """Of the polyhedron itself: V(t) = V + A t + M t² + 4/3 π t³, M by the angles of its edges, which trimesh adds up."""
    mesh = trimesh.creation.icosphere(3, 2.0)
    films = [0.2, 0.3, 0.5]
    bare, found = film_volumes(save(tmp_path / "ball.stl", mesh), films, 0.1)
    grown = np.cumsum([0.0, *films])
    whole = mesh.volume + mesh.area * grown + mesh.integral_mean_curvature * grown**2 + 4 / 3 * math.pi * grown**3
    assert bare == pytest.approx(mesh.volume, rel=3e-3)
    assert found == pytest.approx(np.diff(whole).tolist(), rel=3e-3)


@pytest.mark.slow
def test_films_on_a_torus_have_steiners_volumes(tmp_path):
    """A tube of radius r around a circle of radius R: V(t) = 2 π² R (r + t)², as long as its hole is open."""
    mesh = trimesh.creation.torus(3.0, 1.0, major_sections=128, minor_sections=64)
    films = [0.2, 0.3]
    bare, found = film_volumes(save(tmp_path / "torus.stl", mesh), films, 0.1)
    radii = np.cumsum([1.0, *films])
    assert bare == pytest.approx(mesh.volume, rel=3e-3)
    assert found == pytest.approx((np.diff(radii**2) * 2 * math.pi**2 * 3).tolist(), rel=3e-3)


@pytest.mark.slow
def test_sharp_edges_stay_sharp():
    """Crossing bars of 2 µm: seven cubes of 8 µm³ in 216, and 24 faces of 4 µm² that no cut takes away."""
    report = geom3d.design({"architecture": "surface", "resolution": 0.1}).measure()
    assert report["sponge.solid_fraction"] == pytest.approx(7 * 8 / 216, rel=2e-3)
    assert report["sponge.surface_per_volume_per_um"] == pytest.approx(24 * 4 / 216, rel=0.01)


def cross() -> trimesh.Trimesh:
    path = Path(surface.__file__).parent / "data" / "cross.stl"
    return trimesh.load_mesh(path)


def test_distance_and_sign_are_those_of_another_program():
    facets = surface._placed(surface.Parameters(periodic=False, margin=1.0, backing=1.0)).facets
    mesh = cross()
    mesh.apply_translation([1.0, 1.0, 1.0])
    points = np.random.default_rng(5).random((2000, 3)) * [8, 8, 5.9] + [0, 0, 1.05]
    # By the union of three bars, without any triangle.
    middle = np.abs(points - [4.0, 4.0, 4.0])
    bars = [(np.delete(middle, axis, 1) < 1).all(axis=1) & (middle[:, axis] < 3) for axis in range(3)]
    assert np.array_equal(facets.at(points) <= 0, np.any(bars, axis=0))
    # Off its edges the value is the distance, to what is no cut at the foot or the top.
    corners = mesh.triangles[:, :, 2]
    shown = mesh.submesh(
        [np.flatnonzero((np.ptp(corners, axis=1) > 0) | (np.abs(corners[:, 0] - 4) < 2.9))], append=True
    )
    near, away, _ = trimesh.proximity.closest_point_naive(shown, points[:900])
    inner = np.abs(np.abs(near - 4) - 1).min(axis=1) > 1e-6
    assert np.count_nonzero(inner) > 30
    assert np.allclose(np.abs(facets.at(points[:900]))[inner], away[inner], atol=1e-9)


def test_a_web_repeats_through_its_sides():
    facets = surface._placed(surface.Parameters(inside="pore")).facets
    points = np.random.default_rng(6).random((300, 3)) * [6, 6, 6] + [0, 0, 1]
    assert np.allclose(facets.at(points), facets.at(points + np.array([6, -12, 0])), atol=1e-9)
    x, y, z = (np.linspace(0.1, 5.9, n) for n in (7, 6, 5))
    k, j, i = np.meshgrid(z, y, x, indexing="ij")
    there = facets.at(np.column_stack([i.ravel(), j.ravel(), k.ravel()])).reshape(k.shape)
    assert np.array_equal(facets.on_grid(x, y, z) <= 0, there <= 0)


@pytest.mark.slow
def test_a_sponge_comes_back_from_its_triangles(tmp_path):
    """Area, volume, distance and capacity of a gyroid with films, from an STL of its bare web."""
    films = [
        {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": 0.25},
        {"name": "cathode", "role": "cathode", "material": "licoo2", "fill_to": 0.5},
    ]
    whole = {"layers": films, "materials": {"scaffold": {"material": "lto", "role": "anode"}}, "resolution": 0.25}
    shape = {"architecture": "tpms", "parameters": {"solid_fraction": 0.45, "period": 5.0, "height": 2.5}}
    geom3d.design(shape | {"resolution": 0.2}).build(tmp_path, unit="um")
    path = next(p for p in tmp_path.glob("*.stl") if "scaffold" in p.name)
    back = geom3d.design({"architecture": "surface", "parameters": {"file": str(path)}, **whole}).measure()
    there = geom3d.design({**shape, **whole}).measure()
    for key, tolerance in (
        ("sponge.solid_fraction", 0.01),
        ("sponge.surface_per_volume_per_um", 0.015),
        ("capacity_uAh_cm2.anode", 0.01),
        ("inter_electrode_distance_um.anode.mean", 0.01),
    ):
        assert back[key] == pytest.approx(there[key], rel=tolerance), key


@pytest.mark.slow
def test_posts_come_back_from_3mf(tmp_path):
    """The whole unit cell of bare posts, in the unit that the file says: area and volume of the exact prisms."""
    posts = geom3d.design({"architecture": "pillars", "parameters": {"height": 10.0}})
    posts.build(tmp_path, formats=("3mf",))
    (path,) = tmp_path.glob("*.3mf")
    settings = {"file": str(path), "unit": "file"}
    back = geom3d.design({"architecture": "surface", "parameters": settings, "resolution": 0.4}).measure()
    there = posts.measure()
    for key in ("area_gain.scaffold", "thickness_equivalent_um.scaffold"):
        assert back[key] == pytest.approx(there[key], rel=0.005), key


def test_every_format_gives_the_same_triangles(tmp_path):
    mesh = trimesh.creation.icosphere(1, 2.0)
    for kind in ("stl", "obj", "ply", "glb", "3mf"):
        placed = surface._placed(
            surface.Parameters(file=str(save(tmp_path / f"ball.{kind}", mesh)), periodic=False, sunk=0.5)
        )
        assert len(placed.facets.whole.triangles) == len(mesh.faces), kind
        assert placed.height == pytest.approx(np.ptp(mesh.vertices[:, 2]) - 0.5), kind


def test_units_are_those_of_the_file_or_given(tmp_path):
    mesh = trimesh.creation.icosphere(1, 1e-5)
    path = save(tmp_path / "ball.glb", mesh)  # metres, by its standard
    settings = {"file": str(path), "periodic": False, "sunk": 1.0}
    assert surface._placed(surface.Parameters(unit="file", **settings)).height == pytest.approx(19.0, rel=1e-3)
    assert "unit" in refusal(path, unit="um", periodic=False)
    stl = save(tmp_path / "ball.stl", trimesh.creation.icosphere(1, 5.0))
    assert "the file does not tell it" in refusal(stl, unit="file", periodic=False)
    assert "parameters.unit: the mesh would be 1e+07" in refusal(stl, unit="m", periodic=False)


def test_broken_meshes_are_refused_with_their_places(tmp_path):
    ball = trimesh.creation.icosphere(2, 2.0)
    faces, vertices = ball.faces, ball.vertices
    nan = vertices.copy()
    nan[3] = np.nan
    flipped = faces.copy()
    flipped[7] = flipped[7][::-1]
    other = trimesh.creation.icosphere(2, 2.0)
    other.apply_translation([1.0, 0.3, 0.2])
    both = trimesh.util.concatenate([ball, other])
    cases = {
        "hole": (vertices, faces[1:], "the mesh is open: 3 edges"),
        "flipped": (vertices, flipped, "turned against each other at 3 edges"),
        "doubled": (vertices, np.concatenate([faces, faces[:2]]), "2 triangles stand there more than once"),
        "nan": (nan, faces, "not finite"),
        "inside-out": (vertices, faces[:, ::-1], "is inside out"),
        "through": (both.vertices, both.faces, "the mesh cuts itself"),
    }
    for name, (points, triangles, words) in cases.items():
        mesh = trimesh.Trimesh(points, triangles, process=False)
        text = refusal(save(tmp_path / f"{name}.ply", mesh), periodic=False, sunk=0.5)
        assert words in text, name
        if name != "nan":
            assert "at x, y, z =" in text, name
    (tmp_path / "empty.stl").write_bytes(bytes(84))
    (tmp_path / "words.obj").write_text("v 1 2\nf a b c\n", "utf-8")
    (tmp_path / "odd.3mf").write_bytes(b"PK nothing")
    for name in ("empty.stl", "words.obj", "odd.3mf"):
        assert "cannot be read" in refusal(tmp_path / name, periodic=False), name


def test_sides_that_do_not_match_are_refused(tmp_path):
    mesh = trimesh.load_mesh(Path(surface.__file__).parent / "data" / "cross.stl")
    moved = mesh.vertices.copy()
    moved[(moved[:, 0] > 5.9) & (moved[:, 1] > 3.9), 1] += 0.5
    text = refusal(save(tmp_path / "cross.ply", trimesh.Trimesh(moved, mesh.faces, process=False)))
    assert "opposite sides do not match" in text
    assert "at x, y, z =" in text


def test_parts_that_hang_on_nothing_are_refused_or_kept(tmp_path):
    one, other = trimesh.creation.box((2, 2, 2)), trimesh.creation.icosphere(1, 1.0)
    other.apply_translation([0, 0, 3.5])
    path = save(tmp_path / "two.stl", trimesh.util.concatenate([one, other]))
    assert "1 part of the web hangs on nothing" in refusal(path, periodic=False)
    assert design(path, periodic=False, loose="keep").cell().facts.web is not None


def test_an_archive_that_grows_beyond_memory_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(_meshes, "MOST_BYTES", 2**22)
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("3D/3dmodel.model", "w") as file:
        file.write(bytes(2**22 + 1))
    (tmp_path / "bomb.3mf").write_bytes(text.getvalue())
    assert "when unpacked" in refusal(tmp_path / "bomb.3mf", periodic=False)


def test_no_further_file_is_opened(tmp_path, monkeypatch):
    """An OBJ may name a file of materials: it is left alone."""
    mesh = trimesh.creation.icosphere(1, 2.0)
    text = "mtllib secret.mtl\n" + trimesh.exchange.obj.export_obj(mesh, include_normals=False)
    (tmp_path / "ball.obj").write_text(text, "utf-8")
    (tmp_path / "secret.mtl").write_text("newmtl a\n", "utf-8")
    opened, plain = [], Path.open

    def watched(path, *arguments, **options):
        opened.append(path.name)
        return plain(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", watched)
    design(tmp_path / "ball.obj", periodic=False, sunk=0.5)
    assert "secret.mtl" not in opened


PYVISTA = Path(pyvista.__file__).parent / "examples"


@pytest.mark.slow
def test_meshes_that_another_package_ships_are_taken_or_refused_with_their_places():
    """A nut with its thread is a closed body; an ant is bodies that pass through each other, an aeroplane is open."""
    placed = surface._placed(surface.Parameters(file=str(PYVISTA / "nut.ply"), periodic=False, sunk=0.5))
    nut = trimesh.load(PYVISTA / "nut.ply")
    whole = manifold3d.Manifold(manifold3d.Mesh(nut.vertices.astype(np.float32), nut.faces.astype(np.uint32)))
    cut = float(nut.bounds[0, 2]) + 0.5
    # Its upper face is level, and counts as a web's cut at its top.
    lid = nut.area_faces[(nut.triangles[:, :, 2] == nut.bounds[1, 2]).all(axis=1)].sum()
    above = whole.trim_by_plane((0, 0, 1), cut).surface_area() - whole.slice(cut).area() - lid
    assert placed.facets.area(1.0, 1.0 + placed.height) == pytest.approx(above, rel=2e-3)
    points = np.random.default_rng(1).random((800, 3)) * [*placed.facets.size, placed.height] + [0, 0, 1.0]
    there = points - [1.0, 1.0, 1.0] + [*nut.bounds[0, :2], cut]
    # The angle under which the surface is seen: all around from within, none from without (van Oosterom and Strackee).
    a, b, c = (nut.triangles[None, :, k] - there[:, None] for k in range(3))
    x, y, z = (np.linalg.norm(side, axis=2) for side in (a, b, c))
    below = x * y * z + (a * b).sum(2) * z + (b * c).sum(2) * x + (c * a).sum(2) * y
    turns = np.arctan2((a * np.cross(b, c)).sum(2), below).sum(axis=1) / (2 * np.pi)
    assert np.array_equal(placed.facets.at(points) <= 0, turns > 0.5)
    assert "99 pairs of triangles pass through each other, at x, y, z =" in refusal(PYVISTA / "ant.ply", periodic=False)
    assert "the mesh is open: 216 edges" in refusal(PYVISTA / "airplane.ply", periodic=False)
