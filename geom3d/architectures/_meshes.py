"""Closed triangle meshes from files: read, welded, and refused, with the places, where they enclose no body.

A mesh is closed where every edge is passed as often in the one direction as in the other.
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from geom3d.architectures._userfile import unreadable
from geom3d.core.arrays import BoolArray, FloatArray, IntArray, compacted
from geom3d.core.errors import InputError

#: Endings of files of meshes.
ENDINGS = (".stl", ".3mf", ".obj", ".ply", ".glb")
#: Triangles, at most; and bytes of a file, unpacked.
MOST_TRIANGLES, MOST_BYTES = 4_000_000, 2**30
#: Corners nearer than this share of the extent are one.
WELD = 1e-6
#: Places that an error names, at most.
NAMED = 3
#: Names that formats give to units of length, µm.
UNITS = {
    "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "micrometers": 1.0, "um": 1.0, "µm": 1.0,
    "millimeter": 1e3, "millimeters": 1e3, "mm": 1e3, "centimeter": 1e4, "centimeters": 1e4, "cm": 1e4,
    "meter": 1e6, "meters": 1e6, "m": 1e6, "inch": 25_400.0, "inches": 25_400.0, "in": 25_400.0,
    "foot": 304_800.0, "feet": 304_800.0, "ft": 304_800.0, "nanometer": 1e-3, "nanometers": 1e-3, "nm": 1e-3,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles.

    Attributes:
        vertices: (V, 3).
        triangles: (T, 3).
        unit: of the coordinates, µm; None where the file does not tell.
    """

    vertices: FloatArray
    triangles: IntArray
    unit: float | None

    @property
    def extent(self) -> FloatArray:
        """(3,) edges of the box around it."""
        return np.asarray(np.ptp(self.vertices, axis=0))

    def named(self, triangles: IntArray) -> str:
        """The middles of some triangles, for a message."""
        middles = self.vertices[self.triangles[triangles[:NAMED]]].mean(axis=1)
        return "; ".join(_spot(middle) for middle in middles)


def _spot(point: FloatArray) -> str:
    return "x, y, z = {:.4g}, {:.4g}, {:.4g}".format(*point.tolist())


def read(path: Path) -> Mesh:
    """The triangles of a file, welded; of several bodies in it all.

    Raises:
        InputError: where it cannot be read, or holds no triangles of finite size, or too many.
    """
    kind = path.suffix.lower()[1:]
    content = path.read_bytes()
    if len(content) > MOST_BYTES:
        raise unreadable(path, f"it has {len(content):,} bytes, at most {MOST_BYTES:,} are read")
    if kind == "3mf":
        _require_unpacked(path, content)
    try:
        with np.errstate(all="ignore"):  # corners that are not finite are told below
            vertices, triangles, unit = _loaded(content, kind)
    except Exception as error:  # readers of broken files raise whatever happens to them
        raise unreadable(path, error) from error
    if len(triangles) > MOST_TRIANGLES:
        raise unreadable(path, f"it has {len(triangles):,} triangles, at most {MOST_TRIANGLES:,} fit")
    if not len(triangles):
        raise unreadable(path, "there are no triangles in it")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise unreadable(path, "its triangles name corners that there are none of")
    used, triangles = compacted(triangles)
    vertices = vertices[used]
    if not (finite := np.isfinite(vertices).all(axis=1)).all():
        raise unreadable(path, f"{np.count_nonzero(~finite):,} of its corners are not finite")
    extent = float(np.ptp(vertices, axis=0).max())
    if not 0 < extent < 1e15:
        raise unreadable(path, f"its largest edge is {extent:g}")
    return _welded(Mesh(vertices, triangles, unit))


def _require_unpacked(path: Path, content: bytes) -> None:
    """Raises a clear error for an archive that is much larger when it is unpacked."""
    try:
        size = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise unreadable(path, error) from None
    if size > MOST_BYTES:
        raise unreadable(path, f"it has {size:,} bytes when unpacked, at most {MOST_BYTES:,} are read")


def _loaded(content: bytes, kind: str) -> tuple[FloatArray, IntArray, float | None]:
    """Corners, triangles and unit, by trimesh, which gets bytes and no way to further files."""
    import trimesh

    options: dict[str, Any] = {"skip_materials": True} if kind in ("obj", "glb") else {}
    scene = trimesh.load_scene(io.BytesIO(content), file_type=kind, resolver=None, process=False, **options)
    mesh = scene.to_mesh()
    unit = UNITS.get(str(scene.units).lower()) if kind in ("3mf", "glb") else None
    return np.array(mesh.vertices, dtype=np.float64), np.array(mesh.faces, dtype=np.int64), unit


