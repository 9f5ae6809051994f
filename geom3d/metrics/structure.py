"""What a process engineer asks of a structure: how slender, how fine, how hard to coat, how many per cm²."""

from __future__ import annotations

import math

from geom3d.metrics import KeyFigure, Measured, Metric, Sample

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
    Metric("gap_left_um", "gap left by the coats", "µm", "smallest gap less twice the coats' total thickness", 73),
    Metric("thinnest_film_um", "thinnest film", "µm", "smallest thickness of a coat", 74),
    Metric(
        "equivalent_aspect_ratio",
        "equivalent aspect ratio",
        "1",
        "for deposition into the bare structure: depth × wall perimeter / (4 × open area)",
        75,
        KeyFigure("equivalent aspect ratio"),
    ),
    Metric("posts_per_cm2", "posts or holes", "1/cm²", "number per chip area", 76),
    Metric("film_edges", "film edges", "", "form of the films' outer rims", 77),
)


def measure(sample: Sample) -> Measured:
    """Figures of the bare structure and its coats."""
    facts, walls, layers = sample.cell.facts, sample.walls, sample.cell.layers
    coats = list(sample.cell.films.values())
    open_to_films = math.isfinite(facts.film_gap)
    first_fill = next((k for k, layer in enumerate(layers) if layer.fill_to is not None), None)
    inside = [layer.thickness or 0.0 for layer in layers[:first_fill]]
    figures = {
        "aspect_ratio": facts.aspect_ratio,
        "smallest_feature_um": facts.feature if math.isfinite(facts.feature) else None,
        "smallest_gap_um": facts.gap if math.isfinite(facts.gap) else None,
        "gap_left_um": facts.film_gap - 2 * sum(inside) if open_to_films else None,
        "thinnest_film_um": min(coats, default=None),
        "equivalent_aspect_ratio": _equivalent_aspect_ratio(sample),
        "posts_per_cm2": facts.posts / walls.footprint * 1e8 if facts.posts else None,
        "film_edges": sample.cell.family.film_edges,
    }
    return Measured(figures)


def _equivalent_aspect_ratio(sample: Sample) -> float | None:
    """Depth × perimeter is the side walls' area, so the figure is read off the mesh: area / (4 × open area)."""
    facts, walls, cell = sample.cell.facts, sample.walls, sample.cell
    depth = facts.top - facts.base_z
    if not math.isfinite(facts.film_gap) or depth <= 0 or "scaffold" not in cell.names:
        return None
    scaffold = cell.names.index("scaffold")
    rest = [k for k in range(len(cell.names) + 1) if k != scaffold]
    side = float(walls.areas[walls.between([scaffold], rest) & walls.upright].sum())
    solid = (float(walls.volumes[scaffold]) - facts.base_z * walls.footprint) / depth
    return side / (4 * (walls.footprint - solid))
