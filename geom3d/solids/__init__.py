"""Solids: what a region is made of. One interface, two families, prisms and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.mesh.interfaces import InterfaceMesh


class Solid(Protocol):
    """A body, periodic in x and y, that can be grown by a film's thickness."""

    def offset(self, thickness: float) -> Self:
        """The body with a conformal film of that thickness, µm; `offset(a).grow(b) == grow(a + b)`."""
        ...

    def contains(self, points: FloatArray) -> BoolArray:
        """(n,) whether each of the (n, 3) points, µm, lies in the body."""
        ...

    def moved(self, dx: float, dy: float) -> Self:
        """The body shifted in the plane, µm."""
        ...

    def bounds_z(self) -> tuple[float, float]:
        """Lowest and highest z of the body, µm."""
        ...

    def __or__(self, other: Self) -> Self:
        """The union of two bodies of the same family."""
        ...

    def half_space(self, level: float) -> Self:
        """Everything below a height, µm, as a body of the same family."""
        ...

    @classmethod
    def step(cls, solids: Sequence[Self], size: tuple[float, float, float], requested: float | None) -> float | None:
        """Step of the grid on which a partition by these bodies is sampled, µm; None for a family that needs none."""
        ...

    @classmethod
    def partition(
        cls, names: tuple[str, ...], solids: Sequence[Self], size: tuple[float, float, float], fineness: float | None
    ) -> InterfaceMesh:
        """The walls of the partition in which the first solid that contains a point owns it."""
        ...
