"""What is loose in a file is judged by the bodies that another program finds in that file."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
import trimesh

import geom3d
from geom3d.architectures._structure import StructureFacts
from geom3d.cell.cell import Cell, Region
from geom3d.cell.islands import MOST_PIECES, loose, without_islands
from geom3d.core.roles import Role
from geom3d.exports import Options
from geom3d.library.materials import find
from geom3d.manufacturability.measures import measures
from geom3d.metrics import Sample
from geom3d.solids.prisms.outline import Plane, rectangle
from geom3d.solids.prisms.prism import Prism, Prisms

#: A web of which parts hang together only through the period.
WEB = {
    "architecture": "spinodal",
    "parameters": {"wavelength": 3.0, "periods": 2, "height": 5.0, "solid_fraction": 0.27, "seed": 33},
    "resolution": 0.35,
}
#: Top of the plate that it stands on, µm.
PLATE = 1.0
#: What a corner rounded with a radius of 0.1 µm lacks, µm².
CORNER = 0.1**2 * (1 - np.pi / 4)
ARRAYS = [(1, 1), (2, 2), (3, 1)]


@pytest.fixture(scope="module")
def web():
    return geom3d.design(WEB)


def bodies(paths, name: str) -> list[trimesh.Trimesh]:
    """The bodies of one region's STL file, by trimesh."""
    path = next(path for path in paths if f"_{name}_" in path.name)
    whole = trimesh.load(path)
    assert whole.is_watertight
    return list(whole.split(only_watertight=False))


def standing(found: list[trimesh.Trimesh]) -> list[trimesh.Trimesh]:
    return [body for body in found if body.bounds[0, 2] < PLATE + 1e-4]


@pytest.mark.parametrize("repeat", ARRAYS)
def test_what_is_dropped_is_what_trimesh_finds_loose(web, repeat, tmp_path):
    whole = bodies(web.build(tmp_path / "all", unit="um", repeat=repeat), "scaffold")
    held = standing(whole)
    assert len(whole) > len(held)
    built = web.build(tmp_path / "less", unit="um", repeat=repeat, drop_islands=True)
    left = bodies(built, "scaffold")
    assert len(left) == len(held)
    assert sorted(b.volume for b in left) == pytest.approx(sorted(b.volume for b in held), rel=1e-6)
    assert len(bodies(built, "assembly")) == 1
    report = json.loads(built.paths[-1].read_text("utf-8"))
    assert report["repeat"] == report["report"]["repeat"] == list(repeat)
    lost = 1 - sum(b.volume for b in held) / sum(b.volume for b in whole)
    assert report["warnings"][0] == f"islands of scaffold were left out of the files: {100 * lost:.3g} % of its volume"


def test_a_check_counts_the_loose_bodies_of_the_array_that_is_built(tmp_path):
    for repeat in ARRAYS[:2]:
        design = geom3d.design({**WEB, "repeat": list(repeat)})
        whole = bodies(design.build(tmp_path / str(repeat[0]), unit="um"), "scaffold")
        hanging = [body for body in whole if body not in standing(whole)]
        (found,) = [f for f in design.check("sls").findings if f.rule == "loose"]
        assert found.value == len(hanging)
        seen = design._measures
        assert seen.loose.size == pytest.approx(sum(b.volume for b in hanging) / np.prod(repeat), rel=1e-5)
        assert "loose bod" in design.check("sls").verdict


def test_other_formats_hold_the_same_bodies(web, tmp_path):
    formats = ("stl", "ply", "obj", "3mf", "glb", "tiff")
    built = web.build(
        tmp_path, formats=formats, unit="um", repeat=(2, 2), drop_islands=True, options=Options(voxel=0.25)
    )
    exact = sum(b.volume for b in bodies(built, "scaffold"))
    by_end = {path.suffix: path for path in built if "scaffold" in path.name or path.suffix in (".3mf", ".glb", ".tif")}
    assert trimesh.load(by_end[".ply"], process=False).volume == pytest.approx(exact, rel=1e-6)
    # One object holds all regions in place.
    (whole,) = trimesh.load(by_end[".3mf"]).geometry.values()
    assert whole.volume == pytest.approx(exact + sum(b.volume for b in bodies(built, "backing")), rel=1e-6)
    metres = trimesh.load(by_end[".glb"]).geometry["scaffold"]
    assert 1e18 * metres.volume == pytest.approx(exact, rel=1e-6)
    voxels = tifffile.imread(by_end[".tif"])
    share = np.count_nonzero(voxels == 1 + web.cell().names.index("scaffold")) / voxels.size
    top, size = web.cell().top, web.cell().size
    assert share * 4 * size[0] * size[1] * top == pytest.approx(exact, rel=0.02)


