"""Upright bodies as stacks of prisms: their outlines at some depths, for masks and for measuring in the plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from geom3d.solids.fields.upright import Upright
from geom3d.solids.prisms.outline import Plane
from geom3d.solids.prisms.prism import Prism, Prisms


def stepped(solid: Upright, depths: Sequence[float]) -> Prisms:
    """A body with straight walls between some depths; its rims are square.

    Args:
        solid: the body.
        depths: µm below the structure's top, ascending. Between two midways each outline, grown by what the wall stands out and
            by the films, is that at the depth between them.
    """
    top = solid.frame.top
    at = np.array(depths, dtype=np.float64)
    offsets = solid.profile.at(at)
    cuts = [-math.inf, *((at[1:] + at[:-1]) / 2).tolist(), math.inf]
    prisms: list[Prism] = []
    for part in solid.parts:
        low, high = part.interval(solid.frame)
        if not part.shapes:
            prisms.append(Prism(Plane(), low, high))
            continue
        for (above, below), outward, depth in zip(pairwise(cuts), offsets.tolist(), at.tolist(), strict=True):
            begin, end = max(low, top - below), min(high, top - above)
            if begin < end:
                grown = outward + float(part.on_wall.at(depth))
                prisms += [Prism(shape.offset(grown) if grown else shape, begin, end) for shape in part.shapes]
    return Prisms(tuple(prisms), solid.size)
