"""3MF: read back by the consortium's own library in strict mode, and by trimesh."""

from __future__ import annotations

import importlib
import json
import math
import shutil
import subprocess
import zipfile

import lib3mf
import numpy as np
import pytest
import trimesh
from lxml import etree

import geom3d
from geom3d import OutputError
from geom3d.core.files import rows

DESIGNS = {
    "pillars-coated": {},
    "trenches-notten-2007": {},
    "grid-yang-2011": {},
    "comb-sun-2013": {},
    "honeycomb-lei-2020": {},
    "interdigitated-pillars-opposed": {},
    "sponge-gyroid-lto": {"resolution": 0.45},
}
STACK = "trenches-notten-2007"


def build(design, folder, **options):
    path, sidecar = design.build(folder, formats=("3mf",), **options)
    (entry,) = json.loads(sidecar.read_text("utf-8"))["files"]
    assert (entry["file"], entry["bytes"], entry["unit"]) == (path.name, path.stat().st_size, "micron")
    return path


class Content:
    """What lib3mf finds in a file."""

    def __init__(self, path):
        wrapper = lib3mf.get_wrapper()
        self.model = wrapper.CreateModel()
        reader = self.model.QueryReader("3mf")
        reader.SetStrictModeActive(True)
        reader.ReadFromBuffer(path.read_bytes())
        self.warnings = [reader.GetWarning(k) for k in range(reader.GetWarningCount())]
        self.meshes = self.all(self.model.GetMeshObjects(), "GetCurrentMeshObject")
        self.assemblies = self.all(self.model.GetComponentsObjects(), "GetCurrentComponentsObject")
        self.items = self.all(self.model.GetBuildItems(), "GetCurrent")
        self.materials = self.all(self.model.GetBaseMaterialGroups(), "GetCurrentBaseMaterialGroup")
        group = self.model.GetMetaDataGroup()
        entries = [group.GetMetaData(k) for k in range(group.GetMetaDataCount())]
        self.metadata = {(entry.GetNameSpace(), entry.GetName()): entry.GetValue() for entry in entries}

    @staticmethod
    def all(iterator, get):
        found = []
        while iterator.MoveNext():
            found.append(getattr(iterator, get)())
        return found

    def parts(self):
        """Mesh of every part of the only mesh object by the material of its triangles, with the material's name and colour."""
        (mesh,), (materials,) = self.meshes, self.materials
        properties = [mesh.GetTriangleProperties(k) for k in range(mesh.GetTriangleCount())]
        assert {entry.ResourceID for entry in properties} == {materials.GetUniqueResourceID()}
        member = np.array([list(entry.PropertyIDs) for entry in properties])
        assert (member == member[:, :1]).all()
        whole = arrays(mesh)
        found = {}
        for number in np.unique(member[:, 0]).tolist():
            colour = materials.GetDisplayColor(number)
            part = trimesh.Trimesh(whole.vertices, whole.faces[member[:, 0] == number], process=False)
            found[materials.GetName(number)] = (
                part,
                f"#{colour.Red:02x}{colour.Green:02x}{colour.Blue:02x}",
                colour.Alpha,
            )
        return found

    def moves(self, assembly):
        """Place of each component; nothing is turned."""
        found = []
        for k in range(assembly.GetComponentCount()):
            fields = np.array([list(row) for row in assembly.GetComponent(k).GetTransform().Fields])
            assert np.array_equal(fields[:3], np.eye(3))
            found.append(fields[3].tolist())
        return found


def arrays(mesh):
    vertices = np.frombuffer(b"".join(bytes(p) for p in mesh.GetVertices()), dtype=np.float32).reshape(-1, 3)
    faces = np.frombuffer(b"".join(bytes(t) for t in mesh.GetTriangleIndices()), dtype=np.uint32).reshape(-1, 3)
    return trimesh.Trimesh(vertices.astype(float), faces.astype(np.int64), process=False)


def slicer_parts(path):
    """First and last triangle of every part, as PrusaSlicer reads them."""
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read("Metadata/Slic3r_PE_model.config"))
    (thing,) = root.findall("object")
    return {
        volume.find("metadata[@key='name']").get("value"): (int(volume.get("firstid")), int(volume.get("lastid")))
        for volume in thing.findall("volume")
    }


