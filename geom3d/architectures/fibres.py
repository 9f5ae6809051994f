"""Random straight fibres: a felt or a paper of round fibres that overlap where they cross."""

from __future__ import annotations

import math
from functools import cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._rods import Axis, Rods
from geom3d.architectures._sponge import Seed, Share, SpongeParameters, planes, quadrature, require_room, sponge
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.jit import compiled

#: Fibres in one unit cell, at most.
MOST_FIBRES = 5_000
#: The grid's scale as a share of a fibre's radius, as for struts.
FINE = 0.6


class Parameters(SpongeParameters):
    """Parameters of random fibres."""

    height: Annotated[Size, Field(description="height of the web; it is cut flat at its top")] = 4.0
    diameter: Annotated[Size, Field(description="of a fibre; its ends are round")] = 2.0
    length: Annotated[Size, Field(description="of a fibre's axis; longer than diameter")] = 12.0
    void_fraction: Annotated[
        Share, Field(description="share of the web's height that is not web, as nearly as whole fibres can make it")
    ] = 0.7
    orientation: Annotated[
        Literal["isotropic", "in_plane"], Field(description="of the axes: all ways alike, or parallel to the wafer")
    ] = "isotropic"
    seed: Seed = 35
    periods: Annotated[int, Field(ge=4, le=60, description="edge of the unit cell in fibre diameters")] = 4


def build(parameters: Parameters) -> Structure:
    """The union of the fibres."""
    p = parameters
    rods, slack = _rods(p)
    return sponge(p, rods, rods.size, FINE * rods.radius, asked=1 - p.void_fraction, slack=slack)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature."""
    p = parameters
    rods, _ = _rods(p)
    area = rods.area(p.base_z, p.base_z + p.height)
    return quadrature(p, rods, rods.size, area, 1 - p.void_fraction)


def _rods(p: Parameters) -> tuple[Rods, float]:
    """The fibres, and by how much whole ones can miss the share that is asked for."""
    p.require(p.length > p.diameter, "length", f"must be larger than diameter = {p.diameter:g} µm")
    edge = p.periods * p.diameter
    require_room(p, (edge, edge), FINE * p.diameter / 2)
    count = _expected(p, edge)
    p.require(count <= MOST_FIBRES, "height", f"must leave at most {MOST_FIBRES:,} fibres, here {count:.3g}")
    axes, slack = _axes(p, edge)
    return Rods(axes, p.diameter / 2, (edge, edge)), slack


def _reach(p: Parameters) -> float:
    """How far below and above the web middles of fibres lie that reach into it, µm."""
    return p.diameter / 2 + (p.length / 2 if p.orientation == "isotropic" else 0.0)


def _expected(p: Parameters, edge: float) -> float:
    """About how many fibres there are, by the statistics of bodies that overlap."""
    radius = p.diameter / 2
    each = math.pi * radius**2 * p.length + 4 / 3 * math.pi * radius**3
    return -math.log(p.void_fraction) * edge * edge * (p.height + 2 * _reach(p)) / each


@cache
def _axes(p: Parameters, edge: float) -> tuple[tuple[Axis, ...], float]:
    """Axes, one after the other at random, until they cover the share; and how near to it whole fibres come for certain.

    That is half of what one more or one less changes.
    """
    most = int(1.5 * _expected(p, edge)) + 50
    rng = np.random.default_rng(p.seed)
    middles = rng.random((most, 3)) * [edge, edge, p.height + 2 * _reach(p)] + [0.0, 0.0, p.base_z - _reach(p)]
    turn, height = rng.random(most) * 2 * math.pi, 2 * rng.random(most) - 1
    if p.orientation == "in_plane":
        height = np.zeros(most)
    ring = np.sqrt(1 - height * height)
    half = p.length / 2 * np.column_stack([ring * np.cos(turn), ring * np.sin(turn), height])
    ends = np.stack([middles - half, middles + half], axis=1)
    axes: tuple[Axis, ...] = tuple(((a, b, c), (u, v, w)) for (a, b, c), (u, v, w) in ends.tolist())

    x, y, z = planes((edge, edge), p.base_z, p.height, p.diameter)
    first = np.full((len(z), len(y), len(x)), most, dtype=np.int64)
    _cover(x, y, z, edge, ends, p.diameter / 2, first)
    # The share that the first so many fibres cover, up to all of them.
    shares = np.r_[0.0, np.cumsum(np.bincount(first.ravel(), minlength=most)[:most])] / first.size
    low = min(int(np.count_nonzero(shares <= 1 - p.void_fraction)) - 1, most - 1)
    below, above = shares[low : low + 2].tolist()
    count = low if low and abs(below - 1 + p.void_fraction) <= abs(above - 1 + p.void_fraction) else low + 1
    return axes[:count], (above - below) / 2


@compiled
def _cover(
    x: FloatArray, y: FloatArray, z: FloatArray, edge: float, ends: FloatArray, radius: float, first: IntArray
) -> None:
    """Finds the first fibre that covers each point of a lattice, through the period; only points beside it are looked at.

    Args:
        x, y, z: planes of the lattice; those in x and y lie evenly, the first half a step from 0.
        edge: the period in x and y, µm.
        ends: (n, 2, 3) of the axes.
        radius: µm.
        first: (nz, ny, nx) to be lowered to the fibre's number.
    """
    columns, rows = len(x), len(y)
    for n in range(len(ends)):
        ax, ay, az = ends[n, 0]
        ux, uy, uz = ends[n, 1, 0] - ax, ends[n, 1, 1] - ay, ends[n, 1, 2] - az
        square = ux * ux + uy * uy + uz * uz
        left, right = min(ax, ax + ux) - radius, max(ax, ax + ux) + radius
        near, far = min(ay, ay + uy) - radius, max(ay, ay + uy) + radius
        low, high = min(az, az + uz) - radius, max(az, az + uz) + radius
        for k in range(len(z)):
            if not low <= z[k] <= high:
                continue
            for v in range(math.floor(near / edge * rows - 0.5), math.ceil(far / edge * rows - 0.5) + 1):
                py = y[v % rows] + edge * (v // rows) - ay
                for u in range(math.floor(left / edge * columns - 0.5), math.ceil(right / edge * columns - 0.5) + 1):
                    if first[k, v % rows, u % columns] <= n:
                        continue
                    px, pz = x[u % columns] + edge * (u // columns) - ax, z[k] - az
                    share = min(max((px * ux + py * uy + pz * uz) / square, 0.0), 1.0)
                    qx, qy, qz = px - share * ux, py - share * uy, pz - share * uz
                    if qx * qx + qy * qy + qz * qz <= radius * radius:
                        first[k, v % rows, u % columns] = n
