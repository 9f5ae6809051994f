"""The visible surface of every region of an array of unit cells, whole or with its front quarter cut away.

A cut is exact: triangles are divided where the plane meets them, and what the plane lays open are the polygons of the
section there. Prisms and sponges alike.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geom3d.core.arrays import BoolArray, FloatArray, IntArray, compacted, triangle_areas
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.scene.faces import Face, face


@dataclass(frozen=True)
class Body:
    """What is drawn of one region.

    Attributes:
        label: of the region.
        vertices: (V, 3) µm.
        triangles: (T, 3) indices.
        source: (T,) triangle of the unit cell's walls from which each comes; -1 on cut faces.
        outlines: of its cut faces, each of (n, 3) points, µm.
    """

    label: int
    vertices: FloatArray
    triangles: IntArray
    source: IntArray
    outlines: list[FloatArray] = field(default_factory=list)

    def moved(self, step: Sequence[float]) -> Body:
        """The body shifted by a vector, µm."""
        shift = np.asarray(step, dtype=np.float64)
        return replace(self, vertices=self.vertices + shift, outlines=[line + shift for line in self.outlines])

    @property
    def areas(self) -> FloatArray:
        """(T,) area of each triangle, µm²."""
        return triangle_areas(self.vertices, self.triangles)


def bodies(
    walls: InterfaceMesh,
    repeat: tuple[int, int],
    *,
    shown: BoolArray | None = None,
    clear: Sequence[int] = (),
    cut: tuple[float, float] | None = None,
) -> list[Body]:
    """The visible surface of every region of an array.

    Args:
        walls: of the unit cell.
        repeat: unit cells in x and y.
        shown: (columns, rows, R) which regions are there in which cell; all of them if None.
        clear: labels of regions that one can see through.
        cut: all that is below these two places, in x and in y, is cut away, µm.

    Returns:
        one per region, in their order; without triangles where nothing is seen. They are open at the cut: see `capped`.
    """
    count = len(walls.names)
    there = np.ones((*repeat, count), dtype=bool) if shown is None else shown
    parts = _tiles(walls, there, clear, cut)
    return [_joined(label, parts[label]) for label in range(count)]


def capped(found: Sequence[Body], faces: Sequence[Face], missing: Container[int] = ()) -> list[Body]:
    """The bodies with what of them lies open at a cut: of one that others enclose, nothing else is seen.

    Args:
        found: the bodies.
        faces: the cut's.
        missing: labels of regions that are not there.
    """
    bodies = list(found)
    for opened in faces:
        bodies = [body if body.label in missing else _with_face(body, opened) for body in bodies]
    return bodies


def laid_open(label: int, opened: Face) -> Body:
    """A region's part of a cut face alone."""
    return _with_face(_joined(label, []), opened)


def cut_faces(walls: InterfaceMesh, repeat: tuple[int, int], cut: tuple[float, float]) -> list[Face]:
    """Returns the two faces that a cut-away quarter lays open: normal to y, then normal to x."""
    found = []
    for axis, other, along in ((1, 0, "y"), (0, 1, "x")):
        if cut[axis] >= repeat[axis] * walls.size[axis]:
            continue
        step = int(cut[axis] / walls.size[axis] + 1e-9)  # 4.0 // 0.4 is 9
        opened = face(walls, max(cut[axis] - step * walls.size[axis], 0.0), along, repeat[other], step=step)
        found.append(opened.clipped((0.0, 0.0), (cut[other], walls.size[2])))
    return found


#: Of the largest coordinate, by which a corner may miss a plane that it lies in.
ROUNDING = 1e-8
#: Vertices, triangles and their sources.
Part = tuple[FloatArray, IntArray, IntArray]


def _tiles(
    walls: InterfaceMesh, there: BoolArray, clear: Sequence[int], cut: tuple[float, float] | None
) -> list[list[Part]]:
    """The visible parts of every region in every unit cell of the array."""
    columns, rows, count = there.shape
    # Labels as indices: the regions, the void, and OUTSIDE = -1 as the last entry.
    around = np.zeros((columns + 2, rows + 2, count + 2), dtype=bool)
    around[1:-1, 1:-1, :count] = there
    glass = np.zeros(count + 2, dtype=bool)
    glass[list(clear)] = True
    sides = _sides(walls)
    variants: dict[bytes, list[Part]] = {}
    found: list[list[Part]] = [[] for _ in range(count)]
    for column in range(columns):
        for row in range(rows):
            here = around[column + 1, row + 1]
            beyond = [around[column + 1 + dx, row + 1 + dy] for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1))]
            key = np.concatenate([here, *beyond]).tobytes()
            if key not in variants:
                variants[key] = _visible(walls, sides, here, beyond, glass)
            shift = np.array([column * walls.size[0], row * walls.size[1], 0.0])
            low, high = shift[:2], shift[:2] + walls.size[:2]
            for label, (vertices, triangles, source) in enumerate(variants[key]):
                part = (vertices + shift, triangles, source)
                if not len(triangles) or (cut is not None and (high <= cut).all()):
                    continue
                # All along the planes, and not in front alone: so the triangles match from cell to cell.
                crossed = cut is not None and ((low < cut) & (high > cut)).any()
                found[label] += _without_quarter(part, cut) if cut is not None and crossed else [part]
    return found


