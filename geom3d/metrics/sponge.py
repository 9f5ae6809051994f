"""Figures of sponges: solid fraction, specific surface, and pores closed by films."""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import BoolArray
from geom3d.mesh.components import component_numbers
from geom3d.metrics import Measured, Metric, Sample

METRICS = (
    Metric("sponge.solid_fraction", "solid fraction of the web", "1", "share of the web in its height", 67),
    Metric(
        "sponge.solid_fraction_requested",
        "solid fraction that was asked for",
        "1",
        "by the parameters; none where the web is given in another way",
        67.5,
    ),
    Metric(
        "sponge.surface_per_volume_per_um",
        "surface per volume of the web",
        "1/µm",
        "surface of the web, without its flat top and what it stands on, per volume of the box it stands in",
        68,
    ),
    Metric(
        "sponge.closed_pores",
        "pores closed by films",
        "1",
        "share of the bare web's pore volume that is left open by the coats but shut off from the top by closed throats",
        69,
    ),
    Metric("sponge.grid_step_um", "step of the grid", "µm", "distance of the samples of the sponge", 69.5),
)


#: Relative difference between the solid fraction that is asked for and the one that is built from which on the report warns.
AMISS = 0.01


def measure(sample: Sample) -> Measured:
    """Figures of the web; nothing for other families."""
    facts, walls, cell = sample.cell.facts, sample.walls, sample.cell
    if facts.web is None:
        return Measured({"sponge": None})
    box = walls.footprint * (facts.top - facts.base_z)
    web = cell.names.index("scaffold")
    volume = float(walls.volumes[web]) - walls.footprint * dict(facts.below).get("scaffold", 0.0)
    rest = [k for k in range(len(cell.names) + 1) if k != web]
    surface = walls.between([web], rest)
    heights = walls.vertices[walls.triangles, 2]
    slack = 1e-9 * walls.size[2]
    # Where the web is cut at its top, and where it stands on something.
    ends = (heights.min(axis=1) >= facts.top - slack) | (heights.max(axis=1) <= facts.base_z + slack)
    side = float(walls.areas[surface & ~ends].sum())
    figures = {
        "solid_fraction": volume / box,
        "solid_fraction_requested": facts.solid_fraction,
        "surface_per_volume_per_um": side / box,
        "closed_pores": _closed(sample) / (box - volume) if box > volume else 0.0,
        "grid_step_um": cell.step,
    }
    return Measured({"sponge": figures}, _amiss(volume / box, facts.solid_fraction, facts.fraction_slack))


def _amiss(built: float, asked: float | None, slack: float) -> tuple[str, ...]:
    """What there is to say of a web that is not as dense as was asked for."""
    if asked is None or abs(built / asked - 1) <= AMISS:
        return ()
    words = f"the web's solid fraction is {built:.4g}, {100 * (built / asked - 1):+.2g} % off the {asked:.4g} asked for"
    if slack > AMISS / 2 * asked:
        return (f"{words}: whole spheres or fibres come no nearer; more periods or another seed may",)
    return (f"{words}: the grid is too coarse for it; a smaller resolution makes it better",)


def _closed(sample: Sample) -> float:
    """Volume, µm³, of what lies beyond the web and its coats and does not reach the top of the box."""
    components, cell = sample.walls.components, sample.cell
    inner = {name for name, _ in cell.facts.below} | {"scaffold"}
    for layer in cell.layers:
        if layer.thickness is None:
            break
        inner.add(layer.name)
    beyond: BoolArray = ~np.isin(components.labels, [cell.names.index(name) for name in inner])
    links = components.links[beyond[components.links].all(axis=1)]
    part = component_numbers(len(beyond), links)
    open_parts = np.unique(part[beyond & components.at_end])
    return float(components.volumes[beyond & ~np.isin(part, open_parts)].sum())
