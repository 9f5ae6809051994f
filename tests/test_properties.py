"""What must hold for every design: drawn at random by Hypothesis, for every architecture that is found.

`HYPOTHESIS_PROFILE=long pytest tests/test_properties.py --hypothesis-show-statistics` runs 500 examples each and
prints how many of them were valid cells, and how many clear errors.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import shapely
from drawn_designs import ANYWHERE, FAR, NEAR, Description, designs, fewer
from hypothesis import assume, event, given
from hypothesis import strategies as st

import geom3d
from geom3d import architectures
from geom3d.architectures._sponge import WebParameters
from geom3d.cell.cell import Cell
from geom3d.cell.describe import is_length
from geom3d.core.errors import InputError
from geom3d.core.quantities import SHORTEST
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.metrics import Sample, catalogue, measured_by, request_for
from geom3d.metrics.report import short_report
from geom3d.solids.prisms.outline import Disc, Strip
from geom3d.verification.comparison import verify

#: Sponges are drawn in test_sponges.py, on grids as coarse as they may be; a layout's lengths are those of its file.
PRISMATIC = [
    n for n in architectures.names() if n != "layout" and not issubclass(architectures.get(n).Parameters, WebParameters)
]
#: These stand for all in the fast part.
QUICK = ("grid", "honeycomb", "planar", "trenches")
each_architecture = pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in PRISMATIC]
)


def valid(description: Description) -> geom3d.Design:
    """The design, if the description is a valid one."""
    try:
        design = geom3d.design(description)
        design.walls()
    except InputError:
        assume(condition=False)
    return design


def numbers(data: Any, path: str = "") -> dict[str, float]:
    if isinstance(data, dict):
        return {key: n for name, part in data.items() for key, n in numbers(part, f"{path}.{name}").items()}
    return {path: data} if isinstance(data, int | float) else {}


def assert_same_interfaces(one: InterfaceMesh, two: InterfaceMesh, scale: float = 1.0) -> None:
    """Interfaces are equal, to a millionth of the footprint, but for a scale of lengths."""
    here, there = one.interfaces(), two.interfaces()
    for pair in here.keys() | there.keys():
        expected = here.get(pair, 0.0) * scale**2
        slack = 1e-6 * max(two.footprint, expected)
        assert there.get(pair, 0.0) == pytest.approx(expected, rel=1e-6, abs=slack), pair


def slack_of_volume(walls: InterfaceMesh) -> float:
    """A thousand millionth of the box, or of a square one where it is slender: the grid goes by the longer side."""
    return 1e-9 * max(walls.size[:2]) ** 2 * walls.size[2]


@each_architecture
@given(data=st.data())
def test_any_parameters_give_a_checked_cell_or_a_clear_error(name, data):
    spreads = (NEAR, NEAR, NEAR, FAR, ANYWHERE)
    description = data.draw(designs(name, spreads, tolerances=True))
    try:
        design = geom3d.design(description)
        report = design.measure()
    except InputError as error:
        event("clear error")
        lines = str(error).splitlines()
        assert len(lines) <= 2, lines
        return
    event("valid cell")
    walls = design.walls()
    box = math.prod(walls.size)
    assert abs(walls.volumes.sum() - box) <= 1e-9 * box
    assert walls.volumes.min() >= -1e-9 * box
    assert all(math.isfinite(number) for number in numbers(json.loads(report.to_json())).values())
    assert sum(report["thickness_equivalent_um"].values()) == pytest.approx(design.cell().height, rel=1e-8)
    for key in ("connected_fraction", "volume_fraction"):
        assert all(0 <= share <= 1 + 1e-6 for share in numbers(report[key]).values())


@each_architecture
@given(data=st.data(), exponent=st.integers(-4, 4), factor=st.none() | st.floats(0.1, 10))
def test_scaling_all_lengths(name, data, exponent, factor):
    description = data.draw(designs(name))
    s = 2.0**exponent if factor is None else factor
    model = architectures.get(name).Parameters
    lengths = [key for key, info in model.model_fields.items() if is_length(info)]
    scaled = description | {
        "parameters": {k: v * s if k in lengths else v for k, v in description["parameters"].items()},
        "layers": [{k: v * s if isinstance(v, float) else v for k, v in x.items()} for x in description["layers"]],
    }
    one = valid(description)
    try:
        two = geom3d.design(scaled)
    except InputError:
        assume(condition=False)  # a length has left its range
    if model.__annotations__:  # the flat cell has no length in the plane
        assert two.walls().footprint == pytest.approx(one.walls().footprint * s**2, rel=1e-9)
        assert two.walls().volumes == pytest.approx(
            one.walls().volumes * s**3, rel=1e-6, abs=slack_of_volume(two.walls())
        )
        assert_same_interfaces(one.walls(), two.walls(), s)
    gains = [numbers(design.measure_only(["area_gain"])["area_gain"]) for design in (one, two)]
    assert gains[1] == pytest.approx(gains[0], rel=1e-6, abs=1e-6)


def border_shifts(cell: Cell, axis: int) -> list[float]:
    """Shifts that put a centre, an outline, or a vertex of one exactly on the border of the period."""
    spots = {0.0, cell.size[axis] / 2, cell.size[axis] / 3, cell.size[axis]}
    for shape in {part for r in cell.regions for prism in r.solid.prisms for part in prism.outline.primitives()}:
        if isinstance(shape, Disc):
            centre = (shape.x, shape.y)[axis]
            corners = shape.draw(shape.segments(cell.chord_tolerance))[:, axis].tolist()
            spots |= {centre, centre + shape.radius, centre - shape.radius, corners[0], corners[len(corners) // 5]}
        elif isinstance(shape, Strip):
            spots |= {shape.x, shape.x - shape.width / 2, shape.x + shape.width / 2} if axis == 0 else set()
        else:
            corners = sorted({corner[axis] for corner in shape.corners})
            spots |= {corners[0] - shape.distance, corners[-1] + shape.distance, *corners[:4]}
    return sorted({-spot for spot in spots} | {cell.size[axis] - spot for spot in spots})


def draw_shift(data, cell: Cell) -> list[float]:
    """A shift in x and y: half of the time one that puts something on the border."""
    return [
        data.draw(st.sampled_from(border_shifts(cell, axis)) | st.floats(-2 * cell.size[axis], 2 * cell.size[axis]))
        for axis in (0, 1)
    ]


@each_architecture
@fewer(2)
@given(data=st.data())
def test_shifting_the_lattice_changes_nothing(name, data):
    design = valid(data.draw(designs(name, (NEAR, NEAR, FAR), tolerances=True)))
    cell, walls = design.cell(), design.walls()
    shift = draw_shift(data, cell)
    moved = cell.moved(*shift)
    shifted = moved.walls()
    assert shifted.volumes == pytest.approx(walls.volumes, rel=0, abs=slack_of_volume(walls))
    assert_same_interfaces(walls, shifted)
    keys = ("area_gain", "connected_fraction", "capacity_uAh_cm2", "transmittance")
    one, two = (short_report(sample, measured_by(keys)) for sample in (design.sample, Sample(moved, shifted)))
    for key in keys:
        expected = numbers(one[key])
        assert numbers(two[key]) == pytest.approx(expected, rel=1e-6, abs=1e-6 * max([1.0, *expected.values()]))


@each_architecture
@fewer(2)
@given(data=st.data(), share=st.floats(0.05, 0.95))
def test_a_coat_of_two_coats_changes_no_other_region(name, data, share):
    description = data.draw(designs(name, tolerances=True))
    coats = [k for k, layer in enumerate(description["layers"]) if layer.get("thickness", 0.0) > 40 * SHORTEST]
    assume(coats)
    place = data.draw(st.sampled_from(coats))
    layer = description["layers"][place]
    inner = layer["thickness"] * share
    parts = [
        layer | {"name": "inner", "thickness": inner},
        layer | {"name": "outer", "thickness": layer["thickness"] - inner},
    ]
    split = [*description["layers"][:place], *parts, *description["layers"][place + 1 :]]
    one, two = valid(description), valid(description | {"layers": split})
    index = one.cell().names.index(layer["name"])
    here, there = one.walls().volumes, two.walls().volumes
    joined = np.r_[there[:index], there[index] + there[index + 1], there[index + 2 :]]
    assert joined == pytest.approx(here, rel=0, abs=slack_of_volume(one.walls()))


@each_architecture
@fewer(2)
@given(data=st.data())
def test_a_coat_keeps_its_neighbours_apart(name, data):
    """What a coat covers touches nothing that comes later; only films of a grid stand open at their sides."""
    design = valid(data.draw(designs(name, fills=0, tolerances=True)))
    if design.cell().facts.pattern is not None:
        return
    names, walls = design.cell().names, design.walls()
    own = list(range(len(names) - len(design.template.layers)))
    stack = [own, *([k] for k in range(len(own), len(names) + 1))]
    for k, inner in enumerate(stack[:-2]):
        later = [label for part in stack[k + 2 :] for label in part]
        assert walls.area_between(inner, later) == 0


def labels_on_mesh(walls: InterfaceMesh, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The label at each point by the next triangle above it, and by the next below it."""
    lying = np.flatnonzero(np.abs(walls.area_vectors[:, 2]) > 1e-9 * walls.areas)
    corners = walls.vertices[walls.triangles[lying]]
    up = walls.area_vectors[lying, 2] > 0
    over = np.where(up, walls.front_region[lying], walls.back_region[lying])
    under = np.where(up, walls.back_region[lying], walls.front_region[lying])
    above, below = np.full(len(points), OUTSIDE), np.full(len(points), OUTSIDE)
    # A tree of what lies beside each other in the plane names the few triangles that can be met.
    (left, front), (right, back) = corners[:, :, :2].min(axis=1).T, corners[:, :, :2].max(axis=1).T
    tree = shapely.STRtree(shapely.box(left, front, right, back))
    of, near = tree.query(shapely.points(points[:, :2]))
    a, b, c = corners[near].transpose(1, 0, 2)
    x, y, z = points[of].T
    shares = np.array(
        [(q[:, 0] - x) * (r[:, 1] - y) - (q[:, 1] - y) * (r[:, 0] - x) for q, r in ((b, c), (c, a), (a, b))]
    )
    hit = np.all(shares >= 0, axis=0) | np.all(shares <= 0, axis=0)
    weight = shares / np.where(hit, shares.sum(axis=0), 1.0)
    height = weight[0] * a[:, 2] + weight[1] * b[:, 2] + weight[2] * c[:, 2]
    for found, side, chosen in ((above, under, hit & (height > z)), (below, over, hit & (height < z))):
        order = np.flatnonzero(chosen)[np.argsort(-np.abs(height - z)[chosen], kind="stable")]
        found[of[order]] = side[near[order]]  # the nearest comes last, and stays
    return above, below


