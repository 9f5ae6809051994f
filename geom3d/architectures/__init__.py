"""Architectures: one file each, found by its name; `trenches.py` is `architecture = "trenches"`.

Such a file, or what another distribution registers under `[project.entry-points."geom3d.architectures"]`, has the form of
`Architecture`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Protocol

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
from geom3d.core.errors import InputError
from geom3d.core.plugins import Door, lacking
from geom3d.core.quantities import Length
from geom3d.core.roles import Role
from geom3d.solids.prisms.outline import Disc, Plane
from geom3d.solids.prisms.prism import Prism, Prisms

if TYPE_CHECKING:
    from geom3d.architectures._sponge import SpongeParameters, contoured, quadrature, sponge

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
    "SpongeParameters",
    "Structure",
    "StructureFacts",
    "below",
    "contoured",
    "discs",
    "get",
    "lattice_cell",
    "names",
    "plate",
    "plated_regions",
    "quadrature",
    "scaffold_structure",
    "sponge",
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
    """The form of an architecture: of a module in this folder, and of what another distribution registers.

    The first line of its docstring says what it is. Posts of one sign on a plate, as a whole:

    >>> import math
    >>> from geom3d.architectures import PlateParameters, Profile, Size, Structure, discs, scaffold_structure
    >>> class Parameters(PlateParameters):
    ...     pitch: Annotated[Size, Field(description="distance between the centres of nearest posts")] = 10.0
    ...     diameter: Annotated[Size, Field(description="diameter of a post; smaller than pitch")] = 5.0
    ...     height: Annotated[Size, Field(description="height of a post above the plate")] = 50.0
    >>> def build(p: Parameters) -> Structure:
    ...     p.require(p.diameter < p.pitch, "diameter", f"must be smaller than pitch = {p.pitch:g} µm")
    ...     shapes = discs(((p.pitch / 2, p.pitch / 2),), p.diameter, 8)
    ...     return scaffold_structure(p, (p.pitch, p.pitch), p.height, shapes, film_gap=p.pitch - p.diameter)
    >>> def closed_form(p: Parameters) -> Profile:
    ...     area, radius = p.pitch**2, p.diameter / 2
    ...     section, outline = lambda t: math.pi * (radius + t) ** 2, lambda t: 2 * math.pi * (radius + t)
    ...     return Profile(area, p.base_z, p.height, section, outline)
    >>> posts = build(Parameters(pitch="12 µm"))
    >>> posts.size, [name for name, role, body in posts.regions], posts.facts.top
    ((12.0, 12.0), ['scaffold'], 51.0)

    A sponge is one function of space more: see `sponge`, and `tpms.py` for an example.

    Attributes:
        Parameters: a model of any pydantic types; every field has a default, and should have a range and a description.
    """

    __doc__: str | None
    Parameters: type[ParametersBase]

    def build(self, parameters: Any) -> Structure:
        """The structure before films.

        Raises:
            InputError: where the parameters do not go together; `ParametersBase.require` words it.
        """
        ...

    def closed_form(self, parameters: Any) -> Profile | ClosedForms:
        """What formulas tell, by which `verify` holds the mesh.

        A `Profile` where the cross-section is constant and films follow the walls; else `ClosedForms`, with as many numbers
        as are known, perhaps none; a `Quadrature` for sponges.
        """
        ...


def _fault(thing: Any) -> str | None:
    """What is wrong with the form of a registered architecture."""
    model = getattr(thing, "Parameters", None)
    if not (isinstance(model, type) and issubclass(model, ParametersBase)):
        return "must have a class Parameters derived from geom3d.architectures.ParametersBase"
    required = [name for name, info in model.model_fields.items() if info.is_required()]
    if required:
        return f"must have a default for every parameter; {required[0]} has none"
    return lacking(thing, "build", "closed_form")


def _must_return(*kinds: type) -> Any:
    """What is wrong with a result that is to be of one of these classes."""
    valid = " or ".join(kind.__name__ for kind in kinds)

    def fault(_: Any, result: Any) -> str | None:
        return None if isinstance(result, kinds) else f"must return a {valid}; got {type(result).__name__}"

    return fault


#: The architectures: those of this folder, and those of distributions that have entry points `geom3d.architectures`.
DOOR: Door[Architecture] = Door(
    "architecture",
    __name__,
    "geom3d.architectures",
    _fault,
    {"build": _must_return(Structure), "closed_form": _must_return(Profile, ClosedForms)},
)


def names() -> tuple[str, ...]:
    """Names of all architectures."""
    return DOOR.names


def get(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        InputError: for an unknown name, with the valid ones.
        PluginError: where a distribution registers it, but it cannot be used.
    """
    return DOOR.get(name)


def __getattr__(name: str) -> Any:
    """What architectures of sponges share; it is loaded where one is used."""
    if name in ("SpongeParameters", "contoured", "quadrature", "sponge"):
        from geom3d.architectures import _sponge

        return getattr(_sponge, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
