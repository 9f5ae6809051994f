"""Measures what processes ask of a cell, once and in its own size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.cell.islands import MOST_PIECES, loose
from geom3d.core.errors import InputError
from geom3d.manufacturability import ASSEMBLY, VOID, Count, Measures, Scaffold, Spot
from geom3d.manufacturability.overhangs import Undersides
from geom3d.manufacturability.plans import LayeredPlan
from geom3d.manufacturability.sponges import Sponge
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.metrics import Sample
from geom3d.metrics import sponge as sponge_metrics
from geom3d.metrics import structure as structure_metrics
from geom3d.rasters.plans import has_outlines
from geom3d.solids.fields.field import FIELDS


def measures(sample: Sample) -> Measures:
    """What processes ask of a battery.

    Raises:
        InputError: where widths are not known for its family of solids.
    """
    cell, walls = sample.cell, sample.walls
    facts, count = cell.facts, len(cell.regions)
    scaffold = np.zeros(count + 1, dtype=bool)
    scaffold[[cell.names.index(n) for n in {*facts.scaffold, *(name for name, _ in facts.below)}]] = True
    solid = np.arange(count + 1) < count
    # Scallops, bows and notches are what etching leaves, not what a process would have to make: only a re-entrant wall counts.
    leans = facts.wall is None or facts.wall.slope < 0
    undersides = Undersides.of(walls, scaffold & leans, smooth=cell.family.is_sampled)
    if facts.web is not None and cell.family is FIELDS:
        sponge = Sponge(cell, walls)
        widths, heights = sponge.widths, sponge.heights
        pores = sponge.pores(0.0, facts.base_z, facts.top, ())
        bare = Scaffold(_nameless(sponge.web(0.0, "scaffold")), pores, undersides)
        cavities, islands = sponge.cavities(), sponge.islands()
    elif has_outlines(cell.family):
        plan = LayeredPlan.of(cell, walls)
        masks = plan.masks()
        found = {n: (plan.width(m, "" if n == VOID else n), plan.height(m, n)) for n, m in masks.items()}
        widths = {name: wide for name, (wide, _) in found.items() if wide is not None}
        heights = {name: high for name, (_, high) in found.items() if high is not None}
        mask = scaffold[plan.labels]
        bare = Scaffold(_nameless(plan.width(mask, "scaffold")), _nameless(plan.width(~mask, "opening")), undersides)
        cavities, islands = plan.cavities(), plan.islands()
    else:
        raise InputError(
            "check: widths are known of cells with upright walls, and of sponges made of fields; "
            f"{cell.description.name} is made of {cell.family.name} with walls of any direction"
        )
    array = _array(cell, len(walls.components.labels))
    structure = structure_metrics.measure(sample).values
    volumes = dict(zip(cell.names, walls.volumes.tolist(), strict=False))
    return Measures(
        widths=widths,
        heights=heights,
        scaffold=bare,
        undersides=Undersides.of(walls, solid, smooth=cell.family.is_sampled),
        cavities=cavities,
        islands=islands,
        loose=_loose(cell, walls, array),
        array=array,
        top=cell.height,
        depth=facts.top - facts.base_z,
        aspect_ratio=structure["aspect_ratio"],
        equivalent_aspect_ratio=_equivalent_aspect_ratio(sample, structure["equivalent_aspect_ratio"]),
        thinnest_film=_thinnest_film(cell, widths, heights),
        volumes={**volumes, ASSEMBLY: sum(volumes.values())},
    )


def _nameless(spot: Spot | None) -> Spot | None:
    """A place in the scaffold, which the rule names."""
    return None if spot is None else replace(spot, regions=())


def _array(cell: Cell, pieces: int) -> tuple[int, int]:
    """The cells in x and y that are built; of a device of more than can be looked at, a corner."""
    columns, rows = cell.description.repeat
    while columns * rows * pieces > MOST_PIECES and columns * rows > 1:
        columns, rows = (columns, -(-rows // 2)) if rows >= columns else (-(-columns // 2), rows)
    return columns, rows


def _loose(cell: Cell, walls: InterfaceMesh, array: tuple[int, int]) -> Count:
    """Bodies that hang on nothing where the array ends at its border."""
    components = walls.components
    hanging, number = loose(cell, components, array)
    if not number:
        return Count(0, 0.0, None)
    often = hanging.mean(axis=(0, 1))
    place = None
    if components.back_component is not None:  # pieces are known at every triangle
        largest = int(np.argmax(np.where(often > 0, components.volumes, -1.0)))
        faces = np.flatnonzero((components.back_component == largest) | (components.front_component == largest))
        x, y, z = walls.vertices[walls.triangles[faces[0]]].mean(axis=0).tolist()
        place = x, y, z
    return Count(number, float(often @ components.volumes), place)


def _equivalent_aspect_ratio(sample: Sample, known: float | None) -> float | None:
    """Of a sponge depth × wall area / (4 × pore volume), which for straight holes is the same; bends are not counted."""
    found = sponge_metrics.measure(sample).values["sponge"]
    if found is None:
        return known
    depth = sample.cell.facts.top - sample.cell.facts.base_z
    return float(depth * found["surface_per_volume_per_um"] / (4 * (1 - found["solid_fraction"])))


def _thinnest_film(cell: Cell, widths: dict[str, Spot], heights: dict[str, Spot]) -> Spot | None:
    """The coat of least thickness, and where it lies."""
    coats = [(film.thinnest, name) for name, film in structure_metrics.coats_of(cell).items()]
    if not coats:
        return None
    thickness, name = min(coats)
    spot = widths.get(name, heights.get(name))
    return Spot(thickness, None if spot is None else spot.at, (name,))
