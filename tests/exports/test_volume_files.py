"""Files of volume meshes, read back by independent readers."""

from __future__ import annotations

import json

import meshio
import numpy as np
import pytest
import pyvista
import skfem

import geom3d
from geom3d.core.roles import Role
from geom3d.exports import Options
from geom3d.transport.distance import FIELD

CASES = [
    pytest.param(("pillars-coated", {"parameters.height": 8, "tolerance": 0.02}, 4.0), marks=pytest.mark.slow),
    ("trenches-notten-2007", {}, None),
    ("comb-sun-2013", {}, 100.0),
    ("planar-efl700a39", {"layers.cathode.name": "top"}, None),
    ("sponge-schwarz-p-sheet", {"resolution": 1.2}, None),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case[0])
def built(request, tmp_path_factory):
    name, overrides, max_edge = request.param
    design = geom3d.load(name, overrides)
    folder = tmp_path_factory.mktemp("Dateien für Löser")
    design.build(folder, formats=("vtu", "msh"), unit="mm", options=Options(max_edge=max_edge))
    sidecar = json.loads((folder / "report.json").read_text("utf-8"))
    return design, folder, {entry["file"]: entry for entry in sidecar["files"]}, sidecar, max_edge


def named(built, ending):
    _, folder, entries, _, _ = built
    (name,) = [name for name in entries if name.endswith(ending)]
    return folder / name, entries[name]


def sampled(design):
    """Whether flat tetrahedra are taken out of the design's mesh."""
    return design.walls().filling.sampled


def volumes_by(points, tetrahedra, tag):
    a, b, c, d = (points[tetrahedra[:, k]] for k in range(4))
    volumes = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
    assert volumes.min() > 0
    return np.bincount(tag, volumes)


