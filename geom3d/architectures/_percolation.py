"""Percolation of a sponge: the web must reach from base to top, and films must leave pores open."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import scipy

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, unique_pairs
from geom3d.core.errors import InputError
from geom3d.mesh.components import component_numbers
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.solids import Solid
from geom3d.solids.fields.cutting import Cutting
from geom3d.solids.fields.division import Division
from geom3d.solids.fields.elements import NEIGHBOURS
from geom3d.solids.fields.field import Field
from geom3d.solids.fields.implicit import ImplicitBody

#: Share of the pores that films must leave open.
LEAST_OPEN = 0.01


def require_sponge(
    web: ImplicitBody, walls: InterfaceMesh, solids: Sequence[Solid], *, percolates: bool = True
) -> None:
    """Raises a clear error where the bare web is not connected, or its coats close all of its pores.

    A web without an end above or below, or one that films hide, is not asked.

    Args:
        web: the bare web, with its foot and top.
        walls: of the cell.
        solids: of its regions.
        percolates: whether the web must reach from its foot to its top.
    """
    fields = [solid for solid in solids if isinstance(solid, Field)]
    if len(fields) < len(solids) or not isinstance(walls.filling, Cutting) or not math.isfinite(web.top):
        return
    division = walls.filling.division
    if not len(division.levels) or division.levels[0] != 0:
        return
    label = next(k for k, solid in enumerate(fields) if solid.core is not None and solid.growth == 0)
    if percolates:
        require_web(walls, label, web.base_z, web.top)
    _require_open(walls.names, fields, web, division)


def _require_open(names: tuple[str, ...], solids: Sequence[Field], web: ImplicitBody, division: Division) -> None:
    """Checks that coats leave pores open, where both ends of the web show."""
    shown = np.isfinite(division.values).all(axis=(1, 2))
    heights = division.grid.z[shown]
    if not len(heights) or heights[-1] < web.top:
        return
    coats: dict[float, str] = {}
    for name, solid in zip(names, solids, strict=True):
        # A body that reaches above the web's film is a fill, and not a coat that could close a throat.
        if solid.core is not None and solid.growth > 0 and solid.level <= web.base_z + solid.growth * (1 + 1e-9):
            coats.setdefault(solid.growth, name)
    named = [(coats[growth], growth) for growth in sorted(coats)]
    require_pores(division.values[shown], heights, max(web.base_z, float(heights[0])), web.top, named)


def require_web(walls: InterfaceMesh, label: int, base_z: float, top: float) -> None:
    """Raises a clear error where no piece of the web reaches from its foot to its top, µm.

    Args:
        walls: of the sponge.
        label: of the web.
        base_z, top: its ends, µm.
    """
    components = walls.components
    assert components.back_component is not None  # pieces of a field are known at every triangle
    assert components.front_component is not None
    same = (components.labels[components.links] == label).all(axis=1)
    part = component_numbers(len(components.labels), components.links[same])
    low, high = np.full(len(part), np.inf), np.full(len(part), -np.inf)
    heights = walls.vertices[walls.triangles, 2]
    for labels, pieces in (
        (walls.back_region, components.back_component),
        (walls.front_region, components.front_component),
    ):
        mine = labels == label
        np.minimum.at(low, part[pieces[mine]], heights[mine].min(axis=1))
        np.maximum.at(high, part[pieces[mine]], heights[mine].max(axis=1))
    slack = 1e-9 * walls.size[2]
    if not ((low <= base_z + slack) & (high >= top - slack)).any():
        share = float(walls.volumes[label]) / (walls.footprint * (top - base_z))
        raise InputError(
            f"parameters: the web is not connected: no part of it reaches from its foot to its top (it fills "
            f"{100 * share:.2g} % of its height); take a larger share of web, less height, or a finer resolution"
        )


def require_pores(
    values: FloatArray, heights: FloatArray, base_z: float, top: float, coats: Sequence[tuple[str, float]]
) -> None:
    """Raises a clear error for coats that leave hardly any pore open to the top.

    Args:
        values: (nz + 1, ny + 1, nx + 1) distance to the web at the nodes, µm, negative inside.
        heights: (nz + 1,) z of their planes, µm.
        base_z, top: ends of the web, µm.
        coats: name and distance of the outer surface of each coat on the web, µm, ascending.
    """
    within = (heights >= base_z) & (heights <= top)
    values = values[within, :-1, :-1]
    pores = int(np.count_nonzero(values > 0))
    for name, grown in coats:
        free = (values > grown) & (heights[within] > base_z + grown)[:, None, None]
        number = _parts(free)
        opened = np.isin(number, np.unique(number[-1][free[-1]])) & free
        if np.count_nonzero(opened) < LEAST_OPEN * pores:
            raise InputError(
                f"layers.{name}.thickness: coats of {grown:.4g} µm in all close every throat of the sponge: less than "
                f"{100 * LEAST_OPEN:g} % of its pores stay open to the top; take thinner coats or a wider sponge"
            )


def _parts(body: BoolArray) -> IntArray:
    """Number of the connected part of each node of one period; of those outside the body it means nothing."""
    number, count = scipy.ndimage.label(body, NEIGHBOURS)
    # Neighbours through the period, along the same edges as within it.
    wide = np.pad(number, ((0, 0), (0, 1), (0, 1)), mode="wrap")
    links = []
    for step in np.argwhere(NEIGHBOURS[1:, 1:, 1:])[1:]:
        low = wide[tuple(slice(None, -1 if s else None) for s in step)]
        high = wide[tuple(slice(1 if s else None, None) for s in step)]
        both = (low > 0) & (high > 0) & (low != high)
        links.append(unique_pairs(np.column_stack([low[both], high[both]]), count + 1))
    return np.asarray(component_numbers(count + 1, np.concatenate(links))[number])
