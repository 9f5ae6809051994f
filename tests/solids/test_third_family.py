"""A third family of solids, boxes, that stands in this file only: right numbers or one clear error, never wrong ones.

Trenches are boxes as well as prisms, films on them too: every number and every file of the one must be that of the other.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass, replace
from itertools import pairwise

import gdstk
import meshio
import numpy as np
import pytest
import tifffile
import trimesh

import geom3d
from geom3d import architectures
from geom3d.architectures import trenches
from geom3d.architectures._structure import StructureFacts
from geom3d.cell.cell import Cell, Region
from geom3d.comparison import compare
from geom3d.core.errors import InputError
from geom3d.core.roles import Role
from geom3d.exports import Options
from geom3d.library.materials import find
from geom3d.mesh.components import Components
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.rasters.masks import masks
from geom3d.rasters.voxels import fractions
from geom3d.solids.fields.field import Field
from geom3d.solids.fields.implicit import ImplicitBody
from geom3d.solids.grid import TETRAHEDRA, Grid, rounding_unit, snap, subdivide
from geom3d.solids.prisms.outline import Disc, Plane, rectangle
from geom3d.solids.prisms.prism import Prism, Prisms
from geom3d.transport import conduct
from geom3d.verification.comparison import verify

INF = math.inf


@dataclass(frozen=True)
class Box:
    """Low and high end in x, y and z before growth, µm, and by how much it has been grown; its corners stay sharp."""

    ends: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    growth: float = 0.0

    def spans(self):
        return [(low - self.growth, high + self.growth) for low, high in self.ends]


@dataclass(frozen=True)
class BoxFamily:
    """Boxes on the bricks of the grid that their own faces span: exact, square, upright."""

    name: str = "boxes"
    is_sampled: bool = False
    film_edges: str = "square"
    vertical_walls: bool = True

    def require(self, solid, grid_step):
        """Any will do."""

    def step(self, solids, size, requested):
        return None

    def partition(self, names, solids, size, *, chord_tolerance=None, grid_step=None) -> InterfaceMesh:
        axes = [marks([b.spans()[axis] for s in solids for b in s.boxes], size, axis) for axis in range(3)]
        grid = Grid(*axes)
        middles = [(a[1:] + a[:-1]) / 2 for a in axes]
        z, y, x = np.meshgrid(*middles[::-1], indexing="ij")
        points = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
        labels = np.full(len(points), len(solids))
        for label in reversed(range(len(solids))):
            labels[solids[label].contains(points)] = label
        return walls_of(names, grid, labels.reshape(x.shape))


def marks(spans, size, axis):
    """The planes of the grid across an axis: ends of boxes through the period, and those of the cell."""
    period, unit = size[axis], rounding_unit(size[axis])
    ends = [z for span in spans if span[1] - span[0] < period or axis == 2 for z in span if math.isfinite(z)]
    top = float(snap(np.array(period), unit))
    found = np.array(ends) if axis == 2 else np.mod(ends, period)
    return np.unique(np.clip(np.r_[0.0, snap(found, unit), top], 0.0, top))


def walls_of(names, grid, labels) -> InterfaceMesh:
    """Two triangles on every face between bricks of different labels, cut as Kuhn's tetrahedra are."""
    _, ny, nx = labels.shape
    k, j, i = np.indices(labels.shape)
    node = (k * (ny + 1) + j) * (nx + 1) + i
    strides = grid.strides
    parts, count = [], 0
    for axis in range(3):
        at, u, v = strides[axis], strides[(axis + 1) % 3], strides[(axis + 2) % 3]
        number = 2 - axis
        low, high = (np.take(node, [e], number).ravel() for e in (0, -1))
        first, last = (np.take(labels, [e], number).ravel() for e in (0, -1))
        before, after = (np.delete(a, -1 if b else 0, number) for a, b in ((labels, True), (labels, False)))
        inner = np.delete(node, 0, number)[before != after]
        out = np.full(len(first), OUTSIDE)
        for corner, back, front, turned in (
            (inner, before[before != after], after[before != after], False),
            (low, first, out, True),
            (high + at, last, out, False),
        ):
            quads = np.stack(
                [np.stack([corner, corner + u, corner + u + v], 1), np.stack([corner, corner + u + v, corner + v], 1)],
                1,
            ).reshape(-1, 3)
            parts.append((quads[:, ::-1] if turned else quads, np.repeat(back, 2), np.repeat(front, 2)))
            count += len(quads)
        sides = 2 * len(low)
        begin = count - 2 * sides
        parts[-3] += (np.full(2 * len(inner), -1),)
        images = [np.arange(begin + sides, count), np.arange(begin, begin + sides)]
        for part, image in zip((-2, -1), images, strict=True):
            parts[part] += (image if axis < 2 else np.full(sides, -1),)
    triangles, back, front, image = (np.concatenate(part) for part in zip(*parts, strict=True))
    used, index = np.unique(triangles, return_inverse=True)
    return InterfaceMesh(
        names, (*grid.size, float(grid.z[-1])), grid.points(used), index.reshape(-1, 3), back, front, image,
        pieces=lambda: pieces_of(grid, labels), filling=Bricks(grid, labels),
    )  # fmt: skip


