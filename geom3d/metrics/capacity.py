"""Charge and energy per footprint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from geom3d.cell.description import Device
from geom3d.core.roles import Role
from geom3d.library.materials import fitting
from geom3d.metrics import KeyFigure, Measured, Metric, Sample

METRICS = (
    Metric(
        "capacity_uAh_cm2.anode",
        "capacity of the anode",
        "µAh/cm²",
        "volume × density × charge per mass of the connected part, per footprint",
        30,
    ),
    Metric("capacity_uAh_cm2.cathode", "capacity of the cathode", "µAh/cm²", "as for the anode", 31),
    Metric(
        "capacity_uAh_cm2.cell",
        "capacity of the cell",
        "µAh/cm²",
        "the smaller of the two; without an anode layer (lithium-free cell) the cathode's",
        32,
        KeyFigure("capacity"),
    ),
    Metric(
        "capacity_uAh_cm2.limiting",
        "limiting electrode",
        "",
        "the electrode with the smaller capacity",
        33,
        KeyFigure("limited by"),
    ),
    Metric("capacity_uAh_cm2.n_to_p", "capacity ratio anode : cathode", "1", "above 1 the cathode limits", 34),
    Metric("capacity_uAh_cm2.anode_in_all", "anode, unconnected parts included", "µAh/cm²", "all of the anode", 35),
    Metric(
        "capacity_uAh_cm2.cathode_in_all", "cathode, unconnected parts included", "µAh/cm²", "all of the cathode", 36
    ),
    Metric("capacity_basis", "basis of the capacities", "", "practical or theoretical charge per mass", 37),
    Metric("voltage_V", "mean cell voltage", "V", "difference of the electrodes' mean potentials against Li/Li⁺", 38),
    Metric("energy_mWh_cm2", "energy", "mWh/cm²", "capacity of the cell × mean cell voltage", 39, KeyFigure("energy")),
    Metric("device.capacity_mAh", "capacity of the device", "mAh", "measured capacity × the device's outer area", 40),
    Metric("device.energy_mWh", "energy of the device", "mWh", "measured energy × the device's outer area", 40.1),
    Metric("device.unit_cells", "unit cells of the device", "1", "whole periods that fit its outer area", 40.2),
    Metric("device.energy_mWh_cm3", "energy density of the device", "mWh/cm³", "per outer volume", 41),
    Metric("device.published_capacity_uAh_cm2", "data-sheet capacity per area", "µAh/cm²", "over the outer area", 42),
    Metric("device.published_energy_mWh_cm3", "data-sheet energy density", "mWh/cm³", "over the outer volume", 43),
)

#: An electrode of more equivalent thickness than this is no thin-film or 3D microbattery but a slip of units (µm).
THICKEST = 1000.0


def measure(sample: Sample) -> Measured:
    """Capacities, energy, and those of the packaged device if the template describes one."""
    about, basis = sample.cell.description, sample.cell.description.capacity_basis
    charge: dict[str, float | None] = {}
    for role in (Role.ANODE, Role.CATHODE):
        charge[role.value] = _charge(sample, role, sample.connected_volumes, basis)
        charge[f"{role.value}_in_all"] = _charge(sample, role, dict(enumerate(sample.walls.volumes.tolist())), basis)
    anode, cathode = charge["anode"], charge["cathode"]
    cell: float | None = None
    limiting: str | None = None
    if anode is not None and cathode is not None:
        cell = min(anode, cathode)
        limiting = "anode" if anode < cathode else "cathode"
    elif cathode is not None and _is_lithium_free(sample):
        cell, limiting = cathode, "cathode"
    voltage = _voltage(sample) if cell is not None else None
    notes: list[str | None] = []
    if voltage is not None and voltage <= 0:
        notes.append(f"the cathode's potential lies below the anode's: {voltage:.3g} V; are the roles swapped?")
    energy = None if cell is None or voltage is None else cell * voltage / 1000
    entries: dict[str, Any] = {
        "capacity_uAh_cm2": {
            "anode": anode,
            "cathode": cathode,
            "cell": cell,
            "limiting": limiting,
            "n_to_p": anode / cathode if anode is not None and cathode else None,
            "anode_in_all": charge["anode_in_all"],
            "cathode_in_all": charge["cathode_in_all"],
        },
        "capacity_basis": basis,
        "voltage_V": voltage,
        "energy_mWh_cm2": energy,
    }
    notes.append(_slip(sample, "capacity of the anode", anode, Role.ANODE))
    notes.append(_slip(sample, "capacity of the cathode", cathode, Role.CATHODE))
    for published in about.published:
        side = published.metric.removeprefix("capacity_uAh_cm2.")
        if side in ("anode", "cathode", "cell"):
            role = Role("cathode" if side == "cell" else side)
            notes.append(_slip(sample, f"published {published.metric}", published.value, role))
    device = None if about.device is None else _device(about.device, sample.cell.size, cell, energy)
    if device is not None:
        notes.append(_slip(sample, "data-sheet capacity", device["published_capacity_uAh_cm2"], Role.CATHODE))
    return Measured({**entries, "device": device}, tuple(note for note in notes if note is not None))


def _charge(sample: Sample, role: Role, volumes: Mapping[int, float], basis: str) -> float | None:
    labels = sample.labels(role)
    if not labels:
        return None
    regions = sample.cell.regions
    return sum(volumes[k] / sample.walls.footprint * regions[k].material.capacity_uAh_cm2_um(basis) for k in labels)


def _is_lithium_free(sample: Sample) -> bool:
    """Lithium is plated on the anode's collector, which then must face the electrolyte."""
    collectors, electrolyte = sample.labels(Role.ANODE_COLLECTOR), sample.labels(Role.ELECTROLYTE)
    return sample.walls.area_between(collectors, electrolyte) > 0