def areas_by(points, triangles, tag):
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.bincount(tag, np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def test_vtu_carries_the_regions(built):
    design, *_ = built
    path, entry = named(built, "_volume_mm.vtu")
    walls = design.walls()
    mesh = meshio.read(path)
    (cells,) = mesh.cells
    assert cells.type == "tetra"
    assert len(cells.data) == entry["tetrahedra"] == entry["quality"]["tetrahedra"]
    found = volumes_by(mesh.points * 1e3, cells.data, mesh.cell_data["region"][0])
    off = np.abs(found / walls.volumes[:-1] - 1).max()
    assert off <= (1e-3 if sampled(design) else 1e-8)
    assert entry["differs_from_walls"]["volume"] == pytest.approx(off, rel=1e-3, abs=1e-9)
    assert [region["name"] for region in entry["regions"]] == list(walls.names)
    assert entry["cells"] == [1, 1]
    # VTK's own reader agrees.
    grid = pyvista.read(path)
    assert grid.n_cells == len(cells.data)
    # Both readers show the name of every label.
    expected = {name: [label, 3] for label, name in enumerate(walls.names)}
    assert {name: value.tolist() for name, value in mesh.field_data.items()} == expected
    assert {name: np.ravel(grid.field_data[name]).tolist() for name in grid.field_data.keys()} == expected  # noqa: SIM118
    assert grid.compute_cell_sizes()["Volume"].sum() * 1e9 == pytest.approx(walls.volumes[:-1].sum(), rel=1e-8)


def test_vtu_of_the_interfaces_fits_the_volume(built):
    design, *_ = built
    path, entry = named(built, "_interfaces_mm.vtu")
    mesh, volume = meshio.read(path), meshio.read(named(built, "_volume_mm.vtu")[0])
    assert np.array_equal(volume.points[mesh.point_data["volume_point"]], mesh.points)
    walls = design.walls()
    areas = areas_by(mesh.points * 1e3, mesh.cells[0].data, mesh.cell_data["interface"][0])
    assert {n: v.tolist() for n, v in mesh.field_data.items()} == {n: [k, 2] for k, n in enumerate(entry["interfaces"])}
    found = dict(zip(entry["interfaces"], areas, strict=True))
    inner = {name: area for name, area in found.items() if "|" in name}
    names = [*walls.names, "void"]
    between = walls.periodic_image < 0
    pairs = {}
    for low in range(len(names)):
        for high in range(low + 1, len(names)):
            area = walls.areas[between & walls.between([low], [high])].sum()
            if area > 0:
                pairs[f"{names[low]}|{names[high]}"] = area
    assert inner == pytest.approx(pairs, rel=5e-3 if sampled(design) else 1e-8)
    footprint = walls.size[0] * walls.size[1]
    assert found.get("bottom", found.get("bottom of the box")) == pytest.approx(footprint, rel=1e-9)


def test_vtu_tells_the_distance_of_the_electrodes(built):
    """On another mesh of the same surfaces: the mean over the area is that of the report."""
    design, *_ = built
    mesh = meshio.read(named(built, "_interfaces_mm.vtu")[0])
    report = design.measure()["inter_electrode_distance_um"]
    if report is None:
        assert FIELD not in mesh.cell_data
        return
    found, ends = mesh.cell_data[FIELD][0], (mesh.cell_data["behind"][0], mesh.cell_data["front"][0])
    areas = areas_by(mesh.points * 1e3, mesh.cells[0].data, np.arange(len(found)))
    electrolyte = design.cell().labels(Role.ELECTROLYTE)
    for role in (Role.ANODE, Role.CATHODE):
        labels = design.cell().labels(role)
        mine = (np.isin(ends[0], labels) & np.isin(ends[1], electrolyte)) | (
            np.isin(ends[1], labels) & np.isin(ends[0], electrolyte)
        )
        assert np.average(found[mine], weights=areas[mine]) == pytest.approx(report[role.value]["mean"], rel=5e-3)
        assert found[mine].max() <= report[role.value]["max"] * 1.01
    assert np.isnan(found).any()


def test_msh_round_trip(built):
    path, entry = named(built, ".msh")
    mesh, vtu = meshio.read(path), meshio.read(named(built, "_volume_mm.vtu")[0])
    assert np.array_equal(mesh.points, vtu.points)
    assert np.array_equal(mesh.cells_dict["tetra"], vtu.cells_dict["tetra"])
    tags = mesh.cell_data_dict["gmsh:physical"]["tetra"]
    by_tag = {int(tag): name for name, (tag, size) in mesh.field_data.items() if size == 3}
    assert [by_tag[k + 1] for k in range(len(by_tag))] == [region["name"] for region in entry["regions"]]
    assert np.array_equal(tags - 1, vtu.cell_data["region"][0])
    for _, _, affine, pairs in mesh.gmsh_periodic:
        high, low = mesh.points[pairs.T]
        assert np.allclose(high, low + affine.reshape(4, 4)[:3, 3], rtol=0, atol=1e-15)


def test_scikit_fem_knows_the_names(built):
    """It looks a name up by its number alone, so numbers are unique over volumes and interfaces."""
    design, *_ = built
    path, entry = named(built, ".msh")
    walls = design.walls()
    numbers = [int(number) for number, _ in meshio.read(path).field_data.values()]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    mesh = skfem.MeshTet.load(path)
    assert list(mesh.subdomains) == list(walls.names)
    a, b, c, d = (mesh.p.T[mesh.t[k]] for k in range(4))
    volumes = np.abs(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a)) / 6 * 1e9
    found = {name: volumes[members].sum() for name, members in mesh.subdomains.items()}
    near = 1e-3 if sampled(design) else 1e-8
    assert found == pytest.approx(dict(zip(walls.names, walls.volumes, strict=False)), rel=near)
    # Its reader of this version takes outer triangles alone; those between two regions are the facets that both have.
    outer = [name for name in entry["interfaces"] if "|" not in name or "void" in name.split("|")]
    assert set(mesh.boundaries) == set(outer)
    interfaces = meshio.read(named(built, "_interfaces_mm.vtu")[0])
    areas = areas_by(interfaces.points * 1e3, interfaces.cells[0].data, interfaces.cell_data["interface"][0])
    p, q, r = (mesh.p.T[mesh.facets[k]] * 1e3 for k in range(3))
    facets = np.linalg.norm(np.cross(q - p, r - p), axis=1) / 2
    of = {name: np.unique(mesh.t2f[:, members]) for name, members in mesh.subdomains.items()}
    for name, area in zip(entry["interfaces"], areas.tolist(), strict=True):
        members = mesh.boundaries[name] if name in outer else np.intersect1d(*(of[side] for side in name.split("|")))
        assert facets[members].sum() == pytest.approx(area, rel=1e-8), name