def _welded(mesh: Mesh) -> Mesh:
    """The mesh with one corner where there were several, without triangles that this leaves no area."""
    step = WELD * float(mesh.extent.max())
    _, first, number = np.unique(mesh.vertices, axis=0, return_index=True, return_inverse=True)
    vertices, triangles = mesh.vertices[first], number.ravel()[mesh.triangles]
    tree = scipy.spatial.cKDTree(vertices)
    pairs = tree.query_pairs(step, output_type="ndarray")
    if len(pairs):
        link = scipy.sparse.coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(vertices),) * 2)
        _, number = scipy.sparse.csgraph.connected_components(link, directed=False)
        _, first = np.unique(number, return_index=True)
        vertices, triangles = vertices[first], number.astype(np.int64)[triangles]
    flat = (triangles == np.roll(triangles, 1, axis=1)).any(axis=1)
    used, triangles = compacted(triangles[~flat])
    return replace(mesh, vertices=vertices[used], triangles=triangles)


def edges_of(triangles: IntArray, mates: IntArray) -> tuple[IntArray, IntArray]:
    """(3 T,) corners at which the edges of triangles start and end; an edge on the far side of the box is that on the near one.

    Args:
        triangles: (T, 3).
        mates: (2, V) for each corner on the far side in x, and in y, the one a period back; for others itself.
    """
    starts, ends = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    for mate in mates:
        far = (mate[starts] != starts) & (mate[ends] != ends)
        starts, ends = np.where(far, mate[starts], starts), np.where(far, mate[ends], ends)
    return starts, ends


def require_closed(mesh: Mesh, mates: IntArray, on_sides: BoolArray) -> None:
    """Raises a clear error for edges that are open, or passed the same way by both their triangles, and doubled triangles.

    Args:
        mesh: in µm.
        mates: (2, V) as for `edges_of`.
        on_sides: (V,) corners on sides of the box that are to match each other.
    """
    turned = np.sort(mesh.triangles, axis=1)
    _, first, counts = np.unique(turned, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        twice = first[counts > 1]
        what = "1 triangle stands" if len(twice) == 1 else f"{len(twice):,} triangles stand"
        raise InputError(
            f"parameters.file: {what} there more than once, at {mesh.named(twice)} µm; delete doubled faces"
        )
    starts, ends = edges_of(mesh.triangles, mates)
    forth = starts < ends
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    _, number, uses = np.unique(low * len(mesh.vertices) + high, return_inverse=True, return_counts=True)
    number = number.ravel()
    balance = np.bincount(number, weights=np.where(forth, 1, -1))
    odd = (uses % 2 == 1)[number]
    if odd.any():
        both = on_sides[mesh.triangles.ravel()] & on_sides[np.roll(mesh.triangles, -1, axis=1).ravel()]
        if both[odd].all():
            raise InputError(
                f"parameters.periodic: opposite sides do not match at {np.count_nonzero(odd):,} edges, at {_edges(mesh, odd)} µm; "
                "valid: false, for one piece"
            )
        raise InputError(
            f"parameters.file: the mesh is open: {np.count_nonzero(uses % 2):,} edges belong to an odd number of triangles, "
            f"at {_edges(mesh, odd)} µm; close its holes"
        )
    wrong = (balance != 0)[number]
    if wrong.any():
        raise InputError(
            f"parameters.file: neighbouring triangles are turned against each other at {np.count_nonzero(balance):,} edges, "
            f"at {_edges(mesh, wrong)} µm; make the normals consistent"
        )


def _edges(mesh: Mesh, chosen: BoolArray) -> str:
    """The middles of some edges, given by (3 T,) whether each is meant."""
    place = np.flatnonzero(chosen)[:NAMED]
    one = mesh.triangles.ravel()[place]
    other = np.roll(mesh.triangles, -1, axis=1).ravel()[place]
    return "; ".join(_spot(middle) for middle in (mesh.vertices[one] + mesh.vertices[other]) / 2)


def bodies(triangles: IntArray, links: IntArray) -> tuple[IntArray, int]:
    """(T,) number of the connected part that each triangle belongs to, and how many parts there are; corners connect."""
    corners = links[triangles]
    ends = np.concatenate([corners[:, :2], corners[:, 1:]])
    link = scipy.sparse.coo_array((np.ones(len(ends), dtype=np.int8), tuple(ends.T)), shape=(len(links),) * 2)
    _, number = scipy.sparse.csgraph.connected_components(link, directed=False)
    found, number = np.unique(number[corners[:, 0]], return_inverse=True)
    return number.ravel().astype(np.int64), len(found)


def areas_and_normals(mesh: Mesh) -> tuple[FloatArray, FloatArray]:
    """(T,) areas, µm², and (T, 3) normals of length 1, of length 0 where there is no area."""
    a, b, c = mesh.vertices[mesh.triangles].transpose(1, 0, 2)
    across = np.cross(b - a, c - a)
    length = np.linalg.norm(across, axis=1)
    return length / 2, across / np.where(length > 0, length, math.inf)[:, None]
