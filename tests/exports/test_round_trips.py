"""Every template in every format that is found: written, read back by another library, and the regions are those of the walls."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import klayout.db as kdb
import lib3mf
import meshio
import nrrd
import numpy as np
import pytest
import pyvista
import tifffile
import trimesh
from kinds import PRISMATIC, TEMPLATES, UPRIGHT, coarse, features, one_of_each
from PIL import Image
from round_trip import round_trip

import geom3d
from geom3d.exports import DOOR, Options

#: Voxels, pixels or layers along the cubic root of a cell's volume.
FINE = 24


#: Formats that hold the same: surfaces, tetrahedra, labels, stacks of layers, outlines.
ALIKE = [
    ("stl", "3mf", "ply", "obj", "glb", "vtp"),
    ("vtu", "msh"),
    ("tiff", "nrrd"),
    ("png", "svg"),
    ("gds",),
    ("oas",),
]
#: What is sampled: walls as made first, then sponges.
SAMPLED_NAMES = [name for name in UPRIGHT if name not in PRISMATIC] + [n for n in TEMPLATES if n not in UPRIGHT]


#: Prisms that have all that any of them has.
EXACT = one_of_each(PRISMATIC)


def pairs() -> list[tuple[str, str]]:
    """A template of prisms of every kind in every format; any other template in one format of those that hold the same, each in turn.

    To an exporter all prisms are alike, and so are all sampled cells, of which each takes it seconds: these are all written as surfaces,
    and every second of them in another way.
    """
    exact = [(name, form) for name in EXACT for form in DOOR.shipped]
    kinds = [*ALIKE, *((form,) for form in DOOR.shipped if not any(form in kind for kind in ALIKE))]
    others = [name for name in PRISMATIC if name not in EXACT] + SAMPLED_NAMES
    return exact + [
        (name, kind[k % len(kind)])
        for k, name in enumerate(others)
        for j, kind in enumerate(kinds)
        if name in PRISMATIC or len(kind) > 2 or (j + k // 2) % 2 == 0
    ]


def edge(name: str) -> float:
    cell = coarse(name).cell()
    # Of a slender cell a share of the volume would be as wide as what stands in it.
    return float(min((cell.footprint * cell.top) ** (1 / 3) / FINE, min(cell.size[:2]) / 8))


def options(name: str) -> Options:
    step = edge(name)
    return Options(voxel=step, pixel=step, layer_height=coarse(name).cell().top / FINE)


# Readers: volume of every region in µm³, and of how many cells. Files are in µm.


def by_stl(folder, names):
    return {name: trimesh.load(one(folder, f"*_{word(name)}_um.stl")).volume for name in names}, 2


def by_ply(folder, names):
    return {name: trimesh.load(one(folder, f"*_{word(name)}_um.ply"), process=False).volume for name in names}, 2


def by_obj(folder, names):
    words, found = {word(name): name for name in names}, {}
    lines = one(folder, "*.obj").read_text("utf-8").splitlines()
    points = np.loadtxt([line[2:] for line in lines if line.startswith("v ")])
    bodies = [k for k, line in enumerate(lines) if line.startswith("o ")]
    for k, end in zip(bodies, [*bodies[1:], None], strict=True):
        faces = np.loadtxt([line[2:] for line in lines[k:end] if line.startswith("f ")], dtype=int, ndmin=2)
        a, b, c = (points[faces[:, k] - 1] for k in range(3))
        found[words[word(lines[k][2:])]] = float(np.einsum("ij,ij->", np.cross(a, b), c)) / 6
    return found, 2


def by_glb(folder, names):
    scene = trimesh.load(one(folder, "*.glb"))
    # In metres, y up.
    meshes = {geometry: scene.geometry[geometry] for geometry in scene.geometry}
    found = {name: sum(m.volume for key, m in meshes.items() if word(name) == word(key)) for name in names}
    nodes = max(1, len(scene.graph.nodes_geometry) // len(meshes))
    return {name: volume * nodes * 1e18 for name, volume in found.items()}, 2


def by_3mf(folder, names):
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromBuffer(one(folder, "*.3mf").read_bytes())
    assert reader.GetWarningCount() == 0
    meshes, groups = model.GetMeshObjects(), model.GetBaseMaterialGroups()
    assert meshes.MoveNext()
    assert groups.MoveNext()
    mesh, materials = meshes.GetCurrentMeshObject(), groups.GetCurrentBaseMaterialGroup()
    assert mesh.IsManifoldAndOriented()
    points = np.array([v.Coordinates[:] for v in mesh.GetVertices()])
    a, b, c = (points[np.array([t.Indices[:] for t in mesh.GetTriangleIndices()])[:, k]] for k in range(3))
    member = [mesh.GetTriangleProperties(k).PropertyIDs[0] for k in range(mesh.GetTriangleCount())]
    volumes = np.bincount(member, np.einsum("ij,ij->i", np.cross(a, b), c) / 6)
    labels = [materials.GetName(k).partition(":")[0] if v else "" for k, v in enumerate(volumes)]
    found = dict(zip(labels, volumes.tolist(), strict=True))
    return {name: found[name] for name in names}, 1


def by_masks(folder, names, suffix):
    layout, found = kdb.Layout(), dict.fromkeys(names, 0.0)
    layout.read(str(one(folder, f"*.{suffix}")))
    with one(folder, f"*_{suffix}-layers_*.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["polarity"] == "positive":
                layer = layout.find_layer(int(row["layer"]), int(row["datatype"]))
                area = kdb.Region(layout.top_cell().begin_shapes_rec(layer)).merged().area() * layout.dbu**2
                found[row["region"]] += area * (float(row["z_to_um"]) - float(row["z_from_um"]))
    return found, 2


def by_gds(folder, names):
    return by_masks(folder, names, "gds")


def by_oas(folder, names):
    return by_masks(folder, names, "oas")


def tetrahedra(points, cells, label, names):
    a, b, c, d = (points[cells[:, k]] for k in range(4))
    volumes = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
    assert volumes.min() > 0
    return dict(zip(names, np.bincount(label, volumes, minlength=len(names)).tolist(), strict=True)), 1


def by_vtu(folder, names):
    mesh = meshio.read(one(folder, "*_volume_um.vtu"))
    return tetrahedra(mesh.points, mesh.cells_dict["tetra"], mesh.cell_data["region"][0], names)


def by_msh(folder, names):
    mesh = meshio.read(one(folder, "*.msh"))
    return tetrahedra(mesh.points, mesh.cells_dict["tetra"], mesh.cell_data_dict["gmsh:physical"]["tetra"] - 1, names)


def by_vtp(folder, names):
    walls = pyvista.read(one(folder, "*.vtp"))
    assert list(walls.field_data["regions"])[: len(names)] == list(names)
    a, b, c = (walls.points[walls.regular_faces[:, k]].astype(float) for k in range(3))
    share = np.einsum("ij,ij->i", np.cross(a, b), c) / 6
    volumes = [share[walls["behind"] == k].sum() - share[walls["front"] == k].sum() for k in range(len(names))]
    return dict(zip(names, volumes, strict=True)), 1


def by_tiff(folder, names):
    return voxels(tifffile.imread(one(folder, "*.tif")), folder, names)


def by_nrrd(folder, names):
    return voxels(nrrd.read(str(one(folder, "*.nrrd")))[0], folder, names)


def voxels(labels, folder, names):
    spacing = json.loads(one(folder, "*_voxels_*.json").read_text("utf-8"))["spacing_xyz_um"]
    counts = np.bincount(labels.ravel(), minlength=len(names) + 1)[1:]
    return dict(zip(names, (counts * math.prod(spacing)).tolist(), strict=True)), 1


def by_png(folder, names):
    found = {}
    for entry in json.loads((folder / "report.json").read_text("utf-8"))["files"]:
        lit = 0
        for file in sorted((folder / entry["file"]).iterdir()):
            with Image.open(file) as image:
                lit += np.count_nonzero(np.array(image))
        found[entry["body"]] = lit * entry["pixel_um"] ** 2 * entry["layer_height_um"]
    return {name: found[name] for name in names}, 2


def by_svg(folder, names):
    (entry,) = json.loads((folder / "report.json").read_text("utf-8"))["files"]
    found = dict.fromkeys(names, 0.0)
    for file in sorted((folder / entry["file"]).iterdir()):
        root = ET.parse(file).getroot()  # noqa: S314
        paths = [e for e in root.iter() if (e.get("id") or "").startswith("cell.")]
        for path in paths:
            rings = [
                np.array([p.split() for p in part.split("L")], dtype=float)
                for part in re.findall(r"M([^Z]*)Z", path.get("d"))
            ]
            # Outlines turn left, holes right.
            area = sum(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 for x, y in (ring.T for ring in rings))
            found[names[int(path.get("id")[5:])]] += area * entry["layer_height_um"]
    return found, 1


#: Read in double precision: to rounding, masks to their database unit. In single precision every vertex may be off by
#: rounding, and the samples' step may be missing along the whole of a region's surface.
DOUBLE = {"ply": 1e-8, "obj": 1e-8, "gds": 1e-6, "oas": 1e-6, "vtu": 1e-8, "msh": 1e-8, "vtp": 1e-8}
SINGLE = {"stl", "glb", "3mf"}
SAMPLED = {"tiff", "nrrd", "png", "svg"}


def one(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def word(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)


@pytest.mark.parametrize(("name", "form"), pairs())
def test_round_trip(name, form, tmp_path):
    battery = coarse(name)
    reader = globals()[f"by_{form}"]  # a new format needs one
    folder = tmp_path / "ein Ordner für 电池"
    if form in {"gds", "oas"} and battery.cell().facts.web is not None:
        for refuse in (battery.plan, battery.build):
            with pytest.raises(geom3d.InputError, match=r"^format: .*vertical"):
                refuse(folder, formats=(form,))
        assert not folder.exists()
        return
    if form in {"gds", "oas"} and battery.cell().facts.wall is not None:
        # Masks hold the outlines at the top; how walls go on below is told in the table of layers.
        battery.build(folder, formats=(form,))
        assert set(reader(folder, list(battery.cell().names))[0]) == set(battery.cell().names)
        return
    if form in SAMPLED:
        round_trip(battery, form, reader, folder, options=options(name), step=edge(name))
    elif form in SINGLE:
        round_trip(battery, form, reader, folder)
    else:
        # Flat tetrahedra are taken out of a sponge's mesh.
        rounder = form in {"vtu", "msh"} and battery.walls().filling.sampled
        round_trip(battery, form, reader, folder, options=options(name), relative=1e-3 if rounder else DOUBLE[form])


def test_every_format_meets_every_kind_of_prisms_and_a_sponge():
    met = {(form, feature) for name, form in pairs() if name in PRISMATIC for feature in features(name)}
    met |= {(form, name in UPRIGHT) for name, form in pairs() if name not in PRISMATIC}
    kinds = {feature for name in PRISMATIC for feature in features(name)}
    assert {(form, kind) for form in DOOR.shipped for kind in (*kinds, False)} <= met
    assert {name for name, _ in pairs()} == {*TEMPLATES}


def test_every_format_has_its_tolerance():
    assert set(DOOR.shipped) == {*DOUBLE, *SINGLE, *SAMPLED}
