"""Overlapping spheres at random: a foam of round pores, or a sintered packing of round particles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
import scipy
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._sponge import Seed, Share, SpongeParameters, planes, quadrature, sponge
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.core.arrays import FloatArray, IntArray
from geom3d.solids.grid import wrapped

#: Points on each sphere by which the area is found in a second way.
POINTS = 4000
#: Spheres in one unit cell, at most.
MOST_SPHERES = 20_000


@dataclass(frozen=True)
class Spheres:
    """The distance to the surface of the nearest sphere: negative inside the union, or outside it.

    Attributes:
        centres: ((x, y, z), …) µm.
        radius: µm.
        size: the period in x and y, µm.
        pores: whether the body is what the spheres leave.
    """

    centres: tuple[tuple[float, float, float], ...]
    radius: float
    size: tuple[float, float]
    pores: bool

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        k, j, i = np.meshgrid(z, y, x, indexing="ij")
        return self.at(np.column_stack([i.ravel(), j.ravel(), k.ravel()])).reshape(k.shape)

    def at(self, points: FloatArray) -> FloatArray:
        distance = self.tree.query(wrapped(points, self.size), workers=-1)[0] - self.radius
        return np.asarray(-distance if self.pores else distance)

    def branches(self, points: FloatArray) -> IntArray:
        number, images = self._nearest(points)
        return np.asarray(number * 9 + (images[:, 0] + 1) * 3 + images[:, 1] + 1)

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        # The nearest centre changes on the plane midway between two centres.
        first, second = (
            np.array(self.centres)[number] + np.column_stack([images * self.size, np.zeros(len(images))])
            for number, images in (self._nearest(one), self._nearest(other))
        )
        start, stop = (
            np.sum((points - first) ** 2, axis=1) - np.sum((points - second) ** 2, axis=1) for points in (one, other)
        )
        return np.asarray(start / (start - stop))

    def _nearest(self, points: FloatArray) -> tuple[IntArray, IntArray]:
        """(n,) number of the nearest centre, and (n, 2) the period, in x and y, in which its nearest image lies."""
        number = self.tree.query(wrapped(points, self.size), workers=-1)[1]
        steps = (points[:, :2] - np.array(self.centres)[number, :2]) / self.size
        return np.asarray(number, dtype=np.int64), np.rint(steps).astype(np.int64)

    def area(self, low: float, high: float) -> float:
        """Area of the spheres outside each other and between two heights, µm², from points spread evenly over each."""
        number = np.arange(POINTS)
        z = 1 - (2 * number + 1) / POINTS
        turn = number * math.pi * (3 - math.sqrt(5))
        ring = np.sqrt(1 - z * z)
        points = np.column_stack([ring * np.cos(turn), ring * np.sin(turn), z]) * self.radius
        count = 0
        for centre in self.centres:
            at = points + centre
            at = at[(at[:, 2] > low) & (at[:, 2] < high)]
            if len(at):
                # Each point lies on its own sphere; another centre nearer by more than rounding covers it.
                count += int(np.count_nonzero(self.tree.query(wrapped(at, self.size))[0] > self.radius * (1 - 1e-9)))
        return count / POINTS * 4 * math.pi * self.radius**2

    @property
    def tree(self) -> scipy.spatial.cKDTree:
        """The centres, through the period."""
        return _tree(self.centres, self.size)


@cache
def _tree(centres: tuple[tuple[float, float, float], ...], size: tuple[float, float]) -> scipy.spatial.cKDTree:
    return scipy.spatial.cKDTree(np.array(centres), boxsize=[*size, 0.0])


class Parameters(SpongeParameters):
    """Parameters of overlapping spheres."""

    kind: Annotated[
        Literal["particles", "pores"],
        Field(description="particles: the web is the spheres; pores: the web is what they leave"),
    ] = "particles"
    radius: Annotated[Size, Field(description="of the spheres")] = 1.0
    void_fraction: Annotated[
        Share, Field(description="share of the web's height that is not web, as nearly as whole spheres can make it")
    ] = 0.5
    seed: Seed = 1
    periods: Annotated[int, Field(ge=2, le=20, description="edge of the unit cell in sphere diameters")] = 4


def build(parameters: Parameters) -> Structure:
    """The union of the spheres, or what it leaves."""
    p = parameters
    shape, size, radius = _shape(p)
    _, slack = _centres(p.radius, _covered(p), p.seed, size[0], p.base_z, p.height)
    return sponge(p, shape, size, radius, asked=1 - p.void_fraction, slack=slack)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume and area by quadrature."""
    shape, size, _ = _shape(parameters)
    p = parameters
    return quadrature(p, shape, size, shape.area(p.base_z, p.base_z + p.height), 1 - p.void_fraction)


def _shape(p: Parameters) -> tuple[Spheres, tuple[float, float], float]:
    """The function, the period and the radius of curvature."""
    edge = 2 * p.radius * p.periods
    covered = _covered(p)
    count = _expected(p.radius, covered, edge, p.height)
    p.require(count <= MOST_SPHERES, "height", f"must leave at most {MOST_SPHERES:,} spheres, here {count:.3g}")
    centres, _ = _centres(p.radius, covered, p.seed, edge, p.base_z, p.height)
    # A quarter of the radius: necks and pores between spheres are finer than the spheres.
    return Spheres(centres, p.radius, (edge, edge), p.kind == "pores"), (edge, edge), p.radius / 4


def _covered(p: Parameters) -> float:
    """The share of the web's height that the spheres are to cover."""
    return 1 - p.void_fraction if p.kind == "particles" else p.void_fraction


def _expected(radius: float, covered: float, edge: float, height: float) -> float:
    """About how many spheres there are, by the statistics of overlapping ones."""
    return -math.log(1 - covered) * edge * edge * (height + 2 * radius) / (4 / 3 * math.pi * radius**3)


@cache
def _centres(
    radius: float, covered: float, seed: int, edge: float, base_z: float, height: float
) -> tuple[tuple[tuple[float, float, float], ...], float]:
    """Centres, one after the other at random, until the spheres cover that share of the web's height; and how near to it
    whole spheres come for certain: half of what one more or one less changes.

    They reach a radius below and above it, so that its ends are like its middle.
    """
    ends = (base_z - radius, base_z + height + radius)
    most = int(1.5 * _expected(radius, covered, edge, height)) + 100
    centres = np.random.default_rng(seed).random((most, 3)) * [edge, edge, ends[1] - ends[0]]
    centres[:, 2] += ends[0]
    x, y, z = np.meshgrid(*planes((edge, edge), base_z, height, radius), indexing="ij")
    points = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    first = np.full(len(points), len(centres))
    tree = scipy.spatial.cKDTree(points, boxsize=[edge, edge, 0.0])
    for number in reversed(range(len(centres))):
        first[tree.query_ball_point(centres[number], radius)] = number
    shares = np.cumsum(np.bincount(first, minlength=len(centres))[: len(centres)]) / len(points)
    count = int(np.abs(shares - covered).argmin()) + 1
    steps = np.diff(shares, prepend=0.0)[count - 1 : count + 1]
    return tuple((float(x), float(y), float(z)) for x, y, z in centres[:count]), float(steps.max()) / 2
