"""Closed forms of a cell's numbers: formulas alone, no mesh, the second way to what `measure` finds.

A structure of constant cross-section under its layers is, at every stage, a floor at one height and a profile
standing on it up to another: a coat raises both and grows the profile, a fill raises the floor; see `Stage`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from geom3d import architectures
from geom3d.architectures._structure import ClosedForms, Profile, Quadrature
from geom3d.cell.cell import Cell, Region
from geom3d.core.roles import Role
from geom3d.solids.fields.wall_profile import WallProfile
from geom3d.verification.stage import MirroredStage, RoundStage, Stage

#: Turn of a wall between two depths of the quadrature, radians: chords of an arc are 2e-7 short.
TURN = 2e-3


def closed_form(cell: Cell) -> dict[str, float]:
    """Value by the path of its metric, for all metrics that have a closed form.

    Electrodes are taken as connected. The interface of an electrode with the electrolyte is given where each layer
    wholly covers the one before.
    """
    about = cell.description
    known = architectures.get(about.architecture).closed_form(about.parameters)
    if isinstance(known, Quadrature):
        return _of_sponge(cell, known.metrics)
    wall = cell.facts.wall
    if wall is not None and wall != replace(wall.bare, slope=wall.slope):
        # No formula knows what scallops or bows do under films.
        return _bare(known, wall, cell) if isinstance(known, Profile) else {}
    if not isinstance(known, Profile):
        if wall is not None and wall.slope:
            return {}
        return _of_interdigitated(cell, known.metrics) | _posts_resistance(cell, known)
    stage = _bare_stage(known, wall)
    level, area = stage.top, known.area
    metrics = {"area_gain.scaffold": stage.surface / area, "area_gain.side_walls": stage.sides / area}
    backing = getattr(about.parameters, "backing", 0.0)
    thickness = {"scaffold": stage.volume / area - backing} | ({"backing": backing} if backing else {})
    surfaces = {"scaffold": stage.surface / area, "backing": 1.0}
    covering = known.conformal
    for layer in cell.layers:
        if layer.film is not None:  # what an uneven film does to the next ones follows from no formula
            return metrics | {f"thickness_equivalent_um.{name}": value for name, value in thickness.items()}
        after = stage.covered_by(layer, level)
        covers = layer.fill_to is None or after.floor > stage.top
        thickness[layer.name] = (after.volume - stage.volume) / area
        # The surface of a fill that leaves tops bare is its flat top.
        surfaces[layer.name] = (after.surface if covers else stage.covered_by(layer, level).around) / area
        if known.conformal:
            metrics[f"area_gain.by_layer.{layer.name}"] = surfaces[layer.name]
        covering = covering and covers
        stage = after
    metrics |= {f"thickness_equivalent_um.{name}": value for name, value in thickness.items()}
    metrics |= known.metrics | _capacities(cell, thickness)
    clear = (Role.SUBSTRATE, Role.ELECTROLYTE, Role.ENCAPSULATION)
    if "transmittance" in metrics and any(
        layer.fill_to is not None and layer.role not in clear for layer in cell.layers
    ):
        metrics["transmittance"] = 0.0
    if covering:
        metrics |= _electrode_gains(cell.regions, surfaces)
        metrics |= _distances(cell, flat=not known.height)
    if not known.conformal or (covering and not known.height):
        coverage = 1.0 if known.conformal else 1 - known.metrics["transmittance"]
        metrics |= _resistance(cell, coverage)
    return metrics


def _bare_stage(known: Profile, wall: WallProfile | None) -> Stage:
    """A structure before films."""
    if known.both_faces:
        return MirroredStage(known, 0.0, 0.0, known.height / 2)
    floor, top = known.base_z, known.base_z + known.height
    return Stage(known, 0.0, floor, top) if wall is None else RoundStage(known, 0.0, floor, top, wall.slope)


def _bare(known: Profile, wall: WallProfile, cell: Cell) -> dict[str, float]:
    """Area and volume of a bare structure with a wall of any profile, by quadrature over its height.

    At each depth the outline is the top's, grown by the offset there; between two depths the wall is a frustum.
    """
    offsets = wall.at(depths := wall.stations(TURN))
    outlines, sections = (
        np.array([of(out) for out in offsets.tolist()]) for of in (known.perimeter, known.cross_section)
    )
    sides = float(np.hypot(np.diff(depths), np.diff(offsets)) @ (outlines[1:] + outlines[:-1])) / 2
    volume = float(np.diff(depths) @ (sections[1:] + sections[:-1])) / 2
    backing = getattr(cell.description.parameters, "backing", 0.0)
    return {
        "area_gain.scaffold": (known.area - float(sections[-1]) + float(sections[0]) + sides) / known.area,
        "thickness_equivalent_um.scaffold": known.base_z + volume / known.area - backing,
    }


def _of_sponge(cell: Cell, known: dict[str, float]) -> dict[str, float]:
    """The web's numbers, and its charge where no other region has its role."""
    role = next(region.role for region in cell.regions if region.name == "scaffold")
    alone = role not in {layer.role for layer in cell.layers}
    thickness = _thicknesses(known) if alone else {}
    charges = {path: value for path, value in _capacities(cell, thickness).items() if value}
    # Not all of the web need hang together, which no formula tells.
    return known | {f"{path}_in_all": value for path, value in charges.items()}


