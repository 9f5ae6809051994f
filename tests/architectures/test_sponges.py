"""What must hold for every sponge: drawn at random on coarse grids, and some cells whose answer is known."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest
from drawn_designs import SMALL, fewer, small, sponges, stack
from hypothesis import event, given
from hypothesis import strategies as st
from scipy.spatial import cKDTree

import geom3d
from geom3d import architectures
from geom3d.architectures._sponge import SpongeParameters
from geom3d.architectures.tpms import Nodal
from geom3d.cell.describe import regions, rows
from geom3d.comparison import compare
from geom3d.core.errors import InputError
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import OUTSIDE, InterfaceMesh
from geom3d.solids.fields.sampling import faces_of

SPONGES = [n for n in architectures.names() if issubclass(architectures.get(n).Parameters, SpongeParameters)]
each_sponge = pytest.mark.parametrize("name", SPONGES)
#: One of balls for all that have sharp edges where they meet, and those that have none.
UNCERTAIN = [n for n in SPONGES if n not in ("inverse_opal", "struts", "fibres")]
#: Sponges of balls take several times as long as the others, which keep their place in the fast part.
balls_are_slow = pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=pytest.mark.slow) if n in ("spheres", "inverse_opal", "struts", "fibres") else n
        for n in SPONGES
    ],
)


def made(name: str, step: float = 1.0, **parts: Any) -> geom3d.Design:
    """A small sponge whose grid is as coarse as may be, or finer by a factor."""
    parameters = small(name) | parts.pop("parameters", {})
    web = architectures.get(name).build(architectures.get(name).Parameters(**parameters)).facts.web
    resolution = 0.999 * step * min(web.radius, min(web.size) / 8)
    layers = parts.pop("layers", stack(0.1))
    return geom3d.design(
        {"architecture": name, "parameters": parameters, "layers": layers, "resolution": resolution, **parts}
    )


@pytest.mark.slow
@each_sponge
@fewer(3)
@given(data=st.data())
def test_any_sponge_is_a_checked_cell_or_a_clear_error(name, data):
    description = data.draw(sponges(name))
    message = ""
    try:
        design = geom3d.design(description)
        report = design.measure()
    except InputError as error:
        message = str(error)
    if message:
        event(f"clear error: {message.removeprefix('design: ')[:40]}")
        assert len(message.splitlines()) == 1
        assert "; " in message or "(" in message
        return
    event("valid cell")
    walls = design.walls()
    box = math.prod(walls.size)
    assert abs(walls.volumes.sum() - box) <= 1e-9 * box
    json.dumps(report.data, allow_nan=False)
    assert sum(report["thickness_equivalent_um"].values()) == pytest.approx(design.cell().top, rel=1e-8)
    for share in report["connected_fraction"].values():
        assert share is None or 0 <= share <= 1 + 1e-9
    # A coat covers what lies under it, on the web and on the floor.
    coats = [layer.name for layer in design.template.layers if layer.thickness and layer.name.startswith("coat")]
    names = list(walls.names)
    for k, name_of_coat in enumerate(coats):
        inner = [names.index(n) for n in ("backing", "scaffold", *coats[:k])]
        later = list(range(names.index(name_of_coat) + 1, len(names) + 1))
        assert walls.area_between(inner, later) == 0


@each_sponge
def test_describe_knows_lengths_from_shares(name):
    units = {key: unit for key, unit, span, *_ in rows(architectures.get(name)) if span}
    assert units.keys() == architectures.get(name).Parameters.model_fields.keys()
    assert units["height"] == "µm"
    assert not any(units.get(key) for key in ("solid_fraction", "void_fraction", "overlap", "level", "seed", "kind"))
    assert regions(architectures.get(name)) == ["backing", "scaffold"]


@balls_are_slow
def test_shifting_the_lattice(name):
    """By whole steps of the grid only nodes on the surface change, by rounding; by any other length no more than the grid's step makes uncertain."""
    design = made(name)
    cell, walls = design.cell(), design.walls()
    steps = [
        length / (len(np.unique(walls.vertices[walls.vertices[:, 2] == 0, k])) - 1)
        for k, length in enumerate(walls.size[:2])
    ]
    whole = cell.moved(3 * steps[0], -2 * steps[1]).walls()
    assert whole.volumes == pytest.approx(walls.volumes, rel=1e-3, abs=1e-9 * math.prod(walls.size))
    assert whole.interfaces() == pytest.approx(walls.interfaces(), rel=1e-3)
    part = cell.moved(0.37 * steps[0], 0.71 * steps[1]).walls()
    assert part.volumes == pytest.approx(walls.volumes, rel=0.05, abs=0.01 * math.prod(walls.size))


