"""The film that a process makes: its coverage as a table of thickness against depth."""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray
from geom3d.deposition import Coverage
from geom3d.solids.film_profile import FilmProfile

#: Depths of a table, at most, between which a film is linear.
NODES = 24
#: A film is nowhere taken for thinner than this share of its nominal thickness: that is less than what is known of it.
THINNEST = 1e-4
#: Below the rim it goes over from the thickness on the flat to that on the wall within this many times the nominal one.
RIM = 1.0


def film_of(found: Coverage, nominal: float, depth: float, grown: float) -> FilmProfile:
    """The film, against depth below the top of the bare structure.

    Args:
        found: as it finds the structure.
        nominal: thickness on open flat surface, µm.
        depth: of the bare structure, µm.
        grown: thickness of the films before it on the flat at the top, µm: depths of the coverage begin there.
    """
    flat = 1.0 if found.top is None else found.top[0]
    floor = None if found.floor is None else max(found.floor[0], THINNEST) * nominal
    if not len(found.depths):
        return FilmProfile((0.0,), (flat * nominal,), floor)
    below, shares = _thinned(*found.walls())
    below = below - grown
    rim = min(RIM * nominal, depth / NODES)
    inner = (below > rim * (1 + 1e-6)) & (below < depth * (1 - 1e-6))
    depths = np.concatenate([[0.0, rim], below[inner], [depth]])
    walls = np.interp(depths, below, shares)
    walls[0] = flat
    return FilmProfile(tuple(depths.tolist()), tuple((np.maximum(walls, THINNEST) * nominal).tolist()), floor)


def _thinned(depths: FloatArray, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """At most `NODES` of the depths, close together where the share changes, and the mean share around each."""
    if len(depths) <= NODES:
        return depths, shares
    # Half of the nodes follow depth, half the change of the share.
    fall = np.abs(np.diff(shares))
    way = np.diff(depths) / (depths[-1] - depths[0]) + (fall / fall.sum() if fall.sum() > 0 else 0.0)
    along = np.concatenate([[0.0], np.cumsum(way)])
    nodes = np.interp(np.linspace(0.0, along[-1], NODES), along, depths)
    return nodes, np.interp(nodes, depths, shares)