def test_the_walls_of_an_array_that_lacks_parts_are_sound(web):
    walls, cells, _ = without_islands(web.cell(), web.walls(), (2, 3))
    assert cells == (2, 3)
    walls.check()
    assert walls.size[:2] == pytest.approx((2 * web.walls().size[0], 3 * web.walls().size[1]))
    # What one cell lacks, none of the others need lack; a cell for itself lacks more.
    one, cells, _ = without_islands(web.cell(), web.walls(), (1, 1))
    assert cells == (1, 1)
    assert one.volumes[1] <= walls.volumes[1] / 6 < web.walls().volumes[1]


def beam(*, free: bool) -> Cell:
    """A post on a plate near the upper side of x, and a beam that leads from it across the border into the next cell."""
    size = (10.0, 10.0)
    plate = Prism(Plane(), -np.inf, 1.0)
    post = Prism(rectangle(8.0, 4.0, 9.8, 6.0), 0.0, 6.0)
    arm = Prism(rectangle(0.5, 4.0, 3.0, 6.0) if free else rectangle(9.0, 4.0, 13.0, 6.0), 4.0, 6.0)
    block = Prisms((plate, post, arm), size)
    lico, silicon = find("licoo2"), find("silicon-substrate")
    regions = (
        Region("block", Role.SUBSTRATE, silicon, block),
        Region("coat", Role.CATHODE, lico, block.offset(0.1), thickness=0.1),
    )
    return Cell((*size, 8.0), regions, StructureFacts(base_z=1.0, top=6.0, scaffold=("block",)))


@pytest.mark.parametrize(
    ("repeat", "hanging", "count"),
    # In a row only the first beam has no post beside it; in a column all of them.
    [((1, 1), [[1]], 1), ((3, 1), [[1, 0, 0]], 1), ((1, 2), [[1], [1]], 2), ((2, 2), [[1, 0], [1, 0]], 2)],
)
def test_a_beam_held_through_the_period(repeat, hanging, count):
    cell = beam(free=False)
    components = cell.walls().components
    found, number = loose(cell, components, repeat)
    assert (found @ components.volumes > 0).astype(int).tolist() == hanging
    assert number == count
    block = components.labels == 0
    # Of the beam what lies beyond the border.
    assert (found[0, 0] & block) @ components.volumes == pytest.approx(3.0 * 2.0 * 2.0, rel=1e-9)
    # The coat on it goes with it: all around but on the face at the border.
    coat = (3.1 * 2.2 - 2 * CORNER) * 2.2 - 3.0 * 2.0 * 2.0
    assert (found[0, 0] & ~block) @ components.volumes == pytest.approx(coat, rel=1e-4)


def test_a_beam_that_touches_nothing_is_loose_everywhere():
    cell = beam(free=True)
    components = cell.walls().components
    found, number = loose(cell, components, (2, 2))
    assert number == 4
    assert (found == found[0, 0]).all()
    seen = measures(Sample(cell, cell.walls()))
    assert (seen.loose.number, seen.array) == (1, (1, 1))
    assert seen.loose.size == pytest.approx((2.7 * 2.2 - 4 * CORNER) * 2.2, rel=1e-4)


def test_arrays_without_end_are_judged_by_one_cell_or_refused():
    post = geom3d.load("pillars-coated")
    components = post.walls().components
    found, number = loose(post.cell(), components, (100_000, 100_000))
    assert (number, found.shape[:2], found.any()) == (0, (1, 1), False)
    cell = beam(free=False)
    parts = cell.walls().components
    with pytest.raises(geom3d.InputError, match="repeat: whether parts are loose is known of up to"):
        loose(cell, parts, (MOST_PIECES, 1))