@balls_are_slow
def test_scaling_all_lengths(name):
    if name == "formula":
        return  # its own numbers are no lengths that could be scaled
    one = made(name)
    s = 0.125
    lengths = {k: v * s if isinstance(v, float) else v for k, v in small(name).items()}
    layers = [{k: v * s if isinstance(v, float) else v for k, v in layer.items()} for layer in stack(0.1)]
    two = geom3d.design(
        {
            "architecture": name,
            "parameters": lengths | {"backing": s},
            "layers": layers,
            "resolution": one.template.resolution * s,
        }
    )
    assert two.walls().volumes == pytest.approx(one.walls().volumes * s**3, rel=1e-6, abs=1e-12)
    assert two.measure()["area_gain.scaffold"] == pytest.approx(one.measure()["area_gain.scaffold"], rel=1e-6)


@balls_are_slow
def test_growth_adds_and_two_coats_are_one(name):
    base = architectures.get(name).build(architectures.get(name).Parameters()).film_base
    assert base.offset(0.1).offset(0.2).growth == pytest.approx(base.offset(0.3).growth, rel=1e-15)
    one = made(name, layers=stack(0.09)).walls()
    two = made(name, layers=[stack(0.03)[0], stack(0.0, 0.06)[1], *stack()]).walls()
    assert two.volumes[2] + two.volumes[3] == pytest.approx(one.volumes[2], rel=2e-2)
    assert two.volumes[1] == pytest.approx(one.volumes[1], rel=1e-3)


def label_above(walls: InterfaceMesh, points: np.ndarray) -> np.ndarray:
    """The label at each point by the next triangle above it."""
    lying = np.flatnonzero(np.abs(walls.area_vectors[:, 2]) > 1e-9 * walls.areas)
    a, b, c = (walls.vertices[walls.triangles[lying, k]] for k in range(3))
    under = np.where(walls.area_vectors[lying, 2] > 0, walls.back_region[lying], walls.front_region[lying])
    found = np.full(len(points), OUTSIDE)
    for k, (x, y, z) in enumerate(points):
        shares = [(q[:, 0] - x) * (r[:, 1] - y) - (q[:, 1] - y) * (r[:, 0] - x) for q, r in ((b, c), (c, a), (a, b))]
        hit = np.flatnonzero(np.all(np.array(shares) >= 0, axis=0) | np.all(np.array(shares) <= 0, axis=0))
        weight = np.array(shares)[:, hit] / np.array(shares)[:, hit].sum(axis=0)
        height = weight[0] * a[hit, 2] + weight[1] * b[hit, 2] + weight[2] * c[hit, 2]
        above = hit[height > z]
        found[k] = under[above[np.argmin(height[height > z])]]
    return found


@balls_are_slow
def test_locate_agrees_with_the_mesh(name):
    """The oracle asks the web's own function and the distance to its surface on another grid."""
    design = made(name, 0.8, layers=stack(0.15, 0.1))
    cell, walls = design.cell(), design.walls()
    points = np.random.default_rng(1).random((700, 3)) * walls.size
    away, _ = cKDTree(walls.vertices[walls.triangles].mean(axis=1)).query(points)
    points = points[away > 0.5 * cell.step]
    assert len(points) > 100
    wrong = cell.locate(points) != label_above(walls, points)
    assert np.count_nonzero(wrong) <= 0.01 * len(points), points[wrong]


@balls_are_slow
def test_tiles_close_and_the_same_seed_gives_the_same_bytes(name, tmp_path):
    for folder in ("one", "two"):
        made(name).build(tmp_path / folder, repeat=(2, 2))
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == len(made(name).cell().names) + 2
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_comparison_shows_uncertainties_beside_sampled_numbers(tmp_path):
    flat = geom3d.load("planar-licoo2-lipon-lithium")
    compare([flat, made("tpms")], tmp_path / "both.md")
    (line,) = [
        x for x in (tmp_path / "both.md").read_text("utf-8").splitlines() if x.startswith("| area gain of the scaffold")
    ]
    _, one, two, _ = [cell.strip() for cell in line.strip("|").split("|")]
    assert one == "1"
    assert re.fullmatch(r"[\d.]+ ± [\d.]+", two)


