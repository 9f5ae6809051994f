"""Developed areas, per footprint. The box's own faces never count."""

from __future__ import annotations

from typing import Any

from geom3d.core.roles import Role
from geom3d.metrics import KeyFigure, Measured, Metric, Sample

BARE = "; in a design without electrolyte its bare surface, which a liquid would wet"

#: Areas, volumes and connection are all that it reads of the walls.
TRIANGLES = False

METRICS = (
    Metric("footprint_um2", "footprint of the unit cell", "µm²", "chip area of one period", 0),
    Metric(
        "area_gain.scaffold",
        "area gain of the scaffold",
        "1",
        "developed surface of the bare structure per footprint, tops and floors included; "
        "of interdigitated designs that of both electrodes and the substrate",
        10,
    ),
    Metric(
        "area_gain.anode",
        "area gain of the anode",
        "1",
        f"interface of anode and electrolyte per footprint{BARE}",
        11,
        KeyFigure("area gain, anode"),
    ),
    Metric(
        "area_gain.cathode",
        "area gain of the cathode",
        "1",
        f"interface of cathode and electrolyte per footprint{BARE}",
        12,
        KeyFigure("area gain, cathode"),
    ),
    Metric(
        "area_gain.side_walls", "area gain of the side walls alone", "1", "upright part of the scaffold's surface", 13
    ),
    Metric("area_gain.anode_side_walls", "side walls of the anode", "1", "upright part of the anode's interface", 14),
    Metric(
        "area_gain.cathode_side_walls", "side walls of the cathode", "1", "upright part of the cathode's interface", 15
    ),
    Metric("area_gain.by_layer.*", "area gain after layer", "1", "outer surface of the layer per footprint", 16),
    Metric("interfaces_um2.*", "interface", "µm²", "area between two regions in one unit cell", 90),
    Metric(
        "short_circuit_um2", "short circuit", "µm²", "contact of the anode's side with the cathode's, per unit cell", 60
    ),
)


def measure(sample: Sample) -> Measured:
    """Areas of the scaffold, the electrodes and every layer."""
    walls, cell = sample.walls, sample.cell
    footprint = walls.footprint
    names = [*cell.names, "void"]
    scaffold = [k for k, name in enumerate(cell.names) if name in cell.facts.scaffold]
    # What the scaffold stands on is no open surface of it.
    below = [name for name, _ in cell.facts.below]
    rest = [k for k, name in enumerate(names) if k not in scaffold and name not in below]
    # The floor between a web's struts is that of what it stands on.
    surface = walls.between([k for k in range(len(names)) if k not in rest], rest)
    gains: dict[str, Any] = {"scaffold": float(walls.areas[surface].sum()) / footprint}
    electrolyte = sample.labels(Role.ELECTROLYTE) or [walls.void]
    upright = walls.upright
    for role in (Role.ANODE, Role.CATHODE):
        facing = walls.between(sample.labels(role), electrolyte)
        present = bool(sample.labels(role))
        gains[role.value] = float(walls.areas[facing].sum()) / footprint if present else None
        side = present and cell.facts.web is None  # a sponge has no side walls
        gains[f"{role.value}_side_walls"] = float(walls.areas[facing & upright].sum()) / footprint if side else None
    short = _short_circuit(sample)
    warnings = []
    if short > 0:
        warnings.append(
            f"SHORT CIRCUIT: anode and cathode (or their collectors) touch over {short:.4g} µm² per unit cell"
        )
    if not short and sample.labels(Role.ANODE) and sample.labels(Role.CATHODE):
        for role in (Role.ANODE, Role.CATHODE):
            if gains[role.value] == 0:
                warnings.append(f"the {role.value} faces no electrolyte: no current can flow")
    gains["side_walls"] = float(walls.areas[surface & upright].sum()) / footprint if cell.facts.web is None else None
    gains["by_layer"] = {
        region.name: walls.area_between([label], list(range(label + 1, len(names)))) / footprint
        for label, region in enumerate(cell.regions)
        if not region.own
    }
    entries = {
        "footprint_um2": footprint,
        "area_gain": gains,
        "interfaces_um2": {f"{names[a]}|{names[b]}": area for (a, b), area in walls.interfaces().items()},
        "short_circuit_um2": short,
    }
    return Measured(entries, tuple(warnings))


def _short_circuit(sample: Sample) -> float:
    """Contact between the two signs, collectors included."""
    anode, cathode = sample.labels(Role.ANODE), sample.labels(Role.CATHODE)
    anode_side = [*anode, *sample.labels(Role.ANODE_COLLECTOR)]
    cathode_side = [*cathode, *sample.labels(Role.CATHODE_COLLECTOR)]
    return sample.walls.area_between(anode_side, cathode_side)
