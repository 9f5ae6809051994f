"""Volumes, per footprint and as shares of the structure."""

from __future__ import annotations

from geom3d.metrics import Measured, Metric, Sample

METRICS = (
    Metric("thickness_equivalent_um.*", "equivalent thickness", "µm", "volume per footprint", 20),
    Metric(
        "volume_fraction.*",
        "volume fraction",
        "1",
        "share of the volume between the structure's foot (the top of its passive base) and the highest region's top",
        21,
    ),
)


def measure(sample: Sample) -> Measured:
    """Volume of every region, and of the void below the highest region's top."""
    walls, cell = sample.walls, sample.cell
    thickness = walls.volumes / walls.footprint
    thickness[-1] -= walls.size[2] - cell.top  # the empty space above everything is arbitrary
    if thickness[-1] < 1e-9 * walls.size[2]:
        thickness[-1] = 0.0  # rounding of a void that is not there
    names = [*cell.names, "void"]
    above = dict(zip(names, thickness.tolist(), strict=True))
    for name, part in cell.facts.below:
        above[name] -= part
    height = cell.top - cell.facts.base_z
    # A bare flat scaffold is all base: there is nothing to take shares of.
    shares = None
    if height > 0:
        shares = {name: (part if part > 1e-9 * height else 0.0) / height for name, part in above.items()}
    return Measured(
        {"thickness_equivalent_um": dict(zip(names, thickness.tolist(), strict=True)), "volume_fraction": shares}
    )
