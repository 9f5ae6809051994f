"""Strain of every layer of a flat cell at a radius of curvature; computed where it is asked for."""

from __future__ import annotations

from geom3d.core.errors import InputError
from geom3d.metrics import Inquiry, Measured, Metric, Request
from geom3d.metrics._stack import stack_of

METRICS = (
    Metric("bending.radius_mm", "radius of curvature", "mm", "of the neutral axis", 79.6),
    Metric(
        "bending.strain_percent.*",
        "largest bending strain",
        "%",
        "of a layer, at the face that is farther from the neutral axis; stretched or pressed by which way the stack is bent",
        79.61,
    ),
    Metric(
        "bending.of_failure.*",
        "bending strain : failure strain",
        "1",
        "above 1 the layer cracks or tears where it is stretched",
        79.62,
    ),
)

REQUEST = Request("bending", "The strain of every layer of a flat cell at a radius of curvature.", needs=("radius",))


def answer(inquiry: Inquiry) -> Measured:
    """Strains at the radius; a reason in a sentence where there are none.

    Raises:
        InputError: where no radius is given.
    """
    if inquiry.radius is None:
        raise InputError("bending: needs a radius of curvature")
    stack, reason = stack_of(inquiry.sample)
    if stack is None:
        why = reason or "bending: strains are known of flat cells only: planar ones and grids"
        return Measured({"bending": {"radius_mm": inquiry.radius / 1000}}, [why])
    strains = stack.reach(stack.neutral_axis()) / inquiry.radius
    shares = strains / stack.failure
    parts = list(zip(stack.names, strains.tolist(), shares.tolist(), strict=True))
    broken = [f"{name} ({100 * strain:.3g} %)" for name, strain, share in parts if share > 1]
    notes = []
    if broken:
        notes.append(
            f"bent to a radius of {inquiry.radius / 1000:.4g} mm, more than the failure strain is asked of {', '.join(broken)}"
        )
    return Measured(
        {
            "bending": {
                "radius_mm": inquiry.radius / 1000,
                "strain_percent": {name: 100 * strain for name, strain, _ in parts},
                "of_failure": {name: share if share == share else None for name, _, share in parts},  # noqa: PLR0124
            }
        },
        notes,
    )
