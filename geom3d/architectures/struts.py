"""Strut lattices: round struts between the nodes of a cubic lattice, as 3D printers make them."""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._rods import Axis, Rods
from geom3d.architectures._sponge import PLASTIC, Share, SpongeParameters, quadrature, require_room, sponge
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.core.arrays import FloatArray

LATTICES = ("simple_cubic", "body_centred", "face_centred", "octet", "diamond")
#: Points at which the distance is looked at to find the diameter that gives a solid fraction.
SAMPLES = 400_000
#: The grid's scale as a share of a strut's radius: the creases between struts are sharper than the struts.
FINE = 0.6


class Parameters(SpongeParameters):
    """Parameters of a strut lattice."""

    lattice: Annotated[
        Literal["simple_cubic", "body_centred", "face_centred", "octet", "diamond"],
        Field(
            description="which nodes are joined; face_centred: corners with the middles of faces; octet: these with each other, too"
        ),
    ] = "simple_cubic"
    period: Annotated[Size, Field(description="edge of the lattice's cubic cell, the period in x, y and z")] = 10.0
    diameter: Annotated[
        Size | None, Field(description="of a strut; instead of solid_fraction", json_schema_extra={"unit": "µm"})
    ] = None
    solid_fraction: Annotated[
        Share | None, Field(description="share of the web in its height; 0.3 where neither it nor diameter is given")
    ] = None


def build(parameters: Parameters) -> Structure:
    """The union of the struts, cut flat at the top."""
    p = parameters
    rods, asked = _rods(p)
    sites = ((0.0, 0.0),)
    return sponge(p, rods, (p.period, p.period), FINE * rods.radius, sites=sites, asked=asked)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature; of a simple cubic lattice of whole cells by formulas."""
    p = parameters
    rods, asked = _rods(p)
    area = rods.area(p.base_z, p.base_z + p.height)
    found = quadrature(p, rods, (p.period, p.period), area, asked)
    cells, thin = p.height / p.period, rods.radius / p.period
    if p.lattice == "simple_cubic" and math.isclose(cells, round(cells)) and thin < 0.5:
        # Three cylinders that cross: 3πr² of them, less what two or all three share, 8√2 r³ (Steinmetz).
        share = 3 * math.pi * thin**2 - 8 * math.sqrt(2) * thin**3
        wide = (6 * math.pi * thin - 24 * math.sqrt(2) * thin**2) / p.period
        found.metrics["sponge.surface_per_volume_per_um"] = wide
        found.metrics["thickness_equivalent_um.scaffold"] = p.base + share * p.height
        if asked is None:
            found.metrics["sponge.solid_fraction"] = share
    return found


def _rods(p: Parameters) -> tuple[Rods, float | None]:
    """The struts, and the solid fraction that is asked for, if it is."""
    p.require(p.diameter is None or p.solid_fraction is None, "diameter", "give it or solid_fraction, not both")
    size, axes = (p.period, p.period), _axes(p.lattice, p.period, p.base_z)
    if p.diameter is not None:
        nearest = float(min(np.linalg.norm(np.subtract(*axis)) for axis in axes))
        p.require(p.diameter < nearest, "diameter", f"must be smaller than the struts' length, {nearest:.4g} µm")
        rods = Rods(axes, p.diameter / 2, size, p.period, p.base_z)
        asked = None
    else:
        asked = 0.3 if p.solid_fraction is None else p.solid_fraction
        rods = Rods(axes, _radius(axes, p.period, p.base_z, p.height, asked), size, p.period, p.base_z)
    require_room(p, size, FINE * rods.radius)
    return rods, asked


@cache
def _radius(axes: tuple[Axis, ...], period: float, base_z: float, height: float, share: float) -> float:
    """The radius, µm, at which the struts fill that share of their height: a quantile of the distance to the axes.

    The points belong to an irrational lattice, so that no plane or axis of the lattice ties.
    """
    points = (np.arange(SAMPLES)[:, None] * PLASTIC + 0.5) % 1.0 * [period, period, height] + [0.0, 0.0, base_z]
    return float(np.quantile(Rods(axes, 0.0, (period, period), period, base_z).at(points), share))


@cache
def _axes(lattice: str, period: float, base_z: float) -> tuple[Axis, ...]:
    """Axes of the struts of one cubic cell, µm; a strut on a face of it is counted once."""
    corner = np.zeros((1, 3))
    faces = np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]])
    ways: list[tuple[FloatArray, FloatArray]]
    if lattice == "simple_cubic":
        ways = [(corner, np.eye(3))]
    elif lattice == "body_centred":
        ways = [(np.full((1, 3), 0.5), _signs(0.5))]
    elif lattice == "face_centred":
        ways = [(face[None], _within_face(face)) for face in faces]
    elif lattice == "octet":
        # All twelve nearest neighbours in a face-centred cubic lattice, each pair once.
        half = [way for way in _neighbours() if tuple(way) > (0.0, 0.0, 0.0)]
        ways = [(np.vstack([corner, faces]), np.array(half))]
    else:
        # From each node of one of both lattices to its four neighbours in the other.
        ways = [(np.vstack([corner, faces]) + 0.25, np.array([[-1, -1, -1], [-1, 1, 1], [1, -1, 1], [1, 1, -1]]) / 4)]
    found = []
    for nodes, steps in ways:
        for node, step in itertools.product(nodes, steps):
            ends = [tuple(float(v) for v in place * period + [0.0, 0.0, base_z]) for place in (node, node + step)]
            found.append((ends[0], ends[1]))
    return tuple(found)  # type: ignore[arg-type]


def _signs(length: float) -> FloatArray:
    """(8, 3) half diagonals of a cube."""
    return length * np.array(list(itertools.product((-1.0, 1.0), repeat=3)))


def _within_face(face: FloatArray) -> FloatArray:
    """(4, 3) ways from the middle of a face to its corners."""
    ways = [way for way in _neighbours() if not np.any(np.array(way)[face == 0])]
    return np.array(ways)


def _neighbours() -> list[tuple[float, ...]]:
    """Ways from a node of a face-centred cubic lattice to its twelve nearest."""
    return [tuple(way) for way in itertools.product((-0.5, 0.0, 0.5), repeat=3) if np.count_nonzero(way) == 2]
