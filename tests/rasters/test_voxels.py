"""Voxels: labels against the exact shapes, shares against plane areas, and files against independent readers."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import nrrd
import numpy as np
import PIL.Image
import pytest
import pyvista
import shapely
import tifffile
from kinds import PRISMATIC, one_of_each

import geom3d
from geom3d.core.errors import GeometryError, InputError
from geom3d.core.memory import limited
from geom3d.exports import Options, tiff
from geom3d.rasters.voxels import by_centre, fractions, voxel_grid, voxels
from geom3d.solids.prisms.floorplan import floor_plan

FILM = [{"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.3}]
FILL = [{"name": "fill", "role": "cathode", "material": "licoo2", "fill_to": 0.5}]
#: Small sponges on coarse grids.
SPONGES = {
    "gyroid": ("tpms", {"period": 4.0, "height": 4.0}, 0.2),
    "spinodal": ("spinodal", {"wavelength": 3.0, "periods": 2, "height": 3.0}, 0.3),
    "spheres": ("spheres", {"radius": 1.0, "periods": 2, "height": 3.0}, 0.15),
    "opal": ("inverse_opal", {"diameter": 3.0, "height": 3.6}, 0.15),
}


def sponge(name: str, layers: list | None = None) -> geom3d.Design:
    kind, parameters, step = SPONGES[name]
    layers = [*FILM, *FILL] if layers is None else layers
    return geom3d.design(
        {"architecture": kind, "parameters": parameters, "resolution": step, "layers": layers}, f"small-{name}"
    )


def edge_of(cell: geom3d.Cell, count: float) -> float:
    """The edge of about so many voxels."""
    return (cell.footprint * cell.top / count) ** (1 / 3)


def centres(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> np.ndarray:
    """(nz, ny, nx, 3) positions of the voxels' centres, µm."""
    k, j, i = np.indices(shape)
    return (np.stack([i, j, k], axis=-1) + 0.5) * spacing


def volumes_below_top(cell: geom3d.Cell, walls) -> np.ndarray:
    exact = walls.volumes.copy()
    exact[-1] -= (walls.size[2] - cell.top) * walls.footprint
    return exact


@pytest.mark.parametrize("name", PRISMATIC)
def test_shares_add_up_to_the_exact_volumes(name):
    design = geom3d.load(name)
    cell, walls = design.cell(), design.walls()
    for count in (50, 1e4, 1.3e5):
        shares, spacing = fractions(cell, walls, edge_of(cell, count))
        assert np.abs(shares.sum(axis=0) - 1).max() < 1e-9
        assert shares.min() > -1e-12
        found = shares.sum(axis=(1, 2, 3)) * math.prod(spacing)
        box = cell.footprint * cell.top
        assert np.abs(found - volumes_below_top(cell, walls)).max() < 1e-9 * box
        assert found[:-1] == pytest.approx(walls.volumes[:-1], rel=1e-9, abs=1e-12 * box)


@pytest.mark.parametrize("name", ["pillars-coated", "honeycomb-lei-2020", "comb-sun-2013"])
def test_shares_are_the_areas_of_faces_cut_by_pixels(name):
    """Another way: polygons of the floor plan cut by polygons of the pixels, where films and posts stand side by side."""
    design = geom3d.load(name)
    cell, walls = design.cell(), design.walls()
    shares, (x, y, z) = fractions(cell, walls, edge_of(cell, 6000))
    layer = int(0.6 * shares.shape[1])  # amid the height, where all is upright
    plan = floor_plan((p.outline for r in cell.regions for p in r.solid.prisms), cell.size[:2], cell.chord_tolerance)
    inner = shapely.get_coordinates(shapely.point_on_surface(plan.faces))
    at = np.column_stack([inner, np.full(len(inner), (layer + 0.5) * z)])
    pixels = [shapely.box(i * x, j * y, (i + 1) * x, (j + 1) * y) for j, i in np.ndindex(shares.shape[2:])]
    area = shapely.area(shapely.intersection(plan.faces[:, None], np.array(pixels)[None, :])) / (x * y)
    expected = np.zeros((len(shares), len(pixels)))
    np.add.at(expected, cell.locate(at), area)
    assert len(np.unique(cell.locate(at))) > 2
    assert np.abs(shares[:, layer].reshape(expected.shape) - expected).max() < 1e-7