def pieces_of(grid, labels) -> Components:
    """Every brick is a piece."""
    number = np.arange(labels.size).reshape(labels.shape)
    links, shifts = [], []
    for axis in range(3):
        pairs = np.stack([number, np.roll(number, -1, 2 - axis)], -1)
        step = np.zeros((*labels.shape, 2), dtype=np.int64)
        if axis < 2:
            step[(slice(None),) * (2 - axis) + (-1,) + (slice(None),) * axis] = np.eye(2, dtype=np.int64)[axis]
        else:
            pairs, step = pairs[:-1], step[:-1]
        links.append(pairs.reshape(-1, 2))
        shifts.append(step.reshape(-1, 2))
    x, y, z = (np.diff(a) for a in (grid.x, grid.y, grid.z))
    at_end = np.zeros(labels.shape, dtype=bool)
    at_end[[0, -1]] = True
    volumes = z[:, None, None] * y[:, None] * x
    return Components(labels.ravel(), volumes.ravel(), np.concatenate(links), np.concatenate(shifts), at_end.ravel())


@dataclass(frozen=True)
class Bricks:
    """Six tetrahedra in each brick of a grid that is refined."""

    grid: Grid
    labels: np.ndarray

    def _finer(self, max_edge, layers):
        axes, owners = [], []
        for axis in (self.grid.x, self.grid.y, self.grid.z):
            parts = []
            for low, high in pairwise(axis.tolist()):
                step = (high - low) / layers
                parts.append(subdivide(low, high, step if max_edge is None else min(step, max_edge / math.sqrt(3))))
            inner = np.concatenate([snap(part[1:-1], rounding_unit(axis[-1])) for part in parts])
            axes.append(np.sort(np.concatenate([axis, inner])))
            owners.append(np.repeat(np.arange(len(parts)), [len(part) - 1 for part in parts]))
        return Grid(*axes), self.labels[np.ix_(*owners[::-1])]

    def tetrahedra(self, max_edge, layers):
        grid, labels = self._finer(max_edge, layers)
        nodes = np.arange(math.prod(grid.shape)).reshape(grid.shape)
        corners = nodes[:-1, :-1, :-1].ravel()[:, None, None] + grid.steps[np.array(TETRAHEDRA)]
        return grid.points(nodes.ravel()), corners.reshape(-1, 4), np.repeat(labels.ravel(), 6)

    def most(self, max_edge, layers):
        grid, labels = self._finer(max_edge, layers)
        return math.prod(grid.shape), 6 * labels.size, 6 * math.prod(grid.shape)


BOXES = BoxFamily()
#: The same family, as if its walls might lean: what needs upright ones must refuse it.
LEANING = BoxFamily("leaning boxes", vertical_walls=False)


