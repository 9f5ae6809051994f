"""A layout (GDS or OASIS) as exact prisms: each of its layers stands between two heights and belongs to a region."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Self

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field, model_validator

from geom3d.architectures import Size, SizeOrZero, plate, standing
from geom3d.architectures._masks import ENDINGS, PRECISION, openings, read, shapes, united
from geom3d.architectures._structure import ClosedForms, OwnRegion, Structure, StructureFacts
from geom3d.architectures._userfile import FileParameters
from geom3d.core.arrays import FloatArray
from geom3d.core.errors import InputError
from geom3d.core.quantities import Length
from geom3d.core.roles import Role
from geom3d.core.words import Name
from geom3d.solids.prisms.outline import Difference, Plane, Shape
from geom3d.solids.prisms.prism import Prisms

#: Polygons of which a point to cut pictures through is found, at most.
MOST_SITES = 100


class Mask(BaseModel):
    """A layer of the layout.

    Attributes:
        layer, datatype: its numbers in the file.
        region: name of the region to which it belongs; several layers may belong to one.
        role: of the region.
        bottom, top: heights between which it stands, µm above the substrate.
        holes: whether the polygons are holes in a plate, and not what stands there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    layer: Annotated[int, Field(ge=0, le=65535)]
    datatype: Annotated[int, Field(ge=0, le=65535)] = 0
    region: Name = "scaffold"
    role: Role = Role.SUBSTRATE
    bottom: Annotated[Length, Field(ge=0, le=1e5)] = 0.0
    top: Annotated[Length, Field(gt=0, le=1e5)]
    holes: bool = False

    @model_validator(mode="after")
    def _upright(self) -> Self:
        if self.top <= self.bottom:
            raise ValueError(f"top must lie above bottom = {self.bottom:g} µm")
        return self


Coordinate = Annotated[Length, Field(ge=-1e5, le=1e5)]


class Parameters(FileParameters):
    """Parameters of a layout."""

    file: Annotated[str, Field(min_length=1, max_length=1000, description="GDS or OASIS, seen from the template")] = (
        "comb.gds"
    )
    cell: Annotated[
        str | None, Field(min_length=1, max_length=1000, description="name of the cell; the top one where left out")
    ] = None
    masks: Annotated[
        tuple[Mask, ...],
        Field(
            min_length=1,
            max_length=50,
            description="layers and what becomes of them: layer, datatype, region, role, bottom, top, holes; the first region wins",
        ),
    ] = (Mask(layer=1, top=10.0), Mask(layer=2, top=10.0))
    plate: Annotated[Size, Field(description="thickness of the region named substrate, on which it stands")] = 1.0
    period: Annotated[
        tuple[Size, Size] | None,
        Field(description="in x and y, of a unit cell; without it the layout is a whole device with a margin"),
    ] = None
    origin: Annotated[
        tuple[Coordinate, Coordinate], Field(description="lower corner of the period in the layout's coordinates")
    ] = (0.0, 0.0)
    margin: Annotated[SizeOrZero, Field(description="around a whole device")] = 5.0


def build(parameters: Parameters) -> Structure:
    """The regions on their substrate."""
    p = parameters
    parts, size = _parts(p)
    bodies: dict[str, Prisms] = {}
    roles: dict[str, Role] = {}
    for mask, areas in zip(p.masks, parts, strict=True):
        outlines: tuple[Shape, ...] = (Difference(Plane(), openings(areas)),) if mask.holes else shapes(areas)
        body = standing(outlines, p.plate + mask.bottom, p.plate + mask.top, size)
        if roles.setdefault(mask.region, mask.role) != mask.role:
            raise InputError(
                f"parameters.masks: region {mask.region!r} has the roles {roles[mask.region].value} and {mask.role.value}"
            )
        if mask.region == "substrate":
            raise InputError("parameters.masks: the region 'substrate' is the plate below; name this one differently")
        bodies[mask.region] = bodies[mask.region] | body if mask.region in bodies else body
    substrate = plate(p.plate, size)
    whole = substrate
    for body in bodies.values():
        whole = whole | body
    own: tuple[OwnRegion, ...] = tuple((name, roles[name], body) for name, body in bodies.items())
    solid = [areas for mask, areas in zip(p.masks, parts, strict=True) if not mask.holes]
    every = [area for areas in parts for area in areas]
    corners = shapely.get_coordinates(every)
    sites = [_amid(area, corners) for area in every[:MOST_SITES]]
    facts = StructureFacts(
        base_z=p.plate,
        top=p.plate + max(mask.top for mask in p.masks),
        scaffold=(*bodies, "substrate"),
        below=(("substrate", p.plate),),
        gap=_gap([area for areas in solid for area in areas], size),
        device_gap=math.inf if p.period else 2 * p.margin,
        sites=tuple((x % size[0], y % size[1]) for x, y in sites),
    )
    return Structure(size, (*own, ("substrate", Role.SUBSTRATE, substrate)), facts, whole)


