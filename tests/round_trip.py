"""What must hold for every exporter, be it one that comes with geom3d or another: what is written is what is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import geom3d
from geom3d.exports import Options

#: Unit cells in the files that repeat.
REPEAT = (2, 1)
#: Gives the volume of every region, µm³, and of how many cells.
Reader = Callable[[Path, list[str]], tuple[dict[str, float], int]]


def round_trip(
    battery: geom3d.Design,
    form: str,
    reader: Reader,
    folder: Path,
    *,
    options: Options | None = None,
    relative: float | None = None,
    step: float | None = None,
) -> None:
    """Writes a design in µm and reads it back by another program.

    Args:
        battery: the design.
        form: name of the exporter.
        reader: the other program.
        folder: that is not there yet.
        options: of the format.
        relative: largest relative error of a volume; None where it depends on the surface.
        step: else, by which every point of a region's surface may be off, µm; None for rounding to single precision.
    """
    walls = battery.walls()
    kept = walls.vertices.copy(), walls.triangles.copy(), walls.back_region.copy(), walls.front_region.copy()
    requested = {"formats": (form,), "repeat": REPEAT, "unit": "um", "options": options}
    sizes = battery.plan(folder, **requested)
    battery.build(folder, **requested)
    for path, most in sizes.items():
        there = folder / path
        size = sum(p.stat().st_size for p in there.iterdir()) if there.is_dir() else there.stat().st_size
        assert 0 < size <= most
    assert {path.name for path in folder.iterdir()} == {*sizes, "report.json"}
    found, cells = reader(folder, list(walls.names))
    exact = dict(zip(walls.names, (cells * walls.volumes).tolist(), strict=False))
    if relative is not None:
        assert found == pytest.approx(exact, rel=relative)
    else:
        step = 2**-23 * max(walls.size) * cells if step is None else step
        for label, region in enumerate(walls.names):
            surface = float(walls.areas[walls.shell([label])[1]].sum())
            assert abs(found[region] - exact[region]) <= cells * step * surface
        assert sum(found.values()) == pytest.approx(sum(exact.values()), rel=0.15)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(kept, (walls.vertices, walls.triangles, walls.back_region, walls.front_region), strict=True)
    )