def _potential(sample: Sample, role: Role) -> float | None:
    """Mean potential of an electrode, V; materials that share the role weigh by their charge."""
    basis = sample.cell.description.capacity_basis
    total = weight = 0.0
    for k in sample.labels(role):
        material = sample.cell.regions[k].material
        if material.potential_V is None:
            return None
        charge = float(sample.walls.volumes[k]) * material.capacity_uAh_cm2_um(basis)
        total, weight = total + charge * material.potential_V, weight + charge
    return total / weight if weight > 0 else None


def _voltage(sample: Sample) -> float | None:
    high = _potential(sample, Role.CATHODE)
    # Freshly plated lithium is at 0 V by definition of the scale.
    low = _potential(sample, Role.ANODE) if sample.labels(Role.ANODE) else 0.0
    return None if high is None or low is None else high - low


def _slip(sample: Sample, what: str, capacity: float | None, role: Role) -> str | None:
    """A warning of a capacity that no film of 1 mm could hold: almost always mAh for µAh."""
    if capacity is None:
        return None
    used = [sample.cell.regions[k].material for k in sample.labels(role)]
    # A device whose electrodes are not drawn is held against the densest one there is.
    known = used or list(fitting(role).values())
    densest = max(material.usual_uAh_cm2_um for material in known)
    if capacity <= THICKEST * densest:
        return None
    return (
        f"{what} of {capacity:.4g} µAh/cm² would need {capacity / densest / 1000:.2g} mm of dense electrode: "
        "check for a slip of units (µAh, mAh)"
    )


def _device(
    device: Device, period: tuple[float, float, float], cell: float | None, energy: float | None
) -> dict[str, float | None]:
    """The device: 1 cm² = 1e8 µm²; densities only where its thickness is known."""
    area, height = device.width * device.length / 1e8, None if device.thickness is None else device.thickness / 1e4
    sheet = None if device.capacity is None else device.capacity * 1000 / area
    volt = None if device.capacity is None or device.voltage is None else device.capacity * device.voltage
    # A hair more than a whole number of periods is one: lengths are rounded.
    cells = [
        math.floor(length / step * (1 + 1e-9))
        for length, step in zip((device.width, device.length), period, strict=False)
    ]
    return {
        "capacity_mAh": None if cell is None else cell * area / 1000,
        "energy_mWh": None if energy is None else energy * area,
        "unit_cells": cells[0] * cells[1],
        "energy_mWh_cm3": None if energy is None or height is None else energy / height,
        "published_capacity_uAh_cm2": sheet,
        "published_energy_mWh_cm3": None if volt is None or height is None else volt / (area * height),
    }
