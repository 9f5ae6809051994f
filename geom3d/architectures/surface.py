"""A closed triangle mesh of a user's own (STL, 3MF, OBJ, PLY, GLB) as a web: from CAD, a printer's file, another program.

The web is the inside of the surface, by a line that meets it an odd number of times; the function is the distance to its nearest
triangle. Beside an edge where faces meet at an angle it is the distance to the planes of both, so that edges stay sharp.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import scipy
from pydantic import Field

from geom3d.architectures import SizeOrZero
from geom3d.architectures._columns import Columns
from geom3d.architectures._meshes import (
    ENDINGS,
    UNITS,
    Mesh,
    areas_and_normals,
    bodies,
    edges_of,
    read,
    require_closed,
)
from geom3d.architectures._sponge import Stand, WebParameters, quadrature, sponge
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.architectures._userfile import FileParameters
from geom3d.core.arrays import BoolArray, FloatArray, IntArray, compacted
from geom3d.core.errors import InputError
from geom3d.mesh.bvh import Nearest
from geom3d.solids.grid import rounding_unit, snap, wrapped

#: Faces that meet at more than this are two, with a sharp edge between them.
SHARP = math.radians(30)
#: Corners this share of the extent off a side of the box lie on it, and off their images match them.
ON_SIDE = 1e-5
#: A nearest point with a barycentric coordinate below this lies on an edge.
ON_EDGE = 1e-7
#: Halvings by which a kink is found, and grid steps beyond which values are only known to be larger.
HALVINGS, BAND = 10, 4.0
#: How far beside a triangle its sides are asked for, as a share of the extent.
ASIDE = 1e-6
#: Balls by which the smallest radius is found, the rounds in which each shrinks, and the share of them that may be smaller.
BALLS, ROUNDS, SMALLER = 4000, 12, 0.4


class Parameters(FileParameters, WebParameters):
    """Parameters of a triangle mesh."""

    file: Annotated[
        str,
        Field(min_length=1, max_length=1000, description="STL, 3MF, OBJ, PLY or GLB, seen from the template"),
    ] = "cross.stl"
    unit: Annotated[
        Literal["file", "nm", "um", "mm", "cm", "m", "in"],
        Field(description="what one unit of the file stands for; file: as it says itself, which 3MF and GLB do"),
    ] = "um"
    periodic: Annotated[
        bool | tuple[bool, bool],
        Field(
            description="whether its sides meet those of the next one, in both x and y or each; else it is one piece"
        ),
    ] = True
    margin: Annotated[
        SizeOrZero, Field(description="from one piece to the side of its box, where it is not periodic")
    ] = 1.0
    sunk: Annotated[SizeOrZero, Field(description="how deep its lowest point lies in what it stands on")] = 0.0
    inside: Annotated[
        Literal["solid", "pore"],
        Field(description="solid: what the mesh encloses is the web; pore: the web is the rest"),
    ] = "solid"
    loose: Annotated[Literal["refuse", "keep"], Field(description="what is done with parts that hang on nothing")] = (
        "refuse"
    )


@dataclass(frozen=True, eq=False)
class Facets:
    """The signed distance to a closed surface that is periodic in x and y; above and below, it goes on mirrored where it is cut flat.

    Attributes:
        whole: all its triangles, µm, those on the sides of the box included.
        shown: (T,) which of them are its surface, and no cut by a side, the foot or the top.
        mates: (2, V) for each corner on the far side in x, and in y, the one a period back; for others itself.
        size: the period in x and y, µm.
        folds: heights at which it is mirrored, the lower and the upper one, µm; infinite where it is not.
        pore: whether the body is what it does not enclose.
    """

    whole: Mesh
    shown: BoolArray
    mates: IntArray
    size: tuple[float, float]
    folds: tuple[float, float]
    pore: bool

    def on_grid(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        steps = [float(np.diff(planes).max(initial=0.0)) for planes in (x, y, z)]
        band = BAND * max(steps)
        x, y = (np.mod(planes, length) for planes, length in zip((x, y), self.size, strict=True))
        folded = self._folded(z)
        found = np.where(self._columns.inside_grid(x, y, folded) != self.pore, -band, band)
        for k, height in enumerate(folded):  # a sheet at a time keeps what is asked for at once within bounds
            points = np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x)), np.full(len(x) * len(y), height)])
            away, _ = self._away(points, band)
            sheet = found[k].ravel()
            near = away < band
            sheet[near] = np.sign(sheet[near]) * away[near]
        return found

    def at(self, points: FloatArray) -> FloatArray:
        points = self._home(points)
        away, _ = self._away(points, math.inf)
        return np.where(self._columns.inside(points) != self.pore, -away, away)

    def branches(self, points: FloatArray) -> IntArray | None:
        if self.is_smooth:
            return None
        return self._away(self._home(points), math.inf)[1]

    def kinks(self, one: FloatArray, other: FloatArray) -> FloatArray:
        # The branch is known at points only: halve the way to where it is no more that of the beginning.
        first = self.branches(one)
        low, high = np.zeros(len(one)), np.ones(len(one))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            same = self.branches(one + middle[:, None] * (other - one)) == first
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return (low + high) / 2

    def _folded(self, z: FloatArray) -> FloatArray:
        """Heights mirrored to between the folds, and off them by rounding: on a cut, inside and outside would be undecided."""
        low, high = self.folds
        found = np.array(z, dtype=np.float64)
        if math.isfinite(low) and math.isfinite(high):
            found = low + (high - low) - np.abs((found - low) % (2 * (high - low)) - (high - low))
        elif math.isfinite(low):
            found = low + np.abs(found - low)
        elif math.isfinite(high):
            found = high - np.abs(found - high)
        slack = 1e-9 * float(self.whole.extent[2])
        return np.clip(found, low + slack, high - slack)

    def _home(self, points: FloatArray) -> FloatArray:
        points = wrapped(points, self.size)
        points[:, 2] = self._folded(points[:, 2])
        return points

    def _away(self, points: FloatArray, limit: float) -> tuple[FloatArray, IntArray]:
        """(n,) distance from the surface, or beside a sharp edge from the planes of its faces, µm; (n,) smooth face it is to."""
        steps, nearest = self._nearest.faces(points, limit)
        away = np.sqrt(np.einsum("nk,nk->n", steps, steps))
        edges = self._edges
        face = edges.face[nearest]
        near = np.flatnonzero(np.isfinite(away) & edges.sharp[nearest].any(axis=1))
        if len(near):
            side = edges.side(nearest[near], points[near] + steps[near], self.size)
            on = near[side >= 0]
            one = nearest[on]
            other = edges.neighbour[one, side[side >= 0]]
            heights = [np.abs(np.einsum("nk,nk->n", edges.normals[each], steps[on])) for each in (one, other)]
            farther = heights[1] > heights[0]
            away[on] = np.maximum(*heights)
            face[on] = edges.face[np.where(farther, other, one)]
        return away, face

    @property
    def is_smooth(self) -> bool:
        """Whether no faces meet at an angle."""
        return not bool(self._edges.sharp.any())

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self.whole.vertices, self.whole.triangles, self.size)

    @cached_property
    def _surface(self) -> Mesh:
        used, triangles = compacted(self.whole.triangles[self.shown])
        return Mesh(self.whole.vertices[used], triangles, 1.0)

    @cached_property
    def _nearest(self) -> Nearest:
        return Nearest(self._surface.vertices, self._surface.triangles, self.size)

    @cached_property
    def _edges(self) -> Edges:
        return Edges.of(self._surface, *edges_of(self.whole.triangles[self.shown], self.mates))

    def area(self, low: float, high: float) -> float:
        """Area between two heights, µm²: triangles cut there count with the share of their heights in between."""
        areas, _ = areas_and_normals(self._surface)
        heights = self._surface.vertices[self._surface.triangles, 2]
        bottom, top = heights.min(axis=1), heights.max(axis=1)
        share = (np.minimum(top, high) - np.maximum(bottom, low)) / np.maximum(top - bottom, 1e-12)
        level = top - bottom <= 1e-12
        return float(np.where(level, (bottom >= low) & (bottom <= high), np.clip(share, 0, 1)) @ areas)

    def radius(self) -> float:
        """The radius of balls that touch the surface from within and without, of which few are smaller, µm.

        A ball shrinks until nothing of the surface lies in it (Ma, Bae and Choi, Visual Computer 28 (2012) 7).
        """
        areas, normals = areas_and_normals(self._surface)
        random = np.random.default_rng(0)
        number = random.choice(len(areas), BALLS, p=areas / areas.sum())
        shares = random.dirichlet([1, 1, 1], BALLS)
        at = np.einsum("nc,nck->nk", shares, self._surface.vertices[self._surface.triangles[number]])
        found = []
        for sign in (1.0, -1.0):
            normal = sign * normals[number]
            radius = np.full(BALLS, min(self.size) / 2)
            for _ in range(ROUNDS):
                centre = at + radius[:, None] * normal
                steps = self._nearest.steps(centre)
                touched = centre + steps - at
                along = np.einsum("nk,nk->n", touched, normal)
                square = np.einsum("nk,nk->n", touched, touched)
                shrunk = np.where(along > 1e-9 * radius, square / (2 * np.maximum(along, 1e-300)), radius)
                radius = np.minimum(radius, np.maximum(shrunk, 1e-6 * radius))
            found.append(radius)
        return float(np.quantile(np.concatenate(found), SMALLER))


@dataclass(frozen=True)
class Edges:
    """Where the faces of a surface meet at an angle.

    Attributes:
        normals: (T, 3) of length 1.
        sharp: (T, 3) whether the edge from corner k to the next one is sharp.
        neighbour: (T, 3) the triangle on the other side of it.
        face: (T,) number of the smooth face that each triangle belongs to.
        corners: (T, 3, 3) µm.
    """

    normals: FloatArray
    sharp: BoolArray
    neighbour: IntArray
    face: IntArray
    corners: FloatArray

    @classmethod
    def of(cls, mesh: Mesh, starts: IntArray, ends: IntArray) -> Edges:
        """The edges of triangles, which start and end at (3 T,) corners that are the same for both triangles of an edge."""
        _, normals = areas_and_normals(mesh)
        count = int(max(starts.max(initial=0), ends.max(initial=0))) + 1
        forth, back = starts * count + ends, ends * count + starts
        order = np.argsort(forth, kind="stable")
        place = np.minimum(np.searchsorted(forth[order], back), len(order) - 1)
        partner = np.where(forth[order][place] == back, order[place], np.arange(len(forth)))
        one, other = np.arange(len(forth)) // 3, partner // 3
        turn = np.einsum("nk,nk->n", normals[one], normals[other])
        sharp = turn < math.cos(SHARP)
        smooth = ~sharp
        link = scipy.sparse.coo_array(
            (np.ones(int(smooth.sum()), dtype=np.int8), (one[smooth], other[smooth])), shape=(len(normals),) * 2
        )
        _, face = scipy.sparse.csgraph.connected_components(link, directed=False)
        return cls(
            normals,
            sharp.reshape(-1, 3),
            other.reshape(-1, 3),
            face.astype(np.int64),
            mesh.vertices[mesh.triangles],
        )

    def side(self, triangles: IntArray, points: FloatArray, size: tuple[float, float]) -> IntArray:
        """(n,) the sharp edge of a triangle on which a point of it lies, -1 where it lies on none, or on a corner."""
        a, b, c = self.corners[triangles].transpose(1, 0, 2)
        points = points.copy()
        for axis, period in enumerate(size):
            points[:, axis] -= np.rint((points[:, axis] - (a + b + c)[:, axis] / 3) / period) * period
        across = np.cross(b - a, c - a)
        square = np.maximum(np.einsum("nk,nk->n", across, across), 1e-300)
        # The barycentric coordinate of a corner vanishes on the edge that begins at the next one.
        shares = np.column_stack(
            [np.einsum("nk,nk->n", np.cross(q - p, points - p), across) / square for p, q in ((a, b), (b, c), (c, a))]
        )
        on = shares < ON_EDGE
        found = np.argmax(on, axis=1)
        single = (on.sum(axis=1) == 1) & self.sharp[triangles, found]
        return np.where(single, found, -1)


@dataclass(frozen=True)
class Placed:
    """A mesh in its box.

    Attributes:
        facets: the function.
        height: of the web above its foot, µm.
    """

    facets: Facets
    height: float


def build(parameters: Parameters) -> Structure:
    """The web on its plate."""
    p = parameters
    placed = _placed(p)
    stand = Stand(p.base, p.backing, placed.height)
    return sponge(stand, placed.facets, placed.facets.size, placed.facets.radius(), percolates=False)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume by points inside, area by that of the triangles.

    Where faces meet at an angle the area is right to first order in the grid's step only, less than `verify` asks for: then it
    is left out.
    """
    p = parameters
    placed = _placed(p)
    stand = Stand(p.base, p.backing, placed.height)
    area = placed.facets.area(p.base_z, p.base_z + placed.height)
    found = quadrature(stand, placed.facets, placed.facets.size, area)
    known = {**found.metrics, "thickness_equivalent_um.backing": p.backing}
    if not placed.facets.is_smooth:
        del known["sponge.surface_per_volume_per_um"]
    return Quadrature(known)


