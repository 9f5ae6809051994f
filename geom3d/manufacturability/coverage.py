"""What a process makes of the films of a cell: thickness against depth, each on the shape that the films before it leave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from geom3d.cell.cell import Cell
from geom3d.core.arrays import FloatArray
from geom3d.core.errors import InputError, choose_from
from geom3d.core.tables import Column, Kind, Table, Value
from geom3d.deposition import Coverage, require_sticking
from geom3d.deposition.particles import Surface
from geom3d.deposition.predict import Body, coverage
from geom3d.mesh.interfaces import InterfaceMesh

#: Depths at which a table for people tells the thickness, besides top and floor: shares of the depth.
TOLD = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class FilmCoverage:
    """A film as a process makes it.

    Attributes:
        name: of the layer.
        label: of its region.
        nominal: thickness on open flat surface, µm.
        coverage: share of it by depth.
    """

    name: str
    label: int
    nominal: float
    coverage: Coverage

    @property
    def data(self) -> dict[str, Any]:
        """All of it, for machines."""
        found = self.coverage
        return {
            "film": self.name,
            "nominal_um": self.nominal,
            "sticking": found.sticking,
            "way": found.way,
            "structure_depth_um": found.depth,
            "mean": found.mean,
            "least": found.least,
            "top": None if found.top is None else {"share": found.top[0], "error": found.top[1]},
            "floor": None if found.floor is None else {"share": found.floor[0], "error": found.floor[1]},
            "depth_um": found.depths.tolist(),
            "share": found.shares.tolist(),
            "error": found.errors.tolist(),
            "thickness_um": (found.shares * self.nominal).tolist(),
        }

    def told(self) -> list[tuple[str, float | None, float, float]]:
        """For people: place, depth, µm (None for flats), share and its standard error."""
        found = self.coverage
        rows: list[tuple[str, float | None, float, float]] = []
        if found.top is not None:
            rows.append(("flat top", None, found.top[0], found.top[1]))
        if len(found.depths):
            depths = np.array(TOLD) * found.depth
            errors = np.interp(depths, found.depths, found.errors)
            rows += [
                ("wall", float(depth), found.at(float(depth)), float(error))
                for depth, error in zip(depths, errors, strict=True)
            ]
        if found.floor is not None:
            rows.append(("floor", None, found.floor[0], found.floor[1]))
        return rows


@dataclass(frozen=True)
class CoverageReport:
    """The films of a design as a process makes them.

    Attributes:
        title: of the design.
        films: from the scaffold outward.
    """

    title: str
    films: tuple[FilmCoverage, ...]

    @property
    def data(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {"title": self.title, "films": [film.data for film in self.films]}

    def to_json(self) -> str:
        """The report as JSON text; no NaN, no infinity."""
        return json.dumps(self.data, indent=2, ensure_ascii=False, allow_nan=False)

    def tables(self) -> list[Table]:
        """Thickness against depth, a table for each film."""
        columns = [
            Column("place"),
            Column("depth", Kind.SIZES, "µm"),
            Column("thickness", Kind.FIGURES, "µm"),
            Column("of the nominal", Kind.FIGURES, "%"),
            Column("±", Kind.FIGURES, "%"),
        ]
        tables = []
        for film in self.films:
            found = film.coverage
            rows: list[list[Value]] = [
                [place, depth, share * film.nominal, 100 * share, 100 * error if error else None]
                for place, depth, share, error in film.told()
            ]
            head = (
                f"{film.name}: {film.nominal:.4g} µm, sticking probability {found.sticking:g}, by {found.way}; "
                f"mean {100 * found.mean:.3g} %, least {100 * found.least:.3g} %"
            )
            tables.append(Table.of(columns, rows, head))
        return tables

    def bands(self) -> Table:
        """Every band of every film, for machines."""
        columns = [
            Column("film", key="film"),
            Column("place", key="place"),
            Column("depth", Kind.NUMBERS, "µm", "depth_um"),
            Column("share", Kind.NUMBERS, "", "share"),
            Column("standard error", Kind.NUMBERS, "", "error"),
            Column("thickness", Kind.NUMBERS, "µm", "thickness_um"),
        ]
        rows: list[list[Value]] = []
        for film in self.films:
            found = film.coverage
            flats = [("flat top", found.top), ("floor", found.floor)]
            top, floor = ([(place, None, *flat[:2])] if flat else [] for place, flat in flats)
            walls = zip(found.depths.tolist(), found.shares.tolist(), found.errors.tolist(), strict=True)
            bands: list[tuple[str, float | None, float, float]] = [*top, *(("wall", *band) for band in walls), *floor]
            rows += [[film.name, place, depth, s, e, s * film.nominal] for place, depth, s, e in bands]
        return Table.of(columns, rows, "")


def body_before(cell: Cell, label: int) -> Body:
    """What a layer grows on: the layer before it with all below, or the architecture's own regions."""
    own = [region.solid for region in cell.regions if region.own]
    if label > 0 and not cell.regions[label - 1].own:
        solid = cell.regions[label - 1].solid
    else:
        solid = own[0]
        for other in own[1:]:
            solid = solid | other
    return Body(solid, cell.size[:2], cell.facts)