def test_shares_by_hand():
    """Planar films: shares of a layer are lengths; a plate of 1 µm under a film of 0.25 µm in layers of 0.5 µm."""
    design = geom3d.design({"architecture": "planar", "layers": [{**FILM[0], "thickness": 0.25}]})
    cell, walls = design.cell(), design.walls()
    base = cell.top - 0.25
    shares, spacing = fractions(cell, walls, cell.top / 3)
    thick = cell.top / 3
    assert spacing[2] == pytest.approx(thick)
    film = [max(0.0, (k + 1) * thick - max(base, k * thick)) / thick for k in range(3)]
    assert shares[1, :, 0, 0] == pytest.approx(film, abs=1e-9)
    labels, _ = voxels(cell, walls, cell.top / 3)
    assert labels[:, 0, 0].tolist() == [int(share > 0.5) for share in film]


@pytest.mark.slow
@pytest.mark.parametrize("name", one_of_each(PRISMATIC))
def test_labels_of_prisms_agree_with_the_exact_shapes(name):
    design = geom3d.load(name)
    cell, walls = design.cell(), design.walls()
    edge = edge_of(cell, 40_000)
    labels, spacing = voxels(cell, walls, edge)
    assert (labels.dtype, labels.shape) == (np.uint8, voxel_grid(cell, edge).shape)
    some = np.random.default_rng(3).choice(labels.size, 4000, replace=False)
    points, found = centres(labels.shape, spacing).reshape(-1, 3)[some], labels.ravel()[some]
    at_centre = cell.locate(points)
    # The polygon of a circle crosses it: centres that near may differ, and a centre on a wall belongs to either side.
    here = np.stack(list(by_centre(walls, voxel_grid(cell, edge)))).ravel()[some]
    beside = [cell.locate(points + (np.array(side) - 0.5) * 1e-6 * edge) for side in np.ndindex(2, 2, 2)]
    assert np.mean((here != at_centre) & ~(here == np.array(beside)).any(axis=0)) < 5e-3
    pure = np.ones(len(some), dtype=bool)
    for corner in np.ndindex(2, 2, 2):
        pure &= cell.locate(points + (np.array(corner) - 0.5) * np.multiply(spacing, 0.999)) == at_centre
    assert np.count_nonzero(pure) > 100
    assert np.mean(found[pure] != at_centre[pure]) < 1e-3
    shares, _ = fractions(cell, walls, edge)
    assert np.array_equal(np.round(shares, 9).argmax(axis=0), labels)


@pytest.mark.parametrize("name", SPONGES)
def test_labels_of_sponges_agree_with_the_exact_shapes(name):
    design = sponge(name)
    cell, walls = design.cell(), design.walls()
    labels, spacing = voxels(cell, walls, 0.13)
    points = centres(labels.shape, spacing).reshape(-1, 3)
    wrong = cell.locate(points) != labels.ravel()
    # Only where the mesh's surface and the exact one differ, which is a small share of the voxels they pass.
    assert np.mean(wrong) < 0.02
    change = sum(np.abs(np.diff(labels.astype(int), axis=axis)).astype(bool).sum() for axis in range(3))
    assert np.count_nonzero(wrong) < 0.05 * change
    assert len(np.unique(labels)) >= 4


def test_volumes_by_voxels_converge():
    """Counting centres errs in an order between 1 and 2 on curved surfaces, where levels lie between the layers."""
    cell = sponge("gyroid", []).cell()
    label = cell.names.index("scaffold")
    edges = [0.5, 0.25, 0.125, 0.0625]
    errors = np.zeros((3, len(edges)))
    for k, (dx, dy) in enumerate(((0, 0), (0.31, 0.17), (0.73, 0.41))):
        walls = cell.moved(dx, dy).walls()
        for n, edge in enumerate(edges):
            labels, spacing = voxels(cell, walls, edge)
            assert spacing == pytest.approx([edge] * 3)
            errors[k, n] = np.count_nonzero(labels == label) * math.prod(spacing) / walls.volumes[label] - 1
    rms = np.sqrt((errors**2).mean(axis=0))
    assert np.polyfit(np.log(edges), np.log(rms), 1)[0] > 1.3
    assert rms[-1] < 2e-3


@pytest.mark.parametrize(
    "name", ["pillars-coated", "trenches-notten-2007", "grid-oukassi-2019", "honeycomb-kotobuki-2010"]
)
def test_a_shift_by_whole_voxels_rolls_the_labels(name):
    """So the array goes on seamlessly where it is tiled."""
    design = geom3d.load(name)
    cell = design.cell()
    edge = edge_of(cell, 30_000)
    labels, (x, y, _) = voxels(cell, design.walls(), edge)
    moved, _ = voxels(cell, cell.moved(3 * x, -5 * y).walls(), edge)
    assert np.array_equal(moved, np.roll(labels, (-5, 3), axis=(1, 2)))
    assert not np.array_equal(moved, labels)