def closed_form(parameters: Parameters) -> ClosedForms:
    """Volumes and walls by the areas and outlines of the polygons, of a device whose parts lie apart."""
    p = parameters
    parts, size = _parts(p)
    footprint = size[0] * size[1]
    found: dict[str, float] = {}
    for mask, areas in zip(p.masks, parts, strict=True):
        area = sum(part.area for part in areas)
        area = footprint - area if mask.holes else area
        key = f"thickness_equivalent_um.{mask.region}"
        found[key] = found.get(key, 0.0) + area * (mask.top - mask.bottom) / footprint
    if p.period is not None or not _apart(p, parts):
        return ClosedForms({})
    found["thickness_equivalent_um.substrate"] = p.plate
    if all(mask.bottom == 0 for mask in p.masks):
        walls = sum(part.length * mask.top for mask, areas in zip(p.masks, parts, strict=True) for part in areas)
        found["area_gain.side_walls"] = walls / footprint
        found["area_gain.scaffold"] = 1 + walls / footprint
    return ClosedForms(found)


def _amid(area: shapely.Polygon, corners: FloatArray) -> tuple[float, float]:
    """A point well inside a polygon, in x and in y off every wall that ends in a corner: pictures are cut through it."""
    line = shapely.maximum_inscribed_circle(area, tolerance=0.05 * math.sqrt(area.area))
    (x, y), radius = line.coords[0], line.length
    x, y = (
        _off(value, corners[np.abs(corners[:, axis] - value) < radius, axis], radius)
        for axis, value in enumerate((x, y))
    )
    return x, y


def _off(value: float, marks: FloatArray, reach: float) -> float:
    """A number near another, no further off than half of a reach, as far from marks as can be had there."""
    tried = value + np.linspace(0.0, 0.5, 26)[:, None] * reach * np.array([1.0, -1.0])
    away = np.abs(tried.reshape(-1, 1) - marks).min(axis=1, initial=reach / 4)
    return float(tried.ravel()[away.argmax()])


def _apart(p: Parameters, parts: list[list[shapely.Polygon]]) -> bool:
    """Whether no two masks touch each other at the same height, and none is of holes."""
    if any(mask.holes for mask in p.masks):
        return False
    masks = list(zip(p.masks, parts, strict=True))
    return not any(
        one.bottom <= other.top
        and other.bottom <= one.top
        and shapely.intersects(shapely.union_all(here), shapely.union_all(there))
        for (one, here), (other, there) in combinations(masks, 2)
    )


def _parts(p: Parameters) -> tuple[list[list[shapely.Polygon]], tuple[float, float]]:
    """The areas of every mask in the box, µm, and the box."""
    layout = read(p.located(p.file, ENDINGS), p.cell)
    drawn = [
        united(layout.polygons(mask.layer, mask.datatype, f"parameters.masks.{number}.layer"))
        for number, mask in enumerate(p.masks)
    ]
    for mask, areas in zip(p.masks, drawn, strict=True):
        if not areas:
            raise InputError(f"parameters.masks: the polygons of layer {mask.layer}/{mask.datatype} have no area")
    bounds = np.array([area.bounds for areas in drawn for area in areas])
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    if p.period is None:
        extent = high - low + 2 * p.margin
        corner = low - p.margin
    else:
        extent, corner = np.array(p.period), np.array(p.origin)
        if ((low < corner - extent / 2) | (high > corner + 1.5 * extent)).any():
            raise InputError(
                f"parameters.period: the layout reaches from {low[0]:.4g}, {low[1]:.4g} to {high[0]:.4g}, {high[1]:.4g} µm, more "
                f"than half a period beyond the box at {corner[0]:.4g}, {corner[1]:.4g} µm: choose the cell that is its period, or "
                "origin"
            )
    if not (extent.min() >= 1e-3 and extent.max() <= 1e5):
        raise InputError(
            f"parameters.file: the box would be {extent[0]:.4g} × {extent[1]:.4g} µm, each must be 0.001 to 100000 µm"
        )

    def placed(points: FloatArray) -> FloatArray:
        points = points - corner
        # A side of the box that database units round would leave a slit between a plate and its next period.
        for side in (np.zeros(2), extent):
            points = np.where(np.abs(points - side) <= slack, side, points)
        return points

    slack = 2 * max(PRECISION, layout.precision)
    moved = [[shapely.transform(area, placed) for area in areas] for areas in drawn]
    return moved, (float(extent[0]), float(extent[1]))


def _gap(areas: Sequence[shapely.Polygon], size: tuple[float, float]) -> float:
    """The smallest distance between two parts that do not touch, µm."""
    if not areas:
        return math.inf
    shifts = [(i * size[0], j * size[1]) for i in (0, -1, 1) for j in (0, -1, 1)]
    copies = [shapely.transform(areas, lambda points, shift=shift: points + shift) for shift in shifts]
    tree = shapely.STRtree(areas)
    # A part is not its own neighbour, but its image a period on is.
    _, away = tree.query_nearest(np.concatenate(copies), return_distance=True, all_matches=False, exclusive=True)
    return float(np.min(away[away > PRECISION], initial=math.inf))
