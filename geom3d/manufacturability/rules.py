"""The rules of processes: each compares one measure of a design with one limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from geom3d.library.processes import Process
from geom3d.manufacturability import ASSEMBLY, VOID, Count, Measures, Place, Spot, least
from geom3d.manufacturability.coverage import CoverageReport
from geom3d.manufacturability.overhangs import Undersides

#: Relative amount by which a measure may miss a limit: chords and rounding.
SLACK = 1e-4
#: Thickness of a film where nothing at all arrives, µm.
NOTHING = 1e-9


@dataclass(frozen=True)
class Finding:
    """What one rule says.

    Attributes:
        rule: its key.
        title: what is measured, in words.
        unit: of measure and limit; "" for plain numbers.
        value: measured, magnified; None where there is nothing to measure.
        limit: None where the figure is for information only.
        at_least: whether the limit is a lower one.
        ok: whether it is kept.
        from_scale: the smallest scale at which it is kept; 0 where it is kept at any, None where it is at none.
        to_scale: the largest at which it is kept; None where there is no such bound.
        at: x, y, z of the worst place in the unit cell, µm, before any magnification.
        regions: what lies there.
        uncertainty: of the value.
        note: more about it.
    """

    rule: str
    title: str
    unit: str
    value: float | None
    limit: float | None
    at_least: bool
    ok: bool
    from_scale: float | None
    at: Place | None = None
    regions: tuple[str, ...] = ()
    uncertainty: float = 0.0
    note: str = ""
    to_scale: float | None = None


def findings(process: Process, measures: Measures, scale: float, films: CoverageReport | None = None) -> list[Finding]:
    """What every rule of a process says of a design; an empty list where it has nothing to do there.

    Args:
        process: that is to make it.
        measures: of the design.
        scale: magnification.
        films: as the process makes them, where that is known.
    """
    if process.family == "deposition":
        return list(_deposition(process, measures, scale, films))
    rules = {"printing": _printing, "etching": _etching}
    return list(rules[process.family](process, measures, scale))


def region_scale(process: Process, measures: Measures, name: str) -> float:
    """The smallest scale at which a region is wide and thick enough to print."""
    wide, high = measures.widths.get(name), measures.heights.get(name)
    found = [
        _length("width", "", wide, process.min_feature, 1.0).from_scale,
        _length("layer", "", high, process.layer_height, 1.0).from_scale,
    ]
    return max(scale or 0.0 for scale in found)


def _printing(process: Process, measures: Measures, scale: float) -> Iterator[Finding]:
    bodies = {name: spot for name, spot in measures.widths.items() if name != VOID}
    yield _length("feature", "smallest feature", least(list(bodies.values())), process.min_feature, scale)
    gap = measures.widths.get(VOID)
    yield _length("gap", "smallest gap", gap, process.min_gap, scale)
    yield _length("layer", "thinnest part along z", least(list(measures.heights.values())), process.layer_height, scale)
    yield _ratio("aspect_ratio", "aspect ratio of the structure", measures.aspect_ratio, process)
    yield from _overhangs("overhangs", measures.undersides, process, scale)
    if process.trapped is not None:
        note = f"{process.trapped} stays in them" if measures.cavities.number else ""
        yield _count("cavities", "closed cavities", measures.cavities, note)
    if not process.carries:
        note = "parts of a layer that begin in mid-air" if measures.islands.number else ""
        yield _count("islands", "islands", measures.islands, note)
    note = (
        f"parts that hang on nothing in {measures.array[0]} × {measures.array[1]} cells"
        if measures.loose.number
        else ""
    )
    yield _count("loose", "loose bodies", measures.loose, note)
    if process.layer_height is not None:
        layers = math.ceil(measures.top * scale / process.layer_height * (1 - SLACK))
        yield Finding("layers", "layers", "", layers, None, at_least=False, ok=True, from_scale=0.0)


def _etching(process: Process, measures: Measures, scale: float) -> Iterator[Finding]:
    scaffold = measures.scaffold
    if scaffold.wall is None and scaffold.opening is None and not scaffold.undersides:
        return
    yield _length("feature", "narrowest wall of the scaffold", scaffold.wall, process.min_feature, scale)
    yield _length("gap", "narrowest opening", scaffold.opening, process.min_gap, scale)
    yield _ratio("aspect_ratio", "aspect ratio of the structure", measures.aspect_ratio, process)
    if scaffold.opening is not None and measures.depth > 0:
        deep = _ratio("opening_ratio", "depth over narrowest opening", measures.depth / scaffold.opening.value, process)
        yield replace(deep, at=scaffold.opening.at)
    yield from _overhangs("undercuts", scaffold.undersides, process, scale)


def _deposition(process: Process, measures: Measures, scale: float, films: CoverageReport | None) -> Iterator[Finding]:
    if measures.thinnest_film is None:
        return
    if films is None:
        yield _length("feature", "thinnest film", measures.thinnest_film, process.min_feature, scale)
    else:
        worst = min(films.films, key=lambda film: film.nominal * film.coverage.least)
        thinnest = max(worst.nominal * worst.coverage.least, NOTHING)
        spot = Spot(thinnest, None, (worst.name,), worst.nominal * worst.coverage.error)
        yield _length("feature", "thinnest place of a film as deposited", spot, process.min_feature, scale)
        yield _coverage(process, films)
    ratio = measures.equivalent_aspect_ratio
    yield _ratio("aspect_ratio", "equivalent aspect ratio of the bare structure", ratio, process)
    yield from _overhangs("overhangs of the bare structure", measures.scaffold.undersides, process, scale)


def _coverage(process: Process, films: CoverageReport) -> Finding:
    """The film that lacks most of its nominal thickness somewhere; the same at every scale."""
    worst = min(films.films, key=lambda film: film.coverage.least)
    least = worst.coverage.least
    limit = process.min_coverage
    ok = limit is None or least >= limit * (1 - SLACK)
    told = "" if worst.coverage.mean > 1 - SLACK else f"{100 * worst.coverage.mean:.2g} % of its volume in all"
    return Finding(
        "coverage", "least share of a film's thickness", "%", 100 * least, None if limit is None else 100 * limit,
        at_least=True, ok=ok, from_scale=0.0 if ok else None, regions=(worst.name,), uncertainty=100 * worst.coverage.error,
        note=told,
    )  # fmt: skip


def _length(rule: str, title: str, spot: Spot | None, limit: float | None, scale: float) -> Finding:
    """A length must reach a limit, which it does from some scale on."""
    if spot is None:
        return Finding(rule, title, "µm", None, limit, at_least=True, ok=True, from_scale=0.0)
    needed = 0.0 if limit is None else _written(limit / spot.value)
    ok = limit is None or spot.value * scale >= limit * (1 - SLACK) * (1 - 1e-9)
    # What is one thickness everywhere needs no place but a name.
    names = tuple(name for name in spot.regions if name != ASSEMBLY) or spot.regions
    return Finding(
        rule, title, "µm", spot.value * scale, limit, at_least=True, ok=ok, from_scale=needed, at=spot.at,
        regions=names, uncertainty=spot.uncertainty * scale,
    )  # fmt: skip


def _written(scale: float, *, up: bool = True) -> float:
    """Rounds a scale to four digits; to the side on which a limit is kept, unless the slack allows the other."""
    if scale <= 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(scale)) - 3)
    near = round(scale / unit) * unit
    if up:
        rounded = near if near >= scale * (1 - SLACK) else math.ceil(scale / unit) * unit
    else:
        rounded = near if near <= scale * (1 + SLACK) else math.floor(scale / unit) * unit
    return float(f"{rounded:.6g}")


def _ratio(rule: str, title: str, value: float | None, process: Process) -> Finding:
    """A ratio, the same at every scale."""
    limit = process.max_aspect_ratio
    ok = value is None or limit is None or value <= limit * (1 + SLACK)
    return Finding(rule, title, "", value, limit, at_least=False, ok=ok, from_scale=0.0 if ok else None)


def _overhangs(title: str, undersides: Undersides, process: Process, scale: float) -> Iterator[Finding]:
    """How much looks down more steeply than a process can make, and how far it spans between what carries it.

    A process that bridges decides by the span, any other one by whether there is such a face at all.
    """
    found = undersides.beyond(process.max_overhang_deg)
    bridges = process.max_bridge is not None and process.family == "printing"
    ok = bridges or found.patches == 0
    note = ""
    if found.patches:
        faces = "1 face" if found.patches == 1 else f"{found.patches} faces"
        note = f"{faces}, {found.area * scale**2:.4g} µm² per unit cell, up to {found.steepest:.3g}°"
    beyond = f" beyond {process.max_overhang_deg:g}°" if process.max_overhang_deg else ""
    yield Finding(
        "overhang", f"{title}{beyond}", "% of footprint", 100 * found.area / undersides.footprint,
        None if bridges else 0.0, at_least=False, ok=ok, from_scale=0.0 if ok else None, at=found.at, note=note,
    )  # fmt: skip
    if process.max_bridge is None or not bridges:
        return
    most = None if found.span <= 0 else _written(process.max_bridge / found.span, up=False)
    carried = found.span * scale <= process.max_bridge * (1 + SLACK) * (1 + 1e-9)
    note = ""
    if found.free:
        note = "1 face hangs free" if found.free == 1 else f"{found.free} faces hang free"
    yield Finding(
        "bridge", "longest bridge", "µm", found.span * scale, process.max_bridge, at_least=False,
        ok=carried and not found.free, from_scale=None if found.free else 0.0, at=found.span_at or found.free_at,
        note=note, to_scale=None if found.free else most,
    )  # fmt: skip


def _count(rule: str, title: str, count: Count, note: str) -> Finding:
    ok = count.number == 0
    return Finding(
        rule, title, "", count.number, 0, at_least=False, ok=ok, from_scale=0.0 if ok else None, at=count.at, note=note
    )
