"""The profile of an upright wall: by how much it stands further out than at its top, against depth.

Positive offsets are solid: a tilt below 90° makes posts wider and holes narrower towards the foot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geom3d.core.arrays import FloatArray

#: Turn of the wall between two stations of the curve that distances are taken to, radians: chords of an arc are 2e-5 short.
FINE = 0.02
#: Turn between two planes of a usual grid, radians.
USUAL_TURN = 0.15


@dataclass(frozen=True)
class Scallops:
    """Circular arcs bitten into the wall, one under the other, from the top.

    Attributes:
        pitch: height of one, µm.
        depth: from the cusps to the deepest point of an arc, µm; at most half of the pitch.
    """

    pitch: float
    depth: float

    @property
    def radius(self) -> float:
        """Of the arcs, µm."""
        return (self.pitch**2 / 4 + self.depth**2) / (2 * self.depth)


@dataclass(frozen=True)
class WallProfile:
    """Offset against depth; its parts add up.

    Attributes:
        depth: of the structure, from top to foot, µm.
        slope: growth of the offset per depth: the tangent of the tilt against the vertical.
        bow: largest recess, amid the depth, of a parabola, µm.
        scallops: see there.
        foot_radius, rim_radius: of a round foot and a round rim, µm.
        notch: height and depth of a wedge cut out at the foot, µm.
        table: depths and offsets, linear between, even beyond, µm.
    """

    depth: float
    slope: float = 0.0
    bow: float = 0.0
    scallops: Scallops | None = None
    foot_radius: float = 0.0
    rim_radius: float = 0.0
    notch: tuple[float, float] = (0.0, 0.0)
    table: tuple[tuple[float, float], ...] = ()

    @property
    def is_straight(self) -> bool:
        """Whether the wall is upright and plain all the way."""
        return not any(
            (self.slope, self.bow, self.scallops, self.foot_radius, self.rim_radius, self.notch[1])
        ) and not any(offset for _, offset in self.table)

    @property
    def bare(self) -> WallProfile:
        """A straight wall of the same depth."""
        return WallProfile(self.depth)

    @property
    def words(self) -> str:
        """Its parts for people, lengths in µm."""
        parts = []
        if self.slope:
            parts.append(f"sidewall angle {self.angle:.6g}°")
        for word, length in (("bow", self.bow), ("foot radius", self.foot_radius), ("rim radius", self.rim_radius)):
            if length:
                parts.append(f"{word} {length:g}")
        if self.scallops is not None:
            parts.append(f"scallops of pitch {self.scallops.pitch:g}, depth {self.scallops.depth:g}")
        if self.notch[1]:
            parts.append(f"notch of height {self.notch[0]:g}, depth {self.notch[1]:g}")
        if self.table:
            parts.append("depth: offset " + ", ".join(f"{depth:g}: {offset:g}" for depth, offset in self.table))
        return "; ".join(parts) or "straight"

    @property
    def angle(self) -> float:
        """Between wall and wafer, bends aside, degrees."""
        return math.degrees(math.atan2(1.0, self.slope))

    def at(self, depth: FloatArray) -> FloatArray:
        """Offsets at depths of any shape, µm; above the top and below the foot those of the ends."""
        z = np.clip(depth, 0.0, self.depth)
        found = self.slope * z - 4 * self.bow * (z / self.depth) * (1 - z / self.depth)
        if self.scallops is not None:
            arc = self.scallops
            across = (z % arc.pitch) - arc.pitch / 2
            found -= np.sqrt(np.maximum(arc.radius**2 - across**2, 0.0)) - (arc.radius - arc.depth)
        if self.rim_radius:
            found -= _fillet(self.rim_radius, z)
        if self.foot_radius:
            found += _fillet(self.foot_radius, self.depth - z)
        height, inward = self.notch
        if inward:
            found -= inward * np.maximum(1 - (self.depth - z) / height, 0.0)
        if self.table:
            found += np.interp(z, *np.array(self.table).T)
        return np.asarray(found)

    @cached_property
    def kinks(self) -> FloatArray:
        """Depths at which the wall has an edge, ends included, and those midway between the cusps of scallops, ascending."""
        marks = [0.0, self.depth]
        if self.scallops is not None:
            marks += (np.arange(1, math.ceil(2 * self.depth / self.scallops.pitch)) * self.scallops.pitch / 2).tolist()
        marks += [self.rim_radius, self.depth - self.foot_radius, self.depth - self.notch[0]]
        marks += [depth for depth, _ in self.table]
        return _apart([mark for mark in marks if 0 <= mark <= self.depth], self.depth)

    def stations(self, turn: float) -> FloatArray:
        """Depths between which the wall turns by no more than an angle (radians) in each of its parts, ascending."""
        marks = [self.kinks]
        if self.scallops is not None:
            arc = self.scallops
            half = math.asin(min(arc.pitch / 2 / arc.radius, 1.0)) if arc.depth < arc.pitch / 2 else math.pi / 2
            across = arc.radius * np.sin(_turns(half, turn))
            middles = (np.arange(math.ceil(self.depth / arc.pitch)) + 0.5) * arc.pitch
            marks += [(middles[:, None] + side * across).ravel() for side in (-1, 1)]
        for radius, sign, end in ((self.rim_radius, 1, 0.0), (self.foot_radius, -1, self.depth)):
            if radius:
                marks.append(end + sign * radius * (1 - np.cos(_turns(math.pi / 2, turn))))
        if self.bow:
            count = max(2, math.ceil(2 * math.atan(4 * abs(self.bow) / self.depth) / turn))
            marks.append(np.linspace(0.0, self.depth, 2 * count + 1))
        flat = np.concatenate(marks)
        return _apart(flat[(flat >= 0) & (flat <= self.depth)].tolist(), self.depth)

    @cached_property
    def curve(self) -> tuple[FloatArray, FloatArray]:
        """Depths, ascending, and offsets of the polygon that stands for the wall, µm."""
        depths = self.stations(FINE)
        return depths, self.at(depths)

    @property
    def tightest(self) -> float:
        """Smallest radius of curvature of the wall, edges aside, µm; infinite where it is straight."""
        radii = [radius for radius in (self.foot_radius, self.rim_radius) if radius]
        radii += [self.scallops.radius] if self.scallops is not None else []
        radii += [self.depth**2 / (8 * abs(self.bow))] if self.bow else []
        return min(radii, default=math.inf)


def _fillet(radius: float, away: FloatArray) -> FloatArray:
    """How far a quarter circle of a radius stands off the wall that it leaves, at distances from the face that it ends in."""
    rest = np.clip(radius - away, 0.0, radius)
    return np.asarray(radius - np.sqrt(radius**2 - rest**2))


def _turns(angle: float, turn: float) -> FloatArray:
    """Angles from 0 to an angle in equal steps of at most a turn."""
    return np.linspace(0.0, angle, math.ceil(angle / turn - 1e-9) + 1)


def _apart(marks: list[float], length: float) -> FloatArray:
    """Ascending numbers, those nearer to one another than 1e-9 of a length taken once."""
    found = np.unique(marks)
    return np.asarray(found[np.r_[True, np.diff(found) > 1e-9 * length]])
