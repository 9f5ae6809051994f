"""Two arrays of posts, one of each sign, inserted into each other, with the electrolyte between them."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from geom3d.architectures import ParametersBase, Size, discs, lattice_cell, plate, standing
from geom3d.architectures._structure import ClosedForms, Sites, Structure, StructureFacts
from geom3d.core.roles import Role
from geom3d.solids.prisms.outline import Plane
from geom3d.solids.prisms.prism import Prism, Prisms

ComplexArray = NDArray[np.complexfloating[Any, Any]]


class Parameters(ParametersBase):
    """Parameters of interdigitated posts."""

    pattern: Annotated[
        Literal["checkerboard", "alternating_rows", "hexagonal"],
        Field(description="signs alternate on a square lattice, row by row on it, or row by row on a hexagonal one"),
    ] = "checkerboard"
    mounting: Annotated[
        Literal["opposed", "substrate"],
        Field(description="anode posts on a bottom plate and cathode posts on a top plate, or all on one substrate"),
    ] = "opposed"
    pitch: Annotated[Size, Field(description="distance between the centres of nearest posts, of either sign")] = 15.0
    anode_diameter: Annotated[Size, Field(description="diameter of an anode post")] = 10.0
    cathode_diameter: Annotated[Size, Field(description="diameter of a cathode post")] = 10.0
    height: Annotated[Size, Field(description="height of a post above its plate")] = 50.0
    tip_gap: Annotated[Size, Field(description="from a post's tip to the other plate (opposed mounting only)")] = 5.0
    plate: Annotated[Size, Field(description="thickness of the plates, or of the substrate")] = 5.0


def _lattice(p: Parameters) -> tuple[tuple[float, float], Sites, Sites, int]:
    """Period, anode sites, cathode sites, polygon symmetry."""
    a, b = p.pitch / 2, 3 * p.pitch / 2
    if p.pattern == "checkerboard":
        return (2 * p.pitch, 2 * p.pitch), ((a, a), (b, b)), ((b, a), (a, b)), 8
    if p.pattern == "alternating_rows":
        return (p.pitch, 2 * p.pitch), ((a, a),), ((a, b),), 8
    size, sites, symmetry_order = lattice_cell("hexagonal", p.pitch)
    return size, sites[:1], sites[1:], symmetry_order


def build(parameters: Parameters) -> Structure:
    """Posts of both signs and the electrolyte that fills the rest."""
    p = parameters
    unlike = p.pitch - (p.anode_diameter + p.cathode_diameter) / 2
    p.require(unlike > 0, "anode_diameter", f"the radii of both signs must leave a gap within pitch = {p.pitch:g} µm")
    like = p.pitch * (math.sqrt(2) if p.pattern == "checkerboard" else 1)
    for key in ("anode_diameter", "cathode_diameter"):
        p.require(getattr(p, key) < like, key, f"must be smaller than {like:g} µm, the distance of posts of one sign")
    size, anodes, cathodes, symmetry_order = _lattice(p)
    thickest = max(p.anode_diameter, p.cathode_diameter)
    gap, feature = min(unlike, like - thickest), min(p.anode_diameter, p.cathode_diameter)
    whole = Plane()
    if p.mounting == "opposed":
        top = 2 * p.plate + p.height + p.tip_gap
        anode = plate(p.plate, size) | standing(
            discs(anodes, p.anode_diameter, symmetry_order), 0.0, p.plate + p.height, size
        )
        hanging = standing(discs(cathodes, p.cathode_diameter, symmetry_order), p.plate + p.tip_gap, math.inf, size)
        cathode = Prisms((Prism(whole, top - p.plate, math.inf),), size) | hanging
        rest = Prisms((Prism(whole, -math.inf, math.inf),), size)
        regions = (
            ("anode", Role.ANODE, anode),
            ("cathode", Role.CATHODE, cathode),
            ("electrolyte", Role.ELECTROLYTE, rest),
        )
        facts = StructureFacts(
            base_z=p.plate,
            top=top - p.plate,
            scaffold=("anode", "cathode"),
            below=(("anode", p.plate),),
            gap=min(gap, p.tip_gap),
            feature=feature,
            aspect_ratio=p.height / feature,
            posts=len(anodes) + len(cathodes),
            sites=(*anodes, *cathodes),
        )
        return Structure(size, regions, facts, rest, ceiling=top)
    top = p.plate + p.height
    rest = Prisms((Prism(whole, p.plate, top),), size)
    substrate = plate(p.plate, size)
    facts = StructureFacts(
        base_z=p.plate,
        top=top,
        scaffold=("anode", "cathode", "substrate"),
        below=(("substrate", p.plate),),
        gap=gap,
        feature=feature,
        aspect_ratio=p.height / feature,
        posts=len(anodes) + len(cathodes),
        sites=(*anodes, *cathodes),
    )
    return Structure(
        size,
        (
            ("anode", Role.ANODE, standing(discs(anodes, p.anode_diameter, symmetry_order), p.plate, top, size)),
            (
                "cathode",
                Role.CATHODE,
                standing(discs(cathodes, p.cathode_diameter, symmetry_order), p.plate, top, size),
            ),
            ("electrolyte", Role.ELECTROLYTE, rest),
            ("substrate", Role.SUBSTRATE, substrate),
        ),
        facts,
        rest | substrate,
    )


def closed_form(parameters: Parameters) -> ClosedForms:
    """Cylinders: side πdh and section πd²/4 each; opposed, the plates' inner faces count as well."""
    p = parameters
    size, anodes, cathodes, _ = _lattice(p)
    area = size[0] * size[1]
    opposed = p.mounting == "opposed"
    unlike = p.pitch - (p.anode_diameter + p.cathode_diameter) / 2
    plates = p.plate if opposed else 0.0
    rise = p.height + (p.tip_gap if opposed else 0.0)
    metrics: dict[str, float] = {}
    for name, count, diameter in (
        ("anode", len(anodes), p.anode_diameter),
        ("cathode", len(cathodes), p.cathode_diameter),
    ):
        side = count * math.pi * diameter * p.height / area
        posts = count * math.pi * diameter**2 / 4 * p.height / area
        metrics[f"area_gain.{name}"] = side + (1.0 if opposed else 0.0)
        metrics[f"area_gain.{name}_side_walls"] = side
        metrics[f"thickness_equivalent_um.{name}"] = posts + plates
        metrics[f"volume_fraction.{name}"] = posts / rise
        metrics[f"capacity_below_features.{name}"] = plates / (posts + plates)
        metrics[f"inter_electrode_distance_um.{name}.min"] = min(unlike, p.tip_gap) if opposed else unlike
    sides = metrics["area_gain.anode_side_walls"] + metrics["area_gain.cathode_side_walls"]
    electrodes = metrics["thickness_equivalent_um.anode"] + metrics["thickness_equivalent_um.cathode"]
    metrics["area_gain.side_walls"] = sides
    metrics["area_gain.scaffold"] = sides + (2.0 if opposed else 1.0)
    metrics["thickness_equivalent_um.electrolyte"] = rise + 2 * plates - electrodes
    return ClosedForms(metrics, None if opposed else _conductance(p, len(anodes) / area))


