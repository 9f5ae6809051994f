"""Charge and energy per footprint: of material that electrons and ions reach, as far as there is lithium."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geom3d.cell.description import Device
from geom3d.core.roles import Role
from geom3d.library.materials import find, fitting
from geom3d.metrics import KeyFigure, Measured, Metric, Sample

#: Areas, volumes and connection are all that it reads of the walls.
TRIANGLES = False

METRICS = (
    Metric(
        "capacity_uAh_cm2.anode",
        "capacity of the anode",
        "µAh/cm²",
        "volume × density × charge per mass of the part that electrons and ions reach, per footprint",
        30,
    ),
    Metric("capacity_uAh_cm2.cathode", "capacity of the cathode", "µAh/cm²", "as for the anode", 31),
    Metric(
        "capacity_uAh_cm2.cell",
        "capacity of the cell",
        "µAh/cm²",
        "the least of anode, cathode and lithium; without an anode layer (lithium-free cell) of cathode and lithium",
        32,
        KeyFigure("capacity"),
    ),
    Metric(
        "capacity_uAh_cm2.limiting",
        "limited by",
        "",
        "what has the least charge: anode, cathode, or lithium where neither electrode holds enough of it as made",
        33,
        KeyFigure("limited by"),
    ),
    Metric(
        "capacity_uAh_cm2.reason", "why the cell has no capacity", "", "what is missing or wrong; else nothing", 33.1
    ),
    Metric(
        "capacity_uAh_cm2.n_to_p",
        "capacity ratio anode : cathode",
        "1",
        "above 1 the cathode limits",
        34,
        KeyFigure("N/P"),
    ),
    Metric(
        "capacity_uAh_cm2.inventory",
        "lithium as made",
        "µAh/cm²",
        "charge of the lithium that both electrodes hold in the state as made",
        34.1,
    ),
    Metric(
        "capacity_uAh_cm2.with_plating",
        "capacity of the cell with plated lithium",
        "µAh/cm²",
        "the less of cathode and lithium: what the cell holds if the lithium that the anode has no room for is plated, and "
        "dissolves again",
        34.2,
    ),
    Metric(
        "plated_lithium_um",
        "plated lithium at full charge",
        "µm",
        "lithium of the cathode for which the anode as made has no room, as dense metal, volume per footprint",
        34.3,
    ),
    Metric(
        "utilisation.anode",
        "utilisation of the anode",
        "1",
        "charge that is counted over the theoretical one of the same material",
        34.4,
    ),
    Metric("utilisation.cathode", "utilisation of the cathode", "1", "as for the anode", 34.5),
    Metric("capacity_uAh_cm2.anode_in_all", "anode, unconnected parts included", "µAh/cm²", "all of the anode", 35),
    Metric(
        "capacity_uAh_cm2.cathode_in_all", "cathode, unconnected parts included", "µAh/cm²", "all of the cathode", 36
    ),
    Metric("capacity_basis", "basis of the capacities", "", "practical or theoretical charge per mass", 37),
    Metric("voltage_V", "mean cell voltage", "V", "difference of the electrodes' mean potentials against Li/Li⁺", 38),
    Metric("energy_mWh_cm2", "energy", "mWh/cm²", "capacity of the cell × mean cell voltage", 39, KeyFigure("energy")),
    Metric(
        "device.capacity_mAh",
        "capacity of the device",
        "mAh",
        "measured capacity × the device's area within its margin",
        40,
    ),
    Metric(
        "device.energy_mWh",
        "energy of the device",
        "mWh",
        "measured energy × the device's area within its margin",
        40.1,
    ),
    Metric(
        "device.unit_cells", "unit cells of the device", "1", "whole periods that fit its area within the margin", 40.2
    ),
    Metric("device.area_share", "share of the device's area", "1", "of whole unit cells in the outer area", 40.3),
    Metric("device.energy_mWh_cm3", "energy density of the device", "mWh/cm³", "per outer volume", 41),
    Metric("device.published_capacity_uAh_cm2", "data-sheet capacity per area", "µAh/cm²", "over the outer area", 42),
    Metric("device.published_energy_mWh_cm3", "data-sheet energy density", "mWh/cm³", "over the outer volume", 43),
)

#: An electrode of more equivalent thickness than this is no thin-film or 3D microbattery but a slip of units (µm).
THICKEST = 1000.0
#: Ratio of the electrodes' capacities from which on the greater part of the anode is of no use.
LOPSIDED = 10.0
#: Relative difference of two charges that is no more than rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Electrode:
    """The charge of an electrode per footprint, µAh/cm².

    Attributes:
        charge: of the part that takes part.
        in_all: of all of it.
        theory: in theory, of the part that takes part; None where a material's is not known.
        lithium: what it holds as lithium in the state as made; None where a material's is not known.
        potential: mean potential of the part that takes part, V against Li/Li⁺; None where a material's is not known.
    """

    charge: float
    in_all: float
    theory: float | None
    lithium: float | None
    potential: float | None


def measure(sample: Sample) -> Measured:
    """Capacities, energy, and those of the packaged device if the template describes one."""
    about, basis = sample.cell.description, sample.cell.description.capacity_basis
    notes: list[str | None] = []
    anode, cathode = (_electrode(sample, role, basis) for role in (Role.ANODE, Role.CATHODE))
    charges = {
        "anode": None if anode is None else anode.charge,
        "cathode": None if cathode is None else cathode.charge,
    }
    reason = _nothing(sample, anode, cathode)
    found: dict[str, Any] = dict.fromkeys(("cell", "limiting", "inventory", "with_plating"))
    plated = voltage = energy = None
    if reason is None:
        assert cathode is not None  # else there is a reason
        found |= balance(anode, cathode)
        plated = _plated(anode, cathode)
        voltage = _voltage(anode, cathode)
        energy = None if voltage is None else found["cell"] * voltage / 1000
        notes += _imbalance(sample, anode, cathode, found, plated)
        if voltage is not None and voltage <= 0:
            notes.append(f"the cathode's potential lies below the anode's: {voltage:.3g} V; are the roles swapped?")
    elif anode is not None and cathode is not None:
        notes.append(f"the cell has no capacity: {reason}")
    entries: dict[str, Any] = {
        "capacity_uAh_cm2": {
            **charges,
            "cell": found["cell"],
            "limiting": found["limiting"],
            "reason": reason,
            "n_to_p": anode.charge / cathode.charge if anode is not None and cathode and cathode.charge else None,
            "inventory": found["inventory"],
            "with_plating": found["with_plating"],
            "anode_in_all": None if anode is None else anode.in_all,
            "cathode_in_all": None if cathode is None else cathode.in_all,
        },
        "plated_lithium_um": plated,
        "utilisation": {"anode": _utilisation(anode), "cathode": _utilisation(cathode)},
        "capacity_basis": basis,
        "voltage_V": voltage,
        "energy_mWh_cm2": energy,
    }
    notes.append(_slip(sample, "capacity of the anode", charges["anode"], Role.ANODE))
    notes.append(_slip(sample, "capacity of the cathode", charges["cathode"], Role.CATHODE))
    for published in about.published:
        side = published.metric.removeprefix("capacity_uAh_cm2.")
        if side in ("anode", "cathode", "cell"):
            role = Role("cathode" if side == "cell" else side)
            notes.append(_slip(sample, f"published {published.metric}", published.value, role))
    device = None if about.device is None else _device(about.device, sample.cell.size, found["cell"], energy)
    if device is not None:
        thickest = THICKEST if about.device is None else about.device.thickness or THICKEST
        sheet = device["published_capacity_uAh_cm2"]
        notes.append(_slip(sample, "data-sheet capacity", sheet, Role.CATHODE, thickest))
    return Measured({**entries, "device": device}, tuple(note for note in notes if note is not None))


def balance(anode: Electrode | None, cathode: Electrode) -> dict[str, Any]:
    """What a cell holds and what limits it: the least of anode, cathode and the lithium that is there as made.

    Args:
        anode: None where lithium is plated on the bare collector.
        cathode: its counterpart.
    """
    held = [0.0 if anode is None else anode.lithium, cathode.lithium]
    known = [charge for charge in held if charge is not None]
    inventory = sum(known) if len(known) == len(held) else None
    least = {"cathode": cathode.charge} if anode is None else {"anode": anode.charge, "cathode": cathode.charge}
    limiting = min(least, key=lambda side: (least[side], side == "anode"))
    cell = least[limiting]
    if inventory is not None and inventory < cell * (1 - ROUNDING):
        cell, limiting = inventory, "lithium"
    plating = cathode.charge if inventory is None else min(cathode.charge, inventory)
    return {"cell": cell, "limiting": limiting, "inventory": inventory, "with_plating": max(plating, cell)}


def _plated(anode: Electrode | None, cathode: Electrode) -> float | None:
    """Lithium that leaves the cathode and finds no room in the anode, µm per footprint; None where it is not known."""
    metal = find("lithium")
    assert metal is not None  # it is shipped
    if cathode.lithium is None or (anode is not None and anode.lithium is None):
        return None
    room = 0.0 if anode is None else anode.charge - (anode.lithium or 0.0)
    excess = cathode.lithium - room
    return excess / metal.capacity_uAh_cm2_um("theoretical") if excess > ROUNDING * cathode.lithium else 0.0


def _imbalance(
    sample: Sample, anode: Electrode | None, cathode: Electrode, found: Mapping[str, Any], plated: float | None
) -> list[str]:
    """Sentences on cells whose electrodes or lithium do not go together."""
    notes: list[str] = []
    if found["inventory"] is None:
        unknown = [sample.cell.regions[k] for k in sample.labels(Role.ANODE, Role.CATHODE)]
        names = ", ".join(repr(region.name) for region in unknown if region.material.lithiated is None)
        notes.append(
            f"the lithium as made is not known and not counted as a limit: the material of {names} has no `lithiated`"
        )
    elif found["inventory"] <= 0 < cathode.charge:
        notes.append("no part of the cell holds lithium as made: it has no charge to give")
    if anode is None or cathode.charge <= 0:
        return notes
    ratio = anode.charge / cathode.charge
    if plated and ratio < 1 - ROUNDING:
        full = anode.lithium is not None and anode.lithium >= anode.charge * (1 - ROUNDING)
        more = found["with_plating"] - found["cell"]
        notes.append(
            f"N/P of {ratio:.3g}: the anode holds less than the cathode gives; "
            + (
                f"its lithium counts as the limit, and {more:.4g} µAh/cm² more can be plated on it"
                if full
                else f"fully charged, the cell plates {plated:.3g} µm of lithium"
            )
        )
    if ratio > LOPSIDED:
        notes.append(
            f"N/P of {ratio:.3g}: the cathode can use {100 / ratio:.2g} % of the anode; a cell in balance has about 1"
        )
    return notes


def _nothing(sample: Sample, anode: Electrode | None, cathode: Electrode | None) -> str | None:
    """Why a design is no cell, or None where it is one."""
    if anode is not None and cathode is None:
        return "half cell: there is no cathode"
    if cathode is None:
        return "there are no electrodes"
    if anode is None and not sample.labels(Role.ANODE_COLLECTOR):
        return "half cell: there is no anode"
    if not sample.labels(Role.ELECTROLYTE):
        return "there is no electrolyte"
    if anode is None and not _is_lithium_free(sample):
        return "there is no anode, and its collector faces no electrolyte"
    if sample.cell.shorted(sample.walls.components, sample.reached):
        return "the electrodes are shorted"
    return None


def _electrode(sample: Sample, role: Role, basis: str) -> Electrode | None:
    """The electrode of a sign, or None where the design has none."""
    labels = sample.labels(role)
    if not labels:
        return None
    materials = {k: sample.cell.regions[k].material for k in labels}
    per_um = {k: material.capacity_uAh_cm2_um(basis) for k, material in materials.items()}
    thickness = {k: sample.counted_volumes[k] / sample.walls.footprint for k in labels}
    charges = {k: thickness[k] * per_um[k] for k in labels}
    total = sum(charges.values())

    def added(figures: Mapping[int, float | None]) -> float | None:
        """Sum of figures over the parts that count; None where one of them is not known."""
        parts = [figures[k] for k in labels if charges[k] > 0]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    theory = {
        k: None if m.capacity_theoretical_mAh_g is None else thickness[k] * m.capacity_uAh_cm2_um("theoretical")
        for k, m in materials.items()
    }
    lithium = {k: None if m.lithiated is None else charges[k] * m.lithiated for k, m in materials.items()}
    weight = added({k: None if m.potential_V is None else charges[k] * m.potential_V for k, m in materials.items()})
    levels = {m.potential_V for k, m in materials.items() if charges[k] > 0}
    return Electrode(
        charge=total,
        in_all=sum(float(sample.walls.volumes[k]) / sample.walls.footprint * per_um[k] for k in labels),
        theory=added(theory),
        lithium=added(lithium),
        # Of one material it is that material's, without the rounding of a mean.
        potential=levels.pop() if len(levels) == 1 else None if weight is None or total <= 0 else weight / total,
    )


def _utilisation(electrode: Electrode | None) -> float | None:
    return None if electrode is None or not electrode.theory else electrode.charge / electrode.theory


def _is_lithium_free(sample: Sample) -> bool:
    """Lithium is plated on the anode's collector, which then must face the electrolyte."""
    collectors, electrolyte = sample.labels(Role.ANODE_COLLECTOR), sample.labels(Role.ELECTROLYTE)
    return sample.walls.area_between(collectors, electrolyte) > 0


