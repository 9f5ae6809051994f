"""The hub: every triangle between two regions, with the region behind it and the region in front.

Areas, volumes, shells, tiling and the checks that always run are read off this one table, for every family
of solids. A region's shell is the set of triangles where its label ends, so it is closed by construction and
shared with its neighbours triangle for triangle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    area_vectors,
    half_edges,
    numbers_of,
    pair_keys,
)
from geom3d.core.errors import GeometryError
from geom3d.core.jit import compiled
from geom3d.mesh.components import Components

#: Label beyond the box. The void inside the box has the label `len(names)`.
OUTSIDE = -1

#: Relative error allowed between the sum of the regions' volumes and the box.
VOLUME_TOLERANCE = 1e-9


class VolumeMesher(Protocol):
    """Fills a cell with tetrahedra.

    For both methods: no edge is longer than `max_edge`, µm, unless it is None; so many `layers` lie across films at least.

    Attributes:
        sampled: whether the walls are sampled in all directions, so that they may move by a little of what that leaves open.
    """

    @property
    def sampled(self) -> bool: ...

    def tetrahedra(self, max_edge: float | None, layers: int) -> tuple[FloatArray, IntArray, IntArray]:
        """Points (P, 3), µm, tetrahedra (N, 4) and the label of each (N,); the void is filled, too."""
        ...

    def most(self, max_edge: float | None, layers: int) -> tuple[int, int, int]:
        """The most points, tetrahedra, and triangles on interfaces and the box that there can be."""
        ...


class Interfaces:
    """What is read off areas between regions, whatever these are cut into: triangles, or all that lies between the same two.

    Attributes:
        names: region names; a label is an index into them, `len(names)` is the void, `OUTSIDE` is beyond the box.
        size: edges of the box (x, y, z), µm.
        back_region: (N,) label on one side of each area.
        neighbour_region: (N,) label on its far side, read through the period.
        areas: (N,) µm².
    """

    names: tuple[str, ...]
    size: tuple[float, float, float]
    back_region: IntArray
    if TYPE_CHECKING:

        @property
        def neighbour_region(self) -> IntArray: ...

        @property
        def areas(self) -> FloatArray: ...

    @property
    def void(self) -> int:
        """The label of the empty space in the box."""
        return len(self.names)

    @property
    def footprint(self) -> float:
        """Area of one period in the plane of the chip, µm²."""
        return self.size[0] * self.size[1]

    def between(self, some: Sequence[int] | BoolArray, others: Sequence[int] | BoolArray) -> BoolArray:
        """(N,) mask of the areas with a region of `some` on one side and one of `others` on the other.

        Args:
            some: labels, or a (R + 1,) mask over labels.
            others: the same for the other side.
        """
        one, two = self._mask(some), self._mask(others)
        far = self.neighbour_region
        inner = far != OUTSIDE
        mask = inner & ((one[self.back_region] & two[far]) | (two[self.back_region] & one[far]))
        return np.asarray(mask & (self.back_region != far))

    def area_between(self, some: Sequence[int] | BoolArray, others: Sequence[int] | BoolArray) -> float:
        """Area of the interface between two sets of regions, µm². The faces of the box never count."""
        return float(self.areas[self.between(some, others)].sum())

    def interfaces(self) -> dict[tuple[int, int], float]:
        """Area of every interface, µm², by (lower label, higher label)."""
        count = len(self.names) + 1
        far = self.neighbour_region
        real = (far != OUTSIDE) & (far != self.back_region)
        low, high = np.minimum(self.back_region, far)[real], np.maximum(self.back_region, far)[real]
        table = np.bincount(low * count + high, weights=self.areas[real], minlength=count * count)
        return {(k // count, k % count): float(table[k]) for k in np.flatnonzero(table).tolist()}

    def _mask(self, labels: Sequence[int] | BoolArray) -> BoolArray:
        array = np.asarray(labels)
        if array.dtype == np.bool_:
            return array
        mask = np.zeros(len(self.names) + 1, dtype=bool)
        mask[array.astype(np.int64)] = True
        return mask


@dataclass(frozen=True)
class InterfaceMesh(Interfaces):
    """Triangles between regions, in one period of the cell.

    Attributes:
        names: region names; a label is an index into them, `len(names)` is the void, `OUTSIDE` is beyond the box.
        size: edges of the box (x, y, z), µm; its lower corner is the origin; x and y are periodic.
        vertices: (V, 3) µm; shared by index, never welded.
        triangles: (T, 3) indices; the normal (right-hand rule) points from `back_region` to `front_region`.
        back_region: (T,) label behind each triangle, never OUTSIDE.
        front_region: (T,) label in front; OUTSIDE on the faces of the box.
        periodic_image: (T,) on the box's side faces the same triangle one period on, elsewhere -1.
        pieces: finds the connected pieces of the regions, when they are asked for.
        fields: (T,) numbers on the triangles by name, nan where a triangle has none; pictures and VTP files show them.
        filling: fills the regions with tetrahedra; None where single pieces were taken out.
    """

    names: tuple[str, ...]
    size: tuple[float, float, float]
    vertices: FloatArray
    triangles: IntArray
    back_region: IntArray
    front_region: IntArray
    periodic_image: IntArray
    pieces: Callable[[], Components]
    filling: VolumeMesher | None = None
    fields: Mapping[str, FloatArray] = field(default_factory=dict)

    def __repr__(self) -> str:
        x, y, z = self.size
        counts = f"{len(self.vertices)} vertices, {len(self.triangles)} triangles"
        return f"<InterfaceMesh {x:.6g} × {y:.6g} × {z:.6g} µm, {counts}: {', '.join(self.names)}>"

    def with_field(self, name: str, values: FloatArray) -> InterfaceMesh:
        """The same walls with (T,) numbers on the triangles."""
        return replace(self, fields={**self.fields, name: values})

    @cached_property
    def components(self) -> Components:
        """The connected pieces of the regions."""
        return self.pieces()

    @cached_property
    def area_vectors(self) -> FloatArray:
        """(T, 3) normal times area of each triangle, µm²."""
        return area_vectors(self.vertices, self.triangles)

    @cached_property
    def areas(self) -> FloatArray:
        """(T,) area of each triangle, µm²."""
        areas: FloatArray = np.linalg.norm(self.area_vectors, axis=1)
        return areas

    @cached_property
    def upright(self) -> BoolArray:
        """(T,) True where the triangle belongs to a side wall (its normal lies nearer the plane than the axis)."""
        upright: BoolArray = np.abs(self.area_vectors[:, 2]) < 0.5 * self.areas
        return upright

    @cached_property
    def volumes(self) -> FloatArray:
        """(R + 1,) volume of each region, the void last, µm³, by the divergence theorem over its shell."""
        # Measured from the middle of the box: thin films far from the origin would lose digits otherwise.
        x, y, z = (edge / 2 for edge in self.size)
        flux = np.empty(len(self.triangles))
        _fluxes(self.vertices, np.ascontiguousarray(self.triangles[:, 0]), self.area_vectors, x, y, z, flux)
        return self.out_of(flux)

    def out_of(self, flux: FloatArray) -> FloatArray:
        """(R + 1,) what flows out of each region, the void last, by the (T,) flow through the triangles from back to front."""
        return _net(self.back_region, self.front_region, flux, len(self.names) + 1)

    @cached_property
    def neighbour_region(self) -> IntArray:
        """(T,) label on the far side of each triangle, read through the period; OUTSIDE on top and bottom only.

        On the two side faces of the box a triangle and its twin are one wall seen twice: the second of the two
        carries its own label here, so that no interface is counted twice.
        """
        far = self.front_region.copy()
        side = np.flatnonzero(self.periodic_image >= 0)
        first = side < self.periodic_image[side]
        far[side] = np.where(first, self.back_region[self.periodic_image[side]], self.back_region[side])
        return far

    def shell(self, labels: Sequence[int] | BoolArray) -> tuple[IntArray, IntArray]:
        """The closed surface of a set of regions taken as one body, normals outward.

        Args:
            labels: labels, or a (R + 1,) mask over labels.

        Returns:
            (F, 3) vertex indices, and (F,) the index of each in `triangles`.
        """
        mask = np.append(self._mask(labels), False)  # the last entry answers for OUTSIDE = -1
        inside, beyond = mask[self.back_region], mask[self.front_region]
        index = np.flatnonzero(inside != beyond)
        faces = self.triangles[index]
        faces = np.where(inside[index, None], faces, faces[:, ::-1])
        return faces, index

    def edge_uses(self, faces: IntArray) -> IntArray:
        """(E,) how many triangles of `faces` meet at each edge; 2 everywhere on a manifold."""
        keys = pair_keys(*half_edges(faces), len(self.vertices))
        counts: IntArray = np.unique(keys, return_counts=True)[1]
        return counts

    def tiles(
        self, labels: Sequence[int] | BoolArray, repeat: tuple[int, int]
    ) -> Iterator[tuple[int, range, IntArray, IntArray]]:
        """The shell of a repeated body, in runs of equal tiles; seams inside the array are left out.

        Args:
            labels: the regions taken as one body.
            repeat: tiles in x and y.

        Yields:
            row, columns, the (F, 3) faces to draw in each of these tiles, shifted by (column · x, row · y) by the
            reader, and the (F,) index of each in `triangles`. Adding a multiple of the period to a vertex is exact in
            float64, so borders come out bit-identical from both tiles. Equal tiles come as the same two arrays.
        """
        columns, rows = repeat
        mask = self._mask(labels)
        faces, index = self.shell(mask)
        periodic_image = self.periodic_image[index]
        seam = (periodic_image >= 0) & mask[self.back_region[index]] & mask[self.back_region[periodic_image]]
        middle = self.vertices[faces].mean(axis=1)
        normal = np.abs(self.area_vectors[index])
        # On the box's side faces only: which of the four a seam triangle lies on.
        along_x = normal[:, 0] > normal[:, 1]
        upper = np.where(along_x, middle[:, 0] > self.size[0] / 2, middle[:, 1] > self.size[1] / 2)
        sides = [seam & along_x & ~upper, seam & along_x & upper, seam & ~along_x & ~upper, seam & ~along_x & upper]
        runs = [range(1), range(1, columns - 1), range(columns - 1, columns)] if columns > 1 else [range(1)]
        variants: dict[tuple[bool, ...], tuple[IntArray, IntArray]] = {}
        for row in range(rows):
            for run in runs:
                if not run:
                    continue
                ends = (run.start == 0, run.stop == columns, row == 0, row == rows - 1)
                if ends not in variants:
                    hidden = [side for at_end, side in zip(ends, sides, strict=True) if not at_end]
                    kept = ~np.any(hidden, axis=0) if hidden else np.ones(len(faces), dtype=bool)
                    variants[ends] = faces[kept], index[kept]
                yield row, run, *variants[ends]

    def without(self, pieces: BoolArray) -> InterfaceMesh:
        """The walls with some pieces turned into void.

        Args:
            pieces: (n,) mask over the chunks, of which each triangle must know its two.
        """
        components = self.components
        assert components.back_component is not None  # the caller's promise
        assert components.front_component is not None
        mask = np.append(pieces, False)  # the last entry answers for OUTSIDE = -1
        back_region, front_region = (
            np.where(mask[piece], self.void, label)
            for piece, label in (
                (components.back_component, self.back_region),
                (components.front_component, self.front_region),
            )
        )
        kept = back_region != front_region
        number = np.append(numbers_of(kept), -1)
        left = Components(
            np.where(pieces, self.void, components.labels), components.volumes, components.links, components.shifts, components.at_end,
            components.back_component[kept], components.front_component[kept],
        )  # fmt: skip
        return InterfaceMesh(
            names=self.names,
            size=self.size,
            vertices=self.vertices,
            triangles=self.triangles[kept],
            back_region=back_region[kept],
            front_region=front_region[kept],
            periodic_image=number[self.periodic_image[kept]],
            pieces=lambda: left,
            fields={name: values[kept] for name, values in self.fields.items()},
        )

    def check(self) -> InterfaceMesh:
        """Volumes sum to the box, opposite faces match, every shell is closed and oriented.

        Returns:
            itself, so that a call can be chained.

        Raises:
            GeometryError: naming what failed; it carries this mesh.
        """
        box = float(np.prod(self.size))
        error = abs(float(self.volumes.sum()) - box) / box
        if not error <= VOLUME_TOLERANCE:
            raise GeometryError(f"the regions' volumes miss the box by {error:.2g} of its volume", self)
        direct = np.bincount(self.components.labels, weights=self.components.volumes, minlength=len(self.names) + 1)
        off = np.abs(direct - self.volumes) / box
        if not off.max() <= VOLUME_TOLERANCE:
            worst = self._name(int(off.argmax()))
            raise GeometryError(
                f"two ways to the volume of region {worst!r} differ by {off.max():.2g} of the box", self
            )
        self._check_twins()
        for label, count in enumerate(self._open_edges().tolist()):
            if count:
                raise GeometryError(f"the shell of region {self._name(label)!r} has {count} open edges", self)
        return self

    def _check_twins(self) -> None:
        side = np.flatnonzero(self.periodic_image >= 0)
        if not np.array_equal(self.periodic_image[self.periodic_image[side]], side):
            raise GeometryError("the box's opposite faces do not pair up", self)
        flat = np.abs(self.area_vectors[:, 2]) <= 1e-12 * self.areas
        missed = (self.front_region == OUTSIDE) & flat & (self.periodic_image < 0)
        if missed.any():
            raise GeometryError(f"{int(missed.sum())} triangles on the box's side faces have no twin", self)
        here = np.sort(self._in_plane(side), axis=1)
        there = np.sort(self._in_plane(self.periodic_image[side]), axis=1)
        if not np.array_equal(here, there):
            raise GeometryError("the box's opposite faces do not match", self)

    def _in_plane(self, index: IntArray) -> NDArray[np.complex128]:
        """(F, 3) corners of side-face triangles as (coordinate along the face) + i z."""
        corners = self.vertices[self.triangles[index]]
        normal = np.abs(self.area_vectors[index])
        along = np.where((normal[:, 0] > normal[:, 1])[:, None], corners[:, :, 1], corners[:, :, 0])
        return np.asarray(along + 1j * corners[:, :, 2])

    def _open_edges(self) -> IntArray:
        """(R + 1,) edges of each region's shell that are not used equally often in both directions: closed and oriented, none."""
        # Edges are gathered at their lower corners, so that no sort of all of them is needed.
        first = _edges_at(self.triangles, len(self.vertices))
        return _open_edges(self.triangles, self.back_region, self.front_region, first, len(self.names) + 1)

    def _name(self, label: int) -> str:
        return "void" if label == self.void else self.names[label]


