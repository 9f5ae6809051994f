"""Bending of flat cells: the neutral axis, where it should lie, and the smallest radius of curvature."""

from __future__ import annotations

import numpy as np

from geom3d.metrics import Measured, Metric, Sample
from geom3d.metrics._stack import stack_of

METRICS = (
    Metric(
        "flexibility.smallest_radius_mm",
        "smallest radius of curvature",
        "mm",
        "at which the first layer of a flat stack reaches its failure strain, bent either way; the substrate counts as thick as it is drawn",
        79.1,
    ),
    Metric("flexibility.weakest", "layer that fails first", "", "when the stack is bent", 79.2),
    Metric(
        "flexibility.neutral_axis_um",
        "neutral axis",
        "µm",
        "height above the underside at which bending strains nothing; layers of a grid resist with what they cover",
        79.3,
    ),
    Metric(
        "flexibility.best_neutral_axis_um",
        "best neutral axis",
        "µm",
        "height at which it should lie for the smallest radius of all, by a cover or a substrate of another thickness",
        79.4,
    ),
    Metric(
        "flexibility.smallest_radius_at_best_mm",
        "smallest radius with the best neutral axis",
        "mm",
        "the same with the neutral axis there",
        79.5,
    ),
)


def measure(sample: Sample) -> Measured:
    """Of flat stacks whose moduli are all known; lines of a grid bound the axis from either side, which is its uncertainty."""
    stack, _ = stack_of(sample)
    if stack is None or not np.isfinite(stack.failure).any():
        return Measured({"flexibility": None})
    axis, best = stack.neutral_axis(), stack.best_axis()
    radius, weakest = stack.smallest_radius(axis)
    found = {
        "smallest_radius_mm": radius / 1000,
        "weakest": stack.names[weakest],
        "neutral_axis_um": axis,
        "best_neutral_axis_um": best,
        "smallest_radius_at_best_mm": stack.smallest_radius(best)[0] / 1000,
    }
    errors = {}
    if not stack.whole.all() and stack.whole.any():
        # Lines across the bend resist less than their volume does, down to nothing.
        other = stack.neutral_axis(stack.whole)
        errors = {
            "flexibility.neutral_axis_um": abs(axis - other),
            "flexibility.smallest_radius_mm": abs(radius - stack.smallest_radius(other)[0]) / 1000,
        }
    return Measured({"flexibility": found}, (), errors)
