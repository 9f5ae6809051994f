"""How thin a film gets that arrives straight from above, in trenches and holes: view factors of the opening.

The model: what arrives comes evenly from all directions above the chip (a diffuse flux, as from a large target near by), goes
straight and stays where it hits. The thickness on a wall over that on an open flat surface is then the view factor of the
opening from there. Ratios are equivalent ones, depth × perimeter / (4 × area of the opening): depth over diameter of a
round hole, depth over twice the width of a trench. The closed forms are those of Howell's catalogue of
radiation configuration factors: an element of a wall and a strip at right angles that begins at its upper edge; an
element of a cylinder's wall and the disc at its end.
"""

from __future__ import annotations

import math


def in_trench(ratio: float) -> float:
    """Share of the nominal thickness half-way down the wall of an endless trench of that equivalent aspect ratio.

    >>> round(in_trench(1.0), 3)
    0.146
    """
    return 0.5 * (1 - ratio / math.hypot(ratio, 1.0))


def in_hole(ratio: float) -> float:
    """Share of the nominal thickness half-way down the wall of a round hole of that aspect ratio.

    >>> round(in_hole(1.0), 3)
    0.171
    """
    half = ratio / 2
    # ((x² + ½) / √(x² + 1) - x, written so that no digits are lost in deep holes.
    root = math.hypot(half, 1.0)
    return 0.25 / (root * (half * half + 0.5 + half * root))
