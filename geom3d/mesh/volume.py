"""The volume mesh: tetrahedra that fill the cell, for solvers.

It is made from the same partition as the walls: neighbours share every triangle, no vertex hangs, and the faces of the
box match triangle for triangle through the period. Its walls lie where the walls of `InterfaceMesh` lie, but for those of
sampled cells near flat tetrahedra, which are taken out unless the walls are to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geom3d.core import memory
from geom3d.core.arrays import BoolArray, FloatArray, IntArray, numbers_of, tetrahedron_volumes, triangle_areas
from geom3d.core.errors import GeometryError, InputError
from geom3d.mesh.interfaces import OUTSIDE, VOLUME_TOLERANCE, InterfaceMesh
from geom3d.mesh.merging import merged

#: The faces of the box, in the order in which `VolumeMesh.side` counts them.
SIDES = ("side x-", "side x+", "side y-", "side y+", "bottom", "top")
#: Corners of a tetrahedron's faces, each opposite one corner; normals outward.
FACES = np.array([(1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)])
#: Share of its volume by which a region may differ from the walls' where flat tetrahedra were taken out.
GIVEN = 2e-3
#: Bytes that a tetrahedron takes at the peak, with its share of points, faces and of what is written.
PER_TETRAHEDRON = 300
#: Tetrahedra that are looked at at once.
CHUNK = 500_000


@dataclass(frozen=True)
class VolumeMesh:
    """Tetrahedra in one period of the cell, and the triangles where their label ends.

    Attributes:
        names: region names; a label is an index into them, `len(names)` is the void.
        size: edges of the box (x, y, z), µm; its lower corner is the origin; x and y are periodic.
        points: (P, 3) µm.
        tetrahedra: (N, 4) indices, positively oriented: the corners 1, 2, 3 turn right seen from 0.
        labels: (N,) region of each tetrahedron; the void only where it was asked for.
        interfaces: (F, 3) indices; the normal (right-hand rule) points from `back_region` to `front_region`. Triangles between two
            regions, between a region and the void, and on the faces of the box.
        behind, front: (F,) labels; `back_region` is the lower one; `front_region` is OUTSIDE on the faces of the box.
        side: (F,) index into SIDES on the faces of the box, elsewhere -1.
        twin: (F,) on the side faces the same triangle one period on; -1 elsewhere, and where it bounds void that was
            left out.
        across: (F,) the label on the far side, read through the period; OUTSIDE on bottom and top only.
        periodic: in x and in y, (K, 2) indices of points on the low side and the same points on the high side.
    """

    names: tuple[str, ...]
    size: tuple[float, float, float]
    points: FloatArray
    tetrahedra: IntArray
    labels: IntArray
    interfaces: IntArray
    back_region: IntArray
    front_region: IntArray
    side: IntArray
    periodic_image: IntArray
    neighbour_region: IntArray
    periodic: tuple[IntArray, IntArray]

    def __repr__(self) -> str:
        x, y, z = self.size
        counts = f"{len(self.points)} points, {len(self.tetrahedra)} tetrahedra"
        return f"<VolumeMesh {x:.6g} × {y:.6g} × {z:.6g} µm, {counts}: {', '.join(self.names)}>"

    @property
    def void(self) -> int:
        """The label of the empty space in the box."""
        return len(self.names)

    @cached_property
    def volumes(self) -> FloatArray:
        """(N,) volume of each tetrahedron, µm³."""
        return volumes_of(self.points, self.tetrahedra)

    @cached_property
    def areas(self) -> FloatArray:
        """(F,) area of each triangle of `interfaces`, µm²."""
        return triangle_areas(self.points, self.interfaces)

    def region_volumes(self) -> FloatArray:
        """(R + 1,) volume of each region, the void last, µm³."""
        found = np.bincount(self.labels, weights=self.volumes, minlength=len(self.names) + 1)
        return np.asarray(found, dtype=np.float64)

    def interface_areas(self) -> dict[tuple[int, int], float]:
        """Area of every interface, µm², by (lower label, higher label), through the period as in `InterfaceMesh`."""
        count = len(self.names) + 1
        # Of two triangles that are one through the period only the first counts.
        first = (self.periodic_image < 0) | (np.arange(len(self.periodic_image)) < self.periodic_image)
        real = first & (self.neighbour_region != OUTSIDE) & (self.neighbour_region != self.back_region)
        low, high = (
            np.minimum(self.back_region, self.neighbour_region)[real],
            np.maximum(self.back_region, self.neighbour_region)[real],
        )
        table = np.bincount(low * count + high, weights=self.areas[real], minlength=count * count)
        return {(k // count, k % count): float(table[k]) for k in np.flatnonzero(table).tolist()}

    def between(self, some: Sequence[int], others: Sequence[int]) -> BoolArray:
        """(F,) triangles with a region of `some` on one side and one of `others` on the other, through the period; both
        of two that are one there.
        """
        one, two = (np.isin(np.arange(self.void + 1), labels) for labels in (some, others))
        mask = (one[self.back_region] & two[self.neighbour_region]) | (
            two[self.back_region] & one[self.neighbour_region]
        )
        return np.asarray(mask & (self.neighbour_region != OUTSIDE))

    def without_void(self) -> VolumeMesh:
        """The mesh of the regions alone; triangles towards the void stay."""
        solid = self.labels != self.void
        if solid.all():
            return self
        faces = self.back_region != self.void
        used = np.zeros(len(self.points), dtype=bool)
        used[self.tetrahedra[solid]] = True
        point = numbers_of(used)
        face = np.append(numbers_of(faces), -1)  # the last entry answers for -1
        pairs = [point[of] for of in self.periodic]
        x, y = (of[(of >= 0).all(axis=1)] for of in pairs)
        return replace(
            self,
            points=self.points[used],
            tetrahedra=point[self.tetrahedra[solid]],
            labels=self.labels[solid],
            interfaces=point[self.interfaces[faces]],
            back_region=self.back_region[faces],
            front_region=self.front_region[faces],
            side=self.side[faces],
            periodic_image=face[self.periodic_image[faces]],
            neighbour_region=self.neighbour_region[faces],
            periodic=(x, y),
        )

    def quality(self) -> dict[str, Any]:
        """Figures by which a solver's user judges a mesh.

        The mean ratio is 1 for a regular tetrahedron and 0 for a flat one; the aspect is the longest edge over the
        shortest height. Tetrahedra in thin films are flat for good reason.
        """
        parts = [np.column_stack(part) for part in self._shapes()]
        ratio, dihedral, aspect, shortest, longest = np.concatenate(parts).T
        counts = np.bincount(self.labels, minlength=len(self.names) + 1)
        named = dict(zip((*self.names, "void"), counts.tolist(), strict=True))
        return {
            "points": len(self.points),
            "tetrahedra": len(self.tetrahedra),
            "tetrahedra_by_region": {name: count for name, count in named.items() if count},
            "mean_ratio": {
                "min": float(ratio.min()),
                "p01": float(np.quantile(ratio, 0.01)),
                "median": float(np.median(ratio)),
            },
            "smallest_dihedral_deg": {"min": float(dihedral.min()), "median": float(np.median(dihedral))},
            "aspect": {"median": float(np.median(aspect)), "max": float(aspect.max())},
            "edge_um": {"min": float(shortest.min()), "max": float(longest.max())},
        }

    def _shapes(self) -> Iterator[tuple[FloatArray, ...]]:
        """Mean ratio, smallest dihedral angle (degrees), aspect, shortest and longest edge, in chunks."""
        pairs = [(a, b) for b in range(4) for a in range(b)]
        for start in range(0, len(self.tetrahedra), CHUNK):
            corners = self.points[self.tetrahedra[start : start + CHUNK]]
            volume = self.volumes[start : start + CHUNK]
            squares = np.stack([((corners[:, a] - corners[:, b]) ** 2).sum(axis=1) for a, b in pairs])
            normals = np.stack(
                [np.cross(corners[:, b] - corners[:, a], corners[:, c] - corners[:, a]) for a, b, c in FACES]
            )
            sizes = np.linalg.norm(normals, axis=2)
            normals /= sizes[..., None]
            cosine = np.stack([-(normals[a] * normals[b]).sum(axis=1) for a, b in pairs])
            longest = np.sqrt(squares.max(axis=0))
            yield (
                12 * np.cbrt(3 * volume) ** 2 / squares.sum(axis=0),
                np.degrees(np.arccos(np.clip(cosine.max(axis=0), -1, 1))),
                longest * sizes.max(axis=0) / (6 * volume),
                np.sqrt(squares.min(axis=0)),
                longest,
            )


def volumes_of(points: FloatArray, tetrahedra: IntArray) -> FloatArray:
    """(N,) signed volumes, µm³."""
    found = np.empty(len(tetrahedra))
    for start in range(0, len(tetrahedra), CHUNK):
        corners = (points[corner] for corner in tetrahedra[start : start + CHUNK].T)
        found[start : start + CHUNK] = tetrahedron_volumes(*corners)
    return found


def volume_mesh(
    walls: InterfaceMesh,
    max_edge: float | None = None,
    *,
    layers: int = 1,
    void: bool = False,
    keep_walls: bool = False,
) -> VolumeMesh:
    """The volume mesh of a cell, checked.

    Args:
        walls: of the cell; the mesh fills the same regions.
        max_edge: no edge is longer, µm; None for the coarsest mesh that the geometry allows.
        layers: of tetrahedra in every layer in z, and across films of prisms that are thinner than half of `max_edge`, at
            least. Wider films get points inside.
        void: whether the empty space is meshed, too.
        keep_walls: whether the walls of a sampled cell stay triangle for triangle; else flat tetrahedra are taken out
            by merging corners that lie close together (see `geom3d.mesh.merging`).

    Raises:
        InputError: a length or a count that is not valid, or more tetrahedra than fit.
        GeometryError: where the mesh fails a check.
    """
    if max_edge is not None and not (np.isfinite(max_edge) and max_edge > 0):
        raise InputError(f"max_edge: must be a length greater than 0; got {max_edge:g} µm")
    if layers != int(layers) or not 1 <= layers <= 100:
        raise InputError(f"layers: must be a whole number from 1 to 100; got {layers:g}")
    if walls.filling is None:
        raise InputError("drop_islands: a volume mesh keeps the islands; leave the option out")
    points, tetrahedra, labels = walls.filling.tetrahedra(max_edge, int(layers))
    check(points, tetrahedra, labels, walls)
    mesh = None
    # A family from outside may not know of it: its walls are kept.
    if getattr(walls.filling, "sampled", False) and not keep_walls:
        periodic = opposite(points, 0, walls), opposite(points, 1, walls)
        rounder = merged(points, tetrahedra, labels, walls.size, periodic, max_edge)
        if _near(*rounder, walls):
            mesh = _assembled(walls, *rounder)
    if mesh is None or mesh.interface_areas().keys() != walls.interfaces().keys():
        mesh = _assembled(walls, points, tetrahedra, labels)
    return mesh if void else mesh.without_void()


def require_tetrahedra(key: str, count: float, remedy: str) -> None:
    """Raises an InputError for a volume mesh of so many tetrahedra where that would not fit."""
    memory.require(key, "tetrahedra of the volume mesh", count, PER_TETRAHEDRON, remedy)


def check(points: FloatArray, tetrahedra: IntArray, labels: IntArray, walls: InterfaceMesh) -> None:
    """All tetrahedra are positive, and the regions' volumes are those of the walls.

    That every face is shared by two tetrahedra or lies on the box, and that opposite faces match, is checked where the
    interfaces are found.

    Raises:
        GeometryError: naming what failed.
    """
    volumes = volumes_of(points, tetrahedra)
    flat = int(np.count_nonzero(~(volumes > 0)))
    if flat:
        raise GeometryError(f"volume mesh: {flat} of {len(tetrahedra)} tetrahedra have no volume", walls)
    off = _differences(volumes, labels, walls) / float(np.prod(walls.size))
    if not off.max() <= VOLUME_TOLERANCE:
        name = (*walls.names, "void")[int(off.argmax())]
        raise GeometryError(
            f"volume mesh: the volume of {name!r} misses the walls' by {off.max():.2g} of the box", walls
        )


def _near(points: FloatArray, tetrahedra: IntArray, labels: IntArray, walls: InterfaceMesh) -> bool:
    """Whether tetrahedra are positive, and regions nearly as large as between the walls."""
    volumes = volumes_of(points, tetrahedra)
    allowed = GIVEN * walls.volumes + VOLUME_TOLERANCE * float(np.prod(walls.size))
    return bool((volumes > 0).all() and (_differences(volumes, labels, walls) <= allowed).all())


def _differences(volumes: FloatArray, labels: IntArray, walls: InterfaceMesh) -> FloatArray:
    """(R + 1,) by how much each region's volume is another than that of the walls, µm³; the void last."""
    found = np.bincount(labels, weights=volumes, minlength=len(walls.names) + 1)
    return np.asarray(np.abs(found - walls.volumes))


