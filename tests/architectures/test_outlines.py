"""Posts and holes of any outline, and imperfect arrays, against textbook areas and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely import affinity
from shell import command

import geom3d
from geom3d.architectures import pillars, pores
from geom3d.architectures._posts import posts_of
from geom3d.core.errors import InputError
from geom3d.verification.comparison import verify

FILMS = [
    {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.3},
    {"name": "coat", "role": "cathode", "material": "licoo2", "thickness": 0.2},
]
SHAPES = [
    {"shape": "square"},
    {"shape": "square", "corner_radius": 0.4, "rotation": 20.0},
    {"shape": "rectangle", "width": 3.0},
    {"shape": "ellipse", "width": 3.0, "rotation": 30.0},
    {"shape": "hexagon", "corner_radius": 0.3},
    {"shape": "cross", "width": 1.8},
    {"periods": 3, "jitter": 0.8, "spread": 0.05, "missing": 0.2},
]


def design(architecture, layers=(), **parameters):
    height = "height" if architecture == "pillars" else "depth"
    own = {"diameter": 5.0, height: 10.0, **parameters}
    return geom3d.design({"architecture": architecture, "parameters": own, "layers": [*layers]})


def test_square_wires():
    """Side 1, pitch 3, height 70: area gain 1 + 4 × 70 / 9, posts of 70 / 9 µm in all."""
    report = design("pillars", pitch=3.0, diameter=1.0, height=70.0, shape="square", base=1.0).measure()
    assert report["area_gain.scaffold"] == pytest.approx(32.1111, rel=1e-5)
    assert report["thickness_equivalent_um.scaffold"] - 1.0 == pytest.approx(7.77778, rel=1e-5)


def test_crossed_grooves_are_square_posts():
    """As `describe` says: what two sets of grooves, cut at right angles, leave; drawn here as bands of a plane."""
    told = command("describe", "pillars").out
    assert "two sets of grooves" in " ".join(told.split())
    pitch, groove, depth = 8.0, 5.0, 50.0
    report = design("pillars", pitch=pitch, diameter=pitch - groove, shape="square", height=depth).measure()
    plane = shapely.box(0, 0, 4 * pitch, 4 * pitch)
    bands = [shapely.box(0, k * pitch, 4 * pitch, k * pitch + groove) for k in range(4)]
    left = plane - shapely.union_all(
        [*bands, *(shapely.Polygon([(y, x) for x, y in b.exterior.coords]) for b in bands)]
    )
    walls = sum(post.length for post in left.geoms) * depth
    assert len(left.geoms) == 16
    assert report["area_gain.scaffold"] == pytest.approx(1 + walls / plane.area, rel=1e-9)
    assert report["thickness_equivalent_um.scaffold"] == pytest.approx(1.0 + left.area * depth / plane.area, rel=1e-9)
    assert report["smallest_gap_um"] == pytest.approx(groove)


def polygon(p) -> shapely.Polygon:
    """The outline of a post by shapely's own tools, fine enough for anything."""
    half = p.diameter / 2
    across = half / 2 if p.width is None else p.width / 2
    if p.shape == "circle":
        found = shapely.Point(0, 0).buffer(half, quad_segs=2000)
    elif p.shape == "ellipse":
        found = affinity.scale(shapely.Point(0, 0).buffer(half, quad_segs=2000), 1.0, across / half)
    elif p.shape == "hexagon":
        corners = [2 * half / math.sqrt(3) * np.array([math.cos(a), math.sin(a)]) for a in np.arange(6) * math.pi / 3]
        found = affinity.rotate(shapely.Polygon(corners), 30, origin=(0, 0))
    elif p.shape == "cross":
        found = shapely.box(-half, -across, half, across) | shapely.box(-across, -half, across, half)
    else:
        high = half if p.shape == "square" else across
        found = shapely.box(-half, -high, half, high)
    if p.corner_radius:
        found = found.buffer(-p.corner_radius, join_style="mitre").buffer(p.corner_radius, quad_segs=2000)
    return affinity.rotate(found, p.rotation, origin=(0, 0))