def _placed(p: Parameters) -> Placed:
    mesh = _scaled(p, read(p.located(p.file, ENDINGS)))
    periodic = p.periodic if isinstance(p.periodic, tuple) else (p.periodic, p.periodic)
    shift = -mesh.vertices.min(axis=0) + [*(0.0 if along else p.margin for along in periodic), p.base_z - p.sunk]
    extent = mesh.extent.tolist()
    x, y = (length + (0.0 if along else 2 * p.margin) for length, along in zip(extent[:2], periodic, strict=True))
    mesh = Mesh(mesh.vertices + shift, mesh.triangles, 1.0)
    mesh, mates = _matched(mesh, (x, y), periodic)
    height = extent[2] - p.sunk
    p.require(height > 0, "sunk", f"must be less than the mesh is high, {extent[2]:.4g} µm")
    on_side, sides = _cuts(mesh, (x, y), periodic)
    if not on_side.all():
        # What lies on a side of the box is the cut through a body that goes on: only the rest must be closed.
        on_sides = np.zeros(len(mesh.vertices), dtype=bool)
        for axis, along in enumerate(periodic):
            if along:
                on_sides |= (mesh.vertices[:, axis] == 0.0) | (mesh.vertices[:, axis] == mesh.vertices[:, axis].max())
        require_closed(Mesh(mesh.vertices, mesh.triangles[~on_side], 1.0), mates, on_sides)
    shown = ~on_side & ~sides.any(axis=0)
    if not shown.any():
        raise InputError("parameters.file: the mesh is a block that fills its box: nothing of its surface is left")
    low = float(mesh.vertices[:, 2].min())
    folds = (low if sides[0].any() else -math.inf, low + extent[2] if sides[1].any() else math.inf)
    facets = Facets(mesh, shown, mates, (x, y), folds, p.inside == "pore")
    _require_whole(p, facets)
    return Placed(facets, height)