def film_coverage(cell: Cell, walls: InterfaceMesh, label: int, sticking: float, *, seed: int = 1) -> FilmCoverage:
    """One film as a process would make it on the shape that the layers before it leave.

    Args:
        cell, walls: the battery.
        label: of a coat.
        sticking: probability; 1 for line of sight.
        seed: of the particles, where there are any.
    """
    region = cell.regions[label]
    assert region.thickness is not None  # the caller's promise
    flat = cell.facts.web is None and cell.facts.top <= cell.facts.base_z
    if flat:
        none: FloatArray = np.empty(0)
        require_sticking(sticking)
        found = Coverage(none, none, none, none, (1.0, 0.0, cell.footprint), None, 0.0, sticking, "radiosity")
        return FilmCoverage(region.name, label, region.thickness, found)
    before = np.arange(len(cell.regions) + 1) < label
    found = coverage(body_before(cell, label), sticking, lambda: Surface.of(walls, before), seed=seed)
    return FilmCoverage(region.name, label, region.thickness, found)


def film_coverages(
    cell: Cell, walls: InterfaceMesh, sticking: float | None, *, films: tuple[str, ...] = (), seed: int = 1
) -> CoverageReport:
    """The films of a cell as a process with that sticking probability would make them.

    Args:
        cell, walls: the battery.
        sticking: probability; 1 for line of sight; None for what the template itself says of its films.
        films: names of coats; all if there are none.
        seed: of the particles, where there are any.

    Raises:
        InputError: a cell without coats, an unknown name, or a sticking probability that is none.
    """
    if cell.facts.both_faces:
        raise InputError(
            "coverage: predicts films that come from above; the holes of this plate are open at both ends (base = 0)"
        )
    coats = {region.name: k for k, region in enumerate(cell.regions) if region.thickness is not None}
    for name in films:
        if name not in coats:
            raise InputError(f"film: no film {name!r}; {choose_from(name, coats)}")
    chosen = [k for name, k in coats.items() if not films or name in films]
    if not chosen:
        raise InputError("coverage: the design has no coats, which are layers with a thickness")
    if sticking is None:
        told = [(k, cell.regions[k].coverage) for k in chosen]
        own = [
            FilmCoverage(cell.regions[k].name, k, cell.films[cell.regions[k].name], c) for k, c in told if c is not None
        ]
        if not own:
            raise InputError("coverage: no film says step_coverage in the template; give sticking or process")
        return CoverageReport(cell.description.title, tuple(own))
    found = tuple(film_coverage(cell, walls, k, sticking, seed=seed) for k in chosen)
    return CoverageReport(cell.description.title, found)