def _assembled(walls: InterfaceMesh, points: FloatArray, tetrahedra: IntArray, labels: IntArray) -> VolumeMesh:
    """Finds the interfaces, the faces of the box and what matches through the period."""
    pairs, single = paired_faces(len(points), tetrahedra, walls)
    inner = pairs[labels[pairs[:, 0] // 4] != labels[pairs[:, 1] // 4]]
    swap = labels[inner[:, 0] // 4] > labels[inner[:, 1] // 4]
    inner[swap] = inner[swap, ::-1]

    rim = tetrahedra[single // 4][np.arange(len(single))[:, None], FACES[single % 4]]
    side = np.full(len(single), -1)
    marks = [(axis, at) for axis in range(3) for at in (0.0, walls.size[axis])]
    for number, (axis, at) in enumerate(marks):
        side[(points[rim, axis] == at).all(axis=1)] = number
    if (side < 0).any():
        raise GeometryError(
            f"volume mesh: {int((side < 0).sum())} faces within the box have one tetrahedron only", walls
        )
    periodic = tuple(opposite(points, axis, walls) for axis in (0, 1))
    outer = _twins(rim, side, periodic, len(points), walls)
    slot = np.concatenate([inner[:, 0], single])
    back_region = labels[slot // 4]
    front_region = np.concatenate([labels[inner[:, 1] // 4], np.full(len(single), OUTSIDE)])
    periodic_image = np.concatenate([np.full(len(inner), -1), np.where(outer < 0, -1, outer + len(inner))])
    return VolumeMesh(
        names=walls.names,
        size=walls.size,
        points=points,
        tetrahedra=tetrahedra,
        labels=labels,
        interfaces=tetrahedra[slot // 4][np.arange(len(slot))[:, None], FACES[slot % 4]],
        back_region=back_region,
        front_region=front_region,
        side=np.concatenate([np.full(len(inner), -1), side]),
        periodic_image=periodic_image,
        neighbour_region=np.where(periodic_image >= 0, back_region[periodic_image], front_region),
        periodic=(periodic[0], periodic[1]),
    )


def paired_faces(count: int, tetrahedra: IntArray, walls: InterfaceMesh) -> tuple[IntArray, IntArray]:
    """Faces that two tetrahedra share, and those that one has alone, as 4 × tetrahedron + opposite corner.

    Faces are told apart by the sum of one random number per corner, which needs no sorting of corners; a second sum
    bears it out.
    """
    marks = np.random.default_rng(0).integers(0, 2**64, size=(2, count), dtype=np.uint64)
    keys = face_sums(marks[0], tetrahedra)
    order = np.argsort(keys)
    keys = keys[order]
    same = keys[1:] == keys[:-1]
    del keys
    if (same[1:] & same[:-1]).any():
        raise GeometryError("volume mesh: a face has more than two tetrahedra", walls)
    alone = np.r_[True, ~same] & np.r_[~same, True]
    pairs = np.column_stack([order[:-1][same], order[1:][same]])
    second = face_sums(marks[1], tetrahedra)
    if not np.array_equal(second[pairs[:, 0]], second[pairs[:, 1]]):
        raise GeometryError("volume mesh: faces cannot be told apart", walls)
    return pairs, order[alone]


def face_sums(marks: NDArray[np.uint64], simplices: IntArray) -> NDArray[np.uint64]:
    """(n · c,) for each face of simplices the sum of its corners' marks, without the corner opposite."""
    own = marks[simplices]
    return np.asarray((own.sum(axis=1, dtype=np.uint64)[:, None] - own).ravel())


def opposite(points: FloatArray, axis: int, walls: InterfaceMesh) -> IntArray:
    """(K, 2) points on the low side of an axis, and the same ones on the high side."""
    found = []
    for at in (0.0, walls.size[axis]):
        on = np.flatnonzero(points[:, axis] == at)
        found.append(on[np.lexsort((points[on, 1 - axis], points[on, 2]))])
    low, high = found
    others = [1 - axis, 2]
    if len(low) != len(high) or not np.array_equal(points[low][:, others], points[high][:, others]):
        raise GeometryError("volume mesh: the points on the box's opposite faces do not match", walls)
    return np.column_stack([low, high])


def _twins(rim: IntArray, side: IntArray, periodic: tuple[IntArray, ...], count: int, walls: InterfaceMesh) -> IntArray:
    """(n,) for each face on a side of the box the one opposite; -1 on bottom and top."""
    periodic_image = np.full(len(rim), -1)
    for axis, pairs in enumerate(periodic):
        home = np.arange(count)
        home[pairs[:, 1]] = pairs[:, 0]
        low, high = (np.flatnonzero(side == 2 * axis + end) for end in (0, 1))
        sorted_low, sorted_high = np.sort(rim[low], axis=1), np.sort(home[rim[high]], axis=1)
        order, other = np.lexsort(sorted_low.T), np.lexsort(sorted_high.T)
        if not np.array_equal(sorted_low[order], sorted_high[other]):
            raise GeometryError("volume mesh: the triangles on the box's opposite faces do not match", walls)
        periodic_image[low[order]], periodic_image[high[other]] = high[other], low[order]
    return periodic_image
