"""What is stated beside a number: of sampled cells what the grid's step does to it, of exact ones what chords do.

Two grids may agree by accident, and one figure in a few does. So no figure is trusted further than its kind allows:
what is left over is no better known than what surrounds it, and what follows from others no better than they.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import singledispatch
from typing import Any, cast

import numpy as np

from geom3d.core.roles import Role
from geom3d.library.materials import find
from geom3d.mesh.interfaces import OUTSIDE
from geom3d.metrics import Sample
from geom3d.solids import Family
from geom3d.solids.prisms.chords import chords_of
from geom3d.solids.prisms.prism import PrismFamily, Prisms

#: Relative difference that is no more than rounding.
ROUNDING = 1e-9
#: Two grids that agree better than this share of what is typical of their kind of figure do so by accident.
ACCIDENT = 0.5
#: A web's largest distance hangs on a single throat or needle: share that is uncertain of what sets it apart from all but 5 %.
SINGLE = 0.25
#: Areas, and parts of a distance's distribution that are alike.
AREAS = ("area_gain.", "interfaces_um2.", "sponge.surface_per_volume")
SPREAD = (".mean", ".std", ".p05", ".p50", ".p95")
SIDES = ("anode", "cathode")
_DISTANCE = "inter_electrode_distance_um"
_THICKNESS = "thickness_equivalent_um"


def of_grid(
    report: Mapping[str, Any], coarse: Mapping[str, Any], own: Mapping[str, float], sample: Sample
) -> dict[str, float]:
    """The uncertainty of every sampled number, by path.

    An area or a volume that converges in second order is off by a third of what it changes on a grid of twice the step, one
    of first order by all of it.

    Args:
        report: values by path.
        coarse: values by path on a grid of twice the step.
        own: what metrics know of their figures themselves.
        sample: the battery.
    """
    found: dict[str, float] = {}
    for path, value in report.items():
        there = coarse.get(path)
        if path != "sponge.grid_step_um" and isinstance(value, float) and isinstance(there, int | float):
            change = abs(value - there)
            found[path] = change if change > ROUNDING * abs(value) else 0.0
    found = _alike(report, found, sample)
    for path, error in own.items():
        # What the mesh falls short of a film's thickness is all that is uncertain of it.
        found[path] = error if path.endswith(".min") else math.hypot(found.get(path, 0.0), error)
    return followed(report, found, sample)


def _alike(report: Mapping[str, Any], changes: Mapping[str, float], sample: Sample) -> dict[str, float]:
    """The changes, none of them far smaller than those of figures of its kind.

    Areas of one cell are alike in their relative change, regions in their volume's, both distributions of the distance in
    that of their parts. What is left over, a fill and the void, is the box less the rest, and no better known than all of it;
    a largest distance is no better known than the typical ones, and of a web less.
    """
    found = dict(changes)
    areas = {path: abs(report[path]) for path in changes if path.startswith(AREAS) and report[path]}
    gains = [changes[path] / area for path, area in areas.items() if path.startswith("area_gain.") and changes[path]]
    for path, area in areas.items():
        found[path] = max(changes[path], ACCIDENT * _typical(gains) * area if changes[path] else 0.0)

    names, regions = [*sample.cell.names, "void"], sample.cell.regions
    errors = [changes.get(f"{_THICKNESS}.{name}", 0.0) for name in names]
    rest = math.hypot(*errors[:-1])
    for label, (name, error) in enumerate(zip(names, errors, strict=True)):
        left_over = label == len(regions) or regions[label].fill_to is not None
        if error:
            found[f"{_THICKNESS}.{name}"] = max(error, rest if left_over else ACCIDENT * rest)

    parts = [path for path in changes if path.startswith(f"{_DISTANCE}.") and path.endswith(SPREAD)]
    typical = _typical([changes[path] for path in parts])
    found |= {path: max(changes[path], ACCIDENT * typical) for path in parts}
    most = [path for path in changes if path.startswith(f"{_DISTANCE}.") and path.endswith(".max")]
    apart = SINGLE if sample.cell.facts.web is not None else 0.0
    for path in most:
        beyond = report[path] - (report.get(path.removesuffix("max") + "p95") or report[path])
        found[path] = max(changes[path], typical, apart * beyond)
    return found


def _typical(changes: Sequence[float]) -> float:
    """The root of the mean square; 0 of none."""
    return math.sqrt(sum(change * change for change in changes) / len(changes)) if changes else 0.0


@singledispatch
def of_chords(
    family: Family[Any], report: Mapping[str, Any], own: Mapping[str, float], sample: Sample
) -> dict[str, float]:
    """The uncertainty of every number that chords make uncertain, by path; nothing is known of families in general.

    Args:
        family: of the cell.
        report: values by path.
        own: what metrics know of their figures themselves.
        sample: the battery.
    """
    return {path: error for path, error in own.items() if error > 0}


@of_chords.register(PrismFamily)
def _(family: PrismFamily, report: Mapping[str, Any], own: Mapping[str, float], sample: Sample) -> dict[str, float]:
    cell, walls = sample.cell, sample.walls
    chords = chords_of([cast("Prisms", region.solid) for region in cell.regions], cell.chord_tolerance)
    found = {path: chords.length * area for path, area in _upright(report, sample).items()}
    for path, value in report.items():
        if isinstance(value, float) and (path.startswith("rim_excess.") or path == "equivalent_aspect_ratio"):
            found[path] = chords.length * abs(value)
        elif isinstance(value, float) and path.startswith(f"{_DISTANCE}."):
            found[path] = 2 * chords.sagitta  # each of both surfaces lies off by up to one
    for path, error in own.items():
        found[path] = error if path.endswith(".min") else math.hypot(found.get(path, 0.0), error)
    before = 0.0
    for name, section in zip([*cell.names, "void"], [*chords.sections, 0.0], strict=True):
        found[f"{_THICKNESS}.{name}"] = (section + before) * cell.height / walls.footprint
        before = max(before, section)
    found = followed(report, found, sample)
    return {path: error for path, error in found.items() if error > ROUNDING * abs(report.get(path) or 0.0)}


def _upright(report: Mapping[str, Any], sample: Sample) -> dict[str, float]:
    """The upright part of every area of the report, by path."""
    walls, names = sample.walls, [*sample.cell.names, "void"]
    table = np.zeros((len(names), len(names)))
    far = walls.neighbour_region
    real = (far != OUTSIDE) & (far != walls.back_region) & walls.upright
    low, high = np.minimum(walls.back_region, far)[real], np.maximum(walls.back_region, far)[real]
    np.add.at(table, (low, high), walls.areas[real])
    found = {f"interfaces_um2.{names[a]}|{names[b]}": float(table[a, b]) for a, b in np.argwhere(table).tolist()}
    for label, name in enumerate(names):
        found[f"area_gain.by_layer.{name}"] = float(table[label].sum()) / walls.footprint
    for part, side in (("scaffold", "side_walls"), ("anode", "anode_side_walls"), ("cathode", "cathode_side_walls")):
        found[f"area_gain.{part}"] = found[f"area_gain.{side}"] = report.get(f"area_gain.{side}") or 0.0
    return {path: area for path, area in found.items() if report.get(path) is not None}


def followed(report: Mapping[str, Any], known: Mapping[str, float], sample: Sample) -> dict[str, float]:
    """The uncertainties, and those of all that follows from volumes no smaller than theirs make them.

    Args:
        report: values by path.
        known: uncertainties by path.
        sample: the battery.
    """
    cell, found = sample.cell, dict(known)

    def at_least(path: str, error: float) -> None:
        if isinstance(report.get(path), float):
            found[path] = max(found.get(path, 0.0), error)

    volume = {name: found.get(f"{_THICKNESS}.{name}", 0.0) for name in (*cell.names, "void")}
    height = cell.top - cell.facts.base_z
    for name, error in volume.items():
        at_least(f"volume_fraction.{name}", error / height if height > 0 else 0.0)
    if cell.facts.web is not None:
        at_least("sponge.solid_fraction", volume["scaffold"] / (cell.facts.top - cell.facts.base_z))
    _electrodes(report, volume, sample, at_least)
    charge = {side: report.get(f"capacity_uAh_cm2.{side}") for side in SIDES}
    errors = {side: found.get(f"capacity_uAh_cm2.{side}", 0.0) for side in SIDES}
    both = math.hypot(*errors.values())
    if all(charge.values()):
        ratio = math.hypot(*(errors[side] / (charge[side] or 1.0) for side in SIDES))
        at_least("capacity_uAh_cm2.n_to_p", report["capacity_uAh_cm2.n_to_p"] * ratio)
        # What swells and what is plated follows from charges.
        for side in SIDES:
            for path in (f"swelling.{side}.um", f"swelling.{side}.percent"):
                at_least(path, ratio * abs(report.get(path) or 0.0))
    for path in ("capacity_uAh_cm2.inventory", "capacity_uAh_cm2.with_plating"):
        at_least(path, both)
    metal = find("lithium")
    assert metal is not None  # it is shipped
    at_least("plated_lithium_um", both / metal.capacity_uAh_cm2_um("theoretical"))
    whole, limiting = report.get("capacity_uAh_cm2.cell"), report.get("capacity_uAh_cm2.limiting")
    if whole:
        # The lithium that a cell is made with lies in both electrodes.
        at_least("capacity_uAh_cm2.cell", errors[limiting] if limiting in SIDES else both)
        share = found.get("capacity_uAh_cm2.cell", 0.0) / whole
        for path in ("energy_mWh_cm2", "device.capacity_mAh", "device.energy_mWh", "device.energy_mWh_cm3"):
            at_least(path, share * abs(report.get(path) or 0.0))
    return found


def _electrodes(
    report: Mapping[str, Any], volume: Mapping[str, float], sample: Sample, at_least: Callable[[str, float], None]
) -> None:
    """Of either electrode, what the uncertainties of its regions' volumes (µm³ per footprint) make uncertain."""
    cell = sample.cell
    for side in SIDES:
        regions = [cell.regions[label] for label in cell.labels(Role(side))]
        basis = cell.description.capacity_basis
        charges = [volume[region.name] * region.material.capacity_uAh_cm2_um(basis) for region in regions]
        for path in (f"capacity_uAh_cm2.{side}", f"capacity_uAh_cm2.{side}_in_all"):
            at_least(path, math.hypot(*charges))
        if not cell.family.is_sampled:
            continue
        # Pieces no larger than what is uncertain of an electrode come and go with the grid.
        whole = report.get(f"capacity_uAh_cm2.{side}_in_all")
        for share in ("connected_fraction", "counted_fraction"):
            at_least(f"{share}.{side}", math.hypot(*charges) / whole if whole else 0.0)
        # Of a parallel film it is known what finer grids would show.
        shown = report.get(path := f"{_DISTANCE}.{side}.min_on_mesh")
        if shown is not None and cell.film_between is not None:
            at_least(path, abs(cell.film_between - shown))