def clear_of_outlines(cell: Cell, points: np.ndarray) -> np.ndarray:
    """Whether each point is further from all outlines than a chord is from its arc."""
    size = np.array(cell.size[:2])
    prisms = [prism for region in cell.regions for prism in region.solid.prisms]
    shapes = {part for prism in prisms for part in prism.outline.primitives()}
    curved = [shape.radius if isinstance(shape, Disc) else getattr(shape, "distance", 0.0) for shape in shapes]
    margin = max([0.0, *curved]) * 2e-3 + (cell.chord_tolerance or 0.0) + 1e-6 + 1e-9 * size.max()
    clear = np.ones(len(points), dtype=bool)
    images = [(i, j) for i in range(-2, 3) for j in range(-2, 3)]
    for shape in shapes:
        for image in images:
            place = points[:, :2] - image * size
            if isinstance(shape, Disc):
                away = np.abs(np.hypot(place[:, 0] - shape.x, place[:, 1] - shape.y) - shape.radius)
            elif isinstance(shape, Strip):
                away = np.abs(np.abs(place[:, 0] - shape.x) - shape.width / 2)
            else:
                polygon = shapely.polygons(shape.corners)
                away = shapely.distance(polygon.exterior, shapely.points(place))
                away = np.abs(away - abs(shape.distance))
            clear &= away > margin
    for level in {z for prism in prisms for z in prism.interval if math.isfinite(z)}:
        clear &= np.abs(points[:, 2] - level) > 1e-6 + 1e-9 * cell.size[2]
    return clear


