"""What square film rims add to a film of constant thickness, whose rims are round.

In a plane, an outline of perimeter P grown by s encloses P s + q s² more area, and its perimeter is P + 2 q s (Steiner).
Above a flat top, a round film of thickness t has at height z the section grown by √(t² - z²), a square one that
grown by t. The difference, integrated over z, is P t² (1 - π/4) + q t³ / 3; its derivative by t is that of the areas.
A plate with films on both faces has such rims at its lower face as well.
"""

from __future__ import annotations

import math

from geom3d.metrics import Measured, Metric, Sample

METRICS = (
    Metric(
        "rim_excess.thickness_equivalent_um.*",
        "due to square rims",
        "µm",
        "equivalent thickness of the layer less that with round rims (a film of constant thickness)",
        80,
    ),
    Metric(
        "rim_excess.area_gain.*",
        "area gain due to square rims",
        "1",
        "outer surface of the layer per footprint less that with round rims",
        81,
    ),
)


def measure(sample: Sample) -> Measured:
    """Excess of every layer up to the first fill that covers the structure; P and q are read off the mesh."""
    facts, walls, cell = sample.cell.facts, sample.walls, sample.cell
    depth = facts.top - facts.base_z
    coats = [layer.thickness for layer in cell.layers]
    if cell.family.film_edges == "round":
        return Measured({"rim_excess": None})
    if not math.isfinite(facts.film_gap) or depth <= 0 or not coats or coats[0] is None or len(facts.scaffold) != 1:
        return Measured({"rim_excess": None})
    scaffold, first = cell.names.index(facts.scaffold[0]), cell.names.index(cell.layers[0].name)
    perimeter = _side_area(sample, scaffold) / depth
    rims = 2 if facts.both_faces else 1
    # A film goes on around a lower face, else it begins on the floor's film.
    slope = (_side_area(sample, first) / (depth + 2 * coats[0] * (rims - 1)) - perimeter) / (2 * coats[0])
    grown = before = 0.0
    volumes: dict[str, float] = {}
    areas: dict[str, float] = {}
    for layer, coat in zip(cell.layers, coats, strict=True):
        if coat is None:
            if layer.fill_to is not None and layer.fill_to >= grown:
                volumes[layer.name], areas[layer.name] = -before / walls.footprint, 0.0
            break
        grown += coat
        excess = rims * (perimeter * grown**2 * (1 - math.pi / 4) + slope * grown**3 / 3)
        volumes[layer.name] = (excess - before) / walls.footprint
        areas[layer.name] = rims * (2 * perimeter * grown * (1 - math.pi / 4) + slope * grown**2) / walls.footprint
        before = excess
    return Measured({"rim_excess": {"thickness_equivalent_um": volumes, "area_gain": areas}})


def _side_area(sample: Sample, label: int) -> float:
    """Upright part of a region's outer surface, µm²."""
    walls = sample.walls
    outer = walls.between([label], list(range(label + 1, len(walls.names) + 1)))
    return float(walls.areas[outer & walls.upright].sum())
