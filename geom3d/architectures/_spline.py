"""A smooth function through samples at the middles of voxels: cubic splines, periodic or mirrored along each axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import threaded

Single = NDArray[np.float32]
#: Points that a thread takes at a time.
BATCH = 16384
#: Layers of voxels that a thread takes at a time.
SLAB = 16


@dataclass(frozen=True, eq=False)
class Spline:
    """A function of space, negative inside a body.

    Attributes:
        coefficients: (nz, ny, nx) of cubic B-splines at the voxels' middles.
        spacing: edges of a voxel in x, y and z, µm.
        mirrored: along x, y and z, whether the function goes on mirrored at both sides; else it repeats.
        base_z: lower side of the lowest voxels, µm.
        level: what is taken off the function.
    """

    coefficients: Single
    spacing: tuple[float, float, float]
    mirrored: tuple[bool, bool, bool]
    base_z: float
    level: float = 0.0

    @classmethod
    def through(
        cls, values: Single, spacing: tuple[float, float, float], mirrored: tuple[bool, bool, bool], base_z: float
    ) -> Spline:
        """The spline that has the (nz, ny, nx) values at the voxels' middles."""
        for axis, mirror in enumerate(reversed(mirrored)):
            mode = "reflect" if mirror else "grid-wrap"
            filtered = partial(scipy.ndimage.spline_filter1d, order=3, axis=axis, output=np.float32, mode=mode)
            values = in_slabs(filtered, values, axis)
        return cls(np.ascontiguousarray(values), spacing, mirrored, base_z)

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        along = [
            self._along(planes - (self.base_z if axis == 2 else 0.0), axis) for axis, planes in enumerate((x, y, z))
        ]
        in_x, in_y = (self._matrix(*along[axis], axis) for axis in (0, 1))
        places, weights = along[2]
        found = np.empty((len(z), len(y), len(x)))
        for k, (four, shares) in enumerate(zip(places, weights, strict=True)):
            sheet = np.tensordot(shares, self.coefficients[four], axes=1)
            found[k] = (in_x @ (in_y @ sheet).T).T
        return found - self.level

    def at(self, points: FloatArray) -> FloatArray:
        found = np.empty(len(points))
        points = np.ascontiguousarray(points, dtype=np.float64)
        spacing, mirrored = np.array(self.spacing), np.array(self.mirrored)

        def work(start: int) -> int:
            part = slice(start, start + BATCH)
            _evaluate(points[part], self.coefficients, spacing, mirrored, self.base_z, found[part])
            return len(found[part])

        for _ in threaded(work, range(0, len(points), BATCH)):
            pass
        return found - self.level

    def branches(self, points: FloatArray) -> None:
        return

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        return np.empty(0)  # there are no two branches

    def _along(self, planes: FloatArray, axis: int) -> tuple[IntArray, FloatArray]:
        """(n, 4) voxels, and (n, 4) their weights, on planes at heights of this axis, µm."""
        place = planes / self.spacing[axis] - 0.5
        low = np.floor(place)
        t = place - low
        count = self.coefficients.shape[2 - axis]
        weights = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
        four = low.astype(np.int64)[:, None] + np.arange(-1, 3)
        if self.mirrored[axis]:
            four %= 2 * count
            four = np.minimum(four, 2 * count - 1 - four)
        else:
            four %= count
        return four, np.column_stack(weights) / 6

    def _matrix(self, places: IntArray, weights: FloatArray, axis: int) -> scipy.sparse.csr_array:
        """(n, voxels along an axis) which weighs the voxels for each of n planes."""
        rows = np.repeat(np.arange(len(places)), 4)
        shape = (len(places), self.coefficients.shape[2 - axis])
        return scipy.sparse.csr_array((weights.ravel(), (rows, places.ravel())), shape=shape)


def in_slabs(function: Callable[[Single], Single], values: Single, axis: int) -> Single:
    """A function of an array that treats all lines along an axis alike, computed slab by slab, side by side."""
    found, across = np.empty_like(values), 1 if axis == 0 else 0

    def work(start: int) -> int:
        slab = (slice(None),) * across + (slice(start, start + SLAB),)
        found[slab] = function(values[slab])
        return SLAB

    for _ in threaded(work, range(0, values.shape[across], SLAB)):
        pass
    return found


@compiled
def _evaluate(
    points: FloatArray, coefficients: Single, spacing: FloatArray, mirrored: BoolArray, base_z: float, found: FloatArray
) -> None:
    """Writes the value of the spline at every one of (n, 3) points."""
    place = np.empty((3, 4), dtype=np.int64)
    weight = np.empty((3, 4))
    for n in range(len(points)):
        for axis in range(3):
            count = coefficients.shape[2 - axis]
            at = (points[n, axis] - (base_z if axis == 2 else 0.0)) / spacing[axis] - 0.5
            low = np.floor(at)
            t = at - low
            weight[axis, 0] = (1 - t) ** 3 / 6
            weight[axis, 1] = (3 * t**3 - 6 * t**2 + 4) / 6
            weight[axis, 2] = (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6
            weight[axis, 3] = t**3 / 6
            for k in range(4):
                voxel = np.int64(low) - 1 + k
                if mirrored[axis]:
                    voxel %= 2 * count
                    voxel = min(voxel, 2 * count - 1 - voxel)
                else:
                    voxel %= count
                place[axis, k] = voxel
        value = 0.0
        for k in range(4):
            for j in range(4):
                row = 0.0
                for i in range(4):
                    row += weight[0, i] * coefficients[place[2, k], place[1, j], place[0, i]]
                value += weight[2, k] * weight[1, j] * row
        found[n] = value