def test_a_shift_by_whole_voxels_rolls_the_labels_of_a_sponge():
    """Its own grid does not shift along, so a few voxels at the surfaces differ, and no more at the seam than elsewhere."""
    cell = sponge("spinodal").cell()
    labels, (x, y, _) = voxels(cell, cell.walls(), 0.15)
    moved, _ = voxels(cell, cell.moved(7 * x, 4 * y).walls(), 0.15)
    differs = moved != np.roll(labels, (4, 7), axis=(1, 2))
    assert differs.mean() < 0.02
    assert differs[:, :, [6, 7]].mean() < 0.05
    assert differs[:, [3, 4]].mean() < 0.05


def test_walls_with_a_hole_are_an_error():
    design = sponge("gyroid")
    walls = design.walls()
    inner = np.flatnonzero((walls.front_region >= 0) & (np.abs(walls.area_vectors[:, 0]) > 1e-3))
    broken = replace(
        walls,
        **{
            key: np.delete(getattr(walls, key), inner[:50], axis=0)
            for key in ("triangles", "back_region", "front_region", "periodic_image")
        },
    )
    with pytest.raises(GeometryError, match="not closed"):
        voxels(design.cell(), broken, 0.05)


def test_what_does_not_fit_is_refused():
    design = geom3d.load("pillars-coated")
    cell, walls = design.cell(), design.walls()
    with limited("100 GB"), pytest.raises(InputError, match=r"voxel: 0\.001 µm gives .* take at least 0\.011 µm"):
        voxels(cell, walls, 0.001)
    voxel_grid(cell, 0.011)
    with limited("1 GB"), pytest.raises(InputError, match=r"voxels with \d shares each would take"):
        fractions(cell, walls, 0.02)
    with pytest.raises(InputError, match="exact between vertical walls only"):
        fractions(sponge("gyroid").cell(), sponge("gyroid").walls(), 0.5)
    large = voxel_grid(cell, 1e6)
    assert large.shape == (1, 1, 1)


BUILD = {"formats": ("tiff", "nrrd"), "unit": "um", "options": Options(voxel=0.4)}


@pytest.mark.parametrize("unit", ["um", "mm"])
def test_files_are_what_independent_readers_see(tmp_path, unit):
    design = geom3d.load("pillars-coated")
    folder = tmp_path / "ä 日 b"
    paths = design.build(folder, **BUILD | {"unit": unit}, scale=3)
    stack, sheet, volume, other, _ = paths
    assert [path.name for path in paths[:4]] == [
        f"pillars-coated_voxels_{unit}_x3.{end}" for end in ("tif", "tif.json", "nrrd", "nrrd.json")
    ]
    cell, void = design.cell(), len(design.cell().names)
    labels, spacing = voxels(cell, design.walls(), 0.4)
    expected = np.where(labels == void, 0, labels + 1)
    scaled = [3 * length * (1e-3 if unit == "mm" else 1) for length in spacing]

    assert np.array_equal(tifffile.imread(stack), expected)
    with tifffile.TiffFile(stack) as file:
        words, tags = file.imagej_metadata, file.pages[0].tags
        assert (words["unit"], words["slices"]) == (unit, len(labels))
        assert words["spacing"] == pytest.approx(scaled[2], rel=1e-12)
        for tag, length in (("XResolution", scaled[0]), ("YResolution", scaled[1])):
            assert tags[tag].value[1] / tags[tag].value[0] == pytest.approx(length, rel=1e-8)
        assert json.loads(words["Info"]) == {str(k): n for k, n in enumerate(["void", *cell.names])}
        assert "DateTime" not in tags
    with PIL.Image.open(stack) as image:
        assert image.n_frames == len(labels)
        for page in (0, 57, len(labels) - 1):
            image.seek(page)
            assert np.array_equal(np.array(image), expected[page])

    data, head = nrrd.read(str(volume), index_order="C")
    assert np.array_equal(data, expected)
    assert np.diag(head["space directions"]) == pytest.approx(scaled, rel=1e-15)
    assert head["space origin"] == pytest.approx(np.array(scaled) / 2, rel=1e-15)
    assert head["space units"] == [unit] * 3
    assert [head[f"label {k}"] for k in range(void + 1)] == ["void", *cell.names]
    grid = pyvista.read(volume)
    assert grid.dimensions == expected.shape[::-1]
    assert grid.spacing == pytest.approx(scaled)
    assert grid.origin == pytest.approx(np.array(scaled) / 2)
    assert np.array_equal(grid.active_scalars.reshape(expected.shape), expected)

    for path in (sheet, other):
        content = json.loads(path.read_text("utf-8"))
        assert (content["file"], content["shape"]) == (path.name.removesuffix(".json"), list(expected.shape))
        assert content["spacing_xyz_um"] == list(spacing)
        assert content["spacing_xyz"] == pytest.approx(scaled)
        exact = volumes_below_top(cell, design.walls())
        for entry in content["labels"]:
            number, region = entry["label"], cell.regions[entry["label"] - 1]
            assert entry["voxels"] == np.count_nonzero(expected == number)
            assert entry["volume_by_voxels_um3"] == pytest.approx(entry["voxels"] * math.prod(spacing))
            assert entry["volume_um3"] == pytest.approx(exact[number - 1], abs=1e-6)
            if number:
                found = (entry["name"], entry["role"], entry["material"])
                assert found == (region.name, region.role.value, region.material.title)
        assert [entry["label"] for entry in content["labels"]] == list(range(void + 1))