def _of_interdigitated(cell: Cell, known: dict[str, float]) -> dict[str, float]:
    """The architecture's own closed forms, less those that layers on top or unusual roles change."""
    roles = {layer.role for layer in cell.layers}
    unusual = any(region.own and region.role is not region.usual for region in cell.regions)
    metrics = dict(known)
    if cell.layers or unusual:
        metrics = {
            path: value for path, value in metrics.items() if not path.startswith("inter_electrode_distance_um.")
        }
        if unusual or roles & {Role.ANODE, Role.CATHODE, Role.ELECTROLYTE}:
            changed = ("area_gain.anode", "area_gain.cathode", "capacity_below_features.")
            metrics = {path: value for path, value in metrics.items() if not path.startswith(changed)}
    if unusual or roles & {Role.ANODE, Role.CATHODE}:
        return metrics
    return metrics | _capacities(cell, _thicknesses(known))


def _thicknesses(known: dict[str, float]) -> dict[str, float]:
    """The equivalent thicknesses among closed forms, by region."""
    start = "thickness_equivalent_um."
    return {path.removeprefix(start): value for path, value in known.items() if path.startswith(start)}


def _distances(cell: Cell, *, flat: bool) -> dict[str, float]:
    """Between electrodes that nothing but coats of electrolyte parts: the films' thickness, in a flat cell everywhere.

    The report states the least distance of such electrodes as that thickness; held against it is what the mesh shows.
    """
    distance = cell.film_between
    if distance is None:
        return {}
    parts = ("min_on_mesh", "mean", "max", "p50") if flat else ("min_on_mesh",)
    return {f"inter_electrode_distance_um.{side}.{part}": distance for side in ("anode", "cathode") for part in parts}


def _resistance(cell: Cell, coverage: float) -> dict[str, float]:
    """Of flat coats in series on so much of the footprint, where all layers are coats; 1 µm is 1e-4 cm."""
    films = cell.films_between
    known = [(film.thickness, film.material.conductivity_S_cm) for film in films]
    if not films or any(layer.thickness is None for layer in cell.layers[: _last(cell, films)]):
        return {}
    series = [1e-4 * thickness / kappa for thickness, kappa in known if thickness is not None and kappa is not None]
    return {"ionic_resistance_ohm_cm2": sum(series) / coverage} if len(series) == len(films) else {}


def _posts_resistance(cell: Cell, known: ClosedForms) -> dict[str, float]:
    """Between electrodes in one electrolyte that fills all they leave; 1 µm is 1e-4 cm."""
    filling = [region for region in cell.regions if region.role is Role.ELECTROLYTE]
    usual = all(region.role is region.usual for region in cell.regions if region.own)
    if known.conductance_per_um is None or cell.layers or not usual or len(filling) != 1:
        return {}
    kappa = filling[0].material.conductivity_S_cm
    return {} if kappa is None else {"ionic_resistance_ohm_cm2": 1e-4 / (kappa * known.conductance_per_um)}


def _last(cell: Cell, films: tuple[Region, ...]) -> int:
    """How many layers there are up to the one that follows the electrolyte."""
    return [layer.name for layer in cell.layers].index(films[-1].name) + 2


def _electrode_gains(regions: tuple[Region, ...], surfaces: dict[str, float]) -> dict[str, float]:
    """Interface of either electrode with the electrolyte: the surface of the inner of each two neighbours.

    Without an electrolyte it is the outermost region's surface, which is bare.
    """
    gains: dict[str, float] = {}
    wet = any(region.role is Role.ELECTROLYTE for region in regions)
    for role in (Role.ANODE, Role.CATHODE):
        if any(region.role is role for region in regions):
            if not wet:
                gains[f"area_gain.{role.value}"] = surfaces[regions[-1].name] if regions[-1].role is role else 0.0
                continue
            gains[f"area_gain.{role.value}"] = sum(
                surfaces[inner.name]
                for inner, outer in pairwise(regions)
                if {inner.role, outer.role} == {role, Role.ELECTROLYTE}
            )
    return gains


def _capacities(cell: Cell, thickness: dict[str, float]) -> dict[str, float]:
    """Equivalent thickness × charge per footprint and thickness."""
    capacities: dict[str, float] = {}
    for region in cell.regions:
        if region.role in (Role.ANODE, Role.CATHODE) and region.name in thickness:
            path = f"capacity_uAh_cm2.{region.role.value}"
            charge = thickness[region.name] * region.material.capacity_uAh_cm2_um(cell.description.capacity_basis)
            capacities[path] = capacities.get(path, 0.0) + charge
    return capacities
