"""Films thinner than what is known to work, material by material."""

from __future__ import annotations

from geom3d.metrics import Measured, Metric, Sample

METRICS = (
    Metric(
        "practical_thickness.*",
        "thickness : thinnest practical film",
        "1",
        "least thickness of a coat over the thinnest of its material that is known to be closed and to do its work",
        74.5,
    ),
)


def measure(sample: Sample) -> Measured:
    """Of the coats whose material has such a figure; a warning for each below it."""
    ratios: dict[str, float] = {}
    notes = []
    for region in sample.cell.regions:
        least = region.material.min_thickness_um
        if region.thickness is None or least is None:
            continue
        thinnest = region.thickness if region.film is None else region.film.thinnest
        ratios[region.name] = thinnest / least
        if thinnest < least:
            notes.append(
                f"{region.name}: a film of {1000 * thinnest:.3g} nm of {region.material.title} is thinner than the "
                f"{1000 * least:.3g} nm that are known to work ({region.material.source_of('min_thickness_um')})"
            )
    return Measured({"practical_thickness": ratios or None}, tuple(notes))
