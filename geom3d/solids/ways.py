"""Whether a sponge is one: its web must lead from foot to top, and films must leave some of its pores open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import label

from geom3d.connectivity import components
from geom3d.errors import InputError
from geom3d.solids.pieces import NEIGHBOURS
from geom3d.walls import BoolArray, FloatArray, IntArray, Walls

#: Share of the pores that films must leave open.
LEAST_OPEN = 0.01


def require_web(walls: Walls, label: int, foot: float, top: float) -> None:
    """Raises a clear error where no piece of the web reaches from its foot to its top, µm.

    Args:
        walls: of the sponge.
        label: of the web.
        foot, top: its ends, µm.
    """
    chunks = walls.chunks
    assert chunks.behind is not None  # pieces of a field are known at every triangle
    assert chunks.front is not None
    same = (chunks.labels[chunks.links] == label).all(axis=1)
    part = components(len(chunks.labels), chunks.links[same])
    low, high = np.full(len(part), np.inf), np.full(len(part), -np.inf)
    heights = walls.vertices[walls.triangles, 2]
    for labels, pieces in ((walls.behind, chunks.behind), (walls.front, chunks.front)):
        mine = labels == label
        np.minimum.at(low, part[pieces[mine]], heights[mine].min(axis=1))
        np.maximum.at(high, part[pieces[mine]], heights[mine].max(axis=1))
    slack = 1e-9 * walls.size[2]
    if not ((low <= foot + slack) & (high >= top - slack)).any():
        share = float(walls.volumes[label]) / (walls.footprint * (top - foot))
        raise InputError(
            f"parameters: the web is not connected: no part of it reaches from its foot to its top (it fills "
            f"{100 * share:.2g} % of its height); take a larger share of web, less height, or a finer resolution"
        )


def require_pores(
    values: FloatArray, heights: FloatArray, foot: float, top: float, coats: Sequence[tuple[str, float]]
) -> None:
    """Raises a clear error for coats that leave hardly any pore open to the top.

    Args:
        values: (nz + 1, ny + 1, nx + 1) distance to the web at the nodes, µm, negative inside.
        heights: (nz + 1,) z of their planes, µm.
        foot, top: ends of the web, µm.
        coats: name and distance of the outer surface of each coat on the web, µm, ascending.
    """
    within = (heights >= foot) & (heights <= top)
    values = values[within, :-1, :-1]
    pores = int(np.count_nonzero(values > 0))
    for name, grown in coats:
        free = (values > grown) & (heights[within] > foot + grown)[:, None, None]
        number = _parts(free)
        opened = np.isin(number, np.unique(number[-1][free[-1]])) & free
        if np.count_nonzero(opened) < LEAST_OPEN * pores:
            raise InputError(
                f"layers.{name}.thickness: coats of {grown:.4g} µm in all close every throat of the sponge: less than "
                f"{100 * LEAST_OPEN:g} % of its pores stay open to the top; take thinner coats or a wider sponge"
            )


def _parts(body: BoolArray) -> IntArray:
    """Number of the connected part of each node of one period; of those outside the body it means nothing."""
    number, count = label(body, NEIGHBOURS)
    # Neighbours through the period, along the same edges as within it.
    wide = np.pad(number, ((0, 0), (0, 1), (0, 1)), mode="wrap")
    links = []
    for step in np.argwhere(NEIGHBOURS[1:, 1:, 1:])[1:]:
        low = wide[tuple(slice(None, -1 if s else None) for s in step)]
        high = wide[tuple(slice(1 if s else None, None) for s in step)]
        both = (low > 0) & (high > 0) & (low != high)
        links.append(np.unique(np.column_stack([low[both], high[both]]), axis=0))
    return np.asarray(components(count + 1, np.concatenate(links))[number])
