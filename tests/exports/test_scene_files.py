"""GLB, PLY and OBJ: read back by trimesh and VTK, and GLB's tree byte by byte."""

from __future__ import annotations

import importlib
import json
import math
import struct
from dataclasses import replace

import manifold3d
import numpy as np
import pytest
import pyvista
import trimesh

import geom3d
from geom3d import InputError, OutputError
from geom3d.core.memory import limited
from geom3d.mesh import manifold
from geom3d.metrics import Sample

DESIGNS = {
    "pillars-coated": {},
    "trenches-notten-2007": {},
    "comb-sun-2013": {},
    "honeycomb-lei-2020": {},
    "sponge-gyroid-lto": {"resolution": 0.45},
}
STACK = "trenches-notten-2007"
each_design = pytest.mark.parametrize("name", DESIGNS)
each_repeat = pytest.mark.parametrize("repeat", [(1, 1), (3, 2)])
each_format = pytest.mark.parametrize("form", ["glb", "ply", "obj"])


@pytest.fixture
def design(name):
    return geom3d.load(name, DESIGNS[name])


def build(design, folder, form, **options):
    *paths, sidecar = design.build(folder, formats=(form,), **options)
    entries = json.loads(sidecar.read_text("utf-8"))["files"]
    assert [(entry["file"], entry["bytes"]) for entry in entries] == [(p.name, p.stat().st_size) for p in paths]
    return paths


def expected(design, repeat, factor):
    volumes = design.walls().volumes * math.prod(repeat) * factor**3
    return dict(zip(design.walls().names, volumes.tolist(), strict=False))


def assert_closed(mesh):
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    # The units of some formats are far from one; the library's own tolerance is not asked about here.
    points = mesh.vertices / np.ptp(mesh.vertices, axis=0).max()
    solid = manifold3d.Manifold(manifold3d.Mesh64(points, mesh.faces.astype(np.uint64)))
    assert solid.status() == manifold3d.Error.NoError


def colour(design, name):
    (region,) = [region for region in design.cell().regions if region.name == name]
    return list(bytes.fromhex(region.material.colour[1:]))


@each_repeat
@each_design
def test_ply(design, repeat, tmp_path):
    paths = build(design, tmp_path / "a ö", "ply", repeat=repeat, scale=3.0)
    extents = []
    assert len(paths) == len(design.walls().names)
    for (region, volume), path in zip(expected(design, repeat, 3e-3).items(), paths, strict=True):
        assert path.name == f"{design.template.name}_{region.replace(' ', '-')}_mm_x3.ply"
        mesh = trimesh.load(path, process=False)
        assert_closed(mesh)
        assert mesh.volume == pytest.approx(volume, rel=1e-9)
        assert np.unique(mesh.visual.vertex_colors[:, :3], axis=0).tolist() == [colour(design, region)]
        again = pyvista.read(path)  # in single precision
        assert (again.n_cells, again.n_points) == (len(mesh.faces), len(mesh.vertices))
        assert again.n_open_edges == 0
        assert again.bounds == pytest.approx(mesh.bounds.T.ravel(), rel=1e-6)
        extents.append(mesh.extents)
    extent = np.multiply(repeat, design.walls().size[:2]) * 3e-3
    assert np.max(extents, axis=0)[:2] == pytest.approx(extent, rel=1e-12)


@each_repeat
@each_design
def test_obj(design, repeat, tmp_path):
    path, library = build(design, tmp_path / "a ö", "obj", repeat=repeat, unit="um")
    assert (path.suffix, library.suffix) == (".obj", ".mtl")
    scene = trimesh.load(path, process=False, split_objects=True, group_material=False, maintain_order=True)
    meshes = dict(scene.geometry)
    volumes = expected(design, repeat, 1.0)
    assert meshes.keys() == volumes.keys()
    for region, mesh in meshes.items():
        assert_closed(mesh)
        assert mesh.volume == pytest.approx(volumes[region], rel=1e-8)
        assert mesh.visual.material.diffuse[:3].tolist() == colour(design, region)
    again = pyvista.read(path)
    assert again.n_cells == sum(len(mesh.faces) for mesh in meshes.values())
    assert again.bounds == pytest.approx(scene.bounds.T.ravel(), rel=1e-6)


