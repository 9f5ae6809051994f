"""An upright wall as a function of space: the true distance to outlines that a profile pushes in and out.

Along the plane distance to an outline a wall of one profile looks the same everywhere, so its distance in space is that of
a point (plane distance, height) to the profile's curve: a plane problem, solved to rounding. It is less only beyond where
two outlines are equally near, where no film may reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import FloatArray, IntArray
from geom3d.solids.fields.plane_distance import Outlines
from geom3d.solids.fields.wall_kernels import to_wall
from geom3d.solids.fields.wall_profile import WallProfile

#: Points beyond this distance are only known to be so far, where no other reach is asked for, µm.
FAR = 1e6


@dataclass(frozen=True)
class Wall:
    """The body within outlines, endless downwards, cut flat at its top.

    Attributes:
        outlines: at the top.
        profile: by how much it stands further out below.
        top: z of the cut, µm.
    """

    outlines: Outlines
    profile: WallProfile
    top: float

    def distance(self, points: FloatArray, reach: float = FAR) -> FloatArray:
        """(n,) signed distance of (n, 3) points, µm, at most a reach.

        Up to the top it is that of a wall that goes straight on above it: what lies on the top face lies within, as the body
        wants it. Above the top it is never negative.
        """
        return self.over(self.outlines.distance(points[:, :2]), points[:, 2], reach)

    def over(self, away: FloatArray, z: FloatArray, reach: float = FAR) -> FloatArray:
        """The same for (n,) plane distances from the outlines and heights."""
        depths, offsets = self.profile.curve
        heights, offsets = np.ascontiguousarray(self.top - depths[::-1]), np.ascontiguousarray(offsets[::-1])
        heights[-1] = self.top
        found = np.empty(len(away))
        over = z > self.top
        for capped, mine in ((False, np.flatnonzero(~over)), (True, np.flatnonzero(over))):
            part = np.empty(len(mine))
            to_wall(
                np.ascontiguousarray(away[mine]), np.ascontiguousarray(z[mine]), heights, offsets, capped, reach, part
            )
            found[mine] = part
        return found

    def branches(self, points: FloatArray) -> IntArray:
        """(n,) number of the smooth branch of the plane distance on which each of (n, 3) points lies."""
        return self.outlines.branches(points[:, :2])

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        """(n,) share of the way between pairs of (n, 3) points of different branches at which the kink lies."""
        return self.outlines.kinks(one[:, :2], other[:, :2])
