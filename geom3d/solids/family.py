"""What a solid is, and what a family of solids is: all that is asked of either, once.

A cell is made of solids of one family. What lies to the right reads the family's properties, never the class of a solid,
and works on what every family gives: the walls (`InterfaceMesh`), the tetrahedra that fill them, and `contains`. Where a
family knows a better way than that, its way is registered for the type of its family object with
`functools.singledispatch`: `geom3d.transport.conduction.solved` and `geom3d.rasters.plans.layered` are such functions,
and prisms, which are exact, are registered at both. A further family touches its own files only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, Self, TypeVar

from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.core.errors import InputError
from geom3d.mesh.interfaces import InterfaceMesh

S_contra = TypeVar("S_contra", contravariant=True)


class Solid(Protocol):
    """A body, periodic in x and y, that can be grown by a film's thickness."""

    @property
    def family(self) -> Family[Any]:
        """The family it belongs to; one object, the same for all of its solids."""
        ...

    def offset(self, thickness: float) -> Self:
        """The body with a conformal film of that thickness, µm; `offset(a).offset(b) == offset(a + b)`."""
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


class Family(Protocol[S_contra]):
    """A way to describe bodies and to partition a box by them."""

    @property
    def name(self) -> str:
        """For people, such as "prisms"."""
        ...

    @property
    def is_sampled(self) -> bool:
        """Whether curved walls are found on a grid, so that numbers change with its step. If not, walls are exact but for
        chords.
        """
        ...

    @property
    def film_edges(self) -> Literal["square", "round"]:
        """The form of a film's outer rims where it goes around an edge."""
        ...

    @property
    def vertical_walls(self) -> bool:
        """Whether every wall is either vertical or level, so that a section is the same between two floors."""
        ...

    def require(self, solid: S_contra, grid_step: float) -> None:
        """Raises an InputError where a solid cannot be sampled with that step of the grid, µm."""
        ...

    def step(
        self, solids: Sequence[S_contra], size: tuple[float, float, float], requested: float | None
    ) -> float | None:
        """Step of the grid on which a partition by these solids is sampled, µm; None for a family that is not sampled.

        Args:
            solids: of a cell.
            size: of its box, µm.
            requested: the step asked for, or None for a usual one.

        Raises:
            InputError: where there can be no such grid.
        """
        ...

    def partition(
        self,
        names: tuple[str, ...],
        solids: Sequence[S_contra],
        size: tuple[float, float, float],
        *,
        chord_tolerance: float | None = None,
        grid_step: float | None = None,
    ) -> InterfaceMesh:
        """The walls of the partition in which the first solid that contains a point owns it.

        Their `filling` fills them with tetrahedra, their `pieces` finds what hangs together.

        Args:
            names: one per solid.
            solids: the first wins.
            size: of the box, µm.
            chord_tolerance: of a family whose walls are exact but for chords, µm; None for the usual one.
            grid_step: of a sampled family, µm; None for the usual one.
        """
        ...


def family_of(solids: Mapping[str, Solid]) -> Family[Any]:
    """The one family of some solids.

    Args:
        solids: by the name of their region.

    Raises:
        InputError: where they are of several; it names the regions.
    """
    found: dict[str, tuple[Family[Any], list[str]]] = {}
    for name, solid in solids.items():
        found.setdefault(solid.family.name, (solid.family, []))[1].append(name)
    if len(found) != 1:
        parts = "; ".join(f"{name}: {', '.join(regions)}" for name, (_, regions) in found.items())
        raise InputError(f"regions: the solids of a cell must be of one family; got {parts or 'no solid'}")
    ((family, _),) = found.values()
    return family
