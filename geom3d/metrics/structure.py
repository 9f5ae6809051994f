"""Figures for process engineers: aspect ratios, smallest widths and gaps, posts per cm²."""

from __future__ import annotations

import math

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.arrays import BoolArray
from geom3d.mesh.components import component_numbers
from geom3d.metrics import KeyFigure, Measured, Metric, Sample
from geom3d.rasters.plans import has_outlines, layered
from geom3d.solids.film_profile import FilmProfile
from geom3d.solids.prisms.floorplan import FloorPlan

#: Areas, volumes and connection are all that it reads of the walls.
TRIANGLES = False

METRICS = (
    Metric("aspect_ratio", "aspect ratio", "1", "height of posts or depth of holes over their width", 70),
    Metric(
        "smallest_feature_um",
        "smallest feature",
        "µm",
        "smallest lateral width of the bare structure",
        71,
        KeyFigure("smallest feature", 76),
    ),
    Metric("smallest_gap_um", "smallest gap", "µm", "smallest distance between facing walls of the bare structure", 72),
    Metric(
        "gap_left_um",
        "gap left by the coats",
        "µm",
        "smallest gap that films grow into less twice the thickness of all coats that grow in it: those on a fill that leaves "
        "walls free as well, and none beyond a fill that covers all",
        73,
    ),
    Metric("thinnest_film_um", "thinnest film", "µm", "smallest thickness of a coat", 74),
    Metric(
        "equivalent_aspect_ratio",
        "equivalent aspect ratio",
        "1",
        "for deposition into the bare structure: depth × wall perimeter / (4 × open area) of the opening that is hardest to "
        "coat, such as the bore of a tube; of a hole open at both ends half of its depth counts",
        75,
        KeyFigure("equivalent aspect ratio"),
    ),
    Metric("posts_per_cm2", "posts or holes", "1/cm²", "number per chip area", 76),
    Metric("film_edges", "film edges", "", "form of the films' outer rims", 77),
)


def measure(sample: Sample) -> Measured:
    """Figures of the bare structure and its coats."""
    facts, walls = sample.cell.facts, sample.walls
    coats = [film.thinnest for film in coats_of(sample.cell).values()]
    figures = {
        "aspect_ratio": facts.aspect_ratio,
        "smallest_feature_um": facts.feature if math.isfinite(facts.feature) else None,
        "smallest_gap_um": facts.gap if math.isfinite(facts.gap) else None,
        "gap_left_um": _gap_left(sample),
        "thinnest_film_um": min(coats, default=None),
        "equivalent_aspect_ratio": _equivalent_aspect_ratio(sample),
        "posts_per_cm2": facts.posts / walls.footprint * 1e8 if facts.posts else None,
        "film_edges": sample.cell.family.film_edges,
    }
    return Measured(figures)


def coats_of(cell: Cell) -> dict[str, FilmProfile]:
    """The coats of a cell by name, from the scaffold outward, even ones or uneven."""
    return {
        region.name: region.film or FilmProfile.even(region.thickness)
        for region in cell.regions
        if region.thickness is not None
    }


def _gap_left(sample: Sample) -> float | None:
    """The narrowest of what coats leave open between facing walls, at any depth; those after a fill that covers all tops do
    not count.
    """
    facts, cell = sample.cell.facts, sample.cell
    if not math.isfinite(facts.film_gap):
        return None
    coats, grown = coats_of(cell), FilmProfile.even(0.0)
    for layer in cell.layers:
        if layer.fill_to is not None and layer.fill_to >= grown.top:
            break
        grown = grown if layer.fill_to is not None else grown + coats[layer.name]
    if facts.wall is None:
        return facts.film_gap - 2 * grown.top
    # Where the floor's film has risen above a depth nothing is open there.
    depths = np.unique([*facts.wall.curve[0], *grown.depths, facts.wall.depth - grown.floor])
    depths = depths[(depths >= 0) & (depths <= facts.wall.depth - grown.floor)]
    inward = facts.wall.curve[1].max() - facts.wall.at(depths)
    return float((facts.film_gap + 2 * inward - 2 * grown.at(depths)).min()) if len(depths) else 0.0


def _equivalent_aspect_ratio(sample: Sample) -> float | None:
    """The worst of all openings by their outlines; where there are none all openings are taken together."""
    facts, walls, cell = sample.cell.facts, sample.walls, sample.cell
    depth = (facts.top - facts.base_z) / (2 if facts.both_faces else 1)
    if not math.isfinite(facts.film_gap) or depth <= 0 or "scaffold" not in cell.names:
        return None
    scaffold = cell.names.index("scaffold")
    if has_outlines(cell.family):
        plan, levels, labels = layered(cell.family, cell, walls, cell.chord_tolerance)
        middle = int(np.searchsorted(levels, (facts.base_z + facts.top) / 2)) - 1
        return _worst(plan, labels[middle] != scaffold) * depth
    rest = [k for k in range(len(cell.names) + 1) if k != scaffold]
    side = float(walls.areas[walls.between([scaffold], rest) & walls.upright].sum())
    covered = (float(walls.volumes[scaffold]) - facts.base_z * walls.footprint) / depth
    return side / (4 * (walls.footprint - covered))


def _worst(plan: FloorPlan, free: BoolArray) -> float:
    """The largest perimeter / (4 × area) among the openings of a plan, 1/µm; 0 where there is none.

    Openings are told apart through the period.

    Args:
        plan: of the cell.
        free: (F,) which of its faces are open.
    """
    if not free.any():
        return 0.0
    beside = np.concatenate([np.column_stack([plan.left, plan.right]), plan.seam_faces])
    part = component_numbers(len(free), beside[free[beside].all(axis=1)])
    lengths = np.linalg.norm(plan.points[plan.edges[:, 0]] - plan.points[plan.edges[:, 1]], axis=1)
    on_seam = np.linalg.norm(plan.points[plan.seam[:, 0]] - plan.points[plan.seam[:, 1]], axis=1)
    wall = free[beside].sum(axis=1) == 1
    opening = np.where(free[beside[:, 0]], beside[:, 0], beside[:, 1])[wall]
    perimeters = np.bincount(part[opening], weights=np.r_[lengths, on_seam][wall], minlength=len(free))
    areas = np.bincount(part[free], weights=plan.areas[free], minlength=len(free))
    some = areas > 0
    return float((perimeters[some] / (4 * areas[some])).max())
