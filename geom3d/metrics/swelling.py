"""Swelling: by how much the electrodes' volumes change when the cell is charged, and the room there is for it.

A cell whose cathode is made with its lithium is discharged as made, and changes when it is charged; one whose anode brings the
lithium is charged as made, and changes when it is discharged. The volume of a material changes in step with the charge that goes in or
out, by what its file says of all of the practical charge. What goes in or out is the cell's capacity.
"""

from __future__ import annotations

from typing import Any

from geom3d.core.roles import Role
from geom3d.library.materials import Material, find
from geom3d.metrics import Measured, Metric, Sample, capacity

METRICS = (
    Metric("swelling.state", "state that is compared with that as made", "", "charged, or discharged", 34.6),
    *(
        entry
        for place, side in enumerate(("anode", "cathode"))
        for entry in (
            Metric(
                f"swelling.{side}.percent",
                f"swelling of the {side}",
                "%",
                f"change of the {side}'s volume from the state as made, by the charge that the cell uses of it",
                34.61 + 0.02 * place,
            ),
            Metric(
                f"swelling.{side}.um",
                f"swelling of the {side}, per footprint",
                "µm",
                "the same as volume per footprint; of a lithium-free cell the lithium that is plated",
                34.62 + 0.02 * place,
            ),
        )
    ),
    Metric(
        "swelling.room_um",
        "room for swelling",
        "µm",
        "void below the highest region's top, per footprint; nothing in a flat stack, which lifts what lies over it",
        34.66,
    ),
)

#: By this share of its own volume a structure yields without being torn: elastic strain of brittle films is about a percent.
YIELDS = 0.01
SIDES = {"anode": Role.ANODE, "cathode": Role.CATHODE}


def measure(sample: Sample) -> Measured:
    """Changes from the state as made to the other end; nothing where the cell has no capacity or a figure is missing."""
    charges = capacity.measure(sample).values["capacity_uAh_cm2"]
    cell, walls = sample.cell, sample.walls
    cycled = charges["cell"]
    flat = cell.facts.web is None and cell.facts.top <= cell.facts.base_z
    void = float(walls.volumes[-1]) / walls.footprint - (walls.size[2] - cell.height)
    room = None if flat else void if void > 1e-9 * walls.size[2] else 0.0  # less is rounding
    if not cycled:
        return Measured({"swelling": {"room_um": room}})
    charging = any(
        cell.regions[k].material.lithiated != 0.0 for k in sample.labels(Role.CATHODE)
    )  # what is not known is taken for what most cathodes are
    found: dict[str, Any] = {"state": "charged" if charging else "discharged", "room_um": room}
    errors: dict[str, float] = {}
    grown = most = 0.0
    known = True
    for side, role in SIDES.items():
        goes_in = charging == (role is Role.ANODE)
        change = _change(sample, role, cycled, charges[side], goes_in)
        if change is None:
            known = False
            continue
        low, high, volume = change
        found[side] = {"um": (low + high) / 2, "percent": 50 * (low + high) / volume if volume else None}
        if high > low:
            errors[f"swelling.{side}.um"] = (high - low) / 2
            errors[f"swelling.{side}.percent"] = 50 * (high - low) / volume
        grown, most = grown + (low + high) / 2, most + high
    notes = []
    if room is not None and known:
        # The plate below the features does not count; a plate with films on both faces has none.
        solid = cell.top - (cell.bottom if cell.facts.both_faces else cell.facts.base_z) - room
        if grown > room + YIELDS * solid:
            there = f"the {room:.3g} µm of void" if room > YIELDS * solid else "none: all of the structure is filled"
            notes.append(
                f"{found['state']}, the electrodes take {grown:.3g} µm³ per µm² of chip more than as made"
                f"{_parts(found)}, and the room for it is {there}"
            )
    return Measured({"swelling": found}, tuple(notes), errors)


def _parts(found: dict[str, Any]) -> str:
    """Which electrode grows, in percent."""
    told = [
        f"the {side} {found[side]['percent']:+.3g} %"
        for side in SIDES
        if side in found and found[side]["percent"] is not None
    ]
    return f" ({', '.join(told)})" if told else ""


def _change(
    sample: Sample, role: Role, cycled: float, charge: float | None, goes_in: bool
) -> tuple[float, float, float] | None:
    """Least and most growth of an electrode, and its volume, both per footprint, µm; None where it is not known."""
    labels = sample.labels(role)
    if not labels:
        metal = find("lithium")
        assert metal is not None  # it is shipped
        plated = cycled / metal.capacity_uAh_cm2_um("theoretical")
        return plated, plated, 0.0
    if not charge:
        return None
    basis = sample.cell.description.capacity_basis
    low = high = volume = 0.0
    for k in labels:
        material = sample.cell.regions[k].material
        bounds = _of_all(material, goes_in)
        if bounds is None:
            return None
        own = sample.counted_volumes[k] / sample.walls.footprint
        used = cycled / charge * _beyond_practical(material, basis)
        low, high, volume = low + own * used * bounds[0], high + own * used * bounds[1], volume + own
    return low, high, volume


def _of_all(material: Material, goes_in: bool) -> tuple[float, float] | None:
    """Least and most change of a material's volume, as a share, when all of its practical charge goes in or out."""
    change = material.volume_change_range_percent
    if change is None or material.lithiated is None:
        return None
    # The file speaks of lithium going into what is made without it, and out of what is made with it.
    sign = 1.0 if goes_in == (material.lithiated == 0.0) else -1.0
    low, high = sorted(sign * part / 100 for part in change)
    return low, high


def _beyond_practical(material: Material, basis: str) -> float:
    """The charge that counts, over the practical one of which the file speaks."""
    if basis == "practical" or not material.capacity_practical_mAh_g:
        return 1.0
    return material.capacity_uAh_cm2_um(basis) / material.capacity_uAh_cm2_um("practical")