@compiled
def _fluxes(
    vertices: FloatArray, corners: IntArray, vectors: FloatArray, x: float, y: float, z: float, flux: FloatArray
) -> None:
    """Fills in a third of the flux of the place, seen from a point, through (T, 3) area vectors at one corner of each."""
    for n in range(len(corners)):
        corner, vector = vertices[corners[n]], vectors[n]
        flux[n] = ((corner[0] - x) * vector[0] + (corner[1] - y) * vector[1] + (corner[2] - z) * vector[2]) / 3


@compiled
def _net(back: IntArray, front: IntArray, flux: FloatArray, count: int) -> FloatArray:
    gained, lost = np.zeros(count), np.zeros(count)
    for n in range(len(flux)):
        gained[back[n]] += flux[n]
        if front[n] >= 0:
            lost[front[n]] += flux[n]
    return gained - lost


@compiled
def _edges_at(triangles: IntArray, count: int) -> IntArray:
    """(count + 1,) where the edges at each vertex begin, in a list of all by their lower corners."""
    first = np.zeros(count + 1, dtype=np.int64)
    for n in range(len(triangles)):
        for k in range(3):
            first[min(triangles[n, k], triangles[n, (k + 1) % 3]) + 1] += 1
    for vertex in range(count):
        first[vertex + 1] += first[vertex]
    return first