def test_the_same_design_gives_the_same_bytes_and_no_more_than_planned(tmp_path):
    for design in (geom3d.load("comb-sun-2013"), sponge("opal")):
        requested = BUILD | {"options": Options(voxel=edge_of(design.cell(), 20_000))}
        planned = design.plan(tmp_path, **requested)
        files = [design.build(tmp_path / str(k), **requested)[:-1] for k in range(2)]
        for one, two in zip(*files, strict=True):
            assert one.read_bytes() == two.read_bytes()
            assert 0 < one.stat().st_size <= planned.pop(one.name)
        assert not planned


def test_large_stacks_have_offsets_of_64_bits(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff, "LARGEST", 1000)
    design = geom3d.load("trenches-notten-2007")
    path = design.build(tmp_path, **BUILD | {"formats": ("tiff",)})[0]
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
        words = file.shaped_metadata[0]
        assert (words["unit"], words["spacing"]) == ("um", pytest.approx(0.4, rel=1e-2))
        labels, _ = voxels(design.cell(), design.walls(), 0.4)
        assert np.array_equal(file.asarray(), np.where(labels == len(design.cell().names), 0, labels + 1))


def test_what_the_reader_must_know_is_said(tmp_path):
    design, flat = geom3d.load("pillars-coated"), geom3d.load("planar-licoo2-lipon-lithium")

    def warnings(design, **requested) -> str:
        path = design.build(tmp_path, formats=("nrrd", "tiff"), **requested)[-1]
        return "\n".join(json.loads(path.read_text("utf-8"))["warnings"])

    coarse = warnings(design, options=Options(voxel=1.0), repeat=(2, 3))
    assert coarse.count("in none of them: barrier, anode") == 1
    assert coarse.count("thinner than two voxels, so that its thickness is coarse and holes may show: electrolyte") == 1
    assert coarse.count("no cubes but 1 × 0.9897 × 1.007 µm") == 1
    assert coarse.count("hold one unit cell, whatever the repeat") == 1
    assert warnings(flat, options=Options(voxel=0.1)) == ""


def test_islands_that_are_dropped_are_void(tmp_path):
    design = geom3d.design(
        {
            "architecture": "spheres",
            "parameters": {"radius": 1.0, "periods": 2, "height": 3.0, "void_fraction": 0.55, "seed": 8},
            "resolution": 0.15,
        }
    )
    counts = []
    for dropped in (False, True):
        path = design.build(tmp_path, formats=("tiff",), options=Options(voxel=0.1), drop_islands=dropped)[0]
        counts.append(np.bincount(tifffile.imread(path).ravel(), minlength=3))
    scaffold = 1 + design.cell().names.index("scaffold")
    assert counts[1][scaffold] < counts[0][scaffold]
    assert counts[1][0] - counts[0][0] == counts[0][scaffold] - counts[1][scaffold]


PROPOSALS = [
    ("planar-licoo2-lipon-lithium", "0.1 µm (half the thinnest film; 100 × 100 × 64 voxels)"),
    ("interdigitated-pillars-opposed", "1.3 µm (a quarter of the smallest width; 23 × 23 × 50 voxels)"),
    ("grid-yang-2011", "(the finest that keeps to 2e+08 voxels; "),
]


@pytest.mark.parametrize(("name", "words"), PROPOSALS)
@pytest.mark.parametrize("kind", ["tiff", "nrrd"])
def test_a_missing_edge_is_proposed(name, words, kind, tmp_path):
    for work in (geom3d.load(name).plan, geom3d.load(name).build):
        with pytest.raises(InputError) as caught:
            work(tmp_path / "o", formats=(kind,))
        assert str(caught.value).startswith("voxel: must be given for voxels, such as ")
        assert words in str(caught.value)
    assert not (tmp_path / "o").exists()