def _scaled(p: Parameters, mesh: Mesh) -> Mesh:
    """The mesh in µm."""
    factor = mesh.unit if p.unit == "file" else UNITS[p.unit]
    if factor is None:
        raise InputError(
            "parameters.unit: must be given, since the file does not tell it; valid: nm, um, mm, cm, m, in; got 'file'"
        )
    extent = mesh.extent * factor
    if not (extent.min() >= 1e-3 and extent.max() <= 1e5):
        edges = " × ".join(f"{edge:.4g}" for edge in extent.tolist())
        raise InputError(
            f"parameters.unit: the mesh would be {edges} µm, each must be 0.001 to 100000 µm; got {p.unit!r}"
        )
    return Mesh(mesh.vertices * factor, mesh.triangles, 1.0)


def _matched(mesh: Mesh, size: tuple[float, float], periodic: tuple[bool, bool]) -> tuple[Mesh, IntArray]:
    """The mesh with corners exactly on its sides and a period apart, and (2, V) the corner a period back in x, and in y."""
    vertices = mesh.vertices.copy()
    mates = np.tile(np.arange(len(vertices)), (2, 1))
    slack = ON_SIDE * float(mesh.extent.max())
    for axis, along in enumerate(periodic):
        if not along:
            continue
        length = size[axis]
        on_low, on_high = (np.abs(vertices[:, axis] - at) <= slack for at in (0.0, length))
        vertices[on_low, axis], vertices[on_high, axis] = 0.0, length
        high, low = np.flatnonzero(on_high), np.flatnonzero(on_low)
        across = [k for k in range(3) if k != axis]
        tree = scipy.spatial.cKDTree(vertices[low][:, across]) if len(low) else None
        if tree is not None and len(high):
            away, place = tree.query(vertices[high][:, across])
            same = away <= slack
            vertices[np.ix_(high[same], across)] = vertices[low[place[same]]][:, across]
            mates[axis, high[same]] = low[place[same]]
    unit = [rounding_unit(length) for length in size]
    vertices[:, :2] = np.column_stack([snap(vertices[:, axis], unit[axis]) for axis in (0, 1)])
    return Mesh(vertices, mesh.triangles, 1.0), mates


