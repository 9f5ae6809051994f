"""Lines split into pieces that are as long as wished for where they lie."""

from __future__ import annotations

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray, owners_of, ranks_of

#: How fast the wished length may grow with the distance.
GRADING = 0.4
#: Shares of a line at which the wished length is looked up: evenly, and closer and closer to both ends.
_NEAR = np.geomspace(1e-8, 0.5, 80)
PLACES: FloatArray = np.unique(np.concatenate([np.linspace(0, 1, 65), _NEAR, 1 - _NEAR]))


def pieces(length: FloatArray, requested: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How many pieces lines are to be split in.

    Args:
        length: (n,) of each line, µm.
        wish: (n, places) wished length of a piece at PLACES, µm.

    Returns:
        (n,) the number of pieces, not whole, and (n, places) how many there are up to each place.
    """
    steps = np.diff(PLACES) * length[:, None] * (1 / requested[:, 1:] + 1 / requested[:, :-1]) / 2
    so_far = np.concatenate([np.zeros((len(length), 1)), np.cumsum(steps, axis=1)], axis=1)
    return so_far[:, -1], so_far


def splits(so_far: FloatArray, counts: IntArray) -> tuple[IntArray, FloatArray]:
    """Where lines are split into so many pieces.

    Args:
        so_far: (n, places) as of `pieces`.
        counts: (n,) pieces of each line.

    Returns:
        (m,) line, and (m,) share of its length, of every split, ascending.
    """
    line = owners_of(counts - 1)
    wanted = (ranks_of(counts - 1) + 1) / counts[line] * so_far[line, -1]
    below = np.minimum((so_far[line] <= wanted[:, None]).sum(axis=1) - 1, len(PLACES) - 2)
    low, high = so_far[line, below], so_far[line, below + 1]
    return line, PLACES[below] + (wanted - low) / (high - low) * (PLACES[below + 1] - PLACES[below])