def tree_of(path):
    """The JSON and the binary part of a GLB file."""
    raw = path.read_bytes()
    magic, version, length, size, kind = struct.unpack("<4sIII4s", raw[:20])
    assert (magic, version, length, kind) == (b"glTF", 2, len(raw), b"JSON")
    return json.loads(raw[20 : 20 + size]), raw[28 + size :]


def srgb(share):
    """Byte of a share of linear light."""
    return round(255 * (12.92 * share if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055))


@each_repeat
@each_design
def test_glb(design, repeat, tmp_path):
    (path,) = build(design, tmp_path / "a ö", "glb", repeat=repeat, scale=50.0)
    names, factor, tiles = design.walls().names, 50e-6, math.prod(repeat)
    assert path.name == f"{design.template.name}_assembly_m_x50.glb"
    tree, _ = tree_of(path)
    assert [mesh["name"] for mesh in tree["meshes"]] == list(names)
    assert (tree["asset"]["extras"]["unit"], tree["asset"]["extras"]["scale"]) == ("metre", 50.0)
    assert tree["asset"]["extras"]["title"] == design.template.title
    for mesh in tree["meshes"]:
        material = tree["materials"][mesh["primitives"][0]["material"]]
        *factors, opacity = material["pbrMetallicRoughness"]["baseColorFactor"]
        assert [srgb(share) for share in factors] == colour(design, mesh["name"])
        assert opacity == 1
        (title,) = [region.material.title for region in design.cell().regions if region.name == mesh["name"]]
        assert material["name"] == title
    users = [node for node in tree["nodes"] if "mesh" in node]
    assert len(users) == tiles * len(names)
    if tiles == 1:
        assert [node["name"] for node in users] == list(names)

    scene = trimesh.load(path, process=False)
    volumes = expected(design, (1, 1), factor)
    reach = max(design.walls().size) * factor
    for name, mesh in scene.geometry.items():
        assert_closed(mesh)
        rounding = 0.5 * float(np.spacing(np.float32(reach))) * mesh.area
        assert abs(mesh.volume - volumes[name]) <= 1e-6 * volumes[name] + rounding
    # The design's z points up: glTF's y; its y points away from the viewer.
    x, y = np.multiply(repeat, design.walls().size[:2]) * factor
    top = design.cell().top * factor
    assert scene.bounds == pytest.approx(np.array([[0, 0, -y], [x, top, 0]]), rel=1e-5, abs=1e-7 * reach)
    places = {tuple(np.round(scene.graph[node][0][:3, 3], 9)) for node in scene.graph.nodes_geometry}
    assert len(places) == tiles

    blocks = pyvista.read(path).combine()
    assert blocks.n_cells == tiles * sum(len(mesh.faces) for mesh in scene.geometry.values())
    assert blocks.bounds == pytest.approx(scene.bounds.T.ravel(), rel=1e-5, abs=1e-6 * reach)


@each_format
@each_design
def test_same_bytes_estimate_and_input_unchanged(design, name, form, tmp_path):
    walls = design.walls()
    vertices, triangles = walls.vertices.copy(), walls.triangles.copy()
    one = build(design, tmp_path / "one", form, repeat=(2, 3))
    two = build(geom3d.load(name, DESIGNS[name]), tmp_path / "zwei 日本", form, repeat=(2, 3))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert np.array_equal(walls.vertices, vertices)
    assert np.array_equal(walls.triangles, triangles)
    planned = design.plan(tmp_path, formats=(form,), repeat=(2, 3))
    assert list(planned) == [path.name for path in one]
    for path in one:
        assert path.stat().st_size <= planned[path.name] <= 20_000 + 3 * path.stat().st_size


