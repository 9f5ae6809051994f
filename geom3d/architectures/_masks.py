"""Polygons of a layout in GDS or OASIS: one cell with all that it refers to, counted before it is expanded."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geom3d.architectures._userfile import require_bytes, unreadable
from geom3d.core.arrays import FloatArray
from geom3d.core.errors import InputError, choose_from
from geom3d.solids.prisms.outline import Difference, Polygon, Shape

#: Endings of layouts.
ENDINGS = (".gds", ".gds2", ".gdsii", ".oas", ".oasis")
#: Bytes of a file, and corners of all polygons that are built, at most.
MOST_BYTES, MOST_CORNERS = 2**28, 50_000
#: Corners nearer than this are one, µm.
PRECISION = 1e-6
#: Records of GDS that may begin it, and what begins OASIS.
GDS_HEAD, OASIS_HEAD = b"\x00\x06\x00\x02", b"%SEMI-OASIS\r\n"
#: Levels of references, at most.
DEEPEST = 200


@dataclass(frozen=True, eq=False)
class Layout:
    """A cell of a file.

    Attributes:
        cell: the one that was chosen.
        unit: of its coordinates, µm.
        precision: of which they are whole multiples, µm.
        path: of the file.
    """

    cell: Any
    unit: float
    precision: float
    path: Path

    def layers(self) -> list[str]:
        """Layers and datatypes on which the cell has polygons, as "1/0"."""
        cells = [self.cell, *self.cell.dependencies(True)]
        found = {
            (part.layer, part.datatype) for cell in cells if hasattr(cell, "polygons") for part in cell.polygons
        } | {
            pair
            for cell in cells
            if hasattr(cell, "paths")
            for path in cell.paths
            for pair in zip(path.layers, path.datatypes, strict=True)
        }
        return [f"{layer}/{datatype}" for layer, datatype in sorted(found)]

    def polygons(self, layer: int, datatype: int, key: str) -> list[FloatArray]:
        """(n, 2) corners of each polygon of a layer, references expanded, µm.

        Args:
            layer, datatype: which.
            key: of the template, for messages.
        """
        count = _corners(self.cell, (layer, datatype), {})
        if count > MOST_CORNERS:
            raise InputError(
                f"{key}: layer {layer}/{datatype} of cell {self.cell.name!r} has {count:.3g} corners with all its references, "
                f"at most {MOST_CORNERS:,} fit; take a unit cell of it"
            )
        found = self.cell.get_polygons(layer=layer, datatype=datatype)
        if not found:
            valid = choose_from(f"{layer}/{datatype}", self.layers())
            raise InputError(f"{key}: cell {self.cell.name!r} has nothing on layer {layer}/{datatype}; {valid}")
        return [np.asarray(polygon.points, dtype=np.float64) * self.unit for polygon in found]


def read(path: Path, cell: str | None) -> Layout:
    """A cell of a file; without a name the one on which no other is built.

    Raises:
        InputError: where it cannot be read, or its references lead in a circle or to cells that are not there.
    """
    import gdstk

    require_bytes(path, MOST_BYTES)
    oasis = path.suffix.lower() in (".oas", ".oasis")
    if oasis:
        with path.open("rb") as file:
            if file.read(len(OASIS_HEAD)) != OASIS_HEAD:
                raise unreadable(path, "it does not begin as OASIS does")
    else:
        _require_records(path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            library = (gdstk.read_oas if oasis else gdstk.read_gds)(str(path))
        except Exception as error:  # readers of broken files raise whatever happens to them
            raise unreadable(path, error) from error
    missing = [warning for warning in said if "Missing reference" in str(warning.message)]
    if missing:
        raise unreadable(path, missing[0].message)
    cells = {each.name: each for each in library.cells}
    if not cells:
        raise unreadable(path, "there are no cells in it")
    _require_tree(path, cells)
    if cell is None:
        tops = [each.name for each in library.top_level()]
        if len(tops) != 1:
            raise InputError(
                f"parameters.cell: must be given, the file has {len(tops)} top cells; {choose_from('', tops)}"
            )
        cell = tops[0]
    if cell not in cells:
        raise InputError(f"parameters.cell: no cell {cell!r} in {path.name}; {choose_from(cell, cells)}")
    unit = library.unit * 1e6
    if not 1e-6 <= unit <= 1e6:
        raise unreadable(path, f"its unit is {unit:g} µm")
    return Layout(cells[cell], unit, library.precision * 1e6, path)


def _require_records(path: Path) -> None:
    """Raises a clear error unless a file is a row of records of GDS from head to end: a reader trusts their lengths."""
    content = path.read_bytes()
    if content[:4] != GDS_HEAD:
        raise unreadable(path, "it does not begin as GDS does")
    at, size = 0, len(content)
    while at + 4 <= size:
        length, kind = struct.unpack_from(">HB", content, at)
        if length < 4 or at + length > size:
            raise unreadable(path, f"record {kind} at byte {at:,} has a length of {length}")
        if kind == 4:  # the library ends; zeros may follow
            return
        at += length
    raise unreadable(path, "it is cut short: its library has no end")


def _require_tree(path: Path, cells: dict[str, Any]) -> None:
    """Raises a clear error for references that lead in a circle, to nothing, or through too many levels."""
    depth: dict[str, int] = {}
    for start, cell in cells.items():
        stack = [(start, iter(_named(path, cell, cells)))]
        within = [start]
        while stack:
            name, rest = stack[-1]
            inner = next(rest, None)
            if inner is None:
                depth[name] = 1 + max((depth[k] for k in _named(path, cells[name], cells)), default=0)
                if depth[name] > DEEPEST:
                    raise unreadable(path, f"cell {name!r} has more than {DEEPEST} levels of references below it")
                stack.pop()
                within.pop()
            elif inner in within:
                loop = " → ".join([*within[within.index(inner) :], inner])
                raise InputError(f"parameters.file: cells of {path.name} refer to each other in a circle: {loop[:200]}")
            elif inner not in depth:
                stack.append((inner, iter(_named(path, cells[inner], cells))))
                within.append(inner)


def _named(path: Path, cell: Any, cells: dict[str, Any]) -> list[str]:
    """Names of the cells to which a cell refers."""
    found = []
    for reference in cell.references:
        name = getattr(reference.cell, "name", reference.cell)
        if name not in cells:
            raise InputError(
                f"parameters.file: cell {cell.name!r} of {path.name} refers to {name!r}, which is not in the file"
            )
        found.append(str(name))
    return list(dict.fromkeys(found))


def _corners(cell: Any, layer: tuple[int, int], known: dict[str, float]) -> float:
    """Corners on a layer of a cell with all its references, without expanding them."""
    if cell.name not in known:
        count = 0.0
        for part in cell.polygons:
            if (part.layer, part.datatype) == layer:
                count += len(part.points) * _times(part)
        for path in cell.paths:
            if layer in zip(path.layers, path.datatypes, strict=True):
                count += sum(len(polygon.points) for polygon in path.to_polygons()) * _times(path)
        for reference in cell.references:
            count += _corners(reference.cell, layer, known) * _times(reference)
        known[cell.name] = count
    return known[cell.name]


def _times(part: Any) -> int:
    """How often a part stands there."""
    return max(1, int(part.repetition.size)) if part.repetition is not None else 1


def united(polygons: list[FloatArray]) -> list[shapely.Polygon]:
    """What polygons cover, as separate parts with holes; slits of no width, by which layouts draw holes, are healed."""
    rings = [shapely.make_valid(shapely.Polygon(points), method="structure") for points in polygons if len(points) > 2]
    whole = shapely.set_precision(shapely.union_all(rings), PRECISION)
    parts = shapely.get_parts(whole)
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 0]


def shapes(parts: list[shapely.Polygon]) -> tuple[Shape, ...]:
    """Outlines that can be grown."""
    found: list[Shape] = []
    for part in parts:
        outer = Polygon(_ring(part.exterior))
        holes = tuple(Polygon(_ring(ring)) for ring in part.interiors)
        found.append(Difference(outer, holes) if holes else outer)
    return tuple(found)


def openings(parts: list[shapely.Polygon]) -> tuple[Polygon, ...]:
    """Outlines of parts as holes in a plate.

    Raises:
        InputError: for one with an island in it.
    """
    if any(part.interiors for part in parts):
        x, y = next(part for part in parts if part.interiors).representative_point().coords[0]
        raise InputError(
            f"parameters.masks: a hole with an island in it, at x, y = {x:.4g}, {y:.4g} µm, must be drawn as what is left"
        )
    return tuple(Polygon(_ring(part.exterior)) for part in parts)


def _ring(ring: shapely.LinearRing) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in ring.coords[:-1])
