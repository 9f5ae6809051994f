"""Template → Cell: the architecture's own regions, then coats and fills in order."""

from __future__ import annotations

import math
from dataclasses import replace

from geom3d.architectures._structure import Structure, StructureFacts
from geom3d.cell.cell import Cell, Region
from geom3d.cell.film_thickness import film_profile
from geom3d.cell.room import Room
from geom3d.cell.template import Draft, Layer, Template
from geom3d.core.errors import InputError
from geom3d.core.roles import COLLECTOR, Role
from geom3d.deposition import Coverage
from geom3d.deposition.film import film_of
from geom3d.deposition.particles import Surface
from geom3d.deposition.predict import Body, coverage
from geom3d.library.materials import COLLECTS, Material, collecting, fitting
from geom3d.solids import Solid
from geom3d.solids.fields.upright import Upright
from geom3d.solids.film_profile import FilmProfile
from geom3d.solids.prisms.prism import Prisms

#: Taken where a template names no material for one of the architecture's own regions.
DEFAULT_MATERIALS = {
    Role.SUBSTRATE: "silicon-substrate",
    Role.ANODE: "lto",
    Role.CATHODE: "licoo2",
    Role.ELECTROLYTE: "lipon",
}
#: Empty height left above the highest region, and below a plate that has films on both faces, as a share of the height:
#: tops must face the void, not the box's end.
HEADROOM = 0.05


def assemble(draft: Draft) -> Cell:
    """The unit cell that a template describes: its architecture's structure under coats and fills.

    Raises:
        InputError: a coat that closes its gap, a material that cannot take its role, a layer without room.
    """
    template, structure = draft.template, draft.structure
    chord_tolerance, grid_step = _chord_tolerance(template, structure), _grid_step(template, structure)
    regions = [_own_region(template, name, role, solid) for name, role, solid in structure.regions]
    if structure.ceiling is not None and template.layers:
        raise InputError(
            f"layers: a cell closed from above by its upper plate has no room for layers; got {len(template.layers)}"
        )
    regions += _layer_regions(template, structure)
    height, facts = structure.ceiling, structure.facts
    if facts.both_faces:
        regions, facts = _afloat(regions, facts)
    if height is None:
        low, top = _ends(regions)
        height = top + HEADROOM * (top - (low if facts.both_faces else 0.0))
    size = (*structure.size, height)
    return Cell(size, tuple(regions), facts, chord_tolerance, grid_step, template.description())


def _ends(regions: list[Region]) -> tuple[float, float]:
    """Lowest and highest z of regions, µm."""
    lows, highs = zip(*(region.solid.bounds_z() for region in regions), strict=True)
    return min(lows), max(highs)


def _afloat(regions: list[Region], facts: StructureFacts) -> tuple[list[Region], StructureFacts]:
    """The regions of a plate with films on both faces, raised so that its lowest film faces the void in the box, too."""
    low, high = _ends(regions)
    dz = HEADROOM * (high - low) - low
    raised = []
    for region in regions:
        assert isinstance(region.solid, Prisms)  # the template refuses such a plate with walls of another kind
        raised.append(replace(region, solid=region.solid.raised(dz)))
    return raised, replace(facts, base_z=facts.base_z + dz, top=facts.top + dz)


def _chord_tolerance(template: Template, structure: Structure) -> float | None:
    """The chord tolerance that is asked for, of a structure whose outlines are exact but for that."""
    family = structure.film_base.family
    if family.is_sampled and template.tolerance is not None:
        raise InputError(
            f"tolerance: has no meaning for {template.architecture} ({family.name} are sampled: give resolution); "
            f"got {template.tolerance:g} µm"
        )
    return template.tolerance


def _grid_step(template: Template, structure: Structure) -> float | None:
    """The grid step that is asked for, of a structure that is sampled."""
    family, requested = structure.film_base.family, template.resolution
    if requested is None:
        return None
    if not family.is_sampled:
        raise InputError(
            f"resolution: has no meaning for {template.architecture} (outlines are exact but for tolerance); "
            f"got {requested:g} µm"
        )
    family.require(structure.film_base, requested)
    return requested