@dataclass(frozen=True)
class Boxes:
    """A union of boxes, periodic in x and y."""

    boxes: tuple[Box, ...]
    size: tuple[float, float]
    family: BoxFamily = BOXES

    def offset(self, thickness):
        return replace(self, boxes=tuple(replace(b, growth=b.growth + thickness) for b in self.boxes))

    def contains(self, points):
        inside = np.zeros(len(points), dtype=bool)
        for box in self.boxes:
            mine = np.ones(len(points), dtype=bool)
            for axis, (low, high) in enumerate(box.spans()):
                if axis == 2:
                    mine &= (points[:, 2] >= low) & (points[:, 2] <= high)
                elif high - low < self.size[axis]:
                    mine &= np.mod(points[:, axis] - low, self.size[axis]) <= high - low
            inside |= mine
        return inside

    def moved(self, dx, dy):
        shift = (dx, dy, 0.0)
        return replace(
            self,
            boxes=tuple(
                replace(b, ends=tuple((low + d, high + d) for (low, high), d in zip(b.ends, shift, strict=True)))
                for b in self.boxes
            ),
        )

    def bounds_z(self):
        spans = [b.spans()[2] for b in self.boxes]
        return min(low for low, _ in spans), max(high for _, high in spans)

    def half_space(self, level):
        return replace(self, boxes=(Box(((-INF, INF), (-INF, INF), (-INF, level))),))

    def __or__(self, other):
        return replace(self, boxes=tuple(dict.fromkeys(self.boxes + other.boxes)))


class BoxTrenches:
    """Trenches made of boxes."""

    Parameters = trenches.Parameters
    closed_form = staticmethod(trenches.closed_form)

    def __init__(self, family=BOXES):
        self.family = family

    def build(self, parameters):
        p, made = parameters, trenches.build(parameters)
        whole = (-INF, INF)
        ridge = Box((((p.pitch + p.width) / 2, (3 * p.pitch - p.width) / 2), whole, (0.0, p.base_z + p.depth)))
        body = Boxes((ridge, Box((whole, whole, (-INF, p.base_z)))), made.size, self.family)
        solids = {"scaffold": body, "backing": body.half_space(p.backing)}
        regions = tuple((name, role, solids[name]) for name, role, _ in made.regions)
        return replace(made, regions=regions, film_base=body)


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """Both architectures, as if they had been installed."""
    get, more = architectures.get, {"boxes": BoxTrenches(), "leaning": BoxTrenches(LEANING)}
    monkeypatch.setattr(architectures, "get", lambda name: more.get(name) or get(name))


def layer(name, role, material, **extent):
    return {"name": name, "role": role, "material": material, **extent}


LAYERS = [
    layer("collector", "cathode_collector", "platinum", thickness=0.2),
    layer("cathode", "cathode", "licoo2", thickness=0.3),
    layer("electrolyte", "electrolyte", "lipon", thickness=0.25),
    layer("anode", "anode", "lithium", fill_to=1.5),
]