def test_names_are_read_back_whatever_they_hold(tmp_path):
    layer = {"name": "film <&'> 薄", "role": "electrolyte", "material": "lipon", "thickness": 1}
    design = geom3d.design({"architecture": "planar", "layers": [layer]})
    files = {path.suffix: path for path in design.build(tmp_path, formats=("msh", "vtp")).paths}
    assert list(skfem.MeshTet.load(files[".msh"]).subdomains) == ["scaffold", layer["name"]]
    regions = pyvista.read(files[".vtp"]).GetFieldData().GetAbstractArray("regions")
    assert [regions.GetValue(k) for k in range(2)] == ["scaffold", layer["name"]]
    design.build(tmp_path, formats=("vtu",))
    (path,) = tmp_path.glob("*_volume_*.vtu")
    assert list(meshio.read(path).field_data) == ["scaffold", layer["name"]]
    assert list(pyvista.read(path).field_data) == ["scaffold", layer["name"]]


def test_gmsh_knows_the_groups(built):
    try:
        import gmsh
    except (ImportError, OSError) as error:  # its library needs libglu1-mesa and others
        pytest.skip(f"gmsh, a reader for tests only, cannot be imported: {error}")
    design, *_ = built
    path, entry = named(built, ".msh")
    walls = design.walls()
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.logger.start()
        gmsh.open(str(path))
        said = gmsh.logger.get()
        gmsh.logger.stop()
        assert [line for line in said if line.startswith(("Error", "Warning"))] == []
        names = {pair: gmsh.model.getPhysicalName(*pair) for pair in gmsh.model.getPhysicalGroups()}
        assert [name for (size, _), name in sorted(names.items()) if size == 3] == list(walls.names)
        assert [name for (size, _), name in sorted(names.items()) if size == 2] == entry["interfaces"]
        tags, places, _ = gmsh.model.mesh.getNodes()
        point = np.zeros((int(tags.max()) + 1, 3))
        point[tags.astype(int)] = places.reshape(-1, 3) * 1e3
        for (size, tag), name in names.items():
            if size == 3:
                corners = [
                    gmsh.model.mesh.getElements(3, e)[2][0] for e in gmsh.model.getEntitiesForPhysicalGroup(3, tag)
                ]
                tetrahedra = np.concatenate(corners).reshape(-1, 4).astype(int)
                found = volumes_by(point, tetrahedra, np.zeros(len(tetrahedra), dtype=int))[0]
                near = 1e-3 if sampled(design) else 1e-8
                assert found == pytest.approx(walls.volumes[walls.names.index(name)], rel=near), name
    finally:
        gmsh.finalize()


def test_no_file_is_larger_than_was_said(built):
    design, folder, entries, _, max_edge = built
    planned = design.plan(folder, formats=("vtu", "msh"), unit="mm", options=Options(max_edge=max_edge))
    assert planned.keys() == entries.keys()
    for name, entry in entries.items():
        assert entry["bytes"] == (folder / name).stat().st_size <= planned[name]
        assert planned[name] <= (4 if name.endswith("msh") else 20) * entry["bytes"] + 50_000  # VTU is compressed


def test_the_same_design_gives_the_same_bytes(built, tmp_path):
    design, folder, entries, sidecar, max_edge = built
    again = geom3d.load(design.source, design.overrides)
    again.build(tmp_path, formats=("vtu", "msh"), unit="mm", options=Options(max_edge=max_edge))
    for name in entries:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
    repeated = any("of one unit cell" in warning for warning in sidecar["warnings"])
    assert repeated == (design.description.repeat != (1, 1))


def test_what_cannot_be_meshed_is_refused(tmp_path):
    design = geom3d.load("pillars-coated")
    for name in ("vtu", "msh"):
        for job in (design.build, design.plan):
            with pytest.raises(
                geom3d.InputError,
                match=r"max_edge: .* tetrahedra of the volume mesh would take about .* take fewer layers, a longer edge",
            ):
                job(tmp_path, formats=(name,), options=Options(max_edge=1e-3))
    assert list(tmp_path.iterdir()) == []


def test_cells_without_their_islands_are_refused(tmp_path, monkeypatch):
    design = geom3d.load("sponge-gyroid-lto", {"resolution": 0.3})
    monkeypatch.setattr(
        "geom3d.api.without_islands",
        lambda _, walls, repeat: (walls.without(walls.components.labels == 1), (1, 1), []),
    )
    for name in ("vtu", "msh"):
        for job in (design.build, design.plan):
            with pytest.raises(geom3d.InputError, match=f"format: a volume mesh keeps its islands; got {name}"):
                job(tmp_path, formats=(name,), drop_islands=True)
