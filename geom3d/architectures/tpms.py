"""Regular sponges: nodal approximations of triply periodic minimal surfaces, as networks or as sheets, alike or graded.

The nodal functions are the leading Fourier terms of the surfaces (von Schnering and Nesper, Z. Phys. B 83 (1991) 407); Split-P
and the constant in the Lidinoid's are in common use and have no such source.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._sponge import (
    Bricks,
    SpongeParameters,
    contoured,
    level_at,
    quadrature,
    require_room,
    sponge,
)
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.core.arrays import FloatArray, IntArray

Surface = Literal["gyroid", "schwarz_p", "diamond", "i_wp", "neovius", "f_rd", "lidinoid", "split_p", "fischer_koch_s"]
#: Least and largest value of each function, and the length of its longest wave vector in 2π / period.
SURFACES = {
    "gyroid": (-1.5, 1.5, math.sqrt(2)),
    "schwarz_p": (-3.0, 3.0, 1.0),
    "diamond": (-1.0, 1.0, math.sqrt(3)),
    "i_wp": (-5.0, 3.0, 2.0),
    "neovius": (-13.0, 13.0, math.sqrt(3)),
    "f_rd": (-7.0, 2.0, math.sqrt(8)),
    "lidinoid": (-1.35, 1.15, math.sqrt(8)),
    "split_p": (-1.8, 1.81, math.sqrt(8)),
    "fischer_koch_s": (-math.sqrt(2), math.sqrt(2), math.sqrt(6)),
}
#: Heights between which the level of a graded web is interpolated, and levels at which shares are looked up.
HEIGHTS, LEVELS = 33, 129


@dataclass(frozen=True)
class Grade:
    """How a web changes from its foot to its top.

    Attributes:
        height: of the web, µm.
        top_period: period in z at the top, µm; it changes evenly with height from the period at the foot.
        levels: at evenly spaced heights from foot to top.
        divides: whether the function is divided by the level, as a sheet's is, whose sides lie one level off on either
            side; else it has the level taken off.
    """

    height: float
    top_period: float
    levels: tuple[float, ...]
    divides: bool

    def phase(self, z: FloatArray, period: float) -> FloatArray:
        """2π times the number of periods between the foot and heights above it, µm; beyond the ends their period goes on."""
        inside = np.clip(z, 0.0, self.height)
        change = self.top_period / period - 1
        share = inside / self.height
        # The integral of one over a period that changes evenly.
        turns = inside / period if abs(change) < 1e-9 else self.height / period / change * np.log1p(change * share)
        beyond = np.minimum(z, 0.0) / period + np.maximum(z - self.height, 0.0) / self.top_period
        return np.asarray(2 * math.pi * (turns + beyond))

    def level(self, z: FloatArray) -> FloatArray:
        """The level at heights above the foot, µm."""
        return np.interp(z, np.linspace(0.0, self.height, len(self.levels)), self.levels)


@dataclass(frozen=True)
class Nodal:
    """A nodal function less a level; of a sheet, the function's magnitude less the level.

    Attributes:
        surface: which.
        period: edge of the cubic cell, µm.
        base_z: z at which the first cell begins, µm.
        sheet: whether the body lies on both sides of the surface.
        level: see above; of a graded web over that of its grade: a shift, of a sheet a factor.
        grade: how it changes with height, if it does.
    """

    surface: str
    period: float
    base_z: float
    sheet: bool
    level: float = 0.0
    grade: Grade | None = None

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        return self._values(x, y[:, None], z[:, None, None])

    def at(self, points: FloatArray) -> FloatArray:
        return self._values(*points.T)

    def branches(self, points: FloatArray) -> IntArray | None:
        # The magnitude has its kink on the middle surface of the sheet.
        return (self._nodal(*points.T) > 0).astype(np.int64) if self.sheet else None

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        start, stop = self._nodal(*one.T), self._nodal(*other.T)
        return np.asarray(start / (start - stop))

    def _values(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        values = self._nodal(x, y, z)
        return (np.abs(values) if self.sheet else values) - self.level

    def _nodal(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        wave, above = 2 * math.pi / self.period, z - self.base_z
        phase = wave * above if self.grade is None else self.grade.phase(above, self.period)
        values = _function(self.surface, wave * x, wave * y, phase)
        if self.grade is None:
            return values
        level = self.grade.level(above)
        return np.asarray(values / level if self.grade.divides else values - level)


def _function(surface: str, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """The nodal function of a surface at phases."""
    (sx, sy, sz), (cx, cy, cz) = ([function(u) for u in (x, y, z)] for function in (np.sin, np.cos))
    if surface == "gyroid":
        return np.asarray(sx * cy + sy * cz + sz * cx)
    if surface == "schwarz_p":
        return np.asarray(cx + cy + cz)
    if surface == "diamond":
        return np.asarray(cx * cy * cz - sx * sy * sz)
    if surface == "neovius":
        return np.asarray(3 * (cx + cy + cz) + 4 * cx * cy * cz)
    # The others have waves of half the period, too: double angles.
    c2x, c2y, c2z = 2 * cx * cx - 1, 2 * cy * cy - 1, 2 * cz * cz - 1
    if surface == "i_wp":
        return np.asarray(2 * (cx * cy + cy * cz + cz * cx) - (c2x + c2y + c2z))
    if surface == "fischer_koch_s":
        return np.asarray(c2x * sy * cz + c2y * sz * cx + c2z * sx * cy)
    pairs = c2x * c2y + c2y * c2z + c2z * c2x
    if surface == "f_rd":
        return np.asarray(4 * cx * cy * cz - pairs)
    s2x, s2y, s2z = 2 * sx * cx, 2 * sy * cy, 2 * sz * cz
    if surface == "lidinoid":
        return np.asarray((s2x * cy * sz + s2y * cz * sx + s2z * cx * sy - pairs) / 2 + 0.15)
    twisted = s2x * sz * cy + s2y * sx * cz + s2z * sy * cx
    return np.asarray(1.1 * twisted - 0.2 * pairs - 0.4 * (c2x + c2y + c2z))  # split_p


class Parameters(SpongeParameters):
    """Parameters of a regular sponge."""

    surface: Annotated[Surface, Field(description="the minimal surface")] = "gyroid"
    kind: Annotated[
        Literal["network", "sheet"],
        Field(description="network: all on one side of the surface; sheet: a wall along it"),
    ] = "network"
    period: Annotated[Size, Field(description="edge of the surface's cubic cell, the period in x, y and z")] = 5.0
    solid_fraction: Annotated[
        float | None,
        Field(ge=0.02, le=0.98, description="share of the web in its height; 0.5 where neither it nor level is given"),
    ] = None
    level: Annotated[
        float | None, Field(ge=-13, le=13, description="value of the nodal function at the web's surface, instead")
    ] = None
    wall: Annotated[
        Size | None,
        Field(description="mean thickness of a sheet's wall, instead: its volume over the area of its middle surface"),
    ] = None
    solid_fraction_top: Annotated[
        float | None, Field(ge=0.02, le=0.98, description="solid_fraction at the top, if it changes evenly with height")
    ] = None
    level_top: Annotated[
        float | None, Field(ge=-13, le=13, description="level at the top, if it changes evenly with height")
    ] = None
    period_top: Annotated[
        Size | None, Field(description="period in z at the top, if it changes evenly with height; x and y keep theirs")
    ] = None


def build(parameters: Parameters) -> Structure:
    """The web below a level of the nodal function, or within it on both sides."""
    shape, radius, asked = _shape(parameters)
    return sponge(parameters, shape, (parameters.period, parameters.period), radius, asked=asked)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature."""
    shape, radius, asked = _shape(parameters)
    size = (parameters.period, parameters.period)
    sides = [shape]
    if shape.sheet:
        sides = [replace(shape, sheet=False, level=level) for level in (shape.level, -shape.level)]
        if shape.grade is not None:
            # Between both sides the function is divided by the level; each side is where it is one level above or below.
            sides = [_side(shape, way) for way in (1.0, -1.0)]
    area = sum(contoured(parameters, side, size, radius) for side in sides)
    return quadrature(parameters, shape, size, area, asked)