@each_architecture
@fewer(2)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_locate_agrees_with_the_mesh(name, data, seed):
    design = valid(data.draw(designs(name, (NEAR, NEAR, FAR), tolerances=True)))
    cell, walls = design.cell(), design.walls()
    generator, count = np.random.default_rng(seed), 100
    anywhere = generator.random((count, 3)) * walls.size
    # As many near the walls, and within every layer in z, however thin it is.
    plane = generator.choice(walls.vertices, count)[:, :2] + generator.normal(0, 0.05 * max(walls.size[:2]), (count, 2))
    levels = np.unique(walls.vertices[:, 2])
    z_layer = generator.integers(len(levels) - 1, size=count)
    heights = levels[z_layer] + generator.random(count) * np.diff(levels)[z_layer]
    points = np.vstack([anywhere, np.column_stack([plane % walls.size[:2], heights])])
    points = points[clear_of_outlines(cell, points)]
    located = cell.locate(points)
    above, below = labels_on_mesh(walls, points)
    assert np.array_equal(located, above), points[located != above][0]
    assert np.array_equal(located, below), points[located != below][0]
    event(f"share of points clear of outlines: {len(points) // 40 * 20} %")


#: All numbers but distances, which take most of the time; those of templates are held in tests/cell/test_templates.py.
FIGURES = [
    metric.path.removesuffix(".*")
    for metric in catalogue()
    if not metric.path.startswith("inter_electrode") and not request_for([metric.path])
]