def _cuts(mesh: Mesh, size: tuple[float, float], periodic: tuple[bool, bool]) -> tuple[BoolArray, BoolArray]:
    """(T,) triangles that lie in a side of the box through which the body goes on, and (2, T) in its foot and in its top."""
    corners = mesh.vertices[mesh.triangles]
    on_side = np.zeros(len(corners), dtype=bool)
    for axis, along in enumerate(periodic):
        if along:
            for at in (0.0, size[axis]):
                on_side |= (corners[:, :, axis] == at).all(axis=1)
    slack = ON_SIDE * float(mesh.extent.max())
    heights = corners[:, :, 2]
    ends = mesh.vertices[:, 2].min(), mesh.vertices[:, 2].max()
    return on_side, np.array([(np.abs(heights - end) <= slack).all(axis=1) for end in ends])


def _require_whole(p: Parameters, facets: Facets) -> None:
    """Raises a clear error for a surface that cuts itself, is inside out, or has parts that hang on nothing."""
    mesh = facets.whole
    count, pairs = Columns(mesh.vertices, mesh.triangles, facets.size).cuts()
    if count:
        where = mesh.named(pairs[:, 0])
        raise InputError(
            f"parameters.file: the mesh cuts itself: {count:,} pairs of triangles pass through each other, at {where} µm; unite its bodies"
            if count > 0
            else "parameters.file: too many triangles lie close to each other to tell whether the mesh cuts itself; simplify it"
        )
    part, number = bodies(mesh.triangles, facets.mates[0][facets.mates[1]])
    _require_outward(facets, part, number)
    # By the flow of (0, 0, z) through it: cuts on the sides, which the file may lack, are upright and add nothing.
    areas, normals = areas_and_normals(mesh)
    rise = areas * normals[:, 2]
    heights = mesh.vertices[mesh.triangles, 2]
    foot = p.base_z - p.sunk
    volumes = np.bincount(part, weights=rise * (heights.mean(axis=1) - foot), minlength=number)
    # A sheet across the whole period is one side of a body whose other side is another sheet: it has no volume of its own.
    sheets = np.abs(np.bincount(part, weights=rise, minlength=number)) > facets.size[0] * facets.size[1] / 2
    lowest = np.full(number, np.inf)
    np.minimum.at(lowest, part, heights.min(axis=1))
    lowest -= max(foot, p.base_z) + ON_SIDE * float(mesh.extent.max())
    # What is enclosed is a part of its own; of a web around it, what is left within.
    own = volumes < 0 if facets.pore else volumes > 0
    hangs = np.flatnonzero(own & ~sheets & (lowest > 0))
    if len(hangs) and p.loose == "refuse":
        first = np.array([int(np.flatnonzero(part == each)[0]) for each in hangs[:3]])
        what = "1 part of the web hangs" if len(hangs) == 1 else f"{len(hangs):,} parts of the web hang"
        raise InputError(f"parameters.loose: {what} on nothing, at {mesh.named(first)} µm; valid: keep")


def _require_outward(facets: Facets, part: IntArray, number: int) -> None:
    """Raises a clear error where the normals of a part point inward: where its inside lies in front of its largest triangle."""
    mesh = facets.whole
    areas, normals = areas_and_normals(mesh)
    areas = np.where(facets.shown, areas, 0.0)
    order = np.lexsort((areas, part))
    largest = order[np.searchsorted(part[order], np.arange(number), side="right") - 1]
    largest = largest[areas[largest] > 0]
    middles = mesh.vertices[mesh.triangles[largest]].mean(axis=1)
    step = ASIDE * float(mesh.extent.max())
    wrong = np.zeros(len(largest), dtype=bool)
    for sign in (1.0, -1.0):
        wrong |= (facets.at(middles + sign * step * normals[largest]) <= 0) != ((sign < 0) != facets.pore)
    if wrong.any():
        raise InputError(
            f"parameters.file: {'the mesh' if wrong.all() else 'a part of the mesh'} is inside out: its normals point inward, "
            f'at {mesh.named(largest[wrong])} µm; turn them round (for a web around it, inside = "pore")'
        )
