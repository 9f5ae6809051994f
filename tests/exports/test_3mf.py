"""3MF: read back by the consortium's own library in strict mode, and by trimesh."""

from __future__ import annotations

import importlib
import json
import math
import zipfile

import lib3mf
import numpy as np
import pytest
import trimesh

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

    def material(self, mesh):
        group, member, has = mesh.GetObjectLevelProperty()
        assert has
        (materials,) = [m for m in self.materials if m.GetUniqueResourceID() == group]
        colour = materials.GetDisplayColor(member)
        return materials.GetName(member), f"#{colour.Red:02x}{colour.Green:02x}{colour.Blue:02x}", colour.Alpha

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
    assert [mesh.GetName() for mesh in found.meshes] == list(cell.names)
    step = float(np.spacing(np.float32(max(walls.size))))
    for mesh, region in zip(found.meshes, cell.regions, strict=True):
        assert mesh.IsValid()
        assert mesh.IsManifoldAndOriented()
        assert found.material(mesh) == (region.material.title, region.material.colour.lower(), 255)
        single = arrays(mesh)  # the library keeps single precision
        assert abs(single.volume - volumes[region.name]) <= 1e-6 * volumes[region.name] + 0.5 * step * single.area
    sizes = [part.GetComponentCount() for part in found.assemblies]
    assert sizes == [len(cell.regions), *(n for n in repeat if n > 1)]
    (item,) = found.items
    assert item.GetObjectResourceID() == found.assemblies[-1].GetUniqueResourceID()
    assert not item.HasObjectTransform()
    for part, axis in zip(found.assemblies[1:], (0, 1), strict=False):
        expected = np.zeros((repeat[axis], 3))
        expected[:, axis] = np.arange(repeat[axis]) * walls.size[axis]
        assert np.array(found.moves(part)) == pytest.approx(expected, rel=1e-6)

    scene = trimesh.load(path, process=False)
    assert scene.units == "micron"
    assert list(scene.geometry) == list(cell.names)
    for region, mesh in scene.geometry.items():
        assert mesh.is_watertight
        assert mesh.is_winding_consistent
        # Half of the last of twelve digits, on both sides of a film of 0.1 µm some 300 µm above the ground.
        assert mesh.volume == pytest.approx(volumes[region], rel=1e-8)
    assert len(scene.graph.nodes_geometry) == math.prod(repeat) * len(cell.regions)
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
    assert found.moves(found.assemblies[1])[1] == pytest.approx([12.5 * design.walls().size[0], 0, 0])
    volumes = [mesh.volume for mesh in trimesh.load(one, process=False).geometry.values()]
    assert volumes == pytest.approx((design.walls().volumes[: len(volumes)] * 12.5**3).tolist(), rel=1e-9)


def test_same_design_same_bytes_and_no_date(tmp_path):
    paths = [build(geom3d.load(STACK), tmp_path / folder, repeat=(2, 2)) for folder in ("one", "two ö 日本")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        assert archive.testzip() is None
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(entry.compress_type == zipfile.ZIP_DEFLATED for entry in archive.infolist())
        assert b"Date" not in archive.read("3D/3dmodel.model")


def test_words_that_xml_must_escape_or_cannot_write(tmp_path):
    overrides = {"title": '<a> & "b" \' \u0001\t日本 é', "source": "]]>", "layers.barrier.thickness": "0.1 um"}
    found = Content(build(geom3d.load("pillars-coated", overrides), tmp_path))
    assert found.warnings == []
    assert found.metadata[("", "Title")] == '<a> & "b" \' \ufffd\t日本 é'
    assert found.metadata[("", "Description")].startswith("]]>; ")
    assert found.metadata[("", "Application")] == f"geom3d {geom3d.__version__}"
    assert not {"CreationDate", "ModificationDate", "Designer"} & {name for _, name in found.metadata}
    own = {name: value for (space, name), value in found.metadata.items() if space}
    assert json.loads(own["overrides"]) == overrides
    assert (own["repeat"], own["scale"], own["version"]) == ("6 4", "1", geom3d.__version__)


def test_names_of_regions_that_xml_must_escape(tmp_path):
    layer = {"name": "film <&'> 薄", "role": "electrolyte", "material": "lipon", "thickness": 1}
    design = geom3d.design({"architecture": "planar", "layers": [layer]})
    found = Content(build(design, tmp_path))
    assert [mesh.GetName() for mesh in found.meshes] == ["scaffold", layer["name"]]


def test_a_million_cells_are_a_small_file(tmp_path):
    path = build(geom3d.load("pillars-coated"), tmp_path, repeat=(1000, 1000))
    assert path.stat().st_size < 100_000
    found = Content(path)
    assert found.warnings == []
    assert [part.GetComponentCount() for part in found.assemblies] == [6, 1000, 1000]
    assert found.moves(found.assemblies[2])[-1][1] == pytest.approx(999 * geom3d.load("pillars-coated").walls().size[1])


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


def test_repeated_cells_come_with_a_warning(tmp_path):
    for repeat, count in (((1, 1), 0), ((2, 1), 1)):
        *_, sidecar = geom3d.load(STACK).build(tmp_path, formats=("3mf",), repeat=repeat)
        assert len(json.loads(sidecar.read_text("utf-8"))["warnings"]) == count


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