@pytest.mark.parametrize("given", SHAPES[:-1], ids=lambda given: given["shape"])
@pytest.mark.parametrize("growth", [0.0, 0.5, -0.2, -0.6])
def test_sections_and_lengths_are_those_of_polygons(given, growth):
    posts = posts_of(pillars.Parameters(diameter=5.0, **given))
    # What shrinks keeps its corners, what grows rounds them.
    drawn = polygon(pillars.Parameters(diameter=5.0, **given)).buffer(growth, quad_segs=2000)
    assert posts.section(growth) == pytest.approx(drawn.area, rel=5e-5)
    if not (given["shape"] == "ellipse" and growth < 0):
        assert posts.length(growth) == pytest.approx(drawn.length, rel=1e-4)


@pytest.mark.parametrize("architecture", ["pillars", "pores"])
@pytest.mark.parametrize("given", SHAPES, ids=lambda given: given.get("shape", "imperfect"))
def test_the_mesh_agrees_with_steiner(architecture, given):
    found = design(architecture, FILMS, **given)
    found.walls().check()
    compared = list(verify(found))
    assert len(compared) > 8
    assert [row.path for row in compared if not row.agrees] == []


@pytest.mark.parametrize("lattice", ["square", "hexagonal"])
def test_the_gap_is_that_of_all_pairs(lattice):
    p = pillars.Parameters(
        lattice=lattice,
        periods=3,
        jitter=1.2,
        spread=0.1,
        missing=0.2,
        seed=4,
        shape="rectangle",
        width=3.0,
        rotation=15,
    )
    posts = posts_of(p)
    assert len(posts.sites) == round(0.8 * 9 * (1 if lattice == "square" else 2) + 0.01)
    outlines = [shapely.Polygon(shape.corners) for shape in posts.shapes]
    shifts = [(i * posts.size[0], j * posts.size[1]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    copies = [affinity.translate(outline, *shift) for shift in shifts for outline in outlines]
    home = shifts.index((0, 0)) * len(outlines)
    least = min(
        one.distance(other) for k, one in enumerate(outlines) for m, other in enumerate(copies) if m != home + k
    )
    assert posts.gap == pytest.approx(least, rel=1e-12)


def test_imperfections_are_as_large_as_asked_for():
    perfect = posts_of(pillars.Parameters(periods=20, diameter=4.0))
    p = pillars.Parameters(periods=20, diameter=4.0, jitter=1.0, spread=0.05, seed=2)
    posts = posts_of(p)
    ways = np.linalg.norm(np.array(posts.sites) - np.array(perfect.sites), axis=1)
    assert ways.max() <= 1.0
    # Even over a disc: a quarter of the ways is shorter than half of the longest.
    assert (ways < 0.5).mean() == pytest.approx(0.25, abs=0.07)
    assert np.std(posts.sizes) / 4.0 == pytest.approx(0.05, rel=0.15)
    assert posts_of(p.model_copy(update={"seed": 3})).sites != posts.sites
    assert posts_of(pores.Parameters(periods=2, lattice="square", missing=0.5)).size == (20.0, 20.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"shape": "square", "width": 2.0}, "parameters.width: a square has one size; got 2"),
        ({"shape": "cross", "corner_radius": 0.1}, "parameters.corner_radius: a cross takes none"),
        ({"shape": "cross", "width": 5.0}, "parameters.width: must be smaller than diameter"),
        ({"shape": "square", "corner_radius": 2.5}, "parameters.corner_radius: must be smaller than half"),
        ({"diameter": 9.0, "jitter": 2.0, "periods": 4}, "parameters.jitter: two neighbours meet"),
        ({"diameter": 9.0, "shape": "square", "rotation": 45.0}, "parameters.rotation: two neighbours meet"),
        ({"shape": "star"}, "parameters.shape"),
        ({"missing": 0.9}, "parameters.missing: must leave at least one"),
    ],
)
def test_what_does_not_go_together_is_said(given, words):
    with pytest.raises(InputError) as caught:
        design("pillars", **given).cell()
    assert words in str(caught.value)