@pytest.mark.parametrize("repeat", [(1, 1), (3, 2)])
@pytest.mark.parametrize("name", DESIGNS)
def test_round_trip(name, repeat, tmp_path):
    design = geom3d.load(name, DESIGNS[name])
    cell, walls, report = design.cell(), design.walls(), design.measure()
    before = walls.vertices.copy(), walls.triangles.copy()
    path = build(design, tmp_path, repeat=repeat)
    assert np.array_equal(design.walls().vertices, before[0])
    assert np.array_equal(design.walls().triangles, before[1])
    volumes = {name: report["thickness_equivalent_um"][name] * report["footprint_um2"] for name in cell.names}

    found = Content(path)
    assert found.warnings == []
    assert found.model.GetUnit() == lib3mf.ModelUnit.MicroMeter
    (whole,) = found.meshes
    assert whole.IsValid()
    assert whole.IsManifoldAndOriented()
    parts = found.parts()
    assert list(parts) == [f"{region.name}: {region.material.title}" for region in cell.regions]
    step = float(np.spacing(np.float32(max(walls.size))))
    for (single, *colour), region in zip(parts.values(), cell.regions, strict=True):
        assert colour == [region.material.colour.lower(), 255]
        # The library keeps single precision.
        assert abs(single.volume - volumes[region.name]) <= 1e-6 * volumes[region.name] + 0.5 * step * single.area
    sizes = [part.GetComponentCount() for part in found.assemblies]
    assert sizes == [n for n in repeat if n > 1]
    (item,) = found.items
    assert item.GetObjectResourceID() == [whole, *found.assemblies][-1].GetUniqueResourceID()
    assert not item.HasObjectTransform()
    for part, axis in zip(found.assemblies, (0, 1), strict=False):
        expected = np.zeros((repeat[axis], 3))
        expected[:, axis] = np.arange(repeat[axis]) * walls.size[axis]
        assert np.array(found.moves(part)) == pytest.approx(expected, rel=1e-6)

    scene = trimesh.load(path, process=False)
    assert scene.units == "micron"
    (mesh,) = scene.geometry.values()
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    for region, (first, last) in slicer_parts(path).items():
        part = trimesh.Trimesh(mesh.vertices, mesh.faces[first : last + 1], process=False)
        assert part.is_watertight
        # Half of the last of twelve digits, on both sides of a film of 0.1 µm some 300 µm above the ground.
        assert part.volume == pytest.approx(volumes[region], rel=1e-8)
    assert list(slicer_parts(path)) == list(cell.names)
    assert len(scene.graph.nodes_geometry) == math.prod(repeat)
    assert scene.volume == pytest.approx(math.prod(repeat) * sum(volumes.values()), rel=1e-9)
    low, high = scene.bounds
    assert low == pytest.approx([0, 0, 0], abs=1e-9)
    assert high == pytest.approx([*np.multiply(repeat, walls.size[:2]), cell.top], rel=1e-9)


def test_the_unit_is_the_files_own_and_the_scale_is_kept(tmp_path):
    design = geom3d.load("pillars-coated")
    one, other = (build(design, tmp_path / unit, unit=unit, scale=12.5) for unit in ("mm", "um"))
    assert one.name == other.name == "pillars-coated_assembly_um_x12.5.3mf"
    assert one.read_bytes() == other.read_bytes()
    found = Content(one)
    assert found.model.GetUnit() == lib3mf.ModelUnit.MicroMeter
    assert found.moves(found.assemblies[0])[1] == pytest.approx([12.5 * design.walls().size[0], 0, 0])
    (mesh,) = trimesh.load(one, process=False).geometry.values()
    assert mesh.volume == pytest.approx(design.walls().volumes[:-1].sum() * 12.5**3, rel=1e-9)


