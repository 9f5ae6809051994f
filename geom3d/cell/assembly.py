"""Template → Cell: the architecture's own regions, then coats and fills in order."""

from __future__ import annotations

import math

from geom3d import architectures
from geom3d.architectures._structure import Structure
from geom3d.cell.cell import Cell, Region
from geom3d.cell.template import Layer, Template
from geom3d.core.errors import InputError
from geom3d.core.roles import COLLECTOR, Role
from geom3d.library.materials import COLLECTS, Material, find, shipped
from geom3d.solids import Solid
from geom3d.solids.fields.web import coarsest_step

#: Taken where a template names no material for one of the architecture's own regions.
DEFAULT_MATERIALS = {
    Role.SUBSTRATE: "silicon-substrate",
    Role.ANODE: "lto",
    Role.CATHODE: "licoo2",
    Role.ELECTROLYTE: "lipon",
}
#: Empty height left above the highest region, as a share of it: tops must face the void, not the box's end.
HEADROOM = 0.05


def assemble(template: Template) -> Cell:
    """Builds the unit cell that a template describes.

    Raises:
        InputError: a coat that closes its gap, a material that cannot take its role, a layer without room.
    """
    architecture = architectures.get(template.architecture)
    structure = architecture.build(template.parameters)
    fineness = _fineness(template, structure)
    regions = [_own_region(template, name, role, solid) for name, role, solid in structure.regions]
    if structure.ceiling is not None:
        if template.layers:
            raise InputError(
                f"layers: a cell closed from above by its upper plate has no room for layers; got {len(template.layers)}"
            )
        return Cell((*structure.size, structure.ceiling), tuple(regions), structure.facts, fineness)
    regions += _layer_regions(template, structure)
    top = max(region.solid.bounds_z()[1] for region in regions)
    size = (*structure.size, top + HEADROOM * top)
    return Cell(size, tuple(regions), structure.facts, fineness)


def _fineness(template: Template, structure: Structure) -> float | None:
    """The chord tolerance of prisms, or the step of a sponge's grid; each has but its own."""
    own, other = ("tolerance", "resolution") if structure.facts.web is None else ("resolution", "tolerance")
    given: float | None = getattr(template, other)
    if given is not None:
        rule = "outlines are exact but for tolerance" if own == "tolerance" else "a sponge is sampled: give resolution"
        raise InputError(f"{other}: has no meaning for {template.architecture} ({rule}); got {given:g} µm")
    requested: float | None = getattr(template, own)
    web = structure.facts.web
    if web is not None and requested is not None and requested > (coarsest := coarsest_step(web.radius, web.size)):
        raise InputError(
            f"resolution: must be at most {coarsest:.4g} µm to hold the shape "
            f"(radius of curvature {web.radius:.4g} µm); got {requested:g} µm"
        )
    return requested


def _own_region(template: Template, name: str, role: Role, solid: Solid) -> Region:
    choice = template.materials.get(name)
    role = role if choice is None or choice.role is None else choice.role
    key = f"materials.{name}"
    if choice is None and role not in DEFAULT_MATERIALS:
        raise InputError(f"{key}: is missing; a region of role {role.value} needs a material")
    material = template.material(DEFAULT_MATERIALS[role] if choice is None else choice.material, key)
    material = _fitting(material, role, key, template.capacity_basis, None if choice is None else choice.utilisation)
    return Region(name, role, material, solid)


def _layer_regions(template: Template, structure: Structure) -> list[Region]:
    facts = structure.facts
    regions: list[Region] = []
    body = structure.film_base
    grown, gap = 0.0, facts.film_gap
    for layer in template.layers:
        key = f"layers.{layer.name}"
        material = template.material(layer.material, f"{key}.material")
        material = _fitting(material, layer.role, f"{key}.material", template.capacity_basis, layer.utilisation)
        if layer.thickness is not None:
            grown += layer.thickness
            # The last 1e-6 of a gap is no opening but rounding.
            if 2 * grown >= gap * (1 - 1e-6):
                raise InputError(
                    f"{key}.thickness: coats of {grown:g} µm in all close the gap of {gap:g} µm between facing walls "
                    f"(less than {gap / 2:g} µm fit); got {layer.thickness:g} µm; to fill what is left, use fill_to"
                )
            body = body.offset(layer.thickness)
        else:
            level = _fill_level(layer, facts.base_z, facts.top, key)
            fill = body.half_space(level)
            if level >= body.bounds_z()[1]:
                gap, body = math.inf, fill  # whatever lies under it shows no more
            else:
                body = body | fill
        regions.append(Region(layer.name, layer.role, material, body))
    return regions


def _fill_level(layer: Layer, base_z: float, top: float, key: str) -> float:
    """Z up to which a fill reaches, µm."""
    assert layer.fill_to is not None  # the template's own rule: thickness or fill_to
    level = top + layer.fill_to
    if level <= base_z:
        depth = top - base_z
        raise InputError(
            f"{key}.fill_to: must lie above the floor, which is {depth:g} µm below the scaffold's top; got {layer.fill_to:g}"
        )
    return level


def _fitting(material: Material, role: Role, key: str, basis: str, utilisation: float | None) -> Material:
    """The material, with the share of its charge that the template states.

    Electrodes and electrolytes need materials that can serve as such, collectors those that conduct electrons; other roles
    take any.

    Raises:
        InputError: naming the materials that would do.
    """
    if utilisation is not None:
        if role not in COLLECTOR:
            raise InputError(f"{key}: utilisation belongs to electrodes, not to the role {role.value}")
        try:
            material = material.used(utilisation)
        except ValueError as error:
            raise InputError(f"{key}: {error}; utilisation is a share of it") from None
    if role in COLLECTOR.values():
        if not material.collects:
            fitting = [name for name in shipped() if (known := find(name)) is not None and known.collects]
            raise InputError(
                f"{key}: {material.title} is not known to conduct electrons and cannot be the {role.value}; valid: "
                f"{', '.join(fitting)} (a material of your own: electronic_conductivity_S_cm of at least {COLLECTS:g})"
            )
        return material
    if role not in (Role.ANODE, Role.CATHODE, Role.ELECTROLYTE):
        return material
    if role.value not in material.roles:
        fitting = [name for name in shipped() if role.value in _roles(name)]
        can = ", ".join(material.roles) or "none"
        raise InputError(
            f"{key}: {material.title} cannot serve as {role.value} (its roles: {can}); valid: {', '.join(fitting)}"
        )
    if role is not Role.ELECTROLYTE:
        try:
            material.capacity_uAh_cm2_um(basis)
        except ValueError as error:
            raise InputError(f"{key}: {error}; an electrode needs both{_way_out(material, basis)}") from None
    return material


def _way_out(material: Material, basis: str) -> str:
    """What else to do where nothing but the practical charge is missing."""
    known = material.density_g_cm3 is not None and material.capacity_theoretical_mAh_g is not None
    return " (or state its utilisation, the share of the theoretical one)" if known and basis == "practical" else ""


def _roles(name: str) -> tuple[str, ...]:
    material = find(name)
    return material.roles if material is not None else ()
