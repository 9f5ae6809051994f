"""Architectures: one file each, found by its name; `trenches.py` is `architecture = "trenches"`.

Such a file has a class `Parameters`, a function `build(parameters)` that returns a `Structure`, and a function
`closed_form(parameters)` that returns a `Profile` or, where films do not follow the walls, a `ClosedForms`; sponges, which
have no closed form, return a `Quadrature`.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from functools import cache
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from geom3d.architectures._structure import (
    ClosedForms,
    OwnRegion,
    Profile,
    Quadrature,
    Sites,
    Structure,
    StructureFacts,
)
from geom3d.core.errors import InputError, choose_from
from geom3d.core.quantities import Length
from geom3d.core.roles import Role
from geom3d.solids.prisms.outline import Disc, Plane
from geom3d.solids.prisms.prism import Prism, Prisms

__all__ = [
    "Architecture",
    "ClosedForms",
    "OwnRegion",
    "ParametersBase",
    "PlateParameters",
    "Profile",
    "Quadrature",
    "Size",
    "SizeOrZero",
    "Structure",
    "StructureFacts",
    "below",
    "discs",
    "get",
    "lattice_cell",
    "names",
    "plate",
    "plated_regions",
    "scaffold_structure",
    "standing",
]

#: A lateral or vertical dimension of a structure, µm.
Size = Annotated[Length, Field(ge=1e-3, le=1e5)]
#: A dimension that may vanish, µm.
SizeOrZero = Annotated[Length, Field(ge=0, le=1e5)]


class ParametersBase(BaseModel):
    """Parameters of an architecture; every field has a default, a range and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def require(self, holds: bool, key: str, rule: str) -> None:
        """Raises a clear error unless a rule between parameters holds."""
        if not holds:
            value = getattr(self, key)
            shown = f"{value:g}" if isinstance(value, float) else value
            raise InputError(f"parameters.{key}: {rule}; got {shown}")


class PlateParameters(ParametersBase):
    """Parameters of what stands on a plate, or is sunk into one."""

    base: Annotated[
        Size, Field(description="thickness of the plate below the structure's foot, of the same material")
    ] = 1.0
    backing: Annotated[
        SizeOrZero, Field(description="thickness of a further region, named backing, under the plate; 0 for none")
    ] = 0.0

    @property
    def base_z(self) -> float:
        """Z of the floor between posts or of the bottom of holes, µm."""
        return self.backing + self.base


class Architecture(Protocol):
    """The form of a module in this folder."""

    __doc__: str | None
    Parameters: type[ParametersBase]

    def build(self, parameters: Any) -> Structure: ...

    def closed_form(self, parameters: Any) -> Profile | ClosedForms: ...


@cache
def names() -> tuple[str, ...]:
    """Names of all architectures."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def get(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        InputError: naming the valid ones.
    """
    if name not in names():
        raise InputError(f"architecture: unknown {name!r}; {choose_from(name, names())}")
    module: Any = importlib.import_module(f"{__name__}.{name}")
    architecture: Architecture = module
    return architecture


def lattice_cell(lattice: str, pitch: float) -> tuple[tuple[float, float], Sites, int]:
    """Period, sites and polygon symmetry of a lattice of nearest-neighbour distance `pitch`.

    A hexagonal lattice is a box of p × √3 p with two sites.

    Returns:
        size (µm, µm), sites ((x, y), …), `symmetry_order` for `Disc`.
    """
    if lattice == "square":
        return (pitch, pitch), ((pitch / 2, pitch / 2),), 8
    size = (pitch, math.sqrt(3) * pitch)
    return size, ((pitch / 4, size[1] / 4), (3 * pitch / 4, 3 * size[1] / 4)), 24


def plate(thickness: float, size: tuple[float, float]) -> Prisms:
    """A plate under everything, endless downwards: films on it cannot creep under it."""
    return Prisms((Prism(Plane(), -math.inf, thickness),), size)


def discs(sites: Sites, diameter: float, symmetry_order: int) -> tuple[Disc, ...]:
    """A disc at each site."""
    return tuple(Disc(x, y, diameter / 2, symmetry_order) for x, y in sites)


def standing(shapes: tuple[Any, ...], low: float, high: float, size: tuple[float, float]) -> Prisms:
    """Prisms over the shapes between two heights, µm."""
    return Prisms(tuple(Prism(shape, low, high) for shape in shapes), size)


def scaffold_structure(
    parameters: PlateParameters,
    size: tuple[float, float],
    height: float,
    shapes: tuple[Any, ...],
    **facts: Any,
) -> Structure:
    """The structure of an architecture with one body, the scaffold: shapes that stand on a plate.

    Args:
        parameters: give the plate and what lies under it.
        size: the period in x and y, µm.
        height: of the shapes above the plate, µm.
        shapes: plane outlines of what stands on the plate.
        facts: the rest of `StructureFacts`.
    """
    p, top = parameters, parameters.base_z + height
    body = standing(shapes, 0.0, top, size) | plate(p.base_z, size)
    known = StructureFacts(base_z=p.base_z, top=top, scaffold=("scaffold",), below=below(p), **facts)
    return Structure(size, plated_regions(p, body, size), known, body)


def plated_regions(parameters: PlateParameters, body: Prisms, size: tuple[float, float]) -> tuple[OwnRegion, ...]:
    """The scaffold, and the backing under it if there is one."""
    backing: tuple[OwnRegion, ...] = ()
    if parameters.backing > 0:
        backing = (("backing", Role.SUBSTRATE, plate(parameters.backing, size)),)
    return (*backing, ("scaffold", Role.SUBSTRATE, body))


class Plate(Protocol):
    """What a structure stands on."""

    @property
    def base(self) -> float: ...

    @property
    def backing(self) -> float: ...


def below(parameters: Plate) -> tuple[tuple[str, float], ...]:
    """Thickness of the scaffold and of the backing below the foot, µm."""
    backing = (("backing", parameters.backing),) if parameters.backing > 0 else ()
    base = (("scaffold", parameters.base),) if parameters.base > 0 else ()
    return (*base, *backing)
