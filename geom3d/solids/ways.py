"""Whether a sponge is one: its web must lead from foot to top, and films must leave some of its pores open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import label

from geom3d.connectivity import components
from geom3d.errors import InputError
from geom3d.solids.pieces import NEIGHBOURS
from geom3d.walls import BoolArray, FloatArray, IntArray

#: Share of the pores that films must leave open.
LEAST_OPEN = 0.01


def require_ways(
    values: FloatArray, heights: FloatArray, foot: float, top: float, coats: Sequence[tuple[str, float]]
) -> None:
    """Raises a clear error for what is no sponge.

    Args:
        values: (nz + 1, ny + 1, nx + 1) distance to the web at the nodes, µm, negative inside.
        heights: (nz + 1,) z of their planes, µm.
        foot, top: ends of the web, µm.
        coats: name and distance of the outer surface of each coat on the web, µm, ascending.
    """
    within = (heights >= foot) & (heights <= top)
    values = values[within, :-1, :-1]
    web = values <= 0
    if not _leads_through(web):
        raise InputError(
            f"parameters: the web is not connected: no part of it reaches from its foot to its top (it fills "
            f"{100 * web.mean():.2g} % of its height); take a larger share of web, or less height"
        )
    pores = int(np.count_nonzero(~web))
    for name, grown in coats:
        free = (values > grown) & (heights[within] > foot + grown)[:, None, None]
        number = _parts(free)
        opened = np.isin(number, np.unique(number[-1][free[-1]])) & free
        if np.count_nonzero(opened) < LEAST_OPEN * pores:
            raise InputError(
                f"layers.{name}.thickness: coats of {grown:.4g} µm in all close every throat of the sponge: less than "
                f"{100 * LEAST_OPEN:g} % of its pores stay open to the top; take thinner coats or a wider sponge"
            )


def _leads_through(body: BoolArray) -> bool:
    """Whether a part of a body reaches from the lowest to the highest plane."""
    number = _parts(body)
    ends = [set(number[k][body[k]].tolist()) for k in (0, -1)]
    return bool(ends[0] & ends[1])


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