def test_same_design_same_bytes_and_no_date(tmp_path):
    paths = [build(geom3d.load(STACK), tmp_path / folder, repeat=(2, 2)) for folder in ("one", "two ö 日本")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(entry.compress_type == zipfile.ZIP_DEFLATED for entry in archive.infolist())
        assert b"Date" not in archive.read("3D/3dmodel.model")


def test_words_that_xml_must_escape(tmp_path):
    overrides = {"title": '<a> & "b" \' 日本 é', "source": "]]>", "layers.barrier.thickness": "0.1 um"}
    found = Content(build(geom3d.load("pillars-coated", overrides), tmp_path))
    assert found.warnings == []
    assert found.metadata[("", "Title")] == '<a> & "b" \' 日本 é'
    assert found.metadata[("", "Description")].startswith("]]>; ")
    assert found.metadata[("", "Application")] == f"geom3d {geom3d.__version__}"
    assert not {"CreationDate", "ModificationDate", "Designer"} & {name for _, name in found.metadata}
    own = {name: value for (space, name), value in found.metadata.items() if space}
    assert json.loads(own["overrides"]) == overrides
    assert (own["repeat"], own["scale"], own["version"]) == ("6 4", "1", geom3d.__version__)


def test_names_of_regions_that_xml_must_escape(tmp_path):
    layer = {"name": "film <&'> 薄", "role": "electrolyte", "material": "lipon", "thickness": 1}
    design = geom3d.design({"architecture": "planar", "layers": [layer]})
    path = build(design, tmp_path)
    names = [name.rpartition(": ")[0] for name in Content(path).parts()]
    assert names == list(slicer_parts(path)) == ["scaffold", layer["name"]]


def test_a_million_cells_are_a_small_file(tmp_path):
    path = build(geom3d.load("pillars-coated"), tmp_path, repeat=(1000, 1000))
    assert path.stat().st_size < 100_000
    found = Content(path)
    assert found.warnings == []
    assert [part.GetComponentCount() for part in found.assemblies] == [1000, 1000]
    assert found.moves(found.assemblies[1])[-1][1] == pytest.approx(999 * geom3d.load("pillars-coated").walls().size[1])


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize(("repeat", "scale"), [((1, 1), 1), ((40, 7), 1e-3), ((2, 300), 7.7e3)])
def test_the_estimate_is_an_upper_bound(name, repeat, scale, tmp_path):
    design = geom3d.load(name, DESIGNS[name])
    path = build(design, tmp_path, repeat=repeat, scale=scale)
    (planned,) = design.plan(tmp_path, formats=("3mf",), repeat=repeat, scale=scale).items()
    assert planned[0] == path.name
    assert path.stat().st_size <= planned[1] <= 30_000 + 5 * path.stat().st_size


def test_what_is_too_large_for_readers_is_refused(tmp_path):
    """Of vertices; the places of tiles may lie further out."""
    design = geom3d.load("pillars-coated")
    for work in (design.plan, design.build):
        with pytest.raises(geom3d.InputError, match=r"^scale: must be at most 2\.057e\+07 .*1e\+09 µm; got 2\.2e\+07"):
            work(tmp_path, formats=("3mf",), scale=2.2e7)
    assert list(tmp_path.iterdir()) == []
    path = build(design, tmp_path, scale=0.999e9 / max(design.walls().size), repeat=(100, 1))
    assert Content(path).warnings == []


@pytest.mark.parametrize(("repeat", "words"), [((1, 1), "give every part its extruder"), ((2, 1), "spread them")])
def test_what_a_slicer_cannot_take_is_said_with_the_file_that_works(repeat, words, tmp_path):
    for scale, name in ((1, f"{STACK}_assembly_mm.stl"), (50, f"{STACK}_assembly_mm_x50.stl")):
        found = geom3d.load(STACK).build(tmp_path, formats=("3mf", "stl"), repeat=repeat, scale=scale)
        (warning,) = [text for text in found.warnings if "PrusaSlicer" in text]
        assert words in warning
        assert name in warning
        assert (tmp_path / name).is_file()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prusa-slicer") is None, reason="no prusa-slicer on this machine")
@pytest.mark.parametrize("name", ["comb-sun-2013", "pillars-coated"])
def test_prusa_slicer_keeps_the_parts_in_place(name, tmp_path):
    """One object with a part for each region, as high as the cell; what it writes again is what it was given."""
    design = geom3d.load(name)
    walls, cell = design.walls(), design.cell()
    scale = 30e3 / max(walls.size)  # 30 mm
    path = build(design, tmp_path, repeat=(1, 1), scale=scale)
    said = subprocess.run(["prusa-slicer", "--info", str(path)], capture_output=True, text=True, check=True).stdout
    pairs = [line.split(" = ") for line in said.splitlines() if " = " in line]
    found = dict(pairs)
    assert len(pairs) == len(found), "more than one object"
    assert int(found["number_of_parts"]) == len(cell.regions)
    assert found["manifold"] == "yes"
    expected = [*walls.size[:2], cell.top]
    assert [float(found[f"size_{axis}"]) for axis in "xyz"] == pytest.approx(
        np.multiply(expected, scale * 1e-3), rel=1e-5
    )
    volume = walls.volumes[:-1].sum() * (scale * 1e-3) ** 3
    assert float(found["volume"]) == pytest.approx(volume, rel=1e-4)
    again = tmp_path / "again.stl"
    subprocess.run(["prusa-slicer", "--export-stl", "--output", str(again), str(path)], capture_output=True, check=True)
    mesh = trimesh.load(again)
    assert mesh.extents == pytest.approx(np.multiply(expected, scale * 1e-3), rel=1e-5)
    assert mesh.volume == pytest.approx(volume, rel=1e-4)


@pytest.mark.parametrize(("error", "raised"), [(KeyboardInterrupt, KeyboardInterrupt), (OSError, OutputError)])
@pytest.mark.parametrize("at", ["text", "disk"])
def test_what_is_interrupted_leaves_nothing(error, raised, at, tmp_path, monkeypatch):
    old = build(geom3d.load(STACK), tmp_path)
    old.write_bytes(b"old")
    (tmp_path / "report.json").unlink()

    def broken(*arguments):
        if at == "text":
            yield from rows(*arguments)
        raise error("no more")

    if at == "text":
        monkeypatch.setattr(importlib.import_module("geom3d.exports.3mf"), "rows", broken)
    else:
        monkeypatch.setattr(zipfile._ZipWriteFile, "write", lambda self, data: next(broken()))
    with pytest.raises(raised):
        geom3d.load(STACK).build(tmp_path, formats=("3mf",))
    assert [path.name for path in tmp_path.iterdir()] == [old.name]
    assert old.read_bytes() == b"old"