def _conductance(p: Parameters, posts_per_um2: float) -> float | None:
    """Between posts of equal diameter on an insulating substrate, 1/µm: the same at every height, so that of the plane.

    By symmetry each post stands in a square of the pitch: on its sides towards the other sign the potential is half way, through
    the others no current passes. Around a disc the potential is (ρ = r / radius)

        ln ρ + Σ_n c_n (ρⁿ - ρ⁻ⁿ) cos nθ,   n a multiple of 4 in a checkerboard, of 2 in rows,

    and the c_n, and what the logarithm weighs, follow from the sides by least squares: fifteen of them give ten digits.
    Known values: 6.540109 for a radius of a third of the pitch in a checkerboard, 2.875032 for a quarter in rows.
    """
    if p.pattern == "hexagonal" or p.anode_diameter != p.cathode_diameter:
        return None
    rows = p.pattern == "alternating_rows"
    radius, half = p.anode_diameter / (2 * p.pitch), 0.5
    order = (2 if rows else 4) * np.arange(1, 16)
    along = half * (np.arange(60) + 0.5) / 60
    # The eighth of the plane from the axis towards the other sign, or the quarter in rows: the other side is insulating.
    facing = along + 1j * half if rows else half + 1j * along
    # Powers of the distance to the corner, so that no column of the system dwarfs another.
    outer = math.hypot(half, half)

    def field(z: ComplexArray) -> ComplexArray:
        """(n, terms) complex potentials whose real part each term is."""
        powers = (z[:, None] / outer) ** order - (radius**2 / (z[:, None] * outer)) ** order
        return np.column_stack([np.log(z / radius), powers])

    def slope(z: ComplexArray) -> ComplexArray:
        """(n, terms) their derivatives."""
        powers = order / z[:, None] * ((z[:, None] / outer) ** order + (radius**2 / (z[:, None] * outer)) ** order)
        return np.column_stack([1 / z, powers])

    system = field(facing).real
    goal = np.ones(len(facing))
    if rows:
        walls = half + 1j * along
        system = np.concatenate([system, slope(walls).real])
        goal = np.concatenate([goal, np.zeros(len(walls))])
    weights = np.linalg.lstsq(system, goal, rcond=None)[0]
    # From the disc to the side: 2π × the logarithm's weight; from disc to disc there are two of these in series.
    return float(math.pi * weights[0]) * p.height * posts_per_um2