def _voltage(anode: Electrode | None, cathode: Electrode) -> float | None:
    # Freshly plated lithium is at 0 V by definition of the scale.
    low = 0.0 if anode is None else anode.potential
    return None if cathode.potential is None or low is None else cathode.potential - low


def _slip(sample: Sample, what: str, capacity: float | None, role: Role, thickest: float = THICKEST) -> str | None:
    """A warning of a capacity that no film of 1 mm, or as thick as its device, could hold: almost always mAh for µAh."""
    if capacity is None:
        return None
    used = [sample.cell.regions[k].material for k in sample.labels(role)]
    # A device whose electrodes are not drawn is held against the densest one there is.
    known = used or list(fitting(role).values())
    densest = max(material.usual_uAh_cm2_um for material in known)
    if capacity <= min(thickest, THICKEST) * densest:
        return None
    return (
        f"{what} of {capacity:.4g} µAh/cm² would need {capacity / densest / 1000:.2g} mm of dense electrode: "
        "check for a slip of units (µAh, mAh)"
    )


def _device(
    device: Device, period: tuple[float, float, float], cell: float | None, energy: float | None
) -> dict[str, float | None]:
    """The device: 1 cm² = 1e8 µm²; densities only where its thickness is known."""
    inner = device.inner[0] * device.inner[1] / 1e8
    area, height = device.width * device.length / 1e8, None if device.thickness is None else device.thickness / 1e4
    sheet = None if device.capacity is None else device.capacity * 1000 / area
    volt = None if device.capacity is None or device.voltage is None else device.capacity * device.voltage
    # A hair more than a whole number of periods is one: lengths are rounded.
    cells = [math.floor(length / step * (1 + 1e-9)) for length, step in zip(device.inner, period, strict=False)]
    return {
        "capacity_mAh": None if cell is None else cell * inner / 1000,
        "energy_mWh": None if energy is None else energy * inner,
        "unit_cells": cells[0] * cells[1],
        "area_share": cells[0] * cells[1] * period[0] * period[1] / 1e8 / area,
        "energy_mWh_cm3": None if energy is None or height is None else energy * inner / (area * height),
        "published_capacity_uAh_cm2": sheet,
        "published_energy_mWh_cm3": None if volt is None or height is None else volt / (area * height),
    }