@pytest.mark.parametrize(
    ("form", "repeat", "words"),
    [
        ("glb", (100, 100), "repeat: a glb file shows up to 2,857 cells of this design; got 100 × 100: take fewer"),
        (
            "ply",
            (2000, 2000),
            "cells in a file ply, which is made in memory, would take about 184 GB of memory, 1 GB may be used",
        ),
        (
            "obj",
            (2000, 2000),
            "cells in a file obj, which is made in memory, would take about 184 GB of memory, 1 GB may be used",
        ),
    ],
)
def test_too_many_cells_are_refused(form, repeat, words, tmp_path):
    design = geom3d.load(STACK)
    for work in (design.plan, design.build):
        with limited("1 GB"), pytest.raises(InputError) as caught:
            work(tmp_path, formats=(form,), repeat=repeat)
        assert words in str(caught.value)
        assert str(caught.value).startswith("repeat: ")
    assert list(tmp_path.iterdir()) == []


@each_format
@pytest.mark.parametrize(("error", "raised"), [(KeyboardInterrupt, KeyboardInterrupt), (OSError, OutputError)])
def test_what_is_interrupted_leaves_no_file_in_part(form, error, raised, tmp_path, monkeypatch):
    calls = []
    for function in ("region", "fused"):
        original = getattr(manifold, function)

        def broken(walls, *arguments, original=original):
            calls.append(arguments)
            if len(calls) == 3:
                raise error("no more")
            return original(walls, *arguments)

        monkeypatch.setattr(manifold, function, broken)
    with pytest.raises(raised):
        geom3d.load(STACK).build(tmp_path, formats=(form,))
    assert list(tmp_path.iterdir()) == []


def test_names_that_trip_readers(tmp_path):
    """Blanks in the name of the template, letters beyond ASCII, names of the scene's own frames."""
    names = ["world", "geom3d", "film 日本 é", "Film#1"]
    layers = [{"name": n, "role": "electrolyte", "material": "lipon", "thickness": 1} for n in names]
    design = geom3d.design({"architecture": "planar", "layers": layers}, "my battery ü")
    names = ["scaffold", *names]
    for repeat in ((1, 1), (2, 1)):
        (glb,) = build(design, tmp_path, "glb", repeat=repeat)
        assert list(trimesh.load(glb, process=False).geometry) == names
        tree, _ = tree_of(glb)
        assert len([node for node in tree["nodes"] if "mesh" in node]) == math.prod(repeat) * len(names)
    path, library = build(design, tmp_path, "obj")
    assert library.name == "my_battery_ü_assembly_mm.mtl"
    assert f"mtllib {library.name}\n".encode() in path.read_bytes()
    scene = trimesh.load(path, process=False, split_objects=True, group_material=False)
    assert set(scene.geometry) == set(names)
    for ply, name in zip(build(design, tmp_path, "ply"), names, strict=True):
        assert trimesh.load(ply, process=False).volume == pytest.approx(expected(design, (1, 1), 1e-3)[name], rel=1e-9)


@pytest.mark.parametrize("form", ["3mf", "glb", "ply", "obj"])
def test_a_region_that_islands_were_all_of(form, tmp_path):
    """Nothing is left of it to draw; the others are as they were."""
    design = geom3d.load(STACK)
    walls, gone = design.walls(), design.walls().names.index("barrier")
    back_region, front_region = (
        np.where(side == gone, walls.void, side) for side in (walls.back_region, walls.front_region)
    )
    job = replace(
        design._job(design.measure(), tmp_path, (2, 1), "um", 1.0, drop_islands=False, transport=False, options=None),
        sample=Sample(design.cell(), replace(walls, back_region=back_region, front_region=front_region)),
    )
    exporter = importlib.import_module(f"geom3d.exports.{form}")
    planned, entries = exporter.estimate(job), exporter.export(job).files
    assert {entry["file"] for entry in entries} == set(planned)
    if form == "3mf":
        (entry,) = entries
        assert entry["parts"] == [name for name in walls.names if name != "barrier"]
        (mesh,) = trimesh.load(tmp_path / entry["file"], process=False).geometry.values()
        assert len(mesh.faces) == entry["triangles"]
    if form == "glb":
        (entry,) = entries
        assert entry["objects"] == [name for name in walls.names if name != "barrier"]
        assert set(trimesh.load(tmp_path / entry["file"], process=False).geometry) == set(entry["objects"])
    if form == "ply":
        assert [entry["triangles"] == 0 for entry in entries] == [name == "barrier" for name in walls.names]
