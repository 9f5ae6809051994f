"""A flat stack of layers as a plate that is bent: neutral axis, strains, and the smallest radius.

The plate is wide against its thickness, so that it stays as wide as it is (cylindrical bending): the modulus of a layer is
E / (1 - ν²). Layers hold together and are elastic. A layer's strain is the distance from the neutral axis over the radius of curvature, which
is that of the neutral axis (Timoshenko, Strength of Materials; for films on foils Suo et al., Appl. Phys. Lett. 74 (1999)
1177).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray
from geom3d.metrics import Sample

#: A layer that lacks less of its volume than this share is whole.
FLAT = 1e-9


@dataclass(frozen=True)
class Stack:
    """Layers, and what may stand beside them.

    Attributes:
        names: of the regions.
        low, high: (n,) lowest and highest z of each, µm.
        volume: (n,) per footprint, µm: less than high - low where a layer does not cover all.
        centroid: (n,) z of their centres of volume, µm.
        stiffness: (n,) E / (1 - ν²), GPa.
        failure: (n,) strain at which each fails; nan where it is not known.
    """

    names: tuple[str, ...]
    low: FloatArray
    high: FloatArray
    volume: FloatArray
    centroid: FloatArray
    stiffness: FloatArray
    failure: FloatArray

    @property
    def whole(self) -> BoolArray:
        """(n,) whether a layer covers all of the chip."""
        return np.asarray(self.volume > (self.high - self.low) * (1 - FLAT))

    def neutral_axis(self, resisting: BoolArray | None = None) -> float:
        """Z at which nothing is stretched, µm.

        Args:
            resisting: (n,) which layers resist, each with its volume; all if None.
        """
        weight = self.volume * self.stiffness * (1.0 if resisting is None else resisting)
        return float(weight @ self.centroid / weight.sum())

    def reach(self, axis: float) -> FloatArray:
        """(n,) largest distance of each layer from a neutral axis, µm."""
        return np.maximum(np.abs(self.low - axis), np.abs(self.high - axis))

    def smallest_radius(self, axis: float) -> tuple[float, int]:
        """The radius at which the first layer fails, µm, and which that is."""
        needed = np.nan_to_num(self.reach(axis) / self.failure, nan=0.0)
        return float(needed.max()), int(needed.argmax())

    def best_axis(self) -> float:
        """Where the neutral axis should lie, so that the stack can be bent most, µm.

        What a layer's upper face asks for falls with the axis' height, what its lower face asks for rises: the worst of
        all is least where a falling and a rising line cross.
        """
        known = np.isfinite(self.failure)
        low, high, limit = self.low[known], self.high[known], self.failure[known]
        # (high_i - b) / ε_i = (b - low_j) / ε_j
        crossings = (high[:, None] * limit[None, :] + low[None, :] * limit[:, None]) / (limit[:, None] + limit[None, :])
        tried = np.append(crossings.ravel(), [self.low.min(), self.high.max()])
        worst = np.maximum((high[:, None] - tried) / limit[:, None], (tried - low[:, None]) / limit[:, None]).max(
            axis=0
        )
        return float(tried[int(worst.argmin())])


def stack_of(sample: Sample) -> tuple[Stack | None, str | None]:
    """The stack that a flat cell is, or why it is none: None without a reason where the cell is not flat."""
    cell, walls = sample.cell, sample.walls
    if cell.facts.web is not None or cell.facts.top > cell.facts.base_z or not cell.layers:
        return None, None
    regions = cell.regions
    unknown = [r.material.title for r in regions if r.material.young_GPa is None]
    if unknown:
        return None, f"bending: Young's modulus is not known of {', '.join(dict.fromkeys(unknown))}"
    heights, moments = [], []
    for k in range(len(regions)):
        faces, index = walls.shell([k])
        z = walls.vertices[faces, 2]
        outward = np.where(walls.back_region[index] == k, 1.0, -1.0) * walls.area_vectors[index, 2]
        # The mean of z² over a triangle; ∫ z dV = ½ ∮ z² n dA.
        squares = ((z**2).sum(axis=1) + z[:, 0] * z[:, 1] + z[:, 1] * z[:, 2] + z[:, 2] * z[:, 0]) / 6
        heights.append((z.min(), z.max()))
        moments.append(outward @ squares / 2)
    low, high = np.array(heights).T
    volumes = walls.volumes[:-1]
    return Stack(
        names=cell.names,
        low=low,
        high=high,
        volume=volumes / walls.footprint,
        centroid=np.array(moments) / volumes,
        stiffness=np.array([(r.material.young_GPa or 0.0) / (1 - (r.material.poisson or 0.0) ** 2) for r in regions]),
        failure=np.array(
            [np.nan if (e := r.material.failure_strain_percent) is None else e / 100 for r in regions], dtype=np.float64
        ),
    ), None