def made(architecture: str, **parts) -> geom3d.Design:
    parameters = {"pitch": 4.0, "width": 2.5, "depth": 3.0, "backing": 0.5}
    return geom3d.design({"architecture": architecture, "parameters": parameters, "layers": LAYERS, **parts}, "cut")


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def alike(one, other):
    """Two reports with the same keys and, to rounding, the same numbers."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            alike(one[key], other[key])
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-12)
    else:
        assert one == other


def test_it_measures_what_prisms_measure():
    boxes, prisms = made("boxes"), made("trenches")
    found, expected = (dict(design.measure().data) for design in (boxes, prisms))
    assert (found.pop("architecture"), expected.pop("architecture")) == ("boxes", "trenches")
    for data in (found, expected):  # sampled by points on triangles, which are others
        known = (data.pop("uncertainty") or {}).items()
        data["uncertainty"] = {path: error for path, error in known if not path.startswith("inter_electrode_distance")}
        for side, spread in data.pop("inter_electrode_distance_um").items():
            assert spread["min"] == pytest.approx(0.25, rel=1e-9), side
            assert spread["mean"] == pytest.approx(0.25, rel=0.05), side
    alike(found, expected)
    points = np.random.default_rng(1).uniform(-4, 8, (4000, 3))
    assert (boxes.cell().locate(points) == prisms.cell().locate(points)).all()


def test_moving_it_changes_nothing():
    cell = made("boxes").cell()
    moved = cell.moved(1.37, -0.41)
    assert moved.walls().volumes == pytest.approx(cell.walls().volumes, rel=1e-9)
    assert moved.walls().interfaces() == pytest.approx(cell.walls().interfaces(), rel=1e-9)


def test_its_files_hold_what_those_of_prisms_hold(tmp_path):
    options = Options(voxel=0.24, layer_height=0.5)
    designs = {"boxes": made("boxes"), "trenches": made("trenches")}
    for name, design in designs.items():
        design.build(tmp_path / name, formats=("stl", "3mf", "vtu", "tiff", "svg", "gds"), options=options, unit="um")
    walls = designs["boxes"].walls()
    volumes = dict(zip(walls.names, walls.volumes.tolist(), strict=False))
    found = {}
    for name in designs:
        folder = tmp_path / name
        sizes = {}
        for region in volumes:
            (path,) = folder.glob(f"*_{region}_*.stl")
            mesh = trimesh.load_mesh(path)
            assert mesh.is_watertight
            sizes[region] = float(mesh.volume)
        (path,) = (p for p in folder.glob("*.vtu") if "tetra" in meshio.read(p).cells_dict)
        grid = meshio.read(path)
        (path,) = folder.glob("*.tif")
        (masks_file,) = folder.glob("*.gds")
        areas = gdstk.read_gds(masks_file).top_level()[0].area(True)
        sections = sorted(folder.glob("*slices*/*.svg"))
        found[name] = sizes, tifffile.imread(path), areas, sections
        corners = grid.points[grid.cells_dict["tetra"]]
        filled = np.linalg.det(corners[:, 1:] - corners[:, :1]) / 6
        assert filled.min() > 0
        assert filled.sum() == pytest.approx(sum(volumes.values()), rel=1e-9)
        assert (folder / "report.json").is_file()
        scene = trimesh.load_scene(next(folder.glob("*.3mf")))
        (mesh,) = scene.geometry.values()
        assert float(mesh.volume) == pytest.approx(sum(volumes.values()), rel=1e-6)
    (one, pixels, areas, sections), (two, others, expected, drawn) = found["boxes"], found["trenches"]
    assert one == pytest.approx(two, rel=1e-5)
    assert one == pytest.approx(volumes, rel=1e-5)
    assert (pixels == others).all()
    assert areas == pytest.approx(expected, rel=1e-9)
    assert [path.name for path in sections] == [path.name for path in drawn]
    assert len(sections) > 5


def test_shares_of_voxels_are_exact():
    boxes, prisms = (made(name) for name in ("boxes", "trenches"))
    found, expected = (fractions(d.cell(), d.walls(), 0.24)[0] for d in (boxes, prisms))
    assert np.abs(found - expected).max() < 1e-9


def test_it_is_compared_and_verified(tmp_path):
    designs = [made("boxes"), made("trenches")]
    for form in ("csv", "json", "md"):
        assert compare(designs, tmp_path / f"both.{form}") == []
    rows = list(csv.reader((tmp_path / "both.csv").read_text("utf-8").splitlines()))[1:]
    numbers = [(row[0], *map(float, row[-2:])) for row in rows if row[-1] and is_number(row[-1])]
    assert len(numbers) > 20
    for path, one, two in numbers:
        # The mean distance is sampled by points on triangles, which are others.
        assert one == pytest.approx(two, rel=0.05 if path.startswith("inter_electrode") else 1e-9), path
    assert json.loads((tmp_path / "both.json").read_text("utf-8"))
    assert "boxes" in (tmp_path / "both.md").read_text("utf-8")
    compared = [c for c in verify(designs[0]) if c.closed is not None]
    assert len(compared) >= 5
    assert all(c.agrees for c in compared)


@pytest.mark.parametrize("process", ["drie", "ald", "micro-sla"])
def test_it_is_checked_as_prisms_are(process):
    found, expected = (made(name).check(process) for name in ("boxes", "trenches"))
    assert found.verdict == expected.verdict
    assert len(found.findings) == len(expected.findings) >= 3
    for one, two in zip(found.findings, expected.findings, strict=True):
        assert (one.rule, one.ok) == (two.rule, two.ok)
        assert (one.value is None) == (two.value is None)
        assert one.value is None or one.value == pytest.approx(two.value, rel=1e-6)


def test_current_flows_as_in_prisms(monkeypatch):
    """On tetrahedra that are refined, with an error that holds, against the bounds that prisms give."""
    monkeypatch.setattr("geom3d.transport.prisms.ENOUGH", 0.01)
    boxes, prisms = (made(name) for name in ("boxes", "trenches"))
    found, exact = boxes.transport(), prisms.transport()
    assert 0 < found.error < 0.01
    low, high = exact.bounds
    assert (high - low) / low < 0.021
    assert low <= found.resistance * (1 + found.error)
    assert found.resistance * (1 - found.error) <= high
    assert found.solution.anode.total == pytest.approx(found.solution.cathode.total, rel=1e-6)
    assert found.gain == pytest.approx(exact.gain, rel=1e-9)
    report = boxes.measure(transport=True)
    assert report["uncertainty"]["ionic_resistance_ohm_cm2"] == pytest.approx(found.error * found.resistance)
    field = found.field().fields["current_density_over_mean"]
    walls = boxes.walls()
    facing = walls.between(boxes.cell().labels(Role.ANODE, Role.CATHODE), boxes.cell().labels(Role.ELECTROLYTE))
    assert np.isfinite(field[facing]).all()


def test_a_slab_has_the_resistance_of_a_slab():
    """Of 1 µm between two plates, whatever the period: nothing to refine, and no edge joins a node to its own copy."""
    whole, size = (-INF, INF), (2.0, 3.0)
    solids = [Boxes((Box((whole, whole, (-INF, z))),), size) for z in (1.0, 2.0, 3.0)]
    stack = [("c", Role.CATHODE, "licoo2"), ("e", Role.ELECTROLYTE, "lipon"), ("a", Role.ANODE, "lithium")]
    regions = tuple(Region(n, r, find(m), s) for (n, r, m), s in zip(stack, solids, strict=True))
    cell = Cell((*size, 3.5), regions, StructureFacts(0.0, 3.0, ("c",)))
    found = conduct(cell, cell.walls())
    assert found.resistance == pytest.approx(1e-4 / find("lipon").conductivity_S_cm, rel=1e-6)
    assert found.error < 1e-9


def test_square_posts_as_boxes_and_as_prisms():
    """Walls in x and in y, a post cut by the border of the period, and one that floats in the void."""
    size, height, spans = (5.0, 4.0), 6.0, ((3.5, 6.0), (1.0, 3.0), (1.0, 4.0))
    ball = ((1.5, 2.5), (0.5, 3.5), (4.5, 5.0))
    boxes = [Boxes((Box(ends),), size) for ends in (spans, ball, ((-INF, INF), (-INF, INF), (-INF, 1.0)))]
    prisms = [
        Prisms((Prism(rectangle(x[0], y[0], x[1], y[1]), *z),), size) for x, y, z in (spans, ball)
    ] + [Prisms((Prism(Plane(), -INF, 1.0),), size)]  # fmt: skip
    cells = []
    for solids in (boxes, prisms):
        regions = tuple(Region(n, Role.ANODE, find("lto"), s) for n, s in zip("abc", solids, strict=True))
        cells.append(Cell((*size, height), regions, StructureFacts(1.0, 4.0, ("a",))))
    one, two = (cell.walls() for cell in cells)
    assert one.volumes == pytest.approx(two.volumes, rel=1e-9)
    assert one.interfaces() == pytest.approx(two.interfaces(), rel=1e-9)
    mine, theirs = (masks(cell, walls) for cell, walls in zip(cells, (one, two), strict=True))
    for left, right in zip(mine, theirs, strict=True):
        assert (left.region.name, left.datatype) == (right.region.name, right.datatype)
        assert (left.low, left.high, left.area) == pytest.approx((right.low, right.high, right.area), rel=1e-9)


def test_what_needs_upright_walls_refuses_others(tmp_path):
    """No mask, no exact share and no width of walls that may lean; all else is as right as before."""
    leaning, upright = made("leaning"), made("boxes")
    assert leaning.measure()["area_gain.anode"] == upright.measure()["area_gain.anode"]
    with pytest.raises(InputError, match=r"gds masks need vertical walls; cut is made of leaning boxes; valid: .*stl"):
        leaning.build(tmp_path, formats=("gds",))
    with pytest.raises(InputError, match="shares are exact between vertical walls only"):
        fractions(leaning.cell(), leaning.walls(), 0.24)
    with pytest.raises(InputError, match=r"check: widths are known of .* leaning boxes"):
        leaning.check("drie")
    leaning.build(tmp_path, formats=("tiff",), options=Options(voxel=0.24))
    sheet = json.loads(next(tmp_path.glob("*.tif.json")).read_text("utf-8"))
    assert sheet["rule"] == "region at the voxel's centre"
    assert not list(tmp_path.glob("*.gds"))


def test_a_cell_of_two_families_is_one_clear_error():
    size = (4.0, 4.0)
    prisms = Prisms((Prism(Disc(2.0, 2.0, 1.0), 0.0, 2.0),), size)
    field = Field(None, 1.0, size)
    regions = tuple(
        Region(n, Role.ANODE, find("lto"), s) for n, s in (("post", prisms), ("floor", field), ("lid", prisms))
    )
    with pytest.raises(InputError) as caught:
        Cell((*size, 3.0), regions, StructureFacts(0.0, 2.0, ("post",)))
    assert str(caught.value) == (
        "regions: the solids of a cell must be of one family; got prisms: post, lid; fields: floor"
    )


def test_tolerance_and_resolution_are_asked_of_the_family():
    assert made("boxes", tolerance=0.1).cell().chord_tolerance == 0.1
    with pytest.raises(
        InputError, match=r"resolution: has no meaning for boxes \(outlines are exact but for tolerance\)"
    ):
        made("boxes", resolution=0.1).cell()


class Cone:
    """Nearly the distance to a round post that tapers: a field, and no web."""

    def on_grid(self, x, y, z):
        plane = np.hypot(x[None, :] - 4.0, y[:, None] - 4.0)
        return plane - (2.5 - 0.25 * (z - 1.0))[:, None, None]

    def at(self, points):
        return np.hypot(*(points[:, :2] - 4.0).T) - (2.5 - 0.25 * (points[:, 2] - 1.0))

    def branches(self, points):
        return None

    def kinks(self, one, other):
        raise AssertionError


class Tapered:
    """A tapered post on a plate: a field that is no sponge."""

    Parameters = architectures.PlateParameters

    def build(self, parameters):
        size = (8.0, 8.0)
        body = Field(ImplicitBody(Cone(), size, 1.0, 5.0, 1.0), 1.0, size)
        facts = StructureFacts(
            1.0, 5.0, ("scaffold",), (("scaffold", 1.0),), gap=3.0, feature=3.0, posts=1, film_gap=3.0
        )
        return architectures.Structure(size, (("scaffold", Role.SUBSTRATE, body),), facts, body)


def test_a_field_without_a_web_is_no_sponge(monkeypatch, tmp_path):
    """It is sampled, and has an uncertainty; it is asked for no web, no throats and no percolation."""
    known = architectures.get
    monkeypatch.setattr(architectures, "get", lambda name: Tapered() if name == "tapered" else known(name))
    film = layer("film", "electrolyte", "lipon", thickness=0.3)
    description = {"architecture": "tapered", "layers": [film], "resolution": 0.25}
    design = geom3d.design(description, "cone")
    report = design.measure()
    slant = math.pi * (2.5 + 1.5) * math.hypot(4.0, 1.0)
    volume = math.pi * 4 / 3 * (2.5**2 + 2.5 * 1.5 + 1.5**2)
    assert report["sponge"] is None
    assert report["film_edges"] == "round"
    assert report["area_gain.side_walls"] == pytest.approx(slant / 64, rel=5e-3)
    assert report["thickness_equivalent_um.scaffold"] == pytest.approx(1 + volume / 64, rel=5e-3)
    assert 0 < report["uncertainty"]["area_gain.side_walls"] < 0.02
    with pytest.raises(InputError, match="gds masks need vertical walls; cone is made of fields"):
        design.build(tmp_path, formats=("gds",))
    with pytest.raises(InputError, match="cone: check: widths are known of"):
        design.check("drie")
    with pytest.raises(
        InputError, match=r"tolerance: has no meaning for tapered \(fields are sampled: give resolution\)"
    ):
        geom3d.design(description | {"tolerance": 0.1}).cell()
    with pytest.raises(InputError, match="resolution: must be at most 1 µm to hold the shape"):
        geom3d.design(description | {"resolution": 1.5}).cell()
