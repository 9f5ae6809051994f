"""Volumes, per footprint and as shares of the structure."""

from __future__ import annotations

from geom3d.cell.cell import Cell
from geom3d.core.roles import Role
from geom3d.mesh.slabs import volumes_between
from geom3d.metrics import Measured, Metric, Sample

METRICS = (
    Metric("thickness_equivalent_um.*", "equivalent thickness", "µm", "volume per footprint", 20),
    Metric(
        "volume_fraction.*",
        "volume fraction",
        "1",
        "share of the volume between the structure's foot and its top: of posts, walls, holes or a web, without the plates "
        "they stand on and without what lies over them; of a flat stack from its foot to its top, without encapsulation",
        21,
    ),
)


def measure(sample: Sample) -> Measured:
    """Volume of every region, and of the void between the lowest region's bottom and the highest region's top."""
    walls, cell = sample.walls, sample.cell
    thickness = walls.volumes / walls.footprint
    thickness[-1] -= walls.size[2] - cell.height  # the empty space beyond everything is arbitrary
    if thickness[-1] < 1e-9 * walls.size[2]:
        thickness[-1] = 0.0  # rounding of a void that is not there
    names = [*cell.names, "void"]
    low, high = extent(cell)
    # A bare flat scaffold is all base: there is nothing to take shares of.
    shares = None
    if high > low:
        parts = volumes_between(walls, low, high) / (walls.footprint * (high - low))
        shares = {name: part if part > 1e-9 else 0.0 for name, part in zip(names, parts.tolist(), strict=True)}
    return Measured(
        {"thickness_equivalent_um": dict(zip(names, thickness.tolist(), strict=True)), "volume_fraction": shares}
    )


def extent(cell: Cell) -> tuple[float, float]:
    """Foot and top of a cell's structure, µm; of a flat one, those of the stack on it but for its encapsulation."""
    low, high = cell.facts.base_z, cell.facts.top
    if high > low:
        return low, high
    stack = [region.solid.bounds_z()[1] for region in cell.layers if region.role is not Role.ENCAPSULATION]
    return low, min(max(stack, default=low), cell.size[2])
