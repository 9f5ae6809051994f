"""The body of a structure and its layers so far, by formulas: what shows of it between a floor and a top.

With square rims the volume below is floor × area + cross-section × (top - floor), the surface area + perimeter × (top - floor).
Walls with a tilt, and films with round rims, have a section and an outline at each height, which are integrated along the
outer face: a straight line, and at the rim an arc around the edge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from geom3d.architectures._structure import Profile
from geom3d.cell.cell import Region

#: Points of the quadrature by Gauss and Legendre on either part of a face.
POINTS = 40


@dataclass(frozen=True)
class Stage:
    """The body of scaffold and layers so far.

    Attributes:
        profile: closed form of the structure.
        grown: total thickness of the coats on its walls, µm.
        floor, top: heights between which the profile shows, µm.
    """

    profile: Profile
    grown: float
    floor: float
    top: float

    @property
    def volume(self) -> float:
        """µm³ per unit cell."""
        p = self.profile
        return p.area * self.floor + self._show(p.cross_section(self.grown))

    @property
    def surface(self) -> float:
        """µm² per unit cell."""
        return self.profile.area + self.sides

    @property
    def sides(self) -> float:
        """Of that the side walls, µm² per unit cell."""
        return self._show(self.profile.perimeter(self.grown))

    @property
    def section(self) -> float:
        """Area of the body right above its floor, µm² per unit cell."""
        return self.profile.cross_section(self.grown)

    @property
    def around(self) -> float:
        """Level surface around what shows of the profile, µm² per unit cell."""
        return self.profile.area - self.section

    def _show(self, per_height: float) -> float:
        """Nothing of the profile is left once the floor has reached its top."""
        return per_height * (self.top - self.floor) if self.top > self.floor else 0.0

    def covered_by(self, layer: Region, level: float) -> Self:
        """The body with one more layer.

        Args:
            layer: a coat or a fill.
            level: z of the scaffold's top, µm.
        """
        if layer.fill_to is not None:
            floor = max(self.floor, level + layer.fill_to)
            return replace(self, floor=floor, top=max(self.top, floor))
        assert layer.thickness is not None  # what is no fill is a coat
        t = layer.thickness
        if self.profile.conformal or self.floor > self.profile.base_z:
            return replace(self, grown=self.grown + t, floor=self.floor + t, top=self.top + t)
        return replace(self, top=self.top + t)


@dataclass(frozen=True)
class MirroredStage(Stage):
    """The same of a plate with films on both faces: heights count from its middle, and the lower half is like the upper one.

    While the floor is 0 there is none: its holes are open.
    """

    @property
    def volume(self) -> float:
        """µm³ per unit cell."""
        return 2 * super().volume

    @property
    def surface(self) -> float:
        """µm² per unit cell."""
        return 2 * (self.profile.area if self.floor else self.section) + self.sides

    @property
    def sides(self) -> float:
        """Of that the side walls, µm² per unit cell."""
        return 2 * super().sides

    @property
    def around(self) -> float:
        """Level surface around what shows of the profile, µm² per unit cell."""
        return 2 * super().around

    def covered_by(self, layer: Region, level: float) -> Self:
        """The body with one more layer."""
        after = super().covered_by(layer, level)
        return after if self.floor or layer.fill_to is not None else replace(after, floor=0.0)


@dataclass(frozen=True)
class RoundStage(Stage):
    """The same with walls that lean outwards by a slope, and with round rims.

    Attributes:
        slope: growth of the outline's offset per depth.
    """

    slope: float = 0.0

    @property
    def volume(self) -> float:
        """µm³ per unit cell."""
        return self.profile.area * self.floor + self._integral(
            lambda out, rise, _: self.profile.cross_section(out) * rise
        )

    @property
    def surface(self) -> float:
        """µm² per unit cell."""
        if self.top <= self.floor:
            return self.profile.area
        return self.profile.area - self.section + self._faces() + self.profile.cross_section(0.0)

    @property
    def sides(self) -> float:
        """Of that the side walls, µm² per unit cell: bare ones; on films the rim is neither wall nor top."""
        return self._faces()

    @property
    def section(self) -> float:
        """Area of the body right above its floor, µm² per unit cell."""
        return self.profile.cross_section(self._out(self.floor))

    def _faces(self) -> float:
        return self._integral(lambda out, _, along: self.profile.perimeter(out) * along)

    def _out(self, z: float) -> float:
        """Offset of the outline at a height, µm."""
        if z < self._tangent:
            return self.slope * (self._edge - z) + self.grown * math.hypot(1.0, self.slope)
        return math.sqrt(max(self.grown**2 - (z - self._edge) ** 2, 0.0))

    @property
    def _edge(self) -> float:
        """Z of the bare structure's top, µm."""
        return self.profile.base_z + self.profile.height

    @property
    def _tangent(self) -> float:
        """Z at which the straight face turns into the arc around the edge, µm."""
        return self._edge + self.grown * self.slope / math.hypot(1.0, self.slope)

    def _integral(self, of: Callable[[float, float, float], float]) -> float:
        """Integral over the face of a function of offset, rise, and way along the face, both as of one point of the quadrature."""
        if self.top <= self.floor:
            return 0.0
        nodes, weights = np.polynomial.legendre.leggauss(POINTS)
        total = 0.0
        rise = self._tangent - self.floor
        if rise > 0:
            for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
                part = weight / 2 * rise
                total += of(self._out(self.floor + (node + 1) / 2 * rise), part, part * math.hypot(1.0, self.slope))
        if self.grown > 0:
            start = math.asin(min(1.0, (max(self.floor, self._tangent) - self._edge) / self.grown))
            turn = math.pi / 2 - start
            for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
                angle = start + (node + 1) / 2 * turn
                along = weight / 2 * turn * self.grown
                total += of(self.grown * math.cos(angle), along * math.cos(angle), along)
        return total