def _own_region(template: Template, name: str, usual: Role, solid: Solid) -> Region:
    choice = template.materials.get(name)
    role = usual if choice is None or choice.role is None else choice.role
    key = f"materials.{name}"
    if choice is None and role not in DEFAULT_MATERIALS:
        raise InputError(f"{key}: is missing; a region of role {role.value} needs a material")
    material = template.material(DEFAULT_MATERIALS[role] if choice is None else choice.material, key)
    material = _fitting(material, role, key, template.capacity_basis, None if choice is None else choice.utilisation)
    return Region(name, role, material, solid, usual)


def _layer_regions(template: Template, structure: Structure) -> list[Region]:
    facts = structure.facts
    regions: list[Region] = []
    body = structure.film_base
    room = Room.of(structure)
    for layer in template.layers:
        key = f"layers.{layer.name}"
        material = template.material(layer.material, f"{key}.material")
        material = _fitting(material, layer.role, f"{key}.material", template.capacity_basis, layer.utilisation)
        film: FilmProfile | None = None
        found: Coverage | None = None
        if layer.thickness is not None:
            film = film_profile(layer.thickness, facts.top - facts.base_z, f"{key}.thickness")
            if layer.step_coverage is not None:
                sticking = layer.step_coverage.probability(f"{key}.step_coverage")
                found = _covered(body, structure, template, sticking)
                if found is not None:
                    grown = body.bounds_z()[1] - facts.top
                    film = film_of(found, film.top, facts.top - facts.base_z, grown)
            room = room.under(film, f"{key}.thickness")
            body = body.offset(film) if isinstance(body, Upright) else body.offset(film.top)
        else:
            level = _fill_level(layer, facts, key)
            fill = _filled_space(body, facts, level)
            if level >= body.bounds_z()[1]:
                room, body = room.filled(math.inf), fill  # whatever lies under it shows no more
            else:
                room, body = room.filled(level), body | fill
        thickness = None if film is None else film.top
        uneven = None if film is None or film.is_even else film
        regions.append(
            Region(
                layer.name,
                layer.role,
                material,
                body,
                thickness=thickness,
                fill_to=layer.fill_to,
                film=uneven,
                coverage=found,
            )
        )
    return regions


def _covered(body: Solid, structure: Structure, template: Template, sticking: float) -> Coverage | None:
    """What a process leaves on a body; None on the flat, where every film is even."""
    if structure.facts.top <= structure.facts.base_z:
        return None

    def surface() -> Surface:
        size = (*structure.size, (1 + HEADROOM) * body.bounds_z()[1])
        return Surface.of(body.family.partition(("body",), [body], size, grid_step=template.resolution))

    return coverage(Body(body, structure.size, structure.facts), sticking, surface)


def _filled_space(body: Solid, facts: StructureFacts, level: float) -> Solid:
    """What a fill up to a height takes, as far as nothing is there; of a plate with films on both faces as far down."""
    if not facts.both_faces:
        return body.half_space(level)
    assert isinstance(body, Prisms)  # as above
    return body.slab(facts.base_z + facts.top - level, level)


def _fill_level(layer: Layer, facts: StructureFacts, key: str) -> float:
    """Z up to which a fill reaches, µm; where it reaches as far down from the lower face, both ends must leave it some room."""
    assert layer.fill_to is not None  # the template's own rule: thickness or fill_to
    level, depth = facts.top + layer.fill_to, facts.top - facts.base_z
    if facts.both_faces and level <= facts.top - depth / 2:
        raise InputError(
            f"{key}.fill_to: must lie above the middle of the plate, which is {depth / 2:g} µm below its upper face, since it holds "
            f"at the lower face likewise; got {layer.fill_to:g}"
        )
    if level <= facts.base_z:
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
            raise InputError(
                f"{key}: {material.title} is not known to conduct electrons and cannot be the {role.value}; valid: "
                f"{', '.join(collecting())} (a material of your own: electronic_conductivity_S_cm of at least {COLLECTS:g})"
            )
        return material
    if role not in (Role.ANODE, Role.CATHODE, Role.ELECTROLYTE):
        return material
    if role.value not in material.roles:
        can = ", ".join(material.roles) or "none"
        raise InputError(
            f"{key}: {material.title} cannot serve as {role.value} (its roles: {can}); valid: {', '.join(fitting(role))}"
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
