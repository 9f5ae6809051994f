"""How high a cell is over its width."""

from __future__ import annotations

import numpy as np

from geom3d.metrics import KeyFigure, Measured, Metric

METRICS = (
    Metric("slenderness.cell", "slenderness", "1", "height over the shorter period", 78, KeyFigure("slenderness")),
    Metric("slenderness.of.*", "slenderness of region", "1", "height of a region over the shorter period", 79),
)


def measure(sample):
    """Of the cell, and of every region."""
    cell, walls = sample.cell, sample.walls
    width = min(cell.size[:2])
    heights = [walls.vertices[walls.shell([label])[0], 2] for label in range(len(cell.names))]
    return Measured(
        {
            "slenderness": {
                "cell": cell.top / width,
                "of": {name: float(np.ptp(z)) / width for name, z in zip(cell.names, heights, strict=True)},
            }
        }
    )