def _side(sheet: Nodal, way: float) -> Nodal:
    """The network whose surface is one side of a graded sheet."""
    assert sheet.grade is not None
    levels = tuple(way * sheet.level * level for level in sheet.grade.levels)
    return replace(sheet, sheet=False, level=0.0, grade=replace(sheet.grade, levels=levels, divides=False))


@cache
def _shape(parameters: Parameters) -> tuple[Nodal, float, float | None]:
    """The function, its smallest radius of curvature, about one over its wave number, and the solid fraction asked for."""
    p = parameters
    least, largest, waves = SURFACES[p.surface]
    sheet, size = p.kind == "sheet", (p.period, p.period)
    top_period = p.period if p.period_top is None else p.period_top
    p.require(
        0.2 <= top_period / p.period <= 5, "period_top", f"must lie within a factor of 5 of period = {p.period:g} µm"
    )
    radius = min(p.period, top_period) / (2 * math.pi * waves)
    require_room(p, size, radius)
    given = [key for key in ("solid_fraction", "level", "wall") if getattr(p, key) is not None]
    p.require(len(given) < 2, given[-1] if given else "level", f"give it or {given[0] if given else ''}, not both")
    p.require(p.wall is None or sheet, "wall", "only sheets have walls")
    low = 0.0 if sheet else least
    for key in ("level", "level_top"):
        level = getattr(p, key)
        p.require(
            level is None or low < level < largest, key, f"must lie between {low:g} and {largest:.4g} for this surface"
        )
    for key, other in (("level_top", "level"), ("solid_fraction_top", "solid_fraction")):
        p.require(getattr(p, key) is None or getattr(p, other) is not None, key, f"give {other}, at the foot, too")
    plain = Nodal(p.surface, p.period, p.base_z, sheet=False)
    same = Grade(p.height, top_period, (1.0,) if sheet else (0.0,), sheet)
    if p.level is not None:
        if p.level_top is None and p.period_top is None:
            return replace(plain, sheet=sheet, level=p.level), radius, None
        ends = (p.level, p.level if p.level_top is None else p.level_top)
        grade = replace(same, levels=tuple(np.linspace(*ends, HEIGHTS).tolist()))
        return replace(plain, sheet=sheet, level=float(sheet), grade=grade), radius, None

    foot = 0.5 if p.solid_fraction is None else p.solid_fraction
    if p.wall is not None:
        foot = p.wall * contoured(p, plain, size, radius) / (p.period**2 * p.height)
        p.require(0.02 <= foot <= 0.98, "wall", f"must leave a solid fraction between 0.02 and 0.98, here {foot:.3g}")
    top = foot if p.solid_fraction_top is None else p.solid_fraction_top
    if p.solid_fraction_top is not None:
        same = replace(same, levels=_levels(plain, foot, top, radius, sheet=sheet))
    if p.solid_fraction_top is not None or p.period_top is not None:
        plain = replace(plain, grade=same)
    asked = (foot + top) / 2
    # A grade leaves one number to find: the shift, of a sheet the factor, that gives the share in all.
    level = level_at(plain, asked, size, p.base_z, p.height, radius, both_sides=sheet)
    return replace(plain, sheet=sheet, level=level), radius, asked


def _levels(plain: Nodal, foot: float, top: float, radius: float, *, sheet: bool) -> tuple[float, ...]:
    """The levels that give shares between two, at evenly spaced heights, each as if all of the web were so."""
    bricks = Bricks.of(plain, (plain.period, plain.period), plain.base_z, plain.period, radius)
    low, high = float(bricks.values.min()), float(bricks.values.max())
    levels = np.linspace(0.0 if sheet else low, max(-low, high) if sheet else high, LEVELS)
    shares = [bricks.below(level) - (bricks.below(-level) if sheet else 0.0) for level in levels]
    return tuple(np.interp(np.linspace(foot, top, HEIGHTS), shares, levels).tolist())