@each_architecture
@fewer(2)
@given(data=st.data())
def test_repeating_changes_no_number(name, data):
    description = data.draw(designs(name))
    one, two = valid(description), geom3d.design(description | {"repeat": [3, 2]})
    one_report, two_report = (design.measure_only(FIGURES).data for design in (one, two))
    assert {k: v for k, v in two_report.items() if k != "repeat"} == {
        k: v for k, v in one_report.items() if k != "repeat"
    }
    # And the file of the array holds six times the body of the cell, wherever the cell is cut.
    cell = one.cell()
    walls = cell.moved(*draw_shift(data, cell)).walls()
    body = data.draw(st.sampled_from([[k] for k in range(len(walls.names))] + [list(range(len(walls.names)))]))
    volume = 0.0
    for row, columns, faces, _ in walls.tiles(body, (3, 2)):
        for column in columns:
            spots = walls.vertices[faces] + [column * walls.size[0], row * walls.size[1], 0]
            volume += np.linalg.det(spots - np.array(walls.size) / 2).sum() / 6
    assert volume == pytest.approx(6 * walls.volumes[body].sum(), rel=1e-9, abs=1e-8 * math.prod(walls.size))


@each_architecture
@pytest.mark.parametrize("most_layers", [0, 3])
@fewer(2)
@given(data=st.data())
def test_measured_equals_closed_form(name, most_layers, data):
    design = valid(data.draw(designs(name, most_layers=most_layers, roles=False)))
    for number in verify(design):
        assert number.agrees, number