@pytest.mark.parametrize("name", ["spinodal", "spheres"])
def test_another_seed_is_another_sponge(name):
    volumes = [made(name, parameters={"seed": seed}).walls().interfaces() for seed in (1, 2)]
    assert volumes[0] != volumes[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", UNCERTAIN)
def test_the_uncertainty_is_honest(name):
    """What the report says of a coarse grid holds against one of a third of the step."""
    rough, fine = made(name, 0.9).measure(), made(name, 0.3).measure()
    for path in (
        "area_gain.scaffold",
        "area_gain.anode",
        "thickness_equivalent_um.scaffold",
        "thickness_equivalent_um.coat 0",
    ):
        assert abs(rough[path] - fine[path]) <= rough["uncertainty"][path] + 2e-3 * abs(fine[path]), path
        assert fine["uncertainty"][path] < rough["uncertainty"][path] + 1e-3 * abs(fine[path]), path


@each_sponge
def test_the_zero_surface_closes_through_the_period(name):
    """No triangle of the surface that distances are measured from is longer than a brick's diagonal."""
    cell = made(name).cell()
    web, step = cell.facts.web, cell.step
    from geom3d.solids.fields.field import _division

    grid = _division([r.solid for r in cell.regions], web, cell.size, step).grid
    faces, _ = faces_of(web, grid, 2 * step, step)
    for sheet in (faces.uncut, faces.clipped):
        corners = sheet.vertices[sheet.triangles]
        edges = corners - np.roll(corners, 1, axis=1)
        edges[..., :2] -= np.rint(edges[..., :2] / web.size) * web.size
        assert np.linalg.norm(edges, axis=2).max() <= grid.diagonal * 1.001


def test_flat_tops_and_floors_are_exact():
    """A coat is as thick on the floor and on the web's flat top as it should be, wherever the grid's planes lie."""
    design = made("tpms", layers=[*stack(0.13, 0.21, fill=None)])
    cell, walls = design.cell(), design.walls()
    top = cell.facts.top
    for name, grown in (("coat 0", 0.13), ("coat 1", 0.34)):
        label = walls.names.index(name)
        faces, _ = walls.shell([label])
        heights = walls.vertices[faces][:, :, 2]
        level = heights[heights.max(axis=1) - heights.min(axis=1) < 1e-9][:, 0]
        assert np.isclose(level, cell.facts.base_z + grown, atol=1e-6).any()
        assert heights.max() == pytest.approx(top + grown, abs=1e-6)


def test_dropped_islands_are_not_in_the_files(tmp_path):
    design = made("spheres", parameters={"void_fraction": 0.55, "seed": 8}, layers=[])
    whole, walls = design.build(tmp_path / "all"), design.walls()
    components = walls.components
    same = components.labels[components.links[:, 0]] == components.labels[components.links[:, 1]]
    part = component_numbers(len(components.labels), components.links[same])
    assert len(np.unique(part[components.labels == 1])) > 1, "choose a seed that leaves an island"
    design.build(tmp_path / "less", drop_islands=True)
    sizes = [(tmp_path / folder / whole[1].name).stat().st_size for folder in ("all", "less")]
    assert sizes[1] < sizes[0]
    assert "islands of scaffold" in json.loads((tmp_path / "less" / "report.json").read_text("utf-8"))["warnings"][0]


REFUSED = [
    ("tpms", {"level": 0.2, "solid_fraction": 0.5}, {}, "parameters.level: give it or solid_fraction, not both"),
    ("tpms", {"level": 2.0}, {}, "parameters.level: must lie between -1.5 and 1.5 for this surface"),
    ("tpms", {"level": -0.2, "kind": "sheet"}, {}, "parameters.level: must lie between 0 and 1.5"),
    ("tpms", {"solid_fraction": 1.2}, {}, "parameters.solid_fraction: must be at most 0.98"),
    ("spinodal", {"solid_fraction": 0.05}, {}, "parameters: the web is not connected"),
    ("spheres", {"void_fraction": 0.95}, {}, "parameters: the web is not connected"),
    ("spinodal", {"periods": 1}, {}, "parameters.periods: must be at least 2"),
    ("spinodal", {"seed": -1}, {}, "parameters.seed: must be at least 0"),
    ("tpms", {}, {"tolerance": 0.1}, "tolerance: has no meaning for tpms"),
    ("tpms", {}, {"resolution": 3.0}, "resolution: must be at most 0.45"),
    ("tpms", {}, {"resolution": 0.001}, "grid nodes at a step of 0.001 µm would take"),
    ("spheres", {"radius": 0.001, "height": 1e5}, {}, "parameters.height: must leave at most 20,000 spheres"),
    ("inverse_opal", {"diameter": 0.001, "height": 1e5}, {}, "parameters.height: must leave at most 1,000 layers"),
    ("tpms", {"period": 0.001, "height": 1e5}, {}, "parameters.height: must be at most"),
    ("spinodal", {"wavelength": 0.001, "height": 1e5}, {}, "parameters.height: must be at most"),
    ("pillars", {}, {"resolution": 0.1}, "resolution: has no meaning for pillars"),
    ("tpms", {}, {"layers": stack(2.0)}, "layers.coat 0.thickness: coats of 2 µm in all close every throat"),
    pytest.param(
        *("inverse_opal", {}, {"layers": stack(0.05, 0.6)}),
        "layers.coat 1.thickness: coats of 0.65 µm in all close every",
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize(("name", "parameters", "parts", "message"), REFUSED)
def test_what_is_no_sponge_is_refused(name, parameters, parts, message):
    description = {"architecture": name, "parameters": SMALL.get(name, {}) | parameters, **parts}
    with pytest.raises(InputError) as caught:
        geom3d.design(description).walls()
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


@pytest.mark.slow
def test_a_solid_fraction_is_met():
    for kind in ("network", "sheet"):
        for share in (0.2, 0.5, 0.7):
            design = made("tpms", 0.4, parameters={"kind": kind, "solid_fraction": share}, layers=[])
            assert design.measure()["sponge.solid_fraction"] == pytest.approx(share, rel=1.5e-2)
    assert Nodal("gyroid", 4.0, 1.0, sheet=False).at(np.array([[0.0, 0.0, 1.0]]))[0] == 0