@compiled
def _sort(keys: NDArray[np.int32], others: IntArray) -> None:
    """Sorts keys, and others along with them, after Shell: few edges meet at most vertices, many at some."""
    gap = 1
    while gap < len(keys) // 3:
        gap = 3 * gap + 1
    while gap:
        for i in range(gap, len(keys)):
            key, other, j = keys[i], others[i], i
            while j >= gap and keys[j - gap] > key:
                keys[j], others[j] = keys[j - gap], others[j - gap]
                j -= gap
            keys[j], others[j] = key, other
        gap //= 3


@compiled
def _open_edges(triangles: IntArray, back: IntArray, front: IntArray, first: IntArray, labels: int) -> IntArray:
    """(labels,) open edges of each region's shell; `first` is that of `_edges_at`."""
    place = first[:-1].copy()
    # Of each edge the higher corner, and twice the triangle, and one more where it leads from the lower corner.
    higher, user = np.empty(first[-1], dtype=np.int32), np.empty(first[-1], dtype=np.int64)
    for n in range(len(triangles)):
        for k in range(3):
            start, end = triangles[n, k], triangles[n, (k + 1) % 3]
            low = min(start, end)
            higher[place[low]], user[place[low]] = max(start, end), 2 * n + (start < end)
            place[low] += 1
    found, net = np.zeros(labels, dtype=np.int64), np.zeros(labels, dtype=np.int64)
    for vertex in range(len(first) - 1):
        begin, stop = first[vertex], first[vertex + 1]
        _sort(higher[begin:stop], user[begin:stop])
        while begin < stop:
            end = begin
            while end < stop and higher[end] == higher[begin]:
                way = 1 if user[end] & 1 else -1
                net[back[user[end] >> 1]] += way
                if front[user[end] >> 1] >= 0:
                    net[front[user[end] >> 1]] -= way
                end += 1
            for at in range(begin, end):
                for label in (back[user[at] >> 1], front[user[at] >> 1]):
                    if label >= 0 and net[label] != 0:
                        found[label] += 1
                        net[label] = 0
            begin = end
    return found