def _sides(walls: InterfaceMesh) -> IntArray:
    """(T,) on which of the box's sides a triangle lies: 0 low x, 1 high x, 2 low y, 3 high y; -1 inside and on the ends."""
    normal = np.abs(walls.area_vectors)
    axis = (normal[:, 1] > normal[:, 0]).astype(int)
    middle = walls.vertices[walls.triangles].mean(axis=1)[np.arange(len(axis)), axis]
    upper = middle > np.array(walls.size)[axis] / 2
    return np.where(walls.periodic_image >= 0, 2 * axis + upper, -1)


def _visible(
    walls: InterfaceMesh, sides: IntArray, here: BoolArray, beyond: Sequence[BoolArray], glass: BoolArray
) -> list[Part]:
    """The visible triangles of every region of one unit cell.

    Args:
        walls: of the unit cell.
        sides: of the box on which triangles lie.
        here: which labels are there in this cell.
        beyond: the same for its four neighbours, in the order of the sides.
        glass: which labels one can see through.
    """
    ahead = np.where(walls.periodic_image >= 0, walls.back_region[walls.periodic_image], walls.front_region)
    there = here[ahead]
    for side, neighbour in enumerate(beyond):
        there = np.where(sides == side, neighbour[ahead], there)
    own, other = here[walls.back_region], here[walls.front_region]
    # What is clear shows the surface of what lies behind it, and hides none of its own; nothing is drawn twice.
    seen_behind = own & (~there | (glass[ahead] & ~glass[walls.back_region]))
    seen_front = other & (~own | (glass[walls.back_region] & ~glass[walls.front_region]))
    found = []
    for label in range(len(walls.names)):
        mine = np.flatnonzero(seen_behind & (walls.back_region == label))
        yours = np.flatnonzero(seen_front & (walls.front_region == label))
        faces = np.concatenate([walls.triangles[mine], walls.triangles[yours][:, ::-1]])
        used, index = compacted(faces)
        found.append((walls.vertices[used], index, np.concatenate([mine, yours])))
    return found


def _without_quarter(part: Part, cut: tuple[float, float]) -> list[Part]:
    """A surface without what lies below two places, in x and in y."""
    right, left = (_half(part, 0, cut[0], above=above) for above in (True, False))
    pieces = [_half(right, 1, cut[1], above=above) for above in (True, False)] + [_half(left, 1, cut[1], above=True)]
    return [piece for piece in pieces if len(piece[1])]


def _half(part: Part, axis: int, place: float, *, above: bool) -> Part:
    """The part of a surface on one side of a plane; triangles that it crosses are divided."""
    vertices, triangles, source = part
    height = vertices[:, axis] - place if above else place - vertices[:, axis]
    # Corners that lie in the plane but for rounding would leave slivers, whose normals point anywhere.
    height = np.where(np.abs(height) < ROUNDING * np.abs(vertices).max(initial=0.0), 0.0, height)
    inside = (height > 0)[triangles]
    number = inside.sum(axis=1)
    # A triangle in the plane itself belongs to what lies beyond its normal, which is gone: the cut face stands there.
    pieces, sources = [triangles[number == 3]], [source[number == 3]]
    points = [vertices]
    count = len(vertices)
    for corners_in in (1, 2):
        cut = np.flatnonzero(number == corners_in)
        if not len(cut):
            continue
        lone = (inside[cut] == (corners_in == 1)).argmax(axis=1)
        row = np.arange(len(cut))
        first, second, third = (triangles[cut][row, (lone + k) % 3] for k in range(3))
        one, two = (_between(vertices, height, first, end) for end in (second, third))
        at_one, at_two = count + row, count + len(cut) + row
        points += [one, two]
        count += 2 * len(cut)
        if corners_in == 1:
            pieces.append(np.column_stack([first, at_one, at_two]))
            sources.append(source[cut])
        else:
            pieces += [np.column_stack([at_one, second, third]), np.column_stack([at_one, third, at_two])]
            sources += [source[cut], source[cut]]
    every, kept = np.concatenate(points), np.concatenate(pieces)
    # Of a quadrangle with a corner in the plane one triangle is left.
    there = (every[kept] != every[np.roll(kept, 1, axis=1)]).any(axis=2).all(axis=1)
    used, index = compacted(kept[there])
    return every[used], index, np.concatenate(sources)[there]


def _between(vertices: FloatArray, height: FloatArray, one: IntArray, other: IntArray) -> FloatArray:
    """(n, 3) where edges meet the plane of height 0; found from the lower index, so that neighbours find the same point."""
    start, end = np.minimum(one, other), np.maximum(one, other)
    share = height[start] / (height[start] - height[end])
    return np.asarray(vertices[start] + share[:, None] * (vertices[end] - vertices[start]))


def _joined(label: int, parts: Sequence[Part]) -> Body:
    if not parts:
        return Body(label, np.empty((0, 3)), np.empty((0, 3), dtype=np.int64), np.empty(0, dtype=np.int64))
    starts = np.cumsum([0, *(len(vertices) for vertices, _, _ in parts)])
    triangles = [faces + start for (_, faces, _), start in zip(parts, starts[:-1], strict=True)]
    return Body(
        label,
        np.concatenate([vertices for vertices, _, _ in parts]),
        np.concatenate(triangles),
        np.concatenate([source for _, _, source in parts]),
    )


def _with_face(body: Body, opened: Face) -> Body:
    """A body and its part of a cut face."""
    vertices, triangles = opened.triangles(body.label)
    return replace(
        body,
        vertices=np.concatenate([body.vertices, vertices]),
        triangles=np.concatenate([body.triangles, triangles + len(body.vertices)]),
        source=np.concatenate([body.source, np.full(len(triangles), -1)]),
        outlines=[*body.outlines, *opened.outlines(body.label)],
    )
