"""Combs: upright plates of both signs in turn on a substrate, endless, or as a finite device with bus bars.

In the finite device the anode's bus bar runs along the low end of y and the cathode's along the high end; fingers
run along y, anode first, each ending one gap before the other bus bar; the electrolyte fills the combs' rectangle.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from geom3d.architectures import ParametersBase, Size, plate, standing
from geom3d.architectures._structure import ClosedForms, Structure, StructureFacts
from geom3d.core.roles import Role
from geom3d.solids.prisms.outline import Plane, Polygon, Shape, Strip, rectangle
from geom3d.solids.prisms.prism import Prisms


class Parameters(ParametersBase):
    """Parameters of interdigitated plates."""

    anode_width: Annotated[Size, Field(description="width of an anode finger")] = 30.0
    cathode_width: Annotated[Size, Field(description="width of a cathode finger")] = 30.0
    gap: Annotated[Size, Field(description="electrolyte between neighbouring fingers, and from a tip to the bus")] = (
        20.0
    )
    height: Annotated[Size, Field(description="height of the fingers above the substrate")] = 100.0
    plate: Annotated[Size, Field(description="thickness of the substrate")] = 10.0
    fingers: Annotated[
        int, Field(ge=0, le=1000, strict=True, description="fingers of each sign; 0 for endless plates")
    ] = 0
    finger_length: Annotated[Size, Field(description="length of a finger beyond its bus bar (finite device)")] = 800.0
    bus_width: Annotated[Size, Field(description="width of a bus bar (finite device)")] = 50.0
    # Without a margin the outermost fingers would touch those of the next device, of the other sign.
    margin: Annotated[Size, Field(description="bare substrate around the combs (finite device)")] = 20.0


def _period(p: Parameters) -> float:
    """From one finger to the next of its sign, µm."""
    return p.anode_width + p.cathode_width + 2 * p.gap


def _extent(p: Parameters) -> tuple[float, float]:
    """The combs' rectangle across and along the fingers, µm."""
    return p.fingers * _period(p) - p.gap, 2 * p.bus_width + p.finger_length + p.gap


def _combs(p: Parameters) -> tuple[Polygon, Polygon]:
    """Outlines of the anode's and the cathode's comb."""
    m, (wide, long) = p.margin, _extent(p)
    anode: list[tuple[float, float]] = [(m + wide, m), (m + wide, m + p.bus_width)]
    cathode: list[tuple[float, float]] = [(m, m + long), (m, m + long - p.bus_width)]
    root, tip = m + p.bus_width, m + p.bus_width + p.finger_length
    for k in reversed(range(p.fingers)):
        x = m + k * _period(p)
        anode += [(x + p.anode_width, root), (x + p.anode_width, tip), (x, tip), (x, root)]
    anode = [*anode[:-1], (m, m)]
    root, tip = m + long - p.bus_width, m + long - p.bus_width - p.finger_length
    for k in range(p.fingers):
        x = m + k * _period(p) + p.anode_width + p.gap
        cathode += [(x, root), (x, tip), (x + p.cathode_width, tip), (x + p.cathode_width, root)]
    cathode = [*cathode[:-1], (m + wide, m + long)]
    return Polygon(tuple(anode)), Polygon(tuple(cathode))


def build(parameters: Parameters) -> Structure:
    """Combs, or endless plates, on a substrate."""
    p = parameters
    top = p.plate + p.height
    device_gap = math.inf
    shapes: tuple[Shape, Shape]
    if p.fingers:
        wide, long = _extent(p)
        size = (wide + 2 * p.margin, long + 2 * p.margin)
        shapes = _combs(p)
        starts = [p.margin + k * _period(p) for k in range(p.fingers)]
        middles = [
            start + shift
            for start in starts
            for shift in (p.anode_width / 2, p.anode_width + p.gap + p.cathode_width / 2)
        ]
        rest = standing((rectangle(p.margin, p.margin, p.margin + wide, p.margin + long),), p.plate, top, size)
        feature = min(p.anode_width, p.cathode_width, p.bus_width)
        # Films grow around the combs, since the electrolyte fills all gaps between fingers.
        device_gap = 2 * p.margin
    else:
        size = (_period(p), _period(p))
        anode_at = p.gap / 2 + p.anode_width / 2
        cathode_at = p.anode_width + 1.5 * p.gap + p.cathode_width / 2
        middles = [anode_at, cathode_at]
        shapes = (Strip(anode_at, p.anode_width), Strip(cathode_at, p.cathode_width))
        rest = standing((Plane(),), p.plate, top, size)
        feature = min(p.anode_width, p.cathode_width)
    substrate = plate(p.plate, size)
    bodies: list[Prisms] = [standing((shape,), p.plate, top, size) for shape in shapes]
    facts = StructureFacts(
        base_z=p.plate,
        top=top,
        scaffold=("anode", "cathode", "substrate"),
        below=(("substrate", p.plate),),
        gap=p.gap,
        feature=feature,
        aspect_ratio=p.height / feature,
        device_gap=device_gap,
        sites=tuple((x, size[1] / 2) for x in middles),
    )
    return Structure(
        size,
        (
            ("anode", Role.ANODE, bodies[0]),
            ("cathode", Role.CATHODE, bodies[1]),
            ("electrolyte", Role.ELECTROLYTE, rest),
            ("substrate", Role.SUBSTRATE, substrate),
        ),
        facts,
        rest | substrate,
    )


def closed_form(parameters: Parameters) -> ClosedForms:
    """Flat walls; of a finite comb the outermost finger's outer side and the bus bar's back face no electrolyte."""
    p = parameters
    fingers = {"anode": p.anode_width, "cathode": p.cathode_width}
    metrics: dict[str, float] = {}
    if p.fingers:
        wide, long = _extent(p)
        area, filled = (wide + 2 * p.margin) * (long + 2 * p.margin), wide * long
        inner = (2 * p.fingers - 1) * p.finger_length + wide
        sides = dict.fromkeys(fingers, inner)
        plan = {name: p.fingers * w * p.finger_length + wide * p.bus_width for name, w in fingers.items()}
    else:
        area = filled = _period(p) ** 2
        sides = {name: 2 * _period(p) for name in fingers}
        plan = {name: w * _period(p) for name, w in fingers.items()}
    for name in fingers:
        metrics[f"area_gain.{name}"] = metrics[f"area_gain.{name}_side_walls"] = sides[name] * p.height / area
        metrics[f"thickness_equivalent_um.{name}"] = plan[name] * p.height / area
        metrics[f"volume_fraction.{name}"] = plan[name] / area
        if not p.fingers or 2 * p.margin >= p.gap:  # else the neighbouring device's comb is nearer
            metrics[f"inter_electrode_distance_um.{name}.min"] = p.gap
        if not p.fingers:
            metrics[f"inter_electrode_distance_um.{name}.mean"] = p.gap
    metrics["thickness_equivalent_um.electrolyte"] = (filled - sum(plan.values())) * p.height / area
    return ClosedForms(metrics)
