"""Films whose process decides how thick they are, and films that were taken for conformal where no process is known to be."""

from __future__ import annotations

from geom3d.library.processes import CATALOGUE
from geom3d.metrics import Measured, Metric, Sample, structure

METRICS = (
    Metric(
        "film_coverage.mean.*",
        "mean step coverage",
        "1",
        "mean thickness of a film over that on open flat surface, as its process gives it",
        74.6,
    ),
    Metric(
        "film_coverage.least.*",
        "least step coverage",
        "1",
        "the same where the film is thinnest",
        74.7,
    ),
)

#: Below this share of its nominal thickness a film is named in the warnings.
SCARCE = 0.05


def measure(sample: Sample) -> Measured:
    """Of the films whose template tells their process; warnings on what is scarce, and on what no process is known to give."""
    cell = sample.cell
    found = {region.name: region.coverage for region in cell.regions if region.coverage is not None}
    notes = [
        f"{name}: at its thinnest place its process leaves {100 * coverage.least:.2g} % of the nominal thickness "
        f"(in all {100 * coverage.mean:.2g} % of an even film's volume)"
        for name, coverage in found.items()
        if coverage.least < SCARCE
    ]
    ratio = structure.measure(sample).values["equivalent_aspect_ratio"]
    even = [region.name for region in cell.regions if region.thickness is not None and region.film is None]
    if ratio is not None and even:
        reach = {
            name: process.max_aspect_ratio or 0.0
            for name, process in CATALOGUE.usable()
            if process.family == "deposition"
        }
        best = max(reach, key=reach.__getitem__)
        if ratio > reach[best]:
            notes.append(
                f"taken for conformal at an equivalent aspect ratio of {ratio:.3g}: {', '.join(even)}; the farthest that a "
                f"known process reaches is {reach[best]:g} ({best}), so the process may not give their capacity"
            )
    if not found:
        return Measured({"film_coverage": None}, notes)
    values = {part: {name: getattr(c, part) for name, c in found.items()} for part in ("mean", "least")}
    errors = {f"film_coverage.least.{name}": c.error for name, c in found.items() if c.error}
    return Measured({"film_coverage": values}, notes, errors)
